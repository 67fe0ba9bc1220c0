/* Certificates, and the challenges that are spent on them. */
#include <string.h>

#include "ledger.h"
#include "ledger_engine.h"

#define CERTIFICATE_COLUMNS						\
	"serial, der, subject, not_before, not_after, profile, purpose, " \
	"enrollment, txid, key_hash, signer_hash, issued, revoked, reason"

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
	db_row_hash(r, 10, c->signer_hash);
	c->issued = db_row_int(r, 11);
	c->revoked = db_row_int(r, 12);
	c->reason = (int)db_row_int(r, 13);
	return OK;
}

enum status
ledger_find_certificate(struct ledger *l, const char *serial, bool *found,
    struct ledger_certificate *out)
{
	int64_t n = 0;
	enum status st;

	st = db_rows(l, take_certificate, out, &n, "SELECT "
	    CERTIFICATE_COLUMNS " FROM certificate WHERE serial = $1",
	    DB(db_text(serial)));
	*found = n > 0;
	return st;
}

/* Several may stand under one transaction: a renewal has another signer. */
struct retry {
	const char *key_hash, *signer_hash;
	bool other_key, same;
	struct ledger_certificate *earlier;
};

static enum status
weigh_retry(const struct db_row *r, void *arg)
{
	struct retry *t = arg;
	const char *key = db_row_text(r, 9), *signer = db_row_text(r, 10);

	if (key == NULL || strcmp(key, t->key_hash) != 0) {
		t->other_key = true;
		return OK;
	}
	if (t->same || signer == NULL || strcmp(signer, t->signer_hash) != 0)
		return OK;
	t->same = true;
	return take_certificate(r, t->earlier);
}

enum status
ledger_retry(struct ledger *l, const char *transaction, const char *key_hash,
    const char *signer_hash, enum ledger_outcome *outcome,
    struct ledger_certificate *earlier)
{
	struct retry t = { key_hash, signer_hash, false, false, earlier };
	enum status st;

	if ((st = db_rows(l, weigh_retry, &t, NULL, "SELECT "
	    CERTIFICATE_COLUMNS " FROM certificate WHERE txid = $1 ORDER BY "
	    "issued DESC, serial", DB(db_text(transaction)))) != OK)
		return st;
	if (t.same)
		*outcome = LEDGER_RETRY;
	else if (t.other_key)
		*outcome = LEDGER_OTHER_KEY;
	else
		*outcome = LEDGER_RECORDED;
	return OK;
}

/* What a challenge says about the certificate that it buys. */
struct bought {
	char *purpose, *enrollment;
};

static enum status
take_bought(const struct db_row *r, void *arg)
{
	struct bought *b = arg;

	b->purpose = db_row_dup(r, 0);
	b->enrollment = db_row_dup(r, 1);
	return OK;
}

static enum status
spend_for_certificate(struct ledger *l, const char *hash, int64_t now,
    struct bought *b, enum ledger_outcome *outcome)
{
	int64_t n = 0;
	enum status st;

	st = db_rows(l, take_bought, b, &n, "UPDATE challenge SET spent = $1 "
	    "WHERE hash = $2 AND purpose IN ('identity', 'client', 'manual') "
	    "AND spent = 0 AND voided = 0 AND expires > $1 RETURNING purpose, "
	    "enrollment", DB(db_int(now), db_text(hash)));
	if (n == 0)
		*outcome = LEDGER_NO_CHALLENGE;
	return st;
}

/* The enrollment takes the step that this purpose stands for. */
static enum status
move_enrollment(struct ledger *l, const char *serial, const struct bought *b,
    int64_t now, enum ledger_outcome *outcome)
{
	enum status st;
	int64_t n = 0;

	if (strcmp(b->purpose, ledger_purpose_name(LEDGER_IDENTITY)) == 0)
		st = db_run(l, &n, "UPDATE enrollment SET state = 'certified', "
		    "certified = $1, changed = $1, certificate = $2 WHERE "
		    "id = $3 AND state = 'identified'",
		    DB(db_int(now), db_text(serial), db_text(b->enrollment)));
	else
		st = db_run(l, &n, "UPDATE enrollment SET changed = $1 WHERE "
		    "id = $2 AND state = 'configured'",
		    DB(db_int(now), db_text(b->enrollment)));
	if (n == 0)
		*outcome = LEDGER_CLOSED;
	return st;
}

static enum status
put_certificate(struct ledger *l, const struct ledger_certificate *c,
    const struct bought *b, enum ledger_outcome *outcome)
{
	enum status st;
	int64_t n = 0;

	st = db_run(l, &n, "INSERT INTO certificate (serial, der, subject, "
	    "not_before, not_after, profile, purpose, enrollment, txid, "
	    "key_hash, signer_hash, issued) VALUES ($1, $2, $3, $4, $5, $6, "
	    "$7, $8, $9, $10, $11, $12) ON CONFLICT (serial) DO NOTHING",
	    DB(db_text(c->serial), db_buf(&c->der),
	    db_text(c->subject != NULL ? c->subject : ""),
	    db_int(c->not_before), db_int(c->not_after),
	    db_text(c->profile != NULL ? c->profile : "scep"),
	    db_text(b->purpose), db_text(b->enrollment),
	    db_text(c->transaction), db_text(c->key_hash),
	    db_text(c->signer_hash), db_int(c->issued)));
	if (n == 0)
		*outcome = LEDGER_TAKEN;
	return st;
}

static enum status
certify(struct ledger *l, const struct ledger_certificate *c,
    const char *challenge, int64_t now, struct bought *b,
    enum ledger_outcome *outcome, struct ledger_certificate *earlier)
{
	enum status st;

