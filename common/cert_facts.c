/* Certificates and the parts that every structure is made of. */
#include "cert_facts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/objects.h>

#include "clock.h"

enum {
	NOTE_MAX = 512,		/* bytes of a note */
	NOTES_MAX = 500,	/* of one thing */
	VALUE_MAX = 1024,	/* bytes of a value that are shown */
	RSA_LEAST = 2048,	/* bits */
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
		snprintf(text, sizeof text, "there is more that is odd");
	}
	note = report_object();
	report_str(note, "id", id);
	if (where != NULL)
		report_str(note, "where", where);
	report_str(note, "text", text);
	report_add(f->notes, NULL, note);
}

/* ---- parts ---- */

/* Names that OpenSSL has not, or not as the standards have them. */
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

static char *
name_of_object(const ASN1_OBJECT *obj, bool *known)
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
		/* Two's complement, as cert_serial_hex() has it. */
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
		buf_add_hex(out, neg.data + k, len - k);
		return;
	}
	if (len > 1 && p[0] == 0) {
		p++;
		len--;
	}
	buf_add_hex(out, p, len);
}

bool
facts_time(const struct ber_item *i, int64_t *out)
{
	const unsigned char *p = i->start;
	ASN1_TIME *t;

	if (!ber_is(i, BER_UTC_TIME) && !ber_is(i, BER_GENERALIZED_TIME))
		return false;
	t = d2i_ASN1_TIME(NULL, &p, (long)i->size);
	*out = cert_time(t);
	ASN1_TIME_free(t);
	diag_ssl_clear();
	return *out != INT64_MIN;
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

/* BMPString, T61String and UniversalString become UTF-8. */
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

static void
add_hex_cut(const unsigned char *p, size_t len, struct buf *out)
{
	if (len <= VALUE_MAX / 2)
		buf_add_hex(out, p, len);
	else {
		buf_add_hex(out, p, VALUE_MAX / 4);
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
	} else if (facts_time(i, &t))
		buf_puts(out, clock_format(t, time));
	else if (ber_number(i, &n))
		buf_printf(out, "%ld", n);
	else if (ber_is(i, BER_BOOLEAN) && i->body.len == 1)
		buf_puts(out, i->body.p[0] != 0 ? "true" : "false");
	else if (ber_is(i, BER_NULL))
		buf_puts(out, "null");
	else if (ber_is(i, BER_OCTET_STRING) && !i->constructed)
		add_hex_cut(i->body.p, i->body.len, out);
	else
		add_hex_cut(i->start, i->size, out);
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

/* ---- certificates ---- */

static void
add_key(const struct facts *f, const char *where, EVP_PKEY *key,
    struct report *r)
{
	auto_char *name = cert_key_name(key);

	diag_ssl_clear();
	report_str(r, "key", name);
	if (key == NULL)
		facts_note(f, "unknown_key", where, "its public key cannot be "
		    "read");
	else if (cert_key_is_rsa(key) && cert_key_bits(key) < RSA_LEAST)
		facts_note(f, "weak_key", where, "the RSA key has only %d "
		    "bits", cert_key_bits(key));
}

static void
add_usages(X509 *cert, struct report *r)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} usages[] = {
		{ KU_DIGITAL_SIGNATURE, "digitalSignature" },
		{ KU_NON_REPUDIATION, "nonRepudiation" },
		{ KU_KEY_ENCIPHERMENT, "keyEncipherment" },
		{ KU_DATA_ENCIPHERMENT, "dataEncipherment" },
		{ KU_KEY_AGREEMENT, "keyAgreement" },
		{ KU_KEY_CERT_SIGN, "keyCertSign" },
		{ KU_CRL_SIGN, "cRLSign" },
		{ KU_ENCIPHER_ONLY, "encipherOnly" },
		{ KU_DECIPHER_ONLY, "decipherOnly" },
	};
	uint32_t flags = X509_get_extension_flags(cert);
	struct report *l;
	size_t i;

	report_bool(r, "ca", (flags & EXFLAG_CA) != 0);
	if (X509_get_pathlen(cert) >= 0)
		report_int(r, "path_length", X509_get_pathlen(cert));
	if ((flags & EXFLAG_KUSAGE) == 0)
		return;
	l = report_array();
	for (i = 0; i < ARRAY_LEN(usages); i++)
		if ((X509_get_key_usage(cert) & usages[i].bit) != 0)
			report_str(l, NULL, usages[i].name);
	report_add(r, "key_usage", l);
}

