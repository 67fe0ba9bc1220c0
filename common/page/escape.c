#include "page/escape.h"

#include <string.h>

static const char *
reference(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void
page_escape(struct buf *out, const char *text, size_t len)
{
	const char *ref;
	size_t i;

	for (i = 0; i < len; i++)
		if ((ref = reference(text[i])) != NULL)
			buf_puts(out, ref);
		else
			buf_putc(out, text[i]);
}

void
page_escape_shown(struct buf *out, const char *text, size_t max)
{
	char *shown = xmalloc(max);

	diag_escape(text, strlen(text), shown, max);
	page_escape(out, shown, strlen(shown));
	free(shown);
}
