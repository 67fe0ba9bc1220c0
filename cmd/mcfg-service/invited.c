/* Invitations: /i/TOKEN. */
#include <string.h>

#include "service.h"

static enum status
need_url(const struct visit *v)
{
	return v->s->settings.url != NULL ? OK :
	    fail(MALFORMED, "site.yaml: url is not set");
}

static int
check_form(struct visit *v)
{
	bool is_own;
	int code;

	step_begin(v, "mcfg-page");
	if ((code = step_end(v, WEB_SITE, need_url(v))) != 0)
		return code;
	is_own = web_is_own_page(v->s->settings.url,
	    web_variable(v->x, "HTTP_ORIGIN"),
	    web_variable(v->x, "HTTP_SEC_FETCH_SITE"));
	step_begin(v, "mcfg-page");
	return step_end(v, WEB_DEVICE, is_own ? OK : fail(REFUSED,
	    "sent from a page of another site"));
}

static int
find_invitation(struct visit *v, struct ledger_invitation *i)
{
	enum status st;
	int code;

	step_begin(v, "mcfg-enrollment");
	if ((code = step_end(v, WEB_SITE, service_ledger_uri(v->s))) != 0)
		return code;
	step_begin(v, "mcfg-enrollment");
	if ((st = service_ledger(v->s, LEDGER_USE)) == OK)
		st = enrollment_invitation(v->s->ledger, v->token, i);
	return step_end(v, WEB_DEVICE, st);
}

static enum status
put_invited(struct visit *v, const struct ledger_invitation *i)
{
	auto_char *link = NULL, *address = NULL;
	enum status st;

	if ((st = need_url(v)) != OK || (st = service_pages(v->s)) != OK)
		return st;
	link = xasprintf("%s/i/%s", v->s->settings.url, v->token);
	address = xasprintf("%s/", v->s->settings.url);
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
	step_begin(v, is_post ? "mcfg-page" : "mcfg-enrollment");
	if ((code = step_end(v, WEB_SITE, service_site(v->s))) != 0)
		return code;
	if (is_post && (code = check_form(v)) != 0)
		return code;
	if ((code = find_invitation(v, &i)) != 0)
		return code;
	if (is_post)
		return enroll_invited(v, &i);
	step_begin(v, "mcfg-page");
	code = step_end(v, WEB_SITE, put_invited(v, &i));
	return code != 0 ? code : refuse(v, 200, "invitation");
}
