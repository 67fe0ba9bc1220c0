/* Distinguished names: two text forms that are read, and comparison. */
#include <string.h>

#include <openssl/asn1t.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include "base/ber.h"
#include "base/encoding.h"
#include "x509/local.h"

enum {
	NAME_TEXT_MAX = 4096,	/* bytes of a distinguished name on the command
				 * line */
	NAME_PARTS_MAX = 64,	/* type-value pairs in it */
	OID_TEXT_MAX = 64,	/* of a dotted OID; OpenSSL truncates at 80 when
				 * it writes one */
};

/* One type-value pair of a name that is being parsed. */
struct ava {
	X509_NAME_ENTRY *entry;
	bool joined;		/* in the same RDN as the previous one */
};

struct avas {
	struct ava v[NAME_PARTS_MAX];
	size_t n;
};
#define auto_avas AUTO(avas_free) struct avas

static void
avas_free(struct avas *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		X509_NAME_ENTRY_free(l->v[i].entry);
	l->n = 0;
}

static bool
same_word(const char *a, const char *b)
{
	for (; *a != '\0' && *b != '\0'; a++, b++)
		if ((*a | 0x20) != (*b | 0x20))
			return false;
	return *a == *b;
}

/* Arcs of digits separated by single dots; OpenSSL accepts more than that. */
static bool
is_oid(const char *s)
{
	const char *p;

	if (s[0] < '0' || s[0] > '2' || s[1] != '.' ||
	    strlen(s) > OID_TEXT_MAX)
		return false;
	for (p = s + 1; *p == '.'; ) {
		size_t n = strspn(++p, "0123456789");

		if (n == 0 || (n > 1 && *p == '0'))
			return false;
		p += n;
	}
	return *p == '\0';
}

/*
 * RFC 4514 matches the names of types without regard to case; OpenSSL's table
 * does not, and has its own short names.
 */
ASN1_OBJECT *
cert_find_type(const char *type)
{
	static const struct {
		const char *name;
		int nid;
	} known[] = {
		{ "CN", NID_commonName }, { "O", NID_organizationName },
		{ "OU", NID_organizationalUnitName },
		{ "C", NID_countryName }, { "L", NID_localityName },
		{ "ST", NID_stateOrProvinceName },
		{ "S", NID_stateOrProvinceName },
		{ "STREET", NID_streetAddress },
		{ "DC", NID_domainComponent }, { "UID", NID_userId },
		{ "E", NID_pkcs9_emailAddress },
		{ "EMAIL", NID_pkcs9_emailAddress },
		{ "emailAddress", NID_pkcs9_emailAddress },
		{ "serialNumber", NID_serialNumber },
		{ "GN", NID_givenName }, { "givenName", NID_givenName },
		{ "SN", NID_surname }, { "T", NID_title },
	};
	ASN1_OBJECT *obj;
	size_t i;

	for (i = 0; i < ARRAY_LEN(known); i++)
		if (same_word(known[i].name, type))
			return OBJ_nid2obj(known[i].nid);
	if (strncmp(type, "OID.", 4) == 0 || strncmp(type, "oid.", 4) == 0)
		type += 4;
	if (*type >= '0' && *type <= '9' && !is_oid(type))
		return NULL;
	if ((obj = OBJ_txt2obj(type, 0)) == NULL)
		diag_ssl_clear();
	/* OpenSSL also knows names without an OID. */
	if (obj != NULL && OBJ_length(obj) == 0)
		return NULL;
	return obj;
}

static const char *
type_reason(void)
{
	return "unknown attribute type (CN, O, OU, C, L, ST, DC, UID, "
	    "emailAddress, serialNumber, or a dotted OID)";
}

static X509_NAME_ENTRY *
entry_from_text(const ASN1_OBJECT *obj, const void *text, size_t len)
{
	return X509_NAME_ENTRY_create_by_OBJ(NULL, obj, MBSTRING_UTF8, text,
	    (int)len);
}

/*
 * A value written as "#hex": a string of one of the types that name comparison
 * converts (RFC 5280 7.1).  The attribute must be able to hold its text, or
 * the name could not be parsed from its own text.
 */
