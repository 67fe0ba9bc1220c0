/*
 * mcfg-sign: reads a profile and writes attached CMS SignedData; or signs many
 * profiles into a folder.
 */
#include "mcfg-sign.h"

#include <string.h>

#include "base/clock.h"
#include "site/site.h"
#include "web/web.h"

enum {
	JOBS_MAX = 256,
	SENT = 200,		/* HTTP status of the response */
};

static struct args args = { .digest = "sha256", .jobs = 1 };

/* The name is put in quotes in a header. */
static const char *
check_file_name(const char *value)
{
	size_t n = strspn(value, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789._-");

	return n > 0 && value[n] == '\0' && *value != '.' ? NULL :
	    "not letters, digits, dots and hyphens";
}

static const struct opt options[] = {
	OPT_OUTPUT(args.out),
	OPT_LENGTH(args.in),
	OPT_IDENTITY(args.id),
	OPT_CONFIG(args.config),
	{ 0, "digest", "NAME", "digest of the signature",
	    .value = &args.digest, .choices = "sha256|sha384|sha512",
	    .config = "digest" },
	{ 0, "no-signing-time", NULL, "leave out all signed attributes",
	    .flag = &args.no_time },
	{ 0, "any", NULL, "also sign input that is not a property list",
	    .flag = &args.any },
	{ 0, "re-sign", NULL, "replace the signature of signed input",
	    .flag = &args.resign },
	{ 0, "replaces", "OLD", "warn if devices would not accept it as an "
	    "update of OLD", .value = &args.replaces },
	{ 0, "force", NULL, "sign even if the certificate has expired",
	    .flag = &args.force },
	{ 0, "out-dir", "DIR", "sign each FILE and write it to DIR",
	    .value = &args.out_dir },
	{ 'j', "jobs", "N", "with --out-dir: use N processes",
	    .number = &args.jobs, .min = 1, .max = JOBS_MAX },
	{ '0', "null", NULL, "with --out-dir: read NUL-separated paths from "
	    "standard input", .flag = &args.null },
	OPT_PEM(args.pem),
	{ 0, "attachment", "NAME", "with --http: browsers save the profile as "
	    "NAME", .value = &args.attachment, .check = check_file_name },
	{ 0, "log", "KEY=VALUE", "with --http: also log this about the request "
	    "on standard error", .values = &args.log },
	OPT_AT,
	{ 0 },
};

static const struct tool tool = {
	.name = "mcfg-sign",
	.summary = "Read a profile and write it as attached CMS SignedData.",
	.operands = "[FILE]...",
	.example = "mcfg-sign --cert cert.pem --key key.pem --chain chain.pem "
	    "a.mobileconfig > signed.mobileconfig",
	.options = options,
	.args = &args,
	.inputs = &args.inputs,
};

static enum status
check_usage(const struct args *a)
{
	bool is_dir = true;
	enum status st;

	if (a->out.http == NULL && (a->attachment != NULL || a->log.n > 0))
		return fail(USAGE, "--attachment and --log need --http");
	if (a->out_dir != NULL) {
		if (a->out.path != NULL || a->out.http != NULL ||
		    a->in.length != NULL)
			return fail(USAGE, "--out-dir cannot be used with "
			    "--output, --http or --length");
		if (a->null && a->inputs.n > 0)
			return fail(USAGE, "-0: the paths come from standard "
			    "input: give none on the command line");
		if (!a->null && a->inputs.n == 0)
			return fail(USAGE, "--out-dir: no FILE given (or -0)");
		if (a->replaces != NULL &&
		    (st = io_is_dir(a->replaces, &is_dir)) != OK)
			return st;
		if (!is_dir)
			return fail(USAGE, "--replaces: with --out-dir, the "
			    "folder that holds the old profiles");
		return a->null ? opts_claim_stdin() : OK;
	}
	if (a->null || opts_given(&args.jobs))
		return fail(USAGE, "-0 and -j need --out-dir");
	if (a->inputs.n > 1)
		return fail(USAGE, "'%s': more than one FILE needs --out-dir",
		    a->inputs.v[1]);
	return a->inputs.n == 0 ? opts_claim_stdin() : OK;
}

/*
 * An invalid SOURCE_DATE_EPOCH is an error, since the output would not be
 * reproducible.
 */
static enum status
check_time(const struct args *a)
{
	const char *reason = a->no_time ? NULL : clock_check_written();

	return reason == NULL ? OK :
	    fail(USAGE, "SOURCE_DATE_EPOCH: %s", reason);
}

enum status
open_signer(const struct args *a, struct profile_signer *s)
{
	enum status st;

	if ((st = profile_signer_open(&a->id, s)) != OK)
		return st;
	return profile_signer_check(s, a->force);
}

/* Writes the response of a CGI program, then the log line. */
static enum status
respond(const struct args *a, const struct web_log *log,
    const struct io_output *out, const struct buf *product)
{
	struct io_output to = *out;
	auto_buf whole = BUF_SECRET, line = BUF_INIT;
	enum status st;

	if (a->attachment != NULL) {
		web_put_attachment(&whole, a->attachment, to.http,
		    product->len);
		buf_add_buf(&whole, product);
		to.http = NULL;
	}
	if ((st = io_spill(&to, to.http == NULL ? &whole : product)) != OK)
		return st;
	if (a->log.n > 0) {
		web_put_log(&line, SENT, log);
		diag_put(buf_str(&line));
	}
	return OK;
}

static enum status
run(const struct args *a)
{
	struct io_input from = a->in;
	struct io_output to = a->out;
	auto_profile_signer s = PROFILE_SIGNER_INIT;
	auto_buf out = BUF_INIT;
	struct web_log log;
	enum status st;

	if ((st = site_defaults(a->config, options)) != OK ||
	    (st = check_usage(a)) != OK || (st = check_time(a)) != OK ||
	    (st = web_read_log(&a->log, &log)) != OK)
		return st;
	if (a->out_dir != NULL)
		return run_batch(a);

	if ((st = open_signer(a, &s)) != OK)
		return st;

	from.path = a->inputs.n > 0 ? a->inputs.v[0] : NULL;
	if ((st = sign_one(a, &s.id, &from, a->replaces, &to.is_private,
	    &out)) != OK)
		return st;

	return to.http != NULL ? respond(a, &log, &to, &out) :
	    io_spill(&to, &out);
}

int
main(int argc, char **argv)
{
	return (int)opts_main(&tool, argc, argv, run);
}
