/*
 * Records a certificate and what entitled to it, in one transaction, which
 * checks the entitlement again.
 */
#include <string.h>

#include "ledger/ledger.h"
#include "ledger/local.h"

/* The data of the certificate's record. */
struct record {
	const struct ledger_certificate *c;
	const struct ledger_entitlement *e;	/* or NULL */
	int64_t now;
	char *purpose, *enrollment;
	bool paid, unbound;		/* by a challenge; by an unbound
					 * challenge */
	struct ledger_certificate settled;	/* decider and decided */
};

static void
record_free(struct record *r)
{
	free(r->purpose);
	free(r->enrollment);
	ledger_certificate_free(&r->settled);
}

/* ---- the certificate that is renewed ---- */

struct renewed {
	int64_t revoked;
	char *state;		/* of its enrollment, or NULL */
};

static enum status
take_renewed(const struct db_row *r, void *arg)
{
	struct renewed *n = arg;

	n->revoked = db_row_int(r, 0);
	n->state = db_row_dup(r, 1);
	return OK;
}

static enum status
check_renewed(struct ledger *l, const char *serial,
    enum ledger_outcome *outcome)
{
	struct renewed old = { 0, NULL };
	int64_t n = 0;
	enum status st;

	st = db_rows(l, take_renewed, &old, &n, "SELECT c.revoked, e.state "
	    "FROM certificate c LEFT JOIN enrollment e ON e.id = "
	    "c.enrollment WHERE c.serial = $1", DB(db_text(serial)));
	if (n == 0 || old.revoked != 0)
		*outcome = LEDGER_REVOKED;
	else if (old.state != NULL && strcmp(old.state, "aborted") == 0)
		*outcome = LEDGER_CLOSED;
	free(old.state);
	return st;
}

/* ---- the challenge ---- */

static enum status
spend(struct ledger *l, struct record *r, enum ledger_outcome *outcome)
{
	auto_ledger_spent s = LEDGER_SPENT_INIT;
	bool spent = false;
	enum status st;

	if ((st = ledger_spend_scep(l, r->e->challenge, r->e->presented,
	    r->now, &s, &spent)) != OK)
		return st;
	if (!spent || (s.is_bound &&
	    !ledger_name_equal(&s.bound, r->e->request.name)))
		*outcome = LEDGER_NO_CHALLENGE;
	r->paid = true;
	r->unbound = spent && !s.is_bound;
	r->purpose = STEAL(s.purpose);
	r->enrollment = STEAL(s.enrollment);
	return OK;
}

static bool
is_identity(const struct record *r)
{
	return r->purpose != NULL && strcmp(r->purpose,
	    ledger_purpose_name(LEDGER_IDENTITY)) == 0;
}

/* Moves the enrollment to the state that follows this purpose. */
static enum status
move_enrollment(struct ledger *l, const struct record *r,
    enum ledger_outcome *outcome)
{
	enum status st;
	int64_t n = 0;

	if (is_identity(r))
		st = db_run(l, &n, "UPDATE enrollment SET state = 'certified', "
		    "certified = $1, changed = $1, certificate = $2 WHERE "
		    "id = $3 AND state = 'identified'", DB(db_int(r->now),
		    db_text(r->c->serial), db_text(r->enrollment)));
	else
		st = db_run(l, &n, "UPDATE enrollment SET changed = $1 WHERE "
		    "id = $2 AND state IN ('certified', 'configured')",
		    DB(db_int(r->now), db_text(r->enrollment)));
	if (n == 0)
		*outcome = LEDGER_CLOSED;
	return st;
}

/* ---- the certificate ---- */

static enum status
put_certificate(struct ledger *l, const struct record *r,
    enum ledger_outcome *outcome)
{
	const struct ledger_certificate *c = r->c;
	enum status st;
	int64_t n = 0;

