/*
 * Any request from a web server: a body that is accepted has the stated length
 * and is within the limit, and a log entry is one line of printable ASCII.  The
 * input is variables, each ended by a NUL, an empty one, and the body.
 */
#include <string.h>

#include "base/encoding.h"
#include "web/web.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

enum { VARIABLES = 16, BODY_MAX = 100 };

static struct web_verdict
take(const char *name, size_t name_len, const char *value, size_t value_len,
    void *arg)
{
	struct buf *out = arg;
	size_t before = out->len;

	if (name_len > 0 && *name == '\0')
		abort();
	if (value != NULL && !decode_percent(value, value_len, out))
		return (struct web_verdict){ 400, "a broken escape" };
	if (out->len - before > value_len ||
	    strlen(buf_str(out)) != out->len)
		abort();
	return (struct web_verdict){ 0, NULL };
}

static void
check_line(const struct buf *line)
{
	size_t i;

	for (i = 0; i < line->len; i++)
		if (line->data[i] < ' ' || line->data[i] > '~')
			abort();
}

static void
check_body(struct web_exchange *x, bool chunked)
{
	int64_t length = web_length(x);
	auto_buf body = BUF_INIT;
	struct web_verdict v = web_read_body(x, BODY_MAX, chunked, &body);

	if (v.code == 0 && (body.len == 0 || body.len > BODY_MAX ||
	    (length >= 0 && (int64_t)body.len != length)))
		abort();
	if (v.code != 0 && v.code != 400 && v.code != 411 && v.code != 413)
		abort();
}

static void
handle(struct web_exchange *x, void *arg)
{
	static const char *const names[] = { "REQUEST_METHOD", "PATH_INFO",
	    "REMOTE_USER", "REMOTE_ADDR" };
	const char *query = web_variable(x, "QUERY_STRING");
	auto_buf line = BUF_INIT, values = BUF_INIT;
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		web_put_field(&line, names[i], web_variable(x, names[i]));
	check_line(&line);
	(void)web_query(query != NULL ? query : "", take, &values);
	check_body(x, *(const bool *)arg);
	web_drain(x);
	web_put_status(&values, 404);
	(void)web_write(x, &values);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	const char *variables[VARIABLES + 1] = { NULL };
	bool chunked = size > 0 && data[0] == 'C';
	auto_buf text = BUF_INIT, body = BUF_INIT, out = BUF_INIT;
	size_t at = 0, n = 0;

	buf_add(&text, data, size);
	buf_putc(&text, '\0');
	while (at < size && n < VARIABLES && text.data[at] != '\0') {
		variables[n++] = (const char *)text.data + at;
		at += strlen((const char *)text.data + at) + 1;
	}
	if (at < size)
		buf_add(&body, data + at + 1, size - at - 1);
	web_from_memory(variables, &body, &out, handle, &chunked);
	return 0;
}
