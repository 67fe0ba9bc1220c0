/* Reads a request: its variables, body and query. */
#include <errno.h>
#include <string.h>

#include "web/local.h"

enum {
	LENGTH_DIGITS = 12,
	CHUNK = 16 << 10,
	DRAIN_MAX = 1000000,
};

const char *
web_variable(struct web_exchange *x, const char *name)
{
	return x->variable(x, name);
}

/*
 * Reads and counts bytes of the body.  Returns their number, 0 at the end,
 * WEB_BROKEN_OFF or WEB_CANNOT_READ.
 */
static long
read_body(struct web_exchange *x, void *p, size_t len)
{
	long n;

	if (x->ended || len == 0)
		return 0;
	n = x->read(x, p, len);
	if (n <= 0)
		x->ended = true;
	else
		x->taken += (size_t)n;
	return n;
}

enum status
web_write(struct web_exchange *x, const struct buf *out)
{
	if (x->lost == 0 && !x->write(x, out->data, out->len))
		x->lost = errno;
	errno = x->lost;
	return x->lost == 0 ? OK : fail_errno(FAULT, "stdout: cannot write");
}

/* ---- the body ---- */

int64_t
web_length(struct web_exchange *x)
{
	return web_parse_length(web_variable(x, "CONTENT_LENGTH"));
}

int64_t
web_parse_length(const char *text)
{
	const char *p = text;
	int64_t v = 0;

	if (p == NULL || *p == '\0')
		return -1;
	if (p[strspn(p, "0123456789")] != '\0')
		return -2;
	p += strspn(p, "0");
	if (strlen(p) > LENGTH_DIGITS)
		return INT64_MAX;
	for (; *p != '\0'; p++)
		v = v * 10 + (*p - '0');
	return v;
}

/* Reads at most max bytes of the body; 400 if it ends early. */
static struct web_verdict
read_up_to(struct web_exchange *x, size_t max, struct buf *body)
{
	while (body->len < max) {
		size_t room = max - body->len < CHUNK ? max - body->len :
		    CHUNK;
		long n = read_body(x, buf_reserve(body, room), room);

		if (n == WEB_CANNOT_READ)
			return (struct web_verdict){ 500, "the body cannot be "
			    "read" };
		if (n < 0)
			return (struct web_verdict){ 400, "the body broke "
			    "off" };
		if (n == 0)
			break;
		buf_end(body, (size_t)n);
	}
	return (struct web_verdict){ 0, NULL };
}

struct web_verdict
web_judge_length(int64_t length, size_t max, bool chunked)
{
	if (length == -1 && !chunked)
		return (struct web_verdict){ 411, "no length" };
	if (length == -2)
		return (struct web_verdict){ 400, "length is not a number" };
	if (length > (int64_t)max)
		return (struct web_verdict){ 413, "too large" };
	if (length == 0)
		return (struct web_verdict){ 400, "no message" };
	return (struct web_verdict){ 0, NULL };
}

struct web_verdict
web_read_body(struct web_exchange *x, size_t max, bool chunked,
    struct buf *body)
{
	int64_t length = web_length(x);
	size_t want = length >= 0 ? (size_t)length : max + 1;
	struct web_verdict v;

	if ((v = web_judge_length(length, max, chunked)).code != 0)
		return v;
	if ((v = read_up_to(x, want, body)).code != 0)
		return v;
	if (body->len > max)
		return (struct web_verdict){ 413, "too large" };
	if (length >= 0 && body->len < want)
		return (struct web_verdict){ 400, "the body is shorter than "
		    "its length" };
	if (body->len == 0)
		return (struct web_verdict){ 400, "no message" };
	return v;
}

void
web_drain_up_to(struct web_exchange *x, int64_t want)
{
	size_t most = want < DRAIN_MAX ? (size_t)want : DRAIN_MAX;
	char chunk[CHUNK];
	long n = 1;

	while (n > 0 && x->taken < most) {
		size_t left = most - x->taken;

		n = read_body(x, chunk, left < sizeof chunk ? left :
		    sizeof chunk);
	}
}

void
web_drain(struct web_exchange *x)
{
	const char *coding = web_variable(x, "HTTP_TRANSFER_ENCODING");
	int64_t length = web_length(x);

	if (length == -1 && coding != NULL && *coding != '\0')
		length = DRAIN_MAX;
	if (length > 0)
		web_drain_up_to(x, length);
}

/* ---- the query ---- */

struct web_verdict
web_query(const char *query, web_parameter *fn, void *arg)
{
	struct web_verdict v = { 0, NULL };

	while (*query != '\0' && v.code == 0) {
		size_t len = strcspn(query, "&"), eq = strcspn(query, "=&");

		v = eq < len ?
		    fn(query, eq, query + eq + 1, len - eq - 1, arg) :
		    fn(query, eq, NULL, 0, arg);
		query += len + (query[len] == '&' ? 1 : 0);
	}
	return v;
}
