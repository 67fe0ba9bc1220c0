#include "plist/node.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/*
 * Reads a binary plist from its top object, and builds each node on the way.
 * Objects are shared by reference, so a few bytes can stand for many nodes:
 * every limit applies to what is built, and the depth limit ends a cycle.
 *
 *   "bplist00", objects, a table with the offset of each, a trailer
 */
enum {
	MAGIC_LEN = 8,
	TRAILER_LEN = 32,
	TRAILER_OFFSET_SIZE = 6,	/* offsets in the trailer */
	TRAILER_REF_SIZE = 7,
	TRAILER_COUNT = 8,
	TRAILER_TOP = 16,
	TRAILER_TABLE = 24,
};

/* Kinds of object, the upper half of its first byte. */
enum {
	O_SIMPLE = 0x0,
	O_INT = 0x1,
	O_REAL = 0x2,
	O_DATE = 0x3,
	O_DATA = 0x4,
	O_ASCII = 0x5,
	O_UTF16 = 0x6,
	O_UID = 0x8,
	O_ARRAY = 0xA,
	O_DICT = 0xD,
};

static const char magic[] = "bplist00";

/* 2001-01-01T00:00:00Z, the epoch of its dates. */
static const int64_t epoch = 978307200;

/* More than the ten thousand years that XML can express. */
#define DATE_SECONDS_MAX	1e12

struct walk {
	struct tree_marks *marks;	/* or NULL */
	const unsigned char *base;
	size_t end;		/* end of the objects, where the table begins */
	struct problem *why;
	size_t offset_size, ref_size;
	uint64_t count;		/* objects in the table */
	size_t depth, nodes, bytes, key_bytes;
	bool secret;
};

/* An object: its kind, and the offset of its content. */
struct object {
	uint64_t number;	/* in the table, for messages */
	unsigned kind, low;	/* halves of the first byte */
	size_t at;		/* offset after the first byte */
};

