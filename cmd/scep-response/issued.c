#include "issued.h"

#include <string.h>

void
issued_request_free(struct issued_request *r)
{
	free(r->key_sha256);
	X509_free(r->signer);
	X509_NAME_free(r->subject);
	GENERAL_NAMES_free(r->names);
}

const char *
issued_read_names(const struct buf *der, GENERAL_NAMES **out)
{
	return cert_names_from_der(der->data, der->len, out) == NULL ? NULL :
	    "its alternative names cannot be read";
}

/* ---- choosing a certificate ---- */

static bool
holds_key(X509 *cert, const char *key_sha256)
{
	const EVP_PKEY *key = cert_key(cert);
	char hash[SECRET_HASH_TEXT];
	auto_buf spki = BUF_INIT;

	if (key == NULL) {
		diag_ssl_clear();
		return false;
	}
	cert_spki_to_der(key, &spki);
	secret_sha256(spki.data, spki.len, hash);
	return strcmp(hash, key_sha256) == 0;
}

static bool
is_newer(const X509 *a, const X509 *b)
{
	if (cert_not_before(a) != cert_not_before(b))
		return cert_not_before(a) > cert_not_before(b);
	return cert_not_after(a) > cert_not_after(b);
}

/*
 * Returns why a certificate with the right key is not the answer, or NULL if
 * it is.  *foreign is set to true if it was issued by a CA that is not
 * trusted.
 */
static const char *
unfit(const struct issued_request *r, X509 *cert, STACK_OF(X509) *certs,
    const struct scep_cacert *trust, int64_t now, bool *foreign)
{
	*foreign = false;
	if (X509_cmp(cert, r->signer) == 0)
		return cert_is_self_signed(cert) ?
		    "the server gave back the certificate that signed the "
		    "request" :
		    "the server gave back the certificate that was to be "
		    "renewed";
	if (cert_not_before(cert) == CERT_NO_TIME ||
	    cert_not_after(cert) == CERT_NO_TIME)
		return "it has an unreadable date";
	if (now > cert_not_after(cert))
		return "it has expired";
	*foreign = true;
	return scep_cacert_issued(trust, cert, certs, now);
}

enum status
issued_choose(const struct issued_request *r, const char *name,
    STACK_OF(X509) *certs, const struct scep_cacert *trust, int64_t now,
    X509 **out)
{
	const char *why = NULL, *reason;
	bool foreign = false, is;
	X509 *best = NULL;
	int i;

	for (i = 0; i < sk_X509_num(certs); i++) {
		X509 *one = sk_X509_value(certs, i);

		if (!holds_key(one, r->key_sha256))
			continue;
		reason = unfit(r, one, certs, trust, now, &is);
		if (reason != NULL) {
			why = reason;
			foreign = is;
		} else if (best == NULL || is_newer(one, best)) {
			best = one;
		}
	}
	if (best == NULL && why == NULL)
		return fail(REFUSED, "%s: no certificate in it holds the key "
		    "of the request", name);
	if (best == NULL)
		return fail(REFUSED, "%s: not the certificate that was asked "
		    "for: %s%s", name, foreign ?
		    "it was not issued by this CA: " : "", why);
	if (now < cert_not_before(best))
		warning("%s: the certificate is not valid yet: is the clock "
		    "right?", name);
	*out = best;
	return OK;
}

/* ---- checking its names ---- */

static void
add_names(const X509_NAME *subject, const GENERAL_NAMES *names,
    struct buf *out)
{
	auto_report *list = report_array();
	auto_char *text = cert_name_text(subject);
	size_t i;

	buf_puts(out, *text != '\0' ? text : "no subject");
	cert_names_report(names, list);
	for (i = 0; i < report_count(list); i++)
		buf_printf(out, ", %s",
		    report_text(report_at(list, i), NULL));
}

enum status
issued_check_names(const struct issued_request *r, const char *name,
    X509 *cert, bool require)
{
	auto_GENERAL_NAMES *names = cert_names_of(cert);
	const X509_NAME *subject = X509_get_subject_name(cert);
	auto_buf wanted = BUF_INIT, came = BUF_INIT;

	if (cert_name_equal(subject, r->subject) &&
	    (!r->has_names || cert_names_equal(names, r->names)))
		return OK;
	add_names(r->subject, r->has_names ? r->names : NULL, &wanted);
	add_names(subject, r->has_names ? names : NULL, &came);
	if (require)
		return fail(REFUSED, "%s: asked for %s; the certificate is "
		    "for %s", name, buf_str(&wanted), buf_str(&came));
	warning("%s: asked for %s; the certificate is for %s", name,
	    buf_str(&wanted), buf_str(&came));
	return OK;
}
