/* From a message to what is answered: the stages, one after the other. */
#include <string.h>

#include "stages.h"

static void
operation_free(struct operation *op)
{
	ledger_certificate_free(&op->who.record);
	scep_csr_free(&op->content.csr);
	ledger_name_free(&op->content.name);
	ledger_certificate_free(&op->earlier.issued);
	ledger_request_free(&op->earlier.request);
	ledger_challenge_free(&op->earlier.challenge);
	issue_wish_free(&op->judgement.wish);
	ledger_name_free(&op->judgement.name);
	ledger_certificate_free(&op->judgement.old);
	buf_free(&op->judgement.csr);
	free(op->judgement.ground);
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
	bool known = e->is_known && e->challenge.purpose != LEDGER_ENROLL;

	return (struct ledger_identity){
		.transaction = op->m->transaction,
		.key_hash = operation_polls(op) ? op->who.key_hash :
		    c->key_hash,
		.name = &c->name,
		.challenge = known ? c->challenge : NULL,
		.fresh = known && e->objection == NULL,
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

	if (st != REFUSED || !op->content.other_key || op->judgement.says_why)
		return st;
	memcpy(cause, no->cause[0] != '\0' ? no->cause : no->text,
	    sizeof cause);
	(void)scep_refuse(no, SCEP_BADREQUEST, "this renewal does not fit its "
	    "certificate");
	memcpy(no->cause, cause, sizeof no->cause);
	return REFUSED;
}

/* The ledger is only read in a dry run: nothing could be written by mistake. */
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

	if ((st = prepare(&op)) != OK ||
	    (st = message_read(a, q, m, no)) != OK ||
	    (st = requester_identify(&op, no)) != OK)
		return st;
	if (m->type == SCEP_GETCERT || m->type == SCEP_GETCRL)
		return answer_query(&op, no);
	if ((st = content_prove(&op, no)) != OK ||
	    (st = earlier_find(&op)) != OK ||
	    (st = judge(&op, no)) != OK)
		return st;
	return commit(&op, no);
}
