/* Pages for people. */
#include <string.h>

#include "service.h"

enum status
put_page(struct visit *v, int code, const char *name, struct buf *out)
{
	auto_page page = PAGE_INIT;
	auto_buf html = BUF_INIT;
	enum status st;

	if ((st = page_find("pages", name, web_variable(v->x,
	    "HTTP_ACCEPT_LANGUAGE"), &page)) != OK ||
	    (st = service_pages(v->s)) != OK)
		return st;
	page_set_status(&v->s->pages, code);
	if ((st = page_render(&page, &v->s->pages, &html)) != OK)
		return st;
	page_response(code, name, &page, html.len,
	    strcmp(name, "invited") == 0, out);
	buf_add_buf(out, &html);
	return OK;
}

int
answer_welcome(struct visit *v)
{
	int code;

	step_begin(v, "mcfg-page");
	code = step_end(v, WEB_SITE, put_page(v, 200, "welcome", &v->body));
	return code != 0 ? code : refuse(v, 200, "welcome");
}
