/*
 * Phase 3: replaces the challenges of a configuration by those of a new one,
 * binds them to complete names, and records that the configuration was sent, or
 * undoes the replacement.
 */
#include <string.h>

#include "ledger/ledger.h"
#include "ledger/local.h"

/* ---- prepared ---- */

/*
 * Completions of an enrollment are numbered, as several can have the same
 * time.  What one voids gets its number as ordinal, and its own challenges get
 * the next one.  No other challenge of the enrollment has its number: those
 * that no completion made have the ordinal 1.
 */
static enum status
replace(struct ledger *l, const char *id, const struct ledger_challenge *next,
    size_t n, int64_t now)
{
	int64_t completion = 0;
	enum status st;
	size_t i;

	if ((st = db_rows(l, db_take_int, &completion, NULL, "SELECT "
	    "COALESCE(MAX(ordinal), 1) + 1 FROM challenge WHERE enrollment = "
	    "$1 AND purpose = 'client'", DB(db_text(id)))) != OK ||
	    (st = db_run(l, NULL, "DELETE FROM challenge WHERE enrollment = "
	    "$1 AND purpose = 'client' AND spent = 0 AND expires <= $2",
	    DB(db_text(id), db_int(now)))) != OK ||
	    (st = db_run(l, NULL, "UPDATE challenge SET voided = $1, ordinal "
	    "= $2 WHERE enrollment = $3 AND purpose = 'client' AND spent = 0 "
	    "AND voided = 0", DB(db_int(now), db_int(completion),
	    db_text(id)))) != OK)
		return st;
	for (i = 0; i < n && st == OK; i++)
		st = ledger_put_challenge(l, &next[i], NULL, completion, now);
	return st;
}

enum status
ledger_complete(struct ledger *l, const struct ledger_enrollment *e,
    const struct ledger_challenge *next, size_t n, int64_t again_until,
    int64_t now, enum ledger_outcome *outcome)
{
	const char *id = e->id;
	auto_turn *turn = NULL;
	bool open = false, revoked = false;
	int64_t changed = 0, one;
	enum status st;

	*outcome = LEDGER_REVOKED;
	if ((st = db_begin(l, &turn)) != OK ||
	    (st = db_find(l, &revoked, db_take_int, &one, "SELECT 1 FROM "
	    "certificate WHERE serial = $1 AND revoked <> 0",
	    DB(db_text(e->certificate)))) != OK || revoked)
		return st;
	*outcome = LEDGER_CLOSED;
	if ((st = db_run(l, &changed, "UPDATE enrollment SET changed = $1 "
	    "WHERE id = $2 AND (state = 'certified' OR (state = 'configured' "
	    "AND ($3 = 0 OR $1 <= first_sent + $3)))",
	    DB(db_int(now), db_text(id), db_int(again_until)))) != OK)
		return st;
	if (changed == 0) {
		if ((st = ledger_is_open(l, id, &open)) == OK && open)
			*outcome = LEDGER_NO_CHALLENGE;
		return st;
	}
	*outcome = LEDGER_RECORDED;
	return db_commit(&turn, replace(l, id, next, n, now));
}

/* ---- bound to complete names ---- */

static bool
may_bind(const struct ledger_challenge *c, const char *enrollment,
    const struct ledger_name *name, int64_t now)
{
	return c->purpose == LEDGER_CLIENT && c->enrollment != NULL &&
	    strcmp(c->enrollment, enrollment) == 0 && !c->spent &&
	    !c->voided && c->expires > now &&
	    (!c->bound || ledger_name_equal(&c->name, name));
}

enum status
ledger_bind(struct ledger *l, const char *hash, const char *enrollment,
    const struct ledger_name *name, int64_t now, enum ledger_outcome *outcome)
{
	auto_ledger_challenge c = LEDGER_CHALLENGE_INIT;
	bool found = false, open = false;
	auto_turn *turn = NULL;
	enum status st;

	*outcome = LEDGER_NO_CHALLENGE;
	if ((st = db_begin(l, &turn)) != OK ||
	    (st = ledger_find_challenge(l, hash, &found, &c)) != OK || !found)
		return st;
	if ((st = ledger_is_open(l, enrollment, &open)) != OK)
		return st;
	if (!open) {
		*outcome = LEDGER_CLOSED;
		return OK;
	}
	if (!may_bind(&c, enrollment, name, now))
		return OK;
	*outcome = LEDGER_RECORDED;
	if (c.bound)
		return OK;
	return db_commit(&turn, db_run(l, NULL, "UPDATE challenge SET bound = "
	    "1, bound_subject = $1, bound_names = $2 WHERE hash = $3",
	    DB(db_buf(&name->subject), db_buf(&name->names), db_text(hash))));
}

enum status
ledger_add_client(struct ledger *l, const struct ledger_challenge *c,
    int64_t now, enum ledger_outcome *outcome)
{
	auto_turn *turn = NULL;
	bool open = false;
	enum status st;

	*outcome = LEDGER_CLOSED;
	if ((st = db_begin(l, &turn)) != OK ||
	    (st = ledger_is_open(l, c->enrollment, &open)) != OK || !open ||
	    (st = ledger_put_challenge(l, c, NULL, 0, now)) != OK)
		return st;
	*outcome = LEDGER_RECORDED;
	return db_commit(&turn, OK);
}

