/* start: a user is known, and gets the challenge of phase 1. */
#include "base/clock.h"
#include "enrollment.h"
#include "site/site.h"

static struct args {
	const char *ledger, *config, *user, *invitation, *auth, *attribute;
	const char *report;
	struct strings set, vars;
	int64_t ttl;
	struct io_output out;
} args = { .ttl = ENROLLMENT_START_TTL, .out = { .is_private = true } };

static const struct opt options[] = {
	OPT_USER(args.user),
	OPT_INVITATION(args.invitation),
	{ 0, "set", "NAME=VALUE", "a fact about the user", .values = &args.set },
	{ 0, "vars", "FILE", "more facts: a plist, JSON or YAML",
	    .values = &args.vars, .is_file = true },
	{ 0, "ttl", "TIME", "how long the challenge is good (15m)",
	    .duration = &args.ttl, .config = "enroll_ttl" },
	OPT_LEDGER(args.ledger),
	OPT_CONFIG(args.config),
	OPT_REPORT(args.report),
	OPT_OUTPUT(args.out),
	OPT_AT,
	{ 0 },
};

/* What the site gives and no option of this verb. */
static const struct opt of_site[] = {
	SITE_AUTH(args.auth, args.attribute),
	{ 0 },
};

static enum status
write_report(const struct args *a, const char *id, int64_t expires)
{
	auto_report *r = report_object();
	auto_buf text = BUF_INIT;

	if (a->report == NULL)
		return OK;
	report_str(r, "id", id);
	report_time(r, "expires", expires);
	report_render(r, &text);
	return io_side(a->report, false, &text);
}

static enum status
start(struct ledger *l, const struct args *a, const struct tree *facts,
    struct enrollment_started *out)
{
	auto_ledger_invitation i = LEDGER_INVITATION_INIT;
	auto_char *user = NULL;
	enum status st;

	if (a->invitation != NULL)
		return (st = invitation_find(l, a->invitation, &i)) != OK ?
		    st : enrollment_accept(l, &i, facts, a->ttl, out);
	if ((st = enrollment_user_name(a->user, a->auth, a->attribute,
	    &user)) != OK)
		return st;
	return enrollment_start(l, user, facts, a->ttl, out);
}

/*
 * Nobody has the challenge: the enrollment ends.  One of an invitation goes on,
 * since its link may be opened again.
 */
static enum status
take_back(struct ledger *l, const struct args *a, const char *id,
    enum status st)
{
	bool done = false;
	char line[1];

	if (a->invitation != NULL)
		return st;
	/* Why it is taken back has been said. */
	diag_capture(line, sizeof line);
	if (ledger_abort(l, id, clock_now(), &done) != OK)
		st = FAULT;
	diag_capture(NULL, 0);
	return st;
}

static enum status
run(const struct args *a)
{
	auto_enrollment_started s = ENROLLMENT_STARTED_INIT;
	auto_tree *facts = tree_dict();
	auto_ledger *l = NULL;
	enum status st;

	if ((st = site_defaults(a->config, options)) != OK ||
	    (st = site_defaults(a->config, of_site)) != OK)
		return st;
	if (a->user == NULL && a->invitation == NULL)
		return opts_missing("--user", "who enrolls");
	if (a->user != NULL && a->invitation != NULL)
		return fail(USAGE, "--user does not go with --invitation, "
		    "which has the user");
	if ((st = facts_read(&a->vars, &a->set, facts)) != OK)
		return st;
	if ((st = open_ledger(a->ledger, opts_given(&args.ledger) ? NULL :
	    a->config, LEDGER_CREATE, &l)) != OK)
		return st;

	if ((st = start(l, a, facts, &s)) != OK)
		return st;

	buf_putc(&s.challenge, '\n');
	if ((st = write_report(a, s.id, s.expires)) != OK ||
	    (st = io_spill(&a->out, &s.challenge)) != OK)
		return take_back(l, a, s.id, st);
	return OK;
}

const struct tool verb_start = {
	.name = "start",
	.summary = "record that a user enrolls; print the challenge of phase 1",
	.example = "mcfg-enrollment start --ledger sqlite:ledger.db "
	    "--user=jane --set mail=jane@example.com",
	.options = options,
	.args = &args,
	.run = run,
};
