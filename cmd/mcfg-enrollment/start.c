/*
 * start: begins the enrollment of a user, and writes the challenge for phase
 * 1.
 */
#include "base/clock.h"
#include "enrollment.h"
#include "site/site.h"
#include "text/text.h"

static struct args {
	struct source source;
	const char *user, *invitation, *auth, *attribute;
	const char *report, *names_out, *site, *program, *password;
	struct strings set, vars;
	int64_t ttl;
	struct io_output out;
} args = { .ttl = ENROLLMENT_START_TTL, .out = { .is_private = true } };

static const struct opt options[] = {
	OPT_USER(args.user),
	OPT_INVITATION(args.invitation),
	{ 0, "set", "NAME=VALUE", "set a fact about the user",
	    .values = &args.set, .check = spec_check_setting },
	{ 0, "vars", "FILE", "read facts from a plist, JSON or YAML",
	    .values = &args.vars, .is_file = true },
	{ 0, "site", "DIR", "run the program for facts of the site in DIR",
	    .value = &args.site },
	{ 0, "ttl", "TIME", "lifetime of the challenge (15m)",
	    .duration = &args.ttl, .config = "enroll_ttl" },
	OPT_SOURCE(args.source),
	OPT_REPORT(args.report),
	OPT_NAMES_OUT(args.names_out),
	OPT_OUTPUT(args.out),
	OPT_AT,
	SITE_AUTH(args.auth, args.attribute),
	SITE_PASSWORD(args.password),
	{ .name = "facts", .value = &args.program, .config = "facts" },
	{ 0 },
};

static enum status
write_report(const struct args *a, const struct enrollment_started *s)
{
	auto_report *r = report_object();

	report_str(r, "id", s->id);
	report_time(r, "expires", s->expires);
	return report_write(r, a->report);
}

/* The user who enrolls, and the output. */
struct answer {
	const struct args *args;
	struct ledger *ledger;		/* NULL: not open yet */
	struct ledger_invitation invitation;
	char *user;			/* as the ledger spells it */
	struct enrollment_started started;
	struct buf text;
};

static void
answer_free(struct answer *w)
{
	if (w->ledger != NULL)
		ledger_close(w->ledger);
	ledger_invitation_free(&w->invitation);
	free(w->user);
	enrollment_started_free(&w->started);
	buf_free(&w->text);
}

static enum status
make_answer(void *arg, const struct enrollment_started *s)
{
	struct answer *w = arg;
	const struct args *a = w->args;
	enum status st;

	buf_printf(&w->text, "%s\n", buf_str(&s->challenge));
	if ((st = write_report(a, s)) != OK)
		return st;
	return write_names(a->names_out, w->user, s->id);
}

static enum status
open_once(struct answer *w)
{
	return w->ledger != NULL ? OK :
	    open_ledger(&w->args->source, LEDGER_CREATE, &w->ledger);
}

static enum status
find_user(struct answer *w)
{
	const struct args *a = w->args;
	enum status st;

	if (a->invitation == NULL)
		return enrollment_user_name(a->user, a->auth, a->attribute,
		    &w->user);
	if ((st = open_once(w)) != OK ||
	    (st = invitation_find(w->ledger, a->invitation,
	    &w->invitation)) != OK)
		return st;
	w->user = xstrdup(w->invitation.user);
	return OK;
}

/* Facts come from the site's program, and are overridden by options. */
static enum status
find_facts(const struct args *a, const char *user, struct tree **facts)
{
	const struct site_place place = { .folder = a->site,
	    .password = a->password };
	enum status st;

	*facts = NULL;
	if (a->site != NULL && a->program != NULL &&
	    (st = enrollment_user_facts(&place, a->program, user, facts)) !=
	    OK)
		return st;
	if (*facts == NULL)
		*facts = tree_dict();
	return facts_read(&a->vars, &a->set, *facts);
}

/*
 * Continues an enrollment, as the link of its invitation may be opened again.
 */
static enum status
start_invited(struct answer *w, const struct tree *facts)
{
	const struct args *a = w->args;
	enum status st;

	if ((st = enrollment_accept(w->ledger, &w->invitation, facts, a->ttl,
	    &w->started)) != OK ||
	    (st = make_answer(w, &w->started)) != OK)
		return st;
	return io_spill(&a->out, &w->text);
}

/* The challenge was not delivered, so the enrollment ends. */
static enum status
undo(void *arg)
{
	const struct answer *w = arg;
	bool done = false;

	return ledger_abort(w->ledger, w->started.id, clock_now(), &done);
}

static enum status
start(struct answer *w, const struct tree *facts)
{
	const struct args *a = w->args;
	enum status st;

	if ((st = enrollment_start(w->ledger, w->user, facts, a->ttl,
	    make_answer, w, &w->started)) != OK)
		return st;

	return io_hand_over(&a->out, &w->text, undo, w);
}

static enum status
run(const struct args *a)
{
	AUTO(answer_free) struct answer w = { .args = a,
	    .invitation = LEDGER_INVITATION_INIT,
	    .started = ENROLLMENT_STARTED_INIT, .text = BUF_SECRET };
	auto_tree *facts = NULL;
	enum status st;

	if ((st = site_defaults(a->source.config, options)) != OK)
		return st;
	if (a->user == NULL && a->invitation == NULL)
		return opts_missing("--user or --invitation",
		    "who enrolls");
	if (a->user != NULL && a->invitation != NULL)
		return fail(USAGE, "--user cannot be used with --invitation, "
		    "which names the user");
	if ((st = find_user(&w)) != OK ||
	    (st = find_facts(a, w.user, &facts)) != OK ||
	    (st = open_once(&w)) != OK)
		return st;

	return a->invitation != NULL ? start_invited(&w, facts) :
	    start(&w, facts);
}

const struct tool verb_start = {
	.name = "start",
	.summary = "Record that a user enrolls; print the challenge of phase "
	    "1.",
	.example = "mcfg-enrollment start --ledger sqlite:ledger.db "
	    "--user=jane --set mail=jane@example.com",
	.options = options,
	.args = &args,
	.run = run,
};
