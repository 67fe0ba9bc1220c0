/* user: the name under which the ledger keeps whoever logged in. */
#include "enrollment.h"
#include "site/site.h"

static struct args {
	const char *user, *config, *auth, *attribute;
	struct io_output out;
} args;

static const struct opt options[] = {
	OPT_USER(args.user),
	OPT_CONFIG(args.config),
	OPT_OUTPUT(args.out),
	{ 0 },
};

/* What the site gives and no option of this verb. */
static const struct opt of_site[] = {
	SITE_AUTH(args.auth, args.attribute),
	{ 0 },
};

static enum status
run(const struct args *a)
{
	auto_buf out = BUF_INIT;
	auto_char *name = NULL;
	enum status st;

	if ((st = site_defaults(a->config, of_site)) != OK)
		return st;
	if (a->user == NULL)
		return opts_missing("--user", "who enrolls");
	if ((st = enrollment_user_name(a->user, a->auth, a->attribute, &name)) != OK)
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
