/* The extensions of certificates and requests, and the names in them. */
#include <openssl/objects.h>

#include "base/encoding.h"
#include "facts/local.h"

/* ---- subjectAltName ---- */

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
		encode_hex(out, p, (size_t)len);
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
	auto_char *type = facts_object(o->type_id, NULL);

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
		auto_char *text = facts_object(n->d.registeredID, NULL);

		buf_printf(out, "rid:%s", text);
		break;
	}
	default:
		buf_puts(out, "other");
	}
}

void
facts_alt_names(GENERAL_NAMES *names, struct report *r)
{
	struct report *l;
	int i;

	diag_ssl_clear();
	if (names == NULL)
		return;
	l = report_add_array(r, "alt_names");
	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		auto_buf text = BUF_INIT;

		add_general_name(sk_GENERAL_NAME_value(names, i), &text);
		report_strn(l, NULL, buf_str(&text), text.len);
	}
	GENERAL_NAMES_free(names);
}

/* ---- all extensions, as text ---- */

/*
 * The value as OpenSSL prints it, on one line; in hexadecimal if OpenSSL
 * cannot.
 */
static void
extension_text(X509_EXTENSION *ext, struct buf *out)
{
	const ASN1_OCTET_STRING *raw = X509_EXTENSION_get_data(ext);
	auto_BIO *bio = BIO_new(BIO_s_mem());
	const char *p = NULL;
	long len = 0, i;

	if (bio == NULL)
		mem_exhausted();
	if (ASN1_STRING_length(raw) <= 4 * FACTS_VALUE_MAX &&
	    X509V3_EXT_print(bio, ext, X509V3_EXT_DEFAULT, 0) == 1)
		len = BIO_get_mem_data(bio, &p);
	diag_ssl_clear();
	while (len > 0 && (p[len - 1] == '\n' || p[len - 1] == ' '))
		len--;
	if (len == 0) {
		facts_hex_cut(ASN1_STRING_get0_data(raw),
		    (size_t)ASN1_STRING_length(raw), out);
		return;
	}
	for (i = 0; i < len && out->len < 2 * FACTS_VALUE_MAX; i++) {
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

void
facts_extensions(const struct facts *f, const char *where,
    const STACK_OF(X509_EXTENSION) *exts, struct report *r)
{
	struct report *l;
	int i;

	if (sk_X509_EXTENSION_num(exts) <= 0)
		return;
	l = report_add_array(r, "extensions");
	for (i = 0; i < sk_X509_EXTENSION_num(exts); i++) {
		X509_EXTENSION *ext = sk_X509_EXTENSION_value(exts, i);
		struct report *e = report_add_object(l, NULL);
		auto_buf text = BUF_INIT;
		bool known, critical = X509_EXTENSION_get_critical(ext) == 1;
		auto_char *name = facts_object(
		    X509_EXTENSION_get_object(ext), &known);

		extension_text(ext, &text);
		report_str(e, "name", name);
		report_bool(e, "critical", critical);
		report_strn(e, "value", buf_str(&text), text.len);
		if (critical && !X509_supported_extension(ext))
			facts_note(f, "unknown_critical_extension", where,
			    "unknown critical extension %s: programs refuse "
			    "the certificate", name);
	}
}