	*outcome = LEDGER_RECORDED;
	if (c->transaction != NULL && ((st = ledger_retry(l, c->transaction,
	    c->key_hash, c->signer_hash, outcome, earlier)) != OK ||
	    *outcome != LEDGER_RECORDED))
		return st;
	if (challenge == NULL) {
		b->purpose = c->purpose != NULL ? xstrdup(c->purpose) : NULL;
		b->enrollment = c->enrollment != NULL ?
		    xstrdup(c->enrollment) : NULL;
	} else if ((st = spend_for_certificate(l, challenge, now, b,
	    outcome)) != OK || *outcome != LEDGER_RECORDED) {
		return st;
	}
	if (challenge != NULL && b->enrollment != NULL &&
	    ((st = move_enrollment(l, c->serial, b, now, outcome)) != OK ||
	    *outcome != LEDGER_RECORDED))
		return st;
	if (c->transaction != NULL && ((st = ledger_settle_request(l, c,
	    challenge != NULL, outcome)) != OK || *outcome != LEDGER_RECORDED))
		return st;
	if ((st = put_certificate(l, c, b, outcome)) != OK ||
	    *outcome != LEDGER_RECORDED)
		return st;
	return ledger_put_event(l, &(struct ledger_event){ now,
	    b->enrollment != NULL && b->purpose != NULL &&
	    strcmp(b->purpose, ledger_purpose_name(LEDGER_IDENTITY)) == 0 &&
	    challenge != NULL ? "certified" : "issued", b->enrollment,
	    c->serial, c->profile });
}

enum status
ledger_certify(struct ledger *l, const struct ledger_certificate *c,
    const char *challenge, int64_t now, enum ledger_outcome *outcome,
    struct ledger_certificate *earlier)
{
	struct bought b = { NULL, NULL };
	enum status st;

	if ((st = db_begin(l)) != OK)
		return st;
	st = certify(l, c, challenge, now, &b, outcome, earlier);
	st = db_end(l, st, *outcome == LEDGER_RECORDED);
	free(b.purpose);
	free(b.enrollment);
	return st;
}

/* A page of a listing: read whole, then handed out, so that no statement is
 * open while somebody else's function runs. */
struct certificate_page {
	struct ledger_certificate v[DB_PAGE];
	size_t n;
};

static enum status
add_to_page(const struct db_row *r, void *arg)
{
	struct certificate_page *p = arg;

	return p->n < DB_PAGE ? take_certificate(r, &p->v[p->n++]) : OK;
}

static enum status
give_page(struct certificate_page *p, ledger_each_certificate *fn, void *arg,
    int64_t *key, char **serial)
{
	enum status st = OK;
	size_t i;

	for (i = 0; i < p->n; i++) {
		struct ledger_certificate *c = &p->v[i];

		if (st == OK)
			st = fn(c, arg);
		if (i + 1 == p->n) {
			*key = c->issued;
			free(*serial);
			*serial = STEAL(c->serial);
		}
		ledger_certificate_free(c);
	}
	p->n = 0;
	return st;
}

enum status
ledger_certificates(struct ledger *l, ledger_each_certificate *fn, void *arg)
{
	struct certificate_page *p = xcalloc(1, sizeof *p);
	auto_char *serial = xstrdup("");
	int64_t issued = INT64_MAX, n = 0;
	enum status st;

	do {
		if ((st = db_rows(l, add_to_page, p, &n, "SELECT "
		    CERTIFICATE_COLUMNS " FROM certificate WHERE (issued, "
		    "serial) < ($1, $2) ORDER BY issued DESC, serial DESC "
		    "LIMIT $3", DB(db_int(issued), db_text(serial),
		    db_int(DB_PAGE)))) == OK)
			st = give_page(p, fn, arg, &issued, &serial);
	} while (st == OK && n == DB_PAGE);
	free(p);
	return st;
}

enum status
ledger_revoked(struct ledger *l, ledger_each_certificate *fn, void *arg)
{
	struct certificate_page *p = xcalloc(1, sizeof *p);
	auto_char *serial = xstrdup("");
	int64_t n = 0, ignored;
	enum status st;

	do {
		if ((st = db_rows(l, add_to_page, p, &n, "SELECT "
		    CERTIFICATE_COLUMNS " FROM certificate WHERE revoked <> 0 "
		    "AND serial > $1 ORDER BY serial LIMIT $2",
		    DB(db_text(serial), db_int(DB_PAGE)))) == OK)
			st = give_page(p, fn, arg, &ignored, &serial);
	} while (st == OK && n == DB_PAGE);
	free(p);
	return st;
}

static enum status
revoke(struct ledger *l, const char *serial, int reason, int64_t now,
    bool *done)
{
	auto_char *enrollment = NULL;
	enum status st;
	int64_t n = 0;

	st = db_rows(l, db_take_text, &enrollment, &n, "UPDATE certificate "
	    "SET revoked = $1, reason = $2 WHERE serial = $3 AND revoked = 0 "
	    "RETURNING enrollment",
	    DB(db_int(now), db_int(reason), db_text(serial)));
	*done = n > 0;
	if (st != OK || !*done)
		return st;
	return ledger_put_event(l, &(struct ledger_event){ now, "revoked",
	    enrollment, serial, NULL });
}

enum status
ledger_revoke(struct ledger *l, const char *serial, int reason, int64_t now,
    bool *done)
{
	enum status st;

	*done = false;
	if ((st = db_begin(l)) != OK)
		return st;
	st = revoke(l, serial, reason, now, done);
	return db_end(l, st, *done);
}
