/* user: the name under which the ledger keeps whoever logged in. */
#include <string.h>

#include "enrollment.h"
#include "site/site.h"

enum { USER_MAX = 256 };

/* What the escaping of diagnostics leaves alone is text on one line. */
const char *
user_check(const char *value)
{
	char shown[USER_MAX + 16];
	size_t len = strlen(value);

	if (len == 0)
		return "an empty user name";
	if (len > USER_MAX)
		return "longer than 256 bytes";
	diag_escape(value, len, shown, sizeof shown);
	if (strcmp(shown, value) != 0)
		return "not UTF-8, or control or invisible characters in it";
	return NULL;
}

/*
 * A directory compares as RFC 4518 says: without regard to case, to spaces at
 * the ends and in a row, and to which of several forms a character has.  Of
 * ASCII that is little.  Of the rest only the directory knows, so a name with
 * such characters is to come in its spelling, and stays as it is.
 */
static const char *
objection(const char *user)
{
	size_t len = strlen(user);

	if (user[0] == ' ' || user[len - 1] == ' ' ||
	    strstr(user, "  ") != NULL)
		return "more spaces than a directory counts";
	return NULL;
}

static bool
is_ascii(const char *user)
{
	for (; *user != '\0'; user++)
		if ((unsigned char)*user > '~')
			return false;
	return true;
}

enum status
user_name(const char *given, const char *auth, const char *attribute,
    char **out)
{
	const char *reason;
	char *p;

	if (auth == NULL || strcmp(auth, "ldap") != 0 || attribute != NULL) {
		*out = xstrdup(given);
		return OK;
	}
	if ((reason = objection(given)) != NULL)
		return fail(REFUSED, "user '%s': %s", given, reason);
	*out = xstrdup(given);
	for (p = *out; is_ascii(given) && *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return OK;
}

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
	if ((st = user_name(a->user, a->auth, a->attribute, &name)) != OK)
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