static uint64_t
big_endian(const unsigned char *p, size_t n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

static enum status
bad(const struct walk *w, const struct object *o, const char *reason)
{
	return problem_set(w->why, MALFORMED, "object %" PRIu64 ": %s",
	    o->number, reason);
}

static bool
has(const struct walk *w, size_t at, uint64_t n)
{
	return at <= w->end && n <= w->end - at;
}

static enum status
find(const struct walk *w, uint64_t number, struct object *o)
{
	uint64_t at;

	o->number = number;
	if (number >= w->count)
		return bad(w, o, "no such object");
	at = big_endian(w->base + w->end + number * w->offset_size,
	    w->offset_size);
	if (at < MAGIC_LEN || at >= w->end)
		return bad(w, o, "its offset is outside of the objects");
	o->kind = w->base[at] >> 4;
	o->low = w->base[at] & 0xF;
	o->at = (size_t)at + 1;
	return OK;
}

/*
 * The length of a string, data, array or dict whose items have size bytes
 * each, all of which must exist.  A length of 15 or more is a separate
 * integer.
 */
static enum status
length_of(const struct walk *w, struct object *o, size_t size, size_t *out)
{
	uint64_t n = o->low;
	size_t width;

	if (n == 0xF) {
		if (!has(w, o->at, 1) || w->base[o->at] >> 4 != O_INT ||
		    (w->base[o->at] & 0xF) > 3)
			return bad(w, o, "a broken length");
		width = (size_t)1 << (w->base[o->at] & 0xF);
		o->at++;
		if (!has(w, o->at, width))
			return bad(w, o, "a length that is cut");
		n = big_endian(w->base + o->at, width);
		o->at += width;
	}
	if (n > w->end || !has(w, o->at, n * size))
		return bad(w, o, "longer than the file");
	*out = (size_t)n;
	return OK;
}

static enum status
read_int(const struct walk *w, const struct object *o, struct tree **out)
{
	const unsigned char *p = w->base + o->at;
	size_t width = (size_t)1 << o->low;
	uint64_t v;

	if (o->low > 4 || !has(w, o->at, width))
		return bad(w, o, "an integer that is cut");
	/* 16 bytes are used for values that do not fit in 8 with a sign. */
	if (width == 16) {
		uint64_t high = big_endian(p, 8);

		v = big_endian(p + 8, 8);
		if (high != 0 && (high != UINT64_MAX || v >> 63 == 0))
			return bad(w, o, "an integer beyond 64 bits");
		*out = high == 0 ? tree_uint(v) : tree_int((int64_t)v);
	} else {
		*out = tree_int((int64_t)big_endian(p, width));
	}
	return OK;
}

static enum status
read_double(const struct walk *w, const struct object *o, double *out)
{
	uint64_t v;
	uint32_t v32;
	float f;

	if ((o->low != 2 && o->low != 3) ||
	    !has(w, o->at, (uint64_t)1 << o->low))
		return bad(w, o, "a real of no known size");
	v = big_endian(w->base + o->at, (size_t)1 << o->low);
	if (o->low == 3) {
		memcpy(out, &v, sizeof *out);
	} else {
		v32 = (uint32_t)v;
		memcpy(&f, &v32, sizeof f);
		*out = (double)f;
	}
	return isfinite(*out) ? OK : bad(w, o, "a real that is not finite");
}

static enum status
read_real(const struct walk *w, const struct object *o, struct tree **out)
{
	enum status st;
	double v = 0;

	if ((st = read_double(w, o, &v)) != OK)
		return st;
	*out = tree_real(v);
	return OK;
}

/* A fraction of a second cannot be expressed in XML, and is dropped. */
static enum status
read_date(const struct walk *w, const struct object *o, struct tree **out)
{
	int64_t seconds;
	enum status st;
	double v = 0;

	if (o->low != 3)
		return bad(w, o, "a date of no known size");
	if ((st = read_double(w, o, &v)) != OK)
		return st;
	if (v > -DATE_SECONDS_MAX && v < DATE_SECONDS_MAX) {
		seconds = (int64_t)v;
		if ((double)seconds > v)
			seconds--;
		if ((*out = tree_date(seconds + epoch)) != NULL)
			return OK;
	}
	return bad(w, o, "a date outside of the years 0000 to 9999");
}

/* When written, a uid becomes a dict with an integer. */
static enum status
read_uid(struct walk *w, const struct object *o, struct tree **out)
{
	uint64_t v;

	if (o->low > 7 || !has(w, o->at, (uint64_t)o->low + 1))
		return bad(w, o, "a uid of no known size");
	v = big_endian(w->base + o->at, (size_t)o->low + 1);
	if (w->depth == TREE_DEPTH_MAX || ++w->nodes > TREE_NODES_MAX)
		return bad(w, o, "over the limits as a dict");
	if ((*out = tree_uid(v)) == NULL)
		return bad(w, o, "a uid beyond 62 bits");
	return OK;
}

static enum status
grow(struct walk *w, const struct object *o, size_t n)
{
	if (n > TREE_BYTES_MAX - w->bytes)
		return bad(w, o, "more than 16 MiB when it is expanded");
	w->bytes += n;
	return OK;
}

static enum status
read_data(struct walk *w, struct object *o, struct tree **out)
{
	enum status st;
	size_t n = 0;

	if ((st = length_of(w, o, 1, &n)) != OK ||
	    (st = grow(w, o, n)) != OK)
		return st;
	*out = tree_data(w->base + o->at, n);
	return OK;
}

static void
add_utf8(struct buf *b, uint32_t c)
{
	unsigned char *p = buf_reserve(b, 4);
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4, i;

	for (i = n - 1; i > 0; i--) {
		p[i] = (unsigned char)(0x80 | (c & 0x3F));
		c >>= 6;
	}
	p[0] = (unsigned char)(n == 1 ? c : (0xF0u << (4 - n) & 0xFF) | c);
	buf_end(b, n);
}

/* n units of UTF-16; false for unpaired surrogates. */
static bool
add_utf16(struct buf *b, const unsigned char *p, size_t n)
{
	uint32_t c, low;
	size_t i;

	for (i = 0; i < n; i++) {
		c = (uint32_t)big_endian(p + 2 * i, 2);
		if (c >= 0xD800 && c < 0xE000) {
			if (c >= 0xDC00 || ++i == n)
				return false;
			low = (uint32_t)big_endian(p + 2 * i, 2);
			if (low < 0xDC00 || low >= 0xE000)
				return false;
			c = 0x10000 + ((c & 0x3FF) << 10) + (low & 0x3FF);
		}
		add_utf8(b, c);
	}
	return true;
}

static bool
is_ascii(const unsigned char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] >= 0x80)
			return false;
	return true;
}

