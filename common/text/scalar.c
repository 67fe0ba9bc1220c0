/* Decides the type of a plain scalar in YAML, and converts tagged ones. */
#include "text/local.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/words.h"

static const char as_bool[] = "some readers take it for a boolean: write true "
    "or false, or quote it for text";
static const char as_null[] = "a plist has no null: leave the key out, or "
    "quote it for text";
static const char as_empty[] = "there is no value: write \"\" for empty text, "
    "or leave the key out";
static const char as_zero[] = "a leading zero, which some readers take for "
    "octal: drop it, or quote it for text";
static const char as_plus[] = "a leading plus: drop it, or quote it for text";
static const char as_base[] = "not a decimal number: write it in decimal, or "
    "quote it for text";
static const char as_underscore[] = "digits with underscores: drop them, or "
    "quote it for text";
static const char as_point[] = "digits are needed on both sides of the point: "
    "add them, or quote it for text";
static const char as_exponent[] = "a number with an exponent: write it in "
    "decimal, or quote it for text";
static const char as_sixty[] = "some readers take it for a number of base 60: "
    "quote it for text";
static const char as_date[] = "some readers take it for a date: write "
    "!!timestamp before it, or quote it for text";
static const char as_special[] = "not a number of a plist: quote it for text";
static const char as_large[] = "does not fit in 64 bits: quote it for text";

static const char digits[] = "0123456789";
static const char loose_digits[] = "0123456789_";

static bool
is_one_of(const char *s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcasecmp(s, *words) == 0)
			return true;
	return false;
}

/* "0x1F", "0o17", "0b11"; p is after the sign. */
static bool
is_based(const char *p)
{
	const char *set;

	if (p[0] != '0' || p[1] == '\0' || p[2] == '\0')
		return false;
	switch (p[1]) {
	case 'x':
	case 'X':
		set = "0123456789abcdefABCDEF_";
		break;
	case 'o':
	case 'O':
		set = "01234567_";
		break;
	case 'b':
	case 'B':
		set = "01_";
		break;
	default:
		return false;
	}
	return p[2 + strspn(p + 2, set)] == '\0';
}

/* "2026-11-24", with or without a time. */
static bool
is_date(const char *p)
{
	size_t n = strspn(p, digits);

	if (n != 4 || p[n] != '-')
		return false;
	p += n + 1;
	n = strspn(p, digits);
	if (n < 1 || n > 2 || p[n] != '-')
		return false;
	p += n + 1;
	n = strspn(p, digits);
	if (n < 1 || n > 2)
		return false;
	return p[n] == '\0' || p[n] == 'T' || p[n] == 't' || p[n] == ' ' ||
	    p[n] == '\t';
}

/* "12:30:45", "190:20:30.15". */
static bool
is_sixty(const char *p)
{
	size_t n = strspn(p, loose_digits);

	p += n;
	if (*p != ':')
		return false;
	while (*p == ':') {
		n = strspn(++p, digits);
		if (n < 1 || n > 2)
			return false;
		p += n;
	}
	if (*p == '.')
		p += 1 + strspn(p + 1, loose_digits);
	return *p == '\0';
}

/* After a mantissa: an exponent and nothing else. */
static bool
is_exponent(const char *p)
{
	if (*p != 'e' && *p != 'E')
		return false;
	p++;
	if (*p == '+' || *p == '-')
		p++;
	return isdigit((unsigned char)*p) && p[strspn(p, digits)] == '\0';
}

static bool
has_leading_zero(const char *p)
{
	return p[0] == '0' && (isdigit((unsigned char)p[1]) || p[1] == '_');
}

static bool
fits(const char *s)
{
	errno = 0;
	if (*s == '-')
		strtoll(s, NULL, 10);
	else
		strtoull(s, NULL, 10);
	return errno == 0;
}

static enum spec_type
doubt(const char *why, const char **hint)
{
	*hint = why;
	return SPEC_DOUBTFUL;
}

/* A number that begins with a digit; s includes the sign. */
static enum spec_type
type_of_number(const char *s, const char *p, const char **hint)
{
	size_t whole = strspn(p, loose_digits);
	size_t part = p[whole] == '.' ? strspn(p + whole + 1, loose_digits) : 0;
	const char *rest = p + whole + (p[whole] == '.' ? 1 + part : 0);
	bool is_real = p[whole] == '.';

	if (is_based(p))
		return doubt(as_base, hint);
	if (is_date(p))
		return doubt(as_date, hint);
	if (is_sixty(p))
		return doubt(as_sixty, hint);
	if (is_exponent(rest))
		return doubt(as_exponent, hint);
	if (*rest != '\0')
		return SPEC_TEXT;
	if (memchr(p, '_', strlen(p)) != NULL)
		return doubt(as_underscore, hint);
	if (has_leading_zero(p))
		return doubt(as_zero, hint);
	if (*s == '+')
		return doubt(as_plus, hint);
	if (!is_real)
		return fits(s) ? SPEC_INT : doubt(as_large, hint);
	if (part == 0)
		return doubt(as_point, hint);
	return isfinite(strtod(s, NULL)) ? SPEC_REAL : doubt(as_large, hint);
}

