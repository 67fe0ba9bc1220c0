/* GetCert and GetCRL: for those who have a certificate of ours, alone. */
#include <string.h>

#include "crl.h"
#include "request.h"

static enum status
judge_asker(struct authority *a, const struct scep_message *m, int64_t now,
    struct scep_refusal *no)
{
	auto_ledger_certificate known = LEDGER_CERTIFICATE_INIT;
	struct authority_verdict v;
	enum status st;

	if ((st = authority_know(a, m->signer, now, &v, &known)) != OK)
		return st;
	if (v.reason != NULL)
		return scep_refuse(no, SCEP_BADREQUEST, "the signer's "
		    "certificate may not ask: %s", v.reason);
	return OK;
}

static enum status
get_cert(struct authority *a, const struct scep_query *q,
    struct scep_answer *answer, struct outcome *o)
{
	auto_ledger_certificate c = LEDGER_CERTIFICATE_INIT;
	auto_buf serial = BUF_INIT;
	const char *reason;
	enum status st;
	bool found;

	cert_integer_hex(q->serial, &serial);
	if ((st = ledger_find_certificate(a->ledger, buf_str(&serial), &found,
	    &c)) != OK)
		return st;
	if (!found)
		return scep_refuse(&answer->refusal, SCEP_BADCERTID,
		    "there is no certificate %s", buf_str(&serial));
	if ((reason = cert_from_der(c.der.data, c.der.len, &answer->cert)) !=
	    NULL)
		return fail(FAULT, "certificate %s in the ledger: %s",
		    c.serial, reason);
	o->serial = STEAL(c.serial);
	return OK;
}

enum status
answer_query(struct authority *a, const struct scep_message *m, int64_t now,
    struct scep_answer *answer, struct outcome *o)
{
	auto_scep_query q = SCEP_QUERY_INIT;
	struct scep_refusal *no = &answer->refusal;
	enum status st;

	if ((st = authority_need(a, NEED_KEYS | NEED_LEDGER)) != OK ||
	    (st = judge_asker(a, m, now, no)) != OK ||
	    (st = scep_open_query(m, a->to, a->to_count, &q, no)) != OK)
		return st;
	if (!authority_is_issuer(a, q.issuer))
		return scep_refuse(no, SCEP_BADCERTID,
		    "the issuer asked for is not this CA");
	st = m->type == SCEP_GETCERT ? get_cert(a, &q, answer, o) :
	    crl_current(a, now, &answer->crl);
	if (st == OK) {
		answer->outcome = SCEP_SUCCESS;
		o->what = "sent";
	}
	return st;
}
