/*
 * html: functions that write the page.  All text from the ledger, a log or a
 * certificate goes through html(), which is the only place where text is
 * escaped.
 *
 * The markup is HTML that is also well-formed XML.
 */
#ifndef MCFG_HTML_H
#define MCFG_HTML_H

#include <stdint.h>

#include "overview.h"

/*
 * html() appends fmt, which is markup.  It supports only %s (text, which is
 * escaped and truncated if it is too long), %lld (a count, with commas) and
 * %%.
 */
void html(struct buf *out, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Text from outside within our text: its direction is isolated. */
void html_name(struct buf *out, const char *text);

/* The beginning of a section; id is the target of links. */
void html_section(struct buf *out, const char *id, const char *title);

/* "25 Nov 2026, 18:39" in a time element; html_date() has only the day. */
void html_time(struct buf *out, int64_t t);
void html_date(struct buf *out, int64_t t);

/* The beginning of a bar: "25 Nov" or "Nov 2026". */
void html_period(struct buf *out, enum unit u, int64_t t);

/* The time and its distance from now: "3 days ago", "in 3 days". */
void html_moment(struct buf *out, int64_t now, int64_t t);

/*
 * A table.  columns is "Name|Name|..."; a leading '#' marks a column of
 * numbers.  If is_wide, each row becomes a card on a narrow screen.
 */
struct html_table {
	struct buf *out;
	const char *columns;
	bool is_wide;
	size_t at;		/* column of the next cell */
};
void html_table(struct html_table *t, struct buf *out, bool is_wide,
    const char *caption, const char *columns);

/*
 * html_cell() begins a cell; the first cell of a row also begins the row, and
 * is its header.  html_cell_with() does the same and then writes like html().
 */
void html_cell(struct html_table *t);
void html_cell_with(struct html_table *t, const char *fmt, ...)
    PRINTF_LIKE(2, 3);
void html_end_row(struct html_table *t);
void html_end_table(struct html_table *t);

/*
 * Returns a caption, "TITLE: the latest 50 of 132" or "TITLE: 132"; the caller
 * frees it.
 */
char *html_caption(const char *title, const char *which, size_t shown,
    int64_t all);

/* ---- chart.c ---- */

/* The patterns that fill charts and legends; needed once in a page. */
void chart_patterns(struct buf *out);

/* A small square with the pattern of a state. */
void chart_swatch(struct buf *out, enum ledger_step s);

/* A bar beside a number, which shows its share. */
void chart_share(struct buf *out, const char *look, int64_t n, int64_t of);
void chart_state_share(struct buf *out, enum ledger_step s, int64_t n,
    int64_t of);

/* A bar that shows a period of validity, and the present time in it. */
void chart_lifetime(struct buf *out, int64_t from, int64_t until,
    int64_t now);

/* Enrollments by period and state, and refusals by period. */
void chart_started(struct buf *out, const struct overview *o);
void chart_refused(struct buf *out, const struct overview *o);

/* ---- rows of enrollments ---- */

enum ledger_step brief_step(const struct ledger_brief *b);
void brief_state(struct buf *out, enum ledger_step s);

/*
 * The first two cells (user and device), and the last two (last event and ID).
 */
void brief_begin(struct html_table *t, const struct ledger_brief *b);
void brief_end(struct html_table *t, const struct overview *o,
    const struct ledger_brief *b);

/* ---- the parts of the page ---- */

extern const char page_style[];

void page_devices(struct buf *out, const struct overview *o);
void page_enrollments(struct buf *out, const struct overview *o);
void page_certificates(struct buf *out, const struct overview *o);
void page_authority(struct buf *out, const struct overview *o);
void page_refusals(struct buf *out, const struct overview *o);

#endif
