/* Decrypts and encrypts the content of a message (pkcsPKIEnvelope). */
#include "base/ber.h"
#include "scep/local.h"

#include <openssl/objects.h>
#include <openssl/provider.h>

void
scep_query_free(struct scep_query *q)
{
	X509_NAME_free(q->issuer);
	X509_NAME_free(q->subject);
	ASN1_INTEGER_free(q->serial);
	*q = (struct scep_query)SCEP_QUERY_INIT;
}

enum status
scep_check_cipher(const struct scep_message *m, bool allow_des,
    struct scep_refusal *no)
{
	if (m->sealed == NULL)
		return scep_refuse(no, SCEP_BADREQUEST,
		    "the message has no content");
	if (m->cipher == NID_aes_128_cbc || m->cipher == NID_aes_192_cbc ||
	    m->cipher == NID_aes_256_cbc || m->cipher == NID_des_ede3_cbc ||
	    (m->cipher == NID_des_cbc && allow_des))
		return OK;
	return scep_refuse(no, SCEP_BADALG, "cipher %s is not accepted",
	    m->cipher_name);
}

/* ---- decryption ---- */

bool
scep_sealed_for(const struct scep_message *m, X509 *cert)
{
	STACK_OF(CMS_RecipientInfo) *all;
	int i;

	if (m->sealed == NULL)
		return false;
	all = CMS_get0_RecipientInfos(m->sealed);
	for (i = 0; i < sk_CMS_RecipientInfo_num(all); i++) {
		CMS_RecipientInfo *ri = sk_CMS_RecipientInfo_value(all, i);

		if (CMS_RecipientInfo_type(ri) == CMS_RECIPINFO_TRANS &&
		    CMS_RecipientInfo_ktri_cert_cmp(ri, cert) == 0)
			return true;
	}
	return false;
}

enum status
scep_check_recipient(const struct scep_message *m,
    const struct scep_recipient *to, size_t to_count, struct scep_refusal *no)
{
	size_t i;

	for (i = 0; i < to_count; i++)
		if (scep_sealed_for(m, to[i].cert))
			return OK;
	return scep_refuse(no, SCEP_BADMESSAGECHECK, "encrypted for another "
	    "certificate: fetch GetCACert again");
}

/* The recipient to which the envelope is addressed. */
static const struct scep_recipient *
find_recipient(const struct scep_message *m, const struct scep_recipient *to,
    size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (scep_sealed_for(m, to[i].cert))
			return &to[i];
	return &to[0];
}

static bool
decrypt(CMS_ContentInfo *sealed, X509 *cert, EVP_PKEY *key, struct buf *plain)
{
	bool ok = cms_open(sealed, key, cert, plain);

	diag_ssl_clear();
	return ok;
}

/* The library context with single DES; created once and kept. */
static OSSL_LIB_CTX *
legacy_context(void)
{
	static OSSL_LIB_CTX *ctx;

	if (ctx != NULL)
		return ctx;
	if ((ctx = OSSL_LIB_CTX_new()) == NULL)
		return NULL;
	if (OSSL_PROVIDER_load(ctx, "default") == NULL ||
	    OSSL_PROVIDER_load(ctx, "legacy") == NULL) {
		OSSL_LIB_CTX_free(ctx);
		ctx = NULL;
	}
	return ctx;
}

/* Loads key and certificate again, for the other context. */
static bool
reload(const struct scep_recipient *r, OSSL_LIB_CTX *ctx, X509 **cert,
    EVP_PKEY **key)
{
	unsigned char *der = NULL;
	const unsigned char *p;
	auto_buf c = BUF_INIT;
	int len = i2d_PrivateKey(r->key, &der);

	if (len <= 0)
		return false;
	p = der;
	*key = d2i_AutoPrivateKey_ex(NULL, &p, len, ctx, NULL);
	OPENSSL_cleanse(der, (size_t)len);
	OPENSSL_free(der);
	cert_to_der(r->cert, &c);
	p = c.data;
	if ((*cert = X509_new_ex(ctx, NULL)) == NULL ||
	    d2i_X509(cert, &p, (long)c.len) == NULL)
		return false;
	return *key != NULL;
}

