/* Enrollments: how many, when, and which of them are stuck. */
#include <string.h>

#include "html.h"

static const char *
step_text(enum ledger_step s)
{
	static const char *const texts[LEDGER_STEPS] = {
		[LEDGER_STARTED] = "the user is known, the device has not "
		    "answered",
		[LEDGER_IDENTIFIED] = "the device said which it is",
		[LEDGER_CERTIFIED] = "the device has its certificate",
		[LEDGER_CONFIGURED] = "the device has its configuration",
		[LEDGER_ABORTED] = "ended by an operator",
		[LEDGER_SUPERSEDED] = "ended by a newer one of the same user "
		    "and device",
	};

	return texts[s];
}

enum ledger_step
brief_step(const struct ledger_brief *b)
{
	int s;

	for (s = 0; s < LEDGER_STEPS - 1; s++)
		if (strcmp(b->state,
		    ledger_step_name((enum ledger_step)s)) == 0)
			break;
	return (enum ledger_step)s;
}

void
brief_state(struct buf *out, enum ledger_step s)
{
	buf_puts(out, "<span class=\"state\">");
	chart_swatch(out, s);
	html(out, " %s</span>", ledger_step_name(s));
}

/* The totals, which also serve as the chart's legend. */
static void
put_states(struct buf *out, const struct overview *o)
{
	auto_buf none = BUF_INIT;
	struct html_table t;
	int i;

	if (o->total == 0)
		return;
	html_table(&t, out, false, "All enrollments, by state",
	    "State|#Number|Share");
	for (i = 0; i < LEDGER_STEPS; i++) {
		enum ledger_step s = (enum ledger_step)i;

		if (o->census.count[s] == 0) {
			buf_printf(&none, "%s%s", none.len > 0 ? ", " : "",
			    ledger_step_name(s));
			continue;
		}
		html_cell(&t);
		brief_state(out, s);
		html(out, " <span class=\"soft block\">%s</span>",
		    step_text(s));
		html_cell_with(&t, "%lld", (long long)o->census.count[s]);
		html_cell(&t);
		chart_state_share(out, s, o->census.count[s], o->total);
		html_end_row(&t);
	}
	html_end_table(&t);
	if (none.len > 0)
		html(out, "<p class=\"note\">None: %s.</p>\n", buf_str(&none));
}

static void
put_numbers(struct buf *out, const struct overview *o)
{
	struct html_table t;
	size_t i;
	int s;

	buf_puts(out, "<details>\n<summary>The numbers of the chart</summary>"
	    "\n<div class=\"scroll\" tabindex=\"0\" role=\"region\" "
	    "aria-label=\"The numbers of the chart\">\n");
	html_table(&t, out, false, "Enrollments by the time they started and "
	    "their state now", "From|#started|#identified|#certified|"
	    "#configured|#aborted|#superseded");
	for (i = o->bar_count; i-- > 0; ) {
		if (bar_sum(&o->bars[i]) == 0)
			continue;
		html_cell(&t);
		html_date(out, o->bars[i].from);
		for (s = 0; s < LEDGER_STEPS; s++)
			html_cell_with(&t, "%lld",
			    (long long)o->bars[i].started[s]);
		html_end_row(&t);
	}
	html_end_table(&t);
	html(out, "</div>\n<p class=\"note\">A %s without any is left out."
	    "</p>\n</details>\n", unit_name(o->unit));
}

/* ---- lists ---- */

static void
put_device(struct buf *out, const struct ledger_brief *b)
{
	if (b->udid == NULL && b->serial == NULL && b->product == NULL) {
		buf_puts(out, "<span class=\"soft\">not known yet</span>");
		return;
	}
	if (b->product != NULL)
		html_name(out, b->product);
	if (b->serial != NULL) {
		buf_puts(out, b->product != NULL ? ", " : "");
		html_name(out, b->serial);
	}
	if (b->udid != NULL)
		html(out, " <code class=\"block\">%s</code>", b->udid);
}

static void
put_event(struct buf *out, const struct overview *o,
    const struct ledger_brief *b)
{
	if (b->event == NULL) {
		buf_puts(out, "<span class=\"soft\">none</span>");
		return;
	}
	html(out, "%s <span class=\"block\">", b->event);
	html_moment(out, o->now, b->event_time);
	buf_puts(out, "</span>");
}

void
brief_begin(struct html_table *t, const struct ledger_brief *b)
{
	html_cell(t);
	html_name(t->out, b->user);
	html_cell(t);
	put_device(t->out, b);
}

void
brief_end(struct html_table *t, const struct overview *o,
    const struct ledger_brief *b)
{
	html_cell(t);
	put_event(t->out, o, b);
	html_cell_with(t, "<code>%s</code>", b->id);
	html_end_row(t);
}

static void
put_whys(struct buf *out, const struct overview *o)
{
	struct html_table t;
	int s, w;

	html_table(&t, out, false, "Why they go no further",
	    "State|Why|#Number");
	for (s = 0; s < LEDGER_STEPS; s++)
		for (w = 0; w < LEDGER_WHYS; w++) {
			if (o->why[s][w] == 0)
				continue;
			html_cell(&t);
			brief_state(out, (enum ledger_step)s);
			html_cell_with(&t, "%s", why_text((enum ledger_step)s,
			    (enum ledger_why)w));
			html_cell_with(&t, "%lld", (long long)o->why[s][w]);
			html_end_row(&t);
		}
	html_end_table(&t);
}

