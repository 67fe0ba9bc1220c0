/* Where a value stands in its document, and how a failure says so. */
#include <stdarg.h>
#include <stdio.h>

#include "base/keypath.h"
#include "text/local.h"

enum { REASON_MAX = 4096 };	/* a failure shows less than that */

void
spec_path_text(const struct spec_step *step, struct buf *out)
{
	const struct spec_step *steps[TREE_DEPTH_MAX + 1];
	size_t n = 0;

	for (; step != NULL && n < ARRAY_LEN(steps); step = step->up)
		steps[n++] = step;
	if (n == 0)
		return;
	while (n-- > 0)
		if (steps[n]->key == NULL)
			path_add_index(out, steps[n]->index);
		else
			path_add_key(out, steps[n]->key);
	buf_puts(out, ": ");
}

enum status
spec_fail_at(const struct spec_place *at, const struct spec_step *step,
    const char *fmt, ...)
{
	auto_buf place = BUF_INIT, path = BUF_INIT;
	char reason[REASON_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof reason, fmt, ap);
	va_end(ap);
	if (at->line > 0)
		buf_printf(&place, ":%lu", at->line);
	if (at->column > 0)
		buf_printf(&place, ":%lu", at->column);
	spec_path_text(step, &path);
	return fail(MALFORMED, "%s%s: %s%s", at->name, buf_str(&place),
	    buf_str(&path), reason);
}
