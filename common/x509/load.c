/* Reads certificates and requests, from bytes and from files. */
#include <string.h>

#include <openssl/pkcs7.h>

#include "base/ber.h"
#include "base/clock.h"
#include "sys/io.h"
#include "x509/local.h"

static const char cert_labels[] =
    "CERTIFICATE|X509 CERTIFICATE|TRUSTED CERTIFICATE";
static const char request_labels[] =
    "CERTIFICATE REQUEST|NEW CERTIFICATE REQUEST";

const char *
cert_from_der(const void *p, size_t len, X509 **out)
{
	const unsigned char *at = p;
	auto_X509 *cert = NULL;

	if (len > INT32_MAX ||
	    (cert = d2i_X509(NULL, &at, (long)len)) == NULL) {
		diag_ssl_clear();
		return "not a certificate";
	}
	if (at != (const unsigned char *)p + len)
		return "bytes after the certificate";
	*out = STEAL(cert);
	return NULL;
}

/*
 * "TRUSTED CERTIFICATE" is a certificate followed by OpenSSL's own trust
 * settings, which are not used.
 */
static const char *
cert_from_block(const struct pem_block *b, X509 **out)
{
	auto_buf der = BUF_INIT;
	const unsigned char *at;
	const char *reason;

	if ((reason = pem_decode(b, &der)) != NULL)
		return reason;
	if (!pem_is(b, "TRUSTED CERTIFICATE"))
		return cert_from_der(der.data, der.len, out);
	at = der.data;
	if ((*out = d2i_X509(NULL, &at, (long)der.len)) == NULL) {
		diag_ssl_clear();
		return "not a certificate";
	}
	return NULL;
}

static void
push(STACK_OF(X509) *l, X509 *cert)
{
	if (sk_X509_push(l, cert) <= 0)
		mem_exhausted();
}

static const char *
list_from_pkcs7(const struct buf *der, STACK_OF(X509) *l)
{
	const unsigned char *at = der->data;
	PKCS7 *p7 = d2i_PKCS7(NULL, &at, (long)der->len);
	STACK_OF(X509) *inside = NULL;
	const char *reason = NULL;
	int i;

	if (p7 == NULL) {
		diag_ssl_clear();
		return "not a certificate";
	}
	if (at != der->data + der->len)
		reason = "bytes after the PKCS #7";
	else if (PKCS7_type_is_signed(p7) && p7->d.sign != NULL)
		inside = p7->d.sign->cert;
	for (i = 0; reason == NULL && i < sk_X509_num(inside); i++) {
		if (X509_up_ref(sk_X509_value(inside, i)) != 1)
			mem_exhausted();
		push(l, sk_X509_value(inside, i));
	}
	PKCS7_free(p7);
	return reason;
}

/* One certificate, or a certs-only PKCS #7. */
static const char *
list_from_der(const struct buf *der, STACK_OF(X509) *l)
{
	const char *reason;
	X509 *cert = NULL;

	/* A ContentInfo begins with an OID, a certificate with a SEQUENCE. */
	if (der_inner_tag(der->data, der->len) == V_ASN1_OBJECT)
		return list_from_pkcs7(der, l);
	if ((reason = cert_from_der(der->data, der->len, &cert)) != NULL)
		return reason;
	push(l, cert);
	return NULL;
}

const char *
cert_list_from_der(const struct buf *der, STACK_OF(X509) **out)
{
	auto_certs *l = sk_X509_new_null();
	const char *reason;

	if (l == NULL)
		mem_exhausted();
	if (!ber_looks_like(der))
		return pem_looks_like(der) ? "PEM, and not DER" :
		    "not a certificate in DER";
	if ((reason = list_from_der(der, l)) != NULL)
		return reason;
	if (sk_X509_num(l) == 0)
		return "no certificate in it";
	*out = STEAL(l);
	return NULL;
}

static const char *
list_from_pem(const struct buf *in, STACK_OF(X509) *l)
{
	const char *at = buf_str(in), *end = at + in->len, *reason;
	struct pem_block b;
	bool found;

	for (;;) {
		X509 *cert = NULL;

		if ((reason = pem_next(&at, end, &found, &b)) != NULL)
			return reason;
		if (!found)
			return NULL;
		if (pem_is(&b, "PKCS7|CMS")) {
			auto_buf der = BUF_INIT;

			if ((reason = pem_decode(&b, &der)) != NULL ||
			    (reason = list_from_pkcs7(&der, l)) != NULL)
				return reason;
		} else if (pem_is(&b, cert_labels)) {
			if ((reason = cert_from_block(&b, &cert)) != NULL)
				return reason;
			push(l, cert);
		}
	}
}

