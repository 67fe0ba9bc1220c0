/*
 * The fifth stage: decides what to do.  It changes nothing; when commit
 * carries out the decision, it checks the entitlement again.
 */
#include <stdio.h>
#include <string.h>

#include "authority/approval.h"
#include "decision.h"

/* The CA's own keys, of both generations, are never certified for anyone. */
static enum status
check_key(const struct authority *a, const EVP_PKEY *key,
    struct scep_refusal *no)
{
	size_t i;

	for (i = 0; i < a->to_count; i++)
		if (cert_key_equal(key, X509_get0_pubkey(a->to[i].cert)))
			return scep_refuse(no, SCEP_BADREQUEST,
			    "the key is the CA's own");
	for (i = 0; i < a->issuer_count; i++)
		if (cert_key_equal(key, X509_get0_pubkey(a->issuers[i])))
			return scep_refuse(no, SCEP_BADREQUEST,
			    "the key is the CA's own");
	return OK;
}

/*
 * Checks the request against the policy, and takes from it what may be
 * certified.
 */
static enum status
check_policy(struct operation *op, X509_REQ *req, struct scep_refusal *no)
{
	struct decision *d = &op->decision;
	struct issue_refusal why;
	enum status st;

	st = issue_judge(&op->a->policy, req, op->a->now.ca.cert, &d->wish,
	    &why);
	if (st == REFUSED)
		return scep_refuse(no, why.weak ? SCEP_BADALG :
		    SCEP_BADREQUEST, "%s", why.text);
	if (st != OK)
		return st;
	if (d->wish.names_left_out)
		snprintf(op->outcome->remark, sizeof op->outcome->remark,
		    "subjectAltName left out: policy has no san");
	return check_key(op->a, d->wish.key, no);
}

static enum status
rejected(struct operation *op)
{
	op->decision.verdict = VERDICT_REJECTED;
	return OK;
}

/* ---- requests that need a decision ---- */

static const char *
challenge_fact(const struct operation *op)
{
	if (op->decision.challenge[0] != '\0' ||
	    (op->content.has_challenge && op->earlier.objection == NULL))
		return "valid";
	return op->content.has_challenge ? "invalid" : "absent";
}

static enum status
ask_program(struct operation *op, struct scep_refusal *no)
{
	struct decision *d = &op->decision;
	const struct approval_facts f = {
		.transaction = op->m->transaction,
		.type = scep_type_name(op->m->type),
		.renewal = d->old.serial != NULL,
		.challenge = challenge_fact(op),
		.wish = &d->wish,
		.signer = op->m->signer,
		.key_hash = d->key_hash,
		.now = op->q->now,
		.dry_run = op->q->dry_run,
	};
	enum approval_verdict verdict;
	enum status st;

	if ((st = approval_ask(op->a, &f, &verdict)) != OK)
		return st;
	if (verdict == APPROVAL_NO)
		return scep_refuse(no, SCEP_BADREQUEST,
		    "the operator's program refused it");
	d->verdict = verdict == APPROVAL_YES ? VERDICT_ISSUE : VERDICT_WAIT;
	d->decider = verdict == APPROVAL_YES ? "command" : NULL;
	return OK;
}

/* Renewing a valid certificate of ours needs no second approval by hand. */
static enum status
decide_approval(struct operation *op, struct scep_refusal *no)
{
	struct decision *d = &op->decision;
	enum issue_approval how = op->a->policy.approval;
	const char *reason = issue_out_of_date(op->a->now.ca.cert, op->q->now);

	if (reason != NULL)
		return scep_refuse(no, SCEP_BADREQUEST,
		    "the CA can issue nothing: %s", reason);
	d->verdict = VERDICT_ISSUE;
	d->needs_decision = how == ISSUE_BY_COMMAND ||
	    (how == ISSUE_BY_HAND && d->old.serial == NULL) ||
	    (how == ISSUE_BY_CHALLENGE && operation_polls(op));
	if (!d->needs_decision || (d->waits &&
	    op->earlier.request.state == LEDGER_APPROVED))
		return OK;
	if (how == ISSUE_BY_COMMAND)
		return ask_program(op, no);
	d->verdict = VERDICT_WAIT;
	return OK;
}

