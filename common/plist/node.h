/*
 * tree: the property list in memory, the one model of all that is above it.
 *
 * XML from outside is read by a strict grammar over expat, binary plists by a
 * walk of our own; both are linear in the input and bound by the limits
 * below.  XML is written by our own emitter, so that the same tree gives the
 * same bytes for ever.
 *
 * A node lives in one container only: tree_set() and tree_append() take it
 * over.  tree_copy() to add it twice.
 */
#ifndef MCFG_PLIST_NODE_H
#define MCFG_PLIST_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "json/report.h"

/* Limits of what is read, counted after expansion of shared references. */
enum {
	TREE_DEPTH_MAX = 64,
	TREE_NODES_MAX = 100000,
	TREE_KEYS_MAX = 1000,	/* in one dict */
	TREE_KEY_BYTES_MAX = 4 << 20,	/* of all keys: a search reads many */
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
	TREE_UID,	/* of binary plists only; written as a dict CF$UID */
};

struct tree;		/* one node */
#define auto_tree AUTO(auto_free_tree) struct tree

void tree_free(struct tree *t);
DEFINE_AUTO(tree, struct tree, tree_free);

/* ---- making ---- */

struct tree *tree_dict(void);
struct tree *tree_array(void);

/* Text, which must be what tree_text_fault() has nothing against. */
struct tree *tree_string(const char *s);

struct tree *tree_data(const void *p, size_t len);
struct tree *tree_int(int64_t v);
struct tree *tree_uint(uint64_t v);	/* an integer, too */
struct tree *tree_real(double v);
struct tree *tree_bool(bool v);

/* A uid of a keyed archive, or NULL beyond 62 bits; archives use 32. */
struct tree *tree_uid(uint64_t v);

/*
 * A date in seconds since 1970, or NULL outside of the years 0000 to 9999,
 * which is what XML can write.
 */
struct tree *tree_date(int64_t t);

struct tree *tree_copy(const struct tree *t);

/*
 * tree_text_fault() is NULL for text that a string or a key may hold, which
 * is what XML can carry: UTF-8, no NUL, no control characters but tab, LF and
 * CR, no U+FFFE and U+FFFF.  Else it is the reason.
 */
const char *tree_text_fault(const char *s, size_t len);

/* Sets or replaces, keeping the place of a key that is there; takes node. */
void tree_set(struct tree *dict, const char *key, struct tree *node);
void tree_set_string(struct tree *dict, const char *key, const char *s);
void tree_set_int(struct tree *dict, const char *key, int64_t v);
void tree_remove(struct tree *dict, const char *key);

void tree_append(struct tree *array, struct tree *node);

/* Puts node in the place of the i-th item, which is freed; takes node. */
void tree_replace_at(struct tree *array, size_t i, struct tree *node);

/* ---- looking ---- */

enum tree_kind tree_kind(const struct tree *t);
const char *tree_kind_name(enum tree_kind k);	/* "string", "dict", ... */

size_t tree_count(const struct tree *t);	/* of a dict or array, else 0 */

/* Borrowed; NULL where it is not there or the container is another kind. */
struct tree *tree_get(const struct tree *dict, const char *key);
struct tree *tree_at(const struct tree *array, size_t i);

/* tree_get() that gives NULL for another kind than k as well. */
struct tree *tree_get_kind(const struct tree *dict, const char *key,
    enum tree_kind k);

/* The borrowed text of a string member, or NULL. */
const char *tree_get_string(const struct tree *dict, const char *key);

/* Values; the node must be of that kind. */
const char *tree_string_of(const struct tree *t);	/* borrowed */
const unsigned char *tree_data_of(const struct tree *t, size_t *len);
int64_t tree_int_of(const struct tree *t);	/* at most INT64_MAX */
uint64_t tree_uint_of(const struct tree *t);
double tree_real_of(const struct tree *t);
bool tree_bool_of(const struct tree *t);
int64_t tree_date_of(const struct tree *t);
uint64_t tree_uid_of(const struct tree *t);

/* True for an integer of 2^63 or more, whose value is tree_uint_of(). */
bool tree_is_large(const struct tree *t);

/*
 * Members in order: for each, fn(key, node, arg), key NULL in an array.  It
 * stops at and returns the first status that is not OK.
 */
typedef enum status tree_visit(const char *key, struct tree *node, void *arg);
enum status tree_each(const struct tree *t, tree_visit *fn, void *arg);

/*
 * tree_scalar_text() appends the text form of a scalar: a string as it is, an
 * integer, real, "true" or "false", an RFC 3339 date, data in base64.  False
 * for a container.
 */
