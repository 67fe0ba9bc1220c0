/*
 * The second stage: identifies who signed the message.  A query is decrypted
 * only for holders of a certificate of ours, a poll only for the key or
 * certificate of its transaction.
 */
#include <string.h>

#include "stages.h"

/*
 * If the signer has no certificate of ours, its key must be the one in the
 * request, so it is checked as such.
 */
static enum status
judge_stranger(const struct operation *op, struct scep_refusal *no)
{
	struct issue_refusal why;
	enum status st;

	st = issue_judge_key(&op->a->policy, X509_get0_pubkey(op->m->signer),
	    &why);
	return st == REFUSED ? scep_refuse(no, why.weak ? SCEP_BADALG :
	    SCEP_BADREQUEST, "%s", why.text) : st;
}

/*
 * Clients that may not ask get the same refusal as those whose query or poll
 * finds nothing.  The log has the reason.
 */
static enum status
judge_query(const struct operation *op, struct scep_refusal *no)
{
	const char *reason = op->who.verdict.reason;
	auto_char *cause = reason != NULL ? xasprintf("the signer's "
	    "certificate may not ask: %s", reason) : NULL;

	return cause == NULL ? OK : scep_refuse_content(op->m, no, cause);
}

static enum status
judge_poll(struct operation *op, struct scep_refusal *no)
{
	enum status st;

	if (op->who.verdict.revoked)
		return scep_refuse_content(op->m, no, "the signer's "
		    "certificate was revoked");
	if ((st = poll_find(op)) != OK)
		return st;
	return op->earlier.waits || op->earlier.is_issued ? OK :
	    scep_refuse_content(op->m, no, "no such request of this key is "
	    "known");
}

enum status
requester_identify(struct operation *op, struct scep_refusal *no)
{
	struct requester *who = &op->who;
	enum status st;

	if ((st = authority_know(op->a, op->m->signer, op->q->now,
	    &who->verdict, &who->record)) != OK)
		return st;
	authority_key_hash(X509_get0_pubkey(op->m->signer), who->key_hash);
	cert_sha256(op->m->signer, who->signer_hash);
	who->serial = who->verdict.recorded ? who->record.serial : NULL;
	who->may_renew = who->verdict.reason == NULL &&
	    who->verdict.may_renew;
	if (op->m->type == SCEP_GETCERT || op->m->type == SCEP_GETCRL)
		return judge_query(op, no);
	if (operation_polls(op))
		return judge_poll(op, no);
	if (who->verdict.revoked)
		return scep_refuse(no, SCEP_BADREQUEST, "the signer's "
		    "certificate cannot renew: it was revoked");
	return who->may_renew ? OK : judge_stranger(op, no);
}
