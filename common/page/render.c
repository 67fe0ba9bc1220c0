/* Fills in a template. */
#include <ctype.h>
#include <string.h>

#include "page/escape.h"
#include "page/accept_language.h"
#include "page/page.h"

enum { DEPTH_MAX = 16 };	/* nested ifs */

struct render {
	const struct page *page;
	const struct page_values *values;
	struct buf *out;
	const char *p;			/* next character */
	bool shown[DEPTH_MAX + 1];	/* whether text is shown, by depth of
					 * ifs */
	bool has_else[DEPTH_MAX + 1];
	size_t depth;
};

static enum status
wrong(const struct render *r, const char *at, const char *what)
{
	const char *p = buf_str(&r->page->html);
	unsigned long line = 1;

	for (; p < at; p++)
		line += *p == '\n';
	return fail(MALFORMED, "%s:%lu: %s", r->page->name, line, what);
}

static bool
is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static size_t
name_length(const char *p)
{
	size_t n = 0;

	while (is_name(p[n]))
		n++;
	return n;
}

/* ---- values ---- */

/* Returns NULL, after a message, if there is no value with this name. */
static const struct page_value *
find(const struct render *r, const char *at, const char *name)
{
	const struct page_values *v = r->values;
	auto_char *what = NULL;
	size_t i;

	for (i = 0; i < v->n; i++)
		if (strcmp(v->v[i].name, name) == 0)
			return &v->v[i];
	what = xasprintf("nothing has the name '%s'", name);
	(void)wrong(r, at, what);
	return NULL;
}

/* p is after "${". */
static enum status
value(struct render *r, const char *at)
{
	size_t n = name_length(r->p);
	const struct page_value *v;
	auto_char *name = NULL;

	if (n == 0 || r->p[n] != '}')
		return wrong(r, at, "not of the form ${name}");
	name = xstrndup(r->p, n);
	r->p += n + 1;
	if ((v = find(r, at, name)) == NULL)
		return MALFORMED;
	if (r->shown[r->depth] && v->is_markup)
		buf_puts(r->out, v->text);
	else if (r->shown[r->depth])
		page_escape(r->out, v->text, strlen(v->text));
	return OK;
}

/* ---- if, else, end ---- */

static const char *
skip_blank(const char *p)
{
	return p + strspn(p, " \t\n");
}

static enum status
begin_if(struct render *r, const char *at, const char *name)
{
	const struct page_value *v;

	if (r->depth == DEPTH_MAX)
		return wrong(r, at, "too many ifs in each other");
	if ((v = find(r, at, name)) == NULL)
		return MALFORMED;
	r->shown[r->depth + 1] = r->shown[r->depth] && v->text[0] != '\0';
	r->has_else[++r->depth] = false;
	return OK;
}

static enum status
begin_else(struct render *r, const char *at)
{
	if (r->depth == 0 || r->has_else[r->depth])
		return wrong(r, at, "an else without its if");
	r->has_else[r->depth] = true;
	r->shown[r->depth] = r->shown[r->depth - 1] && !r->shown[r->depth];
	return OK;
}

/* "else" and "end" have no name after them. */
static enum status
directive(struct render *r, const char *at, const char *word,
    const char *name)
{
	if (strcmp(word, "if") == 0)
		return begin_if(r, at, name);
	if (strcmp(word, "else") == 0)
		return begin_else(r, at);
	if (r->depth == 0)
		return wrong(r, at, "an end without its if");
	r->depth--;
	return OK;
}

/*
 * p is after "<!--".  *is_ours is false for an ordinary comment.  A line with
 * only a directive leaves no empty line.
 */
static enum status
comment(struct render *r, const char *at, bool *is_ours)
{
	const char *word = skip_blank(r->p), *name, *end;
	size_t word_len = name_length(word), name_len;
	auto_char *w = xstrndup(word, word_len), *n = NULL;
	bool is_if = strcmp(w, "if") == 0;

	name = skip_blank(word + word_len);
	name_len = is_if ? name_length(name) : 0;
	end = skip_blank(name + name_len);
	*is_ours = (is_if && name_len > 0) || strcmp(w, "else") == 0 ||
	    strcmp(w, "end") == 0;
	if (!*is_ours)
		return OK;
	if (strncmp(end, "-->", 3) != 0)
		return wrong(r, at, "an if, else or end without its -->");
	r->p = end + 3;
	if (*r->p == '\n' && (at == buf_str(&r->page->html) ||
	    at[-1] == '\n'))
		r->p++;
	n = xstrndup(name, name_len);
	return directive(r, at, w, n);
}

/* ---- the whole page ---- */

static enum status
step(struct render *r)
{
	const char *at = r->p;
	bool is_ours = false;
	enum status st;

	if (strncmp(at, "${", 2) == 0) {
		r->p += 2;
		return value(r, at);
	}
	if (strncmp(at, "<!--", 4) == 0) {
		r->p += 4;
		if ((st = comment(r, at, &is_ours)) != OK || is_ours)
			return st;
		r->p = at;
	}
	if (r->shown[r->depth])
		buf_putc(r->out, *r->p);
	r->p++;
	return OK;
}

static enum status
fill(struct render *r)
{
	const char *begin = buf_str(&r->page->html);
	const char *end = begin + r->page->html.len;
	enum status st;
	size_t n;

	for (r->p = begin; r->p < end;) {
		if ((n = strcspn(r->p, "$<")) > 0) {
			if (r->shown[r->depth])
				buf_add(r->out, r->p, n);
			r->p += n;
			continue;
		}
		if (*r->p == '\0')
			return wrong(r, r->p, "a NUL byte");
		if ((st = step(r)) != OK)
			return st;
	}
	if (r->depth > 0)
		return wrong(r, end, "an if without its end");
	return OK;
}

static void
copy_values(const struct page_values *from, struct page_values *to)
{
	size_t i;

	for (i = 0; i < from->n; i++)
		if (from->v[i].is_markup)
			page_set_markup(to, from->v[i].name, from->v[i].text);
		else
			page_set(to, from->v[i].name, from->v[i].text);
}

enum status
page_render(const struct page *p, const struct page_values *v,
    struct buf *out)
{
	auto_page_values values = PAGE_VALUES_INIT;
	struct render r = { .page = p, .values = &values, .shown = { true } };
	auto_buf html = BUF_INIT;
	enum status st;

	copy_values(v, &values);
	page_set(&values, "lang", p->lang);
	page_set(&values, "dir", page_direction(p->lang));
	page_set_markup(&values, "style", buf_str(&p->style));
	r.out = &html;
	if ((st = fill(&r)) != OK)
		return st;
	buf_add_buf(out, &html);
	return OK;
}
