/* Many inputs in one call: lists of paths, and the names of outputs. */
#include <string.h>

#include "io.h"

enum {
	LIST_MAX = 64 << 20,	/* bytes of a list of paths */
};

const char *
io_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

enum status
io_slurp_paths(struct buf *text, struct strings *paths)
{
	const struct io_input from = { NULL, NULL };
	const char *p, *end;
	enum status st;

	if ((st = io_slurp(&from, LIST_MAX, text)) != OK)
		return st;
	if (text->len > 0 && text->data[text->len - 1] != '\0')
		return fail(MALFORMED, "stdin: the last path does not end in "
		    "a NUL byte");
	p = buf_str(text);
	for (end = p + text->len; p < end; p += strlen(p) + 1)
		strings_add(paths, p);
	return OK;
}

static int
by_base(const void *a, const void *b)
{
	return strcmp(io_base(*(const char *const *)a),
	    io_base(*(const char *const *)b));
}

enum status
io_check_bases(const struct strings *paths)
{
	auto_strings sorted = { NULL, 0 };
	size_t i;

	for (i = 0; i < paths->n; i++)
		strings_add(&sorted, paths->v[i]);
	if (sorted.n > 0)
		qsort(sorted.v, sorted.n, sizeof *sorted.v, by_base);
	for (i = 0; i < sorted.n; i++) {
		const char *base = io_base(sorted.v[i]);

		if (*base == '\0' || strcmp(base, ".") == 0 ||
		    strcmp(base, "..") == 0 || strcmp(sorted.v[i], "-") == 0)
			return fail(USAGE, "'%s': not the name of a file",
			    sorted.v[i]);
		if (i > 0 && by_base(&sorted.v[i - 1], &sorted.v[i]) == 0)
			return fail(USAGE, "%s and %s would have the same name "
			    "in --out-dir", sorted.v[i - 1], sorted.v[i]);
	}
	return OK;
}
