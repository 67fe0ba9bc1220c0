/* challenge: a one-time password for one certificate. */
#include "authority.h"
#include "clock.h"
#include "verbs.h"

struct args {
	struct authority_source source;
	struct io_output out;
	int64_t ttl;
	const char *subject;
	const char *note;
};

static struct args args = {
	.out = { .is_private = true },
	.ttl = (int64_t)60 * CLOCK_MINUTE,
};

static const struct opt options[] = {
	OPT_DIR(args.source),
	OPT_LEDGER(args.source),
	{ 0, "ttl", "TIME", "how long it can be used: 15m, 24h, 7d",
	    .duration = &args.ttl },
	{ 0, "subject", "DN", "the subject that it is good for, alone",
	    .value = &args.subject },
	{ 0, "note", "TEXT", "for the operator, kept with it",
	    .value = &args.note },
	OPT_OUTPUT(args.out),
	OPT_AT,
	{ 0 },
};

static enum status
run(const struct args *a)
{
	auto_ledger_challenge c = LEDGER_CHALLENGE_INIT;
	auto_authority ca = AUTHORITY_INIT;
	auto_X509_NAME *subject = NULL;
	char text[SECRET_CHALLENGE_TEXT];
	auto_buf out = BUF_SECRET;
	const char *reason;
	enum status st;

	if (a->subject != NULL) {
		reason = cert_parse_name(a->subject, &subject);
		if (reason != NULL)
			return fail(USAGE, "--subject: %s", reason);
		cert_name_to_der(subject, &c.name.subject);
		c.bound = true;
	}
	if ((st = authority_open(&a->source, NEED_LEDGER, &ca)) != OK ||
	    (st = secret_challenge(text)) != OK)
		return st;

	secret_sha256(text, sizeof text - 1, c.hash);
	c.purpose = LEDGER_MANUAL;
	c.note = a->note != NULL ? xstrdup(a->note) : NULL;
	c.expires = clock_now() + a->ttl;
	if ((st = ledger_add_challenge(ca.ledger, &c, clock_now())) != OK)
		return st;

	buf_puts(&out, text);
	buf_putc(&out, '\n');
	buf_wipe(text, sizeof text);
	return io_spill(&a->out, &out);
}

const struct tool verb_challenge = {
	.name = "challenge",
	.summary = "Writes a fresh one-time challenge.",
	.example = "scep-ca challenge --dir ca --subject /O=Example/CN=printer",
	.options = options,
	.args = &args,
	.run = run,
};
