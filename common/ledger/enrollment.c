/* The states of an enrollment, from start to end. */
#include <string.h>

#include "base/words.h"
#include "ledger/ledger.h"
#include "ledger/local.h"

#define ENROLLMENT_COLUMNS						\
	"id, username, state, facts, attributes, udid, serial, product, " \
	"certificate, started, identified, certified, configured, "	\
	"first_sent, repeats"

void
ledger_enrollment_free(struct ledger_enrollment *e)
{
	free(e->id);
	free(e->user);
	free(e->state);
	free(e->facts);
	free(e->attributes);
	free(e->udid);
	free(e->serial);
	free(e->product);
	free(e->certificate);
	*e = (struct ledger_enrollment)LEDGER_ENROLLMENT_INIT;
}

static enum status
take_enrollment(const struct db_row *r, void *arg)
{
	struct ledger_enrollment *e = arg;

	ledger_enrollment_free(e);
	e->id = db_row_dup(r, 0);
	e->user = db_row_dup(r, 1);
	e->state = db_row_dup(r, 2);
	e->facts = db_row_dup(r, 3);
	e->attributes = db_row_dup(r, 4);
	e->udid = db_row_dup(r, 5);
	e->serial = db_row_dup(r, 6);
	e->product = db_row_dup(r, 7);
	e->certificate = db_row_dup(r, 8);
	e->started = db_row_int(r, 9);
	e->identified = db_row_int(r, 10);
	e->certified = db_row_int(r, 11);
	e->configured = db_row_int(r, 12);
	e->first_sent = db_row_int(r, 13);
	e->repeats = db_row_int(r, 14);
	return OK;
}

enum status
ledger_find_enrollment(struct ledger *l, const char *id, bool *found,
    struct ledger_enrollment *out)
{
	return db_find(l, found, take_enrollment, out, "SELECT "
	    ENROLLMENT_COLUMNS " FROM enrollment WHERE id = $1",
	    DB(db_text(id)));
}

/* ---- listing ---- */

DEFINE_DROP(enrollment);

enum status
ledger_enrollments(struct ledger *l, ledger_each_enrollment *fn, void *arg)
{
	auto_db_list d = DB_LIST(l, enrollment, "SELECT " ENROLLMENT_COLUMNS
	    " FROM enrollment WHERE (started, id) < ($1, $2) ORDER BY "
	    "started DESC, id DESC LIMIT $3");
	const struct ledger_enrollment *e = NULL;

	while (d.st == OK && (e = db_next(&d,
	    DB(db_int(e != NULL ? e->started : INT64_MAX),
	    db_text(e != NULL ? e->id : ""), db_int(DB_PAGE)))) != NULL)
		d.st = fn(e, arg);
	return d.st;
}

/* ---- started ---- */

enum status
ledger_void_oldest(struct ledger *l, const char *user, int64_t now)
{
	return db_run(l, NULL, "UPDATE challenge SET voided = $1 WHERE "
	    "username = $2 AND spent = 0 AND voided = 0 AND (expires <= $1 OR "
	    "ordinal <= (SELECT ordinal FROM challenge WHERE username = $2 "
	    "AND spent = 0 AND voided = 0 AND expires > $1 ORDER BY ordinal "
	    "DESC LIMIT 1 OFFSET $3))",
	    DB(db_int(now), db_text(user), db_int(LEDGER_OPEN_MAX - 1)));
}

enum status
ledger_start(struct ledger *l, const struct ledger_enrollment *e,
    const char *challenge, int64_t expires, int64_t now)
{
	struct ledger_challenge c = { .purpose = LEDGER_ENROLL,
	    .enrollment = e->id, .expires = expires };
	auto_turn *turn = NULL;
	enum status st;

	strncpy(c.hash, challenge, sizeof c.hash - 1);
	if ((st = db_begin(l, &turn)) != OK ||
	    (st = ledger_void_oldest(l, e->user, now)) != OK ||
	    (st = db_run(l, NULL, "INSERT INTO enrollment (id, username, "
	    "state, facts, started, changed) VALUES ($1, $2, 'started', $3, "
	    "$4, $4)", DB(db_text(e->id), db_text(e->user), db_text(e->facts),
	    db_int(now)))) != OK ||
	    (st = ledger_put_challenge(l, &c, e->user, 0, now)) != OK)
		return st;
	return db_commit(&turn, ledger_put_event(l, &(struct ledger_event){
	    now, "started", e->id, NULL, NULL }));
}

