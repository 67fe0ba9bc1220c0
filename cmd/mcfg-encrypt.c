/*
 * mcfg-encrypt: reads a profile and writes the same profile with its payloads
 * encrypted to the recipients.
 */
#include <string.h>

#include "cli/opts.h"
#include "cms/cms.h"
#include "plist/node.h"
#include "profile/profile.h"
#include "site/site.h"

static struct args {
	struct io_input in;
	struct io_output out;
	struct strings recipients;
	struct profile_identity id;
	const char *config, *cipher, *out_dir;
	bool mark, raw, pem, null;
} args = { .cipher = "aes-256-cbc" };

static const struct opt options[] = {
	OPT_OUTPUT(args.out),
	OPT_LENGTH(args.in),
	{ 0, "recipient", "FILE", "certificate of a device that can decrypt "
	    "it, PEM or DER",
	    .values = &args.recipients, .is_file = true },
	{ 0, "cipher", "NAME", "cipher of the payloads",
	    .value = &args.cipher,
	    .choices = "aes-256-cbc|aes-128-cbc|des-ede3-cbc" },
	{ 0, "mark", NULL, "add IsEncrypted", .flag = &args.mark },
	{ 0, "raw", NULL, "write only the EnvelopedData",
	    .flag = &args.raw },
	OPT_PEM(args.pem),
	{ 0, "out-dir", "DIR", "encrypt several profiles and write them to DIR",
	    .value = &args.out_dir },
	{ '0', "null", NULL, "with --out-dir: read NUL-separated paths from "
	    "standard input: profile, certificate, profile, ...",
	    .flag = &args.null },
	OPT_CONFIG(args.config),
	OPT_PAYLOAD(args.id, "profile"),
	{ 0 },
};

static const struct tool tool = {
	.name = "mcfg-encrypt",
	.summary = "Read a profile and write it with its payloads encrypted.",
	.operands = "[FILE]",
	.example = "mcfg-encrypt --recipient device.pem a.mobileconfig "
	    "> encrypted.mobileconfig",
	.options = options,
	.args = &args,
	.input = &args.in,
	.no_input_if = &args.out_dir,
};

/* A bare array of payloads is put into a new profile. */
static enum status
wrap(const struct args *a, const char *name, struct tree **t)
{
	const struct profile_source src = { .seed = a->id.seed };
	struct problem why = { .name = name };

	if (a->raw || tree_kind(*t) != TREE_ARRAY)
		return OK;
	if (a->id.identifier == NULL)
		return opts_missing("--identifier", "of the profile made "
		    "around a bare array");
	*t = profile_configuration(&a->id, *t);
	return profile_complete(*t, &src, NULL, &why) == OK ? OK :
	    problem_print(&why);
}

static enum status
parse(const struct args *a, const struct buf *in, const char *name,
    struct tree **out)
{
	auto_tree *t = NULL;
	enum status st;

	if (cms_looks_like(in))
		return fail(REFUSED, "%s: already signed or encrypted: encrypt "
		    "first, then sign", name);
	if ((st = tree_parse(in, name, NULL, &t)) != OK ||
	    (st = wrap(a, name, &t)) != OK ||
	    (st = profile_check_plain(t, name)) != OK)
		return st;
	*out = STEAL(t);
	return OK;
}

static void
render(const struct args *a, struct tree *t, const struct buf *der,
    struct buf *out)
{
	if (a->raw && a->pem)
		cert_armour("CMS", der, out);
	else if (a->raw)
		buf_add_buf(out, der);
	else {
		profile_set_encrypted(t, der);
		if (a->mark)
			tree_set(t, "IsEncrypted", tree_bool(true));
		tree_to_xml(t, out);
	}
}

static enum status
encrypt_one(const struct args *a, const STACK_OF(X509) *to,
    const struct io_input *from, const struct io_output *out)
{
	const char *name = io_name(from->path);
	auto_buf in = BUF_SECRET, der = BUF_INIT, product = BUF_INIT;
	struct io_output to_file = *out;
	auto_tree *t = NULL;
	enum status st;

	if ((st = io_slurp(from, IO_PROFILE_MAX, &in)) != OK)
		return st;

	if ((st = parse(a, &in, name, &t)) != OK)
		return st;

	if ((st = profile_encrypt_payloads(t, to, a->cipher, &der)) != OK)
		return st;
	render(a, t, &der, &product);

	/* What is beside the payloads stays as it is. */
	to_file.is_private = !a->raw && profile_holds_secret(t);
	return io_spill(&to_file, &product);
}

