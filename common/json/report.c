/* Builds and writes JSON. */
#include "json/report.h"

#include <inttypes.h>
#include <string.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "sys/io.h"

/* jansson's value is the actual type. */
static json_t *
json_of(const struct report *r)
{
	return (json_t *)(uintptr_t)r;
}

static struct report *
made(json_t *j)
{
	if (j == NULL)
		mem_exhausted();
	return (struct report *)j;
}

/*
 * jansson writes JSON without a key for which it has no memory, so it gets our
 * allocator.
 */
static void
use_our_memory(void)
{
	json_set_alloc_funcs(xmalloc, free);
}

struct report *
report_object(void)
{
	use_our_memory();
	return made(json_object());
}

struct report *
report_array(void)
{
	use_our_memory();
	return made(json_array());
}

void
report_free(struct report *r)
{
	json_decref(json_of(r));
}

/* Takes ownership of value, which must not be NULL. */
static void
put(struct report *r, const char *key, json_t *value)
{
	int failed;

	if (value == NULL)
		mem_exhausted();
	if (r == NULL) {
		json_decref(value);
		return;
	}
	failed = key != NULL ? json_object_set_new(json_of(r), key, value) :
	    json_array_append_new(json_of(r), value);
	if (failed != 0)
		mem_exhausted();
}

/* Length of the valid UTF-8 sequence at s, or 0: jansson is the judge. */
static size_t
valid_prefix(const char *s, size_t len)
{
	size_t n;

	for (n = 1; n <= 4 && n <= len; n++) {
		json_t *j = json_stringn(s, n);

		if (j != NULL) {
			json_decref(j);
			return n;
		}
	}
	return 0;
}

static json_t *
repaired(const char *s, size_t len)
{
	auto_buf b = BUF_INIT;
	size_t i, n;

	for (i = 0; i < len; i += n) {
		if ((n = valid_prefix(s + i, len - i)) > 0) {
			buf_add(&b, s + i, n);
		} else {
			buf_puts(&b, "\xEF\xBF\xBD");
			n = 1;
		}
	}
	return json_stringn(buf_str(&b), b.len);
}

void
report_strn(struct report *r, const char *key, const char *value, size_t len)
{
	json_t *j = json_stringn(value, len);

	put(r, key, j != NULL ? j : repaired(value, len));
}

void
report_str(struct report *r, const char *key, const char *value)
{
	if (value == NULL)
		put(r, key, json_null());
	else
		report_strn(r, key, value, strlen(value));
}

void
report_int(struct report *r, const char *key, int64_t value)
{
	put(r, key, json_integer(value));
}

/*
 * jansson's integers are signed.  A larger one is stored as a string that
 * begins with a byte that UTF-8 never has.
 */
enum { LARGE = 0xFF };

static bool
is_large(const json_t *j)
{
	return json_is_string(j) && json_string_length(j) > 0 &&
	    (unsigned char)*json_string_value(j) == LARGE;
}

void
report_uint(struct report *r, const char *key, uint64_t value)
{
	auto_buf b = BUF_INIT;

	buf_putc(&b, (char)LARGE);
	buf_printf(&b, "%" PRIu64, value);
	put(r, key, json_stringn_nocheck(buf_str(&b), b.len));
}

void
report_real(struct report *r, const char *key, double value)
{
	json_t *j = json_real(value);

	put(r, key, j != NULL ? j : json_null());
}

void
report_bool(struct report *r, const char *key, bool value)
{
	put(r, key, json_boolean(value));
}

void
report_null(struct report *r, const char *key)
{
	put(r, key, json_null());
}

void
report_time(struct report *r, const char *key, int64_t t)
{
	char text[CLOCK_TEXT];

	report_str(r, key, clock_format(t, text));
}

void
report_moment(struct report *r, const char *key, int64_t t)
{
	if (t != 0)
		report_time(r, key, t);
	else
		report_null(r, key);
}

void
report_hex(struct report *r, const char *key, const void *p, size_t len)
{
	auto_buf b = BUF_INIT;

	encode_hex(&b, p, len);
	report_strn(r, key, buf_str(&b), b.len);
}

void
report_add(struct report *r, const char *key, struct report *child)
{
	put(r, key, json_of(child));
}

static struct report *
add_empty(struct report *r, const char *key, struct report *child)
{
	report_add(r, key, child);
	return r != NULL ? child : NULL;
}

struct report *
report_add_object(struct report *r, const char *key)
{
	return add_empty(r, key, report_object());
}

struct report *
report_add_array(struct report *r, const char *key)
{
	return add_empty(r, key, report_array());
}

/* ---- reading ---- */

enum report_kind
report_kind(const struct report *r)
{
	switch (json_typeof(json_of(r))) {
	case JSON_OBJECT:
		return REPORT_OBJECT;
	case JSON_ARRAY:
		return REPORT_ARRAY;
	case JSON_STRING:
		return is_large(json_of(r)) ? REPORT_NUMBER : REPORT_STRING;
	case JSON_INTEGER:
	case JSON_REAL:
		return REPORT_NUMBER;
	case JSON_TRUE:
	case JSON_FALSE:
		return REPORT_BOOL;
	case JSON_NULL:
		break;
	}
	return REPORT_NULL;
}

size_t
report_count(const struct report *r)
{
	if (json_is_object(json_of(r)))
		return json_object_size(json_of(r));
	return json_array_size(json_of(r));
}

struct report *
report_get(const struct report *r, const char *key)
{
	return (struct report *)json_object_get(json_of(r), key);
}