/* The text of a string; keys are strings, too. */
static enum status
read_text(struct walk *w, struct object *o, struct buf *out)
{
	const char *why;
	enum status st;
	size_t n = 0;

	st = length_of(w, o, o->kind == O_UTF16 ? 2 : 1, &n);
	if (st != OK || (st = grow(w, o, n)) != OK)
		return st;
	if (o->kind == O_UTF16) {
		if (!add_utf16(out, w->base + o->at, n))
			return bad(w, o, "text that is not UTF-16");
		if ((st = grow(w, o, out->len - n)) != OK)
			return st;
	} else {
		if (!is_ascii(w->base + o->at, n))
			return bad(w, o, "text that is not ASCII");
		buf_add(out, w->base + o->at, n);
	}
	if ((why = tree_text_fault(buf_str(out), out->len)) != NULL)
		return bad(w, o, why);
	return OK;
}

static enum status
read_string(struct walk *w, struct object *o, struct tree **out)
{
	auto_buf text = BUF_INIT;
	enum status st;

	text.secret = w->secret;
	if ((st = read_text(w, o, &text)) != OK)
		return st;
	*out = tree_string(buf_str(&text));
	return OK;
}

static enum status read_object(struct walk *w, uint64_t number,
    struct tree **out);

static uint64_t
reference(const struct walk *w, const struct object *o, size_t i)
{
	return big_endian(w->base + o->at + i * w->ref_size, w->ref_size);
}

static enum status
read_array(struct walk *w, struct object *o, struct tree **out)
{
	auto_tree *array = tree_array();
	struct tree *item = NULL;
	enum status st;
	size_t n = 0, i;

	if ((st = length_of(w, o, w->ref_size, &n)) != OK)
		return st;
	for (i = 0; i < n; i++) {
		if ((st = read_object(w, reference(w, o, i), &item)) != OK)
			return st;
		tree_append(array, item);
	}
	*out = STEAL(array);
	return OK;
}

static enum status
read_key(struct walk *w, uint64_t number, struct buf *out)
{
	struct object o = { 0 };
	enum status st;

	if ((st = find(w, number, &o)) != OK)
		return st;
	if (o.kind != O_ASCII && o.kind != O_UTF16)
		return bad(w, &o, "a key that is not a string");
	if ((st = read_text(w, &o, out)) != OK)
		return st;
	if ((w->key_bytes += out->len) > TREE_KEY_BYTES_MAX)
		return bad(w, &o, "more than 4 MiB of keys");
	return OK;
}

static enum status
read_member(struct walk *w, uint64_t key, uint64_t value, struct tree *dict)
{
	auto_buf text = BUF_INIT;
	struct tree_fault fault = { TREE_FAULT_DOUBLED, dict, 0, 0, NULL };
	size_t before = tree_count(dict);
	auto_char *said = NULL;
	struct tree *node = NULL;
	enum status st;

	if ((st = read_key(w, key, &text)) != OK ||
	    (st = read_object(w, value, &node)) != OK)
		return st;
	tree_set(dict, buf_str(&text), node);
	if (tree_count(dict) != before)
		return OK;
	fault.text = said = xasprintf("duplicate key '%.200s'",
	    buf_str(&text));
	return tree_marks_add_fault(w->marks, &fault) ? OK :
	    problem_set(w->why, MALFORMED, "%s", said);
}

