/* Chains: who issued whom. */
#include "cert.h"

const char *
cert_issued_by(X509 *cert, X509 *issuer)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer);

	if (!cert_name_equal(X509_get_issuer_name(cert),
	    X509_get_subject_name(issuer)))
		return "its issuer has another name";
	if (key == NULL) {
		diag_ssl_clear();
		return "the issuer's key cannot be read";
	}
	if (X509_verify(cert, key) != 1) {
		diag_ssl_clear();
		return "its signature was not made by the issuer's key";
	}
	return NULL;
}

bool
cert_is_self_signed(X509 *cert)
{
	return cert_name_equal(X509_get_subject_name(cert),
	    X509_get_issuer_name(cert)) && cert_issued_by(cert, cert) == NULL;
}

static bool
is_in(const STACK_OF(X509) *l, const X509 *cert)
{
	int i;

	for (i = 0; i < sk_X509_num(l); i++)
		if (X509_cmp(sk_X509_value(l, i), cert) == 0)
			return true;
	return false;
}

static X509 *
find_issuer(X509 *cert, const STACK_OF(X509) *given,
    const STACK_OF(X509) *used)
{
	int i;

	for (i = 0; i < sk_X509_num(given); i++) {
		X509 *c = sk_X509_value(given, i);

		if (!is_in(used, c) && X509_cmp(c, cert) != 0 &&
		    cert_issued_by(cert, c) == NULL)
			return c;
	}
	return NULL;
}

void
cert_order_chain(X509 *leaf, STACK_OF(X509) *given, bool keep_root,
    STACK_OF(X509) **out, X509 **gap)
{
	auto_certs *chain = sk_X509_new_null();
	X509 *cur = leaf, *next;

	if (chain == NULL)
		mem_exhausted();
	*gap = NULL;
	while (!cert_is_self_signed(cur)) {
		if ((next = find_issuer(cur, given, chain)) == NULL) {
			*gap = cur;
			break;
		}
		cur = next;
		if (!keep_root && cert_is_self_signed(cur))
			break;
		if (X509_up_ref(cur) != 1 || sk_X509_push(chain, cur) <= 0)
			mem_exhausted();
	}
	*out = STEAL(chain);
}
