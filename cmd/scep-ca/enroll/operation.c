/* Runs the stages, one after the other, from a message to its response. */
#include <string.h>

#include "stages.h"

/* Attempts, if other processes change the ledger meanwhile. */
enum { TRIES = 4 };

static void
earlier_free(struct earlier *e)
{
	ledger_certificate_free(&e->issued);
	ledger_request_free(&e->request);
	ledger_challenge_free(&e->challenge);
	*e = (struct earlier){ 0 };
}

static void
decision_free(struct decision *d)
{
	issue_wish_free(&d->wish);
	ledger_name_free(&d->name);
	ledger_certificate_free(&d->old);
	buf_free(&d->csr);
	free(d->ground);
	*d = (struct decision){ 0 };
}

static void
operation_free(struct operation *op)
{
	ledger_certificate_free(&op->who.record);
	scep_csr_free(&op->content.csr);
	ledger_name_free(&op->content.name);
	buf_free(&op->content.subject);
	earlier_free(&op->earlier);
	decision_free(&op->decision);
}

bool
operation_polls(const struct operation *op)
{
	return op->m->type == SCEP_CERTPOLL;
}

struct ledger_identity
operation_identity(const struct operation *op)
{
	const struct content *c = &op->content;
	const struct earlier *e = &op->earlier;

	return (struct ledger_identity){
		.transaction = op->m->transaction,
		.key_hash = operation_polls(op) ? op->who.key_hash :
		    c->key_hash,
		.name = &c->name,
		.challenge = c->has_challenge ? c->challenge : NULL,
		.fresh = e->is_known && e->objection == NULL && !c->renews,
		.signer = op->who.may_renew || operation_polls(op) ?
		    op->who.serial : NULL,
		.signer_hash = op->who.signer_hash,
	};
}

enum status
operation_hush(const struct operation *op, enum status st,
    struct scep_refusal *no)
{
	char cause[SCEP_REASON];

	if (st != REFUSED || !op->content.other_key || op->decision.says_why)
		return st;
	memcpy(cause, no->cause[0] != '\0' ? no->cause : no->text,
	    sizeof cause);
	(void)scep_refuse(no, SCEP_BADREQUEST, "this renewal does not fit its "
	    "certificate");
	memcpy(no->cause, cause, sizeof no->cause);
	return REFUSED;
}

/* The stages that depend on the ledger. */
static enum status
decide(struct operation *op, struct scep_refusal *no)
{
	enum status st;

	if ((st = earlier_find(op)) != OK ||
	    (st = decision_make(op, no)) != OK)
		return st;
	return commit(op, no);
}

/*
 * Starts over as if the message had just arrived, after the changes of others.
 */
static enum status
decide_again(struct operation *op, struct scep_refusal *no)
{
	enum status st;

	earlier_free(&op->earlier);
	decision_free(&op->decision);
	op->overtaken = false;
	op->outcome->remark[0] = '\0';
	*no = (struct scep_refusal)SCEP_REFUSAL_INIT;
	op->answer->outcome = SCEP_FAILURE;
	if (operation_polls(op) && ((st = poll_find(op)) != OK ||
	    (st = poll_match(op)) != OK))
		return st;
	if (operation_polls(op) && !op->earlier.waits &&
	    !op->earlier.is_issued)
		return scep_refuse_content(op->m, no, "no such request of this "
		    "key is known any more");
	return decide(op, no);
}

/*
 * In a dry run the ledger is opened for reading only, so that nothing can be
 * written by mistake.
 */
static enum status
prepare(struct operation *op)
{
	return authority_need(op->a, NEED_KEYS |
	    (op->q->dry_run ? NEED_READ : NEED_LEDGER));
}

enum status
enroll(struct authority *a, const struct request *q,
    const struct scep_message *m, struct scep_answer *answer,
    struct outcome *o)
{
	AUTO(operation_free) struct operation op = { .a = a, .q = q, .m = m,
	    .content = { .csr = SCEP_CSR_INIT }, .answer = answer,
	    .outcome = o };
	struct scep_refusal *no = &answer->refusal;
	enum status st;
	int i;

	if ((st = prepare(&op)) != OK ||
	    (st = message_read(a, q, m, no)) != OK ||
	    (st = requester_identify(&op, no)) != OK)
		return st;
	if (m->type == SCEP_GETCERT || m->type == SCEP_GETCRL)
		return answer_query(&op, no);
	if ((st = content_prove(&op, no)) != OK)
		return st;
	st = decide(&op, no);
	for (i = 1; op.overtaken && i < TRIES; i++)
		st = decide_again(&op, no);
	return st;
}
