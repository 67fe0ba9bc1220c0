/* Checks a value: lists of values, ranges, regular expressions, counts. */
#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "schema/local.h"

enum { VALUES_SHOWN = 12 };	/* of a list in a finding */

static double
number_of(const struct tree *t)
{
	if (tree_kind(t) == TREE_REAL)
		return tree_real_of(t);
	return tree_is_large(t) ? (double)tree_uint_of(t) :
	    (double)tree_int_of(t);
}

static bool
is_number(const struct tree *t)
{
	return tree_kind(t) == TREE_INT || tree_kind(t) == TREE_REAL;
}

static bool
is_listed(const struct tree *t, const char *text)
{
	char *end;
	double v;

	if (tree_kind(t) == TREE_STRING)
		return strcmp(tree_string_of(t), text) == 0;
	if (!is_number(t))
		return true;
	v = strtod(text, &end);
	return *text != '\0' && *end == '\0' && !(v < number_of(t)) &&
	    !(v > number_of(t));
}

/*
 * Values that are no longer in the lists but that devices accept, as working
 * profiles show.  NULL is any value, if a list only has what Apple itself
 * makes.
 */
static const struct old_value {
	const char *key, *value;
	const char *beside;	/* a value in the list, which distinguishes this
				 * key from others of the same name */
} old_values[] = {
	{ "ActionStringItem", "alert", "eject" },
	{ "Type", "Application", "App" },
	{ "PreferencePanes", NULL, "com.apple.preferences.users" },
	{ "SettingsExtensions", NULL, NULL },
};

static bool
has_item(const struct spec_node *list, const char *value)
{
	const char *text;
	size_t i;

	for (i = 0; i < spec_node_count(list); i++) {
		text = spec_node_text(spec_node_at(list, i));
		if (text != NULL && strcmp(text, value) == 0)
			return true;
	}
	return false;
}

static bool
is_old_value(const struct spec_node *key, const struct tree *t)
{
	const struct spec_node *list = spec_node_get(key, "rangelist");
	const struct old_value *v;
	size_t i;

	if (tree_kind(t) != TREE_STRING)
		return false;
	for (i = 0; i < ARRAY_LEN(old_values); i++) {
		v = &old_values[i];
		if (spec_node_says(key, "key", v->key) && (v->value == NULL ||
		    strcmp(tree_string_of(t), v->value) == 0) &&
		    (v->beside == NULL || has_item(list, v->beside)))
			return true;
	}
	return false;
}

/* True if the value is listed, or if the list is not exhaustive. */
static bool
is_in_rangelist(const struct spec_node *key, const struct tree *t)
{
	const struct spec_node *list = spec_node_get(key, "rangelist");
	size_t i, n = spec_node_count(list);
	const char *text;

	if (!spec_node_is(list, SPEC_LIST) || n == 0 || is_old_value(key, t))
		return true;
	for (i = 0; i < n; i++)
		if ((text = spec_node_text(spec_node_at(list, i))) == NULL ||
		    is_listed(t, text))
			return true;
	return false;
}

static void
say_unknown_value(struct schema_run *r, const struct spec_node *key,
    const struct tree *t)
{
	const struct spec_node *list = spec_node_get(key, "rangelist");
	size_t i, n = spec_node_count(list);
	char shown[SCHEMA_VALUE_SHOWN];
	auto_buf values = BUF_INIT;

	for (i = 0; i < n && i < VALUES_SHOWN; i++)
		buf_printf(&values, "%s%s", i > 0 ? ", " : "",
		    spec_node_text(spec_node_at(list, i)));
	schema_show(t, shown);
	schema_say(r, t, RULE_UNKNOWN_VALUE, "'%s' is not one of %s%s", shown,
	    buf_str(&values), n > VALUES_SHOWN ? ", ..." : "");
}

static void
check_range(struct schema_run *r, const struct spec_node *key,
    const struct tree *t)
{
	const struct spec_node *range = spec_node_get(key, "range");
	const char *min = spec_node_get_text(range, "min");
	const char *max = spec_node_get_text(range, "max");
	char shown[SCHEMA_VALUE_SHOWN];

	schema_show(t, shown);
	if (min != NULL && number_of(t) < strtod(min, NULL))
		schema_say(r, t, RULE_BAD_RANGE, "%s is less than %s", shown,
		    min);
	if (max != NULL && number_of(t) > strtod(max, NULL))
		schema_say(r, t, RULE_BAD_RANGE, "%s is more than %s", shown,
		    max);
}

