/*
 * scep_load CA.pem KEY PREFIX < challenges: quickly writes a PKCSReq for each
 * challenge to PREFIX0.msg, PREFIX1.msg, ...  All have the same key, but each
 * has its own transaction and subject.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "scep/scep.h"
#include "sys/io.h"
#include "x509/cert.h"

static struct identity client;
static X509 *ca;

static enum status
make(const char *prefix, const char *challenge, int n)
{
	auto_char *path = xasprintf("%s%d.msg", prefix, n);
	auto_char *subject = xasprintf("/O=Load/CN=device %s %d", prefix, n);
	auto_char *transaction = xasprintf("%s-%d", challenge, n);
	const struct io_output out = { path, NULL, false };
	auto_X509_NAME *name = NULL;
	auto_X509_REQ *req = NULL;
	auto_buf password = BUF_INIT, content = BUF_INIT, der = BUF_INIT;
	struct scep_request r = { .type = SCEP_PKCSREQ,
	    .transaction = transaction, .content = &content,
	    .signer = &client, .to = ca, .digest = "sha256",
	    .cipher = "aes-128-cbc", .now = clock_now() };
	enum status st;

	buf_puts(&password, challenge);
	if (cert_parse_name(subject, &name) != NULL)
		return FAULT;
	if ((st = scep_make_csr(name, NULL, &password, client.key, "sha256",
	    &req)) != OK)
		return st;
	cert_request_to_der(req, &content);
	if ((st = secret_random(r.nonce, sizeof r.nonce)) != OK ||
	    (st = scep_request(&r, &der)) != OK)
		return st;
	return io_spill(&out, &der);
}

int
main(int argc, char **argv)
{
	struct identity_source src = { .key = argc == 4 ? argv[2] : NULL };
	auto_X509_NAME *name = NULL;
	char line[200];
	int n = 0;

	if (argc != 4 || cert_load(argv[1], &ca) != OK ||
	    cert_load_key(&src, "KEY", &client.key) != OK ||
	    cert_parse_name("/CN=load", &name) != NULL ||
	    scep_make_signer(name, client.key, clock_now(),
	    &client.cert) != OK)
		return FAULT;
	while (fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (make(argv[3], line, n++) != OK)
			return FAULT;
	}
	identity_free(&client);
	X509_free(ca);
	return OK;
}
