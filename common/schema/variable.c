/* Recognises variables that are filled in later. */
#include <ctype.h>

#include "schema/local.h"

static bool
is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

bool
schema_has_variable(const char *text)
{
	const char *p, *q;

	for (p = text; *p != '\0'; p++) {
		if (p[0] == '$' && (p[1] == '{' ||
		    isupper((unsigned char)p[1])))
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
