/*
 * identify: a device sent its attributes in phase 1 and gets a challenge for
 * its identity certificate.
 */
#include "enrollment.h"
#include "site/site.h"
#include "sys/secret.h"

static struct args {
	struct source source;
	const char *allow, *subject, *organization, *report;
	const char *subject_out, *names_out, *site, *undo;
	int64_t ttl;
	struct io_input in;
	struct io_output out;
} args = { .ttl = ENROLLMENT_CHALLENGE_TTL, .out = { .is_private = true } };

static const struct opt options[] = {
	{ 0, "allow", "FILE", "allow only the devices listed in FILE",
	    .value = &args.allow, .is_file = true },
	{ 0, "site", "DIR", "use devices.allow in DIR, if it exists",
	    .value = &args.site },
	{ 0, "subject", "DN", "subject of the identity (/O=ORGANIZATION/CN=ID)",
	    .value = &args.subject, .check = cert_check_name },
	{ 0, "ttl", "TIME", "lifetime of the SCEP challenge (60m)",
	    .duration = &args.ttl, .config = "scep.challenge_ttl" },
	OPT_SOURCE(args.source),
	OPT_REPORT(args.report),
	OPT_NAMES_OUT(args.names_out),
	{ 0, "subject-out", "FILE", "write only the subject to FILE or fd:N",
	    .value = &args.subject_out },
	{ 0, "undo", "SRC", "the challenge in SRC was not sent: let the device "
	    "send these attributes again", .value = &args.undo,
	    .check = secret_check_source, .is_secret = true },
	OPT_OUTPUT(args.out),
	OPT_LENGTH(args.in),
	OPT_AT,
	{ .name = "organization", .value = &args.organization,
	    .config = "organization" },
	{ 0 },
};

static enum status
write_subject(const struct args *a, const char *subject)
{
	auto_buf text = BUF_INIT;

	if (a->subject_out == NULL)
		return OK;
	buf_printf(&text, "%s\n", subject);
	return io_side(a->subject_out, false, &text);
}

static enum status
write_report(const struct args *a, const struct enrollment_identified *e)
{
	auto_report *r = report_object();

	report_str(r, "id", e->id);
	report_str(r, "user", e->user);
	report_str(r, "subject", e->subject);
	report_time(r, "expires", e->expires);
	return report_write(r, a->report);
}

struct answer {
	const struct args *args;
	struct ledger *ledger;
	struct enrollment_identified identified;
	struct buf text;		/* the output */
};

static void
answer_free(struct answer *w)
{
	enrollment_identified_free(&w->identified);
	buf_free(&w->text);
}

static enum status
make_answer(void *arg, const struct enrollment_identified *e)
{
	struct answer *w = arg;
	const struct args *a = w->args;
	enum status st;

	buf_printf(&w->text, "%s\n", buf_str(&e->challenge));
	if ((st = write_report(a, e)) != OK ||
	    (st = write_names(a->names_out, e->user, e->id)) != OK)
		return st;
	return write_subject(a, e->subject);
}

/*
 * The output was not delivered, so the challenge is unknown to anyone: the
 * device may send its attributes again.
 */
static enum status
undo(void *arg)
{
	const struct answer *w = arg;

	return enrollment_unidentify(w->ledger, &w->identified);
}

/* Undoes an identification that another process made. */
static enum status
undo_other(const struct args *a, struct ledger *l, const struct buf *in)
{
	auto_enrollment_identified i = ENROLLMENT_IDENTIFIED_INIT;
	auto_buf challenge = BUF_SECRET;
	enum status st;

	if ((st = secret_read(a->undo, "--undo", &challenge)) != OK ||
	    (st = enrollment_find_identified(l, in, io_name(a->in.path),
	    &challenge, &i)) != OK)
		return st;
	return enrollment_unidentify(l, &i);
}

static enum status
run(const struct args *a)
{
	AUTO(answer_free) struct answer w = { .args = a,
	    .identified = ENROLLMENT_IDENTIFIED_INIT, .text = BUF_SECRET };
	struct enrollment_identify how = { .allow = a->allow };
	auto_char *list = NULL;
	auto_buf in = BUF_SECRET;
	auto_ledger *l = NULL;
	enum status st;

	if ((st = site_defaults(a->source.config, options)) != OK)
		return st;
	if (a->site != NULL && a->allow == NULL &&
	    (st = io_find_inside(a->site, ENROLLMENT_DEVICES, &list)) != OK)
		return st;
	if (list != NULL)
		how.allow = list;
	how.subject = a->subject;
	how.organization = a->organization;
	how.ttl = a->ttl;
	how.ready = make_answer;
	how.arg = &w;
	if ((st = open_ledger(&a->source, LEDGER_USE, &l)) != OK ||
	    (st = io_slurp(&a->in, IO_MESSAGE_MAX, &in)) != OK)
		return st;
	if (a->undo != NULL)
		return undo_other(a, l, &in);

	w.ledger = l;
	if ((st = enrollment_identify(l, &in, io_name(a->in.path), &how,
	    &w.identified)) != OK)
		return w.text.len > 0 ? st : refuse_by_name(a->names_out,
		    w.identified.user, w.identified.id, st);

	return io_hand_over(&a->out, &w.text, undo, &w);
}

const struct tool verb_identify = {
	.name = "identify",
	.summary = "Read a device's attributes; print the challenge for its "
	    "identity.",
	.operands = "[FILE]",
	.example = "mcfg-verify --device-ca device-ca.pem answer.p7s | "
	    "mcfg-enrollment identify --config site.yaml",
	.options = options,
	.args = &args,
	.input = &args.in,
	.run = run,
};
