/*
 * mcfg-sign: a profile in, attached CMS SignedData out; or many of them into
 * a folder.
 */
#include <string.h>

#include "clock.h"
#include "cms.h"
#include "opts.h"
#include "site.h"
#include "tree.h"

enum {
	SOON = 14 * CLOCK_DAY,		/* a leaf that expires so soon is warned of */
	JOBS_MAX = 256,
};

static struct args {
	struct strings inputs;
	struct io_input in;
	struct io_output out;
	struct identity_source id;
	const char *config;
	const char *digest;
	const char *out_dir;
	long jobs;
	bool any, no_time, force, resign, pem, null;
} args = { .digest = "sha256", .jobs = 1 };

static const struct opt options[] = {
	OPT_OUTPUT(args.out),
	OPT_LENGTH(args.in),
	OPT_IDENTITY(args.id),
	OPT_CONFIG(args.config),
	{ 0, "digest", "NAME", "what the signature is over",
	    .value = &args.digest, .choices = "sha256|sha384|sha512",
	    .config = "digest" },
	{ 0, "no-signing-time", NULL, "leave the signed attributes out",
	    .flag = &args.no_time },
	{ 0, "any", NULL, "sign what is not a property list too",
	    .flag = &args.any },
	{ 0, "re-sign", NULL, "replace the signature of signed input",
	    .flag = &args.resign },
	{ 0, "force", NULL, "sign with an expired certificate too",
	    .flag = &args.force },
	{ 0, "out-dir", "DIR", "sign many: each FILE into DIR",
	    .value = &args.out_dir },
	{ 'j', "jobs", "N", "with --out-dir: so many processes",
	    .number = &args.jobs, .min = 1, .max = JOBS_MAX },
	{ '0', "null", NULL, "with --out-dir: NUL-separated paths on standard "
	    "input", .flag = &args.null },
	OPT_PEM(args.pem),
	OPT_AT,
	{ 0 },
};

static const struct tool tool = {
	.name = "mcfg-sign",
	.summary = "Reads a profile, writes it as attached CMS SignedData.",
	.operands = "[FILE]...",
	.example = "mcfg-sign --cert cert.pem --key key.pem --chain chain.pem "
	    "a.mobileconfig > signed.mobileconfig",
	.options = options,
	.args = &args,
	.inputs = &args.inputs,
};

/* ---- the identity ---- */

/*
 * The chain goes into the message in full, the root too where it was given;
 * certificates that do not belong to it stay out.
 */
static void
complete_chain(struct identity *id)
{
	auto_certs *given = STEAL(id->chain);
	X509 *gap = NULL;

	cert_order_chain(id->cert, given, true, &id->chain, &gap);
	if (gap != NULL) {
		auto_char *of = cert_name_text(X509_get_subject_name(gap));
		auto_char *by = cert_name_text(X509_get_issuer_name(gap));

		warning("chain has a gap: no certificate of %s, which issued "
		    "%s: devices will show Not Verified (--chain)", by, of);
	}
}

static enum status
check_leaf(const struct args *a, const X509 *leaf)
{
	auto_char *of = cert_name_text(X509_get_subject_name(leaf));
	int64_t now = clock_now(), to = cert_not_after(leaf);
	char text[CLOCK_TEXT];

	clock_format(to, text);
	if (now > to && !a->force)
		return fail(REFUSED, "%s: certificate has expired at %s "
		    "(--force signs all the same)", of, text);
	if (now > to)
		warning("%s: certificate has expired at %s", of, text);
	else if (now > to - SOON)
		warning("%s: certificate expires soon: %s", of, text);
	if (now < cert_not_before(leaf)) {
		clock_format(cert_not_before(leaf), text);
		warning("%s: certificate is not valid before %s", of, text);
	}
	return OK;
}

static enum status
open_identity(const struct args *a, struct identity *id)
{
	const char *reason;
	enum status st;

	if ((st = cert_load_identity(&a->id, id)) != OK ||
	    (st = check_leaf(a, id->cert)) != OK)
		return st;
	complete_chain(id);
	if ((reason = cert_check_signer(id->cert)) != NULL) {
		auto_char *of = cert_name_text(
		    X509_get_subject_name(id->cert));

		warning("%s: %s: devices will show Not Verified", of, reason);
	}
	return OK;
}

/* ---- one profile ---- */

/* Gives the bytes to be signed in content, or in itself where that is in. */
static enum status
look_at(const struct args *a, const struct buf *in, const char *name,
    struct buf *unwrapped)
{
	auto_tree *t = NULL;
	const struct buf *plain = in;
	enum status st;

