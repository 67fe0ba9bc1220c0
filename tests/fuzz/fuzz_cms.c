/*
 * Any bytes as a message, a certificate, a key or a request.  The walk over BER
 * must be consistent, what it accepts must be safe for OpenSSL, and verified
 * content must be verified again.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "trust/trust.h"
#include "x509/local.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum status
no_passphrase(void *arg, struct buf *out)
{
	(void)arg;
	buf_puts(out, "secret");
	return OK;
}

static void
measure(const uint8_t *data, size_t size)
{
	size_t used = 0, again = 0;

	if (cms_measure(data, size, &used) != NULL)
		return;
	if (used == 0 || used > size)
		abort();
	/* An element is whole alone, but not without its last byte. */
	if (cms_measure(data, used, &again) != NULL || again != used)
		abort();
	if (cms_measure(data, used - 1, &again) == NULL)
		abort();
}

static void
judge(const struct buf *in)
{
	const struct trust_policy policy = { .no_trust = true,
	    .allow_sha1 = true, .want_plist = true };
	auto_trust_verdict v = TRUST_VERDICT_INIT;
	auto_buf list = BUF_INIT, content = BUF_INIT;
	auto_report *r = report_object();

	if (trust_judge(in, "in", &policy, &v) == OK &&
	    (cms_unwrap(in, "in", &content) != OK ||
	    !buf_equal(&content, &v.message.content)))
		abort();
	trust_explain(&v, &list);
	trust_report(&v, r);
	trust_report_checks(&v, r);
	if (!cms_looks_like(in) && v.status == OK)
		abort();
}

static void
read_all(const struct buf *in)
{
	auto_certs *certs = NULL;
	auto_X509_REQ *req = NULL;
	auto_X509_NAME *name = NULL;
	auto_identity id = IDENTITY_INIT;
	auto_buf raw = BUF_INIT;
	struct report *r;

	if (cert_parse_list(in, &certs) == NULL) {
		r = report_object();
		cert_report(sk_X509_value(certs, 0), r);
		report_free(r);
		(void)cert_check_factory(sk_X509_value(certs, 0));
		(void)cert_check_signer(sk_X509_value(certs, 0));
	}
	(void)cert_parse_request(in, &req);
	(void)cert_name_from_der(in->data, in->len, &name);
	(void)cert_unarmour(in, NULL, &raw);
	if (key_parse(in, "in", no_passphrase, NULL, &id) == OK &&
	    id.key == NULL)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct problem unsaid;
	auto_buf in = BUF_INIT;

	problem_keep(&unsaid);
	buf_add(&in, data, size);
	measure(data, size);
	judge(&in);
	read_all(&in);
	return 0;
}
