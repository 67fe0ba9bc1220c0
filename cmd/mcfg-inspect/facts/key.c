/* Facts about a key, and about its encryption with a password. */
#include <string.h>

#include "facts/local.h"

enum {
	KEY_MAX = 64 << 10,	/* bytes of a key */
	RSA_LEAST = 2048,	/* bits */
};

/* ---- password-based encryption ---- */

/* PBKDF2-params, RFC 8018 A.2: salt, iterations, [length], [prf]. */
static void
add_pbkdf2(struct ber in, struct report *r)
{
	struct ber_item salt, item, params;
	long n;

	if (ber_next(&in, &salt) != NULL)
		return;
	report_int(r, "salt_bytes", (int64_t)salt.body.len);
	if (ber_next(&in, &item) != NULL)
		return;
	if (ber_number(&item, &n))
		report_int(r, "iterations", n);
	if (ber_want(&in, BER_INTEGER, &item) && ber_number(&item, &n))
		report_int(r, "key_bytes", n);
	if (ber_want(&in, BER_SEQUENCE, &params)) {
		auto_char *prf = facts_algorithm(&params);

		report_str(r, "prf", prf);
	} else
		report_str(r, "prf", "hmacWithSHA1");
}

/*
 * An AlgorithmIdentifier of password-based encryption: PBES2 names its parts,
 * older schemes have salt and iterations.
 */
struct report *
facts_encryption(const struct facts *f, const char *where,
    const struct ber_item *alg)
{
	struct report *r = report_object();
	auto_char *name = facts_algorithm(alg);
	struct ber in = alg->body;
	struct ber_item item, iterations, kdf, scheme;
	long n;

	report_str(r, "algorithm", name);
	if (ber_next(&in, &item) != NULL ||
	    !ber_want(&in, BER_SEQUENCE, &item))
		return r;
	in = item.body;
	if (strcmp(name, "PBES2") == 0) {
		if (ber_want(&in, BER_SEQUENCE, &kdf) &&
		    ber_want(&in, BER_SEQUENCE, &scheme)) {
			auto_char *kdf_name = facts_algorithm(&kdf);
			auto_char *cipher = facts_algorithm(&scheme);
			struct ber inner = kdf.body;

			report_str(r, "cipher", cipher);
			report_str(r, "kdf", kdf_name);
			if (strcmp(kdf_name, "PBKDF2") == 0 &&
			    ber_next(&inner, &item) == NULL &&
			    ber_want(&inner, BER_SEQUENCE, &item))
				add_pbkdf2(item.body, r);
		}
		return r;
	}
	facts_note(f, "legacy_encryption", where, "%s is an old algorithm, "
	    "which OpenSSL 3 decrypts only with its legacy provider", name);
	if (ber_next(&in, &item) == NULL &&
	    ber_next(&in, &iterations) == NULL && ber_number(&iterations, &n))
		report_int(r, "iterations", n);
	return r;
}

/* ---- keys ---- */

void
facts_key(const struct facts *f, const char *where, const EVP_PKEY *key,
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

static const char *
add_plain_key(const struct facts *f, const void *p, size_t len,
    struct report *r)
{
	const unsigned char *at = p;
	auto_EVP_PKEY *key = NULL;

	key = d2i_AutoPrivateKey(NULL, &at, (long)len);
	diag_ssl_clear();
	if (key == NULL)
		return "not a private key";
	report_bool(r, "encrypted", false);
	facts_key(f, NULL, key, r);
	facts_note(f, "plain_key", NULL, "the key is not encrypted: anyone "
	    "who can read this file can use it");
	return NULL;
}

const char *
facts_private_key(const struct facts *f, const void *p, size_t len,
    struct report *r)
{
	struct ber in = { p, len };
	struct ber_item seq, alg, data;

	if (len > KEY_MAX || !ber_want(&in, BER_SEQUENCE, &seq))
		return "not a private key";
	in = seq.body;
	if (ber_want(&in, BER_SEQUENCE, &alg) &&
	    ber_want(&in, BER_OCTET_STRING, &data) && in.len == 0) {
		report_bool(r, "encrypted", true);
		report_add(r, "encryption", facts_encryption(f, NULL, &alg));
		return NULL;
	}
	return add_plain_key(f, p, len, r);
}

const char *
facts_public_key(const struct facts *f, const void *p, size_t len,
    struct report *r)
{
	const unsigned char *at = p;
	auto_EVP_PKEY *key = NULL;

	if (len <= KEY_MAX)
		key = d2i_PUBKEY(NULL, &at, (long)len);
	diag_ssl_clear();
	if (key == NULL)
		return "not a public key";
	facts_key(f, NULL, key, r);
	return NULL;
}
