#define _GNU_SOURCE	/* close_range */

#include "sys/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "base/clock.h"
#include "sys/local.h"
#include "sys/secret.h"

enum {
	SECOND = 1000000,		/* in microseconds */
	NANO = 1000,			/* in nanoseconds */
	CHUNK = 4 << 10,
	DESCRIPTORS = 65536,		/* closed one by one at most */
	NOT_RUN = 127,			/* status of a program that cannot be
					 * run */
	CLOSED = -1,
};

/* A running program. */
struct running {
	pid_t pid;
	int in, out, err;		/* our ends of the pipes, non-blocking;
					 * or CLOSED */
	const struct buf *input;
	size_t written;
	struct buf *output, *errors;
	size_t most;			/* limit for output, in bytes */
	int64_t end;			/* its time limit */
	int error;			/* errno of reading or writing, or 0 */
};

/* ---- in the child ---- */

static void
close_others(void)
{
	long fd, most = sysconf(_SC_OPEN_MAX);

#if defined(__linux__) && defined(CLOSE_RANGE_UNSHARE)
	if (close_range(STDERR_FILENO + 1, ~0U, 0) == 0)
		return;
#endif
	for (fd = STDERR_FILENO + 1; fd < most && fd < DESCRIPTORS; fd++)
		close((int)fd);
}

