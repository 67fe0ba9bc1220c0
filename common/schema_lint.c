/* The walk along a profile, with the schema beside it. */
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema.h"
#include "schema_int.h"

enum {
	HINTS_MAX = 100,	/* findings after which none gets a hint */
	HINT_LENGTH = 48,
	VALUES_SHOWN = 12,	/* of a list of them */
};

static void check_value(struct schema_run *, const struct spec_node *,
    const struct tree *, const struct schema_span *);

static bool
text_is(const struct spec_node *key, const char *member, const char *value)
{
	const char *text = spec_node_get_text(key, member);

	return text != NULL && strcmp(text, value) == 0;
}

/* ---- types ---- */

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
 * Where a key may hold one or many, Apple's dialect can only say so in words:
 * "A media action string or an array of media action strings."
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
 * The text says that rfc822Name, dNSName and uniformResourceIdentifier of a
 * SubjectAltName may also be arrays; Apple's dialect cannot (docs/errata.md).
 */
static bool
is_array_of_names(const struct schema_run *r, const struct tree *t)
{
	static const char *const ends[] = {
		".SubjectAltName.rfc822Name", ".SubjectAltName.dNSName",
		".SubjectAltName.uniformResourceIdentifier",
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

static bool
is_variable(const struct tree *t)
{
	return tree_kind(t) == TREE_STRING &&
	    schema_has_variable(tree_string_of(t));
}

/* "<string>|<data>" as words: "string or data". */
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

/* A switch whose schema says 0 and 1: to a device both are the number. */
static bool
is_switch(const struct spec_node *key)
{
	const struct spec_node *list = spec_node_get(key, "rangelist");
	const char *text;
	size_t i;

	for (i = 0; i < spec_node_count(list); i++) {
		text = spec_node_text(spec_node_at(list, i));
		if (text == NULL ||
		    (strcmp(text, "0") != 0 && strcmp(text, "1") != 0))
			return false;
	}
	return spec_node_count(list) > 0;
}

/* False where the value cannot be looked at any further. */
static bool
check_type(struct schema_run *r, const struct spec_node *key,
    const struct tree *t)
{
	const char *types = spec_node_get_text(key, "type");
	auto_buf want = BUF_INIT;
	enum tree_kind kind = tree_kind(t);

	if (type_fits(types, kind))
		return true;
	if (is_variable(t) || is_array_of_names(r, t) ||
	    is_one_of_array(key, t))
		return false;
	say_types(types, &want);
	if (kind == TREE_INT && is_type(types, "<boolean>"))
		schema_say(r, t, RULE_BOOL_AS_INTEGER, "the integer %lld, "
		    "should be the boolean %s", (long long)tree_int_of(t),
		    tree_int_of(t) != 0 ? "true" : "false");
	else if (kind == TREE_REAL && is_type(types, "<integer>") &&
	    is_whole(tree_real_of(t)))
		schema_say(r, t, RULE_REAL_AS_INTEGER, "a real, should be "
		    "the integer %lld", (long long)tree_real_of(t));
	else if (kind == TREE_BOOL && is_type(types, "<integer>") &&
	    is_switch(key))
		schema_say(r, t, RULE_INTEGER_AS_BOOL, "a boolean, should be "
		    "the integer %d", tree_bool_of(t) ? 1 : 0);
	else
		schema_say(r, t, RULE_WRONG_TYPE, "is of type %s, should be "
		    "%s", tree_kind_name(kind), buf_str(&want));
	return false;
}

/* ---- values ---- */

static double
number_of(const struct tree *t)
{
	return tree_kind(t) == TREE_INT ? (double)tree_int_of(t) :
	    tree_real_of(t);
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
 * Values that the lists have lost and devices take, as profiles show that
 * work; NULL is any, where a list names only what Apple itself makes.
 */
static const struct old_value {
	const char *key, *value;
	const char *beside;	/* what the list has, which tells it from others
				 * of a key so called */
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
		if (text_is(key, "key", v->key) && (v->value == NULL ||
		    strcmp(tree_string_of(t), v->value) == 0) &&
		    (v->beside == NULL || has_item(list, v->beside)))
			return true;
	}
	return false;
}

/* True where the value is in the list, or the list is none that tells. */
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

/* Of a list and a range a value needs one: minutes, or 0 for never. */
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

/*
 * The expressions are those of JSON schemas; what POSIX writes in another
 * way is translated, and what it cannot say makes us say nothing.
 */
static bool
to_posix(const char *format, struct buf *out)
{
	const char *p;

	for (p = format; *p != '\0'; p++) {
		if (p[0] == '(' && p[1] == '?') {
			if (p[2] != ':')
				return false;
			buf_putc(out, '(');
			p += 2;
		} else if (p[0] != '\\') {
			buf_putc(out, p[0]);
		} else if (*++p == 'd') {
			buf_puts(out, "[0-9]");
		} else if (*p == 'w') {
			buf_puts(out, "[A-Za-z0-9_]");
		} else if (*p == 's') {
			buf_puts(out, "[[:space:]]");
		} else if (*p == '\0' || (*p >= '0' && *p <= '9') ||
		    (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z')) {
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

/* How many items an array has is said of the item. */
static void
check_count(struct schema_run *r, const struct spec_node *item,
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

static bool
has_errors_since(const struct schema_findings *f, size_t from)
{
	for (; from < f->n; from++)
		if (schema_rules[f->v[from].rule].severity == SCHEMA_ERROR)
			return true;
	return false;
}

/* The value needs to fit one of the keys; what is said is of the last. */
static void
check_any(struct schema_run *r, const struct spec_node *const *keys, size_t n,
    const struct tree *t, const struct schema_span *span)
{
	size_t i, before = r->out->n;

	for (i = 0; i < n; i++) {
		schema_cut(r->out, before);
		check_value(r, keys[i], t, span);
		if (!has_errors_since(r->out, before))
			return;
	}
}

static void
check_items(struct schema_run *r, const struct spec_node *key,
    const struct tree *t, const struct schema_span *span)
{
	const struct spec_node *subkeys = spec_node_get(key, "subkeys");
	const struct spec_node *items[SCHEMA_ALTERNATIVES];
	size_t i, before, n = 0;

	while (n < SCHEMA_ALTERNATIVES && n < spec_node_count(subkeys)) {
		items[n] = spec_node_at(subkeys, n);
		n++;
	}
	if (n == 0)
		return;
	check_count(r, items[0], t);
	for (i = 0; i < tree_count(t); i++) {
		before = schema_push_index(r, i);
		check_any(r, items, n, tree_at(t, i), span);
		buf_cut(&r->path, before);
	}
}

static void
check_value(struct schema_run *r, const struct spec_node *key,
    const struct tree *t, const struct schema_span *parent)
{
	struct schema_span span = *parent;
	struct schema_lists l = { .n = 1 };

	schema_read_span(r, key, false, &span);
	schema_check_span(r, t, &span, parent);
	if (!check_type(r, key, t))
		return;
	switch (tree_kind(t)) {
	case TREE_DICT:
		/* The Dock's own record of a file: "for Apple use only", and
		 * not in the form that the schema gives it. */
		if (text_is(key, "key", "tile-data"))
			break;
		l.any[0] = spec_node_get(key, "subkeys");
		l.span = span;
		if (spec_node_count(l.any[0]) > 0)
			schema_check_keys(r, &l, t);
		break;
	case TREE_ARRAY:
		check_items(r, key, t, &span);
		break;
	default:
		if (is_variable(t))
			break;
		check_allowed(r, key, t);
		check_format(r, key, t);
	}
}

/* ---- keys ---- */

static const struct spec_node *
find_key(const struct spec_node *list, const char *name)
{
	size_t i, n = spec_node_count(list);
	const char *key;

	for (i = 0; i < n; i++) {
		key = spec_node_get_text(spec_node_at(list, i), "key");
		if (key != NULL && strcmp(key, name) == 0)
			return spec_node_at(list, i);
	}
	return NULL;
}

/*
 * Names that stand for any name: "ANY", and alone in their dictionary two
 * that only describe it.
 */
static bool
is_wildcard(const struct spec_node *key, size_t beside)
{
	if (text_is(key, "key", "ANY"))
		return true;
	return beside == 1 && (text_is(key, "key", "Realm") ||
	    text_is(key, "key", "Printer"));
}

static const struct spec_node *
find_wildcard(const struct spec_node *list)
{
	size_t i, n = spec_node_count(list);

	for (i = 0; i < n; i++)
		if (is_wildcard(spec_node_at(list, i), n))
			return spec_node_at(list, i);
	return NULL;
}

/*
 * A dictionary whose one key is a dictionary of ANY: the key is a name for
 * what is inside (ConsentTextItem) and is not there in a profile.
 */
static const struct spec_node *
open_placeholder(const struct spec_node *list, const struct tree *dict)
{
	const struct spec_node *only = spec_node_at(list, 0);
	const struct spec_node *inner = spec_node_get(only, "subkeys");
	const char *name = spec_node_get_text(only, "key");

	if (spec_node_count(list) != 1 || name == NULL ||
	    !text_is(only, "type", "<dictionary>") ||
	    spec_node_count(inner) != 1 ||
	    !is_wildcard(spec_node_at(inner, 0), 1) ||
	    tree_get(dict, name) != NULL)
		return list;
	return inner;
}

/* How many letters must change to make b of a; more than 2 is far away. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[HINT_LENGTH + 1], n = strlen(a), m = strlen(b), i, j;

	if (n > HINT_LENGTH || m > HINT_LENGTH || n > m + 2 || m > n + 2)
		return 9;
	for (j = 0; j <= m; j++)
		row[j] = j;
	for (i = 1; i <= n; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (j = 1; j <= m; j++) {
			size_t up = row[j], best = corner;

			if (a[i - 1] != b[j - 1])
				best++;
			if (up + 1 < best)
				best = up + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			corner = up;
		}
	}
	return row[m];
}

static const char *
closest(const struct schema_lists *l, const char *name)
{
	const char *best = NULL, *key;
	size_t i, k, d, least = strlen(name) < 4 ? 1 : 3;

	for (i = 0; i < l->n; i++)
		for (k = 0; k < spec_node_count(l->any[i]); k++) {
			key = spec_node_get_text(spec_node_at(l->any[i], k),
			    "key");
			if (key == NULL)
				continue;
			d = strcasecmp(key, name) == 0 ? 0 :
			    distance(key, name);
			if (d < least) {
				least = d;
				best = key;
			}
		}
	return best;
}

static void
say_unknown(struct schema_run *r, const struct schema_lists *l,
    const char *name, const struct tree *t)
{
	const char *hint = r->out->n < HINTS_MAX ? closest(l, name) : NULL;

	if (hint != NULL)
		schema_say(r, t, RULE_UNKNOWN_KEY, "the schema has no such "
		    "key: did you mean '%s'?", hint);
	else
		schema_say(r, t, RULE_UNKNOWN_KEY, "the schema has no such "
		    "key");
}

/* Every list's idea of a key, then that of its wildcards. */
static size_t
find_keys(const struct schema_lists *l, const char *name,
    const struct spec_node *out[SCHEMA_ALTERNATIVES])
{
	size_t i, n = 0;

	for (i = 0; i < l->n; i++)
		if ((out[n] = find_key(l->any[i], name)) != NULL)
			n++;
	for (i = 0; n == 0 && l->more[i] != NULL; i++)
		if ((out[n] = find_key(l->more[i], name)) != NULL)
			n++;
	for (i = 0; n == 0 && i < l->n; i++)
		if ((out[n] = find_wildcard(l->any[i])) != NULL)
			n++;
	return n;
}

struct keys_walk {
	struct schema_run *run;
	const struct schema_lists *lists;
};

static enum status
check_member(const char *name, struct tree *t, void *arg)
{
	struct keys_walk *w = arg;
	struct schema_run *r = w->run;
	const struct spec_node *keys[SCHEMA_ALTERNATIVES];
	size_t n, before;

	if (strcmp(name, "PayloadVersion") == 0 && w->lists->more[0] != NULL)
		return OK;
	if (w->lists->skip != NULL && strcmp(name, w->lists->skip) == 0)
		return OK;
	n = find_keys(w->lists, name, keys);
	before = schema_push(r, name);
	if (n > 0)
		check_any(r, keys, n, t, &w->lists->span);
	else if (w->lists->n > 0)
		say_unknown(r, w->lists, name, t);
	buf_cut(&r->path, before);
	return OK;
}

/*
 * True where some system does not know a key, or knows it for a shorter time
 * than its payload: a profile without it may be meant for that system, and
 * is taken by the others as it always was.
 */
static bool
came_later(const struct schema_run *r, const struct spec_node *key)
{
	const struct spec_node *os = spec_node_get(key, "supportedOS");
	const struct spec_node *all = spec_node_get(r->payload, "supportedOS");
	size_t i;

	for (i = 0; i < spec_node_count(os); i++) {
		const struct spec_node *own = spec_node_value(os, i);
		const char *first = spec_node_get_text(own, "introduced");
		const char *payload = spec_node_get_text(spec_node_get(all,
		    spec_node_key(os, i)), "introduced");

		if (spec_node_get(own, "removed") != NULL)
			return true;
		if (first == NULL)
			continue;
		if (strcmp(first, "n/a") == 0 || payload == NULL ||
		    schema_compare_versions(first, payload) > 0)
			return true;
	}
	return false;
}

/* What the words say and "presence" does not: a key that another excuses. */
static const struct excuse {
	const char *key;
	const char *other;
	const char *value;	/* NULL: any */
	bool is_there;		/* other excuses by being there, or by not */
} excuses[] = {
	{ "Allowed", "Authorization", NULL, true },
	{ "moduleName", "askForPassword", NULL, true },
	{ "moduleName", "loginWindowIdleTime", NULL, true },
	{ "moduleName", "loginWindowModulePath", NULL, true },
	{ "sharedSecret", "sanAuthMethod", NULL, false },
	{ "Password", "AuthMethod", "Password", false },
};

static bool
is_excused(const struct spec_node *list, const char *name,
    const struct tree *dict)
{
	const char *value;
	size_t i;
	bool there;

	for (i = 0; i < ARRAY_LEN(excuses); i++) {
		const struct excuse *e = &excuses[i];

		if (strcmp(e->key, name) != 0 ||
		    find_key(list, e->other) == NULL)
			continue;
		there = tree_get(dict, e->other) != NULL;
		value = tree_get_string(dict, e->other);
		if (e->value != NULL)
			there = value != NULL && strcmp(value, e->value) == 0;
		if (there == e->is_there)
			return true;
	}
	return false;
}

static bool
is_required(const struct schema_run *r, const struct spec_node *key,
    const struct schema_span *parent)
{
	struct schema_span span = *parent;

	if (!text_is(key, "presence", "required") || is_wildcard(key, 1))
		return false;
	if (r->opts->platform == NULL)
		return !came_later(r, key);
	schema_read_span(r, key, false, &span);
	if (span.removed != NULL || (span.introduced != NULL &&
	    strcmp(span.introduced, "n/a") == 0))
		return false;
	if (r->opts->os == NULL)
		return !came_later(r, key);
	return span.introduced == NULL ||
	    schema_compare_versions(span.introduced, r->opts->os) <= 0;
}

static void
check_required(struct schema_run *r, const struct schema_lists *l,
    const struct spec_node *list, const struct tree *dict)
{
	size_t i, k;

	for (i = 0; i < spec_node_count(list); i++) {
		const struct spec_node *key = spec_node_at(list, i);
		const char *name = spec_node_get_text(key, "key");

		if (name == NULL || tree_get(dict, name) != NULL ||
		    strcmp(name, "PayloadVersion") == 0 ||
		    (l->skip != NULL && strcmp(name, l->skip) == 0) ||
		    is_excused(list, name, dict) ||
		    !is_required(r, key, &l->span))
			continue;
		for (k = 1; k < l->n && list == l->any[0]; k++)
			if (!is_required(r, find_key(l->any[k], name),
			    &l->span))
				break;
		if (k < l->n && list == l->any[0])
			continue;
		schema_say(r, dict, RULE_MISSING_KEY, "'%s' is missing", name);
	}
}

void
schema_check_keys(struct schema_run *r, const struct schema_lists *lists,
    const struct tree *dict)
{
	struct schema_lists l = *lists;
	struct keys_walk w = { r, &l };
	const struct tree *outer = r->near;
	size_t i;

	r->near = dict;
	for (i = 0; i < l.n; i++)
		l.any[i] = open_placeholder(l.any[i], dict);
	if (l.n > 0)
		check_required(r, &l, l.any[0], dict);
	for (i = 0; l.more[i] != NULL; i++)
		check_required(r, &l, l.more[i], dict);
	(void)tree_each(dict, check_member, &w);
	r->near = outer;
}

/* ---- systems ---- */

void
schema_read_span(const struct schema_run *r, const struct spec_node *n,
    bool is_payload, struct schema_span *span)
{
	const struct spec_node *os = spec_node_get(n, "supportedOS");
	const struct spec_node *own;
	const char *text;

	if (r->opts->platform == NULL || os == NULL)
		return;
	own = spec_node_get(os, r->opts->platform);
	if (own == NULL && is_payload)
		span->introduced = "n/a";
	if ((text = spec_node_get_text(own, "introduced")) != NULL)
		span->introduced = text;
	if ((text = spec_node_get_text(own, "deprecated")) != NULL)
		span->deprecated = text;
	if ((text = spec_node_get_text(own, "removed")) != NULL)
		span->removed = text;
}

/* True for a version that the chosen one has reached. */
static bool
is_reached(const struct schema_run *r, const char *version)
{
	if (version == NULL || version[0] < '0' || version[0] > '9')
		return false;
	return r->opts->os == NULL ||
	    schema_compare_versions(version, r->opts->os) <= 0;
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

void
schema_check_span(struct schema_run *r, const struct tree *at,
    const struct schema_span *span, const struct schema_span *parent)
{
	const char *platform = r->opts->platform;

	if (platform == NULL)
		return;
	if (!same_text(span->introduced, parent->introduced) &&
	    span->introduced != NULL) {
		if (strcmp(span->introduced, "n/a") == 0)
			schema_say(r, at, RULE_UNSUPPORTED, "%s does not "
			    "know it", platform);
		else if (!is_reached(r, span->introduced))
			schema_say(r, at, RULE_TOO_NEW, "came with %s %s",
			    platform, span->introduced);
	}
	if (is_reached(r, span->removed)) {
		if (!same_text(span->removed, parent->removed))
			schema_say(r, at, RULE_REMOVED, "was removed in %s %s",
			    platform, span->removed);
	} else if (is_reached(r, span->deprecated) &&
	    !same_text(span->deprecated, parent->deprecated)) {
		schema_say(r, at, RULE_DEPRECATED, "is deprecated since %s %s",
		    platform, span->deprecated);
	}
}
