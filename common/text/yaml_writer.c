/* Writes a property list as YAML. */
#include "text/local.h"

#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"

enum {
	INDENT = 2,
	DATA_WIDTH = 72,	/* columns of base64 */
	DATA_SHORT = 36,	/* bytes of data that stay on the line */
	KEY_MAX = 128,		/* longer keys are written as "? KEY" */
};

struct writing {
	struct buf *out;
	const struct tree_marks *marks;	/* with comments, or NULL */
	spec_files *files;
	void *arg;
};

/* Where a member is written. */
struct spot {
	struct writing *w;
	const struct spec_step *step;
	size_t indent;
	size_t index;
	bool is_first;		/* continues the line of "- " */
};

static void write_node(struct writing *w, const struct tree *t,
    const struct spec_step *step, size_t indent, bool in_list);

static void
indent_by(struct buf *out, size_t n)
{
	while (n-- > 0)
		buf_putc(out, ' ');
}

/*
 * True for text that YAML reads as itself without quotes.  If it begins with a
 * letter, a digit or a slash, only ": " or " #" could end it in a block.
 */
static bool
is_plain(const char *s)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789";
	const char *hint, *p = s;

	if (spec_type_of(s, &hint) != SPEC_TEXT || strstr(s, "${") != NULL ||
	    (strchr(letters, s[0]) == NULL && s[0] != '/'))
		return false;
	for (; *p != '\0'; p++) {
		bool is_last = p[1] == '\0';

		if (strchr(letters, *p) != NULL ||
		    strchr("_-+./()=$;<>^~,@%&*!?'|", *p) != NULL)
			continue;
		if (*p == ':' && !is_last && p[1] != ' ')
			continue;
		if (*p == ' ' && !is_last && p[1] != ' ' && p[1] != '#')
			continue;
		return false;
	}
	return true;
}

/*
 * The length of the character at s if it must be escaped, and the character in
 * *c; otherwise 0.
 */
static size_t
special(const char *s, unsigned *c)
{
	const unsigned char *p = (const unsigned char *)s;

	*c = p[0];
	if (p[0] < 0x20 || p[0] == 0x7F || p[0] == '"' || p[0] == '\\')
		return 1;
	if (p[0] == 0xC2 && p[1] >= 0x80 && p[1] < 0xA0) {
		*c = p[1];
		return 2;
	}
	/* Line and paragraph separators, and the byte order mark. */
	if (p[0] == 0xE2 && p[1] == 0x80 && (p[2] == 0xA8 || p[2] == 0xA9)) {
		*c = 0x2000u + (p[2] & 0x3Fu);
		return 3;
	}
	if (p[0] == 0xEF && p[1] == 0xBB && p[2] == 0xBF) {
		*c = 0xFEFF;
		return 3;
	}
	return 0;
}

static void
write_quoted(struct buf *out, const char *s, bool has_variables)
{
	unsigned c;
	size_t n;

	buf_putc(out, '"');
	while (*s != '\0') {
		if (has_variables && strncmp(s, "${", 2) == 0)
			buf_putc(out, '$');
		if ((n = special(s, &c)) == 0) {
			buf_putc(out, *s++);
			continue;
		}
		if (c == '\n')
			buf_puts(out, "\\n");
		else if (c == '\t')
			buf_puts(out, "\\t");
		else if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", (int)c);
		else
			buf_printf(out, "\\u%04X", c);
		s += n;
	}
	buf_putc(out, '"');
}

/* True for several lines that a block can hold unchanged. */
static bool
is_block(const char *s)
{
	const char *p;
	unsigned c;

	/*
	 * The first line shows the indentation, so it must not begin with
	 * blanks.
	 */
	if (strchr(s, '\n') == NULL || strchr("\n \t", s[0]) != NULL)
		return false;
	for (p = s; *p != '\0'; p++) {
		if (*p == '\n' || *p == '\t' || *p == '"' || *p == '\\')
			continue;
		if (special(p, &c) != 0)
			return false;
	}
	return true;
}

