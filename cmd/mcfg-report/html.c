#include "html.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "page/escape.h"

enum { TEXT_MAX = 240 };	/* bytes of one text that are shown */

static const char *const months[] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct",
	"Nov", "Dec",
};

/* Writes 1234567 as 1,234,567. */
static void
put_count(struct buf *out, long long n)
{
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%lld", n), i;

	for (i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0 && digits[i - 1] != '-')
			buf_putc(out, ',');
		buf_putc(out, digits[i]);
	}
}

static void PRINTF_LIKE(2, 0)
put(struct buf *out, const char *fmt, va_list ap)
{
	const char *text;
	size_t n;

	while (*fmt != '\0') {
		n = strcspn(fmt, "%");
		buf_add(out, fmt, n);
		fmt += n;
		if (strncmp(fmt, "%lld", 4) == 0) {
			put_count(out, va_arg(ap, long long));
			fmt += 4;
		} else if (strncmp(fmt, "%s", 2) == 0) {
			text = va_arg(ap, const char *);
			if (text != NULL)
				page_escape_shown(out, text, TEXT_MAX);
			fmt += 2;
		} else if (*fmt == '%') {
			buf_putc(out, '%');
			fmt += fmt[1] == '%' ? 2 : 1;
		}
	}
}

void
html(struct buf *out, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(out, fmt, ap);
	va_end(ap);
}

void
html_name(struct buf *out, const char *text)
{
	html(out, "<bdi>%s</bdi>", text);
}

void
html_section(struct buf *out, const char *id, const char *title)
{
	html(out, "<section class=\"card\" aria-labelledby=\"%s\">\n"
	    "<h2 id=\"%s\">%s</h2>\n", id, id, title);
}

/* ---- times ---- */

static void
put_day(struct buf *out, const struct clock_date *d)
{
	buf_printf(out, "%d %s %04d", d->day, months[d->month - 1], d->year);
}

void
html_time(struct buf *out, int64_t t)
{
	struct clock_date d = clock_split(t);
	char when[CLOCK_TEXT];

	html(out, "<time datetime=\"%s\">", clock_format(t, when));
	put_day(out, &d);
	buf_printf(out, ", %02d:%02d</time>", d.hour, d.minute);
}

void
html_date(struct buf *out, int64_t t)
{
	struct clock_date d = clock_split(t);
	char when[CLOCK_TEXT];

	html(out, "<time datetime=\"%s\">", clock_format(t, when));
	put_day(out, &d);
	buf_puts(out, "</time>");
}

void
html_period(struct buf *out, enum unit u, int64_t t)
{
	struct clock_date d = clock_split(t);

	if (u == UNIT_MONTH)
		buf_printf(out, "%s %04d", months[d.month - 1], d.year);
	else
		buf_printf(out, "%d %s", d.day, months[d.month - 1]);
}

void
html_moment(struct buf *out, int64_t now, int64_t t)
{
	html_time(out, t);
	buf_puts(out, " <span class=\"soft age\">");
	if (t > now)
		buf_puts(out, "in ");
	age_text(t > now ? t - now : now - t, out);
	buf_puts(out, t > now ? "</span>" : " ago</span>");
}

/* ---- tables ---- */

/*
 * The name of a column without its '#'; returns true for a column of numbers.
 */
static bool
column(const char *columns, size_t i, const char **name, int *len)
{
	bool number;

	for (; i > 0 && *columns != '\0'; columns++)
		if (*columns == '|')
			i--;
	number = *columns == '#';
	*name = columns + number;
	*len = (int)strcspn(*name, "|");
	return number;
}

void
html_table(struct html_table *t, struct buf *out, bool is_wide,
    const char *caption, const char *columns)
{
	const char *name, *p;
	size_t n = 1, i;
	int len;

	*t = (struct html_table){ out, columns, is_wide, 0 };
	for (p = columns; *p != '\0'; p++)
		n += *p == '|';
	/*
	 * Without a role, some screen readers do not recognise a table that is
	 * styled as cards.
	 */
	buf_puts(out, is_wide ? "<table class=\"wide\" role=\"table\">\n" :
	    "<table>\n");
	html(out, "<caption>%s</caption>\n", caption);
	buf_puts(out, is_wide ? "<thead role=\"rowgroup\"><tr role=\"row\">" :
	    "<thead><tr>");
	for (i = 0; i < n; i++) {
		bool number = column(columns, i, &name, &len);

		buf_printf(out, "<th scope=\"col\"%s%s>%.*s</th>",
		    is_wide ? " role=\"columnheader\"" : "",
		    number ? " class=\"n\"" : "", len, name);
	}
	buf_puts(out, is_wide ?
	    "</tr></thead>\n<tbody role=\"rowgroup\">\n" :
	    "</tr></thead>\n<tbody>\n");
}

static void
close_cell(struct html_table *t)
{
	if (t->at > 0 && t->is_wide)
		buf_puts(t->out, "</div>");
	if (t->at > 0)
		buf_puts(t->out, t->at == 1 ? "</th>" : "</td>");
}

void
html_cell(struct html_table *t)
{
	const char *name;
	int len;
	bool number = column(t->columns, t->at, &name, &len);

	if (t->at == 0)
		buf_puts(t->out, t->is_wide ? "<tr role=\"row\">" : "<tr>");
	close_cell(t);
	buf_puts(t->out, t->at == 0 ? "<th scope=\"row\"" : "<td");
	if (t->is_wide)
		buf_printf(t->out, " role=\"%s\" data-label=\"%.*s\"",
		    t->at == 0 ? "rowheader" : "cell", len, name);
	buf_puts(t->out, number ? " class=\"n\">" : ">");
	if (t->is_wide)
		buf_puts(t->out, "<div>");
	t->at++;
}

void
html_cell_with(struct html_table *t, const char *fmt, ...)
{
	va_list ap;

	html_cell(t);
	va_start(ap, fmt);
	put(t->out, fmt, ap);
	va_end(ap);
}

void
html_end_row(struct html_table *t)
{
	close_cell(t);
	buf_puts(t->out, "</tr>\n");
	t->at = 0;
}

void
html_end_table(struct html_table *t)
{
	buf_puts(t->out, "</tbody>\n</table>\n");
}

char *
html_caption(const char *title, const char *which, size_t shown, int64_t all)
{
	auto_buf b = BUF_INIT;

	html(&b, "%s: ", title);
	if ((int64_t)shown < all)
		html(&b, "%s %lld of ", which, (long long)shown);
	html(&b, "%lld", (long long)all);
	return xstrdup(buf_str(&b));
}
