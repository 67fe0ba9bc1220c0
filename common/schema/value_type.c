/* Checks the type of a value. */
#include <string.h>

#include "schema/local.h"

static bool
is_type(const char *types, const char *name)
{
	size_t n = strlen(name);
	const char *p = types;

	while ((p = strstr(p, name)) != NULL) {
		if ((p == types || p[-1] == '|') &&
		    (p[n] == '\0' || p[n] == '|'))
			return true;
		p += n;
	}
	return false;
}

/* Index: enum tree_kind. */
static const char *const type_of_kind[] = {
	[TREE_DICT] = "<dictionary>", [TREE_ARRAY] = "<array>",
	[TREE_STRING] = "<string>", [TREE_DATA] = "<data>",
	[TREE_INT] = "<integer>", [TREE_REAL] = "<real>",
	[TREE_BOOL] = "<boolean>", [TREE_DATE] = "<date>",
	[TREE_UID] = "<uid>",
};

static bool
is_known_type(const char *types)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(type_of_kind); i++)
		if (is_type(types, type_of_kind[i]))
			return true;
	return false;
}

static bool
type_fits(const char *types, enum tree_kind kind)
{
	if (types == NULL || is_type(types, "<any>") || !is_known_type(types))
		return true;
	return is_type(types, type_of_kind[kind]) ||
	    (kind == TREE_INT && is_type(types, "<real>"));
}

/*
 * A key may hold one value or several, which Apple's format can only express
 * in prose: "A media action string or an array of media action strings."
 */
static bool
is_one_of_array(const struct spec_node *key, const struct tree *t)
{
	const char *words = spec_node_get_text(key, "content");
	const struct spec_node *item = spec_node_at(spec_node_get(key,
	    "subkeys"), 0);
	const char *types = spec_node_get_text(item, "type");

	return words != NULL && types != NULL &&
	    strstr(words, " string or an array of ") != NULL &&
	    is_type(types, type_of_kind[tree_kind(t)]);
}

/*
 * Apple's text says that rfc822Name, dNSName and uniformResourceIdentifier of
 * a SubjectAltName may also be arrays; the format cannot express that.
 */
static bool
is_array_of_names(const struct schema_run *r, const struct tree *t)
{
	static const char *const ends[] = {
		"/SubjectAltName/rfc822Name", "/SubjectAltName/dNSName",
		"/SubjectAltName/uniformResourceIdentifier",
	};
	size_t i, n;

	if (tree_kind(t) != TREE_ARRAY)
		return false;
	for (i = 0; i < ARRAY_LEN(ends); i++) {
		n = strlen(ends[i]);
		if (r->path.len > n &&
		    strcmp(buf_str(&r->path) + r->path.len - n, ends[i]) == 0)
			break;
	}
	if (i == ARRAY_LEN(ends))
		return false;
	for (i = 0; i < tree_count(t); i++)
		if (tree_kind(tree_at(t, i)) != TREE_STRING)
			return false;
	return true;
}

/* "<string>|<data>" as text: "string or data". */
static void
say_types(const char *types, struct buf *out)
{
	const char *p;

	for (p = types; *p != '\0'; p++)
		if (*p == '|')
			buf_puts(out, " or ");
		else if (*p != '<' && *p != '>')
			buf_putc(out, *p);
}

static bool
is_whole(double v)
{
	return v >= -9e15 && v <= 9e15 && v == (double)(int64_t)v;
}

/* If the schema lists 0 and 1 as values, devices take both as numbers. */
static bool
is_switch(const struct spec_node *key)
{
	const struct spec_node *list = spec_node_get(key, "rangelist");
	bool zero = false, one = false;
	const char *text;
	size_t i;

	for (i = 0; i < spec_node_count(list); i++) {
		if ((text = spec_node_text(spec_node_at(list, i))) == NULL)
			continue;
		zero |= strcmp(text, "0") == 0;
		one |= strcmp(text, "1") == 0;
	}
	return zero && one;
}

bool
schema_check_type(struct schema_run *r, const struct spec_node *key,
    const struct tree *t)
{
	const char *types = spec_node_get_text(key, "type");
	auto_buf want = BUF_INIT, value = BUF_INIT;
	enum tree_kind kind = tree_kind(t);

	if (type_fits(types, kind))
		return true;
	if (schema_is_variable(t) || is_array_of_names(r, t) ||
	    is_one_of_array(key, t))
		return false;
	say_types(types, &want);
	(void)tree_scalar_text(t, &value);
	if (kind == TREE_INT && is_type(types, "<boolean>"))
		schema_say(r, t, RULE_BOOL_AS_INTEGER, "is the integer %s, "
		    "must be the boolean %s", buf_str(&value),
		    tree_int_of(t) != 0 ? "true" : "false");
	else if (kind == TREE_REAL && is_type(types, "<integer>") &&
	    is_whole(tree_real_of(t)))
		schema_say(r, t, RULE_REAL_AS_INTEGER, "is a real, must be "
		    "the integer %lld", (long long)tree_real_of(t));
	else if (kind == TREE_BOOL && is_type(types, "<integer>") &&
	    is_switch(key))
		schema_say(r, t, RULE_INTEGER_AS_BOOL, "is a boolean, must be "
		    "the integer %d", tree_bool_of(t) ? 1 : 0);
	else
		schema_say(r, t, RULE_WRONG_TYPE, "is of type %s, must be "
		    "%s", tree_kind_name(kind), buf_str(&want));
	return false;
}
