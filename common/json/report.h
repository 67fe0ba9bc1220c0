/*
 * report: writes JSON.  One object or array is built and then rendered, with
 * its keys in the order in which they were added.
 *
 * In text that is not UTF-8, U+FFFD replaces broken bytes, so that a report of
 * hostile input is always valid JSON.  Control, invisible and bidirectional
 * characters are escaped, so that the report is safe to display.  Every
 * report_*() function that adds accepts a NULL report and does nothing, so
 * callers need not check whether there is a --report.
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
 * Add a member to an object; for an array, key is NULL and the value is
 * appended.  report_str() adds null for a NULL value; report_moment() is
 * report_time() that adds null for 0.  report_add() takes ownership of child.
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

/* Add an empty object or array, to be filled in; borrowed. */
struct report *report_add_object(struct report *r, const char *key);
struct report *report_add_array(struct report *r, const char *key);

/*
 * ---- reading a report ----
 *
 * For a tool that prints text as well as JSON, from the same tree.  What is
 * returned is borrowed.
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
size_t report_count(const struct report *r);	/* members, otherwise 0 */

/* Return NULL if the member is missing, or if r is NULL or of another kind. */
struct report *report_get(const struct report *r, const char *key);
struct report *report_at(const struct report *r, size_t i);

/* The text of a string; NULL for other kinds. */
const char *report_text(const struct report *r, size_t *len);
const char *report_get_text(const struct report *r, const char *key);

bool report_is_true(const struct report *r);

/* Appends a scalar as JSON: 42, 0.5, "text". */
void report_render_scalar(const struct report *r, struct buf *out);

/* Calls fn for the members in order; key is NULL in an array. */
typedef void report_visit(const char *key, struct report *value, void *arg);
void report_each(const struct report *r, report_visit *fn, void *arg);

/*
 * report_take() removes a member and returns it, or NULL; the caller frees it.
 */
struct report *report_take(struct report *r, const char *key);

/* report_render() appends indented JSON that ends with a newline. */
void report_render(const struct report *r, struct buf *out);

/*
 * report_write() writes indented JSON to dest, which is FILE or fd:N as in
 * --report (see io_side()); if dest is NULL, it does nothing.
 */
enum status report_write(const struct report *r, const char *dest) USE_RESULT;

/* report_render_line() appends it on one line, for JSON lines. */
void report_render_line(const struct report *r, struct buf *out);

#endif
