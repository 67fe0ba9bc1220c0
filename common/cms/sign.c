/* SignedData (RFC 5652 section 5): signs. */
#include "cms/local.h"

/* Frees the list, but not its certificates. */
#define auto_borrowed AUTO(auto_free_borrowed) STACK_OF(X509)
DEFINE_AUTO(borrowed, STACK_OF(X509), sk_X509_free);

/*
 * OpenSSL adds its own signingTime only if there is none, so the attribute is
 * set before the signature is made.
 */
static bool
set_time(CMS_SignerInfo *si, int64_t t)
{
	ASN1_TIME *at = cert_time_new(t);
	bool ok;

	if (at == NULL)
		return false;
	ok = CMS_signed_add1_attr_by_NID(si, NID_pkcs9_signingTime,
	    ASN1_STRING_type(at), ASN1_STRING_get0_data(at),
	    ASN1_STRING_length(at)) == 1;
	ASN1_TIME_free(at);
	return ok;
}

/*
 * The certificates to include, each once, the signer's own first; the list
 * borrows them.
 */
static STACK_OF(X509) *
inside_of(const struct cms_sign *how)
{
	const struct identity *id = how->id;
	STACK_OF(X509) *all = sk_X509_new_null();
	int i, j, n = how->no_chain ? 0 : sk_X509_num(id->chain);

	if (all == NULL || sk_X509_push(all, id->cert) <= 0)
		mem_exhausted();
	for (i = 0; i < n; i++) {
		X509 *cert = sk_X509_value(id->chain, i);
		bool is_new = true;

		for (j = 0; j < sk_X509_num(all) && is_new; j++)
			is_new = X509_cmp(cert, sk_X509_value(all, j)) != 0;
		if (is_new && sk_X509_push(all, cert) <= 0)
			mem_exhausted();
	}
	return all;
}

/* The signer's certificate has been added already. */
static bool
add_chain(CMS_ContentInfo *cms, const STACK_OF(X509) *inside)
{
	int i;

	for (i = 1; i < sk_X509_num(inside); i++)
		if (CMS_add1_cert(cms, sk_X509_value(inside, i)) != 1)
			return false;
	return true;
}

static enum status
fail_unsigned(const struct identity *id)
{
	auto_char *who = cert_name_text(X509_get_subject_name(id->cert));

	return fail_ssl(FAULT, "cannot sign as %s", who);
}

enum status
cms_sign(const struct buf *content, const struct cms_sign *how,
    struct buf *der)
{
	const struct identity *id = how->id;
	const EVP_MD *md = EVP_get_digestbyname(how->digest);
	unsigned flags = CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP;
	auto_BIO *in = NULL;
	auto_CMS *cms = NULL;
	auto_char *kind = NULL;
	auto_borrowed *inside = NULL;
	CMS_SignerInfo *si;

	if (md == NULL)
		return fail(FAULT, "OpenSSL has no digest %s", how->digest);
	if (!cert_key_is_rsa(id->key) && EVP_PKEY_is_a(id->key, "EC") != 1) {
		kind = cert_key_name(id->key);
		return fail(FAULT, "a key of the kind %s cannot sign a CMS "
		    "message (rsa and ec can)", kind);
	}
	diag_ssl_clear();
	if (how->no_attributes)
		flags |= CMS_NOATTR;
	in = cms_source(content);
	inside = inside_of(how);
	if ((cms = CMS_sign(NULL, NULL, NULL, NULL, flags)) == NULL ||
	    (si = CMS_add1_signer(cms, id->cert, id->key, md, flags)) ==
	    NULL ||
	    (!how->no_attributes && !set_time(si, how->signing_time)) ||
	    (how->add != NULL && !how->add(si, how->arg)) ||
	    !add_chain(cms, inside) ||
	    CMS_final(cms, in, NULL, flags & ~(unsigned)CMS_PARTIAL) != 1)
		return fail_unsigned(id);
	diag_ssl_clear();
	cms_write(cms, der);
	return cms_reads_back(der, content, inside) ? OK :
	    fail_ssl(FAULT, "the new signature does not verify: nothing was "
	    "written");
}
