/* The nodes of a property list, on top of those of libplist. */
#include "plist/node.h"

#include <string.h>

#include <plist/plist.h>

#include "base/clock.h"

/*
 * A node is libplist's, but only its tree is used.  Integers are stored and
 * read as the same 64 bits, whatever sign a version of libplist gives them.
 *
 * libplist's dates have 32 bits of seconds, and its integers one sign for 64
 * bits.  Its uids hold any 64 bits, of which a real uid needs 32, so they also
 * stand for what it has no node for:
 *
 *   0 to 2^62-1		a uid
 *   2^62 to 2^63-1		a date, seconds since the year 0000
 *   2^63 to 2^64-1		an integer of that size
 */
static const uint64_t dates_from = UINT64_C(1) << 62;
static const uint64_t integers_from = UINT64_C(1) << 63;

/* The first and the last second that XML can express. */
static const int64_t date_first = INT64_C(-62167219200);
static const int64_t date_last = INT64_C(253402300799);

static plist_t
node_of(const struct tree *t)
{
	return (plist_t)(uintptr_t)t;
}

static struct tree *
made(plist_t node)
{
	if (node == NULL)
		mem_exhausted();
	return node;
}

void
tree_free(struct tree *t)
{
	plist_free(node_of(t));
}

struct tree *
tree_dict(void)
{
	return made(plist_new_dict());
}

struct tree *
tree_array(void)
{
	return made(plist_new_array());
}

/* If memory runs out, libplist makes a node without its text or data. */
struct tree *
tree_string(const char *s)
{
	struct tree *t = made(plist_new_string(s));

	if (tree_string_of(t) == NULL)
		mem_exhausted();
	return t;
}

struct tree *
tree_data(const void *p, size_t len)
{
	struct tree *t = made(plist_new_data(p != NULL ? p : "", len));
	size_t n;

	if (tree_data_of(t, &n) == NULL && len > 0)
		mem_exhausted();
	return t;
}

struct tree *
tree_int(int64_t v)
{
	return made(plist_new_uint((uint64_t)v));
}

struct tree *
tree_uint(uint64_t v)
{
	return made(v < integers_from ? plist_new_uint(v) : plist_new_uid(v));
}

struct tree *
tree_real(double v)
{
	return made(plist_new_real(v));
}

struct tree *
tree_bool(bool v)
{
	return made(plist_new_bool(v));
}

struct tree *
tree_date(int64_t t)
{
	if (t < date_first || t > date_last)
		return NULL;
	return made(plist_new_uid(dates_from + (uint64_t)(t - date_first)));
}

struct tree *
tree_uid(uint64_t v)
{
	return v < dates_from ? made(plist_new_uid(v)) : NULL;
}

static enum status
copy_into(const char *key, struct tree *node, void *arg)
{
	if (key != NULL)
		tree_set(arg, key, tree_copy(node));
	else
		tree_append(arg, tree_copy(node));
	return OK;
}

void
tree_copy_members(const struct tree *from, struct tree *to)
{
	if (tree_each(from, copy_into, to) != OK)
		mem_exhausted();
}

static struct tree *
filled(struct tree *copy, const struct tree *t)
{
	tree_copy_members(t, copy);
	return copy;
}

/*
 * Copies each node: plist_copy() silently leaves out what it has no memory
 * for.
 */
struct tree *
tree_copy(const struct tree *t)
{
	const unsigned char *data;
	size_t len;

	switch (tree_kind(t)) {
	case TREE_DICT:
		return filled(tree_dict(), t);
	case TREE_ARRAY:
		return filled(tree_array(), t);
	case TREE_STRING:
		return tree_string(tree_string_of(t));
	case TREE_DATA:
		data = tree_data_of(t, &len);
		return tree_data(data, len);
	default:
		return made(plist_copy(node_of(t)));
	}
}

/* libplist does not report that it has no memory to add a node. */
void
tree_set(struct tree *dict, const char *key, struct tree *node)
{
	plist_dict_set_item(node_of(dict), key, node_of(node));
	if (tree_get(dict, key) != node)
		mem_exhausted();
}

void
tree_set_string(struct tree *dict, const char *key, const char *s)
{
	tree_set(dict, key, tree_string(s));
}

void
tree_set_int(struct tree *dict, const char *key, int64_t v)
{
	tree_set(dict, key, tree_int(v));
}

void
tree_remove(struct tree *dict, const char *key)
{
	plist_dict_remove_item(node_of(dict), key);
}

