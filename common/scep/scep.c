/* Reads a pkiMessage and its signed attributes. */
#include "scep/scep.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/objects.h>

#include "base/ber.h"
#include "scep/local.h"

static const struct {
	enum scep_type type;
	const char *name;
} types[] = {
	{ SCEP_CERTREP, "CertRep" },
	{ SCEP_RENEWALREQ, "RenewalReq" },
	{ SCEP_PKCSREQ, "PKCSReq" },
	{ SCEP_CERTPOLL, "CertPoll" },
	{ SCEP_GETCERT, "GetCert" },
	{ SCEP_GETCRL, "GetCRL" },
};

const char *
scep_type_name(enum scep_type t)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].type == t)
			return types[i].name;
	return "unknown";
}

const char *
scep_fail_name(enum scep_fail f)
{
	static const char *const names[] = {
		"badAlg", "badMessageCheck", "badRequest", "badTime",
		"badCertId",
	};

	return f >= SCEP_BADALG && f <= SCEP_BADCERTID ? names[f] : "unknown";
}

enum status
scep_refuse(struct scep_refusal *no, enum scep_fail info, const char *fmt, ...)
{
	char raw[SCEP_REASON];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	no->info = info;
	no->cause[0] = '\0';
	diag_escape(raw, strlen(raw), no->text, sizeof no->text);
	return REFUSED;
}

void
scep_cause(struct scep_refusal *no, const char *fmt, ...)
{
	char raw[SCEP_REASON];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	diag_escape(raw, strlen(raw), no->cause, sizeof no->cause);
}

void
scep_message_free(struct scep_message *m)
{
	free(m->type_text);
	free(m->transaction);
	free(m->fail_text);
	buf_free(&m->sender_nonce);
	buf_free(&m->recipient_nonce);
	buf_free(&m->envelope);
	X509_free(m->signer);
	cert_list_free(m->certs);
	CMS_ContentInfo_free(m->sealed);
	*m = (struct scep_message)SCEP_MESSAGE_INIT;
}

/* ---- attributes ---- */

/*
 * Finds a signed attribute that must have exactly one value; *out is NULL if
 * it is missing.
 */
static enum status
get_attribute(CMS_SignerInfo *si, const char *oid, const char *what,
    const char *name, const ASN1_TYPE **out)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(oid, 1);
	X509_ATTRIBUTE *attr;
	int at, again = -1;

	*out = NULL;
	if (obj == NULL)
		return fail_ssl(FAULT, "%s: %s", name, what);
	at = CMS_signed_get_attr_by_OBJ(si, obj, -1);
	if (at >= 0)
		again = CMS_signed_get_attr_by_OBJ(si, obj, at);
	ASN1_OBJECT_free(obj);
	if (at < 0)
		return OK;
	attr = CMS_signed_get_attr(si, at);
	if (again >= 0 || X509_ATTRIBUTE_count(attr) != 1)
		return fail(MALFORMED, "%s: %s has not exactly one value", name,
		    what);
	*out = X509_ATTRIBUTE_get0_type(attr, 0);
	return OK;
}

/*
 * A string attribute in printable ASCII with 1 to max characters; otherwise
 * NULL.
 */
static char *
printable(const ASN1_TYPE *value, size_t max)
{
	const ASN1_STRING *s;
	const unsigned char *p;
	size_t len, i;

	if (value->type != V_ASN1_PRINTABLESTRING &&
	    value->type != V_ASN1_UTF8STRING &&
	    value->type != V_ASN1_IA5STRING &&
	    value->type != V_ASN1_T61STRING)
		return NULL;
	s = value->value.asn1_string;
	p = ASN1_STRING_get0_data(s);
	len = (size_t)ASN1_STRING_length(s);
	if (len == 0 || len > max)
		return NULL;
	for (i = 0; i < len; i++)
		if (p[i] < ' ' || p[i] > '~')
			return NULL;
	return xstrndup((const char *)p, len);
}

static enum status
get_text(CMS_SignerInfo *si, const char *oid, const char *what,
    const char *name, size_t max, char **out)
{
	const ASN1_TYPE *value;
	enum status st;

	if ((st = get_attribute(si, oid, what, name, &value)) != OK ||
	    value == NULL)
		return st;
	if ((*out = printable(value, max)) == NULL)
		return fail(MALFORMED, "%s: %s must be a printable string of "
		    "1 to %zu characters", name, what, max);
	return OK;
}

