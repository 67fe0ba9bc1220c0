#include "text/local.h"

#include <string.h>

#include <jansson.h>

#include "sys/io.h"

static void
json_free(json_t **j)
{
	json_decref(*j);
}

#define auto_json AUTO(json_free) json_t

struct converting {
	struct spec_place at;	/* of the whole */
	size_t nodes;
};

static enum status convert(struct converting *c, const json_t *j,
    const struct spec_step *step, size_t depth, struct tree **out);

static enum status
convert_object(struct converting *c, const json_t *j,
    const struct spec_step *step, size_t depth, struct tree **out)
{
	/* The library's iteration wants what is not const and leaves it so. */
	json_t *object = (json_t *)(uintptr_t)j;
	auto_tree *dict = tree_dict();
	const char *key, *fault;
	json_t *value;
	enum status st;

	if (json_object_size(j) > TREE_KEYS_MAX)
		return spec_fail_at(&c->at, step, "too many keys in one object");
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
 * True where there are too many values, before memory is spent on them: each
 * follows a comma or an opening bracket, and an empty container has one
 * bracket for nothing.
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

enum status
spec_json_at(const void *p, size_t len, const char *name, unsigned long line,
    struct tree **out)
{
	struct converting c = { { name, line, 0 }, 0 };
	json_error_t error;
	auto_json *j = NULL;

	if (is_crowded(p, len))
		return spec_fail_at(&c.at, NULL, "too many values");
	if ((j = json_loadb(p, len, JSON_REJECT_DUPLICATES, &error)) == NULL)
		return fail(MALFORMED, "%s:%lu:%d: not JSON: %s", name,
		    (line > 0 ? line - 1 : 0) + (unsigned long)error.line,
		    error.column, error.text);
	return convert(&c, j, NULL, 0, out);
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
	if (in->len > IO_TEXT_MAX)
		return fail(MALFORMED, "%s: larger than the limit of %d bytes",
		    name, IO_TEXT_MAX);
	return spec_json_at(buf_str(in) + mark_of(in), in->len - mark_of(in),
	    name, 0, out);
}

bool
spec_looks_like_json(const struct buf *in)
{
	const char *s = buf_str(in) + mark_of(in);

	s += strspn(s, " \t\r\n");
	return *s == '{' || *s == '[';
}
