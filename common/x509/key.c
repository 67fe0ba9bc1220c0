/* Private keys out of bytes: PKCS #8, the older forms, PKCS #12. */
#include <string.h>

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>

#include "base/ber.h"
#include "x509/local.h"

enum {
	PKCS12_ITERATIONS_MAX = 10000000,
};

/* The identifier of the next element, or -1. */
static int
peek(const struct ber *in)
{
	return in->len > 0 ? in->p[0] : -1;
}

int
der_inner_tag(const unsigned char *p, size_t len)
{
	struct ber in = { p, len };

	return ber_enter(&in, BER_SEQUENCE) ? peek(&in) : -1;
}

enum kind { PKCS8_KEY, SEALED_KEY, OLD_RSA_KEY, OLD_EC_KEY, PKCS12_FILE,
    NO_KEY };

/* Tells the forms apart by their version and what follows it. */
static enum kind
kind_of(const struct buf *der)
{
	const int sequence = BER_CONSTRUCTED(BER_SEQUENCE);
	struct ber in = { der->data, der->len };
	struct ber_item item;
	long version;
	int next;

	if (!ber_enter(&in, BER_SEQUENCE))
		return NO_KEY;
	if (peek(&in) == sequence)
		return SEALED_KEY;
	if (!ber_want(&in, BER_INTEGER, &item) || !ber_number(&item, &version))
		return NO_KEY;
	next = peek(&in);
	if (version == 3 && next == sequence)
		return PKCS12_FILE;
	if (version <= 1 && next == sequence)
		return PKCS8_KEY;
	if (version == 1 && next == BER_OCTET_STRING)
		return OLD_EC_KEY;
	return version == 0 && next == BER_INTEGER ? OLD_RSA_KEY : NO_KEY;
}

static bool
rsa_inside(const PKCS8_PRIV_KEY_INFO *p8, EVP_PKEY **out)
{
	const ASN1_OBJECT *algorithm = NULL;
	const unsigned char *key = NULL;
	int len = 0;

	return PKCS8_pkey_get0(&algorithm, &key, &len, NULL, p8) == 1 &&
	    OBJ_obj2nid(algorithm) == NID_rsaEncryption && len > 0 &&
	    key_from_rsa(key, (size_t)len, out);
}

static const char *
from_pkcs8(const struct buf *der, EVP_PKEY **out)
{
	const unsigned char *at = der->data;
	PKCS8_PRIV_KEY_INFO *p8;
	const char *reason = NULL;

	p8 = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der->len);
	if (p8 == NULL)
		reason = "not a private key";
	else if (at != der->data + der->len)
		reason = "bytes after the key";
	else if (!rsa_inside(p8, out) &&
	    (*out = EVP_PKCS82PKEY(p8)) == NULL)
		reason = "a private key that OpenSSL cannot read "
		    "(unsupported or damaged)";
	PKCS8_PRIV_KEY_INFO_free(p8);
	diag_ssl_clear();
	return reason;
}

static const char *
from_traditional(const struct buf *der, int type, EVP_PKEY **out)
{
	const unsigned char *at = der->data;

	if (type == EVP_PKEY_RSA && key_from_rsa(der->data, der->len, out))
		return NULL;
	if ((*out = d2i_PrivateKey(type, NULL, &at, (long)der->len)) == NULL) {
		diag_ssl_clear();
		return "a private key that OpenSSL cannot read "
		    "(unsupported or damaged)";
	}
	if (at != der->data + der->len) {
		EVP_PKEY_free(*out);
		*out = NULL;
		return "bytes after the key";
	}
	return NULL;
}