static X509_NAME_ENTRY *
entry_from_der(const ASN1_OBJECT *obj, const struct buf *der)
{
	static const int strings[] = {
		V_ASN1_UTF8STRING, V_ASN1_PRINTABLESTRING, V_ASN1_IA5STRING,
		V_ASN1_T61STRING, V_ASN1_BMPSTRING, V_ASN1_UNIVERSALSTRING,
		V_ASN1_VISIBLESTRING,
	};
	const unsigned char *p = der->data;
	ASN1_TYPE *t = d2i_ASN1_TYPE(NULL, &p, (long)der->len);
	X509_NAME_ENTRY *ne = NULL;
	unsigned char *text = NULL;
	bool is_text = false;
	int len;
	size_t i;

	for (i = 0; t != NULL && i < ARRAY_LEN(strings); i++)
		is_text |= t->type == strings[i];
	if (is_text && p == der->data + der->len) {
		len = ASN1_STRING_to_UTF8(&text, t->value.asn1_string);
		if (len > 0 && memchr(text, '\0', (size_t)len) == NULL)
			ne = entry_from_text(obj, text, (size_t)len);
	}
	if (ne != NULL && X509_NAME_ENTRY_set_data(ne, t->type,
	    ASN1_STRING_get0_data(t->value.asn1_string),
	    ASN1_STRING_length(t->value.asn1_string)) != 1)
		mem_exhausted();
	OPENSSL_free(text);
	ASN1_TYPE_free(t);
	return ne;
}

/* Adds one pair; value is UTF-8, or DER if is_der. */
static const char *
add_ava(struct avas *l, const char *type, const struct buf *value, bool is_der,
    bool joined)
{
	ASN1_OBJECT *obj;
	X509_NAME_ENTRY *ne = NULL;
	unsigned long code;

	if (l->n == NAME_PARTS_MAX)
		return "too many attributes";
	if (value->len == 0)
		return "an attribute without a value";
	if (memchr(value->data, '\0', value->len) != NULL && !is_der)
		return "a NUL byte in a value";
	if ((obj = cert_find_type(type)) == NULL)
		return type_reason();
	ne = is_der ? entry_from_der(obj, value) :
	    entry_from_text(obj, value->data, value->len);
	ASN1_OBJECT_free(obj);
	code = ERR_peek_error();
	diag_ssl_clear();
	if (ne == NULL && ERR_GET_REASON(code) == ASN1_R_STRING_TOO_LONG)
		return "a value is too long for its attribute";
	if (ne == NULL && ERR_GET_REASON(code) == ASN1_R_STRING_TOO_SHORT)
		return "a value is too short for its attribute";
	if (ne == NULL)
		return "a value that its attribute cannot hold";
	l->v[l->n].entry = ne;
	l->v[l->n].joined = joined;
	l->n++;
	return NULL;
}

/* Makes a name of the pairs; with reverse, in reverse order of the RDNs. */
static X509_NAME *
build_name(const struct avas *l, bool reverse)
{
	X509_NAME *name = X509_NAME_new();
	size_t i, start, end;

	if (name == NULL)
		mem_exhausted();
	for (start = 0, end = l->n; start < end;) {
		size_t from = start, to = start + 1;

		if (!reverse) {
			while (to < end && l->v[to].joined)
				to++;
			start = to;
		} else {
			to = end;
			for (from = end - 1; l->v[from].joined; from--)
				;
			end = from;
		}
		for (i = from; i < to; i++)
			if (X509_NAME_add_entry(name, l->v[i].entry, -1,
			    i == from ? 0 : -1) != 1)
				mem_exhausted();
	}
	return name;
}

/* "/O=Example, Inc./CN=Device"; a backslash escapes the next character. */
static const char *
parse_slashes(const char *text, struct avas *l)
{
	const char *p = text, *reason;

	while (*p == '/') {
		auto_buf type = BUF_INIT, value = BUF_INIT;

		for (p++; *p != '\0' && *p != '=' && *p != '/'; p++)
			buf_putc(&type, *p);
		if (*p != '=')
			return "a part without '='";
		for (p++; *p != '\0' && *p != '/'; p++) {
			if (*p == '\\' && p[1] != '\0')
				p++;
			buf_putc(&value, *p);
		}
		if ((reason = add_ava(l, buf_str(&type), &value, false,
		    false)) != NULL)
			return reason;
	}
	return NULL;
}

/* A value by RFC 4514 section 2.4: escapes decoded, ends trimmed. */
static const char *
parse_value(const char **at, struct buf *value)
{
	const char *p = *at;
	size_t keep = 0;	/* length up to the last byte to keep */

	for (; *p != '\0' && *p != ',' && *p != '+'; p++) {
		if (*p == '"' || *p == ';' || *p == '<' || *p == '>')
			return "one of \" ; < > must be written with a "
			    "backslash before it";
		if (*p != '\\') {
			buf_putc(value, *p);
			if (*p != ' ')
				keep = value->len;
			continue;
		}
		p++;
		if (hex_digit(p[0]) >= 0 && hex_digit(p[1]) >= 0) {
			buf_putc(value, (char)(hex_digit(p[0]) * 16 +
			    hex_digit(p[1])));
			p++;
		} else if (*p == '\0')
			return "a backslash at the end";
		else
			buf_putc(value, *p);
		keep = value->len;
	}
	buf_cut(value, keep);
	*at = p;
	return NULL;
}

