#include "base/encoding.h"
#include "request.h"

#include <stdio.h>
#include <string.h>

static const char type_caps[] = "text/plain";
static const char type_cert[] = "application/x-x509-ca-cert";
static const char type_certs[] = "application/x-x509-ca-ra-cert";
static const char type_next[] = "application/x-x509-next-ca-cert";
static const char type_message[] = "application/x-pki-message";

void
reply_free(struct reply *r)
{
	buf_free(&r->body);
	free(r->outcome.transaction);
	free(r->outcome.serial);
	*r = (struct reply)REPLY_INIT;
}

/*
 * Lines end in LF: Apple's client does not recognise lines that end in CRLF.
 * SHA-384 is listed for clients that otherwise ignore AES.
 */
static enum status
get_caps(struct authority *a, struct reply *out)
{
	enum status st;

	if ((st = authority_need(a, NEED_CERTS)) != OK)
		return st;
	out->content_type = type_caps;
	buf_puts(&out->body, "AES\nDES3\nSHA-1\nSHA-256\nSHA-384\nSHA-512\n"
	    "POSTPKIOperation\nRenewal\nSCEPStandard\n");
	if (a->next != NULL)
		buf_puts(&out->body, "GetNextCACert\n");
	return OK;
}

/*
 * Without an RA, the certificate itself; otherwise a list with the RA first,
 * as clients take the first that fits.
 */
static enum status
get_cert(struct authority *a, struct reply *out)
{
	STACK_OF(X509) *both;
	enum status st;

	if ((st = authority_need(a, NEED_CERTS)) != OK)
		return st;
	if (!a->now.has_ra) {
		out->content_type = type_cert;
		cert_to_der(a->now.ca.cert, &out->body);
		return OK;
	}
	both = sk_X509_new_null();
	out->content_type = type_certs;
	if (sk_X509_push(both, a->now.ra.cert) <= 0 ||
	    sk_X509_push(both, a->now.ca.cert) <= 0)
		st = fail_ssl(FAULT, "%s: cannot list its certificates",
		    a->dir);
	else
		st = scep_certs(both, NULL, &out->body);
	sk_X509_free(both);
	return st;
}

/* The CA that a rollover has prepared, signed by the present one. */
static enum status
get_next(struct authority *a, const struct request *q, struct reply *out)
{
	STACK_OF(X509) *list;
	enum status st;

	if ((st = authority_need(a, NEED_KEYS)) != OK)
		return st;
	if (a->next == NULL)
		return fail(MALFORMED, "%s: no next CA is prepared", q->name);
	list = sk_X509_new_null();
	out->content_type = type_next;
	if (sk_X509_push(list, a->next) <= 0)
		st = fail_ssl(FAULT, "%s: cannot list the next CA", a->dir);
	else
		st = scep_signed_certs(list, &a->now.ra, q->now, &out->body);
	sk_X509_free(list);
	return st;
}

/* ---- PKIOperation ---- */

static void
describe(const struct scep_message *m, struct outcome *o)
{
	const char *name = scep_type_name(m->type);

	o->transaction = xstrdup(m->transaction);
	if (strcmp(name, "unknown") == 0 && m->type_text != NULL)
		name = m->type_text;
	snprintf(o->type, sizeof o->type, "%s", name);
}

/*
 * A client that encrypts to the CA before a rollover trusts that CA's answer.
 */
static const struct identity *
who_answers(const struct authority *a, const struct scep_message *m)
{
	if (a->to_count == 2 && scep_sealed_for(m, a->to[1].cert))
		return &a->old.ra;
	return &a->now.ra;
}

static enum status
operate(struct authority *a, const struct request *q, const struct buf *in,
    struct reply *out)
{
	auto_scep_message m = SCEP_MESSAGE_INIT;
	struct scep_answer answer = { .outcome = SCEP_FAILURE };
	struct outcome *o = &out->outcome;
	enum status st;

	st = scep_parse(in, q->name, NULL, &m, &answer.refusal);
	if (st != OK && st != REFUSED)
		return st;
	describe(&m, o);
	if (st == OK)
		st = enroll(a, q, &m, &answer, o);
	if (st == REFUSED) {
		answer.outcome = SCEP_FAILURE;
		o->what = "refused";
		o->refusal = answer.refusal;
	} else if (st != OK) {
		return st;
	}
	out->content_type = type_message;
	if ((st = authority_need(a, NEED_KEYS)) == OK)
		st = scep_reply(&m, &answer, who_answers(a, &m), q->now,
		    &out->body);
	X509_free(answer.cert);
	X509_CRL_free(answer.crl);
	return st;
}

/*
 * Decodes the message of a GET: base64, which some clients send with line
 * ends, without padding, or in the URL-safe alphabet.
 */
static enum status
from_query(const struct request *q, struct buf *in)
{
	const char *reason;

	if ((reason = decode_loose_base64(q->message, strlen(q->message),
	    in)) != NULL)
		return fail(MALFORMED, "%s: message is not base64: %s", q->name,
		    reason);
	return OK;
}

static enum status
pki_operation(struct authority *a, const struct request *q,
    struct reply *out)
{
	auto_buf in = BUF_INIT;
	enum status st;

	if (q->body != NULL)
		return operate(a, q, q->body, out);
	if (q->message == NULL)
		return fail(MALFORMED, "%s: PKIOperation without a message",
		    q->name);
	if ((st = from_query(q, &in)) != OK)
		return st;
	return operate(a, q, &in, out);
}

enum status
request_answer(struct authority *a, const struct request *q,
    struct reply *out)
{
	const char *op = q->operation;

	if (op == NULL)
		return fail(MALFORMED, "%s: no operation", q->name);
	if (strcmp(op, "GetCACaps") == 0)
		return get_caps(a, out);
	if (strcmp(op, "GetCACert") == 0)
		return get_cert(a, out);
	if (strcmp(op, "GetNextCACert") == 0)
		return get_next(a, q, out);
	if (strcmp(op, "PKIOperation") == 0)
		return pki_operation(a, q, out);
	return fail(MALFORMED, "%s: operation '%s' is not known", q->name, op);
}
