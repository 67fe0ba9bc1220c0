/*
 * scep-response: reads a SCEP reply (CertRep) and writes the issued
 * certificate.
 */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "cli/opts.h"
#include "issued.h"
#include "plist/node.h"
#include "scep/scep.h"
#include "scep/cacert.h"
#include "sys/io.h"
#include "x509/cert.h"

struct args {
	struct io_input in;
	struct io_output out;
	const char *state;
	struct identity_source key;
	struct scep_cacert_source trust;
	bool require_names;
	bool allow_des;
};

static struct args args;

static const struct opt options[] = {
	{ 0, "state", "FILE", "state file of scep-request",
	    .value = &args.state },
	{ 0, "key", "KEY", "the key that signed the request",
	    .value = &args.key.key },
	OPT_KEY_ACCESS(args.key),
	OPT_SCEP_CACERT(args.trust),
	{ 0, "require-names", NULL, "refuse a certificate with other names "
	    "than requested", .flag = &args.require_names },
	{ 0, "allow-des", NULL, "accept a reply that is encrypted with single "
	    "DES",
	    .flag = &args.allow_des },
	OPT_OUTPUT(args.out),
	OPT_LENGTH(args.in),
	OPT_AT,
	{ 0 },
};

static const struct tool tool = {
	.name = "scep-response",
	.summary = "Read a SCEP reply and write the issued certificate in PEM.",
	.operands = "[REPLY]",
	.example = "scep-response --state state --key key.pem --ca ca.pem "
	    "< reply > cert.pem",
	.options = options,
	.args = &args,
	.input = &args.in,
};

/* What scep-request wrote down. */
struct state {
	char *transaction;
	struct buf nonce;
	struct issued_request request;
};

static void
state_free(struct state *s)
{
	free(s->transaction);
	buf_free(&s->nonce);
	issued_request_free(&s->request);
}

/* Reads a member of type data from the state; false if it is missing. */
static bool
get_data(const struct tree *t, const char *key, struct buf *out)
{
	const struct tree *node = tree_get_kind(t, key, TREE_DATA);
	const unsigned char *p;
	size_t len;

	if (node == NULL)
		return false;
	p = tree_data_of(node, &len);
	buf_add(out, p, len);
	return true;
}

static const char *
read_state(const struct tree *t, struct state *s)
{
	struct issued_request *r = &s->request;
	auto_buf cert = BUF_INIT, subject = BUF_INIT, names = BUF_INIT;
	const char *reason;

	if (!get_data(t, "nonce", &s->nonce) ||
	    !get_data(t, "signer", &cert) ||
	    !get_data(t, "subject", &subject) ||
	    tree_get_string(t, "transaction") == NULL ||
	    tree_get_string(t, "key_sha256") == NULL)
		return "not a state file of scep-request";
	s->transaction = xstrdup(tree_get_string(t, "transaction"));
	r->key_sha256 = xstrdup(tree_get_string(t, "key_sha256"));
	if ((reason = cert_from_der(cert.data, cert.len, &r->signer)) != NULL ||
	    (reason = cert_name_from_der(subject.data, subject.len,
	    &r->subject)) != NULL)
		return reason;
	/* 0.1 did not write it down */
	r->has_names = get_data(t, "names", &names);
	return issued_read_names(&names, &r->names);
}

static enum status
load_state(const char *path, struct state *s)
{
	auto_buf in = BUF_INIT;
	auto_tree *t = NULL;
	const char *reason;
	enum status st;

	if ((st = io_slurp_file(path, IO_MESSAGE_MAX, &in)) != OK ||
	    (st = tree_parse(&in, path, NULL, &t)) != OK)
		return st;
	if ((reason = read_state(t, s)) != NULL)
		return fail(MALFORMED, "%s: %s", path, reason);
	return OK;
}

/*
 * The reason that the server gave for its refusal, after a colon; "" if none.
 */
static char *
why_refused(const struct scep_message *m)
{
	auto_buf text = BUF_INIT;
	const char *means;

	if (m->fail_text != NULL)
		buf_printf(&text, ": %s", m->fail_text);
	if (m->has_hresult) {
		means = scep_hresult_text(m->hresult);
		buf_printf(&text, " (0x%08" PRIx32 "%s%s)", m->hresult,
		    means != NULL ? ", " : "", means != NULL ? means : "");
	}
	if (m->recipient_nonce.len == 0)
		buf_puts(&text, "; without recipientNonce, so it can be the "
		    "reply to another message");
	return xstrdup(buf_str(&text));
}

