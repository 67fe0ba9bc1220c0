/*
 * diag: what every tool says on standard error, and the status it ends with.
 *
 * The line that detects a fault prints it and returns its status; callers
 * pass the status on and print nothing:
 *
 *	if (p != end)
 *		return fail(MALFORMED, "%s: %td bytes after the CMS message",
 *		    name, end - p);
 *
 * Every line is "tool: subject: what: reason".  The whole line is escaped
 * (control characters, broken UTF-8, bidirectional overrides) and cut before
 * it is written, so text of a device may be passed as it is; secrets may not.
 */
#ifndef MCFG_BASE_DIAG_H
#define MCFG_BASE_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define PRINTF_LIKE(fmt, args) __attribute__((__format__(__printf__, fmt, args)))
#define NORETURN __attribute__((__noreturn__))
#define USE_RESULT __attribute__((__warn_unused_result__))
#else
#define PRINTF_LIKE(fmt, args)
#define NORETURN
#define USE_RESULT
#endif

/* The exit statuses, which users script against. */
enum status {
	OK = 0,		/* the whole output is written and flushed */
	REFUSED = 1,	/* readable, and the answer is no */
	USAGE = 2,	/* the command line is wrong */
	MALFORMED = 3,	/* the input is not what it claims to be */
	FAULT = 4,	/* file, key, memory, disk, database, library */
	LATER = 5,	/* not now: poll, or start over */
};

/*
 * diag_init() names the tool in every line to come.  name is borrowed for
 * the life of the process.
 */
void diag_init(const char *name);

/* diag_verbose() makes detail() speak, and fail_ssl() show its whole queue. */
void diag_verbose(bool on);

/*
 * diag_capture() keeps the next lines of fail*() from standard error and puts
 * the last of them, escaped and without the tool's name, into line (size
 * bytes, cut to fit) instead; NULL ends it.  Pairs may be nested.  For a tool
 * that tells its reason in another form: a row of a list, a failInfoText.
 */
void diag_capture(char *line, size_t size);

/*
 * diag_uncapture() ends all of them, and what diag_divert() began, for the last
 * line of a process.
 */
void diag_uncapture(void);

/*
 * diag_divert() gives every line that would go to standard error to fn instead,
 * escaped, with the tool's name and without a newline; NULL ends it.  What is
 * captured is not among them.
 */
typedef void diag_line(const char *line, void *arg);
void diag_divert(diag_line *fn, void *arg);

/*
 * diag_put() prints a line as it is, which has no newline: one of a log.  It is
 * one write(2) of at most DIAG_LINE bytes, newline included, which a pipe takes
 * whole; what is longer is cut.
 */
enum { DIAG_LINE = 4096 };
void diag_put(const char *line);

/*
 * diag_relay() hands on what another program said, len bytes: each line that is
 * not empty, escaped, without the name of this tool.
 */
void diag_relay(const char *text, size_t len);

/* fail() prints one line and returns st. */
enum status fail(enum status st, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* fail_errno() is fail() with ": " and strerror(errno) at the end. */
enum status fail_errno(enum status st, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* diag_errno() is the errno that the last line of fail*() told, or 0. */
int diag_errno(void);

/*
 * fail_ssl() is fail() with ": " and the first reason in OpenSSL's error
 * queue at the end, if there is one; it empties the queue.
 */
enum status fail_ssl(enum status st, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* What an analyzer, which sees one file at a time, cannot know: the status
 * that goes in comes out. */
#if defined(__clang_analyzer__) && !defined(MCFG_DIAG_ITSELF)
#define fail(st, ...) ((void)fail((st), __VA_ARGS__), (st))
#define fail_errno(st, ...) ((void)fail_errno((st), __VA_ARGS__), (st))
#define fail_ssl(st, ...) ((void)fail_ssl((st), __VA_ARGS__), (st))
#endif

/* diag_ssl_reason() is that first reason, or "no reason given"; the queue is
 * emptied.  The text is static. */
const char *diag_ssl_reason(void);

/*
 * diag_ssl_clear() empties OpenSSL's error queue.  If OpenSSL was short of
 * memory, this, diag_ssl_reason() and fail_ssl() end the process with FAULT.
 */
void diag_ssl_clear(void);

/* warning() prints "tool: warning: ...". */
void warning(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* detail() prints a line only under --verbose. */
void detail(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* note() prints a line always; it is neither warning nor failure. */
void note(const char *fmt, ...) PRINTF_LIKE(1, 2);

/*
 * diag_escape() writes len bytes of text as one printable line of UTF-8 into
 * out (size bytes, always terminated; cut with "..." when it does not fit)
 * and returns out.  Control characters become \n, \t or \xNN, invisible and
 * bidirectional ones \uNNNN, broken UTF-8 \xNN, a backslash stays.
 */
char *diag_escape(const char *text, size_t len, char *out, size_t size);

/*
 * diag_invisible() gives the length of the invisible or bidirectional
 * character that text (UTF-8) begins with, and its number; 0 where it begins
 * with another.
 */
size_t diag_invisible(const char *text, size_t len, uint32_t *cp);

/* True if text has no control, invisible or bidirectional character. */
bool diag_is_visible(const char *text, size_t len);

#endif
