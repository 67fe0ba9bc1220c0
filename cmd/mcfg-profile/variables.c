#include <string.h>

#include "mcfg-profile.h"

/* Where variables come from: the environment, then files, then --set. */

struct from_env {
	const char *prefix;
	struct tree *vars;
};

/* Sets a variable under its full name, and under the part after the prefix. */
static enum status
add_env(const char *name, const char *value, void *arg)
{
	const struct from_env *e = arg;
	const char *rest = name + strlen(e->prefix), *reason;

	if ((reason = profile_check_text(value)) != NULL)
		return fail(MALFORMED, "--env: %s: %s", name, reason);
	if ((reason = profile_check_text(name)) != NULL)
		return fail(MALFORMED, "--env: %s: %s", name, reason);
	tree_set_string(e->vars, name, value);
	if (*rest != '\0')
		tree_set_string(e->vars, rest, value);
	return OK;
}

static enum status
add_file(struct tree *vars, const char *path)
{
	auto_buf in = BUF_SECRET;
	auto_tree *values = NULL;
	enum status st;

	st = secret_is_source(path) ?
	    secret_read_all(path, "--vars", IO_TEXT_MAX, &in) :
	    io_slurp_file(path, IO_TEXT_MAX, &in);
	if (st != OK || (st = spec_values(&in, io_name(path), &values)) != OK)
		return st;
	tree_copy_members(values, vars);
	return OK;
}

bool
takes_vars(const struct args *a)
{
	return a->prefixes.n > 0 || a->files.n > 0 || a->sets.n > 0 ||
	    a->each != NULL;
}

enum status
add_outer_vars(const struct args *a, struct tree *vars)
{
	enum status st;
	size_t i;

	for (i = 0; i < a->prefixes.n; i++) {
		struct from_env e = { a->prefixes.v[i], vars };

		if ((st = secret_env_each(e.prefix, add_env, &e)) != OK)
			return st;
	}
	for (i = 0; i < a->files.n; i++)
		if ((st = add_file(vars, a->files.v[i])) != OK)
			return st;
	return OK;
}

void
add_sets(const struct args *a, struct tree *vars)
{
	size_t i;

	for (i = 0; i < a->sets.n; i++) {
		const char *eq = strchr(a->sets.v[i], '=');
		auto_char *name = xstrndup(a->sets.v[i],
		    (size_t)(eq - a->sets.v[i]));

		tree_set_string(vars, name, eq + 1);
	}
}