static enum status
check_reply(const char *name, const struct scep_message *m,
    const struct state *s)
{
	auto_char *why = NULL;

	if (m->type != SCEP_CERTREP)
		return fail(MALFORMED, "%s: messageType %s is not CertRep",
		    name, m->type_text);
	if (strcmp(m->transaction, s->transaction) != 0)
		return fail(REFUSED, "%s: the reply to another transaction",
		    name);
	if (m->recipient_nonce.len == 0 && m->outcome != SCEP_FAILURE)
		return fail(REFUSED, "%s: no recipientNonce: it can be the "
		    "reply to another message", name);
	if (m->recipient_nonce.len > 0 &&
	    !buf_equal(&m->recipient_nonce, &s->nonce))
		return fail(REFUSED, "%s: recipientNonce is not the nonce that "
		    "was sent", name);
	switch (m->outcome) {
	case SCEP_SUCCESS:
		return OK;
	case SCEP_PENDING:
		return fail(LATER, "%s: pending: ask again (scep-request "
		    "--poll)", name);
	case SCEP_FAILURE:
		why = why_refused(m);
		return fail(REFUSED, "%s: refused: %s%s", name,
		    scep_fail_name(m->fail), why);
	default:
		return fail(MALFORMED, "%s: no known pkiStatus", name);
	}
}

static enum status
check_args(const struct args *a)
{
	if (a->state == NULL)
		return opts_missing("--state", "what scep-request kept");
	if (a->key.key == NULL)
		return opts_missing("--key", "the key that signed the request");
	return scep_cacert_check(&a->trust);
}

static enum status
read_reply(const struct args *a, const struct buf *in, struct buf *pem)
{
	AUTO(state_free) struct state s = { NULL, BUF_INIT,
	    ISSUED_REQUEST_INIT };
	auto_scep_message m = SCEP_MESSAGE_INIT;
	struct scep_refusal no = SCEP_REFUSAL_INIT;
	auto_scep_cacert trust = SCEP_CACERT_INIT;
	auto_certs *certs = NULL;
	auto_EVP_PKEY *key = NULL;
	const char *name = io_name(a->in.path);
	struct scep_recipient to;
	int64_t now = clock_now();
	X509 *issued = NULL;
	enum status st;

	if ((st = scep_cacert_load(&a->trust, now, false, &trust)) != OK ||
	    (st = load_state(a->state, &s)) != OK ||
	    (st = cert_load_key(&a->key, "--key", &key)) != OK)
		return st;
	if ((st = scep_parse(in, name, trust.known, &m, &no)) == REFUSED)
		return fail(REFUSED, "%s: %s", name, no.text);
	if (st != OK)
		return st;
	if (!scep_cacert_signs(&trust, m.signer))
		return fail(REFUSED, "%s: signer is not of %s: it is neither "
		    "the CA nor its RA", name, io_name(a->trust.ca));
	to = (struct scep_recipient){ s.request.signer, key };
	if ((st = check_reply(name, &m, &s)) != OK ||
	    (st = scep_open_reply(&m, name, &to, a->allow_des, &certs,
	    NULL)) != OK ||
	    (st = issued_choose(&s.request, name, certs, &trust, now,
	    &issued)) != OK ||
	    (st = issued_check_names(&s.request, name, issued,
	    a->require_names)) != OK)
		return st;
	cert_to_pem(issued, pem);
	return OK;
}

static enum status
run(const struct args *a)
{
	auto_buf in = BUF_INIT, pem = BUF_INIT;
	enum status st;

	if ((st = check_args(a)) != OK ||
	    (st = io_slurp(&a->in, IO_MESSAGE_MAX, &in)) != OK ||
	    (st = read_reply(a, &in, &pem)) != OK)
		return st;
	return io_spill(&a->out, &pem);
}

int
main(int argc, char **argv)
{
	return (int)opts_main(&tool, argc, argv, run);
}
