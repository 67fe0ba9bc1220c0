/* Writes the status and headers of a response. */
#include "web/local.h"

static const struct {
	int code;
	const char *text;
} phrases[] = {
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
	{ 503, "Service Unavailable" },
};

const char *
web_phrase(int code)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(phrases); i++)
		if (phrases[i].code == code)
			return phrases[i].text;
	return "Internal Server Error";
}

void
web_put_status(struct buf *out, int code)
{
	buf_printf(out, "Status: %d %s\r\n", code, web_phrase(code));
}

void
web_put_attachment(struct buf *out, const char *name, const char *type,
    size_t len)
{
	buf_printf(out, "Cache-Control: no-store\r\n"
	    "Content-Disposition: attachment; filename=\"%s\"\r\n"
	    "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n", name, type,
	    len);
}