/* ---- a request that waits in the ledger ---- */

/*
 * The request in the ledger is certified, since the decision was about that
 * one: the names of a new message may be spelled differently.
 */
static enum status
take_waiting(struct operation *op, struct scep_csr *csr)
{
	const struct ledger_request *r = &op->earlier.request;
	const char *reason;

	if ((reason = scep_csr_from_der(&r->csr, csr)) != NULL)
		return fail(FAULT, "the request of transaction %s in the "
		    "ledger: %s", r->transaction, reason);
	op->decision.waits = true;
	buf_cut(&op->decision.csr, 0);
	buf_add_buf(&op->decision.csr, &r->csr);
	return OK;
}

/*
 * Reads the request from the ledger again, so that its names are those shown
 * to the operator.
 */
static enum status
decide_waiting(struct operation *op, struct scep_refusal *no)
{
	const struct ledger_request *r = &op->earlier.request;
	struct decision *d = &op->decision;
	auto_scep_csr csr = SCEP_CSR_INIT;
	enum status st;

	if ((st = take_waiting(op, &csr)) != OK)
		return st;
	ledger_name_copy(&r->name, &d->name);
	memcpy(d->key_hash, r->key_hash, sizeof d->key_hash);
	if ((st = check_policy(op, csr.req, no)) != OK ||
	    (st = entitlement_recheck(op, no)) != OK)
		return st;
	return decide_approval(op, no);
}

/* ---- a new request ---- */

/* It may be one that waits already. */
static enum status
decide_new(struct operation *op, struct scep_refusal *no)
{
	bool waits = op->earlier.waits &&
	    op->earlier.request.state != LEDGER_REJECTED;
	struct decision *d = &op->decision;
	auto_scep_csr csr = SCEP_CSR_INIT;
	enum status st;

	ledger_name_copy(&op->content.name, &d->name);
	memcpy(d->key_hash, op->content.key_hash, sizeof d->key_hash);
	if ((waits && (st = take_waiting(op, &csr)) != OK) ||
	    (st = check_policy(op, waits ? csr.req : op->content.csr.req,
	    no)) != OK || (st = entitlement_find(op, no)) != OK)
		return st;
	if ((st = decide_approval(op, no)) != OK ||
	    d->verdict != VERDICT_WAIT || d->waits)
		return st;
	scep_csr_to_der(&op->content.csr, &d->csr);
	return d->csr.len > LEDGER_CSR_MAX ?
	    scep_refuse(no, SCEP_BADREQUEST, "a request of %zu bytes is too "
	    "large to wait for a decision (at most %d)", d->csr.len,
	    (int)LEDGER_CSR_MAX) : OK;
}

/* A request that waits came again: the new message may bring an entitlement. */
static enum status
decide_again(struct operation *op, struct scep_refusal *no)
{
	const struct earlier *e = &op->earlier;
	bool same = ledger_name_equal(&e->request.name, &op->content.name);

	if (e->request.state == LEDGER_REJECTED)
		return same && e->objection != NULL && !op->who.may_renew ?
		    rejected(op) : decide_new(op, no);
	if (!same)
		return scep_refuse(no, SCEP_BADREQUEST,
		    "another request of this transaction is waiting");
	/*
	 * A request that needs no decision, or brings its own entitlement, is
	 * treated as new.
	 */
	if (op->who.may_renew || e->objection == NULL ||
	    op->a->policy.approval == ISSUE_BY_CHALLENGE)
		return decide_new(op, no);
	return decide_waiting(op, no);
}

static enum status
decide_any(struct operation *op, struct scep_refusal *no)
{
	const struct earlier *e = &op->earlier;

	if (e->is_issued) {
		op->decision.verdict = VERDICT_AGAIN;
		return OK;
	}
	if (operation_polls(op))
		return e->request.state == LEDGER_REJECTED ? rejected(op) :
		    decide_waiting(op, no);
	return e->waits ? decide_again(op, no) : decide_new(op, no);
}

enum status
decision_make(struct operation *op, struct scep_refusal *no)
{
	return operation_hush(op, decide_any(op, no), no);
}
