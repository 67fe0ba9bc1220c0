/* What differs between two profiles, value by value. */
#include "mcfg-diff.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ITEMS_PRODUCT_MAX = 1 << 16 };	/* sizes of two arrays; above, compared
					 * by position */

static void
add_change(struct comparing *c, const struct tree *old,
    const struct tree *new)
{
	auto_buf name = BUF_INIT;
	struct change *v = GROW(c->changes, c->n);

	finding_path_name(buf_str(&c->path), buf_str(&c->payload), &name);
	v->path = xstrdup(buf_str(&c->path));
	v->name = xstrdup(buf_str(&name));
	v->type = c->type;
	v->old = old;
	v->new = new;
	v->key = c->key != NULL ? xstrdup(c->key) : NULL;
	v->place = c->n;
}

/* Appends a key to the path; the caller removes it again with leave(). */
struct step {
	size_t path;
	char *key;
};

static struct step
enter(struct comparing *c, const char *key)
{
	struct step s = { c->path.len, c->key };

	finding_path_key(&c->path, key);
	c->key = xstrdup(key);
	return s;
}

static struct step
enter_index(struct comparing *c, size_t i)
{
	struct step s = { c->path.len, c->key };

	finding_path_index(&c->path, i);
	return s;
}

static void
leave(struct comparing *c, struct step s)
{
	buf_cut(&c->path, s.path);
	if (c->key != s.key)
		free(c->key);
	c->key = s.key;
}

struct one_sided {
	struct comparing *c;
	bool is_new;
	bool is_payload;
	size_t i;
};

static void one_sided(struct comparing *, const struct tree *, bool, bool);

static bool
is_ignored(const struct comparing *c, const char *key, bool is_payload)
{
	return is_payload && !c->a->uuids && strcmp(key, "PayloadUUID") == 0;
}

static enum status
one_sided_member(const char *key, struct tree *t, void *arg)
{
	struct one_sided *o = arg;
	struct comparing *c = o->c;
	struct step s;

	if (key != NULL && is_ignored(c, key, o->is_payload))
		return OK;
	s = key != NULL ? enter(c, key) : enter_index(c, o->i++);
	one_sided(c, t, o->is_new, false);
	leave(c, s);
	return OK;
}

/* A value that only one profile has: one line, or one for each value in it. */
static void
one_sided(struct comparing *c, const struct tree *t, bool is_new,
    bool is_payload)
{
	struct one_sided o = { c, is_new, is_payload, 0 };

	if ((c->a->full || c->a->text) && is_container(t) && tree_count(t) > 0)
		(void)tree_each(t, one_sided_member, &o);
	else
		add_change(c, is_new ? NULL : t, is_new ? t : NULL);
}

static void compare(struct comparing *, const struct tree *,
    const struct tree *, bool);

struct members {
	struct comparing *c;
	const struct tree *own, *other;
	bool is_payload;
};

/* Skips the PayloadUUIDs of two dictionaries, if both texts have them here. */
static bool
skip_uuids(const struct tree *a, const struct tree *b, const char **p,
    const char **q)
{
	const char *u = tree_get_string(a, "PayloadUUID");
	const char *v = tree_get_string(b, "PayloadUUID");
	size_t n = u != NULL ? strlen(u) : 0, m = v != NULL ? strlen(v) : 0;

	if (n == 0 || m == 0 || strncasecmp(*p, u, n) != 0 ||
	    strncasecmp(*q, v, m) != 0)
		return false;
	*p += n;
	*q += m;
	return true;
}

/*
 * Identifiers of payloads often have the UUID of the payload, or of the
 * profile, in them, and are made anew with it.
 */
static bool
same_but_uuids(const struct members *m)
{
	const struct comparing *c = m->c;
	const char *p = tree_get_string(m->own, "PayloadIdentifier");
	const char *q = tree_get_string(m->other, "PayloadIdentifier");

	if (p == NULL || q == NULL)
		return false;
	while (*p != '\0' || *q != '\0')
		if (!skip_uuids(m->own, m->other, &p, &q) &&
		    !skip_uuids(c->old_top, c->new_top, &p, &q) &&
		    *p++ != *q++)
			return false;
	return true;
}

static bool
is_remade(const struct members *m, const char *key)
{
	return m->is_payload && !m->c->a->uuids && m->own != m->c->old_top &&
	    strcmp(key, "PayloadIdentifier") == 0 && same_but_uuids(m);
}

static enum status
compare_member(const char *key, struct tree *t, void *arg)
{
	const struct members *m = arg;
	struct comparing *c = m->c;
	const struct tree *other = tree_get(m->other, key);
	struct step s;

	if (is_ignored(c, key, m->is_payload) || is_remade(m, key))
		return OK;
	s = enter(c, key);
	if (other != NULL)
		compare(c, t, other, false);
	else
		one_sided(c, t, false, false);
	leave(c, s);
	return OK;
}

static enum status
add_member(const char *key, struct tree *t, void *arg)
{
	const struct members *m = arg;
	struct comparing *c = m->c;
	struct step s;

	if (is_ignored(c, key, m->is_payload) ||
	    tree_get(m->other, key) != NULL)
		return OK;
	s = enter(c, key);
	one_sided(c, t, true, false);
	leave(c, s);
	return OK;
}

static void
compare_dicts(struct comparing *c, const struct tree *a, const struct tree *b,
    bool is_payload)
{
	struct members m = { c, a, b, is_payload };

	(void)tree_each(a, compare_member, &m);
	m.other = a;
	(void)tree_each(b, add_member, &m);
}

