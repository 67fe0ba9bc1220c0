/*
 * problem: what is wrong with something that was judged, for a caller that
 * does more than print it: a finding of a list, the log line of a request, a
 * note in a report.  A function that judges fills one in and prints nothing:
 *
 *	struct problem why = { .name = "request" };
 *
 *	if ((st = tree_read(in, NULL, &why, &t)) != OK)
 *		return problem_print(&why);
 */
#ifndef MCFG_BASE_PROBLEM_H
#define MCFG_BASE_PROBLEM_H

#include "base/diag.h"

enum { PROBLEM_TEXT = 1200 };	/* no more of a line is shown */

struct problem {
	const char *name;	/* of the input, for the line; NULL: the text
				 * is the whole line.  Borrowed. */
	enum status st;		/* OK as long as there is none */
	unsigned long line, column;	/* in the input, or 0 */
	int error;		/* the errno that text describes, or 0 */
	char text[PROBLEM_TEXT];	/* escaped as in diag_escape() */
	size_t reason;		/* its offset in text, after the path of a
				 * value */
	struct problem *outer;	/* for problem_keep() */
};

/*
 * problem_set() fills in the text and the status, and returns the status.  It
 * keeps the name and replaces everything else.
 */
enum status problem_set(struct problem *p, enum status st, const char *fmt,
    ...) PRINTF_LIKE(3, 4);

/* problem_errno() is problem_set() with ": " and strerror(errno) at the end. */
enum status problem_errno(struct problem *p, enum status st, const char *fmt,
    ...) PRINTF_LIKE(3, 4);

/* problem_at() is problem_set() of a place in the input. */
enum status problem_at(struct problem *p, enum status st, unsigned long line,
    unsigned long column, const char *fmt, ...) PRINTF_LIKE(5, 6);

/* As for fail(): the status that goes in comes out. */
#if defined(__clang_analyzer__) && !defined(MCFG_PROBLEM_ITSELF)
#define problem_set(p, st, ...)	\
	((void)problem_set((p), (st), __VA_ARGS__), (st))
#define problem_errno(p, st, ...) \
	((void)problem_errno((p), (st), __VA_ARGS__), (st))
#define problem_at(p, st, line, column, ...) \
	((void)problem_at((p), (st), (line), (column), __VA_ARGS__), (st))
#endif

/* problem_clear() removes a problem that was solved; the name stays. */
void problem_clear(struct problem *p);

/*
 * problem_line() writes "name:line:column: text", as far as these are known,
 * into line and returns it.
 */
char *problem_line(const struct problem *p, char line[PROBLEM_TEXT]);

/*
 * problem_phrase() writes the text, followed by " (line 2, column 7)" if the
 * place is known, into line and returns it.  It is for a sentence that
 * names the input itself.
 */
char *problem_phrase(const struct problem *p, char line[PROBLEM_TEXT]);

/*
 * problem_print() prints problem_line() with fail(), and returns the status.
 * If problem_keep() is in force, the problem that it keeps gets p's errno, too.
 */
enum status problem_print(const struct problem *p);

/*
 * problem_keep() is for work that can fail in many ways, but leaves one line,
 * such as a request or a row.  Until problem_release(), fail*() prints nothing,
 * and the last call fills in p.  Pairs may be nested.
 */
void problem_keep(struct problem *p);
void problem_release(struct problem *p);

#endif
