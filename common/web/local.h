/* Private to web/. */
#ifndef MCFG_WEB_LOCAL_H
#define MCFG_WEB_LOCAL_H

#include <signal.h>

#include "web/web.h"

/* One request of any kind: how its parts are got at. */
struct web_exchange {
	const char *(*variable)(struct web_exchange *x, const char *name);
	/* Bytes read, 0 at the end, or one of the two below. */
	long (*read)(struct web_exchange *x, void *p, size_t len);
	bool (*write)(struct web_exchange *x, const void *p, size_t len);
	void *of;		/* what they are got from */
	size_t taken;		/* of its body */
	bool ended;		/* the body, or the connection */
	int lost;		/* errno of an answer that was not written */
};

enum {
	WEB_BROKEN_OFF = -1,	/* by the client, or its server */
	WEB_CANNOT_READ = -2,	/* a fault of ours */
};

/* Bytes read, which are counted; 0 at the end, or one of these two. */
long web_read(struct web_exchange *x, void *p, size_t len);

/* Set by a signal that ends the process after its current request. */
extern volatile sig_atomic_t web_stopped;

/*
 * web_serve_cgi() calls the handler for the request of a CGI program.  FAULT if
 * the answer cannot be written, unless the server does not wait for it.
 */
enum status web_serve_cgi(web_handler *handler, void *arg) USE_RESULT;

/*
 * web_serve_fastcgi() calls it for each request on standard input until
 * web_stopped is set; signals come in, as let_in says, only between requests.
 * FAULT if the socket fails.
 */
enum status web_serve_fastcgi(const sigset_t *let_in, web_handler *handler,
    void *arg) USE_RESULT;

#endif
