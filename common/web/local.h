/* Private to web/. */
#ifndef MCFG_WEB_LOCAL_H
#define MCFG_WEB_LOCAL_H

#include <signal.h>

#include "web/web.h"

/* A request of either kind, with the functions that access its parts. */
struct web_exchange {
	const char *(*variable)(struct web_exchange *x, const char *name);
	/*
	 * Returns the number of bytes read, 0 at the end, or one of the two
	 * values below.
	 */
	long (*read)(struct web_exchange *x, void *p, size_t len);
	/* Writes the whole response; false, with errno, if it cannot. */
	bool (*write)(struct web_exchange *x, const void *p, size_t len);
	void *of;		/* their argument */
	size_t taken;		/* bytes of the body read so far */
	bool ended;		/* the body, or the connection, has ended */
	int lost;		/* errno of a response that could not be
				 * written */
};

/* What the function that reads a body returns if it cannot. */
enum {
	WEB_BROKEN_OFF = -1,	/* by the client or its server */
	WEB_CANNOT_READ = -2,	/* our failure */
};

/* Reads and drops up to want bytes of the body. */
void web_drain_up_to(struct web_exchange *x, int64_t want);

/* Set by a signal that ends the process after the current request. */
extern volatile sig_atomic_t web_stopped;

/*
 * web_serve_cgi() calls the handler for the request of a CGI program.  Returns
 * FAULT if the response could not be written, which the handler has printed.
 */
enum status web_serve_cgi(web_handler *handler, void *arg) USE_RESULT;

/*
 * web_serve_fastcgi() calls the handler for each request on standard input
 * until web_stopped is set.  Signals are delivered only between requests;
 * let_in is the signal mask there.  Returns FAULT if the socket fails.
 */
enum status web_serve_fastcgi(const sigset_t *let_in, web_handler *handler,
    void *arg) USE_RESULT;

#endif
