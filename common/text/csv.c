/* Reads rows of variables from CSV (RFC 4180) or JSON. */
#include "text/local.h"

#include <string.h>
#include <strings.h>

/* ---- comma-separated values, RFC 4180 ---- */

static enum status
fail_row(const struct spec_rows *r, const char *reason)
{
	return fail(MALFORMED, "%s:%lu: %s", r->name, r->line, reason);
}

static bool
at_end(const struct spec_rows *r)
{
	return r->at == r->in->len;
}

static char
here(const struct spec_rows *r)
{
	return at_end(r) ? '\0' : (char)r->in->data[r->at];
}

static enum status
quoted_field(struct spec_rows *r, struct buf *out)
{
	for (r->at++; !at_end(r); r->at++) {
		char c = here(r);

		if (c == '"') {
			r->at++;
			if (here(r) != '"')
				return OK;
		}
		r->next_line += c == '\n';
		buf_putc(out, c);
	}
	return fail_row(r, "a quoted field that does not end");
}

static enum status
plain_field(struct spec_rows *r, struct buf *out)
{
	for (; !at_end(r) && strchr(",\r\n", here(r)) == NULL; r->at++) {
		if (here(r) == '"')
			return fail_row(r, "a quote inside a field that is "
			    "not quoted");
		buf_putc(out, here(r));
	}
	return OK;
}

/* Moves past the comma (*more) or the line end after a field. */
static enum status
separator(struct spec_rows *r, bool *more)
{
	*more = here(r) == ',';
	if (*more) {
		r->at++;
		return OK;
	}
	if (here(r) == '\r' && r->at + 1 < r->in->len)
		r->at++;
	if (!at_end(r) && here(r) != '\n')
		return fail_row(r, "neither a comma nor the end of the line "
		    "behind a field");
	if (!at_end(r)) {
		r->at++;
		r->next_line++;
	}
	return OK;
}

/* Reads the fields of one line, as an array of strings. */
static enum status
read_fields(struct spec_rows *r, struct tree **out)
{
	auto_tree *fields = tree_array();
	const char *fault;
	enum status st;
	bool more = true;

	r->line = r->next_line;
	while (more) {
		auto_buf field = BUF_INIT;

		st = here(r) == '"' ? quoted_field(r, &field) :
		    plain_field(r, &field);
		if (st != OK || (st = separator(r, &more)) != OK)
			return st;
		fault = tree_text_fault(buf_str(&field), field.len);
		if (fault != NULL)
			return fail_row(r, fault);
		if (tree_count(fields) == TREE_KEYS_MAX)
			return fail_row(r, "too many fields");
		tree_append(fields, tree_string(buf_str(&field)));
	}
	*out = STEAL(fields);
	return OK;
}

static const char no_name[] = "a column without a name";

/*
 * Counts the columns and checks their names.  A spreadsheet also writes columns
 * that are empty, at the end.
 */
static enum status
check_columns(struct spec_rows *r)
{
	auto_tree *seen = tree_dict();
	size_t i;

	r->named = tree_count(r->columns);
	while (r->named > 1 && *tree_string_of(tree_at(r->columns,
	    r->named - 1)) == '\0')
		r->named--;
	for (i = 0; i < r->named; i++) {
		const char *name = tree_string_of(tree_at(r->columns, i));

		if (*name == '\0')
			return fail_row(r, no_name);
		if (tree_get(seen, name) != NULL)
			return fail(MALFORMED, "%s:%lu: duplicate column "
			    "'%s'", r->name, r->line, name);
		tree_set(seen, name, tree_bool(true));
	}
	return OK;
}

/* How many fields there are, up to the last that is not empty. */
static size_t
count_filled(const struct tree *fields)
{
	size_t n = tree_count(fields);

	while (n > 0 && *tree_string_of(tree_at(fields, n - 1)) == '\0')
		n--;
	return n;
}

/* *out is NULL for a row of empty fields, which spreadsheets write, too. */
static enum status
next_of_csv(struct spec_rows *r, struct tree **out)
{
	auto_tree *fields = NULL, *row = tree_dict();
	size_t i, n = tree_count(r->columns);
	enum status st;

	if ((st = read_fields(r, &fields)) != OK)
		return st;
	if (tree_count(fields) != n)
		return fail(MALFORMED, "%s:%lu: %zu fields, but %zu columns",
		    r->name, r->line, tree_count(fields), n);
	if (n > 1 && count_filled(fields) == 0)
		return OK;
	if (count_filled(fields) > r->named)
		return fail(MALFORMED, "%s:1: %s", r->name, no_name);
	for (i = 0; i < r->named; i++)
		tree_set_string(row, tree_string_of(tree_at(r->columns, i)),
		    tree_string_of(tree_at(fields, i)));
	*out = STEAL(row);
	return OK;
}

/* ---- JSON lines ---- */

