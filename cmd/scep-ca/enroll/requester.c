/*
 * The second stage: who signed the message.  A query is decrypted only for
 * those who have a certificate of ours, a poll only for the key or the
 * certificate of that transaction.
 */
#include <string.h>

#include "stages.h"

/* A stranger's key is that of the request, and judged as such. */
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

static enum status
judge_query(const struct requester *who, struct scep_refusal *no)
{
	return who->verdict.reason == NULL ? OK : scep_refuse(no,
	    SCEP_BADREQUEST, "the signer's certificate may not ask: %s",
	    who->verdict.reason);
}

/* What the poll can be about: what waits, else what was issued. */
static enum status
find_polled(struct operation *op, struct scep_refusal *no)
{
	const struct ledger_identity q = operation_identity(op);
	struct earlier *e = &op->earlier;
	enum status st;

	if ((st = ledger_find_polled_request(op->a->ledger, &q, &e->waits,
	    &e->request)) != OK)
		return st;
	e->waits = e->waits && e->request.state != LEDGER_ISSUED;
	if ((st = ledger_find_polled(op->a->ledger, &q, NULL, op->q->now,
	    &e->is_issued, &e->issued)) != OK)
		return st;
	return e->waits || e->is_issued ? OK : scep_refuse(no,
	    SCEP_BADCERTID, "no such request of this key is known");
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
		return judge_query(who, no);
	if (who->verdict.revoked)
		return scep_refuse(no, SCEP_BADREQUEST, "the signer's "
		    "certificate cannot renew: it was revoked");
	if (operation_polls(op))
		return find_polled(op, no);
	return who->may_renew ? OK : judge_stranger(op, no);
}
