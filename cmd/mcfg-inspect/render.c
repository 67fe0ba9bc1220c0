/*
 * Renders the tree of facts as text.  Labels are the keys of the JSON, so that
 * anything seen here is easily found there.  All text may come from an
 * attacker, so all of it is escaped.
 */
#include <string.h>

#include "base/words.h"
#include "inspect.h"

enum {
	SHOWN = 4096,		/* bytes of a text, escaped */
	LIST_WIDTH = 72,	/* characters of a list in one line */
	LIST_MAX = 200,		/* items of a list that are shown */
	INDENT = 2,
};

enum paint { PLAIN, BOLD, FAINT, LABEL, ALERT };

struct renderer {
	struct buf *out;
	bool colour;
	int indent;
	int foreign;		/* depth inside objects whose keys come from the
				 * input */
};

static void
put(struct renderer *w, enum paint p, const char *text, size_t len)
{
	static const char *const codes[] = {
		"", "\033[1m", "\033[2m", "\033[36m", "\033[33m"
	};
	char shown[SHOWN];

	diag_escape(text, len, shown, sizeof shown);
	if (w->colour && p != PLAIN)
		buf_printf(w->out, "%s%s\033[0m", codes[p], shown);
	else
		buf_puts(w->out, shown);
}

static void
put_text(struct renderer *w, enum paint p, const char *text)
{
	put(w, p, text, strlen(text));
}

static void
margin(struct renderer *w)
{
	buf_printf(w->out, "%*s", w->indent, "");
}

static bool
is_container(const struct report *r)
{
	enum report_kind k = report_kind(r);

	return k == REPORT_OBJECT || k == REPORT_ARRAY;
}

static void
scalar(struct renderer *w, const struct report *r)
{
	auto_buf number = BUF_INIT;
	const char *text;
	size_t len;

	switch (report_kind(r)) {
	case REPORT_STRING:
		text = report_text(r, &len);
		put(w, PLAIN, text, len);
		break;
	case REPORT_BOOL:
		buf_puts(w->out, report_is_true(r) ? "yes" : "no");
		break;
	case REPORT_NUMBER:
		report_render_scalar(r, &number);
		buf_add_buf(w->out, &number);
		break;
	case REPORT_NULL:
	case REPORT_OBJECT:
	case REPORT_ARRAY:
		buf_puts(w->out, "none");
		break;
	}
}

static void member(const char *key, struct report *value, void *arg);

static void
label(struct renderer *w, const char *key)
{
	margin(w);
	put_text(w, LABEL, key);
	buf_putc(w->out, ':');
}

/* ---- lists ---- */

/* True for a list of short scalars, which fits on one line. */
static bool
fits_line(const struct report *list)
{
	size_t i, width = 0, len;

	for (i = 0; i < report_count(list); i++) {
		const struct report *v = report_at(list, i);

		if (is_container(v))
			return false;
		width += report_text(v, &len) != NULL ? len + 2 : 8;
		if (width > LIST_WIDTH)
			return report_count(list) == 1;
	}
	return true;
}

static void
one_line(struct renderer *w, const struct report *list)
{
	size_t i;

	for (i = 0; i < report_count(list); i++) {
		buf_puts(w->out, i > 0 ? ", " : " ");
		scalar(w, report_at(list, i));
	}
	if (i == 0)
		buf_puts(w->out, " none");
	buf_putc(w->out, '\n');
}

/* An attribute or extension: its name is used as the label. */
static bool
named(struct renderer *w, const struct report *r)
{
	const char *name = report_get_text(r, "name");
	const struct report *values = report_get(r, "values");
	const struct report *value = report_get(r, "value");
	const struct report *critical = report_get(r, "critical");

	if (w->foreign > 0 || name == NULL ||
	    (values == NULL && value == NULL) ||
	    (value != NULL && critical == NULL))
		return false;
	margin(w);
	put_text(w, LABEL, name);
	if (critical != NULL && report_is_true(critical))
		buf_puts(w->out, " (critical)");
	buf_putc(w->out, ':');
	if (values != NULL)
		one_line(w, values);
	else {
		buf_putc(w->out, ' ');
		scalar(w, value);
		buf_putc(w->out, '\n');
	}
	return true;
}

static void
item(struct renderer *w, const char *key, size_t i, struct report *v)
{
	auto_char *which = xasprintf("%s[%zu]", key, i);

	if (!is_container(v)) {
		margin(w);
		buf_puts(w->out, "- ");
		scalar(w, v);
		buf_putc(w->out, '\n');
	} else if (report_kind(v) == REPORT_ARRAY ||
	    !named(w, v))
		member(which, v, w);
}

static bool
is_named_list(const struct renderer *w, const struct report *list)
{
	const struct report *first = report_at(list, 0);

	return w->foreign == 0 && first != NULL &&
	    report_kind(first) == REPORT_OBJECT &&
	    report_get_text(first, "name") != NULL &&
	    (report_get(first, "values") != NULL ||
	    report_get(first, "value") != NULL);
}

