/*
 * scep-request: reads a key and a subject, and writes a SCEP PKIOperation
 * message.
 */
#include <string.h>

#include "base/clock.h"
#include "cli/opts.h"
#include "plist/node.h"
#include "scep/scep.h"
#include "scep/cacert.h"
#include "sys/io.h"
#include "x509/cert.h"

struct args {
	struct io_output out;
	struct scep_cacert_source trust;
	struct identity_source key;
	const char *subject;
	struct strings san;
	const char *csr;
	const char *challenge;
	const char *signer, *signer_key;
	const char *type;		/* NULL: 17 for a renewal */
	const char *digest, *cipher;
	bool poll, pem;
	const char *state, *report;
};

static struct args args = {
	.digest = "sha256",
	.cipher = "aes-128-cbc",
};

static const struct opt options[] = {
	OPT_SCEP_CACERT(args.trust),
	{ 0, "key", "KEY", "RSA key for the certificate: a file, env:NAME or "
	    "fd:N",
	    .value = &args.key.key },
	OPT_KEY_ACCESS(args.key),
	{ 0, "subject", "DN", "subject of the certificate (renewal: default as "
	    "before)",
	    .value = &args.subject, .check = cert_check_name },
	{ 0, "san", "TYPE:VALUE", "alternative name: dns, email, uri, upn, ip",
	    .values = &args.san, .check = cert_check_san },
	{ 0, "csr", "FILE", "send this certification request",
	    .is_file = true, .value = &args.csr },
	{ 0, "challenge", "SRC", "challenge from the CA: env:NAME, file:PATH "
	    "or fd:N",
	    .value = &args.challenge, .check = secret_check_source,
	    .is_secret = true },
	{ 0, "signer", "CERT", "certificate to renew, which signs the request",
	    .value = &args.signer, .is_file = true },
	{ 0, "signer-key", "KEY", "and its key", .value = &args.signer_key },
	{ 0, "type", "NUMBER", "messageType of a renewal; 19 for servers from "
	    "before RFC 8894", .choices = "17|19", .value = &args.type },
	{ 0, "digest", "NAME", "digest of the signature",
	    .choices = "sha1|sha256|sha384|sha512", .value = &args.digest },
	{ 0, "cipher", "NAME", "cipher of the encryption", .choices =
	    "aes-128-cbc|aes-192-cbc|aes-256-cbc|des-ede3-cbc",
	    .value = &args.cipher },
	{ 0, "poll", NULL, "poll for a pending request",
	    .flag = &args.poll },
	{ 0, "state", "FILE", "state file for scep-response",
	    .value = &args.state },
	OPT_REPORT(args.report),
	OPT_PEM(args.pem),
	OPT_OUTPUT(args.out),
	OPT_AT,
	{ 0 },
};

static const struct tool tool = {
	.name = "scep-request",
	.summary = "Make a SCEP request (PKIOperation) for a key and a "
	    "subject.",
	.example = "scep-request --ca ca.pem --key key.pem "
	    "--subject /O=Example/CN=printer \\\n"
	    "      --challenge file:challenge --state state > request",
	.options = options,
	.args = &args,
};

/* What is made before the output. */
struct work {
	struct identity signer;
	EVP_PKEY *key;
	X509_REQ *csr;
	struct scep_cacert trust;
	bool has_names;			/* false for a state from before 0.2 */
	struct buf names;		/* requested subjectAltName, DER */
	char *transaction;
};

static void
work_free(struct work *w)
{
	identity_free(&w->signer);
	EVP_PKEY_free(w->key);
	X509_REQ_free(w->csr);
	scep_cacert_free(&w->trust);
	buf_free(&w->names);
	free(w->transaction);
}

static enum status
check_args(const struct args *a)
{
	enum status st;

	if ((st = scep_cacert_check(&a->trust)) != OK)
		return st;
	if (a->key.key == NULL)
		return opts_missing("--key", "the key to be certified");
	if (a->state == NULL)
		return opts_missing("--state", "a file for scep-response");
	if (a->poll)
		return a->subject == NULL && a->csr == NULL ? OK :
		    fail(USAGE, "--poll cannot be used with --subject or "
		    "--csr: the file of --state has the subject");
	if (a->subject != NULL && a->csr != NULL)
		return fail(USAGE, "--subject cannot be used with --csr, which "
		    "has the subject");
	if (a->subject == NULL && a->csr == NULL && a->signer == NULL)
		return opts_missing("--subject or --csr", "what is asked for");
	if (a->csr != NULL && (a->san.n > 0 || a->challenge != NULL))
		return fail(USAGE, "--csr cannot be used with --san or "
		    "--challenge");
	if ((a->signer == NULL) != (a->signer_key == NULL))
		return opts_missing("--signer and --signer-key",
		    "both, or none");
	if (a->type != NULL && a->signer == NULL)
		return fail(USAGE, "--type: only with --signer, for a renewal");
	return OK;
}

