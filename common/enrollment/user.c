/* user: the name under which the ledger keeps a user. */
#include <string.h>

#include "base/words.h"
#include "enrollment/local.h"

enum { USER_MAX = 256 };

/* What the escaping of diagnostics leaves alone is text on one line. */
const char *
enrollment_user_check(const char *value)
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
enrollment_user_name(const char *given, const char *auth, const char *attribute,
    char **out)
{
	const char *reason;

	if (auth == NULL || strcmp(auth, "ldap") != 0 || attribute != NULL) {
		*out = xstrdup(given);
		return OK;
	}
	if ((reason = objection(given)) != NULL)
		return fail(REFUSED, "user '%s': %s", given, reason);
	*out = xstrdup(given);
	if (is_ascii(given))
		words_lower(*out);
	return OK;
}

