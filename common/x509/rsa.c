/*
 * Shortcuts for RSA keys.  For the first key that a process reads or writes,
 * OpenSSL 3 searches for a decoder or an encoder, and asks every kind of key
 * and every format that it knows.  Each of these shortcuts saves more than 5 %
 * of the instructions (callgrind, OpenSSL 3.0):
 *
 *   private keys parsed here: mcfg-sign, 33.3 to 29.3 million
 *   public keys written here: scep-ca answer, 66.2 to 59.6 million
 *   public keys read in a separate context: a request to scep-ca as
 *   FastCGI, 19.5 to 17.1 million
 */
#include <string.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/objects.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include "base/ber.h"
#include "x509/local.h"

/* ---- private keys, RFC 8017 A.1.2, given to OpenSSL as numbers ---- */

enum {
	NUMBERS = 8,		/* n e d p q dP dQ qInv, in this order */
	MODULUS_MIN = 64,	/* bytes; smaller keys take the usual way */
};

/*
 * Reads the next INTEGER without leading zeros; false if it is missing or
 * negative.
 */
static bool
next_integer(struct ber *in, struct ber *value)
{
	struct ber_item item;

	if (!ber_want(in, BER_INTEGER, &item) || item.body.len == 0 ||
	    (item.body.p[0] & 0x80) != 0)
		return false;
	*value = item.body;
	for (; value->len > 1 && *value->p == 0; value->len--)
		value->p++;
	return true;
}

/* OpenSSL takes numbers in the machine's byte order. */
static void
to_native(const unsigned char *from, size_t len, unsigned char *to)
{
	const unsigned one = 1;
	bool little = *(const unsigned char *)&one == 1;
	size_t i;

	for (i = 0; i < len; i++)
		to[i] = from[little ? len - 1 - i : i];
}

static bool
make_key(OSSL_PARAM *params, EVP_PKEY **out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	bool ok = ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, out, EVP_PKEY_KEYPAIR, params) == 1;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

bool
key_from_rsa(const unsigned char *der, size_t len, EVP_PKEY **out)
{
	static const char *const names[NUMBERS] = {
		OSSL_PKEY_PARAM_RSA_N, OSSL_PKEY_PARAM_RSA_E,
		OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_RSA_FACTOR1,
		OSSL_PKEY_PARAM_RSA_FACTOR2, OSSL_PKEY_PARAM_RSA_EXPONENT1,
		OSSL_PKEY_PARAM_RSA_EXPONENT2,
		OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
	};
	struct ber in = { der, len }, value;
	OSSL_PARAM params[NUMBERS + 1];
	auto_buf room = BUF_SECRET;
	struct ber_item key;
	unsigned char *to;
	size_t i;

	/* Version 1 is for keys with more than two primes. */
	if (!ber_want(&in, BER_SEQUENCE, &key) || in.len > 0 ||
	    !next_integer(&key.body, &value) || value.len != 1 ||
	    *value.p != 0)
		return false;
	to = buf_reserve(&room, len);
	buf_end(&room, len);
	for (i = 0; i < NUMBERS; i++) {
		if (!next_integer(&key.body, &value) ||
		    (i == 0 && value.len < MODULUS_MIN))
			return false;
		to_native(value.p, value.len, to);
		params[i] = OSSL_PARAM_construct_BN(names[i], to, value.len);
		to += value.len;
	}
	params[NUMBERS] = OSSL_PARAM_construct_end();
	if (key.body.len == 0 && make_key(params, out))
		return true;
	diag_ssl_clear();
	return false;
}

/* ---- public keys ---- */

enum { NUMBER_MAX = 2048 };	/* bytes of a number in a key */

/* Appends a positive INTEGER, with a zero byte before a high bit. */
static bool
add_number(struct buf *out, const EVP_PKEY *key, const char *name)
{
	auto_buf body = BUF_INIT;
	BIGNUM *n = NULL;
	size_t len;

	if (EVP_PKEY_get_bn_param(key, name, &n) != 1 ||
	    (len = (size_t)BN_num_bytes(n)) == 0 || len > NUMBER_MAX) {
		BN_free(n);
		return false;
	}
	if (BN_num_bits(n) % 8 == 0)
		buf_putc(&body, 0);
	BN_bn2bin(n, buf_reserve(&body, len));
	buf_end(&body, len);
	BN_free(n);
	ber_put(out, BER_INTEGER, &body);
	return true;
}

/* RSAPublicKey, RFC 8017 A.1.1. */
static bool
rsa_public_key(const EVP_PKEY *key, struct buf *out)
{
	auto_buf both = BUF_INIT;

	if (!cert_key_is_rsa(key) ||
	    !add_number(&both, key, "n") || !add_number(&both, key, "e"))
		return false;
	ber_put(out, BER_CONSTRUCTED(BER_SEQUENCE), &both);
	return true;
}

