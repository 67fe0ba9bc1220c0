/* The lines of a message: start line, headers, body. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "http.h"

bool
span_is(struct span a, const char *b)
{
	return a.len == strlen(b) && strncasecmp(a.p, b, a.len) == 0;
}

bool
span_begins(struct span s, const char *with)
{
	return s.len >= strlen(with) && memcmp(s.p, with, strlen(with)) == 0;
}

struct span
span_line(struct span *in)
{
	const char *end = memchr(in->p, '\n', in->len);
	struct span line = { in->p, end != NULL ? (size_t)(end - in->p) :
	    in->len };
	size_t used = line.len + (end != NULL ? 1 : 0);

	in->p += used;
	in->len -= used;
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	return line;
}

static bool
is_start_line(struct span line)
{
	static const char *const methods[] = {
		"GET /", "POST /", "PUT /", "HEAD /", "GET http",
		"POST http",
	};
	size_t i;

	if (span_begins(line, "HTTP/"))
		return true;
	for (i = 0; i < ARRAY_LEN(methods); i++)
		if (span_begins(line, methods[i]))
			return true;
	return false;
}

/* "Name: value", RFC 9110 5.1. */
static bool
split_header(struct span line, struct span *name, struct span *value)
{
	const char *colon = memchr(line.p, ':', line.len);
	size_t i;

	if (colon == NULL || colon == line.p)
		return false;
	*name = (struct span){ line.p, (size_t)(colon - line.p) };
	for (i = 0; i < name->len; i++)
		if (!isalnum((unsigned char)name->p[i]) &&
		    name->p[i] != '-' && name->p[i] != '_')
			return false;
	*value = (struct span){ colon + 1, line.len - name->len - 1 };
	while (value->len > 0 && (*value->p == ' ' || *value->p == '\t')) {
		value->p++;
		value->len--;
	}
	return true;
}

struct span
message_header(const struct message *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		if (span_is(m->headers[i].name, name))
			return m->headers[i].value;
	return (struct span){ "", 0 };
}

/*
 * Without a start line, the block must have a header that only messages have.
 */
static bool
is_header_block(const struct message *m)
{
	static const char *const names[] = {
		"Content-Type", "Content-Length", "MIME-Version", "Status",
		"Mdm-Signature", "Content-Transfer-Encoding",
		"x-apple-aspen-deviceinfo",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		if (message_header(m, names[i]).len > 0)
			return true;
	return false;
}

bool
message_read(struct span in, struct message *m)
{
	struct span at = in, line;

	m->n = 0;
	m->start = (struct span){ in.p, 0 };
	line = span_line(&at);
	if (is_start_line(line)) {
		m->start = line;
		if (at.len == 0) {	/* only a request line */
			m->body = at;
			return true;
		}
		line = span_line(&at);
	}
	while (line.len > 0) {
		if (m->n == HEADERS_MAX || !split_header(line,
		    &m->headers[m->n].name, &m->headers[m->n].value))
			return false;
		m->n++;
		line = span_line(&at);
	}
	m->body = at;
	return m->start.len > 0 || is_header_block(m);
}