void
tree_append(struct tree *array, struct tree *node)
{
	size_t before = tree_count(array);

	plist_array_append_item(node_of(array), node_of(node));
	if (tree_count(array) == before)
		mem_exhausted();
}

void
tree_replace_at(struct tree *array, size_t i, struct tree *node)
{
	plist_array_set_item(node_of(array), node_of(node), (uint32_t)i);
}

static uint64_t
uid_of(const struct tree *t)
{
	uint64_t v = 0;

	plist_get_uid_val(node_of(t), &v);
	return v;
}

static enum tree_kind
kind_of_uid(uint64_t v)
{
	return v >= integers_from ? TREE_INT : v >= dates_from ? TREE_DATE :
	    TREE_UID;
}

enum tree_kind
tree_kind(const struct tree *t)
{
	switch (plist_get_node_type(node_of(t))) {
	case PLIST_DICT:
		return TREE_DICT;
	case PLIST_ARRAY:
		return TREE_ARRAY;
	case PLIST_DATA:
		return TREE_DATA;
	case PLIST_UINT:
		return TREE_INT;
	case PLIST_REAL:
		return TREE_REAL;
	case PLIST_BOOLEAN:
		return TREE_BOOL;
	case PLIST_UID:
		return kind_of_uid(uid_of(t));
	default:
		return TREE_STRING;
	}
}

const char *
tree_kind_name(enum tree_kind k)
{
	static const char *const names[] = {
		[TREE_DICT] = "dict", [TREE_ARRAY] = "array",
		[TREE_STRING] = "string", [TREE_DATA] = "data",
		[TREE_INT] = "integer", [TREE_REAL] = "real",
		[TREE_BOOL] = "boolean", [TREE_DATE] = "date",
		[TREE_UID] = "uid",
	};

	return names[k];
}

static bool
is(const struct tree *t, enum tree_kind k)
{
	return t != NULL && tree_kind(t) == k;
}

size_t
tree_count(const struct tree *t)
{
	if (is(t, TREE_DICT))
		return plist_dict_get_size(node_of(t));
	if (is(t, TREE_ARRAY))
		return plist_array_get_size(node_of(t));
	return 0;
}

struct tree *
tree_get(const struct tree *dict, const char *key)
{
	if (!is(dict, TREE_DICT))
		return NULL;
	return plist_dict_get_item(node_of(dict), key);
}

struct tree *
tree_at(const struct tree *array, size_t i)
{
	if (!is(array, TREE_ARRAY) || i >= tree_count(array))
		return NULL;
	return plist_array_get_item(node_of(array), (uint32_t)i);
}

struct tree *
tree_get_kind(const struct tree *dict, const char *key, enum tree_kind k)
{
	struct tree *t = tree_get(dict, key);

	return is(t, k) ? t : NULL;
}

const char *
tree_get_string(const struct tree *dict, const char *key)
{
	struct tree *t = tree_get_kind(dict, key, TREE_STRING);

	return t != NULL ? tree_string_of(t) : NULL;
}

const char *
tree_string_of(const struct tree *t)
{
	uint64_t len;

	return plist_get_string_ptr(node_of(t), &len);
}

const unsigned char *
tree_data_of(const struct tree *t, size_t *len)
{
	uint64_t n = 0;
	const char *p = plist_get_data_ptr(node_of(t), &n);

	*len = (size_t)n;
	return (const unsigned char *)p;
}

bool
tree_is_large(const struct tree *t)
{
	return plist_get_node_type(node_of(t)) == PLIST_UID &&
	    uid_of(t) >= integers_from;
}

uint64_t
tree_uint_of(const struct tree *t)
{
	uint64_t v = 0;

	if (tree_is_large(t))
		return uid_of(t);
	plist_get_uint_val(node_of(t), &v);
	return v;
}

int64_t
tree_int_of(const struct tree *t)
{
	return tree_is_large(t) ? INT64_MAX : (int64_t)tree_uint_of(t);
}

double
tree_real_of(const struct tree *t)
{
	double v = 0;

	plist_get_real_val(node_of(t), &v);
	return v;
}

bool
tree_bool_of(const struct tree *t)
{
	uint8_t v = 0;

	plist_get_bool_val(node_of(t), &v);
	return v != 0;
}

int64_t
tree_date_of(const struct tree *t)
{
	return (int64_t)(uid_of(t) - dates_from) + date_first;
}

uint64_t
tree_uid_of(const struct tree *t)
{
	return uid_of(t);
}