static enum status
from_encrypted(const struct buf *der, const char *name, key_pass *pass,
    void *arg, EVP_PKEY **out)
{
	const unsigned char *at = der->data;
	PKCS8_PRIV_KEY_INFO *p8 = NULL;
	auto_buf phrase = BUF_SECRET;
	X509_SIG *sealed;
	enum status st;

	sealed = d2i_X509_SIG(NULL, &at, (long)der->len);
	if (sealed == NULL || at != der->data + der->len) {
		X509_SIG_free(sealed);
		return fail_ssl(FAULT, "%s: not a private key", name);
	}
	if ((st = pass(arg, &phrase)) == OK) {
		p8 = PKCS8_decrypt(sealed, buf_str(&phrase), (int)phrase.len);
		if (p8 == NULL)
			st = fail_ssl(FAULT, "%s: the passphrase does not "
			    "open it", name);
		else if ((*out = EVP_PKCS82PKEY(p8)) == NULL)
			st = fail_ssl(FAULT, "%s: a private key that OpenSSL "
			    "cannot read", name);
	}
	PKCS8_PRIV_KEY_INFO_free(p8);
	X509_SIG_free(sealed);
	return st;
}

/* ---- PKCS #12 ---- */

/*
 * Moves a key from another library context into the default one, since a key
 * must not outlive the context whose provider holds it.
 */
static EVP_PKEY *
rehome(EVP_PKEY *key)
{
	PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(key);
	auto_buf der = BUF_SECRET;
	unsigned char *raw = NULL;
	EVP_PKEY *moved = NULL;
	int len;

	if (p8 == NULL)
		return NULL;
	if ((len = i2d_PKCS8_PRIV_KEY_INFO(p8, &raw)) > 0) {
		buf_add(&der, raw, (size_t)len);
		buf_wipe(raw, (size_t)len);
		OPENSSL_free(raw);
		if (from_pkcs8(&der, &moved) != NULL)
			moved = NULL;
	}
	PKCS8_PRIV_KEY_INFO_free(p8);
	return moved;
}

/* The same certificate, which knows nothing of another library context. */
static X509 *
rehome_cert(const X509 *cert)
{
	unsigned char *der = NULL;
	const unsigned char *at;
	X509 *moved = NULL;
	int len = i2d_X509(cert, &der);

	if (len > 0) {
		at = der;
		moved = d2i_X509(NULL, &at, len);
	}
	OPENSSL_free(der);
	return moved;
}

/*
 * What was read in a separate library context moves out of it: from OpenSSL
 * 3.5 on, certificates point into the context in which they were read.
 */
static bool
rehome_identity(const struct identity *from, struct identity *to)
{
	X509 *cert;
	int i;

	if ((from->key != NULL && (to->key = rehome(from->key)) == NULL) ||
	    (from->cert != NULL &&
	    (to->cert = rehome_cert(from->cert)) == NULL))
		return false;
	if (from->chain == NULL)
		return true;
	if ((to->chain = sk_X509_new_null()) == NULL)
		mem_exhausted();
	for (i = 0; i < sk_X509_num(from->chain); i++) {
		cert = rehome_cert(sk_X509_value(from->chain, i));
		if (cert == NULL)
			return false;
		if (sk_X509_push(to->chain, cert) <= 0)
			mem_exhausted();
	}
	return true;
}

/*
 * PKCS12_parse() takes no phrase without a MAC, so it gets one; what is
 * encrypted inside shows if the phrase is right.  No phrase and the empty one
 * are different keys in the old ciphers.
 */
static bool
parse_pkcs12(PKCS12 *p12, const char *phrase, struct identity *id)
{
	if (PKCS12_mac_present(p12) != 1) {
		if (*phrase == '\0' && PKCS12_parse(p12, NULL, &id->key,
		    &id->cert, &id->chain) == 1)
			return true;
		identity_free(id);
		if (PKCS12_set_mac(p12, phrase, -1, NULL, 0, 1, NULL) != 1)
			return false;
	}
	return PKCS12_parse(p12, phrase, &id->key, &id->cert,
	    &id->chain) == 1;
}

static bool
open_pkcs12(const struct buf *der, OSSL_LIB_CTX *ctx, const char *phrase,
    struct identity *id)
{
	PKCS12 *p12 = PKCS12_init_ex(NID_pkcs7_data, ctx, NULL);
	auto_BIO *mem = BIO_new_mem_buf(der->data, (int)der->len);
	bool ok;

