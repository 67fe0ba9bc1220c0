/* EnvelopedData (RFC 5652 section 6): encrypts and decrypts. */
#include <openssl/err.h>
#include <openssl/objects.h>

#include "cms/local.h"

/*
 * Like the check of signed messages: is it an envelope with content for all
 * recipients?
 */
static enum status
check_sealed(const struct buf *der, int recipients)
{
	const unsigned char *at = der->data;
	auto_CMS *cms = d2i_CMS_ContentInfo(NULL, &at, (long)der->len);
	STACK_OF(CMS_RecipientInfo) *to = cms != NULL ?
	    CMS_get0_RecipientInfos(cms) : NULL;
	ASN1_OCTET_STRING **inside = to != NULL ? CMS_get0_content(cms) : NULL;

	if (sk_CMS_RecipientInfo_num(to) != recipients || inside == NULL ||
	    *inside == NULL || ASN1_STRING_length(*inside) == 0)
		return fail_ssl(FAULT, "what was encrypted cannot be read");
	diag_ssl_clear();
	return OK;
}

enum status
cms_encrypt(const struct buf *content, const STACK_OF(X509) *recipients,
    const char *cipher, struct buf *der)
{
	const EVP_CIPHER *how = EVP_get_cipherbyname(cipher);
	auto_BIO *in = NULL;
	auto_CMS *cms = NULL;
	int i;

	if (how == NULL)
		return fail(FAULT, "OpenSSL has no cipher %s", cipher);
	diag_ssl_clear();
	if ((cms = CMS_encrypt(NULL, NULL, how, CMS_BINARY | CMS_PARTIAL)) ==
	    NULL)
		return fail_ssl(FAULT, "cannot encrypt with %s", cipher);
	for (i = 0; i < sk_X509_num(recipients); i++) {
		X509 *cert = sk_X509_value(recipients, i);
		EVP_PKEY *pub = X509_get0_pubkey(cert);

		/* OpenSSL accepts any key here, and fails much later. */
		if (pub == NULL || (!cert_key_is_rsa(pub) &&
		    EVP_PKEY_is_a(pub, "EC") != 1) ||
		    CMS_add1_recipient_cert(cms, cert, 0) == NULL) {
			auto_char *who = cert_name_text(
			    X509_get_subject_name(cert));
			auto_char *kind = cert_key_name(pub);

			return fail_ssl(FAULT, "cannot encrypt to %s, whose "
			    "key is %s", who, kind);
		}
	}
	in = cms_source(content);
	if (CMS_final(cms, in, NULL, CMS_BINARY) != 1)
		return fail_ssl(FAULT, "cannot encrypt with %s", cipher);
	diag_ssl_clear();
	cms_write(cms, der);
	return check_sealed(der, sk_X509_num(recipients));
}

/*
 * Tries the recipients until the content decrypts.  From OpenSSL 3.2 on, a
 * wrong RSA key "decrypts" any recipient to a random key (implicit rejection),
 * so only the content shows which recipient it was.
 */
static bool
decrypt_any_rsa(CMS_ContentInfo *cms, EVP_PKEY *key, BIO *sink)
{
	STACK_OF(CMS_RecipientInfo) *all = CMS_get0_RecipientInfos(cms);
	int i;

	for (i = 0; i < sk_CMS_RecipientInfo_num(all); i++) {
		CMS_RecipientInfo *to = sk_CMS_RecipientInfo_value(all, i);
		bool opened;

		if (CMS_RecipientInfo_type(to) != CMS_RECIPINFO_TRANS)
			continue;
		if (EVP_PKEY_up_ref(key) != 1)
			mem_exhausted();
		opened = CMS_RecipientInfo_set0_pkey(to, key) == 1 &&
		    CMS_RecipientInfo_decrypt(cms, to) == 1 &&
		    CMS_decrypt(cms, NULL, NULL, NULL, sink,
		    CMS_BINARY | CMS_DEBUG_DECRYPT) == 1;
		CMS_RecipientInfo_set0_pkey(to, NULL);
		if (opened)
			return true;
		(void)BIO_reset(sink);
	}
	return false;
}

/*
 * Without a certificate, every recipient is tried, and the one that decrypts
 * is used.
 */
static bool
open_any(CMS_ContentInfo *cms, EVP_PKEY *key, struct buf *content)
{
	auto_BIO *sink = cms_sink();
	bool ok;

	ok = cert_key_is_rsa(key) ? decrypt_any_rsa(cms, key, sink) :
	    CMS_decrypt(cms, key, NULL, NULL, sink,
	    CMS_BINARY | CMS_DEBUG_DECRYPT) == 1;
	cms_drain(sink, content);
	return ok;
}

bool
cms_open(CMS_ContentInfo *cms, EVP_PKEY *key, X509 *cert,
    struct buf *content)
{
	auto_BIO *sink = cms_sink();
	bool ok;

	content->secret = true;
	ok = CMS_decrypt(cms, key, cert, NULL, sink, CMS_BINARY) == 1;
	cms_drain(sink, content);
	return ok;
}

static enum status
refuse_key(struct problem *why)
{
	bool has_reason = ERR_peek_error() != 0;

	return problem_set(why, REFUSED, "the key does not decrypt this "
	    "message%s%s", has_reason ? ": " : "",
	    has_reason ? diag_ssl_reason() : "");
}

enum status
cms_decrypt(const struct buf *in, EVP_PKEY *key, X509 *cert,
    struct problem *why, struct buf *content)
{
	auto_buf plain = BUF_SECRET, reason = BUF_INIT;
	auto_CMS *cms = NULL;
	enum status st;
	int type;

	content->secret = true;
	if ((st = cms_read(in, &cms, &reason)) != OK)
		return problem_set(why, st, "%s", buf_str(&reason));
	type = OBJ_obj2nid(CMS_get0_type(cms));
	if (type == NID_id_smime_ct_authEnvelopedData)
		detail("%s: AuthEnvelopedData, which Apple's devices do not "
		    "open", why->name);
	else if (type != NID_pkcs7_enveloped)
		return problem_set(why, MALFORMED, "not EnvelopedData but %s",
		    cms_kind(cms));
	if (!(cert != NULL ? cms_open(cms, key, cert, &plain) :
	    open_any(cms, key, &plain)))
		return refuse_key(why);
	diag_ssl_clear();
	buf_add_buf(content, &plain);
	return OK;
}
