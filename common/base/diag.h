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
#define PRINTF_LIKE(fmt, args)						\
	__attribute__((__format__(__printf__, fmt, args)))
#define NORETURN __attribute__((__noreturn__))
#define USE_RESULT __attribute__((__warn_unused_result__))
#else
#define PRINTF_LIKE(fmt, args)
#define NORETURN
#define USE_RESULT
#endif

/* The exit statuses, on which users' scripts rely. */
enum status {
	OK = 0,		/* the whole output is written and flushed */
	REFUSED = 1,	/* understood, and the answer is no */
	USAGE = 2,	/* the command line is wrong */
	MALFORMED = 3,	/* the input is not what it claims to be */
	FAULT = 4,	/* a file, key, memory, disk, database or library
			 * failed */
	LATER = 5,	/* not now: poll, or start over */
};

/*
 * diag_init() sets the name of the tool for all later lines.  name must remain
 * valid until the process ends.
 */
void diag_init(const char *name);

/*
 * diag_verbose() turns on detail(), and makes fail_ssl() print all of
 * OpenSSL's error queue.
 */
void diag_verbose(bool on);

/*
 * diag_take() gives what fail*() would print to fn instead, without the tool's
 * name and not escaped, with the errno that it tells or 0; NULL ends it.  Use
 * problem_keep() of base/problem.h.
 */
typedef void diag_taker(enum status st, int error, const char *text,
    void *arg);
void diag_take(diag_taker *fn, void *arg);

/*
 * diag_last() prints the last line of a process, even if fail*() is taken or
 * diverted; after it, fail*() prints nothing.
 */
void diag_last(const char *text);

/*
 * diag_divert() passes each line that would be printed on standard error to fn
 * instead, escaped, with the tool's name and without a newline; NULL ends it.
 */
typedef void diag_line(const char *line, void *arg);
void diag_divert(diag_line *fn, void *arg);

/*
 * diag_put() prints a line, without a newline, as it is: for a log.  It is a
 * single write(2) of at most DIAG_LINE bytes, including the newline, which a
 * pipe takes as a whole; a longer line is truncated.
 */
enum { DIAG_LINE = 4096 };
void diag_put(const char *line);

/*
 * diag_relay() prints the messages of another program, len bytes: every line
 * that is not empty, escaped, without this tool's name.
 */
void diag_relay(const char *text, size_t len);

/* fail() prints one line and returns st. */
enum status fail(enum status st, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* fail_errno() is fail() with ": " and strerror(errno) at the end. */
enum status fail_errno(enum status st, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * fail_ssl() is fail() with ": " and the first reason in OpenSSL's error queue
 * at the end, if there is one; it empties the queue.
 */
enum status fail_ssl(enum status st, const char *fmt, ...) PRINTF_LIKE(2, 3);

/*
 * Tells the analyzer, which sees one file at a time, that these functions
 * return the status that they are given.
 */
#if defined(__clang_analyzer__) && !defined(MCFG_DIAG_ITSELF)
#define fail(st, ...) ((void)fail((st), __VA_ARGS__), (st))
#define fail_errno(st, ...) ((void)fail_errno((st), __VA_ARGS__), (st))
#define fail_ssl(st, ...) ((void)fail_ssl((st), __VA_ARGS__), (st))
#endif

/*
 * diag_ssl_reason() returns the first reason in OpenSSL's error queue, or "no
 * reason given", and empties the queue.  The text is static.
 */
const char *diag_ssl_reason(void);

/*
 * diag_ssl_clear() empties OpenSSL's error queue.  If OpenSSL ran out of
 * memory, this function, diag_ssl_reason() and fail_ssl() end the process with
 * FAULT.
 */
void diag_ssl_clear(void);

/* warning() prints "tool: warning: ...". */
void warning(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* detail() prints a line only with --verbose. */
void detail(const char *fmt, ...) PRINTF_LIKE(1, 2);

/* note() always prints a line, which is neither a warning nor an error. */
void note(const char *fmt, ...) PRINTF_LIKE(1, 2);

/*
 * diag_escape() writes len bytes of text to out as one printable line of
 * UTF-8, and returns out.  size is that of out, which is always terminated;
 * longer text is truncated and ends with "...".  Control characters become \n,
 * \t or \xNN, invisible and bidirectional characters \uNNNN, broken UTF-8
 * \xNN; a backslash is not changed.
 */
char *diag_escape(const char *text, size_t len, char *out, size_t size);

/*
 * diag_invisible() returns the length of the invisible or bidirectional
 * character at the beginning of text (UTF-8), and its code point in *cp; 0 if
 * the first character is not one.
 */
size_t diag_invisible(const char *text, size_t len, uint32_t *cp);

/* True if text has no control, invisible or bidirectional character. */
bool diag_is_visible(const char *text, size_t len);

#endif
