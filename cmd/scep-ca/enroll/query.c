/* GetCert and GetCRL: only for clients that have a certificate of ours. */
#include "crl.h"
#include "stages.h"

/*
 * A query that cannot be read, that names another issuer, or that names an
 * unknown serial number gets the same refusal, and the ledger is queried in
 * any case.
 */
static enum status
get_cert(struct operation *op, const char *serial, const char *objection,
    struct scep_refusal *no)
{
	auto_ledger_certificate c = LEDGER_CERTIFICATE_INIT;
	const char *reason;
	enum status st;
	bool found;

	if ((st = ledger_find_certificate(op->a->ledger, serial, &found,
	    &c)) != OK)
		return st;
	if (objection == NULL && !found)
		objection = "there is no certificate of this serial number";
	if (objection != NULL)
		return scep_refuse_content(op->m, no, objection);
	if ((reason = cert_from_der(c.der.data, c.der.len,
	    &op->answer->cert)) != NULL)
		return fail(FAULT, "certificate %s in the ledger: %s",
		    c.serial, reason);
	op->outcome->serial = STEAL(c.serial);
	return OK;
}

static enum status
get_crl(struct operation *op, const char *objection, struct scep_refusal *no)
{
	enum status st;

	if (objection != NULL)
		return scep_refuse_content(op->m, no, objection);
	if (!op->q->dry_run)
		return crl_current(op->a, op->q->now, &op->answer->crl);
	if ((st = crl_kept(op->a, op->q->now, &op->answer->crl)) != OK ||
	    op->answer->crl != NULL)
		return st;
	return crl_show(op->a, op->q->now, &op->answer->crl);
}

enum status
answer_query(struct operation *op, struct scep_refusal *no)
{
	auto_scep_query q = SCEP_QUERY_INIT;
	auto_buf serial = BUF_INIT;
	const char *objection = NULL;
	struct scep_refusal why;
	enum status st;

	st = scep_open_query(op->m, op->a->to, op->a->to_count, &q, &why);
	if (st == REFUSED) {
		objection = why.cause;
		buf_puts(&serial, "00");
	} else if (st != OK) {
		return st;
	} else {
		cert_integer_hex(q.serial, &serial);
		if (!authority_is_issuer(op->a, q.issuer))
			objection = "the issuer is not this CA";
	}
	st = op->m->type == SCEP_GETCERT ? get_cert(op, buf_str(&serial),
	    objection, no) : get_crl(op, objection, no);
	if (st == OK) {
		op->answer->outcome = SCEP_SUCCESS;
		op->outcome->what = "sent";
	}
	return st;
}