static enum status
each_of_dict(plist_t dict, tree_visit *fn, void *arg)
{
	plist_dict_iter iter = NULL;
	enum status st = OK;

	plist_dict_new_iter(dict, &iter);
	if (iter == NULL)
		mem_exhausted();
	while (st == OK) {
		auto_char *key = NULL;
		plist_t node = NULL;

		plist_dict_next_item(dict, iter, &key, &node);
		if (node == NULL)
			break;
		if (key == NULL)
			mem_exhausted();
		st = fn(key, node, arg);
	}
	free(iter);
	return st;
}

static enum status
each_of_array(plist_t array, tree_visit *fn, void *arg)
{
	plist_array_iter iter = NULL;
	enum status st = OK;

	plist_array_new_iter(array, &iter);
	if (iter == NULL)
		mem_exhausted();
	while (st == OK) {
		plist_t node = NULL;

		plist_array_next_item(array, iter, &node);
		if (node == NULL)
			break;
		st = fn(NULL, node, arg);
	}
	free(iter);
	return st;
}

enum status
tree_each(const struct tree *t, tree_visit *fn, void *arg)
{
	if (is(t, TREE_DICT))
		return each_of_dict(node_of(t), fn, arg);
	if (is(t, TREE_ARRAY))
		return each_of_array(node_of(t), fn, arg);
	return OK;
}

/* The search in another tree; REFUSED ends the walk. */
struct other {
	const struct tree *t;
	size_t at;
};

static enum status
is_in_other(const char *key, struct tree *node, void *arg)
{
	struct other *o = arg;
	const struct tree *peer = key != NULL ? tree_get(o->t, key) :
	    tree_at(o->t, o->at++);

	return peer != NULL && tree_equal(node, peer) ? OK : REFUSED;
}

static bool
data_equal(const struct tree *a, const struct tree *b)
{
	size_t na, nb;
	const unsigned char *pa = tree_data_of(a, &na);
	const unsigned char *pb = tree_data_of(b, &nb);

	return na == nb && (na == 0 || memcmp(pa, pb, na) == 0);
}

/* Zero has two signs, which are written differently. */
static uint64_t
bits_of(double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof bits);
	return bits;
}

bool
tree_equal(const struct tree *a, const struct tree *b)
{
	struct other o = { b, 0 };

	if (tree_kind(a) != tree_kind(b))
		return false;
	switch (tree_kind(a)) {
	case TREE_DICT:
	case TREE_ARRAY:
		return tree_count(a) == tree_count(b) &&
		    tree_each(a, is_in_other, &o) == OK;
	case TREE_STRING:
		return strcmp(tree_string_of(a), tree_string_of(b)) == 0;
	case TREE_DATA:
		return data_equal(a, b);
	case TREE_INT:
		return tree_is_large(a) == tree_is_large(b) &&
		    tree_uint_of(a) == tree_uint_of(b);
	case TREE_REAL:
		return bits_of(tree_real_of(a)) == bits_of(tree_real_of(b));
	case TREE_BOOL:
		return tree_bool_of(a) == tree_bool_of(b);
	case TREE_DATE:
		return tree_date_of(a) == tree_date_of(b);
	case TREE_UID:
		return tree_uid_of(a) == tree_uid_of(b);
	}
	return false;
}

/*
 * The length of the character at p; 0 if XML 1.0 (2.2) does not allow it, or
 * if its UTF-8 (RFC 3629) is broken.
 */
static size_t
character(const unsigned char *p, size_t left)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2 :
	    p[0] < 0xF0 ? 3 : p[0] < 0xF5 ? 4 : 0;
	uint32_t c;
	size_t i;

	if (n == 0 || n > left)
		return 0;
	if (n == 1)
		return p[0] >= 0x20 || p[0] == '\t' || p[0] == '\n' ||
		    p[0] == '\r';
	c = p[0] & (0x7Fu >> n);
	for (i = 1; i < n; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3Fu);
	}
	if (c < least[n] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF) ||
	    c == 0xFFFE || c == 0xFFFF)
		return 0;
	return n;
}

const char *
tree_text_fault(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + len;
	size_t n;

	for (; p < end; p += n) {
		if ((n = character(p, (size_t)(end - p))) != 0)
			continue;
		if (*p == '\0')
			return "a NUL character in text";
		return *p < 0x20 ? "a control character in text" :
		    "text that is not UTF-8";
	}
	return NULL;
}
