/*
 * scep_oracle ROUNDS: decrypts requests with every fault that a client must not
 * distinguish, each ROUNDS times in turn.  Callgrind counts the instructions of
 * each (see tests/bench/scep).  It fails if the results differ.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rsa.h>

#include "issue/issue.h"
#include "base/clock.h"
#include "scep/local.h"
#include "scep/scep.h"
#include "x509/cert.h"

#if defined(__has_include)
#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#endif
#endif
#ifndef CALLGRIND_ZERO_STATS
#define CALLGRIND_ZERO_STATS	(void)0
#define CALLGRIND_DUMP_STATS_AT(s) (void)(s)
#endif

enum { CONTENT = 700, CEK = 16, RSA_BYTES = 256 };

static const char *const ways[] = {
	"garbage", "padding", "length", "blocks", "stranger", "signature",
};

static EVP_PKEY *key, *device_key, *other_key;
static X509 *cert, *device;

/* Returns the encrypted key: the OCTET STRING of 256 bytes. */
static unsigned char *
find_key(struct buf *der)
{
	static const unsigned char head[] = { 0x04, 0x82, 0x01, 0x00 };
	size_t i;

	for (i = 0; i + sizeof head + RSA_BYTES <= der->len; i++)
		if (memcmp(der->data + i, head, sizeof head) == 0)
			return der->data + i + sizeof head;
	abort();
}

/* Puts a correctly encrypted content key that is too short. */
static void
put_short_key(unsigned char *at)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	size_t len = RSA_BYTES;

	if (ctx == NULL || EVP_PKEY_encrypt_init(ctx) != 1 ||
	    EVP_PKEY_encrypt(ctx, at, &len,
	    (const unsigned char *)"12345", 5) != 1)
		abort();
	EVP_PKEY_CTX_free(ctx);
}

/* A request with another's key, or with an invalid signature. */
static void
put_request(size_t w, struct buf *content)
{
	auto_buf challenge = BUF_INIT;
	auto_X509_NAME *name = NULL;
	auto_X509_REQ *req = NULL;

	buf_puts(&challenge, "0123456789abcdef0123456789abcdef");
	if (cert_parse_name("/O=Example/CN=device", &name) != NULL ||
	    scep_make_csr(name, NULL, &challenge, w == 4 ? other_key :
	    device_key, "sha256", &req) != OK)
		abort();
	cert_request_to_der(req, content);
	if (w == 5)
		content->data[content->len - 9] ^= 1;
}

/* Makes an EnvelopedData with the fault ways[w]. */
static void
seal(size_t w, struct buf *der)
{
	unsigned char raw[CONTENT];
	auto_buf content = BUF_INIT;

	if (secret_random(raw, sizeof raw) != OK)
		abort();
	raw[0] = 0xFF;
	if (w >= 4)
		put_request(w, &content);
	else
		buf_add(&content, raw, sizeof raw);
	if (scep_seal(&content, cert, "aes-128-cbc", der) != OK)
		abort();
	if (w == 1)
		find_key(der)[RSA_BYTES - 1] ^= 1;
	else if (w == 2)
		put_short_key(find_key(der));
	else if (w == 3)
		der->data[der->len - CEK - 1] ^= 0x40;
}

static void
try(size_t w)
{
	const struct scep_recipient to = { cert, key };
	auto_scep_message m = SCEP_MESSAGE_INIT;
	struct scep_refusal no = SCEP_REFUSAL_INIT;
	auto_scep_csr csr = SCEP_CSR_INIT;
	const unsigned char *p;
	enum status st;

	seal(w, &m.envelope);
	p = m.envelope.data;
	m.sealed = d2i_CMS_ContentInfo(NULL, &p, (long)m.envelope.len);
	m.type = SCEP_PKCSREQ;
	m.cipher = NID_aes_128_cbc;
	m.sealed_len = (CONTENT / CEK + 1) * CEK;
	if (m.sealed == NULL || X509_up_ref(device) != 1)
		abort();
	m.signer = device;
	CALLGRIND_ZERO_STATS;
	st = scep_open_request(&m, &to, 1, false, &csr, &no);
	CALLGRIND_DUMP_STATS_AT(ways[w]);
	if (st != REFUSED || no.info != SCEP_BADMESSAGECHECK ||
	    strncmp(no.text, "the content cannot be decrypted and read, ",
	    42) != 0) {
		fprintf(stderr, "%s: %d %d %s\n", ways[w], (int)st,
		    (int)no.info, no.text);
		exit(REFUSED);
	}
}

int
main(int argc, char **argv)
{
	auto_X509_NAME *name = NULL;
	long rounds = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
	size_t w;

	if (rounds < 1 || cert_parse_name("/CN=CA", &name) != NULL ||
	    cert_make_key("rsa:2048", &key) != OK ||
	    cert_make_key("rsa:2048", &device_key) != OK ||
	    cert_make_key("rsa:2048", &other_key) != OK ||
	    scep_make_signer(name, device_key, clock_now(), &device) != OK ||
	    issue_root(name, key, true, clock_now(), CLOCK_DAY, &cert) != OK)
		return FAULT;
	for (; rounds > 0; rounds--)
		for (w = 0; w < ARRAY_LEN(ways); w++)
			try(w);
	X509_free(cert);
	X509_free(device);
	EVP_PKEY_free(key);
	EVP_PKEY_free(device_key);
	EVP_PKEY_free(other_key);
	return OK;
}
