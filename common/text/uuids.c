/* Remembers the nodes of !uuid by their address. */
#include <string.h>

#include "text/local.h"

void
spec_uuids_free(struct spec_uuids *u)
{
	size_t i;

	for (i = 0; i < u->n; i++)
		free(u->v[i].name);
	free(u->v);
	u->v = NULL;
	u->n = 0;
}

static int
compare(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct spec_uuid *)a)->node;
	uintptr_t y = (uintptr_t)((const struct spec_uuid *)b)->node;

	return x < y ? -1 : x > y;
}

const struct spec_uuid *
spec_uuids_find(const struct spec_uuids *u, const struct tree *node)
{
	const struct spec_uuid want = { node, NULL, 0 };
	const struct spec_uuid *found;

	if (u == NULL || u->n == 0 || tree_kind(node) != TREE_STRING)
		return NULL;
	found = bsearch(&want, u->v, u->n, sizeof *u->v, compare);
	/* A later node at the same address has a different value. */
	if (found == NULL || strcmp(found->name, tree_string_of(node)) != 0)
		return NULL;
	return found;
}

void
spec_uuids_add(struct spec_uuids *u, const struct tree *node, size_t group)
{
	*GROW(u->v, u->n) = (struct spec_uuid){ node,
	    xstrdup(tree_string_of(node)), group };
}

void
spec_uuids_sort(struct spec_uuids *u)
{
	if (u->n > 0)
		qsort(u->v, u->n, sizeof *u->v, compare);
}
