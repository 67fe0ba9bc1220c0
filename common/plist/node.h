/*
 * tree: a property list in memory, which all higher families use.
 *
 * XML is read with a strict grammar over expat, binary plists with our own
 * reader; both take linear time and are bound by the limits below.  XML is
 * written by our own code, so that the same tree always gives the same bytes.
 *
 * A node belongs to one container: tree_set() and tree_append() take
 * ownership.  To add it twice, use tree_copy().
 */
#ifndef MCFG_PLIST_NODE_H
#define MCFG_PLIST_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/problem.h"
#include "json/report.h"

/* Limits of what is read, counted after expansion of shared references. */
enum {
	TREE_DEPTH_MAX = 64,
	TREE_NODES_MAX = 100000,
	TREE_KEYS_MAX = 1000,	/* in one dict */
	TREE_KEY_BYTES_MAX = 4 << 20,	/* of all keys: a lookup compares
					 * many */
	TREE_BYTES_MAX = 16 << 20,	/* of the source, or of all text */
};

enum tree_kind {
	TREE_DICT,
	TREE_ARRAY,
	TREE_STRING,
	TREE_DATA,
	TREE_INT,
	TREE_REAL,
	TREE_BOOL,
	TREE_DATE,
	TREE_UID,	/* only in binary plists; written as a dict CF$UID */
};

struct tree;		/* one node */
#define auto_tree AUTO(auto_free_tree) struct tree

void tree_free(struct tree *t);
DEFINE_AUTO(tree, struct tree, tree_free);

/* ---- creating ---- */

struct tree *tree_dict(void);
struct tree *tree_array(void);

/* s must be text that tree_text_fault() accepts. */
struct tree *tree_string(const char *s);

struct tree *tree_data(const void *p, size_t len);
struct tree *tree_int(int64_t v);
struct tree *tree_uint(uint64_t v);	/* an integer, too */
struct tree *tree_real(double v);
struct tree *tree_bool(bool v);

/* A uid of a keyed archive, or NULL above 62 bits; archives use 32. */
struct tree *tree_uid(uint64_t v);

/*
 * A date in seconds since 1970, or NULL outside the years 0000 to 9999, which
 * are all that XML can express.
 */
struct tree *tree_date(int64_t t);

struct tree *tree_copy(const struct tree *t);

/* tree_copy_members() copies what is in a container into one of its kind. */
void tree_copy_members(const struct tree *from, struct tree *to);

/*
 * tree_text_fault() returns NULL for text that XML can contain, and so a
 * string or a key: UTF-8 without NUL, control characters other than tab, LF
 * and CR, U+FFFE and U+FFFF.  Otherwise it returns the reason.
 */
const char *tree_text_fault(const char *s, size_t len);

/*
 * Set or replace a member; a key that exists keeps its position.  They take
 * ownership of node.
 */
void tree_set(struct tree *dict, const char *key, struct tree *node);
void tree_set_string(struct tree *dict, const char *key, const char *s);
void tree_set_int(struct tree *dict, const char *key, int64_t v);
void tree_remove(struct tree *dict, const char *key);

void tree_append(struct tree *array, struct tree *node);

/* Replaces and frees the i-th item; takes ownership of node. */
void tree_replace_at(struct tree *array, size_t i, struct tree *node);

/* ---- reading nodes ---- */

enum tree_kind tree_kind(const struct tree *t);
const char *tree_kind_name(enum tree_kind k);	/* "string", "dict", ... */

size_t tree_count(const struct tree *t);	/* members or items,
						 * otherwise 0 */

/* Borrowed; NULL if it is missing or the container is of another kind. */
struct tree *tree_get(const struct tree *dict, const char *key);
struct tree *tree_at(const struct tree *array, size_t i);

/* tree_get() that also returns NULL if the node is not of kind k. */
struct tree *tree_get_kind(const struct tree *dict, const char *key,
    enum tree_kind k);

/* Returns the text of a string member, borrowed, or NULL. */
const char *tree_get_string(const struct tree *dict, const char *key);

/* Return a value; the node must be of that kind. */
const char *tree_string_of(const struct tree *t);	/* borrowed */
const unsigned char *tree_data_of(const struct tree *t, size_t *len);
int64_t tree_int_of(const struct tree *t);	/* at most INT64_MAX */
uint64_t tree_uint_of(const struct tree *t);
double tree_real_of(const struct tree *t);
bool tree_bool_of(const struct tree *t);
int64_t tree_date_of(const struct tree *t);
uint64_t tree_uid_of(const struct tree *t);

/* True for an integer of 2^63 or more; tree_uint_of() has its value. */
bool tree_is_large(const struct tree *t);

/*
 * Calls fn(key, node, arg) for each member in order; key is NULL in an array.
 * Stops at the first status other than OK, and returns it.
 */
typedef enum status tree_visit(const char *key, struct tree *node, void *arg);
enum status tree_each(const struct tree *t, tree_visit *fn, void *arg);

/*
 * tree_scalar_text() appends a scalar as text: a string unchanged, an integer,
 * a real, "true" or "false", an RFC 3339 date, data in base64.  Returns false
 * for a container.
 */
bool tree_scalar_text(const struct tree *t, struct buf *out);

/*
 * Compares kinds, values and the order of items; the order of keys does not
 * matter.
 */
