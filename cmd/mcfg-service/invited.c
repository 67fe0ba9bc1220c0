/* Invitations: /i/TOKEN. */
#include <string.h>

#include "service.h"

enum { HTTPS_PORT_LENGTH = sizeof ":443" - 1 };

/* The length of the "https://host:port" of a URL, without the default port. */
static size_t
origin_length(const char *url)
{
	size_t n = sizeof "https://" - 1;

	if (strlen(url) < n)
		return strlen(url);
	n += strcspn(url + n, "/");
	if (strncmp(url + n - HTTPS_PORT_LENGTH, ":443",
	    HTTPS_PORT_LENGTH) == 0)
		n -= HTTPS_PORT_LENGTH;
	return n;
}

/*
 * True if the request comes from a page of this site, or from no page at all.
 * A page with "Referrer-Policy: no-referrer" posts with "Origin: null".
 */
static bool
is_same_origin(struct visit *v)
{
	const char *from = web_variable(v->x, "HTTP_SEC_FETCH_SITE");
	const char *origin = web_variable(v->x, "HTTP_ORIGIN");
	const char *url = v->s->settings.url;
	size_t n;

	if (from != NULL && *from != '\0' &&
	    strcmp(from, "same-origin") != 0 && strcmp(from, "none") != 0)
		return false;
	if (origin == NULL || *origin == '\0' || strcmp(origin, "null") == 0)
		return true;
	if (url == NULL || (n = origin_length(url)) != origin_length(origin))
		return false;
	return memcmp(url, origin, n) == 0 &&
	    (origin[n] == '\0' || strcmp(origin + n, ":443") == 0);
}

static int
find_invitation(struct visit *v, struct ledger_invitation *i)
{
	enum status st;

	step_begin(v, "mcfg-enrollment");
	if ((st = service_ledger(v->s, LEDGER_USE)) == OK)
		st = enrollment_invitation(v->s->ledger, v->token, i);
	return step_end(v, DEVICE, st);
}

static enum status
put_invited(struct visit *v, const struct ledger_invitation *i)
{
	auto_char *link = xasprintf("%s/i/%s", v->s->settings.url, v->token);
	auto_char *address = xasprintf("%s/", v->s->settings.url);
	enum status st;

	if ((st = service_pages(v->s)) != OK)
		return st;
	page_set_qr(&v->s->pages, link);
	page_set(&v->s->pages, "user", i->user);
	st = put_page(v, 200, "invited", &v->body);
	page_set_qr(&v->s->pages, address);
	page_set(&v->s->pages, "user", "");
	return st;
}

int
answer_invited(struct visit *v)
{
	auto_ledger_invitation i = LEDGER_INVITATION_INIT;
	bool is_post = strcmp(v->method, "POST") == 0;
	int code;

	if (v->token == NULL)
		return refuse(v, 404, "no such page");
	step_begin(v, "mcfg-enrollment");
	if ((code = step_end(v, SITE, service_site(v->s))) != 0)
		return code;
	if (v->s->settings.url == NULL)
		return refuse(v, 500, "site.yaml: url is not set");
	if (is_post && !is_same_origin(v))
		return refuse(v, 403, "sent from a page of another site");
	if ((code = find_invitation(v, &i)) != 0)
		return code;
	if (is_post)
		return enroll_invited(v, &i);
	step_begin(v, "mcfg-page");
	code = step_end(v, SITE, put_invited(v, &i));
	return code != 0 ? code : refuse(v, 200, "invitation");
}
