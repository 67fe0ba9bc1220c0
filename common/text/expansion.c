/* Replaces variables, ${NAME}. */
#include "text/local.h"

#include <ctype.h>
#include <string.h>

bool
spec_is_name(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)s[i]) &&
		    s[i] != '_' && s[i] != '-' && s[i] != '.')
			return false;
	return len > 0;
}

const char *
spec_check_setting(const char *value)
{
	const char *eq = strchr(value, '=');

	if (eq == NULL || eq == value)
		return "not of the form NAME=VALUE";
	if (!spec_is_name(value, (size_t)(eq - value)))
		return "a name has letters, digits, '_', '-' and '.'";
	return tree_text_fault(eq + 1, strlen(eq + 1));
}

char *
spec_only_variable(const char *s)
{
	size_t n = strlen(s);

	if (n < 4 || s[0] != '$' || s[1] != '{' || s[n - 1] != '}' ||
	    !spec_is_name(s + 2, n - 3))
		return NULL;
	return xstrndup(s + 2, n - 3);
}

struct tree *
spec_variable(const struct tree *vars, const char *name)
{
	const struct tree *v = tree_get(vars, name);

	return v != NULL ? tree_copy(v) : NULL;
}

/*
 * Replaces one ${NAME}; s is after the opening brace, and *end is set to the
 * place after the closing one.
 */
static const char *
fill_one(const char *s, const char **end, const struct tree *vars,
    struct buf *out, struct buf *reason)
{
	const char *close = strchr(s, '}');
	const struct tree *v;
	auto_char *name = NULL;

	if (close == NULL)
		return "'${' without its '}' (write $${ for a literal ${)";
	name = xstrndup(s, (size_t)(close - s));
	if (!spec_is_name(name, strlen(name))) {
		buf_printf(reason, "'${%s}' does not name a variable (write "
		    "$${ for a literal ${)", name);
		return buf_str(reason);
	}
	if ((v = tree_get(vars, name)) == NULL) {
		buf_printf(reason, "variable '%s' is not set (--set %s=VALUE "
		    "sets it; write $${ for a literal ${)", name, name);
		return buf_str(reason);
	}
	if (!tree_scalar_text(v, out)) {
		buf_printf(reason, "variable '%s' is of type %s, which has no "
		    "place inside text", name, tree_kind_name(tree_kind(v)));
		return buf_str(reason);
	}
	*end = close + 1;
	return NULL;
}

const char *
spec_fill(const char *s, const struct tree *vars, struct buf *out,
    struct buf *reason)
{
	const char *fault;

	while (*s != '\0') {
		size_t n = strcspn(s, "$");

		buf_add(out, s, n);
		s += n;
		if (strncmp(s, "$${", 3) == 0) {
			buf_puts(out, "${");
			s += 3;
		} else if (strncmp(s, "${", 2) == 0) {
			if ((fault = fill_one(s + 2, &s, vars, out,
			    reason)) != NULL)
				return fault;
			if (out->len > SPEC_BYTES_MAX)
				return "text is too large with its variables";
		} else if (*s != '\0') {
			buf_putc(out, *s++);
		}
	}
	return NULL;
}

/* ---- templates that are plists ---- */

struct expanding {
	const struct spec_step *step;
	struct problem *why;
	const struct tree *vars;
	const struct tree_marks *marks;
	struct spec_size *total;
	size_t depth;
	struct tree *container;
	size_t index;
};

static enum status
refuse(const struct expanding *e, const struct tree *t, const char *reason)
{
	struct spec_place at = { e->why, 0, 0 };

	if (e->marks != NULL)
		tree_marks_get(e->marks, t, &at.line, &at.column);
	return spec_fail_at(&at, e->step, "%s", reason);
}

/*
 * Sets *made to the node that replaces a string, or to NULL if the string
 * stays.
 */
static enum status
expand_string(struct expanding *e, const struct tree *t, struct tree **made)
{
	const char *s = tree_string_of(t), *fault;
	auto_char *only = spec_only_variable(s);
	auto_buf text = BUF_INIT, reason = BUF_INIT;
	struct spec_size size = { 0, 0, 0 };

	*made = NULL;
	if (strchr(s, '$') == NULL)
		return OK;
	if (only != NULL)
		*made = spec_variable(e->vars, only);
	if (*made == NULL) {
		if ((fault = spec_fill(s, e->vars, &text, &reason)) != NULL)
			return refuse(e, t, fault);
		*made = tree_string(buf_str(&text));
	}
	spec_measure(*made, &size);
	e->total->nodes += size.nodes;
	e->total->bytes += size.bytes;
	if (e->total->nodes <= TREE_NODES_MAX &&
	    e->total->bytes <= SPEC_BYTES_MAX &&
	    e->depth + size.depth <= TREE_DEPTH_MAX)
		return OK;
	tree_free(STEAL(*made));
	return refuse(e, t, "too large, or nested too deep, once its variables "
	    "are filled in");
}

static enum status
expand_member(const char *key, struct tree *t, void *arg)
{
	struct expanding *outer = arg;
	const struct spec_step step = { outer->step, key, outer->index };
	struct expanding here = *outer;
	struct tree *made;
	enum status st;

	here.step = &step;
	if (tree_kind(t) != TREE_STRING) {
		here.container = t;
		here.index = 0;
		here.depth++;
		st = tree_each(t, expand_member, &here);
	} else if ((st = expand_string(&here, t, &made)) == OK &&
	    made != NULL) {
		if (key != NULL)
			tree_set(outer->container, key, made);
		else
			tree_replace_at(outer->container, outer->index, made);
	}
	outer->index++;
	return st;
}

enum status
spec_expand(struct tree **t, const char *name, const struct tree *vars,
    const struct tree_marks *marks)
{
	struct spec_size total = { 0, 0, 0 };
	struct problem why = { .name = name };
	struct expanding e = { NULL, &why, vars, marks, &total, 1, *t, 0 };
	struct tree *made;
	enum status st;

	if (tree_kind(*t) != TREE_STRING)
		st = tree_each(*t, expand_member, &e);
	else if ((st = expand_string(&e, *t, &made)) == OK && made != NULL) {
		tree_free(*t);
		*t = made;
	}
	return st == OK ? OK : problem_print(&why);
}
