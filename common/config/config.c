/* Reads a YAML mapping by a table of its keys. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/words.h"
#include "config/config.h"
#include "text/text.h"

/* The table, and the mapping that is being read. */
struct reader {
	struct config *c;
	const struct config_rule *rules;
	size_t n;
	const char *prefix;	/* "scep.", or "" */
};

void
config_free(struct config *c)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		free(c->v[i].key);
		free(c->v[i].text);
		free(c->v[i].where);
		strings_free(&c->v[i].list);
	}
	free(c->v);
	free(c->name);
	tree_free(c->tree);
	if (c->marks != NULL)
		tree_marks_free(c->marks);
	*c = (struct config)CONFIG_INIT;
}

/* "FILE:LINE:COLUMN" of a node of the tree. */
static char *
place_of(const struct config *c, const struct tree *t)
{
	unsigned long line = 0, column = 0;

	tree_marks_get(c->marks, t, &line, &column);
	return xasprintf("%s:%lu:%lu", c->name, line, column);
}

enum status
config_bad(const struct config *c, const struct tree *t, const char *key,
    const char *reason)
{
	auto_char *where = place_of(c, t);

	return fail(MALFORMED, "%s: %s: %s", where, key, reason);
}

struct config_value *
config_add(struct config *c, const char *key, const char *where)
{
	struct config_value *v = GROW(c->v, c->n);

	*v = (struct config_value){ .key = xstrdup(key),
	    .where = xstrdup(where) };
	return v;
}

/* ---- one value ---- */

static enum status
wrong_kind(const struct config *c, const struct config_rule *rule,
    const struct tree *t, const char *want)
{
	auto_char *where = place_of(c, t);

	return fail(MALFORMED, "%s: %s: must be %s, not %s", where, rule->key,
	    want, tree_kind_name(tree_kind(t)));
}

static enum status
check_text(const struct config_value *v, const char *where, const char *text)
{
	const struct config_rule *rule = v->rule;
	const char *reason = NULL;

	if (rule->choices != NULL && !words_choose(rule->choices, text))
		return fail(MALFORMED, "%s: %s: '%s' is not one of %s", where,
		    rule->key, text, rule->choices);
	if (*text == '\0')
		reason = "cannot be empty";
	else if (rule->check != NULL)
		reason = rule->check(text);
	if (reason == NULL)
		return OK;
	if (rule->kind == CONFIG_SOURCE)
		return fail(MALFORMED, "%s: %s: %s", where, rule->key, reason);
	return fail(MALFORMED, "%s: %s: '%s': %s", where, rule->key, text,
	    reason);
}

/*
 * Words separated by commas, as on the command line, compared with the
 * choices.
 */
static enum status
check_words(const struct config_value *v)
{
	config_check *check = v->rule->check;
	const char *p = v->text;
	size_t n;

	for (;; p += n + 1) {
		auto_char *word = xstrndup(p, n = strcspn(p, ","));
		const char *reason = n == 0 ? "cannot be empty" :
		    check != NULL ? check(word) : NULL;

		if (reason != NULL)
			return fail(MALFORMED, "%s: %s: '%s': %s", v->where,
			    v->key, word, reason);
		if (p[n] == '\0')
			return OK;
	}
}

static enum status
take_list(const struct config *c, struct config_value *v)
{
	auto_buf text = BUF_INIT;
	size_t i;
	enum status st;

	if (tree_kind(v->tree) != TREE_ARRAY)
		return wrong_kind(c, v->rule, v->tree, "a list of texts");
	for (i = 0; i < tree_count(v->tree); i++) {
		const struct tree *item = tree_at(v->tree, i);
		auto_char *at = place_of(c, item);

		if (tree_kind(item) != TREE_STRING)
			return wrong_kind(c, v->rule, item, "a list of texts");
		if ((st = check_text(v, at, tree_string_of(item))) != OK)
			return st;
		strings_add(&v->list, tree_string_of(item));
		buf_printf(&text, "%s%s", i > 0 ? "," : "",
		    tree_string_of(item));
	}
	if (i == 0 && v->rule->kind == CONFIG_WORDS)
		return fail(MALFORMED, "%s: %s: an empty list (leave the key "
		    "out for the default)", v->where, v->key);
	v->text = xstrdup(buf_str(&text));
	return OK;
}

static enum status
check_range(const struct config_value *v)
{
	const struct config_rule *rule = v->rule;

	if (rule->kind == CONFIG_DURATION && v->number < rule->least)
		return fail(MALFORMED, "%s: %s: '%s': less than %" PRId64 " s",
		    v->where, v->key, v->text, rule->least);
	if (rule->kind == CONFIG_NUMBER && rule->most != 0 &&
	    (v->number < rule->least || v->number > rule->most))
		return fail(MALFORMED, "%s: %s: must be a number from %" PRId64
		    " to %" PRId64, v->where, v->key, rule->least, rule->most);
	return OK;
}

static enum status
take_duration(struct config_value *v)
{
	const char *reason = clock_duration(v->text, &v->number);

	return reason == NULL ? check_range(v) : fail(MALFORMED,
	    "%s: %s: '%s': %s", v->where, v->key, v->text, reason);
}