static enum status
next_of_json(struct spec_rows *r, struct tree **out)
{
	const unsigned char *p = r->in->data + r->at;
	const unsigned char *end = memchr(p, '\n', r->in->len - r->at);
	size_t n = end != NULL ? (size_t)(end - p) : r->in->len - r->at;
	struct problem why = { .name = r->name };
	auto_tree *row = NULL;

	r->line = r->next_line++;
	r->at += n + (end != NULL);
	if (spec_json_at(p, n, r->line, &why, &row) != OK)
		return problem_print(&why);
	if (tree_kind(row) != TREE_DICT)
		return fail_row(r, "not an object");
	*out = STEAL(row);
	return OK;
}

/* ---- both ---- */

/*
 * Empty lines between and after rows are ignored; so are blanks in JSON, but
 * in CSV they are a field.
 */
static void
skip_empty(struct spec_rows *r, bool is_json)
{
	while (!at_end(r)) {
		size_t at = r->at;

		while (is_json && at < r->in->len &&
		    (r->in->data[at] == ' ' || r->in->data[at] == '\t'))
			at++;
		if (at < r->in->len && r->in->data[at] == '\r')
			at++;
		if (at == r->in->len && is_json) {
			r->at = at;
			return;
		}
		if (at == r->in->len || r->in->data[at] != '\n')
			return;
		r->at = at + 1;
		r->next_line++;
	}
}

/* True if the first character that is not a blank is c. */
static bool
begins_with(const struct spec_rows *r, char c)
{
	const char *s = buf_str(r->in) + r->at;

	return s[strspn(s, " \t\r\n")] == c;
}

/*
 * What spreadsheets write instead of commas and UTF-8; NULL if there is
 * nothing of that.  If there are commas, a column's name may contain a
 * semicolon or a tab.
 */
static const char *
strange_list(const struct spec_rows *r)
{
	static const char utf16[] = "the list is in UTF-16: save it as CSV "
	    "UTF-8";
	const unsigned char *p = r->in->data;
	const char *s = buf_str(r->in) + r->at;
	size_t n = strcspn(s, "\r\n");

	if (r->in->len >= 2 && ((p[0] == 0xFF && p[1] == 0xFE) ||
	    (p[0] == 0xFE && p[1] == 0xFF) || p[0] == 0 || p[1] == 0))
		return utf16;
	if (strncasecmp(s, "sep=", 4) == 0)
		return "a line 'sep=' of Excel, which separates fields with "
		    "semicolons or a tab: save the list with commas, and "
		    "remove this line";
	if (strncmp(s, "PK\3\4", 4) == 0 ||
	    strncmp(s, "\xD0\xCF\x11\xE0", 4) == 0)
		return "a workbook of Excel: save it as CSV UTF-8";
	if (s[n] == '\r' && strchr(s, '\n') == NULL && s[n + 1] != '\0')
		return "lines end with CR alone: save the list as CSV UTF-8";
	if (*s == '{' || memchr(s, ',', n) != NULL)
		return NULL;
	if (memchr(s, ';', n) != NULL)
		return "fields are separated by semicolons, not by commas: "
		    "save the list with commas (CSV UTF-8)";
	if (memchr(s, '\t', n) != NULL)
		return "fields are separated by a tab, not by a comma: save "
		    "the list with commas (CSV UTF-8)";
	if (memchr(s, '|', n) != NULL)
		return "fields are separated by '|', not by a comma: save the "
		    "list with commas (CSV UTF-8)";
	return NULL;
}

enum status
spec_rows_open(const struct buf *in, const char *name, struct spec_rows *out)
{
	size_t bom = buf_has_prefix(in, "\xEF\xBB\xBF") ? 3 : 0;
	struct spec_rows r = { .in = in, .name = name, .at = bom,
	    .next_line = 1, .line = 1 };
	bool is_json = begins_with(&r, '{');
	const char *reason;
	enum status st;

	if (begins_with(&r, '['))
		return fail(MALFORMED, "%s: a list in JSON: write one object "
		    "a line, without the brackets around them", name);
	skip_empty(&r, is_json);
	if (at_end(&r))
		return fail(MALFORMED, "%s: there are no rows", name);
	if ((reason = strange_list(&r)) != NULL)
		return fail(MALFORMED, "%s: %s", name, reason);
	if (!is_json) {
		if ((st = read_fields(&r, &r.columns)) != OK)
			return st;
		if ((st = check_columns(&r)) != OK) {
			spec_rows_free(&r);
			return st;
		}
	}
	*out = r;
	return OK;
}

enum status
spec_rows_next(struct spec_rows *r, struct tree **out)
{
	enum status st = OK;

	*out = NULL;
	while (st == OK && *out == NULL) {
		skip_empty(r, r->columns == NULL);
		if (at_end(r))
			return OK;
		st = r->columns != NULL ? next_of_csv(r, out) :
		    next_of_json(r, out);
	}
	return st;
}

void
spec_rows_free(struct spec_rows *r)
{
	if (r->columns != NULL)
		tree_free(r->columns);
	r->columns = NULL;
}