static void
add_purposes(X509 *cert, struct report *r)
{
	EXTENDED_KEY_USAGE *eku = X509_get_ext_d2i(cert, NID_ext_key_usage,
	    NULL, NULL);
	struct report *l;
	int i;

	diag_ssl_clear();
	if (eku == NULL)
		return;
	l = report_array();
	for (i = 0; i < sk_ASN1_OBJECT_num(eku); i++) {
		const ASN1_OBJECT *o = sk_ASN1_OBJECT_value(eku, i);
		auto_char *name = NULL;

		if (OBJ_obj2nid(o) != NID_undef)
			name = xstrdup(OBJ_nid2sn(OBJ_obj2nid(o)));
		else
			name = name_of_object(o, NULL);
		report_str(l, NULL, name);
	}
	EXTENDED_KEY_USAGE_free(eku);
	report_add(r, "extended_key_usage", l);
}

static void
add_ip(const ASN1_OCTET_STRING *ip, struct buf *out)
{
	const unsigned char *p = ASN1_STRING_get0_data(ip);
	int i, len = ASN1_STRING_length(ip);

	if (len == 4)
		buf_printf(out, "ip:%u.%u.%u.%u", p[0], p[1], p[2], p[3]);
	else if (len == 16) {
		buf_puts(out, "ip:");
		for (i = 0; i < 16; i += 2)
			buf_printf(out, "%s%x", i > 0 ? ":" : "",
			    (unsigned)(p[i] << 8 | p[i + 1]));
	} else {
		buf_puts(out, "ip:");
		buf_add_hex(out, p, (size_t)len);
	}
}

