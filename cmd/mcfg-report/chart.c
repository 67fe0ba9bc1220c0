/*
 * The charts: inline SVG without a view box, so that they scale with the page
 * while text, lines and patterns keep their size.  All data of a chart is also
 * given as text or numbers; if these are next to the chart, it is hidden from
 * screen readers.
 */
#include <stdio.h>
#include <string.h>

#include "html.h"

enum {
	PLOT = 180,		/* pixels between the base line and the top
				 * line */
	TOP = 12,		/* pixels above the top line, for its label */
	FOOT = 26,		/* pixels below the base line, for the dates */
	LABELS = 5,		/* dates below the base line at most */
};

/* From bottom to top: completed, under way, ended. */
static const enum ledger_step order[] = {
	LEDGER_CONFIGURED, LEDGER_CERTIFIED, LEDGER_IDENTIFIED,
	LEDGER_STARTED, LEDGER_SUPERSEDED, LEDGER_ABORTED,
};

/* Lines and dots, so that the chart can be read without its colours. */
void
chart_patterns(struct buf *out)
{
	static const struct {
		enum ledger_step step;
		const char *shape;
	} shapes[] = {
		{ LEDGER_CERTIFIED, "<path d=\"M-1 1 L1 -1 M0 8 L8 0 M7 9 "
		    "L9 7\"/>" },
		{ LEDGER_IDENTIFIED, "<path d=\"M-1 7 L1 9 M0 0 L8 8 M7 -1 "
		    "L9 1\"/>" },
		{ LEDGER_STARTED, "<path d=\"M0 2 H8 M0 6 H8\"/>" },
		{ LEDGER_SUPERSEDED, "<path d=\"M2 0 V8 M6 0 V8\"/>" },
		{ LEDGER_ABORTED, "<path d=\"M0 0 L8 8 M8 0 L0 8\"/>" },
	};
	size_t i;

	buf_puts(out, "<svg width=\"0\" height=\"0\" aria-hidden=\"true\" "
	    "class=\"defs\"><defs>\n");
	for (i = 0; i < ARRAY_LEN(shapes); i++) {
		const char *name = ledger_step_name(shapes[i].step);

		buf_printf(out, "<pattern id=\"p-%s\" width=\"8\" "
		    "height=\"8\" patternUnits=\"userSpaceOnUse\" "
		    "class=\"%s\"><rect width=\"8\" height=\"8\"/>%s"
		    "</pattern>\n", name, name, shapes[i].shape);
	}
	buf_puts(out, "</defs></svg>\n");
}

static void
put_fill(struct buf *out, enum ledger_step s)
{
	if (s == LEDGER_CONFIGURED)
		buf_puts(out, "class=\"solid\"");
	else
		buf_printf(out, "fill=\"url(#p-%s)\"", ledger_step_name(s));
}

void
chart_swatch(struct buf *out, enum ledger_step s)
{
	buf_puts(out, "<svg class=\"swatch\" width=\"18\" height=\"18\" "
	    "aria-hidden=\"true\"><rect width=\"18\" height=\"18\" "
	    "rx=\"4\" ");
	put_fill(out, s);
	buf_puts(out, "/></svg>");
}

static void
open_share(struct buf *out, int64_t n, int64_t of)
{
	double share = of > 0 ? 100.0 * (double)n / (double)of : 0;

	if (n > 0 && share < 0.6)
		share = 0.6;		/* a small share remains visible */
	buf_printf(out, "<svg class=\"share\" width=\"100%%\" height=\"12\" "
	    "aria-hidden=\"true\"><rect class=\"rail\" width=\"100%%\" "
	    "height=\"12\" rx=\"4\"/><rect width=\"%.2f%%\" "
	    "height=\"12\" rx=\"4\" ", share);
}

void
chart_share(struct buf *out, const char *look, int64_t n, int64_t of)
{
	open_share(out, n, of);
	buf_printf(out, "class=\"%s\"/></svg>", look);
}

void
chart_state_share(struct buf *out, enum ledger_step s, int64_t n, int64_t of)
{
	open_share(out, n, of);
	put_fill(out, s);
	buf_puts(out, "/></svg>");
}

void
chart_lifetime(struct buf *out, int64_t from, int64_t until, int64_t now)
{
	double gone = until > from && now > from ?
	    100.0 * (double)(now - from) / (double)(until - from) : 0;

	if (gone > 100)
		gone = 100;
	buf_printf(out, "<svg class=\"life\" width=\"100%%\" height=\"14\" "
	    "aria-hidden=\"true\"><rect class=\"rail\" y=\"4\" "
	    "width=\"100%%\" height=\"6\" rx=\"3\"/><rect class=\"gone\" "
	    "y=\"4\" width=\"%.2f%%\" height=\"6\" rx=\"3\"/><circle "
	    "class=\"now\" cx=\"%.2f%%\" cy=\"7\" r=\"5\"/></svg>", gone, gone);
}

/* ---- columns by period ---- */

/* A multiple of four round steps that is at least n. */
static int64_t
top_line(int64_t n)
{
	static const int steps[] = { 10, 12, 15, 20, 25, 30, 40, 50, 60, 75 };
	int64_t unit = 1;
	size_t i = 0;

	if (n <= 40)
		return n > 4 ? (n + 3) / 4 * 4 : 4;
	while (unit * steps[i] * 4 < n)
		if (++i == ARRAY_LEN(steps)) {
			i = 0;
			unit *= 10;
		}
	return unit * steps[i] * 4;
}

