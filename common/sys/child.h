/*
 * child: runs a program that the owner of a site or a CA has written.
 *
 * It is started directly, no shell in between, in its own process group,
 * with descriptors 0 to 2 alone and a fixed list of variables: nothing of a
 * request gets into its environment, unless the caller names it.
 */
#ifndef MCFG_SYS_CHILD_H
#define MCFG_SYS_CHILD_H

#include "base/buf.h"

enum {
	CHILD_SECONDS = 30,
	CHILD_OUTPUT_MAX = 64 << 10,
	CHILD_ERRORS_MAX = 4 << 10,
};

struct child {
	const char *path;		/* an executable file */
	const char *const *arguments;	/* behind its name, up to NULL; or
					 * NULL */
	const char *const *variables;	/* NAME=VALUE, up to NULL, besides PATH
					 * and LC_ALL=C; or NULL */
	const char *folder;		/* in which it works; NULL: this
					 * process's */
	const struct buf *input;	/* for its standard input; or NULL */
	int seconds;			/* for all of it; 0: CHILD_SECONDS */
	size_t most;			/* bytes of output; 0:
					 * CHILD_OUTPUT_MAX */
	struct buf *errors;		/* appended to: the beginning of what it
					 * writes to standard error; or NULL */
};

enum child_end {
	CHILD_EXITED,		/* by itself: code is its status */
	CHILD_SIGNALED,		/* code is the signal */
	CHILD_TOO_LONG,		/* the time was over: it was killed */
	CHILD_TOO_MUCH,		/* more output than CHILD_OUTPUT_MAX: likewise */
};

struct child_result {
	enum child_end end;
	int code;
};

/*
 * child_run() runs it until it ends.  Writing the input, reading the output
 * and waiting share the one limit of time; at its end the process group is
 * killed.  Standard output is appended to output, or goes to /dev/null if that
 * is NULL; standard error is this process's, unless c->errors is there.  A program that does not read its
 * input may end without it.  What it leaves running in the background is not
 * waited for.  FAULT if it cannot be started; output and *result are then
 * untouched.
 */
enum status child_run(const struct child *c, struct buf *output,
    struct child_result *result) USE_RESULT;

/*
 * child_find() sets *path to that of a program, which the caller frees: name
 * itself if there is a slash in it, else what PATH leads to.  NULL if there is
 * none; a folder or file that this process may not use counts as missing, as in
 * a shell.  FAULT if one cannot be looked at for another reason: a program
 * further on could be another one.
 */
enum status child_find(const char *name, char **path) USE_RESULT;

/* child_is_program() sets *is if path is a file that can be run, likewise. */
enum status child_is_program(const char *path, bool *is) USE_RESULT;

/*
 * child_fail() prints why a result is not a status that the caller expects,
 * and returns FAULT.
 */
enum status child_fail(const struct child *c,
    const struct child_result *result);

#endif