static void
add_string(const char *type, const ASN1_STRING *s, struct buf *out)
{
	buf_puts(out, type);
	buf_add(out, ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

static void
add_other_name(const OTHERNAME *o, struct buf *out)
{
	auto_char *type = name_of_object(o->type_id, NULL);

	if (OBJ_obj2nid(o->type_id) == NID_ms_upn && o->value != NULL &&
	    o->value->type == V_ASN1_UTF8STRING)
		add_string("upn:", o->value->value.utf8string, out);
	else
		buf_printf(out, "other:%s", type);
}

static void
add_general_name(const GENERAL_NAME *n, struct buf *out)
{
	switch (n->type) {
	case GEN_DNS:
		add_string("dns:", n->d.dNSName, out);
		break;
	case GEN_EMAIL:
		add_string("email:", n->d.rfc822Name, out);
		break;
	case GEN_URI:
		add_string("uri:", n->d.uniformResourceIdentifier, out);
		break;
	case GEN_IPADD:
		add_ip(n->d.iPAddress, out);
		break;
	case GEN_OTHERNAME:
		add_other_name(n->d.otherName, out);
		break;
	case GEN_DIRNAME: {
		auto_char *text = cert_name_text(n->d.directoryName);

		buf_printf(out, "dir:%s", text);
		break;
	}
	case GEN_RID: {
		auto_char *text = name_of_object(n->d.registeredID, NULL);

		buf_printf(out, "rid:%s", text);
		break;
	}
	default:
		buf_puts(out, "other");
	}
}

/* Adds subjectAltName, decoded; NULL where there is none. */
static void
add_alt_names(GENERAL_NAMES *names, struct report *r)
{
	struct report *l;
	int i;

	diag_ssl_clear();
	if (names == NULL)
		return;
	l = report_array();
	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		auto_buf text = BUF_INIT;

		add_general_name(sk_GENERAL_NAME_value(names, i), &text);
		report_strn(l, NULL, buf_str(&text), text.len);
	}
	report_add(r, "alt_names", l);
	GENERAL_NAMES_free(names);
}

/* The value in OpenSSL's words, its lines joined; in hex where it has none. */
static void
extension_text(X509_EXTENSION *ext, struct buf *out)
{
	const ASN1_OCTET_STRING *raw = X509_EXTENSION_get_data(ext);
	auto_BIO *bio = BIO_new(BIO_s_mem());
	const char *p = NULL;
	long len = 0, i;

	if (bio == NULL)
		mem_exhausted();
	if (ASN1_STRING_length(raw) <= 4 * VALUE_MAX &&
	    X509V3_EXT_print(bio, ext, X509V3_EXT_DEFAULT, 0) == 1)
		len = BIO_get_mem_data(bio, &p);
	diag_ssl_clear();
	while (len > 0 && (p[len - 1] == '\n' || p[len - 1] == ' '))
		len--;
	if (len == 0) {
		add_hex_cut(ASN1_STRING_get0_data(raw),
		    (size_t)ASN1_STRING_length(raw), out);
		return;
	}
	for (i = 0; i < len && out->len < 2 * VALUE_MAX; i++) {
		if (p[i] != '\n') {
			buf_putc(out, p[i]);
			continue;
		}
		while (i + 1 < len && (p[i + 1] == ' ' || p[i + 1] == '\n'))
			i++;
		buf_puts(out, "; ");
	}
	if (i < len)
		buf_puts(out, "...");
}

static void
add_extensions(const struct facts *f, const char *where,
    const STACK_OF(X509_EXTENSION) *exts, struct report *r)
{
	struct report *l;
	int i;

	if (sk_X509_EXTENSION_num(exts) <= 0)
		return;
	l = report_array();
	for (i = 0; i < sk_X509_EXTENSION_num(exts); i++) {
		X509_EXTENSION *ext = sk_X509_EXTENSION_value(exts, i);
		struct report *e = report_object();
		auto_buf text = BUF_INIT;
		bool known, critical = X509_EXTENSION_get_critical(ext) == 1;
		auto_char *name = name_of_object(
		    X509_EXTENSION_get_object(ext), &known);

		extension_text(ext, &text);
		report_str(e, "name", name);
		report_bool(e, "critical", critical);
		report_strn(e, "value", buf_str(&text), text.len);
		report_add(l, NULL, e);
		if (critical && !X509_supported_extension(ext))
			facts_note(f, "unknown_critical_extension", where,
			    "the critical extension %s is not one that "
			    "programs know", name);
	}
	report_add(r, "extensions", l);
}

static void
add_dates(const struct facts *f, const char *where, X509 *cert,
    struct report *r)
{
	int64_t from = cert_not_before(cert), to = cert_not_after(cert);
	char text[CLOCK_TEXT];

	if (from == INT64_MIN || to == INT64_MIN)
		facts_note(f, "bad_date", where, "a date in it cannot be read");
	if (from != INT64_MIN)
		report_time(r, "not_before", from);
	else
		report_null(r, "not_before");
	if (to != INT64_MIN)
		report_time(r, "not_after", to);
	else
		report_null(r, "not_after");
	if (to != INT64_MIN && f->at > to)
		facts_note(f, "expired", where, "expired on %s",
		    clock_format(to, text));
	if (from != INT64_MIN && f->at < from)
		facts_note(f, "not_yet_valid", where, "not valid before %s",
		    clock_format(from, text));
}

static void
add_fingerprints(const X509 *cert, struct report *r)
{
	char sha256[SECRET_HASH_TEXT];
	unsigned char sha1[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	cert_sha256(cert, sha256);
	report_str(r, "sha256", sha256);
	if (X509_digest(cert, EVP_sha1(), sha1, &len) == 1)
		report_hex(r, "sha1", sha1, len);
	diag_ssl_clear();
}

static void
add_signature_algorithm(const struct facts *f, const char *where,
    const X509_ALGOR *alg, struct report *r)
{
	const ASN1_OBJECT *obj;
	auto_char *name = NULL;

	X509_ALGOR_get0(&obj, NULL, NULL, alg);
	name = name_of_object(obj, NULL);
	report_str(r, "signature_algorithm", name);
	facts_digest_note(f, where, name);
}

void
facts_certificate(const struct facts *f, const char *where, X509 *cert,
    struct report *r)
{
	auto_char *subject = cert_name_text(X509_get_subject_name(cert));
	auto_char *issuer = cert_name_text(X509_get_issuer_name(cert));
	bool self = cert_is_self_signed(cert);
	auto_buf serial = BUF_INIT;
	long version = X509_get_version(cert) + 1;

	cert_serial_hex(cert, &serial);
	report_str(r, "subject", subject);
	report_str(r, "issuer", issuer);
	report_str(r, "serial", buf_str(&serial));
	report_int(r, "version", version);
	add_dates(f, where, cert, r);
	add_key(f, where, X509_get0_pubkey(cert), r);
	add_signature_algorithm(f, where, X509_get0_tbs_sigalg(cert), r);
	add_fingerprints(cert, r);
	report_bool(r, "self_signed", self);
	add_usages(cert, r);
	add_purposes(cert, r);
	add_alt_names(X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL),
	    r);
	add_extensions(f, where, X509_get0_extensions(cert), r);
	if ((X509_get_extension_flags(cert) & EXFLAG_INVALID) != 0)
		facts_note(f, "bad_extension", where, "an extension in it "
		    "cannot be read");
	if (version != 3)
		facts_note(f, "old_version", where, "a certificate of version "
		    "%ld has no extensions", version);
	if (serial.data[0] == '-' || strcmp(buf_str(&serial), "00") == 0)
		facts_note(f, "bad_serial", where, "the serial number is not "
		    "positive");
	diag_ssl_clear();
}

/* ---- requests ---- */

static void
add_request_attribute(const struct facts *f, X509_ATTRIBUTE *a,
    struct report *l, struct report *r)
{
	auto_char *name = name_of_object(X509_ATTRIBUTE_get0_object(a), NULL);
	int nid = OBJ_obj2nid(X509_ATTRIBUTE_get0_object(a));
	struct report *e, *values;
	int i;

	if (nid == NID_ext_req || nid == NID_ms_ext_req)
		return;			/* told as extensions */
	e = report_object();
	values = report_array();
	report_str(e, "name", name);
	for (i = 0; i < X509_ATTRIBUTE_count(a); i++) {
		ASN1_TYPE *any = X509_ATTRIBUTE_get0_type(a, i);
		auto_buf text = BUF_INIT;
		unsigned char *der = NULL;
		int len = i2d_ASN1_TYPE(any, &der);
		struct ber in = { der, len > 0 ? (size_t)len : 0 };
		struct ber_item item;

		if (ber_next(&in, &item) == NULL)
			facts_value(&item, &text);
		OPENSSL_free(der);
		if (nid == NID_pkcs9_challengePassword) {
			const char *shown = f->show_secrets ? buf_str(&text) :
			    facts_mask;

			report_str(values, NULL, shown);
			if (i == 0)
				report_str(r, "challenge", shown);
		} else
			report_strn(values, NULL, buf_str(&text), text.len);
		if (nid == NID_pkcs9_challengePassword)
			buf_wipe(text.data, text.len);
	}
	report_add(e, "values", values);
	report_add(l, NULL, e);
}

static void
add_request_extensions(const struct facts *f, X509_REQ *req, struct report *r)
{
	STACK_OF(X509_EXTENSION) *exts = X509_REQ_get_extensions(req);
	int at;

	diag_ssl_clear();
	if (exts == NULL)
		return;
	at = X509v3_get_ext_by_NID(exts, NID_subject_alt_name, -1);
	if (at >= 0)
		add_alt_names(X509V3_EXT_d2i(X509v3_get_ext(exts, at)), r);
	add_extensions(f, NULL, exts, r);
	sk_X509_EXTENSION_pop_free(exts, X509_EXTENSION_free);
}

const char *
facts_request(const struct facts *f, const void *p, size_t len,
    struct report *r)
{
	const unsigned char *at = p;
	auto_X509_REQ *req = NULL;
	auto_char *subject = NULL;
	const X509_ALGOR *alg;
	struct report *l;
	EVP_PKEY *key;
	int i;

	if (len > INT32_MAX ||
	    (req = d2i_X509_REQ(NULL, &at, (long)len)) == NULL) {
		diag_ssl_clear();
		return "not a certificate request";
	}
	subject = cert_name_text(X509_REQ_get_subject_name(req));
	report_str(r, "subject", subject);
	report_int(r, "version", X509_REQ_get_version(req) + 1);
	key = X509_REQ_get0_pubkey(req);
	add_key(f, NULL, key, r);
	X509_REQ_get0_signature(req, NULL, &alg);
	add_signature_algorithm(f, NULL, alg, r);
	if (key == NULL || X509_REQ_verify(req, key) != 1) {
		report_str(r, "signature", "does not fit the key inside");
		facts_note(f, "bad_signature", NULL, "the request is not "
		    "signed by the key inside");
	} else
		report_str(r, "signature", "fits the key inside");
	diag_ssl_clear();
	l = report_array();
	for (i = 0; i < X509_REQ_get_attr_count(req); i++)
		add_request_attribute(f, X509_REQ_get_attr(req, i), l, r);
	report_add(r, "attributes", l);
	add_request_extensions(f, req, r);
	diag_ssl_clear();
	return NULL;
}
