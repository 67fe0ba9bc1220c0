/*
 * cgi: SCEP over HTTP.  It is a FastCGI worker if its standard input is a
 * socket, otherwise a CGI program for one request.
 */
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "request.h"
#include "verbs.h"
#include "web/web.h"

struct args {
	struct authority_source source;
	bool allow_des;
};

static struct args args;

static const struct opt options[] = {
	OPT_DIR(args.source),
	OPT_LEDGER(args.source),
	{ 0, "allow-des", NULL, "accept requests that are encrypted with "
	    "single DES",
	    .flag = &args.allow_des },
	OPT_KEY_ACCESS(args.source.key),
	{ 0 },
};

enum {
	QUERY_MAX = 2 * IO_MESSAGE_MAX,	/* base64, partly escaped */
};

/* ---- the request ---- */

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

static bool
is_named(const char *name, size_t len, const char *want)
{
	return len == strlen(want) && memcmp(name, want, len) == 0;
}

/*
 * A parameter that occurs twice is refused.  '+' is not decoded, as macOS
 * leaves the '+' of base64 unescaped.
 */
static struct web_verdict
take_parameter(const char *name, size_t name_len, const char *value,
    size_t value_len, void *arg)
{
	struct incoming *in = arg;
	struct buf *to = NULL;
	bool *has = NULL;

	if (is_named(name, name_len, "operation")) {
		to = &in->operation;
		has = &in->has_operation;
	} else if (is_named(name, name_len, "message")) {
		to = &in->message;
		has = &in->has_message;
	} else {
		return (struct web_verdict){ 0, NULL };
	}
	if (*has)
		return (struct web_verdict){ 400, "a parameter is given "
		    "twice" };
	*has = true;
	if (value != NULL && !decode_percent(value, value_len, to))
		return (struct web_verdict){ 400, "a broken escape in the "
		    "query" };
	return (struct web_verdict){ 0, NULL };
}

static struct web_verdict
read_request(struct web_exchange *x, struct incoming *in)
{
	const char *method = web_variable(x, "REQUEST_METHOD");
	const char *query = web_variable(x, "QUERY_STRING");
	struct web_verdict v;

	if (query == NULL)
		query = "";
	if (method == NULL)
		return (struct web_verdict){ 500, "no REQUEST_METHOD: not "
		    "started by a web server" };
	if (strcmp(method, "POST") == 0)
		in->is_post = true;
	else if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return (struct web_verdict){ 405, "the method is not GET or "
		    "POST" };
	if (strlen(query) > QUERY_MAX)
		return (struct web_verdict){ 413, "the query is too large" };
	if ((v = web_query(query, take_parameter, in)).code != 0 ||
	    !in->is_post)
		return v;
	return web_read_body(x, IO_MESSAGE_MAX, true, &in->body);
}

/* ---- the response ---- */

static void
send(struct web_exchange *x, int code, const char *type,
    const struct buf *body)
{
	auto_buf out = BUF_INIT;

	web_drain(x);
	web_put_status(&out, code);
	if (code == 405)
		buf_puts(&out, "Allow: GET, HEAD, POST\r\n");
	if (code == 503)
		buf_puts(&out, "Retry-After: 5\r\n");
	buf_printf(&out, "Content-Type: %s\r\nContent-Length: %zu\r\n"
	    "Cache-Control: no-store\r\n\r\n", type, body->len);
	buf_add_buf(&out, body);
	(void)web_write(x, &out);	/* a failure is logged below */
}

static void
send_error(struct web_exchange *x, int code)
{
	auto_buf body = BUF_INIT;

	buf_printf(&body, "%s\n", web_phrase(code));
	send(x, code, "text/plain", &body);
}

/* Web servers differ in which of the two has the address. */
static const char *
path_of(struct web_exchange *x)
{
	const char *path = web_variable(x, "PATH_INFO");

	return path != NULL && *path != '\0' ? path :
	    web_variable(x, "SCRIPT_NAME");
}

