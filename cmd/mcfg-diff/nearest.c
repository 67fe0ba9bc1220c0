/*
 * Matches payloads that changed and also have new names: the most similar ones
 * belong together.
 */
#include "base/words.h"
#include "mcfg-diff.h"

#include <stdlib.h>
#include <string.h>

enum { PAIRS_MAX = 10000 };	/* compared in full at most */

struct nearness {
	const struct tree *other;
	size_t equal, different;
};

/*
 * Keys that every payload has, or that a server generates anew, do not count.
 */
static bool
is_name(const char *key)
{
	return words_choose("PayloadIdentifier|PayloadUUID|PayloadType|"
	    "PayloadVersion", key);
}

static enum status
compare_member(const char *key, struct tree *t, void *arg)
{
	struct nearness *n = arg;
	const struct tree *peer = tree_get(n->other, key);

	if (is_name(key))
		return OK;
	if (peer != NULL && tree_equal(t, peer))
		n->equal++;
	else
		n->different++;
	return OK;
}

struct pair {
	size_t old, new, equal, different;
};

static size_t
distance(const struct pair *p)
{
	return p->old > p->new ? p->old - p->new : p->new - p->old;
}

/*
 * First by the number of equal members, then by the fewest different ones,
 * then by the smallest distance.
 */
static int
compare_pairs(const void *va, const void *vb)
{
	const struct pair *a = va, *b = vb;
	size_t x = distance(a), y = distance(b);

	if (a->equal != b->equal)
		return a->equal > b->equal ? -1 : 1;
	if (a->different != b->different)
		return a->different < b->different ? -1 : 1;
	if (x != y)
		return x < y ? -1 : 1;
	return a->old < b->old ? -1 : a->old > b->old ? 1 :
	    a->new < b->new ? -1 : a->new > b->new;
}

static bool
may_pair(const struct side *a, const struct side *b)
{
	return a->fellow == NONE && b->fellow == NONE && a->type != NULL &&
	    b->type != NULL && strcmp(a->type, b->type) == 0;
}

static size_t
count_free(const struct sides *s)
{
	size_t i, n = 0;

	for (i = 0; i < s->n; i++)
		n += s->v[i].fellow == NONE;
	return n;
}

/* All pairs of equal type that have something in common. */
static size_t
list_pairs(const struct comparing *c, struct pair *out)
{
	size_t i, k, n = 0;

	for (i = 0; i < c->old.n; i++)
		for (k = 0; k < c->new.n; k++) {
			const struct side *a = &c->old.v[i], *b = &c->new.v[k];
			struct nearness near = { b->payload, 0, 0 };

			if (!may_pair(a, b))
				continue;
			(void)tree_each(a->payload, compare_member, &near);
			if (near.equal > 0)
				out[n++] = (struct pair){ i, k, near.equal,
				    near.different };
		}
	return n;
}

void
match_nearest(struct comparing *c)
{
	size_t n = count_free(&c->old), m = count_free(&c->new), i;
	struct pair *pairs;

	if (n == 0 || m == 0 || n > PAIRS_MAX / m)
		return;
	pairs = xcalloc(n * m, sizeof *pairs);
	n = list_pairs(c, pairs);
	qsort(pairs, n, sizeof *pairs, compare_pairs);
	for (i = 0; i < n; i++) {
		struct side *a = &c->old.v[pairs[i].old];
		struct side *b = &c->new.v[pairs[i].new];

		if (a->fellow != NONE || b->fellow != NONE)
			continue;
		a->fellow = pairs[i].new;
		b->fellow = pairs[i].old;
	}
	free(pairs);
}