const char *
cert_parse_list(const struct buf *in, STACK_OF(X509) **out)
{
	auto_certs *l = sk_X509_new_null();
	auto_buf der = BUF_INIT;
	const char *reason;

	if (l == NULL)
		mem_exhausted();
	if (!ber_looks_like(in) && pem_looks_like(in))
		reason = list_from_pem(in, l);
	else if ((reason = cert_unarmour(in, NULL, &der)) == NULL)
		reason = list_from_der(&der, l);
	if (reason != NULL)
		return reason;
	if (sk_X509_num(l) == 0)
		return "no certificate in it";
	*out = STEAL(l);
	return NULL;
}

const char *
cert_parse(const struct buf *in, X509 **out)
{
	auto_certs *l = NULL;
	const char *reason;

	if ((reason = cert_parse_list(in, &l)) != NULL)
		return reason;
	if (sk_X509_num(l) > 1)
		return "more than one certificate in it";
	*out = sk_X509_pop(l);
	return NULL;
}

const char *
cert_parse_request(const struct buf *in, X509_REQ **out)
{
	auto_buf der = BUF_INIT;
	auto_X509_REQ *req = NULL;
	const unsigned char *at;
	const char *reason;

	if ((reason = cert_unarmour(in, request_labels, &der)) != NULL)
		return reason;
	at = der.data;
	if (der.len == 0 ||
	    (req = d2i_X509_REQ(NULL, &at, (long)der.len)) == NULL) {
		diag_ssl_clear();
		return "not a certificate request";
	}
	if (at != der.data + der.len)
		return "bytes after the certificate request";
	*out = STEAL(req);
	return NULL;
}

/* ---- files ---- */

enum status
cert_load(const char *path, X509 **out)
{
	auto_buf in = BUF_INIT;
	const char *reason;
	enum status st;

	if ((st = io_slurp_file(path, IO_KEY_MAX, &in)) != OK)
		return st;
	if ((reason = cert_parse(&in, out)) != NULL)
		return fail(FAULT, "%s: %s", io_name(path), reason);
	return OK;
}

enum status
cert_read_list(const char *path, struct problem *why, STACK_OF(X509) **out)
{
	const struct io_input from = { path, NULL };
	auto_buf in = BUF_INIT;
	const char *reason;
	enum status st;

	if ((st = io_read(&from, IO_KEY_MAX, why, &in)) != OK)
		return st;
	if ((reason = cert_parse_list(&in, out)) != NULL)
		return problem_set(why, FAULT, "%s", reason);
	return OK;
}

enum status
cert_load_list(const char *path, STACK_OF(X509) **out)
{
	struct problem why = { .st = OK };

	return cert_read_list(path, &why, out) == OK ? OK :
	    problem_print(&why);
}

/* ---- identities ---- */

struct pass_source {
	const char *src;	/* source of --passphrase, or NULL */
	const struct buf *phrase;	/* or its value */
	const char *of;		/* the file that it decrypts */
};

static enum status
ask_passphrase(void *arg, struct buf *out)
{
	const struct pass_source *from = arg;

	if (from->phrase != NULL) {
		out->secret = true;
		buf_add_buf(out, from->phrase);
		return OK;
	}
	if (from->src == NULL)
		return fail(FAULT, "%s: needs a passphrase (--passphrase)",
		    from->of);
	return secret_read(from->src, "--passphrase", out);
}

/*
 * RFC 7512 has it in the query, but the engine would also accept it in the
 * path.
 */
bool
cert_key_has_pin(const char *key)
{
	static const char pin[] = "pin-value=";
	const char *p;

	if (strncmp(key, "pkcs11:", 7) != 0)
		return false;
	for (p = key; (p = strpbrk(p, ":;?&")) != NULL;)
		if (strncmp(++p, pin, sizeof pin - 1) == 0)
			return true;
	return false;
}