/* ---- sent ---- */

struct configured {
	char *user, *device, *certificate;
	int64_t repeats;
};

static void
configured_free(struct configured *c)
{
	free(c->user);
	free(c->device);
	free(c->certificate);
}

static enum status
take_configured(const struct db_row *r, void *arg)
{
	struct configured *c = arg;

	c->user = db_row_dup(r, 0);
	c->device = db_row_dup(r, 1);
	c->certificate = db_row_dup(r, 2);
	c->repeats = db_row_int(r, 3);
	return OK;
}

/* Supersedes older enrollments of the same user and device. */
static enum status
supersede(struct ledger *l, const char *id, const struct configured *c,
    int64_t now)
{
	AUTO(db_free_texts) struct strings ended = { 0 };
	enum status st;
	size_t i;

	if (c->device == NULL)
		return OK;
	st = db_rows(l, db_take_texts, &ended, NULL, "UPDATE enrollment SET "
	    "state = 'superseded', changed = $1 WHERE username = $2 AND "
	    "device = $3 AND state = 'configured' AND id <> $4 RETURNING id",
	    DB(db_int(now), db_text(c->user), db_text(c->device),
	    db_text(id)));
	for (i = 0; i < ended.n && st == OK; i++)
		if ((st = ledger_void_challenges(l, ended.v[i], now)) == OK)
			st = ledger_put_event(l, &(struct ledger_event){ now,
			    "superseded", ended.v[i], NULL, id });
	return st;
}

enum status
ledger_sent(struct ledger *l, const char *id, int64_t now,
    enum ledger_outcome *outcome)
{
	AUTO(configured_free) struct configured c = { NULL, NULL, NULL, 0 };
	auto_turn *turn = NULL;
	int64_t n = 0;
	enum status st;

	*outcome = LEDGER_CLOSED;
	if ((st = db_begin(l, &turn)) != OK ||
	    (st = db_rows(l, take_configured, &c, &n, "UPDATE enrollment SET "
	    "repeats = CASE WHEN state = 'configured' THEN repeats + 1 ELSE 0 "
	    "END, first_sent = CASE WHEN state = 'configured' THEN first_sent "
	    "ELSE $1 END, state = 'configured', configured = $1, changed = $1 "
	    "WHERE id = $2 AND state IN ('certified', 'configured') RETURNING "
	    "username, device, certificate, repeats",
	    DB(db_int(now), db_text(id)))) != OK || n == 0)
		/* cppcheck-suppress legacyUninitvar; it is set above */
		return st;
	*outcome = LEDGER_RECORDED;
	if (c.repeats == 0 && (st = supersede(l, id, &c, now)) != OK)
		return st;
	return db_commit(&turn, ledger_put_event(l, &(struct ledger_event){
	    now, c.repeats == 0 ? "configured" : "repeated", id,
	    c.certificate, NULL }));
}

/* ---- not sent ---- */

/*
 * Undoes the completion with this challenge, unless a device has used it or
 * another completion followed: then it is spent or void.
 */
static enum status
undo(struct ledger *l, const char *id, const char *challenge, int64_t now)
{
	int64_t ordinal = 0, n = 0;
	enum status st;

	if ((st = db_rows(l, db_take_int, &ordinal, &n, "DELETE FROM "
	    "challenge WHERE hash = $1 AND enrollment = $2 AND purpose = "
	    "'client' AND spent = 0 AND voided = 0 RETURNING ordinal",
	    DB(db_text(challenge), db_text(id)))) != OK || n == 0)
		return st;
	/* Others that are valid belong to the same configuration. */
	if ((st = db_run(l, NULL, "DELETE FROM challenge WHERE enrollment = "
	    "$1 AND purpose = 'client' AND spent = 0 AND voided = 0",
	    DB(db_text(id)))) != OK)
		return st;
	/* They get the number that they had before. */
	return db_run(l, NULL, "UPDATE challenge SET voided = 0, ordinal = "
	    "ordinal - 1 WHERE enrollment = $1 AND purpose = 'client' AND "
	    "spent = 0 AND voided <> 0 AND ordinal = $2 AND expires > $3",
	    DB(db_text(id), db_int(ordinal - 1), db_int(now)));
}

enum status
ledger_not_sent(struct ledger *l, const char *id, const char *challenge,
    const char *reason, int64_t now, enum ledger_outcome *outcome)
{
	auto_turn *turn = NULL;
	int64_t n = 0;
	enum status st;

	*outcome = LEDGER_CLOSED;
	if ((st = db_begin(l, &turn)) != OK ||
	    (st = db_run(l, &n, "UPDATE enrollment SET changed = $1 WHERE "
	    "id = $2 AND state IN ('certified', 'configured')",
	    DB(db_int(now), db_text(id)))) != OK || n == 0)
		/* cppcheck-suppress legacyUninitvar; it is set above */
		return st;
	*outcome = LEDGER_RECORDED;
	if (challenge != NULL &&
	    (st = undo(l, id, challenge, now)) != OK)
		return st;
	return db_commit(&turn, ledger_put_event(l, &(struct ledger_event){
	    now, "failed", id, NULL, reason }));
}