static enum status
get_nonce(CMS_SignerInfo *si, const char *oid, const char *what,
    const char *name, struct buf *out)
{
	const ASN1_TYPE *value;
	enum status st;
	int len;

	if ((st = get_attribute(si, oid, what, name, &value)) != OK ||
	    value == NULL)
		return st;
	if (value->type != V_ASN1_OCTET_STRING)
		return fail(MALFORMED, "%s: %s is not an octet string", name,
		    what);
	len = ASN1_STRING_length(value->value.octet_string);
	if (len == 0 || len > SCEP_NONCE_MAX)
		return fail(MALFORMED, "%s: %s is not 1 to %d bytes long", name,
		    what, SCEP_NONCE_MAX);
	buf_add(out, ASN1_STRING_get0_data(value->value.octet_string),
	    (size_t)len);
	return OK;
}

/* Decimal digits without a leading zero; otherwise -1. */
static int
small_number(const char *text)
{
	size_t n = text != NULL ? strspn(text, "0123456789") : 0;

	if (n == 0 || n > 4 || text[n] != '\0' || (text[0] == '0' && n > 1))
		return -1;
	return (int)strtol(text, NULL, 10);
}

/*
 * failInfoText is for people: it is truncated and escaped, but never refused.
 */
static enum status
get_fail_text(CMS_SignerInfo *si, const char *name, struct scep_message *m)
{
	char shown[SCEP_REASON];
	const ASN1_TYPE *value;
	enum status st;

	if ((st = get_attribute(si, SCEP_OID_FAIL_TEXT, "failInfoText", name,
	    &value)) != OK || value == NULL ||
	    value->type != V_ASN1_UTF8STRING)
		return st;
	diag_escape((const char *)ASN1_STRING_get0_data(
	    value->value.utf8string),
	    (size_t)ASN1_STRING_length(value->value.utf8string), shown,
	    sizeof shown);
	m->fail_text = xstrdup(shown);
	return OK;
}

/* Like failInfoText, for people: it is left out if it cannot be read. */
static enum status
get_hresult(CMS_SignerInfo *si, const char *name, struct scep_message *m)
{
	auto_char *text = NULL;
	const ASN1_TYPE *value;
	enum status st;

	if ((st = get_attribute(si, SCEP_OID_HRESULT, "enrollScepError", name,
	    &value)) != OK || value == NULL ||
	    (text = printable(value, 16)) == NULL)
		return st;
	m->has_hresult = scep_hresult(text, &m->hresult);
	return OK;
}

static enum status
get_reply_attributes(CMS_SignerInfo *si, const char *name,
    struct scep_message *m)
{
	auto_char *outcome = NULL, *info = NULL;
	enum status st;

	if ((st = get_text(si, SCEP_OID_STATUS, "pkiStatus", name, 8,
	    &outcome)) != OK ||
	    (st = get_text(si, SCEP_OID_FAIL, "failInfo", name, 8,
	    &info)) != OK ||
	    (st = get_fail_text(si, name, m)) != OK ||
	    (st = get_hresult(si, name, m)) != OK)
		return st;
	m->outcome = (enum scep_outcome)small_number(outcome);
	m->fail = (enum scep_fail)small_number(info);
	return OK;
}

static enum status
get_attributes(CMS_SignerInfo *si, const char *name, struct scep_message *m)
{
	enum status st;

	if ((st = get_text(si, SCEP_OID_TRANSACTION, "transactionID", name,
	    SCEP_TRANSACTION_MAX, &m->transaction)) != OK ||
	    (st = get_text(si, SCEP_OID_TYPE, "messageType", name, 32,
	    &m->type_text)) != OK ||
	    (st = get_nonce(si, SCEP_OID_SENDER, "senderNonce", name,
	    &m->sender_nonce)) != OK ||
	    (st = get_nonce(si, SCEP_OID_RECIPIENT, "recipientNonce", name,
	    &m->recipient_nonce)) != OK ||
	    (st = get_reply_attributes(si, name, m)) != OK)
		return st;
	if (m->transaction == NULL)
		return fail(MALFORMED, "%s: no transactionID: not a SCEP "
		    "message", name);
	m->type = (enum scep_type)small_number(m->type_text);
	return OK;
}

