/* The end of phase 3: records that a configuration was sent, or not. */
#include "ledger/ledger.h"
#include "ledger/local.h"

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

enum status
ledger_not_sent(struct ledger *l, const char *id, const char *reason,
    int64_t now, enum ledger_outcome *outcome)
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
	return db_commit(&turn, ledger_put_event(l, &(struct ledger_event){
	    now, "failed", id, NULL, reason }));
}