bool
scep_decrypt_des(const struct scep_message *m,
    const struct scep_recipient *r, struct buf *plain)
{
	OSSL_LIB_CTX *ctx = legacy_context();
	const unsigned char *p = m->envelope.data;
	auto_CMS *sealed = NULL;
	auto_X509 *cert = NULL;
	auto_EVP_PKEY *key = NULL;

	if (ctx == NULL || !reload(r, ctx, &cert, &key) ||
	    (sealed = CMS_ContentInfo_new_ex(ctx, NULL)) == NULL ||
	    d2i_CMS_ContentInfo(&sealed, &p, (long)m->envelope.len) == NULL) {
		diag_ssl_clear();
		return false;
	}
	return decrypt(sealed, cert, key, plain);
}

/*
 * Always returns bytes: if decryption fails, as many random ones, so that the
 * parser has the same work.
 */
enum status
scep_open_sealed(const struct scep_message *m, const struct scep_recipient *to,
    size_t count, struct buf *plain)
{
	const struct scep_recipient *r = find_recipient(m, to, count);
	size_t len = m->sealed_len > 0 ? m->sealed_len : 1;
	auto_buf noise = BUF_SECRET;
	enum status st;
	bool ok;

	if ((st = secret_random(buf_reserve(&noise, len), len)) != OK)
		return st;
	buf_end(&noise, len);
	if (m->cipher == NID_des_cbc)
		ok = scep_decrypt_des(m, r, plain);
	else
		ok = decrypt(m->sealed, r->cert, r->key, plain);
	if (!ok || plain->len == 0) {
		buf_free(plain);
		*plain = MOVE(noise);
	}
	return OK;
}

/*
 * RFC 8894 3.2.1.4 uses badCertId for a query that names nothing, and
 * badMessageCheck for one that cannot be read.  Neither the difference nor the
 * reason may show.
 */
enum status
scep_refuse_content(const struct scep_message *m, struct scep_refusal *no,
    const char *cause)
{
	diag_ssl_clear();
	if (m->type == SCEP_PKCSREQ || m->type == SCEP_RENEWALREQ)
		(void)scep_refuse(no, SCEP_BADMESSAGECHECK, "the content "
		    "cannot be decrypted and read, the signature of the "
		    "certification request is not right, or its key is not "
		    "RSA or not the signer's");
	else
		(void)scep_refuse(no, SCEP_BADCERTID, "the content cannot be "
		    "decrypted and read, or the issuer, subject or serial "
		    "number in it is not known here for this signer");
	scep_cause(no, "%s", cause);
	return REFUSED;
}

/* ---- encrypting ---- */

/* OpenSSL would also make an envelope without a recipient. */
enum status
scep_seal(const struct buf *content, X509 *to, const char *cipher,
    struct buf *der)
{
	STACK_OF(X509) *recipients = sk_X509_new_null();
	enum status st;

	if (recipients == NULL || sk_X509_push(recipients, to) <= 0)
		mem_exhausted();
	st = cms_encrypt(content, recipients, cipher, der);
	sk_X509_free(recipients);
	return st;
}

/* ---- queries ---- */

static bool
read_query(const struct scep_message *m, const struct buf *plain,
    struct scep_query *q)
{
	struct ber in = { plain->data, plain->len };
	const unsigned char *p, *end;
	struct ber_item whole;

	if (!ber_want(&in, BER_SEQUENCE, &whole) || in.len > 0)
		return false;
	p = whole.body.p;
	end = p + whole.body.len;
	if ((q->issuer = d2i_X509_NAME(NULL, &p, end - p)) == NULL)
		return false;
	if (m->type == SCEP_CERTPOLL)
		q->subject = d2i_X509_NAME(NULL, &p, end - p);
	else
		q->serial = d2i_ASN1_INTEGER(NULL, &p, end - p);
	return p == end && (q->subject != NULL || q->serial != NULL);
}

enum status
scep_open_query(const struct scep_message *m,
    const struct scep_recipient *to, size_t to_count, struct scep_query *out,
    struct scep_refusal *no)
{
	auto_scep_query q = SCEP_QUERY_INIT;
	auto_buf plain = BUF_SECRET;
	enum status st;

	if ((st = scep_open_sealed(m, to, to_count, &plain)) != OK)
		return st;
	if (!read_query(m, &plain, &q))
		return scep_refuse_content(m, no, "the content cannot be "
		    "decrypted, or is not a query of this kind");
	*out = q;
	q = (struct scep_query)SCEP_QUERY_INIT;
	return OK;
}