	if (p12 == NULL || mem == NULL)
		mem_exhausted();
	/* On failure d2i frees the object and leaves NULL. */
	ok = d2i_PKCS12_bio(mem, &p12) != NULL &&
	    parse_pkcs12(p12, phrase, id);
	PKCS12_free(p12);
	return ok;
}

/* RC2 and single-password 3DES of old files, without letting anyone else in
 * the process have them. */
static bool
open_old_pkcs12(const struct buf *der, const char *phrase, struct identity *id)
{
	struct identity old = IDENTITY_INIT;
	OSSL_LIB_CTX *ctx = OSSL_LIB_CTX_new();
	OSSL_PROVIDER *legacy, *base;
	bool ok = false;

	if (ctx == NULL)
		mem_exhausted();
	legacy = OSSL_PROVIDER_load(ctx, "legacy");
	base = OSSL_PROVIDER_load(ctx, "default");
	if (legacy != NULL && base != NULL &&
	    open_pkcs12(der, ctx, phrase, &old))
		ok = rehome_identity(&old, id);
	identity_free(&old);
	OSSL_PROVIDER_unload(legacy);
	OSSL_PROVIDER_unload(base);
	OSSL_LIB_CTX_free(ctx);
	return ok;
}

static bool
open_any_pkcs12(const struct buf *der, const char *phrase, struct identity *id)
{
	if (open_pkcs12(der, NULL, phrase, id))
		return true;
	identity_free(id);
	diag_ssl_clear();
	return open_old_pkcs12(der, phrase, id);
}

/*
 * Whether the MAC is right for the phrase.  Without one, what is inside tells,
 * when it is opened: *has_mac is false.
 */
static const char *
check_pkcs12(const struct buf *der, const char *phrase, bool *has_mac)
{
	const unsigned char *at = der->data;
	PKCS12 *p12 = d2i_PKCS12(NULL, &at, (long)der->len);
	const ASN1_INTEGER *iterations = NULL;
	const char *reason = NULL;

	*has_mac = p12 != NULL && PKCS12_mac_present(p12) == 1;
	if (p12 == NULL)
		reason = "not a PKCS #12";
	else if (at != der->data + der->len)
		reason = "bytes after the PKCS #12";
	else if (*has_mac) {
		PKCS12_get0_mac(NULL, NULL, NULL, &iterations, p12);
		if (iterations != NULL &&
		    (ASN1_INTEGER_get(iterations) < 0 ||
		    ASN1_INTEGER_get(iterations) > PKCS12_ITERATIONS_MAX))
			reason = "a PKCS #12 with too many iterations";
		else if (PKCS12_verify_mac(p12, phrase, -1) != 1 &&
		    (*phrase != '\0' || PKCS12_verify_mac(p12, NULL, 0) != 1))
			reason = "the passphrase does not open it";
	}
	PKCS12_free(p12);
	diag_ssl_clear();
	return reason;
}

const char *
cert_read_pkcs12(const struct buf *der, const char *phrase,
    struct identity *out)
{
	auto_identity id = IDENTITY_INIT;
	const char *reason;
	bool has_mac;

	if ((reason = check_pkcs12(der, phrase, &has_mac)) == NULL &&
	    !open_any_pkcs12(der, phrase, &id))
		reason = has_mac ? "it cannot be opened" :
		    "the passphrase does not open it";
	diag_ssl_clear();
	if (reason == NULL)
		*out = MOVE(id);
	return reason;
}

static enum status
from_pkcs12(const struct buf *der, const char *name, key_pass *pass,
    void *arg, struct identity *out)
{
	auto_buf phrase = BUF_SECRET;
	auto_identity id = IDENTITY_INIT;
	const char *reason;
	bool has_mac, is_open = false;
	enum status st;

	/* Some are sealed with the empty phrase; ask only where it fails. */
	reason = check_pkcs12(der, "", &has_mac);
	if (reason == NULL)
		is_open = open_any_pkcs12(der, "", &id);
	if (!is_open && (reason != NULL || !has_mac)) {
		identity_free(&id);
		if ((st = pass(arg, &phrase)) != OK)
			return st;
		reason = check_pkcs12(der, buf_str(&phrase), &has_mac);
		is_open = reason == NULL &&
		    open_any_pkcs12(der, buf_str(&phrase), &id);
	}
	if (reason == NULL && !is_open && !has_mac)
		reason = "the passphrase does not open it";
	if (reason != NULL)
		return fail(FAULT, "%s: %s", name, reason);
	if (!is_open)
		return fail_ssl(FAULT, "%s: cannot open the PKCS #12", name);
	diag_ssl_clear();
	if (id.key == NULL)
		return fail(FAULT, "%s: no private key in the PKCS #12", name);
	*out = MOVE(id);
	return OK;
}

