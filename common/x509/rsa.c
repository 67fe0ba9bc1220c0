/*
 * RSA private keys (RFC 8017 A.1.2) read by hand and given to OpenSSL as
 * numbers: its decoders cost more than a signature, 4 million instructions
 * for the first key of a process.
 */
#include <openssl/core_names.h>
#include <openssl/params.h>

#include "base/ber.h"
#include "x509/local.h"

enum {
	NUMBERS = 8,		/* n e d p q dP dQ qInv, in this order */
	MODULUS_MIN = 64,	/* bytes; what is smaller goes the long way */
};

/* The next INTEGER without leading zeros; false if it is missing, or below 0. */
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

/* OpenSSL takes numbers in the byte order of the machine. */
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

	/* Version 1 is that of keys with more than two primes. */
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
