/* Sets of alternative names: DER, and comparison as in RFC 5280 section 7. */
#include <ctype.h>

#include "x509/cert.h"

#include "x509/local.h"

void
cert_names_to_der(const GENERAL_NAMES *names, struct buf *out)
{
	if (names != NULL && sk_GENERAL_NAME_num(names) > 0)
		CERT_PUT_DER(i2d_GENERAL_NAMES,
		    (GENERAL_NAMES *)(uintptr_t)names, out);
}

const char *
cert_names_from_der(const void *der, size_t len, GENERAL_NAMES **out)
{
	const unsigned char *p = der;

	*out = NULL;
	if (len == 0)
		return NULL;
	*out = d2i_GENERAL_NAMES(NULL, &p, (long)len);
	if (*out != NULL && p == (const unsigned char *)der + len)
		return NULL;
	GENERAL_NAMES_free(*out);
	*out = NULL;
	diag_ssl_clear();
	return "not a set of alternative names";
}

/* ---- comparison ---- */

/* Compares text, with regard to case only in the first exact bytes. */
static bool
same_text(const ASN1_STRING *a, const ASN1_STRING *b, size_t exact)
{
	const unsigned char *p = ASN1_STRING_get0_data(a);
	const unsigned char *q = ASN1_STRING_get0_data(b);
	size_t i, n = (size_t)ASN1_STRING_length(a);

	if (n != (size_t)ASN1_STRING_length(b))
		return false;
	for (i = 0; i < n; i++)
		if (i < exact ? p[i] != q[i] : tolower(p[i]) != tolower(q[i]))
			return false;
	return true;
}

/* RFC 5280 7.5: the host of a mailbox ignores case, its local part does not. */
static bool
same_email(const ASN1_STRING *a, const ASN1_STRING *b)
{
	const unsigned char *p = ASN1_STRING_get0_data(a);
	size_t n = (size_t)ASN1_STRING_length(a), at = n;

	while (at > 0 && p[at - 1] != '@')
		at--;
	return same_text(a, b, at);
}

/*
 * RFC 5280 7.4: scheme and host of a URI ignore case; the user between them,
 * and what follows, do not.
 */
static bool
same_uri(const ASN1_STRING *a, const ASN1_STRING *b)
{
	const unsigned char *p = ASN1_STRING_get0_data(a);
	const unsigned char *q = ASN1_STRING_get0_data(b);
	size_t n = (size_t)ASN1_STRING_length(a), scheme, host, end, i;

	for (scheme = 0; scheme < n && p[scheme] != ':'; scheme++)
		continue;
	host = end = scheme;
	if (n - scheme >= 3 && p[scheme + 1] == '/' && p[scheme + 2] == '/') {
		host = scheme + 3;
		for (end = host; end < n && p[end] != '/' && p[end] != '?' &&
		    p[end] != '#'; end++)
			if (p[end] == '@')
				host = end + 1;
	}
	if (n != (size_t)ASN1_STRING_length(b))
		return false;
	for (i = 0; i < n; i++)
		if (i < scheme || (i >= host && i < end) ?
		    tolower(p[i]) != tolower(q[i]) : p[i] != q[i])
			return false;
	return true;
}

static bool
same_name(const GENERAL_NAME *a, const GENERAL_NAME *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case GEN_DNS:
		return same_text(a->d.dNSName, b->d.dNSName, 0);
	case GEN_EMAIL:
		return same_email(a->d.rfc822Name, b->d.rfc822Name);
	case GEN_URI:
		return same_uri(a->d.uniformResourceIdentifier,
		    b->d.uniformResourceIdentifier);
	case GEN_DIRNAME:
		return cert_name_equal(a->d.directoryName,
		    b->d.directoryName);
	default:
		return GENERAL_NAME_cmp((GENERAL_NAME *)(uintptr_t)a,
		    (GENERAL_NAME *)(uintptr_t)b) == 0;
	}
}

