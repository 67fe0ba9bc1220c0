/* Facts about a user, from the command line. */
#include <string.h>

#include "enrollment.h"
#include "text/text.h"

static enum status
add_file(struct tree *facts, const char *path)
{
	auto_buf in = BUF_INIT;
	auto_tree *more = NULL;
	enum status st;

	if ((st = io_slurp_file(path, IO_TEXT_MAX, &in)) != OK)
		return st;
	if ((st = spec_values(&in, io_name(path), &more)) != OK)
		return st;
	tree_copy_members(more, facts);
	return OK;
}

static enum status
add_set(struct tree *facts, const char *text)
{
	const char *eq = strchr(text, '=');
	auto_char *name = xstrndup(text, (size_t)(eq - text));

	if (tree_get(facts, name) != NULL)
		return fail(USAGE, "--set: %s: given twice", name);
	tree_set_string(facts, name, eq + 1);
	return OK;
}

enum status
facts_read(const struct strings *vars, const struct strings *set,
    struct tree *facts)
{
	auto_tree *chosen = tree_dict();
	enum status st;
	size_t i;

	for (i = 0; i < vars->n; i++)
		if ((st = add_file(facts, vars->v[i])) != OK)
			return st;
	for (i = 0; i < set->n; i++)
		if ((st = add_set(chosen, set->v[i])) != OK)
			return st;
	tree_copy_members(chosen, facts);
	return OK;
}