/* ---- identified ---- */

/* Folds ASCII case, for comparing UDIDs. */
static char *
fold(const char *udid)
{
	char *folded;

	if (udid == NULL || *udid == '\0')
		return NULL;
	folded = xstrdup(udid);
	words_lower(folded);
	return folded;
}

enum status
ledger_identify(struct ledger *l, const char *spent,
    const struct ledger_enrollment *e, const struct ledger_challenge *next,
    int64_t now, enum ledger_outcome *outcome)
{
	auto_char *device = fold(e->udid);
	auto_turn *turn = NULL;
	bool done = false;
	int64_t n = 0;
	enum status st;

	*outcome = LEDGER_NO_CHALLENGE;
	if ((st = db_begin(l, &turn)) != OK ||
	    (st = ledger_spend_enroll(l, spent, e->id, now, &done)) != OK ||
	    !done)
		return st;
	*outcome = LEDGER_CLOSED;
	if ((st = db_run(l, &n, "UPDATE enrollment SET state = 'identified', "
	    "identified = $1, changed = $1, attributes = $2, udid = $3, "
	    "serial = $4, product = $5, device = $6 WHERE id = $7 AND "
	    "state = 'started'", DB(db_int(now), db_text(e->attributes),
	    db_text(e->udid), db_text(e->serial), db_text(e->product),
	    db_text(device), db_text(e->id)))) != OK || n == 0)
		return st;
	if ((st = ledger_use_invitation(l, e->id, now)) != OK ||
	    (st = ledger_put_challenge(l, next, NULL, 0, now)) != OK)
		return st;
	*outcome = LEDGER_RECORDED;
	return db_commit(&turn, ledger_put_event(l, &(struct ledger_event){
	    now, "identified", e->id, NULL, NULL }));
}

enum status
ledger_unidentify(struct ledger *l, const char *id, const char *spent,
    const char *next, int64_t now)
{
	auto_turn *turn = NULL;
	int64_t n = 0;
	enum status st;

	if ((st = db_begin(l, &turn)) != OK ||
	    (st = db_run(l, &n, "DELETE FROM challenge WHERE hash = $1 AND "
	    "enrollment = $2 AND spent = 0 AND voided = 0",
	    DB(db_text(next), db_text(id)))) != OK || n != 1)
		/* cppcheck-suppress legacyUninitvar; it is set above */
		return st;
	if ((st = db_run(l, &n, "UPDATE enrollment SET state = 'started', "
	    "identified = 0, changed = $1, attributes = NULL, udid = NULL, "
	    "serial = NULL, product = NULL, device = NULL WHERE id = $2 AND "
	    "state = 'identified'", DB(db_int(now), db_text(id)))) != OK ||
	    n != 1)
		return st;
	if ((st = ledger_give_back(l, spent, id)) != OK ||
	    (st = db_run(l, NULL, "UPDATE invitation SET used = 0 WHERE "
	    "enrollment = $1", DB(db_text(id)))) != OK)
		return st;
	return db_commit(&turn, db_run(l, NULL, "DELETE FROM event WHERE "
	    "enrollment = $1 AND what = 'identified'", DB(db_text(id))));
}

/* ---- certified by an outside CA ---- */

