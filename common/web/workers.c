/* Runs the processes that answer requests, until a signal ends them. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "base/clock.h"
#include "web/local.h"

enum { SECOND = 1000000 };	/* in microseconds */

volatile sig_atomic_t web_stopped;

static void
stop(int sig)
{
	(void)sig;
	web_stopped = 1;
}

/*
 * Signals are delivered only while a process waits for its next task, so that
 * each task is completed.  multiwatch ends a worker with SIGUSR1, on which
 * libfcgi would not wait for the task.  *before gets the previous signal mask.
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

/* Asks for a signal when the parent ends, if the system supports that. */
static void
end_with_parent(void)
{
#ifdef PR_SET_PDEATHSIG
	prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
}

/*
 * A worker must not outlive its server, or the next server would use it.  But
 * a session leader was started by a program that ends on purpose, such as
 * spawn-fcgi, or by a service manager.  Returns false if the server has ended
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

struct workers {
	pid_t *pid;		/* 0: none */
	size_t n;
	int64_t last;		/* time of the last replacement, or 0 */
	sigset_t let_in;	/* signal mask of a worker that waits */
	web_handler *handler;
	void *arg;
};

/* Does not return in the child. */
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
	exit((int)web_serve_fastcgi(&w->let_in, w->handler, w->arg));
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
		if (!web_stopped)
			say_how(pid, how);
		for (i = 0; i < w->n; i++)
			if (w->pid[i] == pid)
				w->pid[i] = 0;
	}
}

/* Waits for a signal, for at most a second. */
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
		web_stopped = 1;
}

/*
 * Replaces one missing worker, at most one in a second, so that workers that
 * die immediately do not fill the log.
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
	while (st == OK && !web_stopped) {
		wait_for_signal();
		collect(w);
		if (!web_stopped && replace_one(w) != OK)
			continue;	/* another attempt follows */
	}
	web_stopped = 1;
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

	if (web_is_cgi())
		return web_serve_cgi(handler, arg);
	if (!end_with_server())
		return OK;
	hold_signals(&w.let_in);
	if (workers == 0)
		return web_serve_fastcgi(&w.let_in, handler, arg);
	w.pid = xcalloc(w.n, sizeof *w.pid);
	st = supervise(&w);
	free(w.pid);
	return st;
}
