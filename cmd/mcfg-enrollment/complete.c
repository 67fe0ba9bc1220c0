/*
 * complete: accepts a device that came back with its identity certificate, and
 * writes its variables.
 */
#include "enrollment.h"
#include "site/site.h"
#include "trust/trust.h"
#include "x509/cert.h"

static struct args {
	struct source source;
	const char *allow, *signer, *repeat, *site, *names_out;
	struct strings attributes, outside;
	int64_t ttl;
	struct io_input in;
	struct io_output out;
} args = { .repeat = "reissue", .ttl = ENROLLMENT_CHALLENGE_TTL,
    .out = { .is_private = true } };

static const struct opt options[] = {
	{ 0, "signer", "FILE", "certificate that signed the attributes, from "
	    "mcfg-verify --signer-out", .value = &args.signer, .is_file = true },
	{ 0, "outside-ca", "FILE", "certificate of a CA that does not use the "
	    "ledger", .values = &args.outside, .is_file = true },
	{ 0, "allow", "FILE", "allow only the devices listed in FILE",
	    .value = &args.allow, .is_file = true },
	{ 0, "site", "DIR", "use scep-ca.pem and devices.allow in DIR, if they "
	    "exist", .value = &args.site },
	{ 0, "repeat", "POLICY", "what to do if a configured device repeats "
	    "this step",
	    .value = &args.repeat, .choices = "reissue|reenroll",
	    .config = "repeat" },
	{ 0, "ttl", "TIME", "lifetime of the SCEP challenge (60m)",
	    .duration = &args.ttl, .config = "scep.challenge_ttl" },
	OPT_SOURCE(args.source),
	OPT_NAMES_OUT(args.names_out),
	OPT_OUTPUT(args.out),
	OPT_LENGTH(args.in),
	OPT_AT,
	{ .name = "attributes", .values = &args.attributes,
	    .config = "attributes" },
	{ 0 },
};

/* Options that are not given are looked up in the site's folder. */
static enum status
look_inside(const struct args *a, char **outside, char **list)
{
	enum status st = OK;

	if (a->site == NULL)
		return OK;
	if (a->outside.n == 0)
		st = io_find_inside(a->site, TRUST_SITE_OUTSIDE, outside);
	if (st == OK && a->allow == NULL)
		st = io_find_inside(a->site, ENROLLMENT_DEVICES, list);
	return st;
}

struct answer {
	const struct args *args;
	struct ledger *ledger;
	struct enrollment_completed completed;
	struct buf text;		/* the output */
};

static void
answer_free(struct answer *w)
{
	enrollment_completed_free(&w->completed);
	buf_free(&w->text);
}

static enum status
make_answer(void *arg, struct enrollment_completed *c)
{
	struct answer *w = arg;

	tree_to_xml(c->variables, &w->text);
	return write_names(w->args->names_out, c->user, c->id);
}

/* Nobody got the variables. */
static enum status
undo(void *arg)
{
	const struct answer *w = arg;
	const struct enrollment_completed *c = &w->completed;

	return enrollment_sent(w->ledger, c->id, "the variables could not be "
	    "written", c->challenges[0].hash);
}

static enum status
run(const struct args *a)
{
	AUTO(answer_free) struct answer w = { .args = a,
	    .completed = ENROLLMENT_COMPLETED_INIT, .text = BUF_SECRET };
	auto_char *outside = NULL, *list = NULL;
	auto_strings files = { NULL, 0 };
	struct enrollment_complete how = {
	    .signer_name = signer_name(a->signer),
	    .outside = &a->outside, .allow = a->allow,
	    .ready = make_answer, .arg = &w };
	auto_buf in = BUF_SECRET;
	auto_X509 *signer = NULL;
	auto_ledger *l = NULL;
	enum status st;

	if ((st = site_defaults(a->source.config, options)) != OK)
		return st;
	if ((st = look_inside(a, &outside, &list)) != OK)
		return st;
	if (outside != NULL) {
		strings_add(&files, outside);
		how.outside = &files;
	}
	if (list != NULL)
		how.allow = list;
	if (a->signer == NULL)
		return opts_missing("--signer", "the certificate that signed "
		    "the attributes");
	if ((st = open_ledger(&a->source, LEDGER_USE, &l)) != OK ||
	    (st = io_slurp(&a->in, IO_MESSAGE_MAX, &in)) != OK ||
	    (st = cert_load(a->signer, &signer)) != OK)
		return st;

	how.signer = signer;
	how.repeat = a->repeat;
	how.attributes = &a->attributes;
	how.ttl = a->ttl;
	w.ledger = l;
	if ((st = enrollment_complete(l, &in, io_name(a->in.path), &how,
	    &w.completed)) != OK)
		return w.text.len > 0 ? st : refuse_by_name(a->names_out,
		    w.completed.user, w.completed.id, st);

	return io_hand_over(&a->out, &w.text, undo, &w);
}

const struct tool verb_complete = {
	.name = "complete",
	.summary = "Read attributes signed by an identity; print the profile's "
	    "variables.",
	.operands = "[FILE]",
	.example = "mcfg-enrollment complete --config site.yaml "
	    "--signer signer.pem attributes.plist",
	.options = options,
	.args = &args,
	.input = &args.in,
	.run = run,
};
