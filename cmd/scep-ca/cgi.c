/*
 * cgi: SCEP over HTTP.  Started by a FastCGI server it loops; otherwise it is
 * a CGI program for one request.  Both fill in one struct; what is behind it
 * is common.
 */
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Its printf() and FILE are not used here. */
#define NO_FCGI_DEFINES
#include <fcgiapp.h>

#include "base/clock.h"
#include "request.h"
#include "verbs.h"

struct args {
	struct authority_source source;
	bool allow_des;
};

static struct args args;

static const struct opt options[] = {
	OPT_DIR(args.source),
	OPT_LEDGER(args.source),
	{ 0, "allow-des", NULL, "take requests that are encrypted with DES",
	    .flag = &args.allow_des },
	OPT_KEY_ACCESS(args.source.key),
	{ 0 },
};

enum {
	QUERY_MAX = 2 * IO_MESSAGE_MAX,	/* base64, some of it escaped */
	LENGTH_DIGITS = 9,
	HEAP_KEPT = 16 << 20,
	HEAP_STEP = 1 << 20,
};

/* One request of either kind. */
struct exchange {
	const char *(*variable)(struct exchange *x, const char *name);
	/* Bytes read, 0 at the end, -1 for a failure. */
	int (*read)(struct exchange *x, void *p, size_t len);
	bool (*write)(struct exchange *x, const void *p, size_t len);
	FCGX_Request *fcgi;
};

static const char *
cgi_variable(struct exchange *x, const char *name)
{
	(void)x;
	return secret_env(name);
}

static int
cgi_read(struct exchange *x, void *p, size_t len)
{
	ssize_t n;

	(void)x;
	do
		n = read(STDIN_FILENO, p, len);
	while (n == -1 && errno == EINTR);
	return (int)n;
}

static bool
cgi_write(struct exchange *x, const void *p, size_t len)
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

static const char *
fcgi_variable(struct exchange *x, const char *name)
{
	return FCGX_GetParam(name, x->fcgi->envp);
}

static int
fcgi_read(struct exchange *x, void *p, size_t len)
{
	int n = FCGX_GetStr(p, (int)len, x->fcgi->in);

	return FCGX_GetError(x->fcgi->in) != 0 ? -1 : n;
}

static bool
fcgi_write(struct exchange *x, const void *p, size_t len)
{
	return FCGX_PutStr(p, (int)len, x->fcgi->out) == (int)len;
}

/* ---- the request ---- */

/* What HTTP says where SCEP has no answer. */
struct verdict {
	int code;		/* 0: go on */
	const char *reason;
};

static const struct {
	int code;
	const char *text;
} phrases[] = {
	{ 200, "OK" },
	{ 400, "Bad Request" },
	{ 405, "Method Not Allowed" },
	{ 413, "Content Too Large" },
	{ 500, "Internal Server Error" },
	{ 503, "Service Unavailable" },
};

struct incoming {
	struct buf operation, message, body;
	bool has_operation, has_message, is_post;
};

static void
incoming_free(struct incoming *in)
{
	buf_free(&in->operation);
	buf_free(&in->message);
	buf_free(&in->body);
}

/*
 * %XX, nothing else: a plus is a plus, since macOS leaves those of base64 as
 * they are.  False for a NUL or a broken escape.
 */
static bool
unescape(const char *s, size_t len, struct buf *out)
{
	size_t i;

	for (i = 0; i < len; i++) {
		int high, low;

		if (s[i] != '%') {
			buf_putc(out, s[i]);
			continue;
		}
		if (len - i < 3 || (high = buf_hex_digit(s[i + 1])) < 0 ||
		    (low = buf_hex_digit(s[i + 2])) < 0 || (high | low) == 0)
			return false;
		buf_putc(out, (char)(high << 4 | low));
		i += 2;
	}
	return true;
}

/* Parameters in any order; one that is given twice is refused. */
static struct verdict
read_query(const char *query, struct incoming *in)
{
	while (*query != '\0') {
		size_t len = strcspn(query, "&"), eq;
		struct buf *to = NULL;
		bool *has = NULL;

		eq = strcspn(query, "=&");
		if (eq == 9 && memcmp(query, "operation", 9) == 0) {
			to = &in->operation;
			has = &in->has_operation;
		} else if (eq == 7 && memcmp(query, "message", 7) == 0) {
			to = &in->message;
			has = &in->has_message;
		}
		if (to != NULL) {
			if (*has)
				return (struct verdict){ 400,
				    "a parameter is given twice" };
			*has = true;
			if (eq < len && !unescape(query + eq + 1,
			    len - eq - 1, to))
				return (struct verdict){ 400,
				    "a broken escape in the query" };
		}
		query += len + (query[len] == '&' ? 1 : 0);
	}
	return (struct verdict){ 0, NULL };
}

