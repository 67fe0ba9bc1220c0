/* Certificates: finds, lists and revokes them, and records the CRL. */
#include <string.h>

#include "ledger/ledger.h"
#include "ledger/local.h"

#define CERTIFICATE_COLUMNS						\
	"serial, der, subject, not_before, not_after, profile, purpose, " \
	"enrollment, txid, key_hash, ground, asked_subject, asked_names, " \
	"unbound, decider, decided, issued, revoked, reason, challenge"

void
ledger_certificate_free(struct ledger_certificate *c)
{
	free(c->serial);
	buf_free(&c->der);
	free(c->subject);
	free(c->profile);
	free(c->purpose);
	free(c->enrollment);
	free(c->transaction);
	free(c->ground);
	free(c->challenge);
	ledger_name_free(&c->asked);
	free(c->decider);
	*c = (struct ledger_certificate)LEDGER_CERTIFICATE_INIT;
}

static enum status
take_certificate(const struct db_row *r, void *arg)
{
	struct ledger_certificate *c = arg;
	const void *der;
	size_t len;

	ledger_certificate_free(c);
	c->serial = db_row_dup(r, 0);
	if ((der = db_row_blob(r, 1, &len)) != NULL)
		buf_add(&c->der, der, len);
	c->subject = db_row_dup(r, 2);
	c->not_before = db_row_int(r, 3);
	c->not_after = db_row_int(r, 4);
	c->profile = db_row_dup(r, 5);
	c->purpose = db_row_dup(r, 6);
	c->enrollment = db_row_dup(r, 7);
	c->transaction = db_row_dup(r, 8);
	db_row_hash(r, 9, c->key_hash);
	c->ground = db_row_dup(r, 10);
	ledger_take_name(r, 11, &c->asked);
	c->unbound = db_row_int(r, 13) != 0;
	c->decider = db_row_dup(r, 14);
	c->decided = db_row_int(r, 15);
	c->issued = db_row_int(r, 16);
	c->revoked = db_row_int(r, 17);
	c->reason = (int)db_row_int(r, 18);
	c->challenge = db_row_dup(r, 19);
	return OK;
}

enum status
ledger_find_certificate(struct ledger *l, const char *serial, bool *found,
    struct ledger_certificate *out)
{
	return db_find(l, found, take_certificate, out, "SELECT "
	    CERTIFICATE_COLUMNS " FROM certificate WHERE serial = $1",
	    DB(db_text(serial)));
}

/* ---- certificates for a request ---- */

char *
ledger_ground_challenge(const char *hash)
{
	return xasprintf("challenge:%s", hash);
}

char *
ledger_ground_certificate(const char *serial)
{
	return xasprintf("certificate:%s", serial);
}

/* True if text is kind followed by of, which may be NULL. */
static bool
is_ground(const char *text, const char *kind, const char *of)
{
	size_t n = strlen(kind);

	return of != NULL && strncmp(text, kind, n) == 0 &&
	    strcmp(text + n, of) == 0;
}

/* Selects the latest certificate that fits. */
struct choice {
	bool (*fits)(const struct ledger_certificate *c,
	    const struct choice *t);
	const struct ledger_identity *q;
	const struct buf *subject;	/* NULL: any */
	struct ledger_certificate *out;
	bool found;
};

static enum status
weigh(const struct db_row *r, void *arg)
{
	auto_ledger_certificate c = LEDGER_CERTIFICATE_INIT;
	struct choice *t = arg;
	enum status st;

	if (t->found || (st = take_certificate(r, &c)) != OK ||
	    !t->fits(&c, t))
		return OK;
	t->found = true;
	ledger_certificate_free(t->out);
	*t->out = MOVE(c);
	return OK;
}

