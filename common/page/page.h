/*
 * page: web pages for people, from templates in several languages.
 *
 * A template is a file of HTML, NAME.LANG.html.  ${name} stands for a value,
 * as text.  "<!-- if name -->", "<!-- else -->" and "<!-- end -->" enclose
 * what is shown only if a value is not empty, or is empty; they may be nested.
 * Other comments are kept.  ${style} is the style sheet, style.css.
 *
 * A site's own files, in its folder pages/, are preferred to those that are
 * built into the programs.
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
	bool is_markup;		/* inserted without escaping */
};

struct page_values {
	struct page_value *v;
	size_t n;
};
#define PAGE_VALUES_INIT { NULL, 0 }
#define auto_page_values AUTO(page_values_free) struct page_values

void page_values_free(struct page_values *v);

/* page_set() sets or replaces a value; text is copied, NULL means "". */
void page_set(struct page_values *v, const char *name, const char *text);

/* page_set_markup() is page_set() for HTML, which is inserted unchanged. */
void page_set_markup(struct page_values *v, const char *name,
    const char *html);


/*
 * page_set_site() sets the values about a site: organization, description,
 * url, help, help_url (empty if help is not an address), logo (a data:
 * address), own ("yes" if devices must be told to trust the site's root) and
 * fingerprint (of that root, as pairs of digits with spaces); values that
 * depend on the request become "".  config is the path of site.yaml; files are
 * relative to its folder.
 */
enum status page_set_site(struct page_values *v, const struct site *s,
    const char *config) USE_RESULT;

/*
 * page_set_qr() sets qr to the QR code of text, as inline SVG; "" if this
 * program was built without libqrencode, or if text is too long.
 */
void page_set_qr(struct page_values *v, const char *text);

/*
 * page_set_status() sets the values about a response: status ("404 Not
 * Found"), missing (for 404) and busy (for 503).  With code 0 all are "".
 */
void page_set_status(struct page_values *v, int code);

/* ---- pages ---- */

struct page {
	char *name;		/* for messages: "pages/welcome.de.html" */
	char *lang;		/* "de" */
	struct buf html;	/* the template */
	struct buf style;	/* style.css */
};
#define PAGE_INIT { NULL, NULL, BUF_INIT, BUF_INIT }
#define auto_page AUTO(page_free) struct page

void page_free(struct page *p);

/*
 * Checks the name of a page: a-z, 0-9 and hyphens.  Returns NULL, or the
 * reason why it is invalid.
 */
const char *page_check_name(const char *text);

/*
 * page_find() finds the page called name in the best language for accept, an
 * Accept-Language value or NULL.  For each language it looks in dir (NULL:
 * none) first, then at the built-in pages; English comes last.  dir need not
 * exist.  Returns REFUSED if there is no page with this name.
 */
enum status page_find(const char *dir, const char *name, const char *accept,
    struct page *out) USE_RESULT;

/*
 * page_render() appends the page with its values; lang, dir and style come
 * from the page itself.  Returns MALFORMED, with file and line, for a name
 * without a value, or for an if without an end.
 */
enum status page_render(const struct page *p, const struct page_values *v,
    struct buf *out) USE_RESULT;

/* ---- responses ---- */

/* Returns the page for an HTTP status: login, refused or error. */
const char *page_of_status(int code);

/*
 * page_response() appends the header of a response whose body is a page, in
 * CGI's form up to the empty line: Status (unless code is 200), language,
 * type, length, and what a browser may do with it.  Only the welcome page may
 * be stored.  may_post allows a form that posts to the page's own address.
 */
void page_response(int code, const char *name, const struct page *p,
    size_t length, bool may_post, struct buf *out);

/*
 * page_response_fields() appends the header lines of an HTTP status: how to
 * log in for 401, when to try again for 503.
 */
void page_response_fields(int code, struct buf *out);

/*
 * page_plain_response() appends header and body of a response for a site that
 * is broken and has no pages.
 */
void page_plain_response(int code, struct buf *out);

/*
 * page_cert_response() appends header and body of a response with the first
 * certificate of a file, which browsers offer to install.
 */
enum status page_cert_response(const char *path, struct buf *out) USE_RESULT;

#endif