/*
 * Only one certificate is allowed in a file: the other certificates of a chain
 * must not become recipients.
 */
static enum status
add_recipient(STACK_OF(X509) *to, const char *path)
{
	auto_X509 *cert = NULL;
	enum status st;

	if ((st = cert_load(path, &cert)) != OK)
		return st;
	if (sk_X509_push(to, cert) <= 0)
		mem_exhausted();
	(void)STEAL(cert);
	return OK;
}

/* Encrypts one profile to one certificate. */
static enum status
encrypt_pair(const struct args *a, const char *profile, const char *cert)
{
	auto_certs *to = sk_X509_new_null();
	auto_char *path = io_join(a->out_dir, io_base(profile));
	const struct io_input from = { profile, NULL };
	const struct io_output out = { path, NULL, false };
	enum status st;

	if (to == NULL)
		mem_exhausted();
	if ((st = add_recipient(to, cert)) != OK)
		return st;
	return encrypt_one(a, to, &from, &out);
}

/*
 * Checks all files before anything is written; all has pairs of profile and
 * certificate.
 */
static enum status
check_files(const struct args *a, const struct strings *all)
{
	auto_strings profiles = { NULL, 0 };
	enum status st;
	size_t i;

	for (i = 0; i < all->n; i += 2)
		strings_add(&profiles, all->v[i]);
	st = io_check_bases(&profiles);
	for (i = 0; st == OK && i < profiles.n; i++) {
		auto_char *to = io_join(a->out_dir, io_base(profiles.v[i]));

		st = io_check_kept(profiles.v[i], to);
	}
	return st;
}

static enum status
run_batch(const struct args *a)
{
	auto_buf text = BUF_INIT;
	auto_strings all = { NULL, 0 };
	enum status st, worst = OK;
	size_t i;

	if ((st = io_slurp_paths(&text, &all)) != OK)
		return st;

	if (all.n % 2 != 0)
		return fail(MALFORMED, "stdin: the last profile has no "
		    "certificate after it");
	if ((st = check_files(a, &all)) != OK ||
	    (st = io_make_dir(a->out_dir)) != OK)
		return st;

	for (i = 0; i < all.n; i += 2)
		if (encrypt_pair(a, all.v[i], all.v[i + 1]) != OK)
			worst = REFUSED;
	return worst;
}

static enum status
check_usage(const struct args *a)
{
	if (a->pem && !a->raw)
		return fail(USAGE, "--pem needs --raw");
	if (a->raw && a->mark)
		return fail(USAGE, "--mark cannot be used with --raw");
	if ((a->out_dir != NULL) != a->null)
		return fail(USAGE, "--out-dir and -0 need each other");
	if (a->out_dir != NULL && (a->out.path != NULL ||
	    a->out.http != NULL || a->in.length != NULL))
		return fail(USAGE, "--out-dir cannot be used with --output, "
		    "--http or --length");
	if (a->out_dir != NULL && a->recipients.n > 0)
		return fail(USAGE, "--recipient: with --out-dir each profile "
		    "has its own");
	if (a->out_dir == NULL && a->recipients.n == 0)
		return opts_missing("--recipient", "the device certificate");
	return a->null ? opts_claim_stdin() : OK;
}

static enum status
run(const struct args *a)
{
	auto_certs *to = sk_X509_new_null();
	enum status st;
	size_t i;

	if (to == NULL)
		mem_exhausted();
	if ((st = site_defaults(a->config, options)) != OK ||
	    (st = check_usage(a)) != OK)
		return st;
	if (a->out_dir != NULL)
		return run_batch(a);

	for (i = 0; i < a->recipients.n; i++)
		if ((st = add_recipient(to, a->recipients.v[i])) != OK)
			return st;
	return encrypt_one(a, to, &a->in, &a->out);
}

int
main(int argc, char **argv)
{
	return (int)opts_main(&tool, argc, argv, run);
}
