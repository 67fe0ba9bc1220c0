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
judge_key(const struct authority *a, const EVP_PKEY *key,
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
judge_policy(struct operation *op, X509_REQ *req, struct scep_refusal *no)
{
	struct judgement *j = &op->judgement;
	struct issue_refusal why;
	enum status st;

	st = issue_judge(&op->a->policy, req, op->a->now.ca.cert, &j->wish,
	    &why);
	if (st == REFUSED)
		return scep_refuse(no, why.weak ? SCEP_BADALG :
		    SCEP_BADREQUEST, "%s", why.text);
	if (st != OK)
		return st;
	if (j->wish.names_left_out)
		snprintf(op->outcome->remark, sizeof op->outcome->remark,
		    "subjectAltName left out: policy has no san");
	return judge_key(op->a, j->wish.key, no);
}

static enum status
rejected(struct operation *op)
{
	op->judgement.verdict = VERDICT_REJECTED;
	return OK;
}

/* ---- requests that need a decision ---- */

static const char *
challenge_fact(const struct operation *op)
{
	if (op->judgement.challenge[0] != '\0' ||
	    (op->content.has_challenge && op->earlier.objection == NULL))
		return "valid";
	return op->content.has_challenge ? "invalid" : "absent";
}

static enum status
ask_program(struct operation *op, struct scep_refusal *no)
{
	struct judgement *j = &op->judgement;
	const struct approval_facts f = {
		.transaction = op->m->transaction,
		.type = scep_type_name(op->m->type),
		.renewal = j->old.serial != NULL,
		.challenge = challenge_fact(op),
		.wish = &j->wish,
		.signer = op->m->signer,
		.key_hash = j->key_hash,
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
	j->verdict = verdict == APPROVAL_YES ? VERDICT_ISSUE : VERDICT_WAIT;
	j->decider = verdict == APPROVAL_YES ? "command" : NULL;
	return OK;
}

/* Renewing a valid certificate of ours needs no second approval by hand. */
static enum status
judge_approval(struct operation *op, struct scep_refusal *no)
{
	struct judgement *j = &op->judgement;
	enum issue_approval how = op->a->policy.approval;
	const char *reason = issue_out_of_date(op->a->now.ca.cert, op->q->now);

	if (reason != NULL)
		return scep_refuse(no, SCEP_BADREQUEST,
		    "the CA can issue nothing: %s", reason);
	j->verdict = VERDICT_ISSUE;
	j->needs_decision = how == ISSUE_BY_COMMAND ||
	    (how == ISSUE_BY_HAND && j->old.serial == NULL) ||
	    (how == ISSUE_BY_CHALLENGE && operation_polls(op));
	if (!j->needs_decision || (j->waits &&
	    op->earlier.request.state == LEDGER_APPROVED))
		return OK;
	if (how == ISSUE_BY_COMMAND)
		return ask_program(op, no);
	j->verdict = VERDICT_WAIT;
	return OK;
}

/* ---- a request that waits in the ledger ---- */

/*
 * The request in the ledger is certified, since the decision was about that
 * one.
 */
static void
take_waiting(struct operation *op)
{
	op->judgement.waits = true;
	buf_cut(&op->judgement.csr, 0);
	buf_add_buf(&op->judgement.csr, &op->earlier.request.csr);
}

/*
 * Reads the request from the ledger again, so that its names are those shown
 * to the operator.
 */
static enum status
judge_waiting(struct operation *op, struct scep_refusal *no)
{
	const struct ledger_request *r = &op->earlier.request;
	struct judgement *j = &op->judgement;
	auto_scep_csr csr = SCEP_CSR_INIT;
	const char *reason;
	enum status st;

	if ((reason = scep_csr_from_der(&r->csr, &csr)) != NULL)
		return fail(FAULT, "the request of transaction %s in the "
		    "ledger: %s", r->transaction, reason);
	take_waiting(op);
	ledger_name_copy(&r->name, &j->name);
	memcpy(j->key_hash, r->key_hash, sizeof j->key_hash);
	if ((st = judge_policy(op, csr.req, no)) != OK ||
	    (st = judge_entitled_before(op, no)) != OK)
		return st;
	return judge_approval(op, no);
}

/* ---- a new request ---- */

static enum status
judge_new(struct operation *op, struct scep_refusal *no)
{
	struct judgement *j = &op->judgement;
	enum status st;

	ledger_name_copy(&op->content.name, &j->name);
	memcpy(j->key_hash, op->content.key_hash, sizeof j->key_hash);
	if ((st = judge_policy(op, op->content.csr.req, no)) != OK ||
	    (st = judge_entitled(op, no)) != OK)
		return st;
	if (op->earlier.waits && op->earlier.request.state != LEDGER_REJECTED)
		take_waiting(op);
	if ((st = judge_approval(op, no)) != OK ||
	    j->verdict != VERDICT_WAIT || j->waits)
		return st;
	scep_csr_to_der(&op->content.csr, &j->csr);
	return j->csr.len > LEDGER_CSR_MAX ?
	    scep_refuse(no, SCEP_BADREQUEST, "a request of %zu bytes is too "
	    "large to wait for a decision (%d)", j->csr.len,
	    (int)LEDGER_CSR_MAX) : OK;
}

/* A request that waits came again: the new message may bring an entitlement. */
static enum status
judge_once_more(struct operation *op, struct scep_refusal *no)
{
	const struct earlier *e = &op->earlier;
	bool same = ledger_name_equal(&e->request.name, &op->content.name);

	if (e->request.state == LEDGER_REJECTED)
		return same && e->objection != NULL && !op->who.may_renew ?
		    rejected(op) : judge_new(op, no);
	if (!same)
		return scep_refuse(no, SCEP_BADREQUEST,
		    "another request of this transaction is waiting");
	/*
	 * A request that needs no decision, or brings its own entitlement, is
	 * treated as new.
	 */
	if (op->who.may_renew || e->objection == NULL ||
	    op->a->policy.approval == ISSUE_BY_CHALLENGE)
		return judge_new(op, no);
	return judge_waiting(op, no);
}

static enum status
judge_any(struct operation *op, struct scep_refusal *no)
{
	const struct earlier *e = &op->earlier;

	if (e->is_issued) {
		op->judgement.verdict = VERDICT_AGAIN;
		return OK;
	}
	if (operation_polls(op))
		return e->request.state == LEDGER_REJECTED ? rejected(op) :
		    judge_waiting(op, no);
	return e->waits ? judge_once_more(op, no) : judge_new(op, no);
}

enum status
judge(struct operation *op, struct scep_refusal *no)
{
	return operation_hush(op, judge_any(op, no), no);
}
