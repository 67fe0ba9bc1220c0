#include <string.h>

#include "base/clock.h"
#include "cli/opts.h"
#include "inspect.h"
#include "sys/io.h"
#include "x509/cert.h"

static struct args {
	struct io_input in;
	struct io_output out;
	struct identity_source id;
	const char *content;
	bool json;
	bool show_secrets;
} args;

static const struct opt options[] = {
	OPT_OUTPUT(args.out),
	OPT_LENGTH(args.in),
	{ 0, "json", NULL, "write one JSON object instead of text",
	    .flag = &args.json },
	{ 0, "content", "FILE", "what a detached signature is over",
	    .value = &args.content, .is_file = true },
	{ 0, "key", "KEY", "private key to open what is encrypted",
	    .value = &args.id.key },
	OPT_KEY_ACCESS(args.id),
	{ 0, "show-secrets", NULL, "do not mask passwords and challenges",
	    .flag = &args.show_secrets },
	OPT_AT,
	{ 0 },
};

static const struct tool tool = {
	.name = "mcfg-inspect",
	.summary = "Says what the input is and what is odd about it; never "
	    "whether to trust it.",
	.operands = "[FILE]",
	.example = "mcfg-inspect enroll.mobileconfig",
	.options = options,
	.args = &args,
	.input = &args.in,
};

/* Colour is for people at a terminal who did not forbid it (NO_COLOR). */
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

static enum status
run(const struct args *a)
{
	auto_buf in = BUF_SECRET, content = BUF_INIT, out = BUF_SECRET;
	auto_report *r = NULL;
	auto_EVP_PKEY *opener = NULL;
	struct io_output dest = a->out;
	struct inspect look = { 0 };
	enum status st;

	if (a->id.key != NULL &&
	    (st = cert_load_key(&a->id, "--key", &opener)) != OK)
		return st;
	if ((st = io_slurp(&a->in, IO_PROFILE_MAX, &in)) != OK)
		return st;
	if (a->content != NULL && (st = io_slurp_file(a->content,
	    IO_PROFILE_MAX, &content)) != OK)
		return st;

	look.opener = opener;
	look.detached = a->content != NULL ? &content : NULL;
	look.detached_name = io_name(a->content);
	look.at = clock_now();
	look.show_secrets = a->show_secrets;
	if ((r = layer_inspect(&look, &in, 0)) == NULL)
		return fail(MALFORMED, "%s: nothing known: %s",
		    io_name(a->in.path), look.why);

	if (a->json)
		report_render(r, &out);
	else
		render_text(r, wants_colour(&a->out), &out);

	dest.is_private = a->show_secrets || opener != NULL;
	return io_spill(&dest, &out);
}

int
main(int argc, char **argv)
{
	return (int)opts_main(&tool, argc, argv, run);
}
