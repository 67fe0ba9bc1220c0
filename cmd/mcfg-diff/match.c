/* Finds for each payload of the old profile the same payload of the new one. */
#include "mcfg-diff.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/uuid.h"

typedef const char *side_key(const struct side *);

static const char *
identifier_of(const struct side *s)
{
	return s->identifier;
}

static const char *
type_of(const struct side *s)
{
	return s->type;
}

static const char *
uuid_of(const struct side *s)
{
	return s->uuid;
}

static const char *
content_of(const struct side *s)
{
	return s->content;
}

/* A payload without identifier and type is matched by its position alone. */
static const char *
place_of(const struct side *s)
{
	return s->type == NULL && s->identifier == NULL ? "" : NULL;
}

static void
list_payloads(const struct tree *profile, struct sides *out)
{
	const struct tree *list = profile == NULL ? NULL :
	    tree_get_kind(profile, "PayloadContent", TREE_ARRAY);
	size_t i, n = list != NULL ? tree_count(list) : 0;

	out->v = xcalloc(n + 1, sizeof *out->v);
	for (i = 0; i < n; i++) {
		struct side *s = &out->v[i];

		s->payload = tree_at(list, i);
		s->identifier = tree_get_string(s->payload,
		    "PayloadIdentifier");
		s->type = tree_get_string(s->payload, "PayloadType");
		s->uuid = tree_get_string(s->payload, "PayloadUUID");
		s->fellow = NONE;
		s->index = i;
	}
	out->n = n;
}

void
sides_free(struct sides *s)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		free(s->v[i].content);
	free(s->v);
}

/* The content of each payload that has not been matched by name. */
static void
list_contents(struct sides *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		auto_tree *t = NULL;
		struct buf xml = BUF_INIT;

		if (s->v[i].fellow != NONE || s->v[i].type == NULL)
			continue;
		t = tree_copy(s->v[i].payload);
		tree_remove(t, "PayloadIdentifier");
		tree_remove(t, "PayloadUUID");
		tree_to_xml(t, &xml);
		s->v[i].content = xstrdup(buf_str(&xml));
		buf_free(&xml);
	}
}

struct keyed {
	const char *key, *more;
	size_t index;
};

static int
compare_keys(const struct keyed *a, const struct keyed *b)
{
	int c = strcmp(a->key, b->key);

	return c != 0 ? c : strcmp(a->more, b->more);
}

static int
compare_keyed(const void *va, const void *vb)
{
	const struct keyed *a = va, *b = vb;
	int c = compare_keys(a, b);

	if (c != 0)
		return c;
	return a->index < b->index ? -1 : a->index > b->index;
}

/* The unmatched payloads that have the key, sorted by it. */
static size_t
list_keyed(const struct sides *s, side_key *key, side_key *more,
    struct keyed **out)
{
	struct keyed *v = xcalloc(s->n + 1, sizeof *v);
	size_t i, n = 0;

	for (i = 0; i < s->n; i++) {
		v[n].key = key(&s->v[i]);
		v[n].more = more != NULL ? more(&s->v[i]) : "";
		v[n].index = i;
		if (s->v[i].fellow == NONE && v[n].key != NULL &&
		    v[n].more != NULL)
			n++;
	}
	qsort(v, n, sizeof *v, compare_keyed);
	*out = v;
	return n;
}

static void
match(struct comparing *c, side_key *key, side_key *more)
{
	struct sides *old = &c->old, *new = &c->new;
	struct keyed *a, *b;
	size_t n = list_keyed(old, key, more, &a);
	size_t m = list_keyed(new, key, more, &b);
	size_t i = 0, k = 0;
	int order;

	while (i < n && k < m) {
		if ((order = compare_keys(&a[i], &b[k])) == 0) {
			old->v[a[i].index].fellow = b[k].index;
			new->v[b[k].index].fellow = a[i].index;
		}
		i += order <= 0;
		k += order >= 0;
	}
	free(a);
	free(b);
}