static void
write_block(struct buf *out, const char *s, size_t indent)
{
	size_t n = strlen(s);

	buf_puts(out, s[n - 1] != '\n' ? "|-" :
	    n > 1 && s[n - 2] == '\n' ? "|+" : "|");
	while (*s != '\0') {
		size_t line = strcspn(s, "\n");

		buf_putc(out, '\n');
		if (line > 0)
			indent_by(out, indent);
		for (; line > 0; line--, s++) {
			if (strncmp(s, "${", 2) == 0)
				buf_putc(out, '$');
			buf_putc(out, *s);
		}
		if (*s == '\n')
			s++;
	}
}

static void
write_string(struct buf *out, const char *s, size_t indent)
{
	if (is_plain(s))
		buf_puts(out, s);
	else if (is_block(s))
		write_block(out, s, indent);
	else
		write_quoted(out, s, true);
}

/*
 * Writes a decimal without an exponent that is read as the same double: the
 * smallest one needs 1,074 digits after the point, 767 of which count.
 */
static void
write_real(struct buf *out, double v)
{
	char text[1600];
	int digits;

	for (digits = 1; digits < 1100; digits++) {
		snprintf(text, sizeof text, "%.*f", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	buf_puts(out, text);
}

static void
write_data(struct writing *w, const struct tree *t,
    const struct spec_step *step, size_t indent)
{
	auto_buf path = BUF_INIT, pad = BUF_INIT;
	auto_char *file = NULL;
	const unsigned char *p;
	size_t len;

	spec_path_text(step, &path);
	buf_cut(&path, path.len - 2);
	if (w->files != NULL)
		file = w->files(buf_str(&path), t, w->arg);
	if (file != NULL) {
		buf_puts(w->out, "!file ");
		write_quoted(w->out, file, false);
		return;
	}
	p = tree_data_of(t, &len);
	buf_puts(w->out, "!!binary ");
	if (len <= DATA_SHORT) {
		buf_putc(w->out, '"');
		encode_base64(w->out, p, len);
		buf_putc(w->out, '"');
		return;
	}
	indent_by(&pad, indent);
	buf_puts(w->out, "|-\n");
	encode_base64_lines(w->out, p, len, DATA_WIDTH, buf_str(&pad));
	while (w->out->len > 0 && w->out->data[w->out->len - 1] == '\n')
		buf_cut(w->out, w->out->len - 1);
}

static void
write_scalar(struct writing *w, const struct tree *t,
    const struct spec_step *step, size_t indent)
{
	char date[CLOCK_TEXT];

	switch (tree_kind(t)) {
	case TREE_STRING:
		write_string(w->out, tree_string_of(t), indent);
		break;
	case TREE_DATA:
		write_data(w, t, step, indent);
		break;
	case TREE_REAL:
		write_real(w->out, tree_real_of(t));
		break;
	case TREE_DATE:
		buf_printf(w->out, "!!timestamp %s",
		    clock_format(tree_date_of(t), date));
		break;
	case TREE_UID:
		/* The same as in XML. */
		buf_printf(w->out, "{CF$UID: %" PRIu64 "}", tree_uid_of(t));
		break;
	default:
		tree_scalar_text(t, w->out);
		break;
	}
}

static void
write_key(struct buf *out, const char *key, size_t indent)
{
	bool is_long = strlen(key) > KEY_MAX;

	if (is_long)
		buf_puts(out, "? ");
	if (is_plain(key))
		buf_puts(out, key);
	else
		write_quoted(out, key, false);
	if (is_long) {
		buf_putc(out, '\n');
		indent_by(out, indent);
	}
	buf_putc(out, ':');
}

/* ---- comments ---- */

/* The length of a line end at s, for any YAML reader, or 0. */
static size_t
line_end(const char *s)
{
	unsigned c;
	size_t n = special(s, &c);

	return n > 0 && (c == '\n' || c == '\r' || c == 0x85 ||
	    c == 0x2028 || c == 0x2029) ? n : 0;
}

static bool
is_blank_line(const char *s)
{
	s += strspn(s, " \t");
	return *s == '\0' || line_end(s) > 0;
}

/* The indentation that all lines but the first share, from the source. */
static size_t
margin_of(const char *s)
{
	size_t margin = SIZE_MAX, n;

	for (; *s != '\0'; s++)
		if ((n = line_end(s)) > 0 && !is_blank_line(s + n)) {
			n = strspn(s + n, " \t");
			margin = n < margin ? n : margin;
		}
	return margin;
}

/* Writes one line; returns the beginning of the next. */
static const char *
write_comment_line(struct buf *out, const char *s, size_t indent)
{
	unsigned c;
	size_t n;

	indent_by(out, indent);
	buf_putc(out, '#');
	if (*s != '\0' && line_end(s) == 0)
		buf_putc(out, ' ');
	for (; *s != '\0' && (n = line_end(s)) == 0; s += n) {
		n = special(s, &c);
		if (n > 0 && c != '"' && c != '\\' && c != '\t') {
			buf_putc(out, '?');
			continue;
		}
		buf_putc(out, *s);
		n = 1;
	}
	while (out->data[out->len - 1] == ' ' ||
	    out->data[out->len - 1] == '\t')
		buf_cut(out, out->len - 1);
	buf_putc(out, '\n');
	return s + line_end(s);
}

/* The place after the last character that is not white space. */
static const char *
comment_end(const char *s)
{
	const char *end = s;
	size_t n;

	for (; *s != '\0'; s += n > 0 ? n : 1)
		if ((n = line_end(s)) == 0 && *s != ' ' && *s != '\t')
			end = s + 1;
	return end;
}

/* Writes one XML comment, each line after "# ". */
static void
write_comment(struct buf *out, const char *s, size_t indent)
{
	const char *end = comment_end(s);
	size_t margin = margin_of(s), n;

	s += strspn(s, " \t");
	if (line_end(s) > 0)
		s += line_end(s);
	else if (s < end)
		s = write_comment_line(out, s, indent);
	while (s < end) {
		n = strspn(s, " \t");
		s = write_comment_line(out, s + (n < margin ? n : margin),
		    indent);
	}
}

static void
write_comments(const struct writing *w, const struct tree *t, bool is_inside,
    size_t indent)
{
	const char *s = tree_marks_comment(w->marks, t, is_inside);
	size_t n;

	for (; s != NULL && *s != '\0'; s += n + (s[n] == TREE_COMMENT_END)) {
		auto_char *one = NULL;

		n = strcspn(s, (const char[]){ TREE_COMMENT_END, '\0' });
		one = xstrndup(s, n);
		write_comment(w->out, one, indent);
	}
}

static enum status
write_member(const char *key, struct tree *t, void *arg)
{
	struct spot *at = arg;
	const struct spec_step step = { at->step, key, at->index++ };
	struct writing *w = at->w;

	if (at->is_first && tree_marks_comment(w->marks, t, false) != NULL) {
		/* Not after the dash, but on a line of its kind. */
		buf_cut(w->out, w->out->len - 1);
		buf_putc(w->out, '\n');
		at->is_first = false;
	}
	if (!at->is_first) {
		write_comments(w, t, false, at->indent);
		indent_by(w->out, at->indent);
	}
	at->is_first = false;
	if (key != NULL)
		write_key(w->out, key, at->indent);
	else
		buf_putc(w->out, '-');
	write_node(w, t, &step, at->indent + INDENT, key == NULL);
	return OK;
}

/*
 * Writes what follows a key's colon or a list's dash, up to the end of the
 * line.
 */
static void
write_node(struct writing *w, const struct tree *t,
    const struct spec_step *step, size_t indent, bool in_list)
{
	struct spot here = { w, step, indent, 0, in_list };
	enum tree_kind kind = tree_kind(t);

	if (kind != TREE_DICT && kind != TREE_ARRAY) {
		buf_putc(w->out, ' ');
		write_scalar(w, t, step, indent);
		buf_putc(w->out, '\n');
	} else if (tree_count(t) == 0) {
		buf_puts(w->out, kind == TREE_DICT ? " {}\n" : " []\n");
		write_comments(w, t, true, indent);
	} else {
		buf_putc(w->out, in_list ? ' ' : '\n');
		(void)tree_each(t, write_member, &here);
		write_comments(w, t, true, indent);
	}
}

void
spec_to_yaml(const struct tree *t, const struct tree_marks *marks,
    spec_files *files, void *arg, struct buf *out)
{
	struct writing w = { out, marks, files, arg };
	struct spot top = { &w, NULL, 0, 0, false };

	write_comments(&w, t, false, 0);
	if (tree_count(t) == 0)
		buf_puts(out, "{}\n");
	(void)tree_each(t, write_member, &top);
	write_comments(&w, t, true, 0);
}
