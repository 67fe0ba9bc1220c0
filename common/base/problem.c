#define MCFG_PROBLEM_ITSELF
#include "base/problem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { RAW_MAX = 4096 };	/* of a line before it is escaped */

static struct problem *kept;	/* the innermost of problem_keep() */

void
problem_clear(struct problem *p)
{
	p->st = OK;
	p->line = p->column = 0;
	p->text[0] = '\0';
	p->reason = 0;
	p->error = 0;
}

static void PRINTF_LIKE(3, 0)
set(struct problem *p, enum status st, const char *fmt, va_list ap)
{
	char raw[RAW_MAX];

	vsnprintf(raw, sizeof raw, fmt, ap);
	problem_clear(p);
	diag_escape(raw, strlen(raw), p->text, sizeof p->text);
	p->st = st;
}

enum status
problem_set(struct problem *p, enum status st, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(p, st, fmt, ap);
	va_end(ap);
	return st;
}

enum status
problem_errno(struct problem *p, enum status st, const char *fmt, ...)
{
	int error = errno;
	size_t n;
	va_list ap;

	va_start(ap, fmt);
	set(p, st, fmt, ap);
	va_end(ap);
	n = strlen(p->text);
	snprintf(p->text + n, sizeof p->text - n, ": %s", strerror(error));
	p->error = error;
	return st;
}

enum status
problem_at(struct problem *p, enum status st, unsigned long line,
    unsigned long column, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	set(p, st, fmt, ap);
	va_end(ap);
	p->line = line;
	p->column = column;
	return st;
}

char *
problem_line(const struct problem *p, char line[PROBLEM_TEXT])
{
	char raw[RAW_MAX], at[64] = "";
	bool has_name = p->name != NULL;

	if (p->column > 0)
		snprintf(at, sizeof at, ":%lu:%lu", p->line, p->column);
	else if (p->line > 0)
		snprintf(at, sizeof at, ":%lu", p->line);
	snprintf(raw, sizeof raw, "%s%s%s%s", has_name ? p->name : "", at,
	    has_name ? ": " : "", p->text);
	return diag_escape(raw, strlen(raw), line, PROBLEM_TEXT);
}

char *
problem_phrase(const struct problem *p, char line[PROBLEM_TEXT])
{
	char at[64] = "";

	if (p->column > 0)
		snprintf(at, sizeof at, " (line %lu, column %lu)", p->line,
		    p->column);
	else if (p->line > 0)
		snprintf(at, sizeof at, " (line %lu)", p->line);
	snprintf(line, PROBLEM_TEXT, "%.*s%s",
	    (int)(PROBLEM_TEXT - sizeof at), p->text, at);
	return line;
}

enum status
problem_print(const struct problem *p)
{
	char line[PROBLEM_TEXT];

	(void)fail(p->st, "%s", problem_line(p, line));
	if (kept != NULL)
		kept->error = p->error;
	return p->st;
}

static void
take(enum status st, int error, const char *text, void *arg)
{
	struct problem *p = arg;

	problem_set(p, st, "%s", text);
	p->error = error;
}

static void
take_for(struct problem *p)
{
	kept = p;
	diag_take(p != NULL ? take : NULL, p);
}

void
problem_keep(struct problem *p)
{
	p->outer = kept;
	take_for(p);
}

void
problem_release(struct problem *p)
{
	take_for(p->outer);
}