/*
 * n old items became m new ones: the first ones are compared in pairs, the
 * rest were removed or added.  A removed item is shown with its old index, all
 * others with the new one.
 */
static void
compare_gap(struct comparing *c, const struct tree *a, size_t i, size_t n,
    const struct tree *b, size_t k, size_t m)
{
	struct step s;

	for (; n > 0 && m > 0; n--, m--) {
		s = enter_index(c, k);
		compare(c, tree_at(a, i++), tree_at(b, k++), false);
		leave(c, s);
	}
	for (; n > 0; n--) {
		s = enter_index(c, i);
		one_sided(c, tree_at(a, i++), false, false);
		leave(c, s);
	}
	for (; m > 0; m--) {
		s = enter_index(c, k);
		one_sided(c, tree_at(b, k++), true, false);
		leave(c, s);
	}
}

/*
 * The longest common subsequence of items, by the usual table: what[i][k] is
 * its length after a's i-th and b's k-th item.
 */
static void
compare_middle(struct comparing *c, const struct tree *a, size_t from,
    size_t n, const struct tree *b, size_t m)
{
	uint32_t *what = xcalloc((n + 1) * (m + 1), sizeof *what);
	size_t i, k, gap_i = 0, gap_k = 0;

#define WHAT(i, k) what[(i) * (m + 1) + (k)]
	for (i = n; i-- > 0;)
		for (k = m; k-- > 0;)
			if (tree_equal(tree_at(a, from + i),
			    tree_at(b, from + k)))
				WHAT(i, k) = WHAT(i + 1, k + 1) + 1;
			else
				WHAT(i, k) = WHAT(i + 1, k) > WHAT(i, k + 1) ?
				    WHAT(i + 1, k) : WHAT(i, k + 1);
	for (i = k = 0; i < n && k < m;) {
		if (tree_equal(tree_at(a, from + i), tree_at(b, from + k))) {
			compare_gap(c, a, from + gap_i, i - gap_i, b,
			    from + gap_k, k - gap_k);
			gap_i = ++i;
			gap_k = ++k;
		} else if (WHAT(i + 1, k) >= WHAT(i, k + 1)) {
			i++;
		} else {
			k++;
		}
	}
#undef WHAT
	compare_gap(c, a, from + gap_i, n - gap_i, b, from + gap_k, m - gap_k);
	free(what);
}

static void
compare_arrays(struct comparing *c, const struct tree *a,
    const struct tree *b)
{
	size_t n = tree_count(a), m = tree_count(b), from = 0;

	while (from < n && from < m &&
	    tree_equal(tree_at(a, from), tree_at(b, from)))
		from++;
	while (n > from && m > from &&
	    tree_equal(tree_at(a, n - 1), tree_at(b, m - 1))) {
		n--;
		m--;
	}
	n -= from;
	m -= from;
	if (n == m || n == 0 || m == 0 || (n + 1) * (m + 1) > ITEMS_PRODUCT_MAX)
		compare_gap(c, a, from, n, b, from, m);
	else
		compare_middle(c, a, from, n, b, m);
}

static void
compare(struct comparing *c, const struct tree *a, const struct tree *b,
    bool is_payload)
{
	enum tree_kind kind = tree_kind(a);

	if (kind == TREE_DICT && tree_kind(b) == kind)
		compare_dicts(c, a, b, is_payload);
	else if (kind == TREE_ARRAY && tree_kind(b) == kind)
		compare_arrays(c, a, b);
	else if (!tree_equal(a, b) && !same_payload(c, a, b))
		add_change(c, a, b);
}

/* ---- profiles ---- */

static void
compare_payloads(struct comparing *c)
{
	const struct sides *old = &c->old, *new = &c->new;
	size_t i;

	for (i = 0; i < old->n; i++) {
		const struct side *s = &old->v[i];

		name_payload(c, s, s->fellow != NONE ?
		    new->v[s->fellow].index : s->index);
		if (s->fellow != NONE)
			compare(c, s->payload, new->v[s->fellow].payload, true);
		else
			one_sided(c, s->payload, false, true);
	}
	for (i = 0; i < new->n; i++)
		if (new->v[i].fellow == NONE) {
			name_payload(c, &new->v[i], new->v[i].index);
			one_sided(c, new->v[i].payload, true, true);
		}
}

/*
 * The top level without its payloads, which are compared separately.  An empty
 * list of payloads is kept if the other profile has no list at all.
 */
static struct tree *
top_of(const struct tree *profile, const struct tree *other)
{
	struct tree *top = tree_copy(profile);
	const struct tree *list = tree_get_kind(top, "PayloadContent",
	    TREE_ARRAY);

	if (list != NULL && (tree_count(list) > 0 ||
	    (other != NULL && tree_get(other, "PayloadContent") != NULL)))
		tree_remove(top, "PayloadContent");
	return top;
}

void
compare_profiles(struct comparing *c, const struct tree *old,
    const struct tree *new)
{
	if (old != NULL)
		c->old_top = top_of(old, new);
	if (new != NULL)
		c->new_top = top_of(new, old);
	match_payloads(c, old, new);
	if (old != NULL && new != NULL)
		compare(c, c->old_top, c->new_top, true);
	else if (old != NULL || new != NULL)
		one_sided(c, old != NULL ? c->old_top : c->new_top, old == NULL,
		    true);
	compare_payloads(c);
}
