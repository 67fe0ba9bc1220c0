/* Distinguished names as text (RFC 4514). */
#include <string.h>

#include <openssl/objects.h>

#include "base/encoding.h"
#include "x509/local.h"

/*
 * True if the name is parsed as the same type: uid
 * (0.9.2342.19200300.100.1.44) is not, since UID is another type.
 */
static bool
is_name_of(const char *name, const ASN1_OBJECT *obj)
{
	ASN1_OBJECT *found = cert_find_type(name);
	bool same = found != NULL && OBJ_cmp(found, obj) == 0;

	ASN1_OBJECT_free(found);
	return same;
}

/*
 * The short name of an attribute type, or its dotted OID; the caller frees it.
 */
static char *
type_text(const ASN1_OBJECT *obj)
{
	int nid = OBJ_obj2nid(obj);
	char oid[256];

	if (nid != NID_undef && is_name_of(OBJ_nid2sn(nid), obj))
		return xstrdup(OBJ_nid2sn(nid));
	if (OBJ_obj2txt(oid, sizeof oid, obj, 1) <= 0)
		oid[0] = '\0';
	return xstrdup(oid);
}

/* RFC 4514 section 2.4; control characters are written in hexadecimal. */
static void
add_escaped(struct buf *out, const unsigned char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		unsigned char c = text[i];
		bool end = i == 0 || i + 1 == len;

		if (c < 0x20 || c == 0x7F)
			buf_printf(out, "\\%02X", c);
		else if (strchr(",+\"\\<>;", c) != NULL ||
		    (c == ' ' && end) || (c == '#' && i == 0))
			buf_printf(out, "\\%c", c);
		else
			buf_putc(out, (char)c);
	}
}

static void
add_value(struct buf *out, const X509_NAME_ENTRY *ne)
{
	const ASN1_STRING *data = X509_NAME_ENTRY_get_data(ne);
	unsigned char *text = NULL, *der = NULL;
	ASN1_TYPE *t;
	int len = ASN1_STRING_to_UTF8(&text, data);

	if (len >= 0)
		add_escaped(out, text, (size_t)len);
	else if ((t = ASN1_TYPE_new()) != NULL) {
		/* Not text: its DER, by section 2.4. */
		diag_ssl_clear();
		if (ASN1_TYPE_set1(t, ASN1_STRING_type(data), data) == 1 &&
		    (len = i2d_ASN1_TYPE(t, &der)) > 0) {
			buf_putc(out, '#');
			encode_hex(out, der, (size_t)len);
		}
		ASN1_TYPE_free(t);
		OPENSSL_free(der);
	}
	OPENSSL_free(text);
}

/* OpenSSL's own function truncates long OIDs and does not escape a lone '#'. */
char *
cert_name_text(const X509_NAME *name)
{
	auto_buf out = BUF_INIT;
	int end = X509_NAME_entry_count(name), from, i;

	for (; end > 0; end = from) {
		const X509_NAME_ENTRY *last = X509_NAME_get_entry(name,
		    end - 1);

		for (from = end - 1; from > 0 && X509_NAME_ENTRY_set(
		    X509_NAME_get_entry(name, from - 1)) ==
		    X509_NAME_ENTRY_set(last); from--)
			;
		for (i = from; i < end; i++) {
			const X509_NAME_ENTRY *ne =
			    X509_NAME_get_entry(name, i);
			auto_char *type = type_text(
			    X509_NAME_ENTRY_get_object(ne));

			if (i > from)
				buf_putc(&out, '+');
			else if (out.len > 0)
				buf_putc(&out, ',');
			buf_printf(&out, "%s=", type);
			add_value(&out, ne);
		}
	}
	return xstrdup(buf_str(&out));
}

enum status
cert_name_each(const X509_NAME *name, cert_name_visit *fn, void *arg)
{
	enum status st = OK;
	int i;

	for (i = 0; i < X509_NAME_entry_count(name) && st == OK; i++) {
		const X509_NAME_ENTRY *ne = X509_NAME_get_entry(name, i);
		auto_char *type = type_text(X509_NAME_ENTRY_get_object(ne));
		unsigned char *value = NULL;
		int len = ASN1_STRING_to_UTF8(&value,
		    X509_NAME_ENTRY_get_data(ne));

		if (len < 0 || memchr(value, '\0', (size_t)len) != NULL)
			st = fail_ssl(MALFORMED, "the value of %s in a name "
			    "is not text", type);
		else
			st = fn(type, (const char *)value,
			    (size_t)X509_NAME_ENTRY_set(ne), arg);
		OPENSSL_free(value);
	}
	return st;
}
