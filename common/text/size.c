/* Measures a tree before it becomes part of a larger one. */
#include <string.h>

#include "text/local.h"

struct measuring {
	struct spec_size *size;
	size_t depth;
};

static enum status
measure(const char *key, struct tree *t, void *arg)
{
	const struct measuring *outer = arg;
	struct measuring here = *outer;
	enum tree_kind kind = tree_kind(t);
	size_t n = 0;

	here.size->nodes++;
	here.size->bytes += key != NULL ? strlen(key) : 0;
	if (kind == TREE_DICT || kind == TREE_ARRAY)
		here.depth++;
	if (here.depth > here.size->depth)
		here.size->depth = here.depth;
	if (kind == TREE_STRING)
		n = strlen(tree_string_of(t));
	else if (kind == TREE_DATA)
		tree_data_of(t, &n);
	here.size->bytes += n;
	return tree_each(t, measure, &here);
}

void
spec_measure(const struct tree *t, struct spec_size *out)
{
	struct measuring top = { out, 0 };

	*out = (struct spec_size){ 0, 0, 0 };
	measure(NULL, (struct tree *)(uintptr_t)t, &top);
}
