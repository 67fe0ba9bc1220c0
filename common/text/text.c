#include "text/text.h"

enum status
spec_values(const struct buf *in, const char *name, struct tree **out)
{
	auto_tree *t = NULL;
	enum status st;

	if (tree_looks_like_plist(in))
		st = tree_parse(in, name, NULL, &t);
	else if (spec_looks_like_json(in))
		st = spec_from_json(in, name, &t);
	else
		st = spec_from_yaml(in, name, NULL, &t);
	if (st != OK)
		return st;
	if (tree_kind(t) != TREE_DICT)
		return fail(MALFORMED, "%s: not a set of named values, but of "
		    "type %s", name, tree_kind_name(tree_kind(t)));
	*out = STEAL(t);
	return OK;
}