static enum status
get_signing_time(CMS_SignerInfo *si, const char *name, struct scep_message *m)
{
	const ASN1_TYPE *value;
	ASN1_TIME *t;
	enum status st;

	if ((st = get_attribute(si, "1.2.840.113549.1.9.5", "signingTime",
	    name, &value)) != OK || value == NULL)
		return st;
	if (value->type != V_ASN1_UTCTIME &&
	    value->type != V_ASN1_GENERALIZEDTIME)
		return fail(MALFORMED, "%s: signingTime is not a time", name);
	t = value->value.asn1_string;
	if (ASN1_TIME_check(t) != 1)
		return fail(MALFORMED, "%s: signingTime is not a valid time",
		    name);
	m->has_signing_time = true;
	m->signing_time = cert_time(t);
	return OK;
}

/* ---- algorithms ---- */

static bool
digest_is_known(int nid)
{
	return nid == NID_sha1 || nid == NID_sha256 || nid == NID_sha384 ||
	    nid == NID_sha512;
}

/*
 * Refuses an unknown digest before anything is verified with it, and a
 * signature algorithm that names another digest.
 */
static enum status
check_digest(CMS_SignerInfo *si, struct scep_message *m,
    struct scep_refusal *no)
{
	X509_ALGOR *digest, *signature;
	char shown[64];
	int sig, of = NID_undef, key;

	CMS_SignerInfo_get0_algs(si, NULL, NULL, &digest, &signature);
	m->digest = OBJ_obj2nid(digest->algorithm);
	if (!digest_is_known(m->digest)) {
		OBJ_obj2txt(shown, sizeof shown, digest->algorithm, 0);
		m->digest = NID_undef;
		return scep_refuse(no, SCEP_BADALG,
		    "digest %s is not accepted", shown);
	}
	sig = OBJ_obj2nid(signature->algorithm);
	if (sig == NID_rsaEncryption)
		return OK;
	if (OBJ_find_sigid_algs(sig, &of, &key) != 1 || of != m->digest) {
		OBJ_obj2txt(shown, sizeof shown, signature->algorithm, 0);
		return scep_refuse(no, SCEP_BADALG,
		    "signature algorithm %s is not accepted", shown);
	}
	return OK;
}

/*
 * Finds the content cipher.  The CMS API cannot return it before decryption,
 * so this walks through ContentInfo and EnvelopedData (RFC 5652 6.1) to
 * EncryptedContentInfo, the last SEQUENCE in it.
 */
static bool
find_cipher(const struct buf *der, struct scep_message *m)
{
	struct ber in = { der->data, der->len }, inner = { NULL, 0 };
	struct ber_item whole, item;
	const unsigned char *at;
	X509_ALGOR *alg;

	if (!ber_want(&in, BER_SEQUENCE, &whole) ||
	    !ber_want(&whole.body, BER_OID, &item) ||
	    !ber_want_context(&whole.body, 0, &item) ||
	    !ber_want(&item.body, BER_SEQUENCE, &whole))
		return false;
	while (ber_next(&whole.body, &item) == NULL)
		if (ber_is(&item, BER_SEQUENCE))
			inner = item.body;
	if (!ber_want(&inner, BER_OID, &item) ||
	    !ber_want(&inner, BER_SEQUENCE, &item))
		return false;
	at = item.start;
	if ((alg = d2i_X509_ALGOR(NULL, &at, (long)item.size)) == NULL)
		return false;
	m->cipher = OBJ_obj2nid(alg->algorithm);
	OBJ_obj2txt(m->cipher_name, sizeof m->cipher_name, alg->algorithm, 0);
	X509_ALGOR_free(alg);
	if (ber_want_context(&inner, 0, &item))
		m->sealed_len = item.body.len;
	return true;
}

/* ---- reading ---- */

/* Parses the EnvelopedData and converts it to definite lengths. */
static enum status
open_envelope(struct scep_message *m, const struct buf *content,
    struct scep_refusal *no)
{
	const unsigned char *p = content->data;
	auto_CMS *sealed = NULL;
	unsigned char *der = NULL;
	int len;

	if (content->len == 0)
		return OK;
	sealed = d2i_CMS_ContentInfo(NULL, &p, (long)content->len);
	if (sealed == NULL || p != content->data + content->len ||
	    OBJ_obj2nid(CMS_get0_type(sealed)) != NID_pkcs7_enveloped ||
	    (len = i2d_CMS_ContentInfo(sealed, &der)) <= 0) {
		diag_ssl_clear();
		return scep_refuse(no, SCEP_BADREQUEST,
		    "the message holds no EnvelopedData");
	}
	buf_add(&m->envelope, der, (size_t)len);
	OPENSSL_free(der);
	if (!find_cipher(&m->envelope, m)) {
		diag_ssl_clear();
		return scep_refuse(no, SCEP_BADREQUEST,
		    "the EnvelopedData has no content");
	}
	m->sealed = STEAL(sealed);
	return OK;
}