/* A value must match the list or the range: minutes, or 0 for never. */
static void
check_allowed(struct schema_run *r, const struct spec_node *key,
    const struct tree *t)
{
	bool has_list = spec_node_is(spec_node_get(key, "rangelist"),
	    SPEC_LIST);
	bool has_range = spec_node_get(key, "range") != NULL && is_number(t);

	if (has_list && is_in_rangelist(key, t))
		return;
	if (has_range)
		check_range(r, key, t);
	else if (has_list)
		say_unknown_value(r, key, t);
}

/* A POSIX character class for use in brackets, or NULL. */
static const char *
class_of(char letter)
{
	switch (letter) {
	case 'd':
		return "0-9";
	case 'w':
		return "A-Za-z0-9_";
	case 's':
		return "[:space:]";
	default:
		return NULL;
	}
}

/*
 * Translates the inside of brackets, from *at to the last character before the
 * end.  A backslash has no meaning to POSIX there, so a character that it
 * would have to escape cannot be written.
 */
static bool
brackets_to_posix(const char **at, struct buf *out)
{
	const char *p = *at, *class;

	buf_putc(out, '[');
	if (*p == '^')
		buf_putc(out, *p++);
	if (*p == ']')
		return false;
	for (; *p != '\0' && *p != ']'; p++) {
		if (p[0] == '[' && strchr(":.=", p[1]) != NULL)
			return false;
		if (p[0] != '\\')
			buf_putc(out, p[0]);
		else if ((class = class_of(*++p)) != NULL)
			buf_puts(out, class);
		else if (*p == '\0' || strchr("]^-[", *p) != NULL ||
		    isalnum((unsigned char)*p))
			return false;
		else
			buf_putc(out, *p);
	}
	buf_putc(out, ']');
	*at = p;
	return *p == ']';
}

/*
 * The expressions are those of JSON schemas.  What POSIX writes differently is
 * translated; if it cannot be expressed in POSIX, the value is not checked.
 */
static bool
to_posix(const char *format, struct buf *out)
{
	const char *p, *class;

	for (p = format; *p != '\0'; p++) {
		if (p[0] == '(' && p[1] == '?') {
			if (p[2] != ':')
				return false;
			buf_putc(out, '(');
			p += 2;
		} else if (p[0] == '[') {
			p++;
			if (!brackets_to_posix(&p, out))
				return false;
		} else if (p[0] != '\\') {
			buf_putc(out, p[0]);
		} else if ((class = class_of(*++p)) != NULL) {
			buf_printf(out, "[%s]", class);
		} else if (*p == '\0' || isalnum((unsigned char)*p)) {
			return false;
		} else {
			buf_printf(out, "\\%c", *p);
		}
	}
	return true;
}

static void
check_format(struct schema_run *r, const struct spec_node *key,
    const struct tree *t)
{
	const char *format = spec_node_get_text(key, "format");
	char shown[SCHEMA_VALUE_SHOWN];
	auto_buf posix = BUF_INIT;
	regex_t re;
	int found;

	if (format == NULL || tree_kind(t) != TREE_STRING ||
	    !to_posix(format, &posix) ||
	    regcomp(&re, buf_str(&posix), REG_EXTENDED | REG_NOSUB) != 0)
		return;
	found = regexec(&re, tree_string_of(t), 0, NULL, 0);
	regfree(&re);
	schema_show(t, shown);
	if (found == REG_NOMATCH)
		schema_say(r, t, RULE_BAD_FORMAT, "'%s' does not match %s",
		    shown, format);
}

void
schema_check_scalar(struct schema_run *r, const struct spec_node *key,
    const struct tree *t)
{
	check_allowed(r, key, t);
	check_format(r, key, t);
}

/* The limits for the number of items are in the description of the item. */
void
schema_check_count(struct schema_run *r, const struct spec_node *item,
    const struct tree *t)
{
	const struct spec_node *rep = spec_node_get(item, "repetition");
	const char *min = spec_node_get_text(rep, "min");
	const char *max = spec_node_get_text(rep, "max");
	double n = (double)tree_count(t);

	if (min != NULL && n < strtod(min, NULL))
		schema_say(r, t, RULE_BAD_COUNT, "%zu items, should be at "
		    "least %s", tree_count(t), min);
	if (max != NULL && n > strtod(max, NULL))
		schema_say(r, t, RULE_BAD_COUNT, "%zu items, should be at "
		    "most %s", tree_count(t), max);
}
