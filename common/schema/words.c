/* What a name or a text gives away: a secret, a variable. */
#include <string.h>

#include "schema/local.h"

/* What people call things that hold a secret, as Apple's schema names them. */
static const char *const secret_words[] = {
	"Challenge", "SharedSecret", "sharedSecret", "RegistrationToken",
};

bool
schema_is_secret(const char *key)
{
	const char *tail = "assword";
	size_t i, n = strlen(key), m = strlen(tail);

	for (i = 0; i < ARRAY_LEN(secret_words); i++)
		if (strcmp(key, secret_words[i]) == 0)
			return true;
	if (n < m + 1 || strcmp(key + n - m, tail) != 0)
		return false;
	return key[n - m - 1] == 'P' || (n == m + 1 && key[0] == 'p');
}

static bool
is_name_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c >= '0' && c <= '9') || c == '_';
}

bool
schema_has_variable(const char *text)
{
	const char *p, *q;

	for (p = text; *p != '\0'; p++) {
		if (p[0] == '$' && (p[1] == '{' || (p[1] >= 'A' &&
		    p[1] <= 'Z')))
			return true;
		if (p[0] == '{' && p[1] == '{')
			return true;
		if (p[0] != '%')
			continue;
		for (q = p + 1; is_name_char(*q); q++)
			;
		if (*q == '%' && q - p > 3)
			return true;
	}
	return false;
}

bool
schema_is_variable(const struct tree *t)
{
	return tree_kind(t) == TREE_STRING &&
	    schema_has_variable(tree_string_of(t));
}
