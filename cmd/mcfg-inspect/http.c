/*
 * A saved HTTP message, the output of a CGI program, or a query string: what
 * matters is the body, or a header that carries a message.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "http.h"

enum { MESSAGES_MAX = 8 };	/* "100 Continue", redirects before the last */

static bool
status_is(const struct message *m, const char *code)
{
	const char *sp = memchr(m->start.p, ' ', m->start.len);

	return sp != NULL && m->start.len - (size_t)(sp - m->start.p) > 3 &&
	    memcmp(sp + 1, code, 3) == 0;
}

/* ---- facts about the message ---- */

static void
add_headers(const struct message *m, bool show_secrets, struct report *r)
{
	static const char *const shown[] = {
		"Content-Type", "Content-Length", "Transfer-Encoding",
		"Content-Encoding", "Content-Disposition", "User-Agent",
		"Server", "Location", "Retry-After", "Cache-Control",
		"WWW-Authenticate", "Authorization", "Host", "Status",
	};
	struct report *h = report_add_object(r, "headers");
	size_t i;

	for (i = 0; i < ARRAY_LEN(shown); i++) {
		struct span v = message_header(m, shown[i]);

		if (v.len == 0)
			continue;
		if (strcmp(shown[i], "Authorization") == 0 && !show_secrets)
			report_str(h, shown[i], facts_mask);
		else
			report_strn(h, shown[i], v.p, v.len);
	}
}

static void
note_message(struct layer *l, const struct message *m)
{
	struct span v = message_header(m, "Content-Length");
	size_t told = 0, i;

	for (i = 0; i < v.len && i < 15 && v.p[i] >= '0' && v.p[i] <= '9'; i++)
		told = told * 10 + (size_t)(v.p[i] - '0');
	if (v.len > 0 && (i < v.len || told != m->body.len))
		facts_note(&l->f, "content_length", "http", "Content-Length "
		    "is %.*s, the body has %zu bytes", (int)(v.len < 20 ?
		    v.len : 20), v.p, m->body.len);
	if (span_begins(m->start, "HTTP/") && status_is(m, "302"))
		facts_note(&l->f, "redirect_302", "http", "status 302: devices "
		    "follow only a 301");
	v = message_header(m, "Content-Encoding");
	if (v.len > 0 && !span_is(v, "identity"))
		facts_note(&l->f, "content_encoding", "http", "the body is "
		    "encoded (%.*s) and was not decoded", (int)v.len,
		    v.p);
}

/* ---- the body ---- */

/*
 * Chunked transfer coding, RFC 9112 7.1.  Returns false if the body is not
 * chunked or is broken; out then has what could be read.
 */
static bool
dechunk(struct span in, struct buf *out)
{
	for (;;) {
		struct span line = span_line(&in);
		size_t n = 0, i;

		for (i = 0; i < line.len && line.p[i] != ';' &&
		    line.p[i] != ' '; i++) {
			int digit = hex_digit(line.p[i]);

			if (digit < 0 || n > 1 << 26)
				return false;
			n = n << 4 | (size_t)digit;
		}
		if (i == 0 || n > in.len)
			return false;
		if (n == 0)
			return true;
		buf_add(out, in.p, n);
		in.p += n;
		in.len -= n;
		if (span_line(&in).len != 0)
			return false;
	}
}

void
span_unescape(struct span in, struct buf *out)
{
	auto_buf text = BUF_INIT;
	size_t i;

	decode_percent(in.p, in.len, &text);
	for (i = 0; i < text.len; i++) {
		char c = buf_str(&text)[i];

		if (c != '\n' && c != '\r')
			buf_putc(out, c == ' ' ? '+' : c);
	}
}

