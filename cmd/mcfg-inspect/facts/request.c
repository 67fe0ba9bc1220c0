/* Facts about a certificate request. */
#include <openssl/objects.h>

#include "facts/local.h"

static void
add_request_attribute(const struct facts *f, X509_ATTRIBUTE *a,
    struct report *l, struct report *r)
{
	auto_char *name = facts_object(X509_ATTRIBUTE_get0_object(a), NULL);
	int nid = OBJ_obj2nid(X509_ATTRIBUTE_get0_object(a));
	struct report *e, *values;
	int i;

	if (nid == NID_ext_req || nid == NID_ms_ext_req)
		return;			/* shown among the extensions */
	e = report_add_object(l, NULL);
	values = report_array();
	report_str(e, "name", name);
	for (i = 0; i < X509_ATTRIBUTE_count(a); i++) {
		const ASN1_TYPE *any = X509_ATTRIBUTE_get0_type(a, i);
		auto_buf text = BUF_INIT;
		unsigned char *der = NULL;
		int len = i2d_ASN1_TYPE(any, &der);
		struct ber in = { der, len > 0 ? (size_t)len : 0 };
		struct ber_item item;

		if (ber_next(&in, &item) == NULL)
			facts_value(&item, &text);
		OPENSSL_free(der);
		if (nid == NID_pkcs9_challengePassword) {
			const char *shown = f->show_secrets ? buf_str(&text) :
			    facts_mask;

			report_str(values, NULL, shown);
			if (i == 0)
				report_str(r, "challenge", shown);
		} else
			report_strn(values, NULL, buf_str(&text), text.len);
		if (nid == NID_pkcs9_challengePassword)
			buf_wipe(text.data, text.len);
	}
	report_add(e, "values", values);
}

static void
add_request_extensions(const struct facts *f, X509_REQ *req, struct report *r)
{
	STACK_OF(X509_EXTENSION) *exts = X509_REQ_get_extensions(req);
	int at;

	diag_ssl_clear();
	if (exts == NULL)
		return;
	at = X509v3_get_ext_by_NID(exts, NID_subject_alt_name, -1);
	if (at >= 0)
		facts_alt_names(X509V3_EXT_d2i(X509v3_get_ext(exts, at)), r);
	facts_extensions(f, NULL, exts, r);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
}

const char *
facts_request(const struct facts *f, const void *p, size_t len,
    struct report *r)
{
	const unsigned char *at = p;
	auto_X509_REQ *req = NULL;
	auto_char *subject = NULL;
	const X509_ALGOR *alg;
	struct report *l;
	EVP_PKEY *key;
	int i;

	if (len > INT32_MAX ||
	    (req = d2i_X509_REQ(NULL, &at, (long)len)) == NULL) {
		diag_ssl_clear();
		return "not a certificate request";
	}
	subject = cert_name_text(X509_REQ_get_subject_name(req));
	report_str(r, "subject", subject);
	report_int(r, "version", X509_REQ_get_version(req) + 1);
	key = X509_REQ_get0_pubkey(req);
	facts_key(f, NULL, key, r);
	X509_REQ_get0_signature(req, NULL, &alg);
	facts_signature_algorithm(f, NULL, alg, r);
	if (key == NULL || X509_REQ_verify(req, key) != 1) {
		report_str(r, "signature", "does not fit the key inside");
		facts_note(f, "bad_signature", NULL, "the request is not "
		    "signed by its own key");
	} else
		report_str(r, "signature", "fits the key inside");
	diag_ssl_clear();
	l = report_array();
	for (i = 0; i < X509_REQ_get_attr_count(req); i++)
		add_request_attribute(f, X509_REQ_get_attr(req, i), l, r);
	report_add(r, "attributes", l);
	add_request_extensions(f, req, r);
	diag_ssl_clear();
	return NULL;
}