enum status
ledger_adopt(struct ledger *l, const char *id, const char *certificate,
    int64_t now, enum ledger_outcome *outcome)
{
	auto_turn *turn = NULL;
	bool spent = false;
	int64_t n = 0;
	enum status st;

	*outcome = LEDGER_CLOSED;
	if ((st = db_begin(l, &turn)) != OK ||
	    (st = ledger_spend_outside(l, id, now, &spent)) != OK || !spent)
		/* cppcheck-suppress legacyUninitvar; it is set above */
		return st;
	if ((st = db_run(l, &n, "UPDATE enrollment SET state = 'certified', "
	    "certified = $1, changed = $1, certificate = $2 WHERE id = $3 AND "
	    "state = 'identified'", DB(db_int(now), db_text(certificate),
	    db_text(id)))) != OK || n != 1)
		return st;
	*outcome = LEDGER_RECORDED;
	return db_commit(&turn, ledger_put_event(l, &(struct ledger_event){
	    now, "certified", id, certificate, "outside authority" }));
}

enum status
ledger_is_open(struct ledger *l, const char *id, bool *open)
{
	int64_t one;

	return db_find(l, open, db_take_int, &one, "SELECT 1 FROM enrollment "
	    "WHERE id = $1 AND state IN ('certified', 'configured')",
	    DB(db_text(id)));
}

/* ---- the end ---- */

static enum status
revoke_all(struct ledger *l, const char *id, int64_t now)
{
	enum { CESSATION = 5 };		/* RFC 5280 5.3.1 */
	AUTO(db_free_texts) struct strings ended = { 0 };
	enum status st;
	size_t i;

	st = db_rows(l, db_take_texts, &ended, NULL, "UPDATE certificate SET "
	    "revoked = $1, reason = $2 WHERE enrollment = $3 AND revoked = 0 "
	    "RETURNING serial",
	    DB(db_int(now), db_int(CESSATION), db_text(id)));
	for (i = 0; i < ended.n && st == OK; i++)
		st = ledger_put_event(l, &(struct ledger_event){ now,
		    "revoked", id, ended.v[i], "aborted" });
	return st;
}

enum status
ledger_abort(struct ledger *l, const char *id, int64_t now, bool *done)
{
	auto_turn *turn = NULL;
	int64_t n = 0;
	enum status st;

	*done = false;
	if ((st = db_begin(l, &turn)) != OK)
		return st;
	st = db_run(l, &n, "UPDATE enrollment SET state = 'aborted', changed "
	    "= $1 WHERE id = $2 AND state <> 'aborted'",
	    DB(db_int(now), db_text(id)));
	*done = n > 0;
	if (st != OK || !*done)
		return st;
	if ((st = ledger_put_event(l, &(struct ledger_event){ now, "aborted",
	    id, NULL, NULL })) != OK ||
	    (st = ledger_void_challenges(l, id, now)) != OK ||
	    (st = ledger_void_invitation(l, id, now)) != OK)
		return st;
	return db_commit(&turn, revoke_all(l, id, now));
}

/* Enrollments that may be deleted: all that no device can come back to. */
#define FORGOTTEN							\
	"(SELECT id FROM enrollment WHERE changed < $1 AND state <> "	\
	"'configured')"

enum status
ledger_purge(struct ledger *l, int64_t before, int64_t now, size_t *count)
{
	auto_turn *turn = NULL;
	int64_t n = 0;
	enum status st;

	if ((st = db_begin(l, &turn)) != OK ||
	    (st = db_run(l, NULL, "DELETE FROM challenge WHERE enrollment IN "
	    FORGOTTEN " OR (enrollment IS NULL AND expires < $1)",
	    DB(db_int(before)))) != OK)
		return st;
	if ((st = db_run(l, NULL, "DELETE FROM event WHERE enrollment IN "
	    FORGOTTEN, DB(db_int(before)))) != OK)
		return st;
	if ((st = db_run(l, NULL, "DELETE FROM invitation WHERE expires < $1 "
	    "OR (used <> 0 AND used < $1) OR (voided <> 0 AND voided < $1)",
	    DB(db_int(before)))) != OK)
		return st;
	if ((st = db_run(l, &n, "DELETE FROM enrollment WHERE changed < $1 AND "
	    "state <> 'configured'", DB(db_int(before)))) != OK)
		return st;
	*count = (size_t)n;
	if (n > 0)
		st = ledger_put_event(l, &(struct ledger_event){ now,
		    "purged", NULL, NULL, NULL });
	return db_commit(&turn, st);
}