void
cert_spki_to_der(const EVP_PKEY *key, struct buf *out)
{
	/* AlgorithmIdentifier: rsaEncryption, NULL. */
	static const unsigned char rsa[] = {
		0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D,
		0x01, 0x01, 0x01, 0x05, 0x00
	};
	auto_buf public = BUF_INIT, bits = BUF_INIT, body = BUF_INIT;

	if (!rsa_public_key(key, &public)) {
		diag_ssl_clear();
		CERT_PUT_DER(i2d_PUBKEY, key, out);
		return;
	}
	buf_putc(&bits, 0);		/* no unused bits */
	buf_add_buf(&bits, &public);
	buf_add(&body, rsa, sizeof rsa);
	ber_put(&body, BER_BIT_STRING, &bits);
	ber_put(out, BER_CONSTRUCTED(BER_SEQUENCE), &body);
}

bool
cert_put_key(X509 *cert, EVP_PKEY *key)
{
	auto_buf public = BUF_INIT;
	unsigned char *bits;

	if (!rsa_public_key(key, &public))
		return X509_set_pubkey(cert, key) == 1;
	if ((bits = OPENSSL_memdup(public.data, public.len)) == NULL)
		return false;
	/* OpenSSL 4 returns it as const, but a new certificate may change. */
	if (X509_PUBKEY_set0_param((X509_PUBKEY *)X509_get_X509_PUBKEY(cert),
	    OBJ_nid2obj(NID_rsaEncryption), V_ASN1_NULL, NULL, bits,
	    (int)public.len) != 1) {
		OPENSSL_free(bits);
		return false;
	}
	return true;
}

/* ---- reading in a server ---- */

/*
 * OpenSSL 3.0 searches for a decoder for each public key that it reads; a
 * server pays for that with each certificate and each request.  Therefore it
 * reads in a library context whose only provider is the default one, reduced
 * to RSA keys and the one decoder for them.  Everything else is done by the
 * default provider itself.
 */
static OSSL_PROVIDER *whole;	/* the default provider */
static OSSL_LIB_CTX *reading;	/* or NULL */

static bool
is_rsa(const OSSL_ALGORITHM *a)
{
	return strcspn(a->algorithm_names, ":") == 3 &&
	    memcmp(a->algorithm_names, "RSA", 3) == 0;
}

/*
 * The entry for RSA with the property, followed by an entry without a name,
 * which ends a list.
 */
static const OSSL_ALGORITHM *
only(const OSSL_ALGORITHM *all, const char *property, OSSL_ALGORITHM kept[2])
{
	for (; all->algorithm_names != NULL; all++)
		if (is_rsa(all) &&
		    strstr(all->property_definition, property) != NULL)
			break;
	kept[0] = *all;
	kept[1] = (OSSL_ALGORITHM){ NULL, NULL, NULL, NULL };
	return kept;
}

static const OSSL_ALGORITHM *
query(void *ctx, int operation, int *no_cache)
{
	static OSSL_ALGORITHM decoders[2], keys[2];
	const OSSL_ALGORITHM *all;

	(void)ctx;
	all = OSSL_PROVIDER_query_operation(whole, operation, no_cache);
	if (all == NULL)
		return NULL;
	if (operation == OSSL_OP_DECODER)
		return only(all, "input=der,structure=SubjectPublicKeyInfo",
		    decoders);
	if (operation == OSSL_OP_KEYMGMT)
		return only(all, "", keys);
	return all;
}

static int
begin(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
    const OSSL_DISPATCH **out, void **ctx)
{
	static const OSSL_DISPATCH functions[] = {
		{ OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query },
		{ 0, NULL },
	};

	(void)handle;
	(void)in;
	*out = functions;
	*ctx = OSSL_PROVIDER_get0_provider_ctx(whole);
	return 1;
}

/*
 * If a configuration replaces the default provider, there is nothing to
 * reduce.
 */
void
cert_reading_begin(void)
{
	OSSL_LIB_CTX *made;

	if (reading != NULL ||
	    OSSL_PROVIDER_available(NULL, "default") != 1 ||
	    (whole = OSSL_PROVIDER_load(NULL, "default")) == NULL ||
	    (made = OSSL_LIB_CTX_new()) == NULL)
		return;
	if (OSSL_PROVIDER_add_builtin(made, "reading", begin) == 1 &&
	    OSSL_PROVIDER_load(made, "reading") != NULL)
		reading = made;
	else
		OSSL_LIB_CTX_free(made);
	diag_ssl_clear();
}

OSSL_LIB_CTX *
cert_reading_context(void)
{
	return reading;
}
