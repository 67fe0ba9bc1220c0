#include "cms/local.h"

#include <string.h>

#include <openssl/objects.h>

#include "base/ber.h"
#include "base/corruption.h"

enum { PARTS_MAX = 100000 };	/* elements of a message */

/* The OID arc of PKCS #7, 1.2.840.113549.1.7. */
static const unsigned char pkcs7_oid[] = {
	0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07
};

/* AuthEnvelopedData (RFC 5083), 1.2.840.113549.1.9.16.1.23. */
static const unsigned char auth_enveloped_oid[] = {
	0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x10, 0x01, 0x17
};
enum { ARC_ENVELOPED = 3, ARC_AUTH_ENVELOPED = 23 };

static const char armour_labels[] =
    "CMS|PKCS7|PKCS #7 SIGNED DATA|SIGNED MESSAGE|ENCRYPTED MESSAGE";

const char *
cms_measure(const void *data, size_t len, size_t *used)
{
	struct ber_survey s;
	const char *reason = ber_survey(data, len, &s);

	if (reason == NULL && s.items > PARTS_MAX)
		reason = "too many parts";
	if (reason == NULL)
		*used = s.size;
	return reason;
}

/* ---- reading ---- */

/*
 * True for an OBJECT IDENTIFIER that begins with arc and has that many more
 * bytes.
 */
static bool
is_arc(const struct ber_item *oid, const unsigned char *arc, size_t len,
    size_t more)
{
	return oid->body.len == len + more &&
	    memcmp(oid->body.p, arc, len) == 0;
}

/*
 * The last arc of the type, 1.2.840.113549.1.7.N or that of AuthEnvelopedData,
 * of a possible message; 0 for anything else.
 */
static int
type_arc(const struct buf *in)
{
	auto_buf raw = BUF_INIT;
	struct ber_item oid;
	struct ber whole;

	if (in->len == 0 || in->data[0] == '<' ||
	    cert_unarmour(in, armour_labels, &raw) != NULL)
		return 0;
	whole = (struct ber){ raw.data, raw.len };
	if (!ber_enter(&whole, BER_SEQUENCE) ||
	    !ber_want(&whole, BER_OID, &oid))
		return 0;
	if (is_arc(&oid, auth_enveloped_oid, sizeof auth_enveloped_oid, 0))
		return ARC_AUTH_ENVELOPED;
	return is_arc(&oid, pkcs7_oid, sizeof pkcs7_oid, 1) ?
	    oid.body.p[sizeof pkcs7_oid] : 0;
}

bool
cms_looks_like(const struct buf *in)
{
	return type_arc(in) != 0;
}

bool
cms_is_enveloped(const struct buf *in)
{
	int arc = type_arc(in);

	return arc == ARC_ENVELOPED || arc == ARC_AUTH_ENVELOPED;
}

void
cms_because(struct buf *why)
{
	buf_printf(why, ": %s", diag_ssl_reason());
}

/* True if OpenSSL understands the keys of all certificates in it. */
static bool
has_all_keys(CMS_ContentInfo *cms)
{
	auto_certs *certs = CMS_get1_certs(cms);
	int i;

	for (i = 0; i < sk_X509_num(certs); i++)
		if (X509_get0_pubkey(sk_X509_value(certs, i)) == NULL)
			return false;
	return true;
}

/* *end is set to the end of the message. */
static CMS_ContentInfo *
decode(const struct buf *raw, const unsigned char **end)
{
	OSSL_LIB_CTX *ctx = cert_reading_context();
	auto_CMS *cms = CMS_ContentInfo_new_ex(ctx, NULL);

	*end = raw->data;
	if (d2i_CMS_ContentInfo(&cms, end, (long)raw->len) == NULL)
		return NULL;
	if (ctx == NULL || has_all_keys(cms))
		return STEAL(cms);
	*end = raw->data;
	return d2i_CMS_ContentInfo(NULL, end, (long)raw->len);
}