/* Loads the file of --key; a PKCS #12 fills in all of out. */
static enum status
load_key(const struct identity_source *src, const char *what,
    struct identity *out)
{
	const char *key = src->key;
	struct pass_source pass = { src->passphrase, src->phrase, key };
	auto_buf in = BUF_SECRET;
	enum status st;

	if (key == NULL)
		return fail(USAGE, "missing %s (the private key)", what);
	if (cert_key_has_pin(key))
		return fail(USAGE, "%s: a PIN in the URI (pin-value): put it "
		    "into a file (pin-source=file:PATH) or use --passphrase",
		    what);
	if (strncmp(key, "pkcs11:", 7) == 0)
		return key_from_token(key, ask_passphrase, &pass, &out->key);
	if (strncmp(key, "env:", 4) == 0 || strncmp(key, "fd:", 3) == 0)
		st = secret_read_all(key, what, IO_KEY_MAX, &in);
	else {
		if (strncmp(key, "file:", 5) == 0)
			key += 5;
		st = secret_read_key_file(key, src->loose, IO_KEY_MAX, &in);
	}
	if (st != OK)
		return st;
	return key_parse(&in, key, ask_passphrase, &pass, out);
}

/* With --verbose: says which key is used. */
static void
say_key(const char *name, const EVP_PKEY *key)
{
	auto_char *kind = cert_key_name(key);

	detail("%s: the private key, %s", name, kind);
}

enum status
cert_load_key(const struct identity_source *src, const char *what,
    EVP_PKEY **out)
{
	auto_identity id = IDENTITY_INIT;
	enum status st;

	if ((st = load_key(src, what, &id)) != OK)
		return st;
	say_key(src->key, id.key);
	*out = STEAL(id.key);
	return OK;
}

static enum status
load_chain(const struct strings *paths, STACK_OF(X509) **chain)
{
	enum status st;
	size_t i;

	for (i = 0; i < paths->n; i++) {
		auto_certs *l = NULL;

		if ((st = cert_load_list(paths->v[i], &l)) != OK)
			return st;
		while (sk_X509_num(l) > 0)
			push(*chain, sk_X509_shift(l));
	}
	return OK;
}

/*
 * The first certificate of --cert is ours; others in the same file belong to
 * the chain, as in every web server.
 */
static enum status
load_own(const struct identity_source *src, struct identity *id)
{
	auto_certs *l = NULL;
	enum status st;

	if ((st = cert_load_list(src->cert, &l)) != OK)
		return st;
	X509_free(id->cert);
	id->cert = sk_X509_shift(l);
	if (id->chain == NULL && (id->chain = sk_X509_new_null()) == NULL)
		mem_exhausted();
	while (sk_X509_num(l) > 0)
		push(id->chain, sk_X509_shift(l));
	return OK;
}

static void
say_cert(X509 *cert)
{
	auto_char *of = cert_subject_text(cert);
	char until[CLOCK_TEXT];

	if (cert_not_after(cert) == CERT_NO_TIME)
		detail("its certificate: %s, until an unreadable date", of);
	else
		detail("its certificate: %s, until %s", of,
		    clock_format(cert_not_after(cert), until));
}

enum status
cert_load_identity(const struct identity_source *src, struct identity *out)
{
	const char *option = src->option != NULL ? src->option : "--key";
	auto_identity id = IDENTITY_INIT;
	enum status st;

	if ((st = load_key(src, option, &id)) != OK)
		return st;
	if (src->cert != NULL && (st = load_own(src, &id)) != OK)
		return st;
	if (id.cert == NULL)
		return fail(USAGE, "missing %.*scert (the certificate of %s)",
		    (int)(strlen(option) - 3), option, option);
	if (id.chain == NULL && (id.chain = sk_X509_new_null()) == NULL)
		mem_exhausted();
	if ((st = load_chain(&src->chain, &id.chain)) != OK)
		return st;
	if (X509_get0_pubkey(id.cert) == NULL)
		return fail_ssl(FAULT, "%s: its public key cannot be read",
		    src->cert != NULL ? src->cert : src->key);
	if (!cert_key_equal(X509_get0_pubkey(id.cert), id.key))
		return fail(FAULT, "%s: not the key of %s", src->key,
		    src->cert != NULL ? src->cert : "its certificate");
	say_key(src->key, id.key);
	say_cert(id.cert);
	*out = MOVE(id);
	return OK;
}