/* The value of name in "a=b&name=value". */
static bool
parameter(struct span query, const char *name, struct span *out)
{
	size_t n = strlen(name);

	while (query.len > 0) {
		const char *end = memchr(query.p, '&', query.len);
		size_t len = end != NULL ? (size_t)(end - query.p) : query.len;

		if (len > n && query.p[n] == '=' &&
		    memcmp(query.p, name, n) == 0) {
			*out = (struct span){ query.p + n + 1, len - n - 1 };
			return true;
		}
		len += end != NULL ? 1 : 0;
		query.p += len;
		query.len -= len;
	}
	return false;
}

/* operation=PKIOperation&message=BASE64 */
static bool
inspect_query(struct layer *l, struct span query)
{
	struct span op, message;
	auto_buf text = BUF_INIT, raw = BUF_INIT;
	const char *reason;

	if (parameter(query, "operation", &op))
		report_strn(l->r, "operation", op.p, op.len);
	else
		op = (struct span){ "", 0 };
	report_str(l->form, NULL, "query");
	if (!parameter(query, "message", &message) || message.len == 0) {
		layer_is(l, "http", "a SCEP query %.*s without a message",
		    (int)op.len, op.p);
		return true;
	}
	span_unescape(message, &text);
	if (span_is(op, "GetCACert") || span_is(op, "GetCACaps") ||
	    span_is(op, "GetNextCACert")) {
		report_strn(l->r, "ca_identifier", buf_str(&text), text.len);
		layer_is(l, "http", "a SCEP query %.*s", (int)op.len, op.p);
		return true;
	}
	reason = decode_loose_base64(buf_str(&text), text.len, &raw);
	if (reason != NULL)
		return layer_unknown(l, "a query whose message is not base64: "
		    "%s", reason);
	return recognise_der(l, &raw);
}

/* A message in a header: Mdm-Signature, x-apple-aspen-deviceinfo. */
static bool
inspect_header(struct layer *l, struct span value, const char *name)
{
	auto_buf text = BUF_INIT, raw = BUF_INIT;
	const char *reason;

	span_unescape(value, &text);
	reason = decode_loose_base64(buf_str(&text), text.len, &raw);
	if (reason != NULL)
		return layer_unknown(l, "the header %s is not base64: %s",
		    name, reason);
	report_str(l->form, NULL, "header");
	report_str(l->form, NULL, "base64");
	report_str(l->r, "header", name);
	return recognise(l, &raw);
}

/* The signature in the header is over the body. */
static bool
inspect_signature(struct layer *l, struct span value, const struct buf *body)
{
	const struct buf *given = l->in->detached;
	bool known;

	if (body->len > 0) {
		l->in->detached = body;
		l->in->detached_name = "the body";
	}
	known = inspect_header(l, value, "Mdm-Signature");
	l->in->detached = given;
	return known;
}

/* The query of a request, if it carries a message. */
static bool
request_query(const struct message *m, struct span *out)
{
	const char *q = memchr(m->start.p, '?', m->start.len), *end;

	if (span_begins(m->start, "HTTP/") || q == NULL)
		return false;
	out->p = q + 1;
	out->len = m->start.len - (size_t)(out->p - m->start.p);
	end = memchr(out->p, ' ', out->len);
	if (end != NULL)
		out->len = (size_t)(end - out->p);
	return parameter(*out, "operation", &(struct span){ NULL, 0 });
}

static bool
inspect_body(struct layer *l, const struct message *m)
{
	auto_buf body = BUF_INIT;
	struct span v, query, boundary;

	if (span_begins(message_header(m, "Content-Type"),
	    "multipart/signed") &&
	    multipart_boundary(message_header(m, "Content-Type"), &boundary))
		return inspect_multipart(l, m->body, boundary);
	/* Some programs decode the chunks but keep the header. */
	if (span_is(message_header(m, "Transfer-Encoding"), "chunked") &&
	    !dechunk(m->body, &body) && body.len > 0)
		facts_note(&l->f, "broken_chunks", "http", "the body's chunks "
		    "end early or are broken after %zu bytes", body.len);
	if (body.len == 0)
		buf_add(&body, m->body.p, m->body.len);
	v = message_header(m, "Mdm-Signature");
	if (v.len > 0)
		return inspect_signature(l, v, &body);
	v = message_header(m, "x-apple-aspen-deviceinfo");
	if (body.len == 0 && v.len > 0)
		return inspect_header(l, v, "x-apple-aspen-deviceinfo");
	if (body.len == 0 && request_query(m, &query))
		return inspect_query(l, query);
	return body.len > 0 && recognise(l, &body);
}

