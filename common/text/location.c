/* The place of a value in its document, for messages. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "finding/keypath.h"
#include "text/local.h"

enum { REASON_MAX = 4096 };	/* a message shows less than that */

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
			keypath_add_index(out, steps[n]->index);
		else
			keypath_add_key(out, steps[n]->key);
	buf_puts(out, ": ");
}

enum status
spec_fail_at(const struct spec_place *at, const struct spec_step *step,
    const char *fmt, ...)
{
	auto_buf path = BUF_INIT;
	char reason[REASON_MAX], shown[PROBLEM_TEXT];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof reason, fmt, ap);
	va_end(ap);
	spec_path_text(step, &path);
	problem_at(at->why, MALFORMED, at->line, at->column, "%s%s",
	    buf_str(&path), reason);
	at->why->reason = strlen(diag_escape(buf_str(&path), path.len, shown,
	    sizeof shown));
	return MALFORMED;
}
