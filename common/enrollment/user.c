/* user: the user name as it is kept in the ledger. */
#include <string.h>

#include "base/words.h"
#include "enrollment/local.h"
#include "text/text.h"

enum { USER_MAX = 256 };

/* A name is text on one line that diag_escape() would not change. */
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
 * A directory compares names by RFC 4518: without regard to case, to leading,
 * trailing and repeated spaces, and to the form of a character.  For ASCII
 * these rules are few.  For other characters only the directory knows them, so
 * such a name must come in the directory's spelling, and is not changed.
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

/* ---- programs of the site ---- */

static enum status
check_name(const char *name)
{
	const char *reason = enrollment_user_check(name);

	return reason == NULL ? OK : fail(USAGE, "--user: '%s': %s", name,
	    reason);
}

static bool
is_printable_ascii(const char *s)
{
	for (; *s != '\0'; s++)
		if (*s < ' ' || *s > '~')
			return false;
	return true;
}

static enum status
spell(const struct site_place *p, const char *given, char **out)
{
	auto_buf answer = BUF_INIT;
	enum status st;

	if ((st = site_ask_directory(p, "spell", given, NULL, &answer)) != OK)
		return st;
	buf_cut(&answer, strcspn(buf_str(&answer), "\n"));
	if ((st = check_name(buf_str(&answer))) == OK)
		*out = xstrdup(buf_str(&answer));
	return st;
}

enum status
enrollment_user_known(const struct site_place *p, const char *given,
    bool is_resolved, const char *auth, const char *attribute, char **out)
{
	bool is_ldap = auth != NULL && strcmp(auth, "ldap") == 0;
	bool is_typed = is_ldap && attribute != NULL && !is_resolved;
	auto_char *known = NULL;
	enum status st;

	/*
	 * A name about which the directory is asked may be typed in any form.
	 */
	if (!is_typed && (st = check_name(given)) != OK)
		return st;
	if ((is_typed || (is_ldap && attribute == NULL &&
	    !is_printable_ascii(given))) &&
	    (st = spell(p, given, &known)) != OK)
		return st;
	return enrollment_user_name(known != NULL ? known : given, auth,
	    attribute, out);
}

enum status
enrollment_user_facts(const struct site_place *p, const char *program,
    const char *user, struct tree **out)
{
	auto_buf text = BUF_SECRET;
	enum status st;

	if (user[0] == '-')
		return fail(REFUSED, "user %s: begins as an option does",
		    user);
	if ((st = site_ask(p, "facts", program, user, &text)) != OK)
		return st;
	return spec_values(&text, "stdin", out);
}
