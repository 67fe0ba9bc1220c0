/* The fourth stage: looks in the ledger for this request and its challenge. */
#include <string.h>

#include "stages.h"

/*
 * Sets why the challenge is not valid for this request.  Whether it is spent
 * is checked again when the certificate is recorded.
 */
static void
weigh_challenge(const struct operation *op, struct earlier *e)
{
	const struct ledger_challenge *c = &e->challenge;

	e->objection = "the challengePassword is not valid";
	if (!e->is_known)
		e->cause = "the challengePassword is not in the ledger";
	else if (c->purpose == LEDGER_ENROLL)
		e->cause = "the challengePassword is one of phase 1";
	else if (c->spent)
		e->cause = "the challengePassword was used before";
	else if (c->voided)
		e->cause = "the challengePassword is void";
	else if (c->expires <= op->q->now)
		e->cause = "the challengePassword has expired";
	else if (!c->bound && c->purpose != LEDGER_MANUAL)
		e->cause = "the challengePassword was never bound "
		    "(mcfg-enrollment bind)";
	else if (c->bound && !ledger_name_equal(&c->name, &op->content.name))
		e->objection = "the challengePassword is for another subject "
		    "or other alternative names";
	else
		e->objection = NULL;
}

/*
 * If the request is for another key than the signer's, the challenge and the
 * signer must belong to the same user.
 */
static enum status
weigh_user(struct operation *op, struct earlier *e)
{
	auto_ledger_enrollment of = LEDGER_ENROLLMENT_INIT;
	auto_ledger_enrollment by = LEDGER_ENROLLMENT_INIT;
	bool found = false, signed_by = false;
	enum status st;

	if (e->objection != NULL || !op->content.other_key ||
	    e->challenge.purpose == LEDGER_MANUAL)
		return OK;
	if ((st = ledger_find_enrollment(op->a->ledger,
	    e->challenge.enrollment != NULL ? e->challenge.enrollment : "",
	    &found, &of)) != OK ||
	    (st = ledger_find_enrollment(op->a->ledger,
	    op->who.record.enrollment != NULL ? op->who.record.enrollment : "",
	    &signed_by, &by)) != OK)
		return st;
	if (found && signed_by && strcmp(of.user, by.user) == 0)
		return OK;
	e->objection = "the challengePassword is not valid";
	e->cause = "the challengePassword is another user's than the signer's "
	    "certificate";
	return OK;
}

static enum status
know_challenge(struct operation *op)
{
	struct earlier *e = &op->earlier;
	enum status st;

	e->objection = "a challengePassword is needed";
	if (!op->content.has_challenge)
		return OK;
	if ((st = ledger_find_challenge(op->a->ledger, op->content.challenge,
	    &e->is_known, &e->challenge)) != OK)
		return st;
	weigh_challenge(op, e);
	return weigh_user(op, e);
}

/*
 * The challenge of a waiting request may have been spent on the same request
 * in another transaction.
 */
static enum status
find_paid(struct operation *op)
{
	struct earlier *e = &op->earlier;
	const struct ledger_identity q = {
		.transaction = e->request.transaction,
		.key_hash = e->request.key_hash,
		.name = &e->request.name,
		.challenge = e->request.challenge,
		.fresh = true,
		.signer_hash = op->who.signer_hash,
	};

	return !e->waits || q.challenge == NULL ? OK :
	    ledger_find_repeat(op->a->ledger, &q, op->q->now, &e->is_issued,
	    &e->issued);
}

enum status
earlier_find(struct operation *op)
{
	struct earlier *e = &op->earlier;
	struct ledger_identity q;
	enum status st;

	if (operation_polls(op))
		return find_paid(op);
	if ((st = know_challenge(op)) != OK)
		return st;
	q = operation_identity(op);
	if ((st = ledger_find_repeat(op->a->ledger, &q, op->q->now,
	    &e->is_issued, &e->issued)) != OK || e->is_issued)
		return st;
	st = ledger_find_request(op->a->ledger, q.transaction, q.key_hash,
	    &e->waits, &e->request);
	e->waits = e->waits && e->request.state != LEDGER_ISSUED;
	return st;
}
