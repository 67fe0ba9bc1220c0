/* start: a user is known, and gets the challenge of phase 1. */
#include <string.h>

#include "enrollment.h"
#include "site/site.h"
#include "text/text.h"

static struct args {
	const char *ledger, *config, *user, *auth, *attribute, *report;
	struct strings set, vars;
	int64_t ttl;
	struct io_output out;
} args = { .ttl = ENROLLMENT_START_TTL, .out = { .is_private = true } };

static const struct opt options[] = {
	OPT_USER(args.user),
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

/* ---- facts ---- */

static enum status
copy_fact(const char *key, struct tree *node, void *arg)
{
	tree_set(arg, key, tree_copy(node));
	return OK;
}

static enum status
add_file(struct tree *facts, const char *path)
{
	auto_buf in = BUF_INIT;
	auto_tree *more = NULL;
	enum status st;

	if ((st = io_slurp_file(path, IO_TEXT_MAX, &in)) != OK)
		return st;
	if ((st = spec_values(&in, io_name(path), &more)) != OK)
		return st;
	return tree_each(more, copy_fact, facts);
}

static enum status
add_set(struct tree *facts, const char *text)
{
	const char *eq = strchr(text, '=');
	auto_char *name = NULL;
	const char *reason;
	size_t len = eq != NULL ? (size_t)(eq - text) : 0;

	if (eq == NULL || !spec_is_name(text, len))
		return fail(USAGE, "--set: '%s': not of the form NAME=VALUE",
		    text);
	if ((reason = tree_text_fault(eq + 1, strlen(eq + 1))) != NULL)
		return fail(USAGE, "--set: '%s': %s", text, reason);
	name = xstrndup(text, len);
	if (tree_get(facts, name) != NULL)
		return fail(USAGE, "--set: %s: given twice", name);
	tree_set_string(facts, name, eq + 1);
	return OK;
}

/* --set wins over --vars, a later file over an earlier one. */
static enum status
read_facts(const struct args *a, struct tree *facts)
{
	auto_tree *set = tree_dict();
	enum status st;
	size_t i;

	for (i = 0; i < a->vars.n; i++)
		if ((st = add_file(facts, a->vars.v[i])) != OK)
			return st;
	for (i = 0; i < a->set.n; i++)
		if ((st = add_set(set, a->set.v[i])) != OK)
			return st;
	return tree_each(set, copy_fact, facts);
}

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
run(const struct args *a)
{
	auto_enrollment_started s = ENROLLMENT_STARTED_INIT;
	auto_tree *facts = tree_dict();
	auto_char *user = NULL;
	auto_ledger *l = NULL;
	enum status st;

	if ((st = site_defaults(a->config, options)) != OK ||
	    (st = site_defaults(a->config, of_site)) != OK)
		return st;
	if (a->user == NULL)
		return opts_missing("--user", "who enrolls");
	if ((st = enrollment_user_name(a->user, a->auth, a->attribute,
	    &user)) != OK ||
	    (st = read_facts(a, facts)) != OK)
		return st;
	if ((st = open_ledger(a->ledger, opts_given(&args.ledger) ? NULL :
	    a->config, LEDGER_CREATE, &l)) != OK)
		return st;

	if ((st = enrollment_start(l, user, facts, a->ttl, &s)) != OK)
		return st;

	buf_putc(&s.challenge, '\n');
	if ((st = write_report(a, s.id, s.expires)) != OK)
		return st;
	return io_spill(&a->out, &s.challenge);
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
