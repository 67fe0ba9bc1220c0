/* Notes, and the parts that all structures share. */
#include "facts/facts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/objects.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "facts/local.h"

enum {
	NOTE_MAX = 512,		/* bytes of a note */
	NOTES_MAX = 500,	/* in one layer */
};

const char facts_mask[] = "(masked)";

void
facts_note(const struct facts *f, const char *id, const char *where,
    const char *fmt, ...)
{
	struct report *note;
	char text[NOTE_MAX];
	va_list ap;

	if (report_count(f->notes) > NOTES_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (report_count(f->notes) == NOTES_MAX) {
		id = "more";
		where = NULL;
		snprintf(text, sizeof text, "more notes were left out");
	}
	note = report_add_object(f->notes, NULL);
	report_str(note, "id", id);
	if (where != NULL)
		report_str(note, "where", where);
	report_str(note, "text", text);
}

/* ---- parts ---- */

/* Names that OpenSSL lacks, or spells differently from the standards. */
static const struct {
	const char *dots, *name;
} named[] = {
	{ "1.2.840.113549.1.7.1", "data" },
	{ "1.2.840.113549.1.7.2", "signedData" },
	{ "1.2.840.113549.1.7.3", "envelopedData" },
	{ "1.2.840.113549.1.7.5", "digestedData" },
	{ "1.2.840.113549.1.7.6", "encryptedData" },
	{ "1.2.840.113549.1.9.16.1.2", "authenticatedData" },
	{ "1.2.840.113549.1.9.16.1.9", "compressedData" },
	{ "1.2.840.113549.1.9.16.1.23", "authEnvelopedData" },
	{ "1.2.840.113549.1.9.15", "smimeCapabilities" },
	{ "1.2.840.113549.1.9.16.2.14", "timeStampToken" },
	{ "1.2.840.113549.1.9.52", "cmsAlgorithmProtection" },
	{ "1.2.840.113549.1.1.10", "rsassaPss" },
	{ "1.2.840.113549.1.9.14", "extensionRequest" },
	{ "1.2.840.113635.100.9.1", "appleHashAgility" },
	{ "1.2.840.113635.100.9.2", "appleHashAgilityV2" },
	{ "1.2.840.113635.100.6.1.2", "appleDeveloperCertificate" },
	{ "1.2.840.113635.100.6.10.1", "appleDeviceIdentity10.1" },
	{ "1.2.840.113635.100.6.2.1", "appleWWDRIntermediate" },
	{ "2.16.840.1.113733.1.9.2", "messageType" },
	{ "2.16.840.1.113733.1.9.3", "pkiStatus" },
	{ "2.16.840.1.113733.1.9.4", "failInfo" },
	{ "2.16.840.1.113733.1.9.5", "senderNonce" },
	{ "2.16.840.1.113733.1.9.6", "recipientNonce" },
	{ "2.16.840.1.113733.1.9.7", "transactionID" },
	{ "2.16.840.1.113733.1.9.8", "extensionReq" },
	{ "1.3.6.1.5.5.7.24.1", "failInfoText" },
	{ "1.3.6.1.4.1.311.21.33", "enrollScepError" },
};

static char *
name_of_dots(const char *dots, bool *known)
{
	ASN1_OBJECT *obj;
	char *name = NULL;
	size_t i;

	if (known != NULL)
		*known = true;
	for (i = 0; i < ARRAY_LEN(named); i++)
		if (strcmp(named[i].dots, dots) == 0)
			return xstrdup(named[i].name);
	if ((obj = OBJ_txt2obj(dots, 1)) != NULL &&
	    OBJ_obj2nid(obj) != NID_undef)
		name = xstrdup(OBJ_nid2ln(OBJ_obj2nid(obj)));
	ASN1_OBJECT_free(obj);
	diag_ssl_clear();
	if (name != NULL)
		return name;
	if (known != NULL)
		*known = false;
	return xstrdup(dots);
}

char *
facts_oid(const struct ber_item *i, bool *known)
{
	auto_buf dots = BUF_INIT;

	if (known != NULL)
		*known = false;
	if (!ber_is(i, BER_OID) || i->constructed)
		return xstrdup("?");
	ber_oid(i, &dots);
	return name_of_dots(buf_str(&dots), known);
}

char *
facts_object(const ASN1_OBJECT *obj, bool *known)
{
	char dots[128];

	if (OBJ_obj2txt(dots, sizeof dots, obj, 1) <= 0)
		snprintf(dots, sizeof dots, "?");
	return name_of_dots(dots, known);
}

char *
facts_algorithm(const struct ber_item *i)
{
	struct ber in = i->body;
	struct ber_item oid;

	if (!ber_is(i, BER_SEQUENCE) || !ber_want(&in, BER_OID, &oid))
		return xstrdup("?");
	return facts_oid(&oid, NULL);
}

char *
facts_name(const struct ber_item *i)
{
	auto_X509_NAME *name = NULL;

	if (cert_name_from_der(i->start, i->size, &name) != NULL)
		return xstrdup("(unreadable)");
	return cert_name_text(name);
}

void
facts_serial(const struct ber_item *i, struct buf *out)
{
	const unsigned char *p = i->body.p;
	size_t len = i->body.len;

	if (!ber_is(i, BER_INTEGER) || len == 0) {
		buf_putc(out, '?');
		return;
	}
	if ((p[0] & 0x80) != 0) {
		/* Two's complement, as in cert_serial_hex(). */
		auto_buf neg = BUF_INIT;
		unsigned carry = 1;
		size_t k;

		buf_add(&neg, p, len);
		for (k = len; k > 0; k--) {
			unsigned v = (unsigned char)~p[k - 1] + carry;

			neg.data[k - 1] = (unsigned char)v;
			carry = v >> 8;
		}
		buf_putc(out, '-');
		for (k = 0; k + 1 < len && neg.data[k] == 0;)
			k++;
		encode_hex(out, neg.data + k, len - k);
		return;
	}
	if (len > 1 && p[0] == 0) {
		p++;
		len--;
	}
	encode_hex(out, p, len);
}

static bool
read_time(const struct ber_item *i, int64_t *out)
{
	const unsigned char *p = i->start;
	ASN1_TIME *t;

	if (!ber_is(i, BER_UTC_TIME) && !ber_is(i, BER_GENERALIZED_TIME))
		return false;
	t = d2i_ASN1_TIME(NULL, &p, (long)i->size);
	*out = cert_time(t);
	ASN1_TIME_free(t);
	diag_ssl_clear();
	return *out != CERT_NO_TIME;
}

static bool
is_text(const struct ber_item *i)
{
	return i->cls == 0 && (i->tag == BER_UTF8_STRING ||
	    i->tag == BER_NUMERIC_STRING || i->tag == BER_PRINTABLE_STRING ||
	    i->tag == BER_T61_STRING || i->tag == BER_IA5_STRING ||
	    i->tag == BER_VISIBLE_STRING || i->tag == BER_BMP_STRING ||
	    i->tag == 28);
}

/* Converts BMPString, T61String and UniversalString to UTF-8. */
static bool
add_text(const struct ber_item *i, struct buf *out)
{
	const unsigned char *p = i->start;
	ASN1_TYPE *any;
	unsigned char *utf8 = NULL;
	int len = -1;

	if (i->size > INT32_MAX ||
	    (any = d2i_ASN1_TYPE(NULL, &p, (long)i->size)) == NULL) {
		diag_ssl_clear();
		return false;
	}
	len = ASN1_STRING_to_UTF8(&utf8, any->value.asn1_string);
	if (len >= 0)
		buf_add(out, utf8, (size_t)len);
	OPENSSL_free(utf8);
	ASN1_TYPE_free(any);
	diag_ssl_clear();
	return len >= 0;
}

void
facts_hex_cut(const unsigned char *p, size_t len, struct buf *out)
{
	if (len <= FACTS_VALUE_MAX / 2)
		encode_hex(out, p, len);
	else {
		encode_hex(out, p, FACTS_VALUE_MAX / 4);
		buf_printf(out, "... (%zu bytes)", len);
	}
}

void
facts_value(const struct ber_item *i, struct buf *out)
{
	char time[CLOCK_TEXT];
	int64_t t;
	long n;

	if (is_text(i) && !i->constructed && add_text(i, out))
		return;
	if (ber_is(i, BER_OID)) {
		auto_char *name = facts_oid(i, NULL);

		buf_puts(out, name);
	} else if (read_time(i, &t))
		buf_puts(out, clock_format(t, time));
	else if (ber_number(i, &n))
		buf_printf(out, "%ld", n);
	else if (ber_is(i, BER_BOOLEAN) && i->body.len == 1)
		buf_puts(out, i->body.p[0] != 0 ? "true" : "false");
	else if (ber_is(i, BER_NULL))
		buf_puts(out, "null");
	else if (ber_is(i, BER_OCTET_STRING) && !i->constructed)
		facts_hex_cut(i->body.p, i->body.len, out);
	else
		facts_hex_cut(i->start, i->size, out);
}

void
facts_digest_note(const struct facts *f, const char *where,
    const char *algorithm)
{
	static const char *const md5[] = { "md2", "md4", "md5", "MD5", "mdc2" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(md5); i++)
		if (strstr(algorithm, md5[i]) != NULL) {
			facts_note(f, "md5", where, "%s is used, which is "
			    "broken", algorithm);
			return;
		}
	if (strstr(algorithm, "sha1") != NULL ||
	    strstr(algorithm, "SHA1") != NULL ||
	    strcmp(algorithm, "sha") == 0 ||
	    strcmp(algorithm, "dsaWithSHA") == 0)
		facts_note(f, "sha1", where, "SHA-1 is used (%s)", algorithm);
}
