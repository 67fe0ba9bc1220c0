/* The processes that answer: CGI for one request, FastCGI for all. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#ifdef __linux__
#include <sys/prctl.h>
#endif

/* Its printf() and FILE are not used here. */
#define NO_FCGI_DEFINES
#include <fcgiapp.h>

#include "base/clock.h"
#include "sys/secret.h"
#include "web/local.h"

enum {
	HEAP_KEPT = 16 << 20,
	HEAP_STEP = 1 << 20,
	SECOND = 1000000,	/* in microseconds */
};

static volatile sig_atomic_t stopped;

bool
web_is_cgi(void)
{
	return FCGX_IsCGI();
}

/* ---- CGI ---- */

static const char *
cgi_variable(struct web_exchange *x, const char *name)
{
	(void)x;
	return secret_env(name);
}

static long
cgi_read(struct web_exchange *x, void *p, size_t len)
{
	ssize_t n;

	(void)x;
	do
		n = read(STDIN_FILENO, p, len);
	while (n == -1 && errno == EINTR);
	return (long)n;
}

static bool
cgi_write(struct web_exchange *x, const void *p, size_t len)
{
	const char *at = p;
	ssize_t n;

	(void)x;
	for (; len > 0; at += n, len -= (size_t)n) {
		n = write(STDOUT_FILENO, at, len);
		if (n == -1 && errno == EINTR)
			n = 0;
		if (n == -1)
			return false;
	}
	return true;
}

/* A server may end a program that it has got everything of. */
static void
serve_one(web_handler *handler, void *arg)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct web_exchange x = { cgi_variable, cgi_read, cgi_write, NULL, 0,
	    false };

	sigaction(SIGTERM, &ignore, NULL);
	handler(&x, arg);
}

/* ---- FastCGI ---- */

static const char *
fcgi_variable(struct web_exchange *x, const char *name)
{
	const FCGX_Request *r = x->of;

	return FCGX_GetParam(name, r->envp);
}

static long
fcgi_read(struct web_exchange *x, void *p, size_t len)
{
	const FCGX_Request *r = x->of;
	int n = FCGX_GetStr(p, (int)len, r->in);

	return FCGX_GetError(r->in) != 0 ? -1 : n;
}

static bool
fcgi_write(struct web_exchange *x, const void *p, size_t len)
{
	const FCGX_Request *r = x->of;

	return FCGX_PutStr(p, (int)len, r->out) == (int)len &&
	    FCGX_FFlush(r->out) == 0;
}

static void
stop(int sig)
{
	(void)sig;
	stopped = 1;
}

/*
 * Signals are let in only where a process waits for its next task: what it does
 * is done to the end.  SIGUSR1 is multiwatch's way to end a worker, which
 * libfcgi would take, but not wait for.  *before is what was blocked until now.
 */
static void
hold_signals(sigset_t *before)
{
	struct sigaction act = { .sa_handler = stop };
	sigset_t held;

	sigemptyset(&held);
	sigaddset(&held, SIGTERM);
	sigaddset(&held, SIGINT);
	sigaddset(&held, SIGUSR1);
	sigaddset(&held, SIGCHLD);
	sigprocmask(SIG_BLOCK, &held, before);
	sigdelset(before, SIGTERM);
	sigdelset(before, SIGINT);
	sigdelset(before, SIGUSR1);
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	sigaction(SIGUSR1, &act, NULL);
}

/* A signal when the parent ends, if the system has that. */
static void
end_with_parent(void)
{
#ifdef PR_SET_PDEATHSIG
	prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
}

/*
 * A worker does not outlive its server, or the next one uses it.  But what
 * leads its own session was begun by a program that goes on purpose, as
 * spawn-fcgi does, or by a manager of services.  False if the server is gone
 * already.
 */
static bool
end_with_server(void)
{
	if (getsid(0) == getpid())
		return true;
	end_with_parent();
	return getppid() != 1;
}

/* The heap is not given back and fetched again at each request. */
static void
keep_heap(void)
{
#ifdef M_TRIM_THRESHOLD
	mallopt(M_TRIM_THRESHOLD, HEAP_KEPT);
	mallopt(M_TOP_PAD, HEAP_STEP);
#endif
}

/*
 * Waits for a connection; false if a signal came instead.  A system that does
 * not signal the end of a parent is asked for it every second.
 */
static bool
wait_for_request(const sigset_t *let_in)
{
	static pid_t parent;
	fd_set set;
	int n;
#ifdef PR_SET_PDEATHSIG
	const struct timespec *until = NULL;
#else
	const struct timespec second = { 1, 0 }, *until = &second;
#endif

	if (parent == 0)
		parent = getppid();
	do {
		FD_ZERO(&set);
		FD_SET(STDIN_FILENO, &set);
		n = pselect(STDIN_FILENO + 1, &set, NULL, NULL, until, let_in);
	} while (n == 0 && getppid() == parent);
	return n > 0;
}

/* Of several that wait one gets the connection, and the others EAGAIN. */
static bool
is_passing(int reason)
{
	return reason == -EAGAIN || reason == -EWOULDBLOCK ||
	    reason == -ECONNABORTED || reason == -EINTR;
}

