#include "scep/local.h"

#include <string.h>

#include <openssl/objects.h>

/* A length of -1 would mean that data is an ASN1_STRING. */
bool
scep_add_attribute(CMS_SignerInfo *si, const char *oid, int type,
    const void *data, size_t len)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(oid, 1);
	bool ok;

	ok = obj != NULL && CMS_signed_add1_attr_by_OBJ(si, obj, type, data,
	    (int)len) == 1;
	ASN1_OBJECT_free(obj);
	return ok;
}

bool
scep_add_text(CMS_SignerInfo *si, const char *oid, const char *text)
{
	return scep_add_attribute(si, oid, V_ASN1_PRINTABLESTRING, text,
	    strlen(text));
}

bool
scep_add_signing_time(CMS_SignerInfo *si, int64_t t)
{
	ASN1_TIME *at = cert_time_new(t);
	bool ok;

	ok = at != NULL && CMS_signed_add1_attr_by_NID(si,
	    NID_pkcs9_signingTime, ASN1_STRING_type(at),
	    ASN1_STRING_get0_data(at), ASN1_STRING_length(at)) == 1;
	ASN1_TIME_free(at);
	return ok;
}

enum status
scep_seal(const struct buf *content, X509 *to, const EVP_CIPHER *cipher,
    struct buf *der)
{
	STACK_OF(X509) *recipients = sk_X509_new_null();
	auto_BIO *in = BIO_new_mem_buf(content->data, (int)content->len);
	auto_CMS *cms = NULL;

	/* An envelope for nobody would be a message, too. */
	if (cipher != NULL && in != NULL && sk_X509_push(recipients, to) > 0)
		cms = CMS_encrypt(recipients, in, cipher, CMS_BINARY);
	sk_X509_free(recipients);
	if (cms == NULL)
		return fail_ssl(FAULT, "cannot encrypt a message");
	cms_write(cms, der);
	return cms_check_sealed(der, 1);
}

enum status
scep_sign(const struct buf *content, const struct identity *from,
    const EVP_MD *digest, scep_adder *add, const void *arg, struct buf *der)
{
	const unsigned flags = CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP;
	auto_BIO *in = BIO_new_mem_buf(content->len > 0 ?
	    (const void *)content->data : "", (int)content->len);
	auto_CMS *cms = CMS_sign(NULL, NULL, NULL, in, flags);
	CMS_SignerInfo *si;

	if (in == NULL || cms == NULL || (si = CMS_add1_signer(cms,
	    from->cert, from->key, digest, flags)) == NULL || !add(si, arg) ||
	    CMS_final(cms, in, NULL, CMS_BINARY | CMS_PARTIAL) != 1)
		return fail_ssl(FAULT, "cannot sign a message");
	cms_write(cms, der);
	return cms_check_signed(der, from->cert);
}
