#include <string.h>

#include "base/clock.h"
#include "cli/opts.h"
#include "inspect.h"
#include "sys/io.h"
#include "x509/cert.h"

static struct args {
	struct strings files;
	struct io_input in;
	struct io_output out;
	struct identity_source id;
	const char *content;
	bool brief, json;
	bool show_secrets;
} args;

static const struct opt options[] = {
	OPT_OUTPUT(args.out),
	OPT_LENGTH(args.in),
	{ 0, "brief", NULL, "write one line for each file",
	    .flag = &args.brief },
	{ 0, "json", NULL, "write JSON: an object, or an array for several "
	    "files", .flag = &args.json },
	{ 0, "content", "FILE", "content of a detached signature",
	    .value = &args.content, .is_file = true },
	{ 0, "key", "KEY", "private key to decrypt the input",
	    .value = &args.id.key },
	OPT_KEY_ACCESS(args.id),
	{ 0, "show-secrets", NULL, "do not mask passwords and challenges",
	    .flag = &args.show_secrets },
	OPT_AT,
	{ 0 },
};

static const struct tool tool = {
	.name = "mcfg-inspect",
	.summary = "Describe the input and report anything unusual, without a "
	    "verdict on trust.",
	.operands = "[FILE]...",
	.example = "mcfg-inspect enroll.mobileconfig",
	.options = options,
	.args = &args,
	.inputs = &args.files,
};

/* Colour is used on a terminal, unless NO_COLOR forbids it. */
static bool
wants_colour(const struct io_output *out)
{
	const char *no = secret_env("NO_COLOR"), *term = secret_env("TERM");

	if (no != NULL && *no != '\0')
		return false;
	if (term == NULL || strcmp(term, "dumb") == 0)
		return false;
	return io_is_terminal(out);
}

/* The report of a file that could not be examined. */
static struct report *
unknown(const char *why)
{
	struct report *r = report_object();

	report_str(r, "kind", "unknown");
	report_str(r, "summary", why);
	return r;
}

/*
 * Returns the report of one of several files.  As with file(1), a file that
 * cannot be read or is unknown has a report, too.
 */
static struct report *
look_at(struct inspect *look, const struct args *a, const char *path)
{
	auto_buf in = BUF_SECRET, why = BUF_INIT;
	struct io_input from = a->in;
	struct problem problem = { .st = OK };
	struct report *r;

	from.path = path;
	if (io_read(&from, IO_PROFILE_MAX, &problem, &in) != OK) {
		r = unknown(problem.text);
	} else if ((r = layer_inspect(look, &in, 0)) == NULL) {
		buf_printf(&why, "not recognized: %s", look->why);
		r = unknown(buf_str(&why));
	}
	return r;
}

static void
look_at_all(struct inspect *look, const struct args *a, struct buf *out)
{
	auto_report *all = report_array();
	bool colour = wants_colour(&a->out);
	size_t i;

	for (i = 0; i < a->files.n; i++) {
		const char *name = io_name(a->files.v[i]);
		struct report *r = look_at(look, a, a->files.v[i]);

		detail("%s: %s", name, report_get_text(r, "summary"));
		if (a->json)
			report_str(r, "file", name);
		else
			render_file(r, name, a->brief, colour, out);
		report_add(all, NULL, r);
	}
	if (a->json)
		report_render(all, out);
}

static enum status
look_at_one(struct inspect *look, const struct args *a, struct buf *out)
{
	auto_buf in = BUF_SECRET;
	auto_report *r = NULL;
	struct io_input from = a->in;
	enum status st;

	from.path = a->files.v[0];
	if ((st = io_slurp(&from, IO_PROFILE_MAX, &in)) != OK)
		return st;
	detail("%s: %zu bytes", io_name(from.path), in.len);
	if ((r = layer_inspect(look, &in, 0)) == NULL)
		return fail(MALFORMED, "%s: not recognized: %s",
		    io_name(from.path), look->why);
	if (a->json)
		report_render(r, out);
	else
		render_text(r, wants_colour(&a->out), out);
	return OK;
}

static enum status
load_secrets(const struct args *a, EVP_PKEY **opener, struct buf *phrase)
{
	struct identity_source source = a->id;

	/*
	 * A key file that others can read only gets a warning: inspecting puts
	 * nothing at risk.
	 */
	source.loose = true;
	if (source.key != NULL)
		return cert_load_key(&source, "--key", opener);
	return source.passphrase == NULL ? OK :
	    secret_read(source.passphrase, "--passphrase", phrase);
}

static enum status
run(const struct args *a)
{
	auto_buf content = BUF_INIT, out = BUF_SECRET, phrase = BUF_SECRET;
	auto_EVP_PKEY *opener = NULL;
	struct io_output dest = a->out;
	struct inspect look = { 0 };
	enum status st;

	if (a->files.n == 0) {
		if ((st = opts_claim_stdin()) != OK)
			return st;
		strings_add(&args.files, "-");
	}
	if ((st = load_secrets(a, &opener, &phrase)) != OK)
		return st;
	if (a->content != NULL && (st = io_slurp_file(a->content,
	    IO_PROFILE_MAX, &content)) != OK)
		return st;

	look.opener = opener;
	look.phrase = phrase.len > 0 ? buf_str(&phrase) : NULL;
	look.detached = a->content != NULL ? &content : NULL;
	look.detached_name = io_name(a->content);
	look.at = clock_now();
	look.show_secrets = a->show_secrets;
	if (a->brief || a->files.n > 1)
		look_at_all(&look, a, &out);
	else if ((st = look_at_one(&look, a, &out)) != OK)
		return st;

	dest.is_private = a->show_secrets || opener != NULL ||
	    look.phrase != NULL;
	return io_spill(&dest, &out);
}

int
main(int argc, char **argv)
{
	return (int)opts_main(&tool, argc, argv, run);
}