/*
 * Writes one line for each request, as key=value; values from outside are
 * escaped.
 */
static void
put_log(struct buf *line, struct web_exchange *x, const struct incoming *in,
    int code, const struct outcome *o, const char *reason, int64_t micros)
{
	const struct web_log l = {
		.client = web_variable(x, "REMOTE_ADDR"),
		.method = web_variable(x, "REQUEST_METHOD"),
		.path = path_of(x),
	};

	buf_puts(line, "request");
	web_put_request(line, code, &l);
	web_put_beginning(line, "operation", buf_str(&in->operation));
	web_put_field(line, "type", o->type);
	web_put_field(line, "transaction", o->transaction);
	web_put_field(line, "outcome", o->what != NULL ? o->what :
	    code == 200 ? "sent" : "error");
	web_put_field(line, "serial", o->serial);
	if (o->refusal.info != SCEP_NO_FAIL && o->what != NULL &&
	    strcmp(o->what, "refused") == 0) {
		web_put_field(line, "fail", scep_fail_name(o->refusal.info));
		web_put_field(line, "reason", o->refusal.cause[0] != '\0' ?
		    o->refusal.cause : o->refusal.text);
	} else {
		web_put_field(line, "reason", reason);
	}
	web_put_field(line, "remark", o->remark);
	buf_printf(line, " status=%d ms=%lld.%03d", code,
	    (long long)(micros / 1000), (int)(micros % 1000));
}

/* Opens the authority unless it is open and unchanged on disk. */
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

struct serving {
	const struct args *a;
	struct authority ca;	/* open, or not opened yet */
};

static void
serve(struct web_exchange *x, void *arg)
{
	struct serving *s = arg;
	AUTO(incoming_free) struct incoming in = { .is_post = false };
	auto_reply reply = REPLY_INIT;
	int64_t start = clock_monotonic();
	struct web_verdict v = read_request(x, &in);
	auto_buf line = BUF_INIT;
	struct problem why = { .st = OK }, lost = { .st = OK };
	enum status st;

	if (v.code == 0) {
		auto_char *client = request_client(web_variable(x,
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

		/*
		 * There is one log line for each request, which also has its
		 * error.
		 */
		problem_keep(&why);
		/* A broken folder is not the client's fault. */
		if (ready(s->a, &s->ca) != OK)
			st = FAULT;
		else
			st = request_answer(&s->ca, &q, &reply);
		problem_release(&why);
		v.code = st == OK ? 200 : web_code(WEB_SCEP, (int)st,
		    why.text);
		v.reason = why.text;
	}
	if (v.code >= 500)
		authority_close(&s->ca);	/* the next request starts
						 * afresh */
	/*
	 * Running out of memory ends the process, so the log line is built
	 * before the response is sent.
	 */
	put_log(&line, x, &in, v.code, &reply.outcome, v.reason,
	    clock_monotonic() - start);
	problem_keep(&lost);
	if (v.code == 200)
		send(x, 200, reply.content_type, &reply.body);
	else
		send_error(x, v.code);
	problem_release(&lost);
	note("%s", buf_str(&line));
	if (lost.st != OK)
		(void)problem_print(&lost);
}

static enum status
run(const struct args *a)
{
	struct serving s = { a, AUTHORITY_INIT };
	enum status st;

	/* A web server passes no arguments to a CGI program. */
	if (a->source.dir == NULL)
		args.source.dir = secret_env("SCEP_CA_DIR");
	if (args.source.dir == NULL)
		return opts_missing("--dir", "or the environment's "
		    "SCEP_CA_DIR");
	if (!web_is_cgi())
		cert_reading_begin();
	st = web_serve(0, serve, &s);
	authority_close(&s.ca);
	return st;
}

const struct tool verb_cgi = {
	.name = "cgi",
	.summary = "Reply to SCEP requests over HTTP, as CGI or FastCGI.",
	.example = "SCEP_CA_DIR=ca scep-ca cgi",
	.options = options,
	.args = &args,
	.run = run,
};