static const char *
parse_hex_value(const char **at, struct buf *value)
{
	const char *p = *at + 1;
	auto_buf text = BUF_INIT;

	for (; *p != '\0' && *p != ',' && *p != '+' && *p != ' '; p++)
		buf_putc(&text, *p);
	while (*p == ' ')
		p++;
	*at = p;
	return decode_hex(buf_str(&text), value);
}

static const char *
parse_rfc4514(const char *text, struct avas *l)
{
	const char *p = text, *reason;
	bool joined = false;

	for (;;) {
		auto_buf type = BUF_INIT, value = BUF_INIT;
		bool is_der;

		while (*p == ' ')
			p++;
		for (; *p != '\0' && *p != '=' && *p != ',' && *p != '+'; p++)
			buf_putc(&type, *p);
		while (type.len > 0 && type.data[type.len - 1] == ' ')
			buf_cut(&type, type.len - 1);
		if (*p != '=')
			return "a part without '='";
		for (p++; *p == ' '; p++)
			;
		is_der = *p == '#';
		reason = is_der ? parse_hex_value(&p, &value) :
		    parse_value(&p, &value);
		if (reason != NULL || (reason = add_ava(l, buf_str(&type),
		    &value, is_der, joined)) != NULL)
			return reason;
		if (*p == '\0')
			return NULL;
		if (*p != ',' && *p != '+')
			return "something after a value in hexadecimal";
		joined = *p++ == '+';
	}
}

const char *
cert_parse_name(const char *text, X509_NAME **out)
{
	auto_avas l = { .n = 0 };
	const char *reason;

	if (*text == '\0')
		return "an empty name";
	if (strlen(text) > NAME_TEXT_MAX)
		return "longer than 4096 bytes";
	reason = *text == '/' ? parse_slashes(text, &l) :
	    parse_rfc4514(text, &l);
	if (reason != NULL)
		return reason;
	*out = build_name(&l, *text != '/');
	return NULL;
}

const char *
cert_check_name(const char *text)
{
	auto_X509_NAME *name = NULL;

	return cert_parse_name(text, &name);
}

const char *
cert_name_from_pairs(const struct cert_pair *pairs, size_t n, size_t *bad,
    X509_NAME **out)
{
	auto_avas l = { .n = 0 };
	const char *reason;
	size_t i;

	for (i = 0; i < n; i++) {
		auto_buf value = BUF_INIT;

		*bad = i;
		buf_puts(&value, pairs[i].value);
		if ((reason = add_ava(&l, pairs[i].type, &value, false,
		    pairs[i].joined)) != NULL)
			return reason;
	}
	*out = build_name(&l, false);
	return NULL;
}

bool
cert_name_has_empty(const X509_NAME *name)
{
	auto_buf der = BUF_INIT;
	struct ber_item part;
	struct ber in;

	cert_name_to_der(name, &der);
	in = (struct ber){ der.data, der.len };
	if (!ber_enter(&in, BER_SEQUENCE))
		return true;
	while (in.len > 0)
		if (ber_next(&in, &part) != NULL || part.body.len == 0)
			return true;
	return false;
}

const char *
cert_name_from_der(const void *p, size_t len, X509_NAME **out)
{
	const unsigned char *at = p;
	auto_X509_NAME *name = NULL;

	if (len > INT32_MAX ||
	    (name = d2i_X509_NAME(NULL, &at, (long)len)) == NULL) {
		diag_ssl_clear();
		return "not a name in DER";
	}
	if (at != (const unsigned char *)p + len)
		return "bytes after the name";
	*out = STEAL(name);
	return NULL;
}

bool
cert_name_equal(const X509_NAME *a, const X509_NAME *b)
{
	return X509_NAME_cmp(a, b) == 0;
}

char *
cert_attribute_oid(const char *type)
{
	ASN1_OBJECT *o = OBJ_txt2obj(type, 0);
	char text[128];
	int n = o != NULL ? OBJ_obj2txt(text, sizeof text, o, 1) : 0;

	ASN1_OBJECT_free(o);
	diag_ssl_clear();
	return n > 0 && n < (int)sizeof text ? xstrdup(text) : NULL;
}

void
cert_copy_names(const X509 *cert, X509_NAME **subject, GENERAL_NAMES **names)
{
	*subject = X509_NAME_dup(X509_get_subject_name(cert));
	if (names != NULL)
		*names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL,
		    NULL);
	diag_ssl_clear();
}
