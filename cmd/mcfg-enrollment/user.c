/* user: the name under which the ledger keeps whoever logged in. */
#include "enrollment.h"
#include "site/site.h"

static struct args {
	struct source source;
	const char *user, *invitation, *auth, *attribute;
	struct io_output out;
} args;

static const struct opt options[] = {
	OPT_USER(args.user),
	OPT_INVITATION(args.invitation),
	OPT_SOURCE(args.source),
	OPT_OUTPUT(args.out),
	OPT_AT,
	SITE_AUTH(args.auth, args.attribute),
	{ 0 },
};

static enum status
invited(const struct args *a, char **name)
{
	auto_ledger_invitation i = LEDGER_INVITATION_INIT;
	auto_ledger *l = NULL;
	enum status st;

	if ((st = open_ledger(&a->source, LEDGER_READ, &l)) != OK ||
	    (st = invitation_find(l, a->invitation, &i)) != OK)
		return st;
	*name = STEAL(i.user);
	return OK;
}

static enum status
run(const struct args *a)
{
	auto_buf out = BUF_INIT;
	auto_char *name = NULL;
	enum status st;

	if ((st = site_defaults(a->source.config, options)) != OK)
		return st;
	if (a->user == NULL && a->invitation == NULL)
		return opts_missing("--user", "who enrolls");
	if (a->user != NULL && a->invitation != NULL)
		return fail(USAGE, "--user does not go with --invitation");
	if ((st = a->invitation != NULL ? invited(a, &name) :
	    enrollment_user_name(a->user, a->auth, a->attribute,
	    &name)) != OK)
		return st;
	buf_printf(&out, "%s\n", name);
	return io_spill(&a->out, &out);
}

const struct tool verb_user = {
	.name = "user",
	.summary = "print the name under which the ledger keeps a user",
	.example = "mcfg-enrollment user --config site.yaml --user=JANE",
	.options = options,
	.args = &args,
	.run = run,
};
