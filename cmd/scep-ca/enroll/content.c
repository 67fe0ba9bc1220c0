/*
 * The third stage: reads what the signer of the message asks for.  Until it is
 * proved that the request is the signer's, all errors have the same refusal
 * and the same cost.
 */
#include <string.h>

#include "stages.h"

/* Keeps the names as they were requested, before the policy changes them. */
static enum status
take_name(struct content *c, struct scep_refusal *no)
{
	auto_GENERAL_NAMES *names = NULL;
	const char *reason = cert_request_names(c->csr.req, &names);

	if (reason != NULL)
		return scep_refuse(no, SCEP_BADREQUEST, "%s", reason);
	cert_name_to_der(X509_REQ_get_subject_name(c->csr.req),
	    &c->name.subject);
	cert_names_to_der(names, &c->name.names);
	return OK;
}

static enum status
prove_request(struct operation *op, struct scep_refusal *no)
{
	struct content *c = &op->content;
	enum status st;

	if ((st = scep_open_request(op->m, op->a->to, op->a->to_count,
	    op->who.may_renew, &c->csr, no)) != OK)
		return st;
	/* Usually the signer's own key, whose hash is known. */
	if (cert_key_equal(c->csr.key, X509_get0_pubkey(op->m->signer)))
		memcpy(c->key_hash, op->who.key_hash, sizeof c->key_hash);
	else
		authority_key_hash(c->csr.key, c->key_hash);
	c->other_key = strcmp(c->key_hash, op->who.key_hash) != 0;
	c->has_challenge = c->csr.challenge.len > 0;
	if (c->has_challenge)
		secret_sha256(c->csr.challenge.data, c->csr.challenge.len,
		    c->challenge);
	if ((st = scep_check_csr(&c->csr, op->a->policy.allow_sha1,
	    no)) == OK && (st = take_name(c, no)) == OK)
		renewal_weigh(op);
	return operation_hush(op, st, no);
}

/*
 * True if the issuer of a poll is this CA; strongSwan names the RA that it
 * encrypts to instead.
 */
static bool
is_addressed(const struct authority *a, const X509_NAME *issuer)
{
	size_t i;

	for (i = 0; i < a->to_count; i++)
		if (cert_name_equal(X509_get_subject_name(a->to[i].cert),
		    issuer))
			return true;
	return authority_is_issuer(a, issuer);
}

static enum status
prove_poll(struct operation *op, struct scep_refusal *no)
{
	auto_scep_query query = SCEP_QUERY_INIT;
	struct scep_refusal why = SCEP_REFUSAL_INIT;
	const char *objection = NULL;
	enum status st;

	st = scep_open_query(op->m, op->a->to, op->a->to_count, &query, &why);
	if (st == REFUSED)
		objection = why.cause;
	else if (st != OK)
		return st;
	else if (!is_addressed(op->a, query.issuer))
		objection = "the issuer is not this CA";
	/* The ledger is queried in any case, so that the cost is the same. */
	if (query.subject != NULL)
		cert_name_to_der(query.subject, &op->content.subject);
	if ((st = poll_match(op)) != OK)
		return st;
	if (objection == NULL && !op->earlier.waits && !op->earlier.is_issued)
		objection = "the subject is not that of the request";
	return objection == NULL ? OK :
	    scep_refuse_content(op->m, no, objection);
}

enum status
content_prove(struct operation *op, struct scep_refusal *no)
{
	return operation_polls(op) ? prove_poll(op, no) :
	    prove_request(op, no);
}