/* ---- all of them ---- */

static enum status
from_der(const struct buf *der, const char *name, key_pass *pass, void *arg,
    struct identity *out)
{
	const char *reason = "not a private key";

	switch (kind_of(der)) {
	case SEALED_KEY:
		return from_encrypted(der, name, pass, arg, &out->key);
	case PKCS12_FILE:
		return from_pkcs12(der, name, pass, arg, out);
	case PKCS8_KEY:
		reason = from_pkcs8(der, &out->key);
		break;
	case OLD_RSA_KEY:
		reason = from_traditional(der, EVP_PKEY_RSA, &out->key);
		break;
	case OLD_EC_KEY:
		reason = from_traditional(der, EVP_PKEY_EC, &out->key);
		break;
	case NO_KEY:
		break;
	}
	return reason == NULL ? OK : fail(FAULT, "%s: %s", name, reason);
}

static int
give_phrase(char *room, int size, int writing, void *arg)
{
	const struct buf *phrase = arg;

	(void)writing;
	if ((size_t)size < phrase->len)
		return -1;
	memcpy(room, buf_str(phrase), phrase->len);
	return (int)phrase->len;
}

/* RFC 1421 headers: OpenSSL's own encryption of the older forms. */
static enum status
from_old_pem(const struct pem_block *b, const char *name, key_pass *pass,
    void *arg, EVP_PKEY **out)
{
	auto_buf phrase = BUF_SECRET;
	auto_BIO *mem = BIO_new_mem_buf(b->whole, (int)b->whole_len);
	enum status st;

	if (mem == NULL)
		mem_exhausted();
	if ((st = pass(arg, &phrase)) != OK)
		return st;
	*out = PEM_read_bio_PrivateKey(mem, NULL, give_phrase, &phrase);
	if (*out == NULL)
		return fail_ssl(FAULT, "%s: the passphrase does not open it",
		    name);
	diag_ssl_clear();
	return OK;
}

static enum status
from_pem(const struct buf *in, const char *name, key_pass *pass, void *arg,
    struct identity *out)
{
	static const char labels[] = "PRIVATE KEY|ENCRYPTED PRIVATE KEY|"
	    "RSA PRIVATE KEY|EC PRIVATE KEY|PKCS12";
	const char *at = buf_str(in), *end = at + in->len, *reason;
	auto_buf der = BUF_SECRET;
	struct pem_block b;
	bool found;

	do {
		if ((reason = pem_next(&at, end, &found, &b)) != NULL)
			return fail(FAULT, "%s: %s", name, reason);
		if (!found)
			return fail(FAULT, "%s: no private key in it", name);
	} while (!pem_is(&b, labels));
	if (b.has_headers)
		return from_old_pem(&b, name, pass, arg, &out->key);
	if ((reason = pem_decode(&b, &der)) != NULL)
		return fail(FAULT, "%s: %s", name, reason);
	return from_der(&der, name, pass, arg, out);
}

enum status
key_parse(const struct buf *in, const char *name, key_pass *pass, void *arg,
    struct identity *out)
{
	auto_buf der = BUF_SECRET;
	const char *reason;

	diag_ssl_clear();
	if (in->len == 0)
		return fail(FAULT, "%s: empty", name);
	if (!ber_looks_like(in) && pem_looks_like(in))
		return from_pem(in, name, pass, arg, out);
	if ((reason = cert_unarmour(in, NULL, &der)) != NULL)
		return fail(FAULT, "%s: %s", name, reason);
	return from_der(&der, name, pass, arg, out);
}