static enum status
read_message(const struct buf *in, CMS_ContentInfo **out, struct buf *why)
{
	auto_buf raw = BUF_INIT;
	auto_CMS *cms = NULL;
	const unsigned char *p;
	const char *reason;
	size_t used = 0;

	diag_ssl_clear();
	if (in->len == 0)
		reason = "empty";
	else if ((reason = cert_unarmour(in, armour_labels, &raw)) == NULL)
		reason = !ber_looks_like(&raw) ? "not a CMS message" :
		    cms_measure(raw.data, raw.len, &used);
	if (reason != NULL) {
		buf_puts(why, reason);
		return MALFORMED;
	}
	if (used != raw.len) {
		buf_printf(why, "%zu bytes after the CMS message",
		    raw.len - used);
		return MALFORMED;
	}
	cms = decode(&raw, &p);
	if (cms == NULL) {
		buf_puts(why, "not a CMS message");
		cms_because(why);
		return MALFORMED;
	}
	if (p != raw.data + raw.len) {
		buf_printf(why, "%td bytes after the CMS message",
		    raw.data + raw.len - p);
		return MALFORMED;
	}
	diag_ssl_clear();
	*out = STEAL(cms);
	return OK;
}

enum status
cms_read(const struct buf *in, CMS_ContentInfo **out, struct buf *why)
{
	enum status st = read_message(in, out, why);

	if (st != OK)
		corruption_add(in, why);
	return st;
}

enum status
cms_parse(const struct buf *in, const char *name, CMS_ContentInfo **out)
{
	auto_buf why = BUF_INIT;
	enum status st;

	if ((st = cms_read(in, out, &why)) != OK)
		return fail(st, "%s: %s", name, buf_str(&why));
	return OK;
}

const char *
cms_kind(const CMS_ContentInfo *cms)
{
	switch (OBJ_obj2nid(CMS_get0_type(cms))) {
	case NID_pkcs7_signed:
		return "SignedData";
	case NID_pkcs7_enveloped:
		return "EnvelopedData";
	case NID_id_smime_ct_authEnvelopedData:
		return "AuthEnvelopedData";
	case NID_pkcs7_data:
		return "Data";
	case NID_pkcs7_digest:
		return "DigestedData";
	case NID_pkcs7_encrypted:
		return "EncryptedData";
	default:
		return "something else";
	}
}

enum status
cms_inside(const struct buf *in, struct buf *content, struct buf *why)
{
	auto_CMS *cms = NULL;
	ASN1_OCTET_STRING **inside;
	enum status st;

	if ((st = cms_read(in, &cms, why)) != OK)
		return st;
	if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed) {
		buf_printf(why, "not SignedData but %s", cms_kind(cms));
		return MALFORMED;
	}
	inside = CMS_get0_content(cms);
	if (inside == NULL || *inside == NULL) {
		diag_ssl_clear();
		buf_puts(why, "no content inside the signature");
		return MALFORMED;
	}
	buf_add(content, ASN1_STRING_get0_data(*inside),
	    (size_t)ASN1_STRING_length(*inside));
	return OK;
}

enum status
cms_unwrap(const struct buf *in, const char *name, struct buf *content)
{
	auto_buf why = BUF_INIT;
	enum status st;

	if ((st = cms_inside(in, content, &why)) != OK)
		return fail(st, "%s: %s", name, buf_str(&why));
	return OK;
}

/* ---- shared by the other files ---- */

void
cms_write(CMS_ContentInfo *cms, struct buf *der)
{
	CERT_PUT_DER(i2d_CMS_ContentInfo, cms, der);
}

BIO *
cms_source(const struct buf *b)
{
	BIO *mem = BIO_new_mem_buf(b->len > 0 ? (const void *)b->data : "",
	    (int)b->len);

	if (mem == NULL)
		mem_exhausted();
	return mem;
}

BIO *
cms_sink(void)
{
	BIO *mem = BIO_new(BIO_s_mem());

	if (mem == NULL)
		mem_exhausted();
	return mem;
}

void
cms_drain(BIO *sink, struct buf *out)
{
	char *data = NULL;
	long len = BIO_get_mem_data(sink, &data);

	if (len <= 0)
		return;
	buf_add(out, data, (size_t)len);
	if (out->secret)
		buf_wipe(data, (size_t)len);
}
