/* --baseline and --write-baseline. */
#include <stdlib.h>
#include <string.h>

#include "suppression.h"
#include "sys/io.h"

static const char head[] = "# mcfg-lint baseline 1";

enum { BASELINE_MAX = 16 << 20 };

struct baseline_entry {
	char *text;
	bool is_used;
};

void
baseline_free(struct baseline *b)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		free(b->v[i].text);
	free(b->v);
	*b = (struct baseline){ NULL, 0 };
}

bool
may_be_suppressed(enum finding_rule rule)
{
	return rule != RULE_UNREADABLE;
}

/* Text without a tab or a newline: control characters as %XX. */
static void
put_escaped(const char *text, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)text;

	for (; *p != '\0'; p++)
		if (*p < ' ' || *p == '%' || *p == 0x7f)
			buf_printf(out, "%%%02X", *p);
		else
			buf_putc(out, (char)*p);
}

static char *
entry_of(const struct finding *f)
{
	auto_buf out = BUF_INIT, pointer = BUF_INIT;
	const char *file = f->file;

	while (strncmp(file, "./", 2) == 0)
		file += 2;
	finding_path_pointer(f->path, &pointer);
	buf_printf(&out, "%s\t", finding_rules[f->rule].name);
	put_escaped(file, &out);
	buf_putc(&out, '\t');
	put_escaped(buf_str(&pointer), &out);
	return xstrdup(buf_str(&out));
}

static int
compare(const void *a, const void *b)
{
	return strcmp(((const struct baseline_entry *)a)->text,
	    ((const struct baseline_entry *)b)->text);
}

static size_t
tabs_in(const char *p, size_t len)
{
	size_t n = 0;

	while (len-- > 0)
		n += *p++ == '\t';
	return n;
}

static enum status
read_lines(const char *path, const char *p, struct baseline *b)
{
	size_t len;
	unsigned long line;

	for (line = 2; *p != '\0'; line++) {
		len = strcspn(p, "\n");
		if (len > 0 && *p != '#') {
			if (tabs_in(p, len) != 2)
				return fail(MALFORMED, "%s:%lu: not rule, "
				    "file and path with tabs between them",
				    path, line);
			*GROW(b->v, b->n) = (struct baseline_entry){
			    xstrndup(p, len), false };
		}
		p += len + (p[len] == '\n');
	}
	return OK;
}

enum status
baseline_read(const char *path, struct baseline *b)
{
	auto_buf in = BUF_INIT;
	const char *text;
	enum status st;

	if ((st = io_slurp_file(path, BASELINE_MAX, &in)) != OK)
		return st;
	text = buf_str(&in);
	if (strlen(text) != in.len ||
	    strncmp(text, head, sizeof head - 1) != 0 ||
	    (text[sizeof head - 1] != '\n' && text[sizeof head - 1] != '\0'))
		return fail(MALFORMED, "%s: not a baseline: the first line "
		    "is not '%s'", path, head);
	text += sizeof head - 1;
	if ((st = read_lines(path, text + (*text == '\n'), b)) != OK)
		return st;
	if (b->n > 0)
		qsort(b->v, b->n, sizeof *b->v, compare);
	return OK;
}

/* The first entry with this text, or n. */
static size_t
first_entry(const struct baseline *b, const char *text)
{
	size_t low = 0, high = b->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(b->v[middle].text, text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
baseline_takes(struct baseline *b, const struct finding *f)
{
	auto_char *text = NULL;
	size_t i;

	if (b->n == 0 || !may_be_suppressed(f->rule))
		return false;
	text = entry_of(f);
	for (i = first_entry(b, text); i < b->n &&
	    strcmp(b->v[i].text, text) == 0; i++)
		if (!b->v[i].is_used) {
			b->v[i].is_used = true;
			return true;
		}
	return false;
}

size_t
baseline_left(const struct baseline *b)
{
	size_t i, n = 0;

	for (i = 0; i < b->n; i++)
		n += !b->v[i].is_used;
	return n;
}

void
baseline_write(const struct findings *f,
    enum finding_severity least, struct buf *out)
{
	auto_baseline b = { NULL, 0 };
	size_t i;

	b.v = xcalloc(f->n + 1, sizeof *b.v);
	for (i = 0; i < f->n; i++)
		if (f->v[i].severity >= least &&
		    may_be_suppressed(f->v[i].rule))
			b.v[b.n++].text = entry_of(&f->v[i]);
	qsort(b.v, b.n, sizeof *b.v, compare);
	buf_printf(out, "%s\n", head);
	for (i = 0; i < b.n; i++)
		buf_printf(out, "%s\n", b.v[i].text);
}