bool tree_scalar_text(const struct tree *t, struct buf *out);

/* Equal by kind, value, order of items; the order of keys does not matter. */
bool tree_equal(const struct tree *a, const struct tree *b);

/* ---- reading ---- */

/*
 * Where nodes stood in their source.  Filled by a reader that is given one;
 * zeros where a node is unknown.
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
 * What a reader can pass over.  node is a dict with a doubled key, of which
 * the last value counts; the text that stands for a value that could not be
 * read; or NULL if bytes before or behind the plist were left out.
 */
enum tree_fault_kind {
	TREE_FAULT_DOUBLED,
	TREE_FAULT_VALUE,
	TREE_FAULT_STRAY,
};

struct tree_fault {
	enum tree_fault_kind kind;
	const struct tree *node;	/* to compare; it may be gone */
	unsigned long line, column;	/* 0 if unknown */
	const char *text;		/* what is wrong, one line */
};

/*
 * tree_marks_forgive() lets readers go on after such faults, of which up to
 * TREE_FAULTS_MAX are remembered: one more is the usual failure.
 * tree_marks_fault() is the i-th, or NULL; borrowed.  A reader notes one with
 * tree_marks_add_fault(), which copies it; false if it must fail instead.
 */
enum { TREE_FAULTS_MAX = 100 };

void tree_marks_forgive(struct tree_marks *m);
bool tree_marks_forgives(const struct tree_marks *m);	/* m may be NULL */
bool tree_marks_add_fault(struct tree_marks *m, const struct tree_fault *f);
const struct tree_fault *tree_marks_fault(const struct tree_marks *m,
    size_t i);

/*
 * Comments of XML, if they are to be kept: those before a value (or its key),
 * and those inside a container behind its last member.  The text of several
 * is one, with a character behind each that XML does not allow.
 * tree_marks_add_comment() is for a node that has its place already;
 * tree_marks_comment() returns NULL if the node has no comments.
 */
enum { TREE_COMMENT_END = '\f' };

void tree_marks_keep_comments(struct tree_marks *m);
bool tree_marks_keeps_comments(const struct tree_marks *m);
void tree_marks_add_comment(struct tree_marks *m, const struct tree *t,
    bool is_inside, const char *text);
const char *tree_marks_comment(const struct tree_marks *m,
    const struct tree *t, bool is_inside);

/* The text that stands for a value that could not be read. */
#define TREE_UNREAD	"${unreadable}"

/*
 * Data whose base64 had more '=' at its end than it needs.
 * tree_marks_has_padded() is true if there is any.
 */
void tree_marks_add_padded(struct tree_marks *m, const struct tree *t);
bool tree_marks_has_padded(const struct tree_marks *m);
bool tree_marks_is_padded(const struct tree_marks *m, const struct tree *t);

/*
 * tree_parse() reads XML or a binary plist, told by content.  name is the
 * input's in diagnostics: "name:line:column: reason" for XML.  MALFORMED for
 * anything that is not a plist, whole, within the limits, without a doubled
 * key.  marks may be NULL.
 *
 * XML is in UTF-8, or in what its declaration or byte order mark names of
 * US-ASCII, ISO-8859-1 and UTF-16; a tree is always UTF-8.  Refused by both
 * readers, since a tree cannot hold them: integers below -2^63 or beyond
 * 2^64-1, NaN and infinity, dates outside of the years 0000 to 9999, null,
 * sets.
 */
enum status tree_parse(const struct buf *in, const char *name,
    struct tree_marks *marks, struct tree **out) USE_RESULT;

/* The two readers behind it. */
enum status tree_from_xml(const struct buf *in, const char *name,
    struct tree_marks *marks, struct tree **out) USE_RESULT;
enum status tree_from_binary(const struct buf *in, const char *name,
    struct tree_marks *marks, struct tree **out) USE_RESULT;

/*
 * tree_looks_like_plist() is true for bytes that begin as XML does, after a
 * BOM and white space, or as a binary plist; no promise that they parse.  All
 * that tree_parse() reads looks like one.
 */
bool tree_looks_like_plist(const struct buf *in);

/* ---- writing ---- */

/* Apple's header and DOCTYPE, tabs, key order kept, data in lines. */
void tree_to_xml(const struct tree *t, struct buf *out);

/*
 * JSON as --json shows a plist: data base64, dates RFC 3339.  t is a dict or
 * an array; NULL for a scalar, which only has a place in one of those.
 */
struct report *tree_to_report(const struct tree *t);

/* Adds the node to r under key, or appends it where key is NULL. */
void tree_add_to_report(const struct tree *t, struct report *r,
    const char *key);

#endif
