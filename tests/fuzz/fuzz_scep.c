/*
 * SCEP messages.  The first byte chooses the layer to fuzz.  The layers around
 * it are encrypted and signed here, or nothing would pass the signature.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "issue/issue.h"
#include "fixed.h"
#include "scep/scep.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int64_t now = 1767225600;	/* 2026-01-01 */

/* Made once: a CA, a client, and the client's certificate. */
static struct identity ca, client;
static struct issue_policy policy;

static void
set_up(void)
{
	auto_X509_NAME *name = NULL;

	if (cert_parse_name("/O=Example/CN=CA", &name) != NULL ||
	    cert_make_key("rsa:2048", &ca.key) != OK ||
	    cert_make_key("rsa:2048", &client.key) != OK ||
	    issue_root(name, ca.key, true, now, 86400, &ca.cert) != OK ||
	    scep_make_signer(name, client.key, now, &client.cert) != OK)
		abort();
	issue_policy_default(&policy);
}

/* What the server does with a message, without the ledger. */
static void
serve(const struct buf *in)
{
	const struct scep_recipient to = { ca.cert, ca.key };
	auto_scep_message m = SCEP_MESSAGE_INIT;
	struct scep_answer answer = { .outcome = SCEP_FAILURE };
	auto_issue_wish wish = ISSUE_WISH_INIT;
	auto_scep_query q = SCEP_QUERY_INIT;
	auto_scep_csr csr = SCEP_CSR_INIT;
	auto_buf kept = BUF_INIT, reply = BUF_INIT;
	struct issue_refusal why;
	enum status st;

	st = scep_parse(in, "fuzz", NULL, &m, &answer.refusal);
	if (st != OK && st != REFUSED)
		return;
	if (st == OK && scep_check_cipher(&m, false, &answer.refusal) == OK) {
		if (m.type == SCEP_PKCSREQ) {
			st = scep_open_request(&m, &to, 1, true, &csr,
			    &answer.refusal);
			if (st == OK) {
				(void)!scep_check_csr(&csr, true,
				    &answer.refusal);
				(void)!issue_judge(&policy, csr.req, ca.cert,
				    &wish, &why);
				scep_csr_to_der(&csr, &kept);
				if (csr.challenge.len > 0 &&
				    csr.challenge.len > SCEP_CHALLENGE_MAX)
					abort();
			}
		} else {
			(void)!scep_open_query(&m, &to, 1, &q,
			    &answer.refusal);
		}
	}
	if (scep_reply(&m, &answer, &ca, now, &reply) != OK)
		abort();
}

static void
send(enum scep_type type, const struct buf *content, const char *transaction)
{
	const struct scep_request r = { .type = type,
	    .transaction = transaction, .content = content,
	    .signer = &client, .to = ca.cert, .digest = "sha256",
	    .cipher = "aes-128-cbc", .now = now };
	auto_buf der = BUF_INIT;

	if (scep_request(&r, &der) == OK)
		serve(&der);
}

/* The client's half: a reply whose content is data. */
static void
receive(const struct buf *content)
{
	const struct scep_recipient to = { client.cert, client.key };
	const struct scep_request r = { .type = SCEP_CERTREP,
	    .transaction = "T", .content = content, .signer = &ca,
	    .to = client.cert, .digest = "sha256", .cipher = "aes-128-cbc",
	    .now = now };
	auto_scep_message m = SCEP_MESSAGE_INIT;
	struct scep_refusal no = SCEP_REFUSAL_INIT;
	auto_buf der = BUF_INIT;
	auto_certs *certs = NULL;

	if (scep_request(&r, &der) == OK &&
	    scep_parse(&der, "fuzz", NULL, &m, &no) == OK)
		(void)!scep_open_reply(&m, "fuzz", &to, true, &certs, NULL);
}

static void
read_policy(const struct buf *in)
{
	auto_issue_policy p = ISSUE_POLICY_INIT;

	(void)!issue_policy_read(in, "fuzz", &p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_buf in = BUF_INIT;
	auto_char *text = NULL;
	struct problem unsaid = { .name = NULL };

	if (size < 2)
		return 0;
	problem_keep(&unsaid);
	fixed_random();
	if (ca.cert == NULL)
		set_up();
	fixed_random();
	buf_add(&in, data + 1, size - 1);
	text = xstrndup((const char *)data + 1, size - 1);
	switch (data[0]) {
	case 'm':
		serve(&in);
		break;
	case 'c':
		send(SCEP_PKCSREQ, &in, "T");
		break;
	case 'p':
		send(SCEP_CERTPOLL, &in, "T");
		break;
	case 'q':
		send(SCEP_GETCERT, &in, "T");
		break;
	case 't':
		send(SCEP_PKCSREQ, &in, text);
		break;
	case 'r':
		receive(&in);
		break;
	default:
		read_policy(&in);
	}
	problem_release(&unsaid);
	return 0;
}
