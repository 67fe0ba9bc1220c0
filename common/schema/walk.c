/* Walks through a profile together with its schema. */
#include <string.h>

#include "schema/local.h"

static void check_value(struct schema_run *, const struct spec_node *,
    const struct tree *, const struct schema_span *);

static bool
has_errors_since(const struct findings *f, size_t from)
{
	for (; from < f->n; from++)
		if (finding_rules[f->v[from].rule].severity == FINDING_ERROR)
			return true;
	return false;
}

/* The value must match one of the keys; findings are about the last one. */
static void
check_any(struct schema_run *r, const struct spec_node *const *keys, size_t n,
    const struct tree *t, const struct schema_span *span)
{
	size_t i, before = r->out->n;

	for (i = 0; i < n; i++) {
		findings_cut(r->out, before);
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
	schema_check_count(r, items[0], t);
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
	if (!schema_check_type(r, key, t))
		return;
	switch (tree_kind(t)) {
	case TREE_DICT:
		/*
		 * The Dock's own record of a file is "for Apple use only", and
		 * does not have the form in the schema.
		 */
		if (spec_node_says(key, "key", "tile-data"))
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
		if (!schema_is_variable(t))
			schema_check_scalar(r, key, t);
	}
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
	n = schema_find_keys(w->lists, name, keys);
	before = schema_push(r, name);
	if (n > 0)
		check_any(r, keys, n, t, &w->lists->span);
	else if (w->lists->n > 0)
		schema_say_unknown_key(r, w->lists, name, r->near, t);
	buf_cut(&r->path, before);
	return OK;
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
	/* The keys of a payload itself are exactly those in the schema. */
	for (i = 0; i < l.n && l.more[0] == NULL; i++)
		l.any[i] = schema_open_placeholder(l.any[i], dict);
	if (l.n > 0)
		schema_check_required(r, &l, l.any[0], dict);
	for (i = 0; l.more[i] != NULL; i++)
		schema_check_required(r, &l, l.more[i], dict);
	(void)tree_each(dict, check_member, &w);
	r->near = outer;
}