static enum status
work(const sigset_t *let_in, web_handler *handler, void *arg)
{
	FCGX_Request r;
	int flags = fcntl(STDIN_FILENO, F_GETFL), got;

	keep_heap();
	if (flags == -1 ||
	    fcntl(STDIN_FILENO, F_SETFL, flags | O_NONBLOCK) == -1 ||
	    FCGX_Init() != 0 ||
	    FCGX_InitRequest(&r, 0, FCGI_FAIL_ACCEPT_ON_INTR) != 0)
		return fail_errno(FAULT, "FastCGI: cannot begin");
	while (!stopped) {
		struct web_exchange x = { fcgi_variable, fcgi_read, fcgi_write,
		    &r, 0, false };

		if (!wait_for_request(let_in))
			continue;
		if ((got = FCGX_Accept_r(&r)) != 0) {
			if (is_passing(got))
				continue;
			return fail(FAULT, "FastCGI: cannot accept");
		}
		handler(&x, arg);
		/* A connection that stays would have this worker alone. */
		r.keepConnection = 0;
		FCGX_Finish_r(&r);
	}
	FCGX_Free(&r, 1);
	return OK;
}

/* ---- workers ---- */

struct workers {
	pid_t *pid;		/* 0: none */
	size_t n;
	int64_t last;		/* when one was replaced, or 0 */
	sigset_t let_in;	/* by a worker that waits */
	web_handler *handler;
	void *arg;
};

/* In the child this does not return. */
static enum status
start_worker(struct workers *w, pid_t *pid)
{
	pid_t parent = getpid();

	if ((*pid = fork()) == -1) {
		*pid = 0;
		return fail_errno(FAULT, "cannot start a worker");
	}
	if (*pid != 0)
		return OK;
	end_with_parent();
	if (getppid() != parent)
		_exit(0);
	exit((int)work(&w->let_in, w->handler, w->arg));
}

static bool
is_any_left(const struct workers *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (w->pid[i] != 0)
			return true;
	return false;
}

static void
stop_all(const struct workers *w)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (w->pid[i] != 0)
			kill(w->pid[i], SIGTERM);
}

static void
say_how(pid_t pid, int how)
{
	if (WIFSIGNALED(how))
		warning("worker %ld ended by signal %d", (long)pid,
		    WTERMSIG(how));
	else
		warning("worker %ld ended with status %d", (long)pid,
		    WEXITSTATUS(how));
}

static void
collect(struct workers *w)
{
	pid_t pid;
	size_t i;
	int how;

	while ((pid = waitpid(-1, &how, WNOHANG)) > 0) {
		if (!stopped)
			say_how(pid, how);
		for (i = 0; i < w->n; i++)
			if (w->pid[i] == pid)
				w->pid[i] = 0;
	}
}

/* Waits for a signal, at most a second. */
static void
wait_for_signal(void)
{
	const struct timespec second = { .tv_sec = 1 };
	sigset_t set;
	int sig;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGCHLD);
	sig = sigtimedwait(&set, NULL, &second);
	if (sig == SIGTERM || sig == SIGINT || sig == SIGUSR1)
		stopped = 1;
}

/*
 * One of those that are missing, at most one a second: what dies at once does
 * not fill the log.
 */
static enum status
replace_one(struct workers *w)
{
	int64_t now = clock_monotonic();
	size_t i;

	for (i = 0; i < w->n && w->pid[i] != 0; i++)
		continue;
	if (i == w->n || (w->last != 0 && now - w->last < SECOND))
		return OK;
	w->last = now;
	return start_worker(w, &w->pid[i]);
}

static enum status
supervise(struct workers *w)
{
	enum status st = OK;
	size_t i;

	for (i = 0; i < w->n && st == OK; i++)
		st = start_worker(w, &w->pid[i]);
	while (st == OK && !stopped) {
		wait_for_signal();
		collect(w);
		if (!stopped && replace_one(w) != OK)
			continue;	/* it is tried again */
	}
	stopped = 1;
	while (is_any_left(w)) {
		stop_all(w);
		wait_for_signal();
		collect(w);
	}
	return st;
}

enum status
web_serve(long workers, web_handler *handler, void *arg)
{
	struct workers w = { NULL, (size_t)workers, 0, .handler = handler,
	    .arg = arg };
	enum status st;

	if (web_is_cgi()) {
		serve_one(handler, arg);
		return OK;
	}
	if (!end_with_server())
		return OK;
	hold_signals(&w.let_in);
	if (workers == 0)
		return work(&w.let_in, handler, arg);
	w.pid = xcalloc(w.n, sizeof *w.pid);
	st = supervise(&w);
	free(w.pid);
	return st;
}

/* ---- in memory ---- */

struct memory {
	const char *const *variables;
	const struct buf *body;
	size_t at;
	struct buf *out;
};

static const char *
memory_variable(struct web_exchange *x, const char *name)
{
	const struct memory *m = x->of;
	size_t n = strlen(name), i;

	for (i = 0; m->variables[i] != NULL; i++)
		if (strncmp(m->variables[i], name, n) == 0 &&
		    m->variables[i][n] == '=')
			return m->variables[i] + n + 1;
	return NULL;
}

static long
memory_read(struct web_exchange *x, void *p, size_t len)
{
	struct memory *m = x->of;
	size_t n = m->body->len - m->at < len ? m->body->len - m->at : len;

	if (n > 0)
		memcpy(p, m->body->data + m->at, n);
	m->at += n;
	return (long)n;
}

static bool
memory_write(struct web_exchange *x, const void *p, size_t len)
{
	const struct memory *m = x->of;

	buf_add(m->out, p, len);
	return true;
}

void
web_from_memory(const char *const *variables, const struct buf *body,
    struct buf *out, web_handler *handler, void *arg)
{
	struct memory m = { variables, body, 0, out };
	struct web_exchange x = { memory_variable, memory_read, memory_write,
	    &m, 0, false };

	handler(&x, arg);
}
