/*
 * report: JSON out.  One object or array is built and then rendered, with
 * keys in the order in which they were added.
 *
 * Text that is not UTF-8 gets U+FFFD in place of what is broken, so that a
 * report of hostile input is always valid JSON; control, invisible and
 * bidirectional characters are escaped, so that it can be looked at.  A NULL report is accepted
 * by every report_*() function that adds, and does nothing: callers need not
 * ask whether --report was given.
 */
#ifndef MCFG_JSON_REPORT_H
#define MCFG_JSON_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct report;
#define auto_report AUTO(auto_free_report) struct report

struct report *report_object(void);
struct report *report_array(void);
void report_free(struct report *r);
DEFINE_AUTO(report, struct report, report_free);

/*
 * Members of an object; in an array, key is NULL and the value is appended.
 * report_str() with a NULL value adds null, and so does report_moment(), which
 * is report_time(), with 0.  report_add() takes child.
 */
void report_str(struct report *r, const char *key, const char *value);
void report_strn(struct report *r, const char *key, const char *value,
    size_t len);
void report_int(struct report *r, const char *key, int64_t value);
void report_uint(struct report *r, const char *key, uint64_t value);
void report_real(struct report *r, const char *key, double value);
void report_bool(struct report *r, const char *key, bool value);
void report_null(struct report *r, const char *key);
void report_time(struct report *r, const char *key, int64_t t);
void report_moment(struct report *r, const char *key, int64_t t);
void report_hex(struct report *r, const char *key, const void *p, size_t len);
void report_add(struct report *r, const char *key, struct report *child);

/* They add an empty one, to be filled; borrowed. */
struct report *report_add_object(struct report *r, const char *key);
struct report *report_add_array(struct report *r, const char *key);

/*
 * ---- looking ----
 *
 * For a tool that shows in words what it also gives as data: both walk the
 * same tree.  What is returned is borrowed.
 */
enum report_kind {
	REPORT_OBJECT,
	REPORT_ARRAY,
	REPORT_STRING,
	REPORT_NUMBER,		/* an integer or a real */
	REPORT_BOOL,
	REPORT_NULL,
};

enum report_kind report_kind(const struct report *r);
size_t report_count(const struct report *r);	/* of members, else 0 */

/* NULL if it is missing, or r is NULL or another kind. */
struct report *report_get(const struct report *r, const char *key);
struct report *report_at(const struct report *r, size_t i);

/* The text of a string; NULL for another kind. */
const char *report_text(const struct report *r, size_t *len);
const char *report_get_text(const struct report *r, const char *key);

bool report_is_true(const struct report *r);

/* Appends a scalar as JSON has it: 42, 0.5, "text". */
void report_render_scalar(const struct report *r, struct buf *out);

/* Members in their order, key NULL in an array. */
typedef void report_visit(const char *key, struct report *value, void *arg);
void report_each(const struct report *r, report_visit *fn, void *arg);

/* report_take() takes a member out; it is yours, or NULL. */
struct report *report_take(struct report *r, const char *key);

/* report_render() appends the JSON with a newline at its end, indented. */
void report_render(const struct report *r, struct buf *out);

/*
 * report_write() writes what report_render() makes to dest, FILE or fd:N as
 * --report gives it (io_side()); with NULL it does nothing.
 */
enum status report_write(const struct report *r, const char *dest) USE_RESULT;

/* report_render_line() does so in one line, for JSON lines. */
void report_render_line(const struct report *r, struct buf *out);

#endif