static bool
is_text(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/*
 * A challenge that was spent suffices, in any transaction.  But a request that
 * is signed by a certificate of ours is a renewal, unless the same certificate
 * signed the earlier request.  A challenge that is still valid makes a new
 * request.
 */
static bool
has_same_ground(const struct ledger_certificate *c,
    const struct ledger_identity *q)
{
	const char *text = c->ground != NULL ? c->ground : "";
	bool paid = is_text(c->challenge, q->challenge);

	if (q->signer != NULL && !is_ground(text, "certificate:", q->signer) &&
	    !is_ground(text, LEDGER_SIGNED_BY, q->signer_hash))
		return false;
	if (paid || q->fresh || !is_text(c->transaction, q->transaction))
		return paid;
	return q->signer != NULL || q->challenge == NULL ||
	    is_ground(text, "challenge:", q->challenge) ||
	    is_ground(text, LEDGER_SIGNED_BY, q->signer_hash);
}

static bool
is_repeat(const struct ledger_certificate *c, const struct choice *t)
{
	auto_ledger_name issued = LEDGER_NAME_INIT;
	const struct ledger_name *name = &c->asked;

	if (!has_same_ground(c, t->q))
		return false;
	if (name->subject.len == 0) {
		if (!ledger_name_of_certificate(&c->der, &issued))
			return false;
		name = &issued;
	}
	return ledger_name_equal(name, t->q->name);
}

enum status
ledger_find_repeat(struct ledger *l, const struct ledger_identity *q,
    int64_t now, bool *found, struct ledger_certificate *out)
{
	struct choice t = { is_repeat, q, NULL, out, false };
	enum status st;

	st = db_rows(l, weigh, &t, NULL, "SELECT "
	    CERTIFICATE_COLUMNS " FROM certificate WHERE (txid = $1 OR "
	    "challenge = $2) AND key_hash = $3 AND revoked = 0 AND not_after "
	    ">= $4 ORDER BY issued DESC, serial DESC",
	    DB(db_text(q->transaction), db_text(q->challenge),
	    db_text(q->key_hash),
	    db_int(now)));
	*found = t.found;
	return st;
}

/*
 * The certificate or request of a poll: it belongs to the key or to the
 * signer.
 */
#define POLLED								\
	"txid = $1 AND (key_hash = $2 OR ground = $3 OR ground = $4)"

/* Another one of the transaction was issued within the same second. */
#define HAS_TWIN							\
	"EXISTS (SELECT 1 FROM certificate n WHERE n.txid = $1 AND "	\
	"n.issued = certificate.issued AND n.serial <> certificate.serial)"

static bool
has_subject(const struct ledger_certificate *c, const struct choice *t)
{
	auto_ledger_name name = LEDGER_NAME_INIT;
	struct ledger_name wanted = LEDGER_NAME_INIT;

	if (t->subject == NULL)
		return true;
	if (!ledger_name_of_certificate(&c->der, &name))
		return false;
	buf_cut(&name.names, 0);
	wanted.subject = *t->subject;
	return ledger_name_equal(&name, &wanted);
}

enum status
ledger_find_polled(struct ledger *l, const struct ledger_identity *q,
    const struct buf *subject, int64_t now, bool *found,
    struct ledger_certificate *out)
{
	auto_char *signer = q->signer != NULL ?
	    ledger_ground_certificate(q->signer) : NULL;
	auto_char *signed_by = xasprintf(LEDGER_SIGNED_BY "%s",
	    q->signer_hash);
	struct choice t = { has_subject, q, subject, out, false };
	enum status st;

	st = db_rows(l, weigh, &t, NULL, "SELECT "
	    CERTIFICATE_COLUMNS " FROM certificate WHERE " POLLED " AND "
	    "revoked = 0 AND not_after >= $5 ORDER BY issued DESC, CASE WHEN "
	    HAS_TWIN " THEN " ISSUE_PLACE("certificate") " ELSE 0 END DESC, "
	    "serial DESC", DB(db_text(q->transaction), db_text(q->key_hash),
	    db_text(signer), db_text(signed_by), db_int(now)));
	*found = t.found;
	return st;
}

/* ---- listing ---- */

DEFINE_DROP(certificate);

enum status
ledger_certificates(struct ledger *l, ledger_each_certificate *fn, void *arg)
{
	auto_db_list d = DB_LIST(l, certificate, "SELECT " CERTIFICATE_COLUMNS
	    " FROM certificate WHERE (issued, serial) < ($1, $2) ORDER BY "
	    "issued DESC, serial DESC LIMIT $3");
	const struct ledger_certificate *c = NULL;

	while (d.st == OK && (c = db_next(&d,
	    DB(db_int(c != NULL ? c->issued : INT64_MAX),
	    db_text(c != NULL ? c->serial : ""), db_int(DB_PAGE)))) != NULL)
		d.st = fn(c, arg);
	return d.st;
}

enum status
ledger_revoked(struct ledger *l, ledger_each_certificate *fn, void *arg)
{
	auto_db_list d = DB_LIST(l, certificate, "SELECT " CERTIFICATE_COLUMNS
	    " FROM certificate WHERE revoked <> 0 AND serial > $1 ORDER BY "
	    "serial LIMIT $2");
	const struct ledger_certificate *c = NULL;

	while (d.st == OK && (c = db_next(&d, DB(db_text(c != NULL ?
	    c->serial : ""), db_int(DB_PAGE)))) != NULL)
		d.st = fn(c, arg);
	return d.st;
}

enum status
ledger_revoke(struct ledger *l, const char *serial, int reason, int64_t now,
    bool *done)
{
	auto_char *enrollment = NULL;
	auto_turn *turn = NULL;
	enum status st;
	int64_t n = 0;

	*done = false;
	if ((st = db_begin(l, &turn)) != OK)
		return st;
	st = db_rows(l, db_take_text, &enrollment, &n, "UPDATE certificate "
	    "SET revoked = $1, reason = $2 WHERE serial = $3 AND revoked = 0 "
	    "RETURNING enrollment",
	    DB(db_int(now), db_int(reason), db_text(serial)));
	*done = n > 0;
	if (st != OK || !*done)
		return st;
	return db_commit(&turn, ledger_put_event(l, &(struct ledger_event){
	    now, "revoked", enrollment, serial, NULL }));
}

/* ---- the CRL ---- */

/*
 * Nothing is revoked within this transaction, so a CRL with a higher number
 * has all entries of those with lower numbers.
 */
enum status
ledger_crl(struct ledger *l, int64_t above, ledger_each_certificate *fn,
    void *arg, int64_t *number)
{
	auto_turn *turn = NULL;
	enum status st;

	if ((st = db_begin(l, &turn)) != OK ||
	    (st = db_rows(l, db_take_int, number, NULL, "INSERT INTO ledger "
	    "(name, value) VALUES ('number:crl', $1 + 1) ON CONFLICT (name) "
	    "DO UPDATE SET value = CASE WHEN ledger.value < $1 THEN $1 ELSE "
	    "ledger.value END + 1 RETURNING value", DB(db_int(above)))) != OK)
		return st;
	return db_commit(&turn, ledger_revoked(l, fn, arg));
}

enum status
ledger_crl_number(struct ledger *l, int64_t *number)
{
	*number = 0;
	return db_rows(l, db_take_int, number, NULL, "SELECT value FROM "
	    "ledger WHERE name = 'number:crl'", DB_NONE);
}
