/*
 * page: web pages for people, from templates in several languages.
 *
 * A template is HTML, NAME.LANG.html.  In it ${name} stands for a value, as
 * text, and "<!-- if name -->", "<!-- else -->" and "<!-- end -->" enclose what
 * is only shown if a value is not empty, or is empty; they may be nested.
 * Other comments stay.  ${style} is the style sheet, style.css.
 *
 * A site's own files, in its folder pages/, are preferred to those that every
 * program contains.
 */
#ifndef MCFG_PAGE_PAGE_H
#define MCFG_PAGE_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "site/site.h"

enum {
	PAGE_MAX = 1 << 20,		/* bytes of a template */
	PAGE_LOGO_MAX = 256 << 10,	/* bytes of a logo */
};

/* ---- values ---- */

struct page_value {
	char *name;
	char *text;
	bool is_markup;		/* is not escaped */
};

struct page_values {
	struct page_value *v;
	size_t n;
};
#define PAGE_VALUES_INIT { NULL, 0 }
#define auto_page_values AUTO(page_values_free) struct page_values

void page_values_free(struct page_values *v);

/* page_set() sets or replaces a value; text is copied, NULL is "". */
void page_set(struct page_values *v, const char *name, const char *text);

/* page_set_markup() is page_set() of HTML that is inserted as it is. */
void page_set_markup(struct page_values *v, const char *name,
    const char *html);


/*
 * page_set_site() sets what every page can say about a site: organization,
 * description, url, help, help_url (empty if help is not an address), logo (a
 * data: address), own ("yes" if devices must be told to trust the site's root)
 * and fingerprint (of that root, pairs of digits with spaces between); the
 * values that a request sets are "".  config is the path of site.yaml, beside
 * which the files are.
 */
enum status page_set_site(struct page_values *v, const struct site *s,
    const char *config) USE_RESULT;

/*
 * page_set_qr() sets qr, an inline SVG, to the QR code of text; "" if this
 * program was built without libqrencode, or text is too long for one.
 */
void page_set_qr(struct page_values *v, const char *text);

/*
 * page_set_status() sets what a page says about a response: status ("404 Not
 * Found"), missing (of 404) and busy (of 503).  0 makes all of them "".
 */
void page_set_status(struct page_values *v, int code);

/* ---- pages ---- */

struct page {
	char *name;		/* in diagnostics: "pages/welcome.de.html" */
	char *lang;		/* "de" */
	struct buf html;	/* the template */
	struct buf style;	/* style.css */
};
#define PAGE_INIT { NULL, NULL, BUF_INIT, BUF_INIT }
#define auto_page AUTO(page_free) struct page

void page_free(struct page *p);

/* NULL if text can be the name of a page: a-z, 0-9 and hyphens; or why not. */
const char *page_check_name(const char *text);

/*
 * page_find() takes the page of that name in the best language that accept, an
 * Accept-Language value or NULL, asks for.  For each language dir (NULL: none)
 * comes first, then what is built in; English is last.  A dir that does not
 * exist has no pages.  REFUSED if no page has this name.
 */
enum status page_find(const char *dir, const char *name, const char *accept,
    struct page *out) USE_RESULT;

/*
 * page_render() appends the page with its values; lang, dir and style come from
 * the page itself.  MALFORMED, with file and line, for a name without a value
 * and for an if without its end.
 */
enum status page_render(const struct page *p, const struct page_values *v,
    struct buf *out) USE_RESULT;

/* ---- responses ---- */

/* Which page belongs to a code: login, refused or error. */
const char *page_of_status(int code);

/*
 * page_response() appends the header lines of the response that has a page for
 * its body, in CGI's form up to the empty line: Status (not for 200), language,
 * type, length, and what a browser may do with it.  A page other than welcome
 * is not stored; may_post is for one with a form that posts to its own address.
 */
void page_response(int code, const char *name, const struct page *p,
    size_t length, bool may_post, struct buf *out);

/*
 * page_response_fields() appends the lines of the header that belong to a code:
 * how to log in for 401, when to try again for 503.
 */
void page_response_fields(int code, struct buf *out);

/*
 * page_plain_response() appends a response, header and body, of a site that is
 * broken and has no pages.
 */
void page_plain_response(int code, struct buf *out);

#endif