/*
 * The query of a GET in a line of a web server's log.  The request is in
 * quotes, after text without markup.
 */
static bool
logged_query(struct span line, struct span *out)
{
	static const char get[] = "\"GET ";
	const char *p = line.p;

	while (*p >= ' ' && *p <= '~' && *p != '<' &&
	    strncmp(p, get, sizeof get - 1) != 0)
		p++;
	if (strncmp(p, get, sizeof get - 1) != 0)
		return false;
	p += sizeof get - 1;
	p += strcspn(p, "? \"\r\n");
	if (*p != '?')
		return false;
	out->p = p + 1;
	out->len = strcspn(out->p, " \"\r\n");
	return parameter(*out, "operation", &(struct span){ NULL, 0 });
}

bool
inspect_http(struct layer *l, const struct buf *bytes, bool *done)
{
	struct span all = { buf_str(bytes), bytes->len }, type, query;
	struct message *m = xcalloc(1, sizeof *m);
	struct report *http;
	char media[80];
	bool mail;
	size_t n;

	if (span_begins(all, "operation=") || span_begins(all, "message=") ||
	    span_begins(all, "?operation=")) {
		free(m);
		*done = true;
		if (*all.p == '?')
			all = (struct span){ all.p + 1, all.len - 1 };
		if (all.len > 0 && all.p[all.len - 1] == '\n')
			all.len--;
		return inspect_query(l, all);
	}
	if (logged_query(all, &query)) {
		free(m);
		*done = true;
		return inspect_query(l, query);
	}
	if (!message_read(all, m)) {
		free(m);
		return false;
	}
	*done = true;
	for (n = 0; n < MESSAGES_MAX && span_begins(m->start, "HTTP/") &&
	    span_begins(m->body, "HTTP/"); n++)
		if (!message_read(m->body, m))
			break;
	http = report_object();
	if (m->start.len > 0) {
		/* The request line of a GET has the whole message. */
		size_t shown = m->start.len < 120 ? m->start.len : 120;

		report_strn(http, "start_line", m->start.p, shown);
	}
	add_headers(m, l->in->show_secrets, http);
	report_int(http, "body_bytes", (int64_t)m->body.len);
	mail = m->start.len == 0 && message_header(m, "MIME-Version").len > 0;
	report_str(l->form, NULL, mail ? "smime" : "http");
	report_add(l->r, mail ? "smime" : "http", http);
	if (mail)
		facts_note(&l->f, "smime", NULL, "it is a mail (S/MIME); "
		    "devices require the message alone, in DER and with its "
		    "content");
	note_message(l, m);
	type = message_header(m, "Content-Type");
	snprintf(media, sizeof media, "%.*s", (int)type.len, type.p);
	l->media_type = type.len > 0 ? media : NULL;
	l->is_answer = !mail && (span_begins(m->start, "HTTP/") ||
	    m->start.len == 0);
	if (!inspect_body(l, m)) {
		if (m->body.len > 0) {
			report_str(http, "body", l->in->why);
			facts_note(&l->f, "unknown_body", "http", "its body is "
			    "not recognized: %s", l->in->why);
		}
		layer_is(l, "http", "an HTTP message%s%.*s with %s",
		    m->start.len > 0 ? " " : "",
		    (int)(m->start.len < 60 ? m->start.len : 60), m->start.p,
		    m->body.len > 0 ? "content not recognized" : "no body");
	}
	l->media_type = NULL;
	free(m);
	return true;
}
