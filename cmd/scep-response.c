/* A SCEP reply (CertRep) in, the issued certificate out. */
#include <string.h>

#include "cert.h"
#include "io.h"
#include "opts.h"
#include "scep.h"
#include "tree.h"

struct args {
	struct io_input in;
	struct io_output out;
	const char *state;
	struct identity_source key;
	const char *ca;
	bool allow_des;
};

static struct args args;

static const struct opt options[] = {
	{ 0, "state", "FILE", "what scep-request kept", .value = &args.state },
	{ 0, "key", "KEY", "the key that signed the request",
	    .value = &args.key.key },
	OPT_KEY_ACCESS(args.key),
	{ 0, "ca", "FILE", "what GetCACert answered: the CA, or RA and CA",
	    .value = &args.ca },
	{ 0, "allow-des", NULL, "take a reply that is encrypted with DES",
	    .flag = &args.allow_des },
	OPT_OUTPUT(args.out),
	OPT_LENGTH(args.in),
	{ 0 },
};

static const struct tool tool = {
	.name = "scep-response",
	.summary = "Reads a SCEP reply, writes the issued certificate in PEM.",
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
	char *key_hash;
	X509 *signer;
};

static void
state_free(struct state *s)
{
	free(s->transaction);
	free(s->key_hash);
	buf_free(&s->nonce);
	X509_free(s->signer);
}

static enum status
load_state(const char *path, struct state *s)
{
	auto_buf in = BUF_INIT;
	auto_tree *t = NULL;
	const struct tree *nonce, *cert;
	const unsigned char *p;
	const char *reason;
	enum status st;
	size_t len;

	if ((st = io_slurp_file(path, IO_MESSAGE_MAX, &in)) != OK ||
	    (st = tree_parse(&in, path, NULL, &t)) != OK)
		return st;
	nonce = tree_get_kind(t, "nonce", TREE_DATA);
	cert = tree_get_kind(t, "signer", TREE_DATA);
	if (nonce == NULL || cert == NULL ||
	    tree_get_string(t, "transaction") == NULL ||
	    tree_get_string(t, "key_sha256") == NULL)
		return fail(MALFORMED, "%s: not a state of scep-request",
		    path);
	s->transaction = xstrdup(tree_get_string(t, "transaction"));
	s->key_hash = xstrdup(tree_get_string(t, "key_sha256"));
	p = tree_data_of(nonce, &len);
	buf_add(&s->nonce, p, len);
	p = tree_data_of(cert, &len);
	if ((reason = cert_from_der(p, len, &s->signer)) != NULL)
		return fail(MALFORMED, "%s: the signer in it: %s", path,
		    reason);
	return OK;
}

/* The reply is signed by one of --ca, or by who was certified by one. */
static enum status
check_signer(const char *name, const char *ca, STACK_OF(X509) *cas,
    X509 *signer)
{
	const char *reason = "no CA there";
	int i;

	for (i = 0; i < sk_X509_num(cas); i++) {
		X509 *one = sk_X509_value(cas, i);

		if (X509_cmp(one, signer) == 0 || (X509_check_ca(one) == 1 &&
		    (reason = cert_issued_by(signer, one)) == NULL))
			return OK;
	}
	return fail(REFUSED, "%s: signer is not of %s: %s", name, ca, reason);
}

static enum status
check_reply(const char *name, const struct scep_message *m,
    const struct state *s)
{
	if (m->type != SCEP_CERTREP)
		return fail(MALFORMED, "%s: messageType %s is not CertRep",
		    name, m->type_text);
	if (strcmp(m->transaction, s->transaction) != 0)
		return fail(REFUSED, "%s: the reply to another transaction",
		    name);
	if (!buf_equal(&m->recipient_nonce, &s->nonce))
		return fail(REFUSED, "%s: recipientNonce is not the nonce that "
		    "was sent", name);
	switch (m->outcome) {
	case SCEP_SUCCESS:
		return OK;
	case SCEP_PENDING:
		return fail(LATER, "%s: pending: ask again (scep-request "
		    "--poll)", name);
	case SCEP_FAILURE:
		return fail(REFUSED, "%s: refused: %s%s%s", name,
		    scep_fail_name(m->fail), m->fail_text != NULL ? ": " : "",
		    m->fail_text != NULL ? m->fail_text : "");
	default:
		return fail(MALFORMED, "%s: no known pkiStatus", name);
	}
}

/* The certificate that holds the key of the request. */
static enum status
find_cert(const char *name, STACK_OF(X509) *certs, const char *key_hash,
    struct buf *pem)
{
	int i;

	for (i = 0; i < sk_X509_num(certs); i++) {
		X509 *one = sk_X509_value(certs, i);
		char hash[SECRET_HASH_TEXT];
		auto_buf spki = BUF_INIT;

		cert_spki_to_der(X509_get0_pubkey(one), &spki);
		secret_sha256(spki.data, spki.len, hash);
		if (strcmp(hash, key_hash) == 0) {
			cert_to_pem(one, pem);
			return OK;
		}
	}
	return fail(REFUSED, "%s: no certificate in it holds the key of the "
	    "request", name);
}

static enum status
check_args(const struct args *a)
{
	if (a->state == NULL)
		return opts_missing("--state", "what scep-request kept");
	if (a->key.key == NULL)
		return opts_missing("--key", "the key that signed the request");
	if (a->ca == NULL)
		return opts_missing("--ca", "what GetCACert answered");
	return OK;
}

static enum status
read_reply(const struct args *a, const struct buf *in, struct buf *pem)
{
	AUTO(state_free) struct state s = { NULL, BUF_INIT, NULL, NULL };
	auto_scep_message m = SCEP_MESSAGE_INIT;
	struct scep_refusal no = SCEP_REFUSAL_INIT;
	auto_certs *cas = NULL, *certs = NULL;
	auto_EVP_PKEY *key = NULL;
	const char *name = io_name(a->in.path);
	struct scep_recipient to;
	enum status st;

	if ((st = cert_load_list(a->ca, &cas)) != OK ||
	    (st = load_state(a->state, &s)) != OK ||
	    (st = cert_load_key(&a->key, "--key", &key)) != OK)
		return st;
	if ((st = scep_parse(in, name, cas, &m, &no)) == REFUSED)
		return fail(REFUSED, "%s: %s", name, no.text);
	to = (struct scep_recipient){ s.signer, key };
	if (st != OK ||
	    (st = check_signer(name, a->ca, cas, m.signer)) != OK ||
	    (st = check_reply(name, &m, &s)) != OK ||
	    (st = scep_open_reply(&m, name, &to, a->allow_des, &certs,
	    NULL)) != OK)
		return st;
	return find_cert(name, certs, s.key_hash, pem);
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
