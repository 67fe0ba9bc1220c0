/* identify: a device answered phase 1, and may buy its identity. */
#include <string.h>

#include "base/clock.h"
#include "enrollment.h"
#include "site/site.h"
#include "x509/cert.h"

static struct args {
	const char *ledger, *config, *allow, *subject, *organization, *report;
	const char *subject_out;
	int64_t ttl;
	struct io_input in;
	struct io_output out;
} args = { .ttl = CLIENT_TTL, .out = { .is_private = true } };

static const struct opt options[] = {
	{ 0, "allow", "FILE", "only devices of this list may enroll",
	    .value = &args.allow },
	{ 0, "subject", "DN", "of the identity (/O=ORGANIZATION/CN=ID)",
	    .value = &args.subject },
	{ 0, "ttl", "TIME", "how long the SCEP challenge is good (60m)",
	    .duration = &args.ttl, .config = "scep.challenge_ttl" },
	OPT_LEDGER(args.ledger),
	OPT_CONFIG(args.config),
	OPT_REPORT(args.report),
	{ 0, "subject-out", "FILE", "write the subject on a line to FILE or "
	    "fd:N", .value = &args.subject_out },
	OPT_OUTPUT(args.out),
	OPT_LENGTH(args.in),
	OPT_AT,
	{ 0 },
};

/* What the site gives and no option of this verb. */
static const struct opt of_site[] = {
	{ .name = "organization", .value = &args.organization,
	    .config = "organization" },
	{ 0 },
};

/* Why a challenge is no good; NULL where it is. */
static const char *
objection(const struct ledger_challenge *c, bool found, int64_t now)
{
	if (!found)
		return "unknown";
	if (c->purpose != LEDGER_ENROLL || c->enrollment == NULL)
		return "of another purpose";
	if (c->spent)
		return "used before";
	if (c->expires <= now)
		return "expired";
	if (c->voided)
		return "no longer valid";
	return NULL;
}

/* The enrollment that the challenge leads to. */
static enum status
find(struct ledger *l, const char *hash, const char *name,
    struct ledger_enrollment *e)
{
	auto_ledger_challenge c = LEDGER_CHALLENGE_INIT;
	const char *reason;
	bool found = false;
	enum status st;

	if ((st = ledger_find_challenge(l, hash, &found, &c)) != OK)
		return st;
	if ((reason = objection(&c, found, clock_now())) != NULL)
		return fail(REFUSED, "%s: CHALLENGE: %s", name, reason);
	if ((st = ledger_find_enrollment(l, c.enrollment, &found, e)) != OK)
		return st;
	if (!found || strcmp(e->state, "started") != 0)
		return fail(REFUSED, "%s: enrollment %s: %s", name,
		    c.enrollment, found ? e->state : "gone");
	return OK;
}

/* "/O=A\/B/CN=ID" of an organization "A/B". */
static char *
default_subject(const char *organization, const char *id)
{
	auto_buf dn = BUF_INIT;
	const char *p;

	if (organization != NULL) {
		buf_puts(&dn, "/O=");
		for (p = organization; *p != '\0'; p++) {
			if (*p == '/' || *p == '\\')
				buf_putc(&dn, '\\');
			buf_putc(&dn, *p);
		}
	}
	buf_printf(&dn, "/CN=%s", id);
	return xstrdup(buf_str(&dn));
}

static enum status
make_subject(const struct args *a, const char *id, struct buf *der,
    char **text)
{
	auto_char *dn = a->subject != NULL ? xstrdup(a->subject) :
	    default_subject(a->organization, id);
	auto_X509_NAME *name = NULL;
	const char *reason;

	if ((reason = cert_parse_name(dn, &name)) != NULL)
		return fail(USAGE, "%s: '%s': %s", a->subject != NULL ?
		    "--subject" : "organization", dn, reason);
	cert_name_to_der(name, der);
	*text = cert_name_text(name);
	return OK;
}

static enum status
record(struct ledger *l, const char *spent, const char *name,
    const struct device *d, struct ledger_enrollment *e,
    const struct ledger_challenge *next)
{
	enum ledger_outcome outcome;
	enum status st;

	if ((st = keep_plist(d->attributes, name, &e->attributes)) != OK)
		return st;
	e->udid = d->udid != NULL ? xstrdup(d->udid) : NULL;
	e->serial = d->serial != NULL ? xstrdup(d->serial) : NULL;
	e->product = d->product != NULL ? xstrdup(d->product) : NULL;
	if ((st = ledger_identify(l, spent, e, next, clock_now(),
	    &outcome)) != OK)
		return st;
	if (outcome == LEDGER_NO_CHALLENGE)
		return fail(REFUSED, "%s: CHALLENGE: used before", name);
	if (outcome != LEDGER_RECORDED)
		return fail(REFUSED, "%s: enrollment %s: no longer open", name,
		    e->id);
	return OK;
}

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
write_report(const struct args *a, const struct ledger_enrollment *e,
    const char *subject, int64_t expires)
{
	auto_report *r = report_object();
	auto_buf text = BUF_INIT;

	if (a->report == NULL)
		return OK;
	report_str(r, "id", e->id);
	report_str(r, "user", e->user);
	report_str(r, "subject", subject);
	report_time(r, "expires", expires);
	report_render(r, &text);
	return io_side(a->report, false, &text);
}

static enum status
run(const struct args *a)
{
	auto_ledger_enrollment e = LEDGER_ENROLLMENT_INIT;
	auto_ledger_challenge next = LEDGER_CHALLENGE_INIT;
	const char *name = io_name(a->in.path);
	char spent[SECRET_HASH_TEXT];
	auto_char *subject = NULL;
	auto_buf out = BUF_SECRET;
	auto_device d = DEVICE_INIT;
	auto_ledger *l = NULL;
	enum status st;

	if ((st = site_defaults(a->config, options)) != OK ||
	    (st = site_defaults(a->config, of_site)) != OK)
		return st;
	if ((st = open_ledger(a->ledger, opts_given(&args.ledger) ? NULL :
	    a->config, LEDGER_USE, &l)) != OK)
		return st;

	if ((st = device_read(&a->in, &d)) != OK ||
	    (st = device_challenge(&d, name, spent)) != OK)
		return st;
	if ((st = find(l, spent, name, &e)) != OK ||
	    (st = device_allowed(&d, a->allow, e.user, name)) != OK)
		return st;

	if ((st = new_challenge(LEDGER_IDENTITY, e.id, a->ttl, &out,
	    &next)) != OK ||
	    (st = make_subject(a, e.id, &next.name.subject, &subject)) != OK)
		return st;
	next.bound = true;
	if ((st = record(l, spent, name, &d, &e, &next)) != OK)
		return st;

	buf_putc(&out, '\n');
	if ((st = write_report(a, &e, subject, next.expires)) != OK ||
	    (st = write_subject(a, subject)) != OK)
		return st;
	return io_spill(&a->out, &out);
}

const struct tool verb_identify = {
	.name = "identify",
	.summary = "read a device's attributes; print the challenge for its "
	    "identity",
	.operands = "[FILE]",
	.example = "mcfg-verify --device-ca device-ca.pem answer.p7s | "
	    "mcfg-enrollment identify --config site.yaml",
	.options = options,
	.args = &args,
	.input = &args.in,
	.run = run,
};