static int
compare_uuids(const void *va, const void *vb)
{
	const struct uuid_at *a = va, *b = vb;

	return strcasecmp(a->uuid, b->uuid);
}

static void
list_uuids(const struct sides *s, struct uuid_list *out)
{
	size_t i;

	out->v = xcalloc(s->n + 1, sizeof *out->v);
	for (i = 0; i < s->n; i++)
		if (s->v[i].uuid != NULL)
			out->v[out->n++] = (struct uuid_at){ s->v[i].uuid, i };
	qsort(out->v, out->n, sizeof *out->v, compare_uuids);
}

static size_t
find_uuid(const struct uuid_list *l, const struct tree *t)
{
	const struct uuid_at *found;
	struct uuid_at key = { NULL, 0 };

	if (tree_kind(t) != TREE_STRING || !ident_is_uuid(tree_string_of(t)))
		return NONE;
	key.uuid = tree_string_of(t);
	found = bsearch(&key, l->v, l->n, sizeof *l->v, compare_uuids);
	return found != NULL ? found->index : NONE;
}

bool
same_payload(const struct comparing *c, const struct tree *a,
    const struct tree *b)
{
	size_t i = find_uuid(&c->old_uuids, a);
	size_t k = find_uuid(&c->new_uuids, b);

	return !c->a->uuids && i != NONE && k != NONE &&
	    c->old.v[i].fellow == k;
}

/* ---- names ---- */

static int
compare_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The types that occur more than once in one of the profiles, sorted. */
static void
list_common_types(struct comparing *c, const struct sides *l)
{
	const char **v = xcalloc(l->n + 1, sizeof *v);
	size_t i, n = 0;

	for (i = 0; i < l->n; i++)
		if (l->v[i].type != NULL)
			v[n++] = l->v[i].type;
	qsort(v, n, sizeof *v, compare_text);
	for (i = 1; i < n; i++)
		if (strcmp(v[i], v[i - 1]) == 0 &&
		    (i == 1 || strcmp(v[i], v[i - 2]) != 0))
			strings_add(&c->common, v[i]);
	free(v);
}

static bool
is_common(const struct comparing *c, const char *type)
{
	const struct strings *l = &c->common;

	return l->n > 0 && bsearch(&type, l->v, l->n, sizeof *l->v,
	    compare_text) != NULL;
}

void
name_payload(struct comparing *c, const struct side *s, size_t index)
{
	struct buf *name = &c->payload;

	buf_cut(&c->path, 0);
	finding_path_key(&c->path, "PayloadContent");
	finding_path_index(&c->path, index);
	c->type = s->type;
	buf_cut(name, 0);
	if (s->type == NULL)
		buf_printf(name, "%zu", s->index);
	else if (s->identifier == NULL || !is_common(c, s->type))
		buf_puts(name, s->type);
	else
		buf_printf(name, "%s %s", s->type, s->identifier);
}

void
match_payloads(struct comparing *c, const struct tree *old,
    const struct tree *new)
{
	list_payloads(old, &c->old);
	list_payloads(new, &c->new);
	/* Copies of one payload often share its identifier. */
	match(c, identifier_of, uuid_of);
	match(c, identifier_of, type_of);
	match(c, identifier_of, NULL);
	/*
	 * Some servers generate new identifiers each time, and change the
	 * order.
	 */
	list_contents(&c->old);
	list_contents(&c->new);
	match(c, content_of, NULL);
	match_nearest(c);
	match(c, type_of, NULL);
	match(c, place_of, NULL);
	list_common_types(c, &c->old);
	list_common_types(c, &c->new);
	if (c->common.n > 0)
		qsort(c->common.v, c->common.n, sizeof *c->common.v,
		    compare_text);
	list_uuids(&c->old, &c->old_uuids);
	list_uuids(&c->new, &c->new_uuids);
}