	if (cms_looks_like(in)) {
		if (!a->resign)
			return fail(REFUSED, "%s: already signed or encrypted "
			    "(--re-sign replaces a signature)", name);
		if ((st = cms_unwrap(in, name, unwrapped)) != OK)
			return st;
		plain = unwrapped;
	}
	if (a->any)
		return OK;
	if (plain->len > 0 && !tree_looks_like_plist(plain))
		return fail(MALFORMED, "%s: not a property list (--any signs "
		    "it all the same)", name);
	return tree_parse(plain, name, NULL, &t);
}

static enum status
sign_one(const struct args *a, const struct identity *id,
    const struct io_input *from, struct buf *out)
{
	const struct cms_sign how = { id, a->digest, a->no_time,
	    clock_written() };
	const char *name = io_name(from->path);
	auto_buf in = BUF_INIT, unwrapped = BUF_INIT, der = BUF_INIT;
	enum status st;

	if ((st = io_slurp(from, IO_PROFILE_MAX, &in)) != OK)
		return st;

	if ((st = look_at(a, &in, name, &unwrapped)) != OK)
		return st;

	if ((st = cms_sign(unwrapped.data != NULL ? &unwrapped : &in, &how,
	    &der)) != OK)
		return st;
	if (a->pem)
		cert_armour("CMS", &der, out);
	else
		buf_add_buf(out, &der);
	return OK;
}

/* ---- many ---- */

struct batch {
	const struct args *a;
	const struct strings *files;
	struct args own;		/* a, with the PIN of a token */
	struct buf pin;
	struct identity id;
};

/*
 * The identity is opened once, before the processes start, but a token by
 * each of them: its session does not survive a fork.
 */
static enum status
begin(void *arg)
{
	struct batch *b = arg;

	return b->id.key != NULL ? OK : open_identity(&b->own, &b->id);
}

static enum status
prepare(struct batch *b)
{
	const struct identity_source *id = &b->a->id;
	enum status st;

	if (id->key == NULL || strncmp(id->key, "pkcs11:", 7) != 0)
		return open_identity(b->a, &b->id);
	if (id->passphrase == NULL)
		return OK;
	if ((st = secret_read(id->passphrase, "--passphrase", &b->pin)) == OK)
		b->own.id.phrase = &b->pin;
	return st;
}

static enum status
sign_file(void *arg, size_t i)
{
	const struct batch *b = arg;
	const char *path = b->files->v[i];
	auto_char *to = io_join(b->a->out_dir, io_base(path));
	const struct io_input from = { path, NULL };
	const struct io_output out = { to, NULL, false };
	auto_buf product = BUF_INIT;
	enum status st;

	if ((st = sign_one(b->a, &b->id, &from, &product)) != OK)
		return st;
	return io_spill(&out, &product);
}

static enum status
run_batch(const struct args *a)
{
	auto_strings listed = { NULL, 0 };
	auto_buf text = BUF_INIT;
	struct batch b = { a, a->null ? &listed : &a->inputs, *a, BUF_SECRET,
	    IDENTITY_INIT };
	enum status st;

	if (a->null && (st = io_slurp_paths(&text, &listed)) != OK)
		return st;
	if ((st = io_check_bases(b.files)) != OK)
		return st;

	if ((st = prepare(&b)) == OK && (st = io_make_dir(a->out_dir)) == OK)
		st = io_each(b.files->n, a->jobs, begin, sign_file, &b);
	identity_free(&b.id);
	buf_free(&b.pin);
	return st;
}

/* ---- run ---- */

static enum status
check_usage(const struct args *a)
{
	if (a->out_dir != NULL) {
		if (a->out.path != NULL || a->out.http != NULL ||
		    a->in.length != NULL)
			return fail(USAGE, "--out-dir: not together with "
			    "--output, --http or --length");
		if (a->null && a->inputs.n > 0)
			return fail(USAGE, "-0: the paths come from standard "
			    "input, not from the command line");
		if (!a->null && a->inputs.n == 0)
			return fail(USAGE, "--out-dir: no FILE given (or -0)");
		return OK;
	}
	if (a->null || opts_given(&args.jobs))
		return fail(USAGE, "-0 and -j go with --out-dir");
	if (a->inputs.n > 1)
		return fail(USAGE, "'%s': one FILE only, or --out-dir",
		    a->inputs.v[1]);
	return OK;
}

static enum status
run(const struct args *a)
{
	struct io_input from = a->in;
	auto_identity id = IDENTITY_INIT;
	auto_buf out = BUF_INIT;
	enum status st;

	if ((st = site_defaults(a->config, options)) != OK ||
	    (st = check_usage(a)) != OK)
		return st;
	if (a->out_dir != NULL)
		return run_batch(a);

	if ((st = open_identity(a, &id)) != OK)
		return st;

	from.path = a->inputs.n > 0 ? a->inputs.v[0] : NULL;
	if ((st = sign_one(a, &id, &from, &out)) != OK)
		return st;

	return io_spill(&a->out, &out);
}

int
main(int argc, char **argv)
{
	return (int)opts_main(&tool, argc, argv, run);
}