bool
cert_names_within(const GENERAL_NAMES *some, const GENERAL_NAMES *all)
{
	int i, j, n = some != NULL ? sk_GENERAL_NAME_num(some) : 0;
	int m = all != NULL ? sk_GENERAL_NAME_num(all) : 0;

	for (i = 0; i < n; i++) {
		for (j = 0; j < m; j++)
			if (same_name(sk_GENERAL_NAME_value(some, i),
			    sk_GENERAL_NAME_value(all, j)))
				break;
		if (j == m)
			return false;
	}
	return true;
}

bool
cert_names_equal(const GENERAL_NAMES *a, const GENERAL_NAMES *b)
{
	return cert_names_within(a, b) && cert_names_within(b, a);
}

/* ---- of a certification request ---- */

/* Moves the names of more that are not in names yet. */
static void
merge(GENERAL_NAMES *more, GENERAL_NAMES **names)
{
	GENERAL_NAME *one;
	int i;

	if (*names == NULL) {
		*names = more;
		return;
	}
	while ((one = sk_GENERAL_NAME_shift(more)) != NULL) {
		for (i = 0; i < sk_GENERAL_NAME_num(*names); i++)
			if (GENERAL_NAME_cmp(one,
			    sk_GENERAL_NAME_value(*names, i)) == 0)
				break;
		if (i < sk_GENERAL_NAME_num(*names))
			GENERAL_NAME_free(one);
		else if (sk_GENERAL_NAME_push(*names, one) <= 0)
			mem_exhausted();
	}
	GENERAL_NAMES_free(more);
}

/*
 * Reads the subjectAltName in one attribute, whose value is a list of
 * extensions.  Some clients send one attribute of PKCS #9 and one of
 * Microsoft's.
 */
static const char *
add_names(X509_ATTRIBUTE *attr, GENERAL_NAMES **names)
{
	GENERAL_NAMES *more = NULL;
	const ASN1_TYPE *value = X509_ATTRIBUTE_get0_type(attr, 0);
	STACK_OF(X509_EXTENSION) *all;
	const unsigned char *p;
	int at;

	if (X509_ATTRIBUTE_count(attr) != 1 || value == NULL ||
	    value->type != V_ASN1_SEQUENCE)
		return "its requested extensions are broken";
	p = ASN1_STRING_get0_data(value->value.sequence);
	all = d2i_X509_EXTENSIONS(NULL, &p,
	    ASN1_STRING_length(value->value.sequence));
	if (all == NULL)
		return "its requested extensions are broken";
	at = X509v3_get_ext_by_NID(all, NID_subject_alt_name, -1);
	if (at >= 0 && (
	    X509v3_get_ext_by_NID(all, NID_subject_alt_name, at) >= 0 ||
	    (more = X509V3_EXT_d2i(X509v3_get_ext(all, at))) == NULL)) {
		sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
		return "its subjectAltName is broken, or there are two";
	}
	sk_X509_EXTENSION_pop_free(all, X509_EXTENSION_free);
	if (more != NULL)
		merge(more, names);
	return NULL;
}

const char *
cert_request_names(const X509_REQ *req, GENERAL_NAMES **out)
{
	GENERAL_NAMES *names = NULL;
	const char *reason = NULL;
	int i;

	for (i = 0; i < X509_REQ_get_attr_count(req) && reason == NULL; i++) {
		X509_ATTRIBUTE *attr = X509_REQ_get_attr(req, i);
		int nid = OBJ_obj2nid(X509_ATTRIBUTE_get0_object(attr));

		if (nid == NID_ext_req || nid == NID_ms_ext_req)
			reason = add_names(attr, &names);
	}
	if (reason != NULL) {
		GENERAL_NAMES_free(names);
		diag_ssl_clear();
		return reason;
	}
	*out = names;
	return NULL;
}

/* ---- of a certificate ---- */

void
cert_names_report(const GENERAL_NAMES *names, struct report *array)
{
	int i;

	for (i = 0; names != NULL && i < sk_GENERAL_NAME_num(names); i++) {
		const char *type;
		auto_char *text = cert_san_text(sk_GENERAL_NAME_value(names, i),
		    &type);
		auto_char *whole = xasprintf("%s:%s",
		    type != NULL ? type : "other", text != NULL ? text : "?");

		report_str(array, NULL, whole);
	}
}

GENERAL_NAMES *
cert_names_of(const X509 *cert)
{
	return X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
}
