/* Binds the challenges of the final configuration to complete names. */
#include <string.h>

#include "ledger/ledger.h"
#include "ledger/local.h"

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
