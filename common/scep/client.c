/* The client's half: makes requests and reads replies. */
#include <string.h>

#include <openssl/objects.h>

#include "base/ber.h"
#include "scep/local.h"

enum {
	SIGNER_BEFORE = 3600,		/* the signer's validity begins an hour
					 * ago */
	SIGNER_FOR = 90 * 86400,	/* and lasts long enough to poll */
	SIGNER_SERIAL = 15,		/* bytes */
};

#define auto_EXTENSIONS AUTO(extensions_free) STACK_OF(X509_EXTENSION)

static void
extensions_free(STACK_OF(X509_EXTENSION) **s)
{
	sk_X509_EXTENSION_pop_free(*s, X509_EXTENSION_free);
}

static bool
request_names(X509_REQ *req, const GENERAL_NAMES *names)
{
	auto_EXTENSIONS *list = NULL;

	if (names == NULL || sk_GENERAL_NAME_num(names) == 0)
		return true;
	return X509V3_add1_i2d(&list, NID_subject_alt_name,
	    (void *)(uintptr_t)names, 0, X509V3_ADD_DEFAULT) == 1 &&
	    X509_REQ_add_extensions(req, list) == 1;
}

static bool
request_challenge(X509_REQ *req, const struct buf *challenge)
{
	return challenge == NULL || challenge->len == 0 ||
	    X509_REQ_add1_attr_by_NID(req, NID_pkcs9_challengePassword,
	    MBSTRING_UTF8, challenge->data, (int)challenge->len) == 1;
}

enum status
scep_make_csr(const X509_NAME *subject, const GENERAL_NAMES *names,
    const struct buf *challenge, EVP_PKEY *key, const char *digest,
    X509_REQ **out)
{
	auto_X509_REQ *req = X509_REQ_new();

	if (req == NULL || X509_REQ_set_version(req, 0) != 1 ||
	    X509_REQ_set_subject_name(req, subject) != 1 ||
	    X509_REQ_set_pubkey(req, key) != 1 ||
	    !request_names(req, names) || !request_challenge(req, challenge) ||
	    X509_REQ_sign(req, key, EVP_get_digestbyname(digest)) <= 0)
		return fail_ssl(FAULT, "cannot make a certification request");
	*out = STEAL(req);
	return OK;
}

void
scep_request_names(X509_REQ *req, struct buf *der)
{
	auto_EXTENSIONS *list = X509_REQ_get_extensions(req);
	int at = X509v3_get_ext_by_NID(list, NID_subject_alt_name, -1);
	const ASN1_OCTET_STRING *value;

	if (at < 0)
		return;
	value = X509_EXTENSION_get_data(X509v3_get_ext(list, at));
	buf_add(der, ASN1_STRING_get0_data(value),
	    (size_t)ASN1_STRING_length(value));
}

static bool
signer_usage(X509 *cert)
{
	ASN1_BIT_STRING *usage = ASN1_BIT_STRING_new();
	bool ok;

	/*
	 * digitalSignature and keyEncipherment, because the reply is encrypted
	 * to it.
	 */
	ok = usage != NULL && ASN1_BIT_STRING_set_bit(usage, 0, 1) == 1 &&
	    ASN1_BIT_STRING_set_bit(usage, 2, 1) == 1 &&
	    X509_add1_ext_i2d(cert, NID_key_usage, usage, 1,
	    X509V3_ADD_DEFAULT) == 1;
	ASN1_BIT_STRING_free(usage);
	return ok;
}

enum status
scep_make_signer(const X509_NAME *subject, EVP_PKEY *key, int64_t now,
    X509 **out)
{
	auto_X509 *cert = X509_new();
	unsigned char serial[SIGNER_SERIAL];
	enum status st;

	if ((st = secret_random(serial, sizeof serial)) != OK)
		return st;
	if (cert == NULL || X509_set_version(cert, X509_VERSION_3) != 1 ||
	    !cert_set_serial(cert, serial, sizeof serial) ||
	    X509_set_subject_name(cert, subject) != 1 ||
	    X509_set_issuer_name(cert, subject) != 1 ||
	    !cert_time_set(X509_getm_notBefore(cert), now - SIGNER_BEFORE) ||
	    !cert_time_set(X509_getm_notAfter(cert), now + SIGNER_FOR) ||
	    X509_set_pubkey(cert, key) != 1 || !signer_usage(cert) ||
	    X509_sign(cert, key, EVP_sha256()) <= 0)
		return fail_ssl(FAULT, "cannot make the signer's certificate");
	*out = STEAL(cert);
	return OK;
}

