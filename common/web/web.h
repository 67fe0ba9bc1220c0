/*
 * web: HTTP requests that a web server hands on, as FastCGI to a process that
 * stays, or as CGI to one that answers a single request.  Both look the same
 * to the handler.
 *
 * Everything in a request was written by a stranger, or by anybody who may
 * connect to the socket: a parameter is data, and never becomes a variable of
 * the environment, a path or an option.
 */
#ifndef MCFG_WEB_WEB_H
#define MCFG_WEB_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* ---- one request, and its answer ---- */

struct web_exchange;

/* The value of a variable of CGI/1.1 (RFC 3875), borrowed, or NULL. */
const char *web_variable(struct web_exchange *x, const char *name);

/* What HTTP says about a request that is not answered as asked. */
struct web_verdict {
	int code;		/* 0: go on */
	const char *reason;	/* for the log; static */
};

/*
 * web_length() reads CONTENT_LENGTH, leading zeros or not: -1 if there is
 * none, -2 if it is not a number.  What has more digits than fit is larger than
 * every limit.
 */
int64_t web_length(struct web_exchange *x);

/*
 * web_read_body() appends the body, CONTENT_LENGTH bytes, to body: 413 if that
 * is more than max, 400 if it is not a number, if fewer bytes come, or for an
 * empty body, 500 if it cannot be read.  If no length is given, it is 411, or
 * with chunked all that comes is the body.
 */
struct web_verdict web_read_body(struct web_exchange *x, size_t max,
    bool chunked, struct buf *body);

/*
 * web_drain() reads up to a million bytes of a body that nobody wants: some
 * servers take it for a broken program if one answers before it has read all.
 */
void web_drain(struct web_exchange *x);

/* Writes to the web server; false if it has gone. */
bool web_write(struct web_exchange *x, const struct buf *out);

/* "Not Found" of 404; "Internal Server Error" of a code that is not used. */
const char *web_phrase(int code);

/* "Status: 404 Not Found", a line of a CGI header. */
void web_put_status(struct buf *out, int code);

/*
 * web_put_attachment() appends the header of a response for a body of len bytes
 * that a browser saves under a name, and nobody stores on the way.
 */
void web_put_attachment(struct buf *out, const char *name, const char *type,
    size_t len);

/* ---- queries ---- */

/*
 * web_query() calls fn for each NAME=VALUE of a query in its order, both as
 * they are there; value is NULL if there is no equals sign.  It stops at the
 * first verdict that is not to go on, and returns it.
 */
typedef struct web_verdict web_parameter(const char *name, size_t name_len,
    const char *value, size_t value_len, void *arg);
struct web_verdict web_query(const char *query, web_parameter *fn, void *arg);

/* ---- the log ---- */

/*
 * web_put_field() appends " key=value" in logfmt, without the blank at the
 * beginning of a line; nothing for NULL or "".  Quoted if it is not one word,
 * and whatever is not printable ASCII is escaped; at most 400 bytes of it.
 */
void web_put_field(struct buf *line, const char *key, const char *value);

/* What the line about a request says besides its status; NULL or "": nothing. */
struct web_log {
	const char *client, *method, *path, *reason;
	const char *user, *udid, *serial, *enrollment;
};

/*
 * web_put_log() writes that line into an empty buffer, without a newline: level,
 * client, method, path (80 bytes of either), status, reason, user, udid, serial,
 * enrollment.  If it would not fit into DIAG_LINE, so much of each of the others
 * too.
 */
void web_put_log(struct buf *line, int code, const struct web_log *l);

/*
 * web_read_log() takes KEY=VALUE of each option --log, borrowed.  USAGE for a
 * key that the line does not have.
 */
enum status web_read_log(const struct strings *given, struct web_log *l)
    USE_RESULT;

/* ---- processes ---- */

typedef void web_handler(struct web_exchange *x, void *arg);

/*
 * web_is_cgi() is true if this process was started as a CGI program: its
 * standard input is not a socket that can be accepted from.
 */
bool web_is_cgi(void);

/*
 * web_serve() calls the handler for the one request of a CGI program, or for
 * each request on the socket that is standard input until SIGTERM or SIGINT,
 * which the current request is still answered after.
 *
 * With workers > 0 this process only forks so many, which call the handler, and
 * replaces one that dies, at most one a second.  It does not end before they
 * have.
 */
enum status web_serve(long workers, web_handler *handler, void *arg)
    USE_RESULT;

/*
 * web_from_memory() calls the handler for a request in memory: variables are
 * NAME=VALUE up to NULL; what it writes is appended to out.
 */
void web_from_memory(const char *const *variables, const struct buf *body,
    struct buf *out, web_handler *handler, void *arg);

#endif