bool tree_equal(const struct tree *a, const struct tree *b);

/* ---- parsing ---- */

/*
 * The places of nodes in their source, filled in by a reader if it is given
 * one.  Line and column of an unknown node are 0.
 */
struct tree_marks;
#define auto_tree_marks AUTO(auto_free_tree_marks) struct tree_marks

struct tree_marks *tree_marks_new(void);
void tree_marks_free(struct tree_marks *m);
DEFINE_AUTO(tree_marks, struct tree_marks, tree_marks_free);
void tree_marks_add(struct tree_marks *m, const struct tree *t,
    unsigned long line, unsigned long column);
void tree_marks_get(const struct tree_marks *m, const struct tree *t,
    unsigned long *line, unsigned long *column);

/*
 * Faults that a reader can ignore.  node is a dict with a duplicate key, of
 * which the last value counts; or the text that stands for an unreadable
 * value; or NULL if bytes before or after the plist were skipped.
 */
enum tree_fault_kind {
	TREE_FAULT_DOUBLED,
	TREE_FAULT_VALUE,
	TREE_FAULT_STRAY,
};

struct tree_fault {
	enum tree_fault_kind kind;
	const struct tree *node;	/* for comparison; may be freed */
	unsigned long line, column;	/* 0 if unknown */
	const char *text;		/* what is wrong, on one line */
};

/*
 * tree_marks_forgive() makes readers continue after such faults, and record up
 * to TREE_FAULTS_MAX of them; after that they fail as usual.
 * tree_marks_fault() returns the i-th fault, or NULL; borrowed.  Readers
 * record a fault with tree_marks_add_fault(), which copies it, and returns
 * false if the reader must fail instead.
 */
enum { TREE_FAULTS_MAX = 100 };

void tree_marks_forgive(struct tree_marks *m);
bool tree_marks_forgives(const struct tree_marks *m);	/* m may be NULL */
bool tree_marks_add_fault(struct tree_marks *m, const struct tree_fault *f);
const struct tree_fault *tree_marks_fault(const struct tree_marks *m,
    size_t i);

/*
 * Comments in XML, if they are kept: those before a value (or its key), and
 * those in a container after its last member.  Several comments are one text,
 * each followed by a character that XML does not allow.
 * tree_marks_add_comment() requires that the node's place has been recorded.
 * tree_marks_comment() returns NULL if the node has none.
 */
enum { TREE_COMMENT_END = '\f' };

void tree_marks_keep_comments(struct tree_marks *m);
bool tree_marks_keeps_comments(const struct tree_marks *m);
void tree_marks_add_comment(struct tree_marks *m, const struct tree *t,
    bool is_inside, const char *text);
const char *tree_marks_comment(const struct tree_marks *m,
    const struct tree *t, bool is_inside);

/* Stands for a value that could not be read. */
#define TREE_UNREAD	"${unreadable}"

/*
 * Data whose base64 had more '=' at its end than needed.
 * tree_marks_has_padded() returns true if there is any.
 */
void tree_marks_add_padded(struct tree_marks *m, const struct tree *t);
bool tree_marks_has_padded(const struct tree_marks *m);
bool tree_marks_is_padded(const struct tree_marks *m, const struct tree *t);

/*
 * tree_read() reads XML or a binary plist, which it recognises by the content.
 * Returns MALFORMED for anything other than one whole plist within the limits
 * and without duplicate keys; *why then says what is wrong, with its place in
 * XML.  marks may be NULL.  The caller frees *out.  tree_parse() prints the
 * problem; name is the input's name in the message.
 *
 * XML is in UTF-8, or in US-ASCII, ISO-8859-1 or UTF-16 if its declaration or
 * byte order mark says so; a tree is always UTF-8.  Both readers refuse what a
 * tree cannot express: integers below -2^63 or above 2^64-1, NaN and infinity,
 * dates outside the years 0000 to 9999, null, sets.
 */
enum status tree_read(const struct buf *in, struct tree_marks *marks,
    struct problem *why, struct tree **out) USE_RESULT;
enum status tree_parse(const struct buf *in, const char *name,
    struct tree_marks *marks, struct tree **out) USE_RESULT;

/* The two readers that tree_read() uses. */
enum status tree_from_xml(const struct buf *in, struct tree_marks *marks,
    struct problem *why, struct tree **out) USE_RESULT;
enum status tree_from_binary(const struct buf *in, struct tree_marks *marks,
    struct problem *why, struct tree **out) USE_RESULT;

/*
 * tree_looks_like_plist() returns true if the bytes begin like XML, after a
 * BOM and white space, or like a binary plist.  They may still be invalid; but
 * all that tree_read() accepts passes.
 */
bool tree_looks_like_plist(const struct buf *in);

/* ---- writing ---- */

/*
 * Appends XML with Apple's header and DOCTYPE, indented with tabs, keys in
 * their order, data on several lines.
 */
void tree_to_xml(const struct tree *t, struct buf *out);

/*
 * Converts a plist to JSON: data in base64, dates in RFC 3339.  Returns NULL
 * if t is a scalar, which JSON output has only in a dict or array.
 */
struct report *tree_to_report(const struct tree *t);

/* Adds the node to r as key, or appends it if key is NULL. */
void tree_add_to_report(const struct tree *t, struct report *r,
    const char *key);

#endif