	st = db_run(l, &n, "INSERT INTO certificate (serial, der, subject, "
	    "not_before, not_after, profile, purpose, enrollment, txid, "
	    "key_hash, ground, asked_subject, asked_names, unbound, decider, "
	    "decided, issued, challenge) VALUES ($1, $2, $3, $4, $5, $6, $7, "
	    "$8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) ON CONFLICT "
	    "(serial) DO NOTHING",
	    DB(db_text(c->serial), db_buf(&c->der),
	    db_text(c->subject != NULL ? c->subject : ""),
	    db_int(c->not_before), db_int(c->not_after),
	    db_text(c->profile != NULL ? c->profile : "scep"),
	    db_text(r->purpose), db_text(r->enrollment),
	    db_text(c->transaction), db_text(c->key_hash),
	    db_text(c->ground != NULL ? c->ground : ""),
	    db_buf(&c->asked.subject), db_buf(&c->asked.names),
	    db_int(r->unbound), db_text(r->settled.decider),
	    db_int(r->settled.decided), db_int(c->issued),
	    db_text(r->paid ? r->e->challenge : NULL)));
	if (n == 0)
		*outcome = LEDGER_TAKEN;
	return st;
}

/* Checks the whole entitlement; *outcome is the part that does not hold. */
static enum status
entitle(struct ledger *l, struct record *r, enum ledger_outcome *outcome,
    struct ledger_certificate *earlier)
{
	const struct ledger_entitlement *e = r->e;
	bool found = false;
	enum status st;

	if ((st = ledger_find_repeat(l, &e->request, r->now, &found,
	    earlier)) != OK)
		return st;
	if (found)
		*outcome = LEDGER_RETRY;
	if (*outcome == LEDGER_RECORDED && e->renews != NULL &&
	    (st = check_renewed(l, e->renews, outcome)) != OK)
		return st;
	if (*outcome == LEDGER_RECORDED && e->challenge != NULL &&
	    (st = spend(l, r, outcome)) != OK)
		return st;
	if (*outcome == LEDGER_RECORDED && r->paid && r->enrollment != NULL &&
	    (st = move_enrollment(l, r, outcome)) != OK)
		return st;
	if (*outcome == LEDGER_RECORDED)
		st = ledger_settle_request(l, e, r->c->serial, r->now,
		    &r->settled, outcome);
	return st;
}

static enum status
certify(struct ledger *l, struct record *r, enum ledger_outcome *outcome,
    struct ledger_certificate *earlier)
{
	const struct ledger_certificate *c = r->c;
	enum status st;

	*outcome = LEDGER_RECORDED;
	if (r->e != NULL && ((st = entitle(l, r, outcome, earlier)) != OK ||
	    *outcome != LEDGER_RECORDED))
		return st;
	if (!r->paid) {
		r->purpose = c->purpose != NULL ? xstrdup(c->purpose) : NULL;
		r->enrollment = c->enrollment != NULL ?
		    xstrdup(c->enrollment) : NULL;
	}
	if ((st = put_certificate(l, r, outcome)) != OK ||
	    *outcome != LEDGER_RECORDED)
		return st;
	return ledger_put_event(l, &(struct ledger_event){ r->now,
	    r->paid && r->enrollment != NULL && is_identity(r) ? "certified" :
	    "issued", r->enrollment, c->serial, c->profile });
}

enum status
ledger_certify(struct ledger *l, const struct ledger_certificate *c,
    const struct ledger_entitlement *e, int64_t now,
    enum ledger_outcome *outcome, struct ledger_certificate *earlier)
{
	AUTO(record_free) struct record r = { .c = c, .e = e, .now = now,
	    .settled = LEDGER_CERTIFICATE_INIT };
	auto_turn *turn = NULL;
	enum status st;

	if ((st = db_begin(l, &turn)) != OK ||
	    (st = certify(l, &r, outcome, earlier)) != OK ||
	    *outcome != LEDGER_RECORDED)
		return st;
	return db_commit(&turn, OK);
}