/* Writes when the wait ends or ended, if there is anything to say about it. */
static void
put_until(struct buf *out, const struct overview *o,
    const struct ledger_brief *b)
{
	static const char *const words[LEDGER_WHYS] = {
		[LEDGER_WHY_OPEN] = "good until",
		[LEDGER_WHY_EXPIRED] = "expired",
		[LEDGER_WHY_UNUSED] = "valid until",
		[LEDGER_WHY_OVER] = "expired",
	};

	if (b->until == 0 || words[b->why] == NULL)
		return;
	html(out, " <span class=\"block soft\">%s ", words[b->why]);
	html_moment(out, o->now, b->until);
	buf_puts(out, "</span>");
}

static void
put_stuck_list(struct buf *out, const struct overview *o)
{
	auto_char *caption = html_caption("Stuck enrollments", "the latest",
	    o->stuck.n, o->stuck_count);
	struct html_table t;
	size_t i;

	html_table(&t, out, true, caption,
	    "User|Device|State|Why|Last event|ID");
	for (i = 0; i < o->stuck.n; i++) {
		const struct ledger_brief *b = &o->stuck.v[i];

		brief_begin(&t, b);
		html_cell(&t);
		brief_state(out, brief_step(b));
		html_cell_with(&t, "<span>%s</span>", why_text(brief_step(b),
		    b->why));
		put_until(out, o, b);
		brief_end(&t, o, b);
	}
	html_end_table(&t);
}

static void
put_stuck(struct buf *out, const struct overview *o)
{
	auto_buf age = BUF_INIT;

	age_text(o->stuck_after, &age);
	html_section(out, "stuck", "Stuck");
	html(out, "<p class=\"note\">Neither configured nor ended, and no step "
	    "taken for %s or more.", buf_str(&age));
	if (o->left_behind > 0)
		html(out, " Left behind, because their users started again "
		    "and got through: %lld.", (long long)o->left_behind);
	buf_puts(out, "</p>\n");
	if (o->stuck_count == 0) {
		buf_puts(out, "<p>Nobody is stuck.</p>\n");
	} else {
		put_whys(out, o);
		put_stuck_list(out, o);
		buf_puts(out, "<p class=\"note\">All about one: "
		    "<code>mcfg-enrollment show ID</code></p>\n");
	}
	buf_puts(out, "</section>\n");
}

static void
put_repeated(struct buf *out, const struct overview *o)
{
	auto_char *caption = html_caption("Enrollments that were configured "
	    "again", "the most frequent", o->repeated.n, o->census.repeated);
	struct html_table t;
	size_t i;

	if (o->repeated.n == 0) {
		buf_puts(out, "<p>No device came back for its configuration."
		    "</p>\n");
		return;
	}
	html_table(&t, out, true, caption,
	    "User|Device|#Repeats|Last event|ID");
	for (i = 0; i < o->repeated.n; i++) {
		const struct ledger_brief *b = &o->repeated.v[i];

		brief_begin(&t, b);
		html_cell_with(&t, "%lld", (long long)b->repeats);
		brief_end(&t, o, b);
	}
	html_end_table(&t);
}

static void
put_ended(struct buf *out, const struct overview *o)
{
	int64_t all = o->census.count[LEDGER_ABORTED] +
	    o->census.count[LEDGER_SUPERSEDED];
	auto_char *caption = html_caption("Enrollments that ended",
	    "the latest", o->ended.n, all);
	struct html_table t;
	size_t i;

	if (o->ended.n == 0) {
		buf_puts(out, "<p>None was aborted or superseded.</p>\n");
		return;
	}
	html_table(&t, out, true, caption, "User|Device|State|Last event|ID");
	for (i = 0; i < o->ended.n; i++) {
		const struct ledger_brief *b = &o->ended.v[i];

		brief_begin(&t, b);
		html_cell(&t);
		brief_state(out, brief_step(b));
		if (strcmp(b->state, "superseded") == 0 &&
		    b->event_detail != NULL)
			html(out, " <span class=\"block\">by <code>%s</code>"
			    "</span>", b->event_detail);
		brief_end(&t, o, b);
	}
	html_end_table(&t);
}

/* If there is no data, the chart is left out. */
static void
put_chart(struct buf *out, const struct overview *o)
{
	int64_t all = 0;
	size_t i;

	for (i = 0; i < o->bar_count; i++)
		all += bar_sum(&o->bars[i]);
	if (all == 0)
		return;
	html(out, "<h3>Started each %s, and what became of them</h3>\n",
	    unit_name(o->unit));
	chart_started(out, o);
	put_numbers(out, o);
}

void
page_enrollments(struct buf *out, const struct overview *o)
{
	html_section(out, "enrollments", "Enrollments");
	if (o->total == 0)
		buf_puts(out, "<p>None has started yet.</p>\n");
	put_chart(out, o);
	put_states(out, o);
	buf_puts(out, "</section>\n");
	put_stuck(out, o);
	html_section(out, "repeats", "Repeated and ended");
	buf_puts(out, "<h3>Repeats</h3>\n");
	put_repeated(out, o);
	buf_puts(out, "<h3>Aborted and superseded</h3>\n");
	put_ended(out, o);
	buf_puts(out, "</section>\n");
}