static enum status
make_request(const struct args *a, struct work *w)
{
	auto_GENERAL_NAMES *names = NULL;
	auto_X509_NAME *subject = NULL;
	auto_buf challenge = BUF_SECRET;
	const char *reason;
	enum status st;
	size_t i;

	if (a->subject == NULL)
		cert_copy_names(w->signer.cert, &subject,
		    a->san.n == 0 ? &names : NULL);
	else if ((reason = cert_parse_name(a->subject, &subject)) != NULL)
		return fail(USAGE, "--subject: %s", reason);
	for (i = 0; i < a->san.n; i++)
		if ((reason = cert_add_san(a->san.v[i], &names)) != NULL)
			return fail(USAGE, "--san %s: %s", a->san.v[i],
			    reason);
	if (a->challenge != NULL && (st = secret_read(a->challenge,
	    "--challenge", &challenge)) != OK)
		return st;
	return scep_make_csr(subject, names, &challenge, w->key, a->digest,
	    &w->csr);
}

static enum status
load_request(const struct args *a, struct work *w)
{
	auto_buf in = BUF_INIT;
	const char *reason;
	enum status st;

	if ((st = io_slurp_file(a->csr, IO_KEY_MAX, &in)) != OK)
		return st;
	if ((reason = cert_parse_request(&in, &w->csr)) != NULL)
		return fail(MALFORMED, "%s: %s", io_name(a->csr), reason);
	if (!cert_key_equal(X509_REQ_get0_pubkey(w->csr), w->key))
		return fail(REFUSED, "%s: not a request for the key of --key",
		    io_name(a->csr));
	return OK;
}

/* Loads the certificate that is to be renewed. */
static enum status
load_signer(const struct args *a, struct work *w)
{
	const struct identity_source src = { .cert = a->signer,
	    .key = a->signer_key, .option = "--signer-key",
	    .passphrase = a->key.passphrase,
	    .loose = a->key.loose };

	return a->signer != NULL ? cert_load_identity(&src, &w->signer) : OK;
}

/* Otherwise, makes a self-signed certificate for the subject, in memory. */
static enum status
make_signer(const struct args *a, struct work *w)
{
	if (a->signer != NULL)
		return OK;
	EVP_PKEY_up_ref(w->key);
	w->signer.key = w->key;
	return scep_make_signer(X509_REQ_get_subject_name(w->csr), w->key,
	    clock_now(), &w->signer.cert);
}

/*
 * Writes what scep-response needs to check the reply: no key, but who answers
 * and what was requested.
 */
static enum status
put_state(const struct args *a, const struct work *w,
    const unsigned char *nonce, const struct buf *subject, bool is_new)
{
	auto_tree *t = tree_dict();
	auto_buf cert = BUF_INIT, spki = BUF_INIT, xml = BUF_INIT;
	const struct io_output out = { a->state, NULL, true };
	char hash[SECRET_HASH_TEXT];

	cert_to_der(w->signer.cert, &cert);
	cert_spki_to_der(w->key, &spki);
	secret_sha256(spki.data, spki.len, hash);
	tree_set_string(t, "transaction", w->transaction);
	tree_set(t, "nonce", tree_data(nonce, SCEP_NONCE));
	tree_set_string(t, "key_sha256", hash);
	tree_set(t, "subject", tree_data(subject->data, subject->len));
	if (w->has_names)
		tree_set(t, "names", tree_data(w->names.data, w->names.len));
	tree_set(t, "signer", tree_data(cert.data, cert.len));
	tree_to_xml(t, &xml);
	return is_new ? io_side(a->state, true, &xml) : io_spill(&out, &xml);
}

/* Reports the certificate that the message is encrypted to, and the CA. */
static enum status
put_report(const struct args *a, const struct work *w)
{
	auto_report *r = report_object();
	struct report *ca = report_object(), *to = report_object();
	auto_buf json = BUF_INIT;

	if (a->report == NULL) {
		report_free(ca);
		report_free(to);
		return OK;
	}
	cert_report(w->trust.ca, ca);
	cert_report(w->trust.recipient, to);
	report_add(r, "ca", ca);
	report_add(r, "recipient", to);
	report_render(r, &json);
	return io_side(a->report, false, &json);
}

/*
 * Reads the file with the state of an earlier request; *had says whether there
 * is something to keep.  A device or a pipe has nothing to keep.
 */
static enum status
old_state(const struct args *a, struct buf *old, bool *had)
{
	bool is_file = false;
	enum status st;

	if ((st = io_is_file(a->state, &is_file)) == OK && is_file)
		st = io_slurp_regular(a->state, IO_MESSAGE_MAX, old);
	*had = is_file && st == OK;
	return st;
}

/*
 * The message was not delivered: restores the earlier state, or removes the
 * new one.
 */
static enum status
take_back(const struct args *a, const struct buf *old, enum status st)
{
	const struct io_output out = { a->state, NULL, true };
	struct problem unsaid = { .st = OK };

	if (old == NULL)
		return st;
	problem_keep(&unsaid);
	if (io_spill(&out, old) != OK)
		st = FAULT;
	problem_release(&unsaid);
	return st;
}