static void
default_signals(void)
{
	static const int signals[] = { SIGPIPE, SIGTERM, SIGINT, SIGHUP,
	    SIGCHLD, SIGXFSZ };
	struct sigaction act = { .sa_handler = SIG_DFL };
	sigset_t none;
	size_t i;

	for (i = 0; i < ARRAY_LEN(signals); i++)
		sigaction(signals[i], &act, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The child ends with this process, if the system supports that. */
static void
follow(pid_t parent)
{
#ifdef __linux__
	prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
	if (getppid() != parent)
		_exit(NOT_RUN);
}

/* Returns head, then the strings of tail, which may be NULL, then NULL. */
static char *const *
vector(const char *const *head, size_t n, const char *const *tail)
{
	const char **v;
	size_t i, more = 0;

	while (tail != NULL && tail[more] != NULL)
		more++;
	v = xcalloc(n + more + 1, sizeof *v);
	for (i = 0; i < n; i++)
		v[i] = head[i];
	for (i = 0; i < more; i++)
		v[n + i] = tail[i];
	return (char *const *)(uintptr_t)v;
}

static void
become(const struct child *c, pid_t parent, int in, int out, int err)
{
	const char *own = secret_env("PATH");
	auto_char *path = xasprintf("PATH=%s", own != NULL ? own :
	    "/usr/local/bin:/usr/bin:/bin");
	const char *const always[] = { path, "LC_ALL=C" };
	char *const *argv = vector(&c->path, 1, c->arguments);
	char *const *variables = vector(always, ARRAY_LEN(always),
	    c->variables);

	setpgid(0, 0);
	follow(parent);
	if (dup2(in, STDIN_FILENO) == -1 || dup2(out, STDOUT_FILENO) == -1 ||
	    (err != CLOSED && dup2(err, STDERR_FILENO) == -1) ||
	    (c->folder != NULL && chdir(c->folder) == -1))
		_exit(NOT_RUN);
	close_others();
	default_signals();
	execve(c->path, argv, variables);
	_exit(NOT_RUN);
}

/* ---- starting ---- */

/* The descriptors must fit select(); exec closes the child's ends. */
static bool
make_pipe(int ends[2])
{
	int i;

	if (pipe(ends) == -1)
		return false;
	for (i = 0; i < 2; i++)
		if (ends[i] >= FD_SETSIZE ||
		    fcntl(ends[i], F_SETFD, FD_CLOEXEC) == -1) {
			close(ends[0]);
			close(ends[1]);
			errno = EMFILE;
			return false;
		}
	return true;
}

static void
close_end(int *fd)
{
	if (*fd != CLOSED)
		close(*fd);
	*fd = CLOSED;
}

static void
running_free(struct running *r)
{
	close_end(&r->in);
	close_end(&r->out);
	close_end(&r->err);
}

/* The child's ends of the pipes, or of /dev/null. */
struct ends {
	int in, out, err;
};

static void
ends_free(struct ends *e)
{
	close_end(&e->in);
	close_end(&e->out);
	close_end(&e->err);
}

/* Opens a pipe from the child to this process. */
static enum status
open_back(const struct child *c, int *ours, int *its)
{
	int p[2];

	if (!make_pipe(p))
		return fail_errno(FAULT, "%s: no pipe", c->path);
	*ours = p[0];
	*its = p[1];
	return fcntl(*ours, F_SETFL, O_NONBLOCK) != -1 ? OK :
	    fail_errno(FAULT, "%s: no pipe", c->path);
}

static enum status
open_ends(const struct child *c, struct running *r, struct ends *e)
{
	enum status st;
	int p[2];

	if (!make_pipe(p))
		return fail_errno(FAULT, "%s: no pipe", c->path);
	e->in = p[0];
	r->in = p[1];
	if (r->errors != NULL &&
	    (st = open_back(c, &r->err, &e->err)) != OK)
		return st;
	if (r->output != NULL)
		return open_back(c, &r->out, &e->out);
	e->out = open("/dev/null", O_WRONLY | O_CLOEXEC);
	return e->out != CLOSED ? OK : fail_errno(FAULT,
	    "/dev/null: cannot open");
}

static enum status
start(const struct child *c, struct running *r)
{
	AUTO(ends_free) struct ends e = { CLOSED, CLOSED, CLOSED };
	pid_t self = getpid();
	enum status st;

	if ((st = open_ends(c, r, &e)) != OK)
		return st;
	if (fcntl(r->in, F_SETFL, O_NONBLOCK) == -1)
		return fail_errno(FAULT, "%s: no pipe", c->path);
	if ((r->pid = fork()) == 0)
		become(c, self, e.in, e.out, e.err);
	if (r->pid == -1)
		return fail_errno(FAULT, "%s: cannot fork", c->path);
	setpgid(r->pid, r->pid);	/* both processes do this; the first one
					 * counts */
	return OK;
}

/* ---- while it runs ---- */

static bool
is_later(int error)
{
	return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

static void
feed(struct running *r)
{
	size_t left = r->input != NULL ? r->input->len - r->written : 0;
	ssize_t n;

	if (left > 0) {
		n = write(r->in, r->input->data + r->written, left);
		if (n == -1 && is_later(errno))
			return;
		if (n > 0)
			r->written += (size_t)n;
		if (n > 0 && (size_t)n < left)
			return;
		if (n == -1 && errno != EPIPE)
			r->error = errno;
	}
	/* Everything is written, or the program does not read the rest. */
	close_end(&r->in);
}

/* Reads what is available; false if it exceeds the limit. */
static bool
take(struct running *r)
{
	unsigned char chunk[CHUNK];
	ssize_t n;

	while ((n = read(r->out, chunk, sizeof chunk)) > 0) {
		if (r->output->len + (size_t)n > r->most)
			return false;
		buf_add(r->output, chunk, (size_t)n);
	}
	if (n == -1 && !is_later(errno))
		r->error = errno;
	if (n == 0 || !is_later(errno))
		close_end(&r->out);
	return true;
}

/* Keeps the beginning of standard error, and reads and drops the rest. */
static void
listen_to(struct running *r)
{
	unsigned char chunk[CHUNK];
	ssize_t n;

	while ((n = read(r->err, chunk, sizeof chunk)) > 0) {
		size_t room = CHILD_ERRORS_MAX - r->errors->len;

		buf_add(r->errors, chunk, (size_t)n < room ? (size_t)n : room);
	}
	if (n == 0 || !is_later(errno))
		close_end(&r->err);
}

static void
ignore_signal(int signal)
{
	(void)signal;
}

/*
 * SIGCHLD is blocked except while pselect() waits, so that the end of a child
 * just before that is not missed.
 */
struct signals {
	struct sigaction action;
	sigset_t mask, waiting;
};

static void
watch(struct signals *s)
{
	struct sigaction act = { .sa_handler = ignore_signal };
	sigset_t child;

	sigemptyset(&act.sa_mask);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigaction(SIGCHLD, &act, &s->action);
	sigprocmask(SIG_BLOCK, &child, &s->mask);
	s->waiting = s->mask;
	sigdelset(&s->waiting, SIGCHLD);
}

static void
unwatch(struct signals *s)
{
	sigaction(SIGCHLD, &s->action, NULL);
	sigprocmask(SIG_SETMASK, &s->mask, NULL);
}

/* Waits until something can be done; false when the time is over. */
static bool
wait_for_more(struct running *r, const struct signals *s)
{
	int64_t left = r->end - clock_monotonic();
	struct timespec time = { (time_t)(left / SECOND),
	    (long)(left % SECOND * NANO) };
	int most = r->in > r->out ? r->in : r->out, n;
	fd_set readable, writable;

	if (left <= 0)
		return false;
	FD_ZERO(&readable);
	FD_ZERO(&writable);
	if (r->in != CLOSED)
		FD_SET(r->in, &writable);
	if (r->out != CLOSED)
		FD_SET(r->out, &readable);
	if (r->err != CLOSED)
		FD_SET(r->err, &readable);
	n = pselect((most > r->err ? most : r->err) + 1, &readable, &writable,
	    NULL, &time, &s->waiting);
	if (n > 0 && r->in != CLOSED && FD_ISSET(r->in, &writable))
		feed(r);
	return true;
}

static void
end_by_force(struct running *r)
{
	int code;

	kill(-r->pid, SIGKILL);
	kill(r->pid, SIGKILL);		/* in case it has no group yet */
	while (waitpid(r->pid, &code, 0) == -1 && errno == EINTR)
		;
}

static enum status
attend(const struct child *c, struct running *r, const struct signals *s,
    struct child_result *result)
{
	pid_t got;
	int code, why;

	for (;;) {
		/* waitpid() comes first, so that no output is missed. */
		got = waitpid(r->pid, &code, WNOHANG);
		why = errno;
		if (r->err != CLOSED)
			listen_to(r);
		if (r->out != CLOSED && !take(r)) {
			if (got != r->pid)
				end_by_force(r);
			result->end = CHILD_TOO_MUCH;
			return OK;
		}
		if (got == r->pid)
			break;
		if (got == -1 && why != EINTR) {
			errno = why;
			return fail_errno(FAULT, "%s: cannot wait for the "
			    "program to end", c->path);
		}
		if (!wait_for_more(r, s)) {
			end_by_force(r);
			result->end = CHILD_TOO_LONG;
			return OK;
		}
	}
	if (r->error != 0) {
		errno = r->error;
		return fail_errno(FAULT, "%s: cannot write its input or read "
		    "its output", c->path);
	}
	result->end = WIFEXITED(code) ? CHILD_EXITED : CHILD_SIGNALED;
	result->code = WIFEXITED(code) ? WEXITSTATUS(code) : WTERMSIG(code);
	return OK;
}

enum status
child_run(const struct child *c, struct buf *output,
    struct child_result *result)
{
	int seconds = c->seconds > 0 ? c->seconds : CHILD_SECONDS;
	auto_buf taken = BUF_INIT, heard = BUF_INIT;
	AUTO(running_free) struct running r = { .in = CLOSED, .out = CLOSED,
	    .err = CLOSED, .input = c->input,
	    .output = output != NULL ? &taken : NULL,
	    .errors = c->errors != NULL ? &heard : NULL,
	    .most = c->most > 0 ? c->most : CHILD_OUTPUT_MAX,
	    .end = clock_monotonic() + (int64_t)seconds * SECOND };
	struct child_result got = { CHILD_EXITED, 0 };
	struct signals s;
	enum status st;

	watch(&s);
	if ((st = start(c, &r)) == OK)
		st = attend(c, &r, &s, &got);
	unwatch(&s);
	if (c->errors != NULL)
		buf_add_buf(c->errors, &heard);
	if (st != OK)
		return st;
	if (output != NULL)
		buf_add_buf(output, &taken);
	*result = got;
	return OK;
}

/*
 * After stat(2) or access(2) failed: true if it certainly does not exist for
 * us.
 */
static bool
is_none(void)
{
	return errno == ENOENT || errno == ENOTDIR || errno == EACCES;
}

enum status
child_is_program(const char *path, bool *is)
{
	struct stat sb;
	bool seen = stat(path, &sb) == 0;

	*is = seen && S_ISREG(sb.st_mode) && access(path, X_OK) == 0;
	if (*is || (seen && !S_ISREG(sb.st_mode)) || is_none())
		return OK;
	return io_cannot_look(path);
}

enum status
child_find(const char *name, char **path)
{
	const char *p = secret_env("PATH");
	enum status st;
	bool is;

	*path = strchr(name, '/') != NULL ? xstrdup(name) : NULL;
	while (*path == NULL && p != NULL && *name != '\0') {
		size_t n = strcspn(p, ":");
		auto_char *file = xasprintf("%.*s%s%s", (int)n, p,
		    n > 0 ? "/" : "./", name);

		if ((st = child_is_program(file, &is)) != OK)
			return st;
		if (is)
			*path = STEAL(file);
		p = p[n] == ':' ? p + n + 1 : NULL;
	}
	return OK;
}

enum status
child_fail(const struct child *c, const struct child_result *result)
{
	int seconds = c->seconds > 0 ? c->seconds : CHILD_SECONDS;

	switch (result->end) {
	case CHILD_TOO_LONG:
		return fail(FAULT, "%s: killed: it took longer than %d "
		    "seconds", c->path, seconds);
	case CHILD_TOO_MUCH:
		return fail(FAULT, "%s: killed: it wrote more than %zu bytes",
		    c->path, c->most > 0 ? c->most :
		    (size_t)CHILD_OUTPUT_MAX);
	case CHILD_SIGNALED:
		return fail(FAULT, "%s: ended by signal %d", c->path,
		    result->code);
	default:
		if (result->code == NOT_RUN)
			return fail(FAULT, "%s: cannot be run (status 127): "
			    "it, the interpreter in its #! line, or a command "
			    "that it calls is missing or not executable",
			    c->path);
		return fail(FAULT, "%s: unexpected status %d", c->path,
		    result->code);
	}
}
