/* Makes the server's replies. */
#include <string.h>

#include <openssl/objects.h>
#include <openssl/pkcs7.h>

#include "scep/local.h"

#define auto_PKCS7 AUTO(auto_free_PKCS7) PKCS7
DEFINE_AUTO(PKCS7, PKCS7, PKCS7_free);

/*
 * Uses the PKCS #7 functions, which keep the order; CMS sorts by DER, but
 * clients take the first certificate.
 */
enum status
scep_certs(const STACK_OF(X509) *certs, X509_CRL *crl, struct buf *der)
{
	auto_PKCS7 *p7 = PKCS7_new();
	unsigned char *out = NULL;
	int i, len;

	if (p7 == NULL || PKCS7_set_type(p7, NID_pkcs7_signed) != 1)
		return fail_ssl(FAULT, "cannot make a certs-only message");
	p7->d.sign->contents->type = OBJ_nid2obj(NID_pkcs7_data);
	for (i = 0; i < sk_X509_num(certs); i++)
		if (PKCS7_add_certificate(p7, sk_X509_value(certs, i)) != 1)
			return fail_ssl(FAULT, "cannot add a certificate");
	if (crl != NULL && PKCS7_add_crl(p7, crl) != 1)
		return fail_ssl(FAULT, "cannot add a CRL");
	if ((len = i2d_PKCS7(p7, &out)) <= 0)
		return fail_ssl(FAULT, "cannot write a certs-only message");
	buf_add(der, out, (size_t)len);
	OPENSSL_free(out);
	return OK;
}

/* Encrypts the certificates, or the CRL, to the signer of the request. */
static enum status
seal(const struct scep_message *m, const struct scep_answer *a,
    struct buf *der)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	auto_buf inner = BUF_INIT;
	int cipher = m->cipher == NID_des_cbc ? NID_des_ede3_cbc : m->cipher;
	enum status st;

	if (a->cert != NULL && sk_X509_push(certs, a->cert) <= 0)
		st = fail_ssl(FAULT, "cannot add the certificate to a reply");
	else
		st = scep_certs(certs, a->crl, &inner);
	sk_X509_free(certs);
	if (st != OK)
		return st;
	return scep_seal(&inner, m->signer, OBJ_nid2sn(cipher), der);
}

struct reply {
	const struct scep_message *m;
	const struct scep_answer *a;
	unsigned char nonce[SCEP_NONCE];
};

static bool
add_number(CMS_SignerInfo *si, const char *oid, int n)
{
	auto_char *text = xasprintf("%d", n);

	return scep_add_text(si, oid, text);
}

static bool
add_failure(CMS_SignerInfo *si, const struct scep_refusal *no)
{
	return add_number(si, SCEP_OID_FAIL, (int)no->info) &&
	    (no->text[0] == '\0' || scep_add_attribute(si,
	    SCEP_OID_FAIL_TEXT, V_ASN1_UTF8STRING, no->text,
	    strlen(no->text)));
}

static bool
add_reply_attributes(CMS_SignerInfo *si, const void *arg)
{
	const struct reply *r = arg;
	const struct buf *nonce = &r->m->sender_nonce;

	if (!add_number(si, SCEP_OID_TYPE, SCEP_CERTREP) ||
	    !add_number(si, SCEP_OID_STATUS, (int)r->a->outcome) ||
	    !scep_add_text(si, SCEP_OID_TRANSACTION, r->m->transaction) ||
	    !scep_add_attribute(si, SCEP_OID_SENDER, V_ASN1_OCTET_STRING,
	    r->nonce, sizeof r->nonce))
		return false;
	if (nonce->len > 0 && !scep_add_attribute(si, SCEP_OID_RECIPIENT,
	    V_ASN1_OCTET_STRING, nonce->data, nonce->len))
		return false;
	return r->a->outcome != SCEP_FAILURE ||
	    add_failure(si, &r->a->refusal);
}

enum status
scep_reply(const struct scep_message *m, const struct scep_answer *a,
    const struct identity *from, int64_t now, struct buf *der)
{
	int digest = m->digest != NID_undef ? m->digest : NID_sha256;
	struct reply r = { .m = m, .a = a };
	const struct cms_sign how = { .id = from, .no_chain = true,
	    .digest = OBJ_nid2sn(digest), .signing_time = now,
	    .add = add_reply_attributes, .arg = &r };
	auto_buf content = BUF_INIT;
	enum status st;

	if ((st = secret_random(r.nonce, sizeof r.nonce)) != OK ||
	    (a->outcome == SCEP_SUCCESS && (st = seal(m, a, &content)) != OK))
		return st;
	return cms_sign(&content, &how, der);
}

enum status
scep_signed_certs(const STACK_OF(X509) *certs, const struct identity *from,
    int64_t now, struct buf *der)
{
	const struct cms_sign how = { .id = from, .no_chain = true,
	    .digest = "sha256", .signing_time = now };
	auto_buf content = BUF_INIT;
	enum status st;

	if ((st = scep_certs(certs, NULL, &content)) != OK)
		return st;
	return cms_sign(&content, &how, der);
}
