/* What the servers refused, by reason and by day. */
#include "html.h"

static void
put_numbers(struct buf *out, const struct overview *o)
{
	struct html_table t;
	size_t i;

	buf_puts(out, "<details>\n<summary>The numbers of the chart</summary>"
	    "\n");
	html_table(&t, out, false, "Refused and failed requests by time",
	    "From|#Number");
	for (i = o->bar_count; i-- > 0; ) {
		if (o->bars[i].refused == 0)
			continue;
		html_cell(&t);
		html_date(out, o->bars[i].from);
		html_cell_with(&t, "%lld", (long long)o->bars[i].refused);
		html_end_row(&t);
	}
	html_end_table(&t);
	html(out, "<p class=\"note\">A %s without any is left out.</p>\n"
	    "</details>\n", unit_name(o->unit));
}

static void
put_reasons(struct buf *out, const struct overview *o)
{
	const struct refusals *l = &o->log;
	auto_char *caption = NULL;
	struct html_table t;
	size_t i, n = l->n < (size_t)o->rows ? l->n : (size_t)o->rows;

	caption = html_caption("Reasons", "the most frequent", n,
	    (int64_t)l->n);
	html_table(&t, out, true, caption,
	    "Reason|Answer|By|#Number|Share|Last");
	for (i = 0; i < n; i++) {
		const struct refusal *r = &l->v[i];

		html_cell(&t);
		html_name(out, r->reason);
		html_cell_with(&t, "%s%s", r->answer,
		    r->is_fault ? ", a fault" : "");
		html_cell_with(&t, "%s", r->program);
		html_cell_with(&t, "%lld", (long long)r->count);
		html_cell(&t);
		chart_share(out, r->is_fault ? "warn" : "solid", r->count,
		    l->v[0].count);
		html_cell(&t);
		if (r->last != 0)
			html_date(out, r->last);
		else
			buf_puts(out, "<span class=\"soft\">no date</span>");
		html_end_row(&t);
	}
	html_end_table(&t);
}

void
page_refusals(struct buf *out, const struct overview *o)
{
	const struct refusals *l = &o->log;
	int64_t all = l->refused + l->faults;

	if (!o->has_log)
		return;
	html_section(out, "refusals", "Refusals");
	html(out, "<p class=\"note\">Requests in the log: %lld; refused: "
	    "%lld; failed by a fault on this side: %lld.%s</p>\n",
	    (long long)l->requests, (long long)l->refused,
	    (long long)l->faults, l->cut ? " The log is long: only its end "
	    "was read." : "");
	if (all > l->undated) {
		html(out, "<h3>Refused and failed, each %s</h3>\n",
		    unit_name(o->unit));
		chart_refused(out, o);
		put_numbers(out, o);
	}
	if (l->undated > 0)
		html(out, "<p class=\"note\">Without a date in the log: %lld."
		    "</p>\n", (long long)l->undated);
	if (l->older > 0)
		html(out, "<p class=\"note\">Lines of version 0.1, without "
		    "fields: %lld.</p>\n", (long long)l->older);
	if (l->n > 0) {
		buf_puts(out, "<h3>By reason</h3>\n");
		put_reasons(out, o);
	}
	if (l->other > 0)
		html(out, "<p class=\"note\">For other reasons: %lld.</p>\n",
		    (long long)l->other);
	buf_puts(out, "</section>\n");
}