static enum status
send(const struct args *a, struct work *w, enum scep_type type,
    const struct buf *content, const struct buf *subject)
{
	struct scep_request r = {
		.type = type,
		.transaction = w->transaction,
		.content = content,
		.signer = &w->signer,
		.to = w->trust.recipient,
		.digest = a->digest,
		.cipher = a->cipher,
		.now = clock_now(),
	};
	auto_buf der = BUF_INIT, pem = BUF_INIT, old = BUF_INIT;
	bool had = false;
	enum status st;

	if ((st = old_state(a, &old, &had)) != OK ||
	    (st = secret_random(r.nonce, sizeof r.nonce)) != OK ||
	    (st = scep_request(&r, &der)) != OK ||
	    (st = put_state(a, w, r.nonce, subject, !had)) != OK)
		return st;
	if (a->pem)
		cert_armour("CMS", &der, &pem);
	if ((st = put_report(a, w)) != OK ||
	    (st = io_spill(&a->out, a->pem ? &pem : &der)) != OK)
		return take_back(a, had ? &old : NULL, st);
	return OK;
}

static enum status
enroll(const struct args *a, struct work *w)
{
	auto_buf content = BUF_SECRET, subject = BUF_INIT;
	enum status st;

	if ((st = load_signer(a, w)) != OK)
		return st;
	st = a->csr != NULL ? load_request(a, w) : make_request(a, w);
	if (st != OK || (st = make_signer(a, w)) != OK)
		return st;
	w->transaction = scep_transaction(w->key);
	cert_request_to_der(w->csr, &content);
	scep_request_names(w->csr, &w->names);
	w->has_names = true;
	cert_name_to_der(X509_REQ_get_subject_name(w->csr), &subject);
	return send(a, w, a->signer != NULL && (a->type == NULL ||
	    strcmp(a->type, "17") == 0) ? SCEP_RENEWALREQ : SCEP_PKCSREQ,
	    &content, &subject);
}

/* Reads from the state of the pending request who asks, and for what. */
static enum status
get_state(const struct args *a, struct work *w, struct buf *subject)
{
	auto_buf in = BUF_INIT;
	auto_tree *t = NULL;
	const struct tree *name, *names, *cert;
	const unsigned char *p;
	const char *reason;
	enum status st;
	size_t len;

	if ((st = io_slurp_file(a->state, IO_MESSAGE_MAX, &in)) != OK ||
	    (st = tree_parse(&in, a->state, NULL, &t)) != OK)
		return st;
	name = tree_get_kind(t, "subject", TREE_DATA);
	cert = tree_get_kind(t, "signer", TREE_DATA);
	if (tree_get_string(t, "transaction") == NULL || name == NULL ||
	    cert == NULL)
		return fail(MALFORMED, "%s: not a state file of scep-request",
		    a->state);
	w->transaction = xstrdup(tree_get_string(t, "transaction"));
	p = tree_data_of(name, &len);
	buf_add(subject, p, len);
	if ((names = tree_get_kind(t, "names", TREE_DATA)) != NULL) {
		p = tree_data_of(names, &len);
		buf_add(&w->names, p, len);
		w->has_names = true;
	}
	p = tree_data_of(cert, &len);
	if ((reason = cert_from_der(p, len, &w->signer.cert)) != NULL)
		return fail(MALFORMED, "%s: the signer in it: %s", a->state,
		    reason);
	return OK;
}

static enum status
poll(const struct args *a, struct work *w)
{
	struct identity_source src = a->key;
	auto_buf content = BUF_INIT, subject = BUF_INIT;
	auto_X509_NAME *name = NULL;
	const char *reason;
	enum status st;

	if ((st = get_state(a, w, &subject)) != OK)
		return st;
	if (a->signer_key != NULL)
		src.key = a->signer_key;
	if ((st = cert_load_key(&src, "--key", &w->signer.key)) != OK)
		return st;
	if (!cert_key_equal(X509_get0_pubkey(w->signer.cert), w->signer.key))
		return fail(REFUSED, "%s: not the key that signed the "
		    "request", a->state);
	if ((reason = cert_name_from_der(subject.data, subject.len, &name)) !=
	    NULL)
		return fail(MALFORMED, "%s: the subject in it: %s", a->state,
		    reason);
	scep_poll_content(X509_get_subject_name(w->trust.ca), name,
	    &content);
	return send(a, w, SCEP_CERTPOLL, &content, &subject);
}

static enum status
run(const struct args *a)
{
	AUTO(work_free) struct work w = { .signer = IDENTITY_INIT,
	    .trust = SCEP_CACERT_INIT, .names = BUF_INIT };
	enum status st;

	if ((st = check_args(a)) != OK ||
	    (st = scep_cacert_load(&a->trust, clock_now(), true,
	    &w.trust)) != OK ||
	    (st = cert_load_key(&a->key, "--key", &w.key)) != OK)
		return st;
	if (!cert_key_is_rsa(w.key))
		return fail(REFUSED, "--key: SCEP needs an RSA key");
	return a->poll ? poll(a, &w) : enroll(a, &w);
}

int
main(int argc, char **argv)
{
	return (int)opts_main(&tool, argc, argv, run);
}
