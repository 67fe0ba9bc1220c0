/* The header of a response whose body is a page. */
#include <string.h>

#include "page/page.h"

enum { SERVER_ERROR = 500 };

static const struct {
	int code;
	const char *reason;
} reasons[] = {
	{ 200, "OK" },
	{ 301, "Moved Permanently" },
	{ 400, "Bad Request" },
	{ 401, "Unauthorized" },
	{ 403, "Forbidden" },
	{ 404, "Not Found" },
	{ 405, "Method Not Allowed" },
	{ 411, "Length Required" },
	{ 413, "Content Too Large" },
	{ 429, "Too Many Requests" },
	{ SERVER_ERROR, "Internal Server Error" },
	{ 503, "Service Unavailable" },
};

const char *
page_reason(int code)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i].code == code)
			return reasons[i].reason;
	return page_reason(SERVER_ERROR);
}

const char *
page_of_status(int code)
{
	switch (code) {
	case 401:
		return "login";
	case 403:
		return "refused";
	default:
		return "error";
	}
}

void
page_set_status(struct page_values *v, int code)
{
	auto_char *status = code == 0 ? xstrdup("") :
	    xasprintf("%d %s", code, page_reason(code));

	page_set(v, "status", status);
	page_set(v, "missing", code == 404 ? "yes" : "");
	page_set(v, "busy", code == 503 || code == 429 ? "yes" : "");
}

void
page_response(int code, const char *name, const struct page *p,
    size_t length, bool may_post, struct buf *out)
{
	if (code != 200)
		buf_printf(out, "Status: %d %s\r\n", code, page_reason(code));
	if (strcmp(name, "welcome") != 0)
		buf_puts(out, "Cache-Control: no-store\r\n");
	buf_printf(out, "Content-Type: text/html; charset=utf-8\r\n"
	    "Content-Language: %s\r\nContent-Length: %zu\r\n"
	    "Vary: Accept-Language\r\n"
	    "X-Content-Type-Options: nosniff\r\n"
	    "Referrer-Policy: no-referrer\r\n"
	    "Content-Security-Policy: default-src 'none'; "
	    "style-src 'unsafe-inline'; img-src data:; "
	    "frame-ancestors 'none'; base-uri 'none'; form-action %s\r\n\r\n",
	    p->lang, length, may_post ? "'self'" : "'none'");
}