/* Checks the structure of a SignedData, except its signature. */
static enum status
check_structure(CMS_ContentInfo *cms, const char *name, CMS_SignerInfo **si)
{
	STACK_OF(CMS_SignerInfo) *all;

	if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed)
		return fail(MALFORMED, "%s: not SignedData", name);
	if (OBJ_obj2nid(CMS_get0_eContentType(cms)) != NID_pkcs7_data)
		return fail(MALFORMED, "%s: the signed content is not of type "
		    "id-data", name);
	all = CMS_get0_SignerInfos(cms);
	if (all == NULL || sk_CMS_SignerInfo_num(all) == 0)
		return fail(MALFORMED, "%s: has no signer", name);
	if (sk_CMS_SignerInfo_num(all) != 1)
		return fail(MALFORMED, "%s: %d signers", name,
		    sk_CMS_SignerInfo_num(all));
	*si = sk_CMS_SignerInfo_value(all, 0);
	return OK;
}

/* OpenSSL does not compare the two content types (RFC 5652 11.1). */
static enum status
check_content_type(CMS_SignerInfo *si, const char *name,
    struct scep_refusal *no)
{
	const ASN1_TYPE *value;
	enum status st;

	if ((st = get_attribute(si, "1.2.840.113549.1.9.3", "contentType",
	    name, &value)) != OK)
		return st;
	if (value == NULL || value->type != V_ASN1_OBJECT ||
	    OBJ_obj2nid(value->value.object) != NID_pkcs7_data)
		return scep_refuse(no, SCEP_BADMESSAGECHECK,
		    "attribute contentType is not that of the content");
	return OK;
}

static enum status
verify(CMS_ContentInfo *cms, STACK_OF(X509) *known, struct buf *content,
    struct scep_refusal *no)
{
	ASN1_OCTET_STRING **inside = CMS_get0_content(cms);
	const struct buf nothing = BUF_INIT;
	bool is_inside = inside != NULL && *inside != NULL;

	/* A CertRep that refuses may have no content at all (3.3.2.2). */
	diag_ssl_clear();
	if (!cms_signature_fits(cms, known, is_inside ? NULL : &nothing,
	    content))
		return scep_refuse(no, SCEP_BADMESSAGECHECK,
		    "the signature is not right: %s", diag_ssl_reason());
	return OK;
}

static enum status
check_message(CMS_ContentInfo *cms, CMS_SignerInfo *si, const char *name,
    STACK_OF(X509) *known, struct scep_message *m, struct scep_refusal *no)
{
	auto_buf content = BUF_INIT;
	X509 *signer = NULL;
	enum status st;

	if ((st = check_digest(si, m, no)) != OK ||
	    (st = check_content_type(si, name, no)) != OK ||
	    (st = verify(cms, known, &content, no)) != OK)
		return st;
	CMS_SignerInfo_get0_algs(si, NULL, &signer, NULL, NULL);
	X509_up_ref(signer);
	m->signer = signer;
	if (m->type == SCEP_NO_TYPE && m->type_text == NULL)
		return scep_refuse(no, SCEP_BADREQUEST, "no messageType");
	/* In a reply without a certificate, the content does not matter. */
	if (m->type == SCEP_CERTREP && m->outcome != SCEP_SUCCESS)
		return OK;
	return open_envelope(m, &content, no);
}

enum status
scep_parse(const struct buf *in, const char *name, STACK_OF(X509) *known,
    struct scep_message *out, struct scep_refusal *no)
{
	auto_scep_message m = SCEP_MESSAGE_INIT;
	auto_CMS *cms = NULL;
	CMS_SignerInfo *si = NULL;
	enum status st;

	if ((st = cms_parse(in, name, &cms)) != OK ||
	    (st = check_structure(cms, name, &si)) != OK ||
	    (st = get_attributes(si, name, &m)) != OK ||
	    (st = get_signing_time(si, name, &m)) != OK)
		return st;
	m.certs = CMS_get1_certs(cms);
	st = check_message(cms, si, name, known, &m, no);
	if (st == OK || st == REFUSED) {
		*out = m;
		m = (struct scep_message)SCEP_MESSAGE_INIT;
	}
	return st;
}