/* All keys come before all values. */
static enum status
read_dict(struct walk *w, struct object *o, struct tree **out)
{
	auto_tree *dict = tree_dict();
	enum status st;
	size_t n = 0, i;

	if ((st = length_of(w, o, w->ref_size * 2, &n)) != OK)
		return st;
	if (n > TREE_KEYS_MAX)
		return bad(w, o, "more than 1000 keys in a dict");
	for (i = 0; i < n; i++)
		if ((st = read_member(w, reference(w, o, i),
		    reference(w, o, n + i), dict)) != OK)
			return st;
	*out = STEAL(dict);
	return OK;
}

static enum status
read_container(struct walk *w, struct object *o, struct tree **out)
{
	enum status st;

	if (w->depth == TREE_DEPTH_MAX)
		return bad(w, o, "nested deeper than 64, or within itself");
	w->depth++;
	st = o->kind == O_DICT ? read_dict(w, o, out) : read_array(w, o, out);
	w->depth--;
	return st;
}

static enum status
read_object(struct walk *w, uint64_t number, struct tree **out)
{
	struct object o = { 0 };
	enum status st;

	if ((st = find(w, number, &o)) != OK)
		return st;
	if (++w->nodes > TREE_NODES_MAX)
		return bad(w, &o, "more than 100000 values when it is "
		    "expanded");
	switch (o.kind) {
	case O_SIMPLE:
		if (o.low != 8 && o.low != 9)
			return bad(w, &o, "neither true nor false");
		*out = tree_bool(o.low == 9);
		return OK;
	case O_INT:
		return read_int(w, &o, out);
	case O_REAL:
		return read_real(w, &o, out);
	case O_DATE:
		return read_date(w, &o, out);
	case O_DATA:
		return read_data(w, &o, out);
	case O_ASCII:
	case O_UTF16:
		return read_string(w, &o, out);
	case O_UID:
		return read_uid(w, &o, out);
	case O_ARRAY:
	case O_DICT:
		return read_container(w, &o, out);
	default:
		return bad(w, &o, "unknown kind");
	}
}

/*
 * The trailer must follow exactly, or there would be room for a second plist.
 */
static enum status
read_trailer(struct walk *w, size_t len, uint64_t *top)
{
	const unsigned char *t = w->base + len - TRAILER_LEN;
	uint64_t table = big_endian(t + TRAILER_TABLE, 8);

	w->offset_size = t[TRAILER_OFFSET_SIZE];
	w->ref_size = t[TRAILER_REF_SIZE];
	w->count = big_endian(t + TRAILER_COUNT, 8);
	*top = big_endian(t + TRAILER_TOP, 8);
	if (w->offset_size < 1 || w->offset_size > 8 ||
	    w->ref_size < 1 || w->ref_size > 8)
		return problem_set(w->why, MALFORMED, "binary plist: the "
		    "trailer names sizes that are not 1 to 8");
	if (table <= MAGIC_LEN || table > len - TRAILER_LEN ||
	    w->count > len || w->count * w->offset_size !=
	    len - TRAILER_LEN - table)
		return problem_set(w->why, MALFORMED, "binary plist: its "
		    "offset table does not end at the trailer");
	w->end = (size_t)table;
	return OK;
}

enum status
tree_from_binary(const struct buf *in, struct tree_marks *marks,
    struct problem *why, struct tree **out)
{
	struct walk w = { .base = in->data, .why = why, .marks = marks,
	    .secret = in->secret };
	uint64_t top;
	enum status st;

	if (in->len > TREE_BYTES_MAX)
		return problem_set(why, MALFORMED, "larger than 16 MiB");
	if (!buf_has_prefix(in, magic))
		return problem_set(why, MALFORMED, "not a binary plist of "
		    "version 00");
	if (in->len <= MAGIC_LEN + TRAILER_LEN)
		return problem_set(why, MALFORMED, "binary plist: cut before "
		    "its trailer");
	if ((st = read_trailer(&w, in->len, &top)) != OK)
		return st;
	return read_object(&w, top, out);
}
