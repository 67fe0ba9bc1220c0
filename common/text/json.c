/* Reads JSON. */
#include "text/local.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "sys/io.h"

static void
json_free(json_t **j)
{
	json_decref(*j);
}

#define auto_json AUTO(json_free) json_t

/*
 * jansson reads no integer of 2^63 or more.  Before parsing, each is replaced
 * by a string of the same length with its index in the list: a control
 * character, which text in a tree cannot contain, and digits.
 */
static const char large_mark[] = "\"\\u0001";

enum {
	LARGE_DIGITS_MIN = 19,
	LARGE_DIGITS_MAX = 20,
	LARGE_MARK_LEN = sizeof large_mark - 1,
};

struct converting {
	struct spec_place at;	/* place of the whole text */
	size_t nodes;
	uint64_t *large;
	size_t large_count;
};

static enum status convert(struct converting *c, const json_t *j,
    const struct spec_step *step, size_t depth, struct tree **out);

static enum status
convert_object(struct converting *c, const json_t *j,
    const struct spec_step *step, size_t depth, struct tree **out)
{
	/*
	 * jansson's iteration needs a non-const object, but does not change
	 * it.
	 */
	json_t *object = (json_t *)(uintptr_t)j;
	auto_tree *dict = tree_dict();
	const char *key, *fault;
	json_t *value;
	enum status st;

	if (json_object_size(j) > TREE_KEYS_MAX)
		return spec_fail_at(&c->at, step,
		    "too many keys in one object");
	json_object_foreach(object, key, value) {
		const struct spec_step here = { step, key, 0 };
		struct tree *made = NULL;

		if ((fault = tree_text_fault(key, strlen(key))) != NULL)
			return spec_fail_at(&c->at, step, "%s", fault);
		if (json_is_null(value))
			continue;
		if ((st = convert(c, value, &here, depth, &made)) != OK)
			return st;
		tree_set(dict, key, made);
	}
	*out = STEAL(dict);
	return OK;
}

static enum status
convert_array(struct converting *c, const json_t *j,
    const struct spec_step *step, size_t depth, struct tree **out)
{
	auto_tree *array = tree_array();
	struct spec_step here = { step, NULL, 0 };
	enum status st;

	for (; here.index < json_array_size(j); here.index++) {
		struct tree *made = NULL;

		if ((st = convert(c, json_array_get(j, here.index), &here,
		    depth, &made)) != OK)
			return st;
		tree_append(array, made);
	}
	*out = STEAL(array);
	return OK;
}

/*
 * Returns the integer for which a string stands; NULL for an ordinary string.
 */
static struct tree *
large_of(const struct converting *c, const char *s)
{
	if (c->large_count == 0 || *s != '\x01')
		return NULL;
	return tree_uint(c->large[strtoull(s + 1, NULL, 10)]);
}

static enum status
convert(struct converting *c, const json_t *j, const struct spec_step *step,
    size_t depth, struct tree **out)
{
	const char *fault;

	if (++c->nodes > TREE_NODES_MAX)
		return spec_fail_at(&c->at, step, "too many values");
	if (depth >= TREE_DEPTH_MAX)
		return spec_fail_at(&c->at, step, "nested too deeply");
	switch (json_typeof(j)) {
	case JSON_OBJECT:
		return convert_object(c, j, step, depth + 1, out);
	case JSON_ARRAY:
		return convert_array(c, j, step, depth + 1, out);
	case JSON_STRING:
		if ((*out = large_of(c, json_string_value(j))) != NULL)
			return OK;
		fault = tree_text_fault(json_string_value(j),
		    json_string_length(j));
		if (fault != NULL)
			return spec_fail_at(&c->at, step, "%s", fault);
		*out = tree_string(json_string_value(j));
		return OK;
	case JSON_INTEGER:
		*out = tree_int(json_integer_value(j));
		return OK;
	case JSON_REAL:
		*out = tree_real(json_real_value(j));
		return OK;
	case JSON_TRUE:
	case JSON_FALSE:
		*out = tree_bool(json_is_true(j));
		return OK;
	case JSON_NULL:
		break;
	}
	return spec_fail_at(&c->at, step, "null has no place in a list");
}

/*
 * True if there are too many values, before memory is spent on them.  Each
 * value follows a comma or an opening bracket; an empty container has a
 * bracket without a value.
 */
