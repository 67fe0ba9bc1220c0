/*
 * RSA private keys (RFC 8017 A.1.2) read by hand and given to OpenSSL as
 * numbers: its decoders cost more than a signature, 4 million instructions
 * for the first key of a process.
 */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/params.h>

#include "x509/local.h"

enum {
	NUMBERS = 8,		/* n e d p q dP dQ qInv, in this order */
	MODULUS_MIN = 64,	/* bytes; what is smaller goes the long way */
};

/* The value of the next INTEGER, without leading zeros; NULL where none is. */
static const unsigned char *
next_integer(const unsigned char **at, const unsigned char *end, size_t *len)
{
	const unsigned char *p = *at;
	size_t n;

	if (end - p < 3 || *p++ != V_ASN1_INTEGER)
		return NULL;
	if ((n = *p++) >= 0x80) {
		size_t k = n & 0x7F;

		if (k == 0 || k > 3 || (size_t)(end - p) < k)
			return NULL;
		for (n = 0; k > 0; k--)
			n = n << 8 | *p++;
	}
	if (n == 0 || n > (size_t)(end - p) || (*p & 0x80) != 0)
		return NULL;
	*at = p + n;
	for (; n > 1 && *p == 0; n--)
		p++;
	*len = n;
	return p;
}

/* The inside of the SEQUENCE that the bytes are, whole; NULL otherwise. */
static const unsigned char *
open_sequence(const unsigned char *der, size_t len)
{
	size_t n, k, head = 2;

	if (len < 4 || der[0] != 0x30 || der[1] == 0x80)
		return NULL;
	n = der[1];
	if (n > 0x80) {
		k = n & 0x7F;
		if (k > 3 || len < head + k)
			return NULL;
		for (n = 0; k > 0; k--)
			n = n << 8 | der[head++];
	}
	return head + n == len ? der + head : NULL;
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
	const unsigned char *p = open_sequence(der, len), *end = der + len;
	const unsigned char *value;
	OSSL_PARAM params[NUMBERS + 1];
	auto_buf room = BUF_SECRET;
	unsigned char *to;
	size_t i, n = 0;

	/* Version 1 is that of keys with more than two primes. */
	if (p == NULL || (value = next_integer(&p, end, &n)) == NULL ||
	    n != 1 || *value != 0)
		return false;
	to = buf_reserve(&room, len);
	buf_end(&room, len);
	for (i = 0; i < NUMBERS; i++) {
		if ((value = next_integer(&p, end, &n)) == NULL ||
		    (i == 0 && n < MODULUS_MIN))
			return false;
		to_native(value, n, to);
		params[i] = OSSL_PARAM_construct_BN(names[i], to, n);
		to += n;
	}
	params[NUMBERS] = OSSL_PARAM_construct_end();
	if (p == end && make_key(params, out))
		return true;
	diag_ssl_clear();
	return false;
}
