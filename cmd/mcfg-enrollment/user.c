/* user: prints the name under which the ledger keeps a user who logged in. */
#include "enrollment.h"
#include "site/site.h"

static struct args {
	struct source source;
	const char *user, *invitation, *auth, *attribute;
	const char *site, *password;
	bool is_resolved;
	struct io_output out;
} args;

/* Only a name that the directory was asked about may be typed in any form. */
static const struct opt options[] = {
	{ 0, "user", "NAME", "the user's name: 1 to 256 bytes of UTF-8",
	    .value = &args.user },
	OPT_INVITATION(args.invitation),
	{ 0, "site", "DIR", "look up the name in the directory of the site in "
	    "DIR",
	    .value = &args.site },
	{ 0, "resolved", NULL, "with --site: the name is already a value of "
	    "auth.ldap.user", .flag = &args.is_resolved },
	OPT_SOURCE(args.source),
	OPT_OUTPUT(args.out),
	OPT_AT,
	SITE_AUTH(args.auth, args.attribute),
	SITE_PASSWORD(args.password),
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
named(const struct args *a, char **name)
{
	const struct site_place place = { .folder = a->site,
	    .password = a->password };
	const char *reason;

	if (a->site != NULL)
		return enrollment_user_known(&place, a->user, a->is_resolved,
		    a->auth, a->attribute, name);
	if ((reason = enrollment_user_check(a->user)) != NULL)
		return fail(USAGE, "--user: '%s': %s", a->user, reason);
	return enrollment_user_name(a->user, a->auth, a->attribute, name);
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
		return opts_missing("--user or --invitation",
		    "who enrolls");
	if (a->user != NULL && a->invitation != NULL)
		return fail(USAGE, "--user cannot be used with --invitation");
	if (a->is_resolved && a->site == NULL)
		return fail(USAGE, "--resolved needs --site");
	if ((st = a->invitation != NULL ? invited(a, &name) :
	    named(a, &name)) != OK)
		return st;
	buf_printf(&out, "%s\n", name);
	return io_spill(&a->out, &out);
}

const struct tool verb_user = {
	.name = "user",
	.summary = "Print the name under which the ledger keeps a user.",
	.example = "mcfg-enrollment user --config site.yaml --user=JANE",
	.options = options,
	.args = &args,
	.run = run,
};
