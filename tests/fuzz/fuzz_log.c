/*
 * In any log, each line is counted once, and all of it appears in the page only
 * as text.
 */
#include <string.h>
#include <strings.h>

#include "../../cmd/mcfg-report/html.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void
check_counts(const struct refusals *l)
{
	int64_t n = l->other;
	size_t i;

	for (i = 0; i < l->n; i++)
		n += l->v[i].count;
	if (n != l->refused + l->faults || n > l->requests ||
	    l->undated > n)
		abort();
}

static void
check_page(const struct buf *page)
{
	size_t i;

	for (i = 0; i < page->len; i++)
		if (page->data[i] < ' ' && page->data[i] != '\n')
			abort();
	for (i = 0; i + 7 < page->len; i++)
		if (strncasecmp((const char *)page->data + i, "<script",
		    7) == 0)
			abort();
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	auto_overview o = { .now = 1795608000, .rows = ROWS };
	auto_buf page = BUF_INIT;

	count_log(&o, (const char *)data, size);
	sort_log(&o);
	span_bars(&o);
	check_counts(&o.log);
	find_attention(&o);
	page_refusals(&page, &o);
	check_page(&page);
	return 0;
}