/* ".5", ".inf"; p is at the point. */
static enum spec_type
type_of_point(const char *p, const char **hint)
{
	size_t n = strspn(p + 1, loose_digits);

	if (strcasecmp(p, ".inf") == 0 || strcasecmp(p, ".nan") == 0)
		return doubt(as_special, hint);
	if (n > 0 && isdigit((unsigned char)p[1]) &&
	    (p[1 + n] == '\0' || is_exponent(p + 1 + n)))
		return doubt(as_point, hint);
	return SPEC_TEXT;
}

enum spec_type
spec_type_of(const char *s, const char **hint)
{
	static const char *const bools[] = {
		"yes", "no", "on", "off", "y", "n", "true", "false", NULL
	};
	const char *p = *s == '-' || *s == '+' ? s + 1 : s;

	if (*s == '\0')
		return doubt(as_empty, hint);
	if (strcmp(s, "true") == 0 || strcmp(s, "false") == 0)
		return SPEC_BOOL;
	if (is_one_of(s, bools))
		return doubt(as_bool, hint);
	if (strcmp(s, "~") == 0 || strcasecmp(s, "null") == 0)
		return doubt(as_null, hint);
	if (isdigit((unsigned char)*p))
		return type_of_number(s, p, hint);
	if (*p == '.')
		return type_of_point(p, hint);
	return SPEC_TEXT;
}

struct tree *
spec_scalar(const char *s)
{
	const char *hint;

	switch (spec_type_of(s, &hint)) {
	case SPEC_TEXT:
		return tree_string(s);
	case SPEC_INT:
		return *s == '-' ? tree_int(strtoll(s, NULL, 10)) :
		    tree_uint(strtoull(s, NULL, 10));
	case SPEC_REAL:
		return tree_real(strtod(s, NULL));
	case SPEC_BOOL:
		return tree_bool(*s == 't');
	case SPEC_DOUBTFUL:
		break;
	}
	return NULL;
}

static struct tree *
tagged_binary(const char *s, const char **reason)
{
	auto_buf raw = BUF_INIT;

	if ((*reason = decode_base64(s, strlen(s), &raw)) != NULL)
		return NULL;
	return tree_data(raw.data, raw.len);
}

static struct tree *
tagged_time(const char *s, const char **reason)
{
	size_t n = strlen(s);
	int64_t at;

	if ((*reason = clock_parse(s, n, &at)) != NULL)
		return NULL;
	if (s[n - 1] == 'Z' || s[n - 1] == 'z')
		return tree_date(at);
	*reason = "not in UTC: it must end in Z";
	return NULL;
}

static struct tree *
tagged_number(const char *tag, const char *s, const char **reason)
{
	const char *hint;
	enum spec_type type = spec_type_of(s, &hint);

	if (type == SPEC_DOUBTFUL) {
		*reason = hint;
		return NULL;
	}
	if (strcmp(tag, "int") == 0 && type == SPEC_INT)
		return spec_scalar(s);
	if (strcmp(tag, "bool") == 0 && type == SPEC_BOOL)
		return spec_scalar(s);
	if (strcmp(tag, "float") == 0 &&
	    (type == SPEC_REAL || type == SPEC_INT))
		return tree_real(strtod(s, NULL));
	*reason = strcmp(tag, "int") == 0 ? "not a decimal integer" :
	    strcmp(tag, "bool") == 0 ? "not true or false" :
	    "not a decimal number";
	return NULL;
}

bool
spec_is_tag(const char *tag)
{
	return words_choose("str|int|float|bool|binary|timestamp", tag);
}

struct tree *
spec_tagged(const char *tag, const char *s, const char **reason)
{
	if (strcmp(tag, "str") == 0)
		return tree_string(s);
	if (strcmp(tag, "binary") == 0)
		return tagged_binary(s, reason);
	if (strcmp(tag, "timestamp") == 0)
		return tagged_time(s, reason);
	return tagged_number(tag, s, reason);
}