static void
list(struct renderer *w, const char *key, const struct report *r)
{
	size_t i, n = report_count(r);
	bool nested = n > 0 && (!is_container(report_at(r, 0)) ||
	    is_named_list(w, r));

	if (fits_line(r)) {
		label(w, key);
		one_line(w, r);
		return;
	}
	/* In a list of objects, each item prints its own label instead. */
	if (nested) {
		label(w, key);
		buf_putc(w->out, '\n');
		w->indent += INDENT;
	}
	for (i = 0; i < n && i < LIST_MAX; i++)
		item(w, key, i, report_at(r, i));
	if (i < n) {
		margin(w);
		buf_printf(w->out, "... %zu more (--json has them)\n", n - i);
	}
	if (nested)
		w->indent -= INDENT;
}

/* ---- objects ---- */

static void
odd_fact(struct renderer *w, const struct report *n)
{
	const char *where = report_get_text(n, "where");
	const char *text = report_get_text(n, "text");

	margin(w);
	put_text(w, ALERT, "note:");
	buf_putc(w->out, ' ');
	if (where != NULL) {
		put_text(w, PLAIN, where);
		buf_puts(w->out, ": ");
	}
	put_text(w, PLAIN, text != NULL ? text : "");
	buf_putc(w->out, '\n');
}

/*
 * Members that are printed elsewhere (first line, notes, last line) are
 * skipped.
 */
static void
layer_member(const char *key, struct report *value, void *arg)
{
	if (strcmp(key, "summary") != 0 && strcmp(key, "trust") != 0 &&
	    strcmp(key, "notes") != 0)
		member(key, value, arg);
}

/* A layer: summary and notes come before everything else. */
static void
layer(struct renderer *w, const struct report *r)
{
	const struct report *notes = report_get(r, "notes");
	size_t i;

	for (i = 0; notes != NULL && i < report_count(notes); i++) {
		if (i == LIST_MAX) {
			margin(w);
			buf_printf(w->out, "... %zu more notes\n",
			    report_count(notes) - i);
			break;
		}
		odd_fact(w, report_at(notes, i));
	}
	report_each(r, layer_member, w);
}

static bool
is_layer(const struct renderer *w, const struct report *r)
{
	return w->foreign == 0 && report_get_text(r, "kind") != NULL &&
	    report_get_text(r, "summary") != NULL &&
	    report_get(r, "bytes") != NULL;
}

static void
object(struct renderer *w, const char *key, const struct report *r)
{
	const char *summary = report_get_text(r, "summary");

	label(w, key);
	if (is_layer(w, r)) {
		buf_putc(w->out, ' ');
		put_text(w, BOLD, summary);
	} else if (report_count(r) == 0)
		buf_puts(w->out, " none");
	buf_putc(w->out, '\n');
	w->indent += INDENT;
	if (is_layer(w, r))
		layer(w, r);
	else
		report_each(r, member, w);
	w->indent -= INDENT;
}

/*
 * The members of these objects have keys from the input, which may be the same
 * as our own.
 */
static bool
is_foreign(const char *key)
{
	return words_choose("settings|profile_service|device|message|plist",
	    key);
}

static void
member(const char *key, struct report *value, void *arg)
{
	struct renderer *w = arg;

	switch (report_kind(value)) {
	case REPORT_OBJECT:
		w->foreign += is_foreign(key);
		object(w, key, value);
		w->foreign -= is_foreign(key);
		break;
	case REPORT_ARRAY:
		w->foreign += is_foreign(key);
		list(w, key, value);
		w->foreign -= is_foreign(key);
		break;
	case REPORT_STRING:
	case REPORT_NUMBER:
	case REPORT_BOOL:
	case REPORT_NULL:
		label(w, key);
		buf_putc(w->out, ' ');
		scalar(w, value);
		buf_putc(w->out, '\n');
		break;
	}
}

static void
render(struct renderer *w, const struct report *r)
{
	const char *trust = report_get_text(r, "trust");

	w->indent = INDENT;
	layer(w, r);
	if (trust != NULL) {
		margin(w);
		put_text(w, FAINT, trust);
		buf_putc(w->out, '\n');
	}
}

void
render_text(const struct report *r, bool colour, struct buf *out)
{
	struct renderer w = { out, colour, 0, 0 };

	put_text(&w, BOLD, report_get_text(r, "summary"));
	buf_putc(out, '\n');
	render(&w, r);
}

void
render_file(const struct report *r, const char *name, bool is_brief,
    bool colour, struct buf *out)
{
	struct renderer w = { out, colour, 0, 0 };

	put_text(&w, LABEL, name);
	buf_puts(out, ": ");
	put_text(&w, BOLD, report_get_text(r, "summary"));
	buf_putc(out, '\n');
	if (!is_brief)
		render(&w, r);
}