/* CONTENT_LENGTH: -1 where there is none, -2 where it is no number. */
static long
content_length(const char *text)
{
	long v = 0;

	if (text == NULL || *text == '\0')
		return -1;
	if (strlen(text) > LENGTH_DIGITS)
		return text[strspn(text, "0123456789")] == '\0' ?
		    IO_MESSAGE_MAX + 1 : -2;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -2;
		v = v * 10 + (*text - '0');
	}
	return v;
}

/*
 * The body: CONTENT_LENGTH bytes, or, where a server gives none for a chunked
 * body, all that comes.
 */
static struct verdict
read_body(struct exchange *x, struct buf *body)
{
	long length = content_length(x->variable(x, "CONTENT_LENGTH"));
	size_t want = length >= 0 ? (size_t)length : IO_MESSAGE_MAX + 1;

	if (length == -2)
		return (struct verdict){ 400, "CONTENT_LENGTH is no number" };
	if (length > IO_MESSAGE_MAX)
		return (struct verdict){ 413, "the body is too large" };
	while (body->len < want) {
		size_t room = want - body->len < 16384 ? want - body->len :
		    16384;
		int n = x->read(x, buf_reserve(body, room), room);

		if (n < 0)
			return (struct verdict){ 400, "the body broke off" };
		if (n == 0)
			break;
		buf_end(body, (size_t)n);
	}
	if (body->len > IO_MESSAGE_MAX)
		return (struct verdict){ 413, "the body is too large" };
	if (length >= 0 && body->len < want)
		return (struct verdict){ 400, "the body is shorter than "
		    "CONTENT_LENGTH" };
	if (body->len == 0)
		return (struct verdict){ 400, "an empty body" };
	return (struct verdict){ 0, NULL };
}

static struct verdict
read_request(struct exchange *x, struct incoming *in)
{
	const char *method = x->variable(x, "REQUEST_METHOD");
	const char *query = x->variable(x, "QUERY_STRING");
	struct verdict v;

	if (query == NULL)
		query = "";
	if (method == NULL)
		return (struct verdict){ 500, "no REQUEST_METHOD: not started "
		    "by a web server" };
	if (strcmp(method, "POST") == 0)
		in->is_post = true;
	else if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return (struct verdict){ 405, "the method is not GET or "
		    "POST" };
	if (strlen(query) > QUERY_MAX)
		return (struct verdict){ 413, "the query is too large" };
	if ((v = read_query(query, in)).code != 0 || !in->is_post)
		return v;
	return read_body(x, &in->body);
}

/* ---- the answer ---- */

static const char *
phrase(int code)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(phrases); i++)
		if (phrases[i].code == code)
			return phrases[i].text;
	return "Error";
}

static bool
send(struct exchange *x, int code, const char *type, const struct buf *body)
{
	auto_buf out = BUF_INIT;

	buf_printf(&out, "Status: %d %s\r\n", code, phrase(code));
	if (code == 405)
		buf_puts(&out, "Allow: GET, HEAD, POST\r\n");
	if (code == 503)
		buf_puts(&out, "Retry-After: 5\r\n");
	buf_printf(&out, "Content-Type: %s\r\nContent-Length: %zu\r\n"
	    "Cache-Control: no-store\r\n\r\n", type, body->len);
	buf_add_buf(&out, body);
	return x->write(x, out.data, out.len);
}

static void
send_error(struct exchange *x, int code)
{
	auto_buf body = BUF_INIT;

	buf_printf(&body, "%s\n", phrase(code));
	send(x, code, "text/plain", &body);
}

/* A value of the log line: quoted where it is not one plain word. */
static void
log_value(struct buf *line, const char *key, const char *value)
{
	const char *p;

	if (value == NULL || *value == '\0')
		return;
	buf_printf(line, " %s=", key);
	if (value[strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRS"
	    "TUVWXYZ0123456789.:_/+-[]")] == '\0') {
		buf_puts(line, value);
		return;
	}
	buf_putc(line, '"');
	for (p = value; *p != '\0' && p - value < 300; p++) {
		if (*p == '"' || *p == '\\')
			buf_putc(line, '\\');
		buf_putc(line, *p);
	}
	buf_putc(line, '"');
}

/* One line a request, key=value; what came from outside is escaped. */
static void
log_request(struct exchange *x, const struct incoming *in, int code,
    const struct outcome *o, const char *reason, int64_t micros)
{
	auto_buf line = BUF_INIT;

	buf_puts(&line, "request");
	log_value(&line, "client", x->variable(x, "REMOTE_ADDR"));
	log_value(&line, "operation", buf_str(&in->operation));
	log_value(&line, "type", o->type);
	log_value(&line, "transaction", o->transaction);
	log_value(&line, "outcome", o->what != NULL ? o->what :
	    code == 200 ? "sent" : "error");
	log_value(&line, "serial", o->serial);
	if (o->refusal.info != SCEP_NO_FAIL && o->what != NULL &&
	    strcmp(o->what, "refused") == 0) {
		log_value(&line, "fail", scep_fail_name(o->refusal.info));
		log_value(&line, "reason", o->refusal.cause[0] != '\0' ?
		    o->refusal.cause : o->refusal.text);
	} else {
		log_value(&line, "reason", reason);
	}
	log_value(&line, "remark", o->remark);
	buf_printf(&line, " status=%d ms=%lld.%03d", code,
	    (long long)(micros / 1000), (int)(micros % 1000));
	note("%s", buf_str(&line));
}

