/* Facts about a revocation list. */
#include <openssl/objects.h>

#include "facts/local.h"
#include "x509/crl.h"

enum { REVOKED_MAX = 1000 };	/* entries that are listed */

static const char *
reason_name(const X509_REVOKED *rev)
{
	ASN1_ENUMERATED *e = X509_REVOKED_get_ext_d2i(rev, NID_crl_reason,
	    NULL, NULL);
	long v = e != NULL ? ASN1_ENUMERATED_get(e) : -1;

	ASN1_ENUMERATED_free(e);
	diag_ssl_clear();
	return v == 7 ? "7" : cert_reason_name(v);
}

static void
add_revoked(X509_CRL *crl, struct report *r)
{
	STACK_OF(X509_REVOKED) *l = X509_CRL_get_REVOKED(crl);
	struct report *list = report_array();
	int i, n = sk_X509_REVOKED_num(l);

	report_int(r, "revoked_count", n > 0 ? n : 0);
	for (i = 0; i < n && i < REVOKED_MAX; i++) {
		const X509_REVOKED *rev = sk_X509_REVOKED_value(l, i);
		struct report *e = report_add_object(list, NULL);
		auto_buf serial = BUF_INIT;
		int64_t t = cert_time(X509_REVOKED_get0_revocationDate(rev));

		cert_integer_hex(X509_REVOKED_get0_serialNumber(rev), &serial);
		report_str(e, "serial", buf_str(&serial));
		if (t != CERT_NO_TIME)
			report_time(e, "date", t);
		if (reason_name(rev) != NULL)
			report_str(e, "reason", reason_name(rev));
	}
	report_add(r, "revoked", list);
}

const char *
facts_crl(const struct facts *f, const char *where, const void *p, size_t len,
    struct report *r)
{
	const unsigned char *at = p;
	auto_X509_CRL *crl = NULL;
	auto_char *issuer = NULL;
	auto_buf number = BUF_INIT;
	const X509_ALGOR *alg;
	const char *name;
	int64_t next, from;

	if (len > INT32_MAX ||
	    (crl = d2i_X509_CRL(NULL, &at, (long)len)) == NULL) {
		diag_ssl_clear();
		return "not a CRL";
	}
	issuer = cert_name_text(X509_CRL_get_issuer(crl));
	report_str(r, "issuer", issuer);
	report_int(r, "version", X509_CRL_get_version(crl) + 1);
	from = cert_crl_this(crl);
	if (from != CERT_NO_TIME)
		report_time(r, "this_update", from);
	next = cert_time(X509_CRL_get0_nextUpdate(crl));
	if (next != CERT_NO_TIME) {
		report_time(r, "next_update", next);
		if (f->at > next)
			facts_note(f, "expired", where, "the CRL has expired");
	}
	if (cert_crl_number(crl, &number))
		report_str(r, "number", buf_str(&number));
	X509_CRL_get0_signature(crl, NULL, &alg);
	name = OBJ_nid2ln(X509_CRL_get_signature_nid(crl));
	report_str(r, "signature_algorithm", name);
	if (name != NULL)
		facts_digest_note(f, where, name);
	add_revoked(crl, r);
	diag_ssl_clear();
	return NULL;
}