static bool
is_zero(const struct config_value *v)
{
	return tree_kind(v->tree) == TREE_INT && tree_int_of(v->tree) == 0;
}

static enum status
take_scalar(const struct config *c, struct config_value *v)
{
	static const struct {
		enum tree_kind kind;
		const char *what;
	} wanted[] = {
		[CONFIG_TEXT] = { TREE_STRING, "text" },
		[CONFIG_SOURCE] = { TREE_STRING, "text" },
		[CONFIG_NUMBER] = { TREE_INT, "a number" },
		[CONFIG_DURATION] = { TREE_STRING, "a duration such as 15m" },
		[CONFIG_FLAG] = { TREE_BOOL, "true or false" },
	};
	enum config_kind kind = v->rule->kind;
	auto_buf text = BUF_INIT;

	if (kind == CONFIG_DURATION && is_zero(v) && v->rule->least == 0)
		return OK;
	if (tree_kind(v->tree) != wanted[kind].kind)
		return wrong_kind(c, v->rule, v->tree, wanted[kind].what);
	tree_scalar_text(v->tree, &text);
	v->text = xstrdup(buf_str(&text));
	if (kind == CONFIG_DURATION)
		return take_duration(v);
	if (kind == CONFIG_FLAG)
		v->number = tree_bool_of(v->tree);
	if (kind == CONFIG_NUMBER) {
		v->number = tree_int_of(v->tree);
		return check_range(v);
	}
	return check_text(v, v->where, v->text);
}

/* ---- the mapping ---- */

static const struct config_rule *
find_rule(const struct reader *r, const char *key)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		if (strcmp(r->rules[i].key, key) == 0)
			return &r->rules[i];
	return NULL;
}

/* True for "scep" and "auth.ldap", which only contain other keys. */
static bool
is_group(const struct reader *r, const char *key)
{
	size_t i, n = strlen(key);

	for (i = 0; i < r->n; i++)
		if (strncmp(r->rules[i].key, key, n) == 0 &&
		    r->rules[i].key[n] == '.')
			return true;
	return false;
}

static enum status
take_value(const struct reader *r, const struct config_rule *rule,
    const struct tree *t, const char *where)
{
	struct config_value *v = config_add(r->c, rule->key, where);

	v->rule = rule;
	v->tree = t;
	if (rule->kind == CONFIG_TREE)
		return OK;
	if (rule->kind == CONFIG_WORDS && tree_kind(t) == TREE_STRING) {
		v->text = xstrdup(tree_string_of(t));
		return check_words(v);
	}
	if (rule->kind == CONFIG_WORDS || rule->kind == CONFIG_LIST)
		return take_list(r->c, v);
	return take_scalar(r->c, v);
}

static enum status
take_key(const char *key, struct tree *t, void *arg)
{
	const struct reader *r = arg;
	auto_char *whole = xasprintf("%s%s", r->prefix, key);
	auto_char *prefix = xasprintf("%s.", whole);
	auto_char *where = place_of(r->c, t);
	const struct config_rule *rule = find_rule(r, whole);
	struct reader inner = *r;

	if (is_group(r, whole) && tree_kind(t) == TREE_DICT) {
		inner.prefix = prefix;
		return tree_each(t, take_key, &inner);
	}
	if (rule != NULL)
		return take_value(r, rule, t, where);
	if (is_group(r, whole))
		return fail(MALFORMED, "%s: %s: must be a mapping, not %s",
		    where, whole, tree_kind_name(tree_kind(t)));
	return fail(MALFORMED, "%s: unknown key '%s'", where, whole);
}

enum status
config_read(const struct buf *yaml, const char *name,
    const struct config_rule *rules, size_t n, struct config *out)
{
	auto_config c = CONFIG_INIT;
	struct spec_how how = { 0 };
	struct reader r = { &c, rules, n, "" };
	enum status st;

	c.name = xstrdup(name);
	how.marks = c.marks = tree_marks_new();
	if ((st = spec_from_yaml(yaml, name, &how, &c.tree)) != OK ||
	    (st = tree_each(c.tree, take_key, &r)) != OK)
		return st;
	*out = MOVE(c);
	return OK;
}

/* ---- values ---- */

const struct config_value *
config_find(const struct config *c, const char *key)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (strcmp(c->v[i].key, key) == 0)
			return &c->v[i];
	return NULL;
}

const char *
config_text(const struct config *c, const char *key)
{
	const struct config_value *v = config_find(c, key);

	return v != NULL ? v->text : NULL;
}

int64_t
config_number(const struct config *c, const char *key, int64_t otherwise)
{
	const struct config_value *v = config_find(c, key);

	return v != NULL ? v->number : otherwise;
}

bool
config_flag(const struct config *c, const char *key, bool otherwise)
{
	return config_number(c, key, otherwise) != 0;
}

void
config_take(const struct config *c, const char *key, char **out)
{
	const char *text = config_text(c, key);

	if (text == NULL)
		return;
	free(*out);
	*out = xstrdup(text);
}