static bool
is_crowded(const char *p, size_t len)
{
	const char *end = p + len;
	bool in_string = false;
	size_t n = 0;

	for (; p < end; p++) {
		if (*p == '"')
			in_string = !in_string;
		else if (in_string && *p == '\\')
			p++;
		else if (!in_string && (*p == ',' || *p == '[' || *p == '{'))
			n++;
	}
	return n > 2 * (size_t)TREE_NODES_MAX;
}

/* Reads a number of n digits at p; false unless it is too large for jansson. */
static bool
read_large(const char *p, size_t n, uint64_t *out)
{
	char text[LARGE_DIGITS_MAX + 1];

	if (n < LARGE_DIGITS_MIN || n > LARGE_DIGITS_MAX || *p == '0')
		return false;
	memcpy(text, p, n);
	text[n] = '\0';
	errno = 0;
	*out = strtoull(text, NULL, 10);
	return errno == 0 && *out > INT64_MAX;
}

static void
replace_large(struct converting *c, char *p, size_t n, uint64_t v)
{
	char text[LARGE_DIGITS_MAX + 2];

	snprintf(text, sizeof text, "%s%0*zu\"", large_mark,
	    (int)(n - LARGE_MARK_LEN - 1), c->large_count);
	*GROW(c->large, c->large_count) = v;
	memcpy(p, text, n);
}

/*
 * Replaces integers that are too large for jansson.  Text that contains the
 * mark is left alone: a tree cannot contain it, so it will be refused.
 */
static void
hide_large(struct converting *c, struct buf *text)
{
	char *p = (char *)buf_reserve(text, 0) - text->len;
	char *end = p + text->len, *from;
	bool in_string = false, is_whole;
	uint64_t v;

	if (strstr(buf_str(text), "\\u0001") != NULL)
		return;
	while (p < end) {
		if (*p == '"')
			in_string = !in_string;
		if (in_string && *p == '\\')
			p++;
		if (in_string || strchr("-+.0123456789eE", *p) == NULL ||
		    *p == '\0') {
			p++;
			continue;
		}
		for (from = p, is_whole = true; p < end && *p != '\0' &&
		    strchr("-+.0123456789eE", *p) != NULL; p++)
			is_whole = is_whole && *p >= '0' && *p <= '9';
		if (is_whole && read_large(from, (size_t)(p - from), &v))
			replace_large(c, from, (size_t)(p - from), v);
	}
}

enum status
spec_json_at(const void *p, size_t len, unsigned long line,
    struct problem *why, struct tree **out)
{
	struct converting c = { { why, line, 0 }, 0, NULL, 0 };
	auto_buf text = BUF_INIT;
	json_error_t error;
	auto_json *j = NULL;
	enum status st;

	if (is_crowded(p, len))
		return spec_fail_at(&c.at, NULL, "too many values");
	text.secret = true;
	buf_add(&text, p, len);
	hide_large(&c, &text);
	json_set_alloc_funcs(xmalloc, free);
	j = json_loadb(buf_str(&text), len, JSON_REJECT_DUPLICATES, &error);
	if (j == NULL)
		st = problem_at(why, MALFORMED,
		    (line > 0 ? line - 1 : 0) + (unsigned long)error.line,
		    (unsigned long)error.column, "not JSON: %s", error.text);
	else
		st = convert(&c, j, NULL, 0, out);
	free(c.large);
	return st;
}

/* The length of a byte order mark, which some editors put before UTF-8. */
static size_t
mark_of(const struct buf *in)
{
	return buf_has_prefix(in, "\xEF\xBB\xBF") ? 3 : 0;
}

enum status
spec_from_json(const struct buf *in, const char *name, struct tree **out)
{
	struct problem why = { .name = name };

	if (in->len > IO_TEXT_MAX)
		return fail(MALFORMED, "%s: larger than the limit of %d bytes",
		    name, IO_TEXT_MAX);
	return spec_json_at(buf_str(in) + mark_of(in), in->len - mark_of(in),
	    0, &why, out) == OK ? OK : problem_print(&why);
}

bool
spec_looks_like_json(const struct buf *in)
{
	const char *s = buf_str(in) + mark_of(in);

	s += strspn(s, " \t\r\n");
	return *s == '{' || *s == '[';
}
