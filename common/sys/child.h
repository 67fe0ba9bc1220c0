/*
 * child: runs a program of the owner of a site or a CA.
 *
 * It is started directly, without a shell, in a separate process group, with
 * only descriptors 0 to 2 and a fixed list of variables: nothing from a
 * request gets into its environment unless the caller puts it there.
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
	const char *const *arguments;	/* after its name, terminated by NULL;
					 * or NULL */
	const char *const *variables;	/* NAME=VALUE, terminated by NULL, in
					 * addition to PATH and LC_ALL=C; or
					 * NULL */
	const char *folder;		/* working directory; NULL: the
					 * process's */
	const struct buf *input;	/* for its standard input; or NULL */
	int seconds;			/* for everything; 0: CHILD_SECONDS */
	size_t most;			/* bytes of output at most; 0:
					 * CHILD_OUTPUT_MAX */
	struct buf *errors;		/* gets the beginning of its standard
					 * error; or NULL */
};

enum child_end {
	CHILD_EXITED,		/* code is its exit status */
	CHILD_SIGNALED,		/* code is the signal */
	CHILD_TOO_LONG,		/* killed at the time limit */
	CHILD_TOO_MUCH,		/* killed: more output than the limit */
};

struct child_result {
	enum child_end end;
	int code;
};

/*
 * child_run() runs a program and waits for its end.  One time limit covers
 * writing the input, reading the output and waiting; after it, the process
 * group is killed.  Standard output is appended to output, or goes to
 * /dev/null if that is NULL; standard error is this process's, unless
 * c->errors is set.  The program need not read its input.  Processes that it
 * leaves in the background are not waited for.  Returns FAULT if it cannot be
 * started; output and *result are then unchanged.
 */
enum status child_run(const struct child *c, struct buf *output,
    struct child_result *result) USE_RESULT;

/*
 * child_find() sets *path to the path of a program, which the caller frees: to
 * name if that has a slash, otherwise to the first match on PATH.  NULL if
 * there is none; as in a shell, a folder or file that this process may not use
 * counts as missing.  Returns FAULT if one cannot be examined for another
 * reason, since a later match might be another program.
 */
enum status child_find(const char *name, char **path) USE_RESULT;

/*
 * child_is_program() sets *is to whether path is an executable file, by the
 * same rules.
 */
enum status child_is_program(const char *path, bool *is) USE_RESULT;

/*
 * child_fail() prints why a result is not one of the expected exit statuses,
 * and returns FAULT.
 */
enum status child_fail(const struct child *c,
    const struct child_result *result);

#endif