char *
scep_transaction(const EVP_PKEY *key)
{
	char hex[SECRET_HASH_TEXT];
	auto_buf spki = BUF_INIT;

	cert_spki_to_der(key, &spki);
	secret_sha256(spki.data, spki.len, hex);
	return xstrdup(hex);
}

static bool
add_request_attributes(CMS_SignerInfo *si, const void *arg)
{
	const struct scep_request *r = arg;
	auto_char *type = xasprintf("%d", (int)r->type);

	return scep_add_text(si, SCEP_OID_TYPE, type) &&
	    scep_add_text(si, SCEP_OID_TRANSACTION, r->transaction) &&
	    scep_add_attribute(si, SCEP_OID_SENDER, V_ASN1_OCTET_STRING,
	    r->nonce, sizeof r->nonce);
}

enum status
scep_request(const struct scep_request *r, struct buf *der)
{
	const struct cms_sign how = { .id = r->signer, .no_chain = true,
	    .digest = r->digest, .signing_time = r->now,
	    .add = add_request_attributes, .arg = r };
	auto_buf content = BUF_INIT;
	enum status st;

	if ((st = scep_seal(r->content, r->to, r->cipher, &content)) != OK)
		return st;
	return cms_sign(&content, &how, der);
}

/* ---- contents of queries ---- */

void
scep_poll_content(const X509_NAME *issuer, const X509_NAME *subject,
    struct buf *der)
{
	auto_buf body = BUF_INIT;

	cert_name_to_der(issuer, &body);
	cert_name_to_der(subject, &body);
	ber_put(der, BER_CONSTRUCTED(BER_SEQUENCE), &body);
}

/* ---- the reply ---- */

static enum status
read_certs(const struct buf *plain, const char *name, STACK_OF(X509) **certs,
    STACK_OF(X509_CRL) **crls)
{
	const unsigned char *p = plain->data;
	auto_CMS *cms = d2i_CMS_ContentInfo(NULL, &p, (long)plain->len);

	if (cms == NULL || p != plain->data + plain->len ||
	    OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed)
		return fail_ssl(MALFORMED, "%s: the content is not a list "
		    "of certificates", name);
	if (crls != NULL)
		*crls = CMS_get1_crls(cms);
	if ((*certs = CMS_get1_certs(cms)) == NULL)
		*certs = sk_X509_new_null();
	return OK;
}

/* The cipher of the reply is checked before the key is used. */
static enum status
check_reply_cipher(const struct scep_message *m, const char *name,
    bool allow_des)
{
	struct scep_refusal no = SCEP_REFUSAL_INIT;

	if (scep_check_cipher(m, allow_des, &no) == OK)
		return OK;
	if (m->cipher == NID_des_cbc)
		return fail(REFUSED, "%s: the certificate comes encrypted with "
		    "single DES, whatever cipher was asked with: --allow-des "
		    "opens it", name);
	return fail(REFUSED, "%s: the certificate comes encrypted with %s, "
	    "which is neither AES nor triple DES", name, m->cipher_name);
}

enum status
scep_open_reply(const struct scep_message *m, const char *name,
    const struct scep_recipient *to, bool allow_des, STACK_OF(X509) **certs,
    STACK_OF(X509_CRL) **crls)
{
	auto_buf plain = BUF_INIT;
	enum status st;

	if (m->sealed == NULL)
		return fail(MALFORMED, "%s: a SUCCESS without content", name);
	if ((st = check_reply_cipher(m, name, allow_des)) != OK)
		return st;
	diag_ssl_clear();
	if (m->cipher == NID_des_cbc) {
		if (!scep_decrypt_des(m, to, &plain))
			return fail(REFUSED, "%s: the key does not decrypt it, "
			    "or OpenSSL has no legacy provider with single DES",
			    name);
		warning("%s: the certificate came encrypted with single "
		    "DES, which is broken", name);
		return read_certs(&plain, name, certs, crls);
	}
	if (!cms_open(m->sealed, to->key, to->cert, &plain))
		return fail_ssl(REFUSED, "%s: the key does not decrypt it",
		    name);
	return read_certs(&plain, name, certs, crls);
}
