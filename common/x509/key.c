/* Reads private keys in PKCS #8 and older formats. */
#include <string.h>

#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "base/ber.h"
#include "x509/local.h"

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

/* Distinguishes the forms by their version and what follows it. */
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

const char *
key_from_pkcs8(const struct buf *der, EVP_PKEY **out)
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
			st = fail_ssl(FAULT, "%s: wrong passphrase", name);
		else if ((*out = EVP_PKCS82PKEY(p8)) == NULL)
			st = fail_ssl(FAULT, "%s: a private key that OpenSSL "
			    "cannot read", name);
	}
	PKCS8_PRIV_KEY_INFO_free(p8);
	X509_SIG_free(sealed);
	return st;
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
		return key_from_pkcs12(der, name, pass, arg, out);
	case PKCS8_KEY:
		reason = key_from_pkcs8(der, &out->key);
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
		return fail_ssl(FAULT, "%s: wrong passphrase", name);
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