static void
put_lines(struct buf *out, int64_t top)
{
	int i;

	for (i = 0; i <= 4; i++) {
		double y = TOP + PLOT - PLOT * i / 4.0;

		buf_printf(out, "<line class=\"%s\" x1=\"0\" x2=\"100%%\" "
		    "y1=\"%.1f\" y2=\"%.1f\"/>", i == 0 ? "base" : "grid", y,
		    y);
		buf_printf(out, "<text x=\"-8\" y=\"%.1f\" "
		    "text-anchor=\"end\">", y + 4);
		html(out, "%lld</text>\n", (long long)(top * i / 4));
	}
}

static void
put_dates(struct buf *out, const struct overview *o)
{
	size_t n = o->bar_count < LABELS ? o->bar_count : LABELS, k;
	double slot = 100.0 / (double)o->bar_count;

	for (k = 0; k < n; k++) {
		size_t i = n > 1 ? k * (o->bar_count - 1) / (n - 1) : 0;
		bool first = k == 0, last = k + 1 == n;

		buf_printf(out, "<text x=\"%.2f%%\" y=\"%d\" text-anchor="
		    "\"%s\">", first ? 0 : last ? 100 :
		    ((double)i + 0.5) * slot, TOP + PLOT + 20,
		    first ? "start" : last ? "end" : "middle");
		html_period(out, o->unit, o->bars[i].from);
		buf_puts(out, "</text>\n");
	}
}

static void
open_chart(struct buf *out, const char *id, const char *title)
{
	buf_printf(out, "<div class=\"plot\"><svg width=\"100%%\" "
	    "height=\"%d\" role=\"img\" aria-labelledby=\"%s-t %s-d\">\n"
	    "<title id=\"%s-t\">", TOP + PLOT + FOOT, id, id, id);
	html(out, "%s</title>\n", title);
	buf_printf(out, "<desc id=\"%s-d\">", id);
}

/* The column of bar i; x and width are in percent. */
static void
put_rect(struct buf *out, const struct overview *o, size_t i, double y,
    double height)
{
	double slot = 100.0 / (double)o->bar_count;

	buf_printf(out, "<rect x=\"%.3f%%\" y=\"%.2f\" width=\"%.3f%%\" "
	    "height=\"%.2f\" ", ((double)i + 0.14) * slot, y, 0.72 * slot,
	    height);
}

/* The tooltip of a column. */
static void
put_tip(struct buf *out, const struct overview *o, const struct bar *b)
{
	size_t k;

	buf_puts(out, "<title>");
	html_period(out, o->unit, b->from);
	html(out, ": %lld started", (long long)bar_sum(b));
	for (k = 0; k < ARRAY_LEN(order); k++)
		if (b->started[order[k]] > 0)
			html(out, ", %lld %s", (long long)b->started[order[k]],
			    order[k] == LEDGER_STARTED ? "got no further" :
			    ledger_step_name(order[k]));
	buf_puts(out, "</title>");
}

static void
put_column(struct buf *out, const struct overview *o, size_t i, int64_t top)
{
	const struct bar *b = &o->bars[i];
	double y = TOP + PLOT, height;
	size_t k;

	if (bar_sum(b) == 0)
		return;
	buf_puts(out, "<g>");
	put_tip(out, o, b);
	for (k = 0; k < ARRAY_LEN(order); k++) {
		if (b->started[order[k]] == 0)
			continue;
		height = (double)PLOT * (double)b->started[order[k]] /
		    (double)top;
		y -= height;
		put_rect(out, o, i, y, height);
		put_fill(out, order[k]);
		buf_puts(out, "/>");
	}
	buf_puts(out, "</g>\n");
}

void
chart_started(struct buf *out, const struct overview *o)
{
	int64_t most = 0, all = 0;
	size_t i;

	for (i = 0; i < o->bar_count; i++) {
		int64_t n = bar_sum(&o->bars[i]);

		all += n;
		most = n > most ? n : most;
	}
	open_chart(out, "started", "Enrollments by the time they started");
	html(out, "%lld enrollments started in this time, at most %lld in one "
	    "column. The table below has the numbers.</desc>\n",
	    (long long)all, (long long)most);
	put_lines(out, top_line(most));
	for (i = 0; i < o->bar_count; i++)
		put_column(out, o, i, top_line(most));
	put_dates(out, o);
	buf_puts(out, "</svg></div>\n");
}

void
chart_refused(struct buf *out, const struct overview *o)
{
	int64_t most = 0, all = 0, top;
	size_t i;

	for (i = 0; i < o->bar_count; i++) {
		all += o->bars[i].refused;
		if (o->bars[i].refused > most)
			most = o->bars[i].refused;
	}
	top = top_line(most);
	open_chart(out, "refused", "Refused and failed requests");
	html(out, "%lld refused or failed in this time, at most %lld in one "
	    "column. The table below has the numbers.</desc>\n",
	    (long long)all, (long long)most);
	put_lines(out, top);
	for (i = 0; i < o->bar_count; i++) {
		double height = (double)PLOT * (double)o->bars[i].refused /
		    (double)top;

		if (o->bars[i].refused == 0)
			continue;
		buf_puts(out, "<g><title>");
		html_period(out, o->unit, o->bars[i].from);
		html(out, ": %lld</title>", (long long)o->bars[i].refused);
		put_rect(out, o, i, TOP + PLOT - height, height);
		buf_puts(out, "class=\"warn\"/></g>\n");
	}
	put_dates(out, o);
	buf_puts(out, "</svg></div>\n");
}
