/* Converts an alternative name from and to text. */
#include <string.h>

#include <openssl/objects.h>

#include "x509/cert.h"

enum { SAN_TEXT_MAX = 4096 };

static const char *
check_ascii(const char *value)
{
	const char *p;

	for (p = value; *p != '\0'; p++)
		if (*p <= ' ' || *p > '~')
			return "a character that is not printable ASCII";
	return NULL;
}

static GENERAL_NAME *
ia5_name(int type, const char *value)
{
	GENERAL_NAME *gn = GENERAL_NAME_new();
	ASN1_IA5STRING *s = ASN1_IA5STRING_new();

	if (gn == NULL || s == NULL ||
	    ASN1_STRING_set(s, value, (int)strlen(value)) != 1)
		mem_exhausted();
	GENERAL_NAME_set0_value(gn, type, s);
	return gn;
}

static bool
is_utf8(const ASN1_UTF8STRING *s)
{
	unsigned char *text = NULL;
	int len = ASN1_STRING_to_UTF8(&text, s);

	OPENSSL_free(text);
	diag_ssl_clear();
	return len >= 0;
}

static const char *
upn_name(const char *value, GENERAL_NAME **out)
{
	ASN1_UTF8STRING *s = ASN1_UTF8STRING_new();
	GENERAL_NAME *gn = GENERAL_NAME_new();
	ASN1_TYPE *t = ASN1_TYPE_new();
	const char *p;

	if (gn == NULL || s == NULL || t == NULL ||
	    ASN1_STRING_set(s, value, (int)strlen(value)) != 1)
		mem_exhausted();
	ASN1_TYPE_set(t, V_ASN1_UTF8STRING, s);
	if (GENERAL_NAME_set0_othername(gn, OBJ_nid2obj(NID_ms_upn), t) != 1)
		mem_exhausted();
	for (p = value; (unsigned char)*p > ' ' && *p != 0x7F; p++)
		continue;
	if (*p != '\0' || !is_utf8(s)) {
		GENERAL_NAME_free(gn);
		return "not UTF-8, or a blank or control character";
	}
	*out = gn;
	return NULL;
}

static const char *
ip_name(const char *value, GENERAL_NAME **out)
{
	ASN1_OCTET_STRING *ip = a2i_IPADDRESS(value);

	if (ip == NULL) {
		diag_ssl_clear();
		return "not an IP address";
	}
	if ((*out = GENERAL_NAME_new()) == NULL)
		mem_exhausted();
	GENERAL_NAME_set0_value(*out, GEN_IPADD, ip);
	return NULL;
}

static const char *
make_san(const char *text, GENERAL_NAME **out)
{
	static const struct {
		const char *prefix;
		int type;
	} kinds[] = {
		{ "dns:", GEN_DNS }, { "email:", GEN_EMAIL },
		{ "uri:", GEN_URI }, { "upn:", GEN_OTHERNAME },
		{ "ip:", GEN_IPADD },
	};
	const char *value, *reason;
	size_t i;

	for (i = 0; i < ARRAY_LEN(kinds); i++)
		if (strncmp(text, kinds[i].prefix,
		    strlen(kinds[i].prefix)) == 0)
			break;
	if (i == ARRAY_LEN(kinds))
		return "not dns:, email:, uri:, upn: or ip:";
	value = text + strlen(kinds[i].prefix);
	if (*value == '\0')
		return "an empty alternative name";
	if (strlen(value) > SAN_TEXT_MAX)
		return "longer than 4096 bytes";
	if (kinds[i].type == GEN_IPADD)
		return ip_name(value, out);
	if (kinds[i].type == GEN_OTHERNAME)
		return upn_name(value, out);
	if ((reason = check_ascii(value)) != NULL)
		return reason;
	*out = ia5_name(kinds[i].type, value);
	return NULL;
}

const char *
cert_add_san(const char *text, GENERAL_NAMES **names)
{
	GENERAL_NAME *gn = NULL;
	const char *reason;

	if ((reason = make_san(text, &gn)) != NULL)
		return reason;
	if (*names == NULL && (*names = GENERAL_NAMES_new()) == NULL)
		mem_exhausted();
	if (sk_GENERAL_NAME_push(*names, gn) <= 0)
		mem_exhausted();
	return NULL;
}

const char *
cert_check_san(const char *text)
{
	auto_GENERAL_NAMES *names = NULL;

	return cert_add_san(text, &names);
}

/* ---- as text ---- */

/* Text of an IA5String that is ASCII without control characters. */
static char *
ascii_text(const ASN1_STRING *s)
{
	const char *p = (const char *)ASN1_STRING_get0_data(s);
	size_t i, len = (size_t)ASN1_STRING_length(s);

	for (i = 0; i < len; i++)
		if (p[i] < ' ' || p[i] > '~')
			return NULL;
	return xstrndup(p, len);
}

/* Text of a UTF8String that is valid UTF-8 and visible. */
static char *
utf8_text(const ASN1_STRING *s)
{
	unsigned char *p = NULL;
	int len = ASN1_STRING_to_UTF8(&p, s);
	char *text = NULL;

	if (len >= 0 && diag_is_visible((const char *)p, (size_t)len))
		text = xstrndup((const char *)p, (size_t)len);
	OPENSSL_free(p);
	diag_ssl_clear();
	return text;
}

static char *
ip_text(const ASN1_OCTET_STRING *ip)
{
	const unsigned char *p = ASN1_STRING_get0_data(ip);
	auto_buf b = BUF_INIT;
	int i, len = ASN1_STRING_length(ip);

	if (len == 4)
		return xasprintf("%d.%d.%d.%d", p[0], p[1], p[2], p[3]);
	if (len != 16)
		return NULL;
	for (i = 0; i < len; i += 2)
		buf_printf(&b, "%s%x", i > 0 ? ":" : "", p[i] << 8 | p[i + 1]);
	return xstrdup(buf_str(&b));
}

static bool
is_upn(const OTHERNAME *o)
{
	return OBJ_obj2nid(o->type_id) == NID_ms_upn &&
	    o->value->type == V_ASN1_UTF8STRING;
}

char *
cert_san_text(const GENERAL_NAME *g, const char **type)
{
	switch (g->type) {
	case GEN_DNS:
		*type = "dns";
		return ascii_text(g->d.dNSName);
	case GEN_EMAIL:
		*type = "email";
		return ascii_text(g->d.rfc822Name);
	case GEN_URI:
		*type = "uri";
		return ascii_text(g->d.uniformResourceIdentifier);
	case GEN_IPADD:
		*type = "ip";
		return ip_text(g->d.iPAddress);
	case GEN_OTHERNAME:
		*type = is_upn(g->d.otherName) ? "upn" : NULL;
		return *type == NULL ? NULL :
		    utf8_text(g->d.otherName->value->value.utf8string);
	default:
		*type = NULL;
		return NULL;
	}
}
