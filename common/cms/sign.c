/* Signing. */
#include "cms/local.h"

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

/* The chain beside the signer's certificate, which is inside already. */
static bool
add_chain(CMS_ContentInfo *cms, const struct identity *id)
{
	int i, j;

	for (i = 0; i < sk_X509_num(id->chain); i++) {
		X509 *cert = sk_X509_value(id->chain, i);
		bool is_new = X509_cmp(cert, id->cert) != 0;

		for (j = 0; j < i && is_new; j++)
			is_new = X509_cmp(cert,
			    sk_X509_value(id->chain, j)) != 0;
		if (is_new && CMS_add1_cert(cms, cert) != 1)
			return false;
	}
	return true;
}

static enum status
fail_unsigned(const struct identity *id)
{
	auto_char *who = cert_name_text(X509_get_subject_name(id->cert));

	return fail_ssl(FAULT, "cannot sign as %s", who);
}

/*
 * If memory is short for one allocation, some versions of OpenSSL sort or
 * encode attributes in a wrong way and report success.  What was made is read
 * and verified, before anybody gets it.
 */
static enum status
check_signed(const struct buf *der, X509 *signer)
{
	STACK_OF(X509) *signers = sk_X509_new_null();
	const unsigned char *at = der->data;
	auto_CMS *cms = d2i_CMS_ContentInfo(NULL, &at, (long)der->len);
	auto_BIO *nowhere = BIO_new(BIO_s_null());
	bool ok;

	if (signers == NULL || nowhere == NULL ||
	    sk_X509_push(signers, signer) <= 0)
		mem_exhausted();
	ok = cms != NULL && CMS_verify(cms, signers, NULL, NULL, nowhere,
	    CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) == 1;
	sk_X509_free(signers);
	return ok ? OK : fail_ssl(FAULT, "the new signature does not verify: "
	    "nothing was written");
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
	if ((cms = CMS_sign(NULL, NULL, NULL, NULL, flags)) == NULL ||
	    (si = CMS_add1_signer(cms, id->cert, id->key, md, flags)) ==
	    NULL ||
	    (!how->no_attributes && !set_time(si, how->signing_time)) ||
	    (how->add != NULL && !how->add(si, how->arg)) ||
	    (!how->no_chain && !add_chain(cms, id)) ||
	    CMS_final(cms, in, NULL, flags & ~(unsigned)CMS_PARTIAL) != 1)
		return fail_unsigned(id);
	diag_ssl_clear();
	cms_write(cms, der);
	return check_signed(der, id->cert);
}
