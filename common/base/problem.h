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
	char text[PROBLEM_TEXT];	/* escaped as in diag_escape() */
	size_t reason;		/* where in text it begins, behind the path of
				 * a value */
};

/*
 * problem_set() fills in the status, which it returns, and the text; what was
 * there is forgotten, but for the name.
 */
enum status problem_set(struct problem *p, enum status st, const char *fmt,
    ...) PRINTF_LIKE(3, 4);

/* problem_at() is problem_set() of a place in the input. */
enum status problem_at(struct problem *p, enum status st, unsigned long line,
    unsigned long column, const char *fmt, ...) PRINTF_LIKE(5, 6);

/* problem_clear() is for one that was mended: there is none any more. */
void problem_clear(struct problem *p);

/*
 * problem_line() writes "name:line:column: text", as far as these are known,
 * into line and returns it.
 */
char *problem_line(const struct problem *p, char line[PROBLEM_TEXT]);

/* problem_print() prints that line with fail(), and returns the status. */
enum status problem_print(const struct problem *p);

#endif
