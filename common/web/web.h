/*
 * web: HTTP requests that a web server passes on, as FastCGI to a persistent
 * process, or as CGI to a process for one request.  The handler sees no
 * difference.
 *
 * Everything in a request is untrusted, since it comes from a client or from
 * anybody who can connect to the socket: a parameter is data, and never
 * becomes an environment variable, a path or an option.
 */
#ifndef MCFG_WEB_WEB_H
#define MCFG_WEB_WEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* ---- one request, and its response ---- */

struct web_exchange;

/* Returns the value of a CGI/1.1 variable (RFC 3875), borrowed, or NULL. */
const char *web_variable(struct web_exchange *x, const char *name);

/* The HTTP status of a request that fails. */
struct web_verdict {
	int code;		/* 0: continue */
	const char *reason;	/* for the log; static */
};

/*
 * web_length() returns CONTENT_LENGTH, which may have leading zeros; -1 if it
 * is missing or empty, -2 if it is not a number.  A number that does not fit
 * becomes one that exceeds every limit.  web_parse_length() does that with a
 * text, or NULL.
 */
int64_t web_length(struct web_exchange *x);
int64_t web_parse_length(const char *text);

/*
 * web_judge_length() says whether a body of that length may be read: 411, 400
 * or 413, as in web_read_body(), if not.
 */
struct web_verdict web_judge_length(int64_t length, size_t max, bool chunked);

/*
 * web_read_body() appends the body, CONTENT_LENGTH bytes, to body.  The code
 * is 413 if that is more than max; 400 if it is not a number, if fewer bytes
 * arrive, or if the body is empty; 500 if it cannot be read.  Without a
 * length, it is 411 or, if chunked is true, the body is all that arrives.
 */
struct web_verdict web_read_body(struct web_exchange *x, size_t max,
    bool chunked, struct buf *body);

/*
 * web_drain() reads up to a million bytes of a body that is not needed: some
 * servers report a broken program if it responds before it has read
 * everything.
 */
void web_drain(struct web_exchange *x);

/* web_drain_input() does that to standard input, for a body of that length. */
void web_drain_input(int64_t length);

/*
 * Writes the whole response to the web server.  If that has closed the
 * connection, or the disk is full, prints the reason and returns FAULT; so
 * does every later call for the request.
 */
enum status web_write(struct web_exchange *x, const struct buf *out);

/*
 * Returns "Not Found" for 404; "Internal Server Error" for a code not in use.
 */
const char *web_phrase(int code);

/* Appends "Status: 404 Not Found", a line of a CGI header. */
void web_put_status(struct buf *out, int code);

/*
 * web_put_attachment() appends the header of a response with a body of len
 * bytes, which a browser saves as name and no cache stores.
 */
void web_put_attachment(struct buf *out, const char *name, const char *type,
    size_t len);

/* ---- the code of a response ---- */

/* What a step judges.  Any other failure is the site's. */
enum web_blame {
	WEB_SITE,		/* nothing: every failure is the site's */
	WEB_DEVICE,		/* the request of a device */
	WEB_USER,		/* a user who is known */
	WEB_NAME,		/* a name that somebody typed */
	WEB_LOGIN,		/* a name and a password */
	WEB_SCEP,		/* a SCEP request */
};

/*
 * web_code() is the code for a step that ended with a status other than OK; of
 * the reason it looks only for a ledger that is busy.
 */
int web_code(enum web_blame blame, int status, const char *reason);

/*
 * web_is_own_page() is true if the header fields Origin and Sec-Fetch-Site of a
 * request, each may be NULL or "", are those of a form on a page of the site at
 * url, or of no page.  A page with "Referrer-Policy: no-referrer" posts with
 * "Origin: null".
 */
bool web_is_own_page(const char *url, const char *origin,
    const char *fetch_site);

/* ---- queries ---- */

/*
 * web_query() calls fn for each NAME=VALUE of a query in order, both without
 * decoding; value is NULL if there is no '='.  Stops at the first verdict
 * whose code is not 0, and returns it.
 */
typedef struct web_verdict web_parameter(const char *name, size_t name_len,
    const char *value, size_t value_len, void *arg);
struct web_verdict web_query(const char *query, web_parameter *fn, void *arg);

/* ---- the log ---- */

/*
 * web_put_field() appends " key=value" in logfmt, without the blank at the
 * beginning of a line; nothing if value is NULL or "".  The value is quoted if
 * it is not one word; all but printable ASCII is escaped, and it is truncated
 * to 400 bytes.
 */
void web_put_field(struct buf *line, const char *key, const char *value);

/* web_put_beginning() is that for what a client can make long: 80 bytes. */
void web_put_beginning(struct buf *line, const char *key, const char *value);

/*
 * The fields of a request's log line, besides its status; NULL or "": left
 * out.
 */
struct web_log {
	const char *client, *method, *path, *reason;
	const char *user, *udid, *serial, *enrollment;
};

/*
 * web_put_log() writes the log line into an empty buffer, without a newline:
 * level, client, method, path (80 bytes each of the last two), status, reason,
 * user, udid, serial, enrollment.  If the line would exceed DIAG_LINE, the
 * other fields are truncated as well.
 */
void web_put_log(struct buf *line, int code, const struct web_log *l);

/*
 * web_put_request() appends to a log line the level, client, method and path of
 * a request, as web_put_log() does.
 */
void web_put_request(struct buf *line, int code, const struct web_log *l);

/*
 * web_loggable() returns how many of the len bytes of a path are logged, and in
 * *rest what stands for the others.  These may have the token of an invitation,
 * also in a mistyped address: they follow "/i/" in any case, or begin with a
 * part of 16 bytes or more, as no address of a site has one.
 */
size_t web_loggable(const char *path, size_t len, const char **rest);

/*
 * web_read_log() reads KEY=VALUE from each option --log, borrowed.  Returns
 * USAGE for a key that the log line does not have.
 */
enum status web_read_log(const struct strings *given, struct web_log *l)
    USE_RESULT;

/* ---- processes ---- */

typedef void web_handler(struct web_exchange *x, void *arg);

/*
 * web_is_cgi() returns true if this process was started as a CGI program: its
 * standard input is not a socket on which it can accept connections.
 */
bool web_is_cgi(void);

/*
 * web_serve() calls the handler for the one request of a CGI program, or for
 * each request on the socket on standard input until SIGTERM or SIGINT; the
 * current request is still completed.
 *
 * With workers > 0, this process only forks that many workers, which call the
 * handler, and replaces one that dies, at most one in a second.  It ends after
 * all of them have ended.
 */
enum status web_serve(long workers, web_handler *handler, void *arg)
    USE_RESULT;

/*
 * web_from_memory() calls the handler for a request in memory.  variables are
 * NAME=VALUE, terminated by NULL; output of the handler is appended to out.
 */
void web_from_memory(const char *const *variables, const struct buf *body,
    struct buf *out, web_handler *handler, void *arg);

#endif
