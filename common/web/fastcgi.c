/* FastCGI: answers requests on a socket, one after the other. */
#include <errno.h>
#include <fcntl.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#ifdef __linux__
#include <sys/epoll.h>
#include <sys/prctl.h>
#endif

/* Its own printf() and FILE are not used. */
#define NO_FCGI_DEFINES
#include <fcgiapp.h>

#include "web/local.h"

enum {
	HEAP_KEPT = 16 << 20,
	HEAP_STEP = 1 << 20,
};

bool
web_is_cgi(void)
{
	/*
	 * It ends the process if this fails, which only lack of memory can
	 * cause.
	 */
	if (FCGX_Init() != 0)
		mem_exhausted();
	return FCGX_IsCGI();
}

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
	int code;

	/* Closed here, the end of the request goes with the response. */
	if (FCGX_PutStr(p, (int)len, r->out) == (int)len &&
	    FCGX_FClose(r->err) == 0 && FCGX_FClose(r->out) == 0)
		return true;
	code = FCGX_GetError(r->out);
	errno = code > 0 ? code : EPIPE;	/* the others are its own */
	return false;
}

/*
 * Keeps the heap, instead of returning it and getting it again for each
 * request.
 */
static void
keep_heap(void)
{
#ifdef M_TRIM_THRESHOLD
	mallopt(M_TRIM_THRESHOLD, HEAP_KEPT);
	mallopt(M_TOP_PAD, HEAP_STEP);
#endif
}

/*
 * Returns a descriptor that wakes only one of the workers that wait for a
 * connection, or -1 if the system has none: with select(), each connection
 * wakes them all.
 */
static int
watch_alone(void)
{
	int watch = -1;
#ifdef EPOLLEXCLUSIVE
	struct epoll_event want = { .events = EPOLLIN | EPOLLEXCLUSIVE };

	if ((watch = epoll_create1(EPOLL_CLOEXEC)) != -1 &&
	    epoll_ctl(watch, EPOLL_CTL_ADD, STDIN_FILENO, &want) == -1) {
		close(watch);
		watch = -1;
	}
#endif
	return watch;
}

/* Waits for a connection; false if a signal came instead. */
static bool
wait_alone(int watch, const sigset_t *let_in)
{
#ifdef EPOLLEXCLUSIVE
	struct epoll_event got;

	return epoll_pwait(watch, &got, 1, -1, let_in) > 0;
#else
	(void)watch;
	(void)let_in;
	return false;
#endif
}

/*
 * The same, with select().  If the system does not signal the end of the
 * parent, that is checked every second.
 */
static bool
wait_with_all(const sigset_t *let_in)
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

/* Of several workers that wait, one gets the connection, the others EAGAIN. */
static bool
is_passing(int reason)
{
	return reason == -EAGAIN || reason == -EWOULDBLOCK ||
	    reason == -ECONNABORTED || reason == -EINTR;
}

enum status
web_serve_fastcgi(const sigset_t *let_in, web_handler *handler, void *arg)
{
	FCGX_Request r;
	int flags = fcntl(STDIN_FILENO, F_GETFL), watch, got;

	keep_heap();
	if (flags == -1 ||
	    fcntl(STDIN_FILENO, F_SETFL, flags | O_NONBLOCK) == -1 ||
	    FCGX_Init() != 0 ||
	    FCGX_InitRequest(&r, 0, FCGI_FAIL_ACCEPT_ON_INTR) != 0)
		return fail_errno(FAULT, "FastCGI: cannot begin");
	watch = watch_alone();
	while (!web_stopped) {
		struct web_exchange x = { fcgi_variable, fcgi_read, fcgi_write,
		    &r, 0, false, 0 };

		if (!(watch != -1 ? wait_alone(watch, let_in) :
		    wait_with_all(let_in)))
			continue;
		if ((got = FCGX_Accept_r(&r)) != 0) {
			if (is_passing(got))
				continue;
			return fail(FAULT, "FastCGI: cannot accept");
		}
		handler(&x, arg);
		/* A persistent connection would occupy this worker. */
		r.keepConnection = 0;
		FCGX_Finish_r(&r);
	}
	FCGX_Free(&r, 1);
	return OK;
}