static int
code_of(enum status st)
{
	switch (st) {
	case OK:
		return 200;
	case MALFORMED:
	case REFUSED:
		return 400;
	case LATER:
		return 503;
	default:
		return 500;
	}
}

/* Opens the authority where it is not open, or has changed on disk. */
static enum status
ready(const struct args *a, struct authority *ca)
{
	enum status st;

	if (ca->dir != NULL && !authority_changed(ca))
		return OK;
	authority_close(ca);
	if ((st = authority_open(&a->source, 0, ca)) != OK)
		return st;
	ca->policy.allow_des |= a->allow_des;
	return OK;
}

static void
serve(const struct args *a, struct authority *ca, struct exchange *x)
{
	AUTO(incoming_free) struct incoming in = { .is_post = false };
	auto_reply reply = REPLY_INIT;
	int64_t start = clock_monotonic();
	struct verdict v = read_request(x, &in);
	char reason[300] = "";
	enum status st;

	if (v.code == 0) {
		auto_char *client = request_client(x->variable(x,
		    "REMOTE_ADDR"));
		struct request q = {
			.client = client,
			.operation = in.has_operation ?
			    buf_str(&in.operation) : NULL,
			.message = in.has_message ? buf_str(&in.message) : NULL,
			.body = in.is_post ? &in.body : NULL,
			.name = "request",
			.now = clock_now(),
		};

		/* One line a request: what fails says so in that line. */
		diag_capture(reason, sizeof reason);
		/* A broken folder is not the client's fault. */
		if (ready(a, ca) != OK)
			st = FAULT;
		else
			st = request_answer(ca, &q, &reply);
		diag_capture(NULL, 0);
		v.code = code_of(st);
		v.reason = reason;
	}
	if (v.code >= 500)
		authority_close(ca);	/* begin anew with the next */
	if (v.code == 200)
		send(x, 200, reply.content_type, &reply.body);
	else
		send_error(x, v.code);
	log_request(x, &in, v.code, &reply.outcome, v.reason,
	    clock_monotonic() - start);
}

/* ---- FastCGI ---- */

static volatile sig_atomic_t stopped;

static void
stop(int sig)
{
	(void)sig;
	stopped = 1;
	FCGX_ShutdownPending();
}

/*
 * A worker does not outlive its server, or the next one uses it.  But what
 * leads a session of its own was begun by a program that goes on purpose, as
 * spawn-fcgi does, or by a manager of services.  False where the server is
 * gone already.
 */
static bool
end_with_server(void)
{
	if (getsid(0) == getpid())
		return true;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	return getppid() != 1;
}

static enum status
loop(const struct args *a, struct authority *ca)
{
	struct sigaction act = { .sa_handler = stop };
	FCGX_Request r;

#ifdef M_TRIM_THRESHOLD
	/* The heap is not given back and fetched again at each request. */
	mallopt(M_TRIM_THRESHOLD, HEAP_KEPT);
	mallopt(M_TOP_PAD, HEAP_STEP);
#endif

	cert_reading_begin();
	if (!end_with_server())
		return OK;
	sigaction(SIGTERM, &act, NULL);
	sigaction(SIGINT, &act, NULL);
	if (FCGX_Init() != 0 ||
	    FCGX_InitRequest(&r, 0, FCGI_FAIL_ACCEPT_ON_INTR) != 0)
		return fail_errno(FAULT, "FastCGI: cannot begin");
	while (!stopped && FCGX_Accept_r(&r) == 0) {
		struct exchange x = { fcgi_variable, fcgi_read, fcgi_write,
		    &r };

		serve(a, ca, &x);
		FCGX_Finish_r(&r);
	}
	return OK;
}

static enum status
run(const struct args *a)
{
	auto_authority ca = AUTHORITY_INIT;
	struct exchange x = { cgi_variable, cgi_read, cgi_write, NULL };

	/* Plain CGI passes no arguments. */
	if (a->source.dir == NULL)
		args.source.dir = secret_env("SCEP_CA_DIR");
	if (args.source.dir == NULL)
		return opts_missing("--dir", "or the environment's "
		    "SCEP_CA_DIR");
	if (!FCGX_IsCGI())
		return loop(a, &ca);
	serve(a, &ca, &x);
	return OK;
}

const struct tool verb_cgi = {
	.name = "cgi",
	.summary = "Answers SCEP over HTTP, as CGI or FastCGI.",
	.example = "SCEP_CA_DIR=ca scep-ca cgi",
	.options = options,
	.args = &args,
	.run = run,
};