struct report *
report_at(const struct report *r, size_t i)
{
	return (struct report *)json_array_get(json_of(r), i);
}

const char *
report_text(const struct report *r, size_t *len)
{
	if (is_large(json_of(r)))
		return NULL;
	if (len != NULL)
		*len = json_string_length(json_of(r));
	return json_string_value(json_of(r));
}

const char *
report_get_text(const struct report *r, const char *key)
{
	return report_text(report_get(r, key), NULL);
}

bool
report_is_true(const struct report *r)
{
	return json_is_true(json_of(r));
}

void
report_each(const struct report *r, report_visit *fn, void *arg)
{
	json_t *j = json_of(r);
	void *at;
	size_t i;

	for (at = json_object_iter(j); at != NULL;
	    at = json_object_iter_next(j, at))
		fn(json_object_iter_key(at),
		    (struct report *)json_object_iter_value(at), arg);
	for (i = 0; i < json_array_size(j); i++)
		fn(NULL, (struct report *)json_array_get(j, i), arg);
}

struct report *
report_take(struct report *r, const char *key)
{
	json_t *value = json_incref(json_object_get(json_of(r), key));

	if (value != NULL)
		json_object_del(json_of(r), key);
	return (struct report *)value;
}

/* ---- writing ---- */

/* Writes an escape as JSON does: in UTF-16. */
static void
put_escape(uint32_t cp, struct buf *out)
{
	if (cp < 0x10000)
		buf_printf(out, "\\u%04x", (unsigned)cp);
	else
		buf_printf(out, "\\u%04x\\u%04x",
		    (unsigned)(0xD800 + ((cp - 0x10000) >> 10)),
		    (unsigned)(0xDC00 + (cp & 0x3FF)));
}

/*
 * jansson escapes what JSON forbids.  Characters that would move, hide or
 * reorder text on a terminal can only occur in strings, and are escaped here.
 */
static void
put_visible(const char *text, struct buf *out)
{
	size_t len = strlen(text), from = 0, i = 0, n;
	uint32_t cp;

	while (i < len) {
		if ((unsigned char)text[i] < 0x7F ||
		    (n = diag_invisible(text + i, len - i, &cp)) == 0) {
			i++;
			continue;
		}
		buf_add(out, text + from, i - from);
		put_escape(cp, out);
		i += n;
		from = i;
	}
	buf_add(out, text + from, len - from);
}

/* What jansson writes for a scalar other than the two below. */
static void
put_word(const json_t *j, struct buf *out)
{
	char *text = json_dumps(j, JSON_ENCODE_ANY);

	if (text != NULL)
		put_visible(text, out);
	else
		mem_exhausted();
	free(text);
}

/* It must be read back as a real: 1.0, not 1. */
static void
put_real(double v, struct buf *out)
{
	size_t before = out->len;

	buf_add_real(out, v);
	if (strpbrk(buf_str(out) + before, ".e") == NULL)
		buf_puts(out, ".0");
}

static void
put_scalar(const json_t *j, struct buf *out)
{
	if (is_large(j))
		buf_puts(out, json_string_value(j) + 1);
	else if (json_is_real(j))
		put_real(json_real_value(j), out);
	else
		put_word(j, out);
}

void
report_render_scalar(const struct report *r, struct buf *out)
{
	put_scalar(json_of(r), out);
}

/* Rendering state; without is_indented, everything is on one line. */
struct rendering {
	struct buf *out;
	size_t depth, count;
	bool is_indented;
};

static void render_value(struct report *r, struct rendering *w);

static void
start_line(struct rendering *w)
{
	if (!w->is_indented)
		return;
	buf_putc(w->out, '\n');
	memset(buf_reserve(w->out, w->depth * 2), ' ', w->depth * 2);
	buf_end(w->out, w->depth * 2);
}

static void
render_member(const char *key, struct report *value, void *arg)
{
	struct rendering *w = arg;
	json_t *name;

	if (w->count++ > 0)
		buf_putc(w->out, ',');
	start_line(w);
	if (key != NULL) {
		if ((name = json_string(key)) == NULL)
			mem_exhausted();
		put_word(name, w->out);
		json_decref(name);
		buf_puts(w->out, w->is_indented ? ": " : ":");
	}
	render_value(value, w);
}

static void
render_value(struct report *r, struct rendering *w)
{
	struct rendering inner = { w->out, w->depth + 1, 0, w->is_indented };
	enum report_kind kind = report_kind(r);

	if (kind != REPORT_OBJECT && kind != REPORT_ARRAY) {
		put_scalar(json_of(r), w->out);
		return;
	}
	buf_putc(w->out, kind == REPORT_OBJECT ? '{' : '[');
	report_each(r, render_member, &inner);
	if (inner.count > 0)
		start_line(w);
	buf_putc(w->out, kind == REPORT_OBJECT ? '}' : ']');
}

void
report_render(const struct report *r, struct buf *out)
{
	struct rendering w = { out, 0, 0, true };

	render_value((struct report *)(uintptr_t)r, &w);
	buf_putc(out, '\n');
}

enum status
report_write(const struct report *r, const char *dest)
{
	auto_buf text = BUF_INIT;

	if (dest == NULL)
		return OK;
	report_render(r, &text);
	return io_side(dest, false, &text);
}

void
report_render_line(const struct report *r, struct buf *out)
{
	struct rendering w = { out, 0, 0, false };

	render_value((struct report *)(uintptr_t)r, &w);
	buf_putc(out, '\n');
}
