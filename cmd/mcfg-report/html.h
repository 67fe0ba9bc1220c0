/*
 * html: what the page is written with.  Text is escaped here and nowhere
 * else: whatever comes from the ledger, a log or a certificate goes through
 * html().
 *
 * The markup is HTML that is also well-formed XML.
 */
#ifndef MCFG_HTML_H
#define MCFG_HTML_H

#include <stdint.h>

#include "overview.h"

/*
 * html() appends fmt, which is markup.  It knows %s, text that is escaped and
 * cut if it is too long, %lld, a count with commas, and %%; nothing else.
 */
void html(struct buf *out, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Somebody's text in a line of ours: its direction stays its own. */
void html_name(struct buf *out, const char *text);

/* The beginning of a section, which links lead to by its id. */
void html_section(struct buf *out, const char *id, const char *title);

/* "25 Nov 2026, 18:39" in a time element; the day alone. */
void html_time(struct buf *out, int64_t t);
void html_date(struct buf *out, int64_t t);

/* "25 Nov", or "Nov 2026", of a bar's beginning. */
void html_period(struct buf *out, enum unit u, int64_t t);

/* The time and how far it is from now: "3 days ago", "in 3 days". */
void html_moment(struct buf *out, int64_t now, int64_t t);

/*
 * A table: columns is "Name|Name|...", a leading '#' is a column of numbers.
 * Where is_wide, each row becomes a card on a narrow screen.
 */
struct html_table {
	struct buf *out;
	const char *columns;
	bool is_wide;
	size_t at;		/* the column of the next cell */
};
void html_table(struct html_table *t, struct buf *out, bool is_wide,
    const char *caption, const char *columns);

/*
 * html_cell() begins one, and a row with the first, which is its head.
 * html_cell_with() does so and writes as html() does.
 */
void html_cell(struct html_table *t);
void html_cell_with(struct html_table *t, const char *fmt, ...)
    PRINTF_LIKE(2, 3);
void html_end_row(struct html_table *t);
void html_end_table(struct html_table *t);

/* A caption: "TITLE: the latest 50 of 132", or "TITLE: 132"; yours. */
char *html_caption(const char *title, const char *which, size_t shown,
    int64_t all);

/* ---- chart.c ---- */

/* The patterns that charts and legends are filled with; once a page. */
void chart_patterns(struct buf *out);

/* A small square of the pattern of a state. */
void chart_swatch(struct buf *out, enum ledger_step s);

/* A bar of a row of numbers; the number itself stands beside it. */
void chart_share(struct buf *out, const char *look, int64_t n, int64_t of);
void chart_state_share(struct buf *out, enum ledger_step s, int64_t n,
    int64_t of);

/* A lifetime, and where in it we are. */
void chart_lifetime(struct buf *out, int64_t from, int64_t until,
    int64_t now);

/* Enrollments by period and state; refusals by period. */
void chart_started(struct buf *out, const struct overview *o);
void chart_refused(struct buf *out, const struct overview *o);

/* ---- rows about enrollments ---- */

enum ledger_step brief_step(const struct ledger_brief *b);
void brief_state(struct buf *out, enum ledger_step s);

/* The first two cells, user and device; the last two, last event and ID. */
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
