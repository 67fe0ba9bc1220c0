/* Writes the log line of a request, in logfmt. */
#include <stdio.h>
#include <string.h>

#include "web/web.h"

enum {
	FIELD_MAX = 400,	/* bytes of a value */
	SHOWN_MAX = 80,		/* bytes of what a client can make long */
	PART_HIDDEN = 16,	/* bytes of a part of a path that may be a
				 * token, or have most of one */
};

/* ---- logfmt ---- */

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

/* ---- a line ---- */

static const char *
level_of(int code)
{
	return code >= 500 ? "error" : code >= 400 ? "warning" : "info";
}

void
web_put_beginning(struct buf *line, const char *key, const char *value)
{
	auto_char *shown = NULL;

	if (value == NULL)
		return;
	shown = xasprintf("%.*s%s", SHOWN_MAX, value,
	    strlen(value) > SHOWN_MAX ? "..." : "");
	web_put_field(line, key, shown);
}

/* The length of the part of a path that begins at p. */
static size_t
part_length(const char *p, size_t len)
{
	const char *slash = memchr(p, '/', len);

	return slash != NULL ? (size_t)(slash - p) : len;
}

size_t
web_loggable(const char *path, size_t len, const char **rest)
{
	size_t at = 0, n;

	for (;;) {
		n = part_length(path + at, len - at);
		if (n >= PART_HIDDEN) {
			*rest = "-";
			return at;
		}
		if (at + n == len) {
			*rest = "";
			return len;
		}
		if (n == 1 && at > 0 && (path[at] == 'i' || path[at] == 'I')) {
			*rest = "/i/-";
			return at - 1;
		}
		at += n + 1;
	}
}

static void
put_path(struct buf *line, const char *path)
{
	auto_char *shown = NULL;
	const char *rest;
	size_t len;

	if (path != NULL) {
		len = web_loggable(path, strlen(path), &rest);
		shown = xasprintf("%.*s%s", (int)len, path, rest);
	}
	web_put_beginning(line, "path", shown);
}

void
web_put_request(struct buf *line, int code, const struct web_log *l)
{
	web_put_field(line, "level", level_of(code));
	web_put_beginning(line, "client", l->client);
	web_put_beginning(line, "method", l->method);
	put_path(line, l->path);
}

/* If is_brief, fields that may be long are truncated. */
static void
put_fields(struct buf *line, int code, const struct web_log *l, bool is_brief)
{
	void (*put)(struct buf *, const char *, const char *) =
	    is_brief ? web_put_beginning : web_put_field;
	char number[16];

	snprintf(number, sizeof number, "%d", code);
	web_put_field(line, "level", level_of(code));
	put(line, "client", l->client);
	web_put_beginning(line, "method", l->method);
	put_path(line, l->path);
	web_put_field(line, "status", number);
	put(line, "reason", l->reason);
	put(line, "user", l->user);
	put(line, "udid", l->udid);
	put(line, "serial", l->serial);
	put(line, "enrollment", l->enrollment);
}

void
web_put_log(struct buf *line, int code, const struct web_log *l)
{
	put_fields(line, code, l, false);
	if (line->len + 1 < DIAG_LINE)
		return;
	buf_cut(line, 0);
	put_fields(line, code, l, true);
}

static const char **
find(struct web_log *l, const char *key, size_t len)
{
	const struct {
		const char *key;
		const char **value;
	} fields[] = {
		{ "client", &l->client }, { "method", &l->method },
		{ "path", &l->path }, { "reason", &l->reason },
		{ "user", &l->user }, { "udid", &l->udid },
		{ "serial", &l->serial }, { "enrollment", &l->enrollment },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(fields); i++)
		if (strlen(fields[i].key) == len &&
		    memcmp(fields[i].key, key, len) == 0)
			return fields[i].value;
	return NULL;
}

enum status
web_read_log(const struct strings *given, struct web_log *l)
{
	size_t i;

	*l = (struct web_log){ .client = NULL };
	for (i = 0; i < given->n; i++) {
		const char *text = given->v[i], *eq = strchr(text, '=');
		const char **value = eq == NULL ? NULL :
		    find(l, text, (size_t)(eq - text));

		if (value == NULL)
			return fail(USAGE, "--log: '%s': not a field of the "
			    "log with =VALUE", text);
		*value = eq + 1;
	}
	return OK;
}
