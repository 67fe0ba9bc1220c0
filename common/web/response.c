/* The words of HTTP in an answer, and of logfmt in the line about it. */
#include <string.h>

#include "web/local.h"

enum { FIELD_MAX = 400 };

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

/* ---- the log ---- */

static bool
is_word(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s <= ' ' || (unsigned char)*s > '~' ||
		    *s == '"' || *s == '\\' || *s == '=')
			return false;
	return true;
}

static void
put_escaped(struct buf *line, unsigned char c)
{
	if (c == '"' || c == '\\')
		buf_printf(line, "\\%c", c);
	else if (c == '\n')
		buf_puts(line, "\\n");
	else if (c < ' ' || c > '~')
		buf_printf(line, "\\x%02x", c);
	else
		buf_putc(line, (char)c);
}

void
web_put_field(struct buf *line, const char *key, const char *value)
{
	size_t i;

	if (value == NULL || *value == '\0')
		return;
	buf_printf(line, "%s%s=", line->len > 0 ? " " : "", key);
	if (is_word(value) && strlen(value) <= FIELD_MAX) {
		buf_puts(line, value);
		return;
	}
	buf_putc(line, '"');
	for (i = 0; i < FIELD_MAX && value[i] != '\0'; i++)
		put_escaped(line, (unsigned char)value[i]);
	buf_puts(line, value[i] != '\0' ? "...\"" : "\"");
}
