/* The content of SCEP's queries: CertPoll, GetCert and GetCRL. */
#include "facts/facts.h"

const char *
facts_query(const void *p, size_t len, struct report *r)
{
	struct ber in = { p, len };
	struct ber_item seq, issuer, second;
	auto_char *name = NULL;

	if (!ber_want(&in, BER_SEQUENCE, &seq) || in.len > 0)
		return "not a query";
	in = seq.body;
	if (!ber_want(&in, BER_SEQUENCE, &issuer) ||
	    ber_next(&in, &second) != NULL || in.len > 0)
		return "not a query";
	name = facts_name(&issuer);
	if (ber_is(&second, BER_SEQUENCE)) {
		auto_char *subject = facts_name(&second);

		report_str(r, "issuer", name);
		report_str(r, "subject", subject);
		return NULL;
	}
	if (ber_is(&second, BER_INTEGER)) {
		auto_buf serial = BUF_INIT;

		facts_serial(&second, &serial);
		report_str(r, "issuer", name);
		report_str(r, "serial", buf_str(&serial));
		return NULL;
	}
	return "not a query";
}
