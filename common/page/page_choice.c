/* Finds the template of a page: the site's or the built-in one, by language. */
#include <string.h>

#include "page/accept_language.h"
#include "page/local.h"
#include "page/page.h"

#define SUFFIX	".html"
#define STYLE	"style.css"

enum { NAME_MAX_BYTES = 40 };

/* Where to look for templates. */
struct place {
	const char *dir;		/* NULL: only built-in templates */
	struct io_names names;		/* of the site's templates */
	const char *page;		/* the name of the page */
};

void
page_free(struct page *p)
{
	free(p->name);
	free(p->lang);
	buf_free(&p->html);
	buf_free(&p->style);
	p->name = p->lang = NULL;
}

const char *
page_check_name(const char *text)
{
	size_t n = strlen(text);

	if (n == 0 || n > NAME_MAX_BYTES ||
	    strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-") != n)
		return "not the name of a page: a-z, 0-9 and hyphens";
	return NULL;
}

/* True if a file is the page in this language. */
static bool
is_page(const char *file, const char *page, const char *lang)
{
	size_t n = strlen(page), len = strlen(file);

	return len > n + 1 + sizeof SUFFIX - 1 && file[n] == '.' &&
	    memcmp(file, page, n) == 0 &&
	    strcmp(file + len - (sizeof SUFFIX - 1), SUFFIX) == 0 &&
	    page_same_language(lang, file + n + 1,
	    len - n - 1 - (sizeof SUFFIX - 1));
}

static const char *
site_file(const struct place *w, const char *lang)
{
	size_t i;

	for (i = 0; i < w->names.n; i++)
		if (is_page(w->names.v[i], w->page, lang))
			return w->names.v[i];
	return NULL;
}

static const struct page_file *
installed_file(const char *page, const char *lang)
{
	const struct page_file *f;

	for (f = page_installed; f->name != NULL; f++)
		if (is_page(f->name, page, lang))
			return f;
	return NULL;
}

static void
take_name(struct page *p, const char *where, const char *file,
    const char *page)
{
	const char *lang = file + strlen(page) + 1;

	p->name = where != NULL ? io_join(where, file) : xstrdup(file);
	p->lang = xstrndup(lang, strlen(lang) - (sizeof SUFFIX - 1));
}

static enum status
take(const struct place *w, const char *lang, bool *found, struct page *out)
{
	const char *own = site_file(w, lang);
	const struct page_file *f;

	*found = true;
	if (own != NULL) {
		take_name(out, w->dir, own, w->page);
		return io_slurp_file(out->name, PAGE_MAX, &out->html);
	}
	if ((f = installed_file(w->page, lang)) != NULL) {
		take_name(out, NULL, f->name, w->page);
		buf_add(&out->html, f->data, f->len);
		return OK;
	}
	*found = false;
	return OK;
}

/* RFC 4647 3.4: each range is shortened until a page matches. */
static enum status
look_up(const struct place *w, const char *accept, struct page *out)
{
	struct page_languages l;
	bool found = false;
	enum status st;
	size_t i;

	page_languages_parse(accept, &l);
	for (i = 0; i < l.n; i++)
		do {
			if ((st = take(w, l.tag[i], &found, out)) != OK ||
			    found)
				return st;
		} while (page_language_shorten(l.tag[i]));
	if ((st = take(w, PAGE_LANGUAGE, &found, out)) != OK || found)
		return st;
	return fail(REFUSED, "%s: no such page", w->page);
}

static enum status
take_style(const char *dir, struct page *out)
{
	const struct page_file *f;
	bool exists = false;
	enum status st;

	if (dir != NULL) {
		auto_char *path = io_join(dir, STYLE);

		if ((st = io_exists(path, &exists)) != OK || exists)
			return st != OK ? st :
			    io_slurp_file(path, PAGE_MAX, &out->style);
	}
	for (f = page_installed; f->name != NULL; f++)
		if (strcmp(f->name, STYLE) == 0)
			buf_add(&out->style, f->data, f->len);
	return OK;
}

enum status
page_find(const char *dir, const char *name, const char *accept,
    struct page *out)
{
	struct place w = { .page = name, .names = IO_NAMES_INIT };
	auto_page page = PAGE_INIT;
	bool exists = false;
	enum status st;

	if (dir != NULL && (st = io_exists(dir, &exists)) != OK)
		return st;
	w.dir = exists ? dir : NULL;
	if (exists && (st = io_list_dir(dir, SUFFIX, &w.names)) != OK)
		return st;
	if ((st = look_up(&w, accept, &page)) == OK)
		st = take_style(w.dir, &page);
	io_names_free(&w.names);
	if (st == OK)
		*out = MOVE(page);
	return st;
}
