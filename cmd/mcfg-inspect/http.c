/*
 * A saved HTTP message, the answer of a CGI, a query string: the body is what
 * matters, or a header that carries a message.  Also the text that GetCACaps
 * answers with.
 */
#include <stdio.h>
#include <string.h>

#include "inspect.h"

enum {
	MESSAGES_MAX = 8,	/* "100 Continue", redirects before the last */
	HEADERS_MAX = 200,
};

struct span {
	const char *p;
	size_t len;
};

struct message {
	struct span start;	/* start line; empty where there is none */
	struct {
		struct span name, value;
	} headers[HEADERS_MAX];
	size_t n;
	struct span body;
};

static bool
same_word(struct span a, const char *b)
{
	size_t i;

	if (a.len != strlen(b))
		return false;
	for (i = 0; i < a.len; i++) {
		char x = a.p[i], y = b[i];

		if (x >= 'A' && x <= 'Z')
			x = (char)(x + 32);
		if (y >= 'A' && y <= 'Z')
			y = (char)(y + 32);
		if (x != y)
			return false;
	}
	return true;
}

static bool
begins(struct span s, const char *with)
{
	return s.len >= strlen(with) && memcmp(s.p, with, strlen(with)) == 0;
}

/* Takes one line, without its end, off *in. */
static struct span
take_line(struct span *in)
{
	const char *end = memchr(in->p, '\n', in->len);
	struct span line = { in->p, end != NULL ? (size_t)(end - in->p) :
	    in->len };
	size_t used = line.len + (end != NULL ? 1 : 0);

	in->p += used;
	in->len -= used;
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	return line;
}

static bool
is_start_line(struct span line)
{
	static const char *const methods[] = {
		"GET /", "POST /", "PUT /", "HEAD /", "GET http",
		"POST http",
	};
	size_t i;

	if (begins(line, "HTTP/"))
		return true;
	for (i = 0; i < ARRAY_LEN(methods); i++)
		if (begins(line, methods[i]))
			return true;
	return false;
}

/* "Name: value", RFC 9110 5.1. */
static bool
split_header(struct span line, struct span *name, struct span *value)
{
	const char *colon = memchr(line.p, ':', line.len);
	size_t i;

	if (colon == NULL || colon == line.p)
		return false;
	*name = (struct span){ line.p, (size_t)(colon - line.p) };
	for (i = 0; i < name->len; i++) {
		char c = name->p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || c == '-' || c == '_'))
			return false;
	}
	*value = (struct span){ colon + 1, line.len - name->len - 1 };
	while (value->len > 0 && (*value->p == ' ' || *value->p == '\t')) {
		value->p++;
		value->len--;
	}
	return true;
}

static struct span
header(const struct message *m, const char *name)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		if (same_word(m->headers[i].name, name))
			return m->headers[i].value;
	return (struct span){ "", 0 };
}

/* Without a start line it takes a header that only messages have. */
static bool
is_header_block(const struct message *m)
{
	static const char *const names[] = {
		"Content-Type", "Content-Length", "MIME-Version", "Status",
		"Mdm-Signature", "Content-Transfer-Encoding",
		"x-apple-aspen-deviceinfo",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		if (header(m, names[i]).len > 0)
			return true;
	return false;
}

/* False where the bytes are no header block. */
static bool
read_message(struct span in, struct message *m)
{
	struct span at = in, line;

	m->n = 0;
	m->start = (struct span){ in.p, 0 };
	line = take_line(&at);
	if (is_start_line(line)) {
		m->start = line;
		if (at.len == 0) {	/* a request line alone */
			m->body = at;
			return true;
		}
		line = take_line(&at);
	}
	while (line.len > 0) {
		if (m->n == HEADERS_MAX || !split_header(line,
		    &m->headers[m->n].name, &m->headers[m->n].value))
			return false;
		m->n++;
		line = take_line(&at);
	}
	m->body = at;
	return m->start.len > 0 || is_header_block(m);
}

static bool
status_is(const struct message *m, const char *code)
{
	const char *sp = memchr(m->start.p, ' ', m->start.len);

	return sp != NULL && m->start.len - (size_t)(sp - m->start.p) > 3 &&
	    memcmp(sp + 1, code, 3) == 0;
}

/* ---- what is said about it ---- */

static void
add_headers(const struct message *m, bool show_secrets, struct report *r)
{
	static const char *const shown[] = {
		"Content-Type", "Content-Length", "Transfer-Encoding",
		"Content-Encoding", "Content-Disposition", "User-Agent",
		"Server", "Location", "Retry-After", "Cache-Control",
		"WWW-Authenticate", "Authorization", "Host", "Status",
	};
	struct report *h = report_object();
	size_t i;

	for (i = 0; i < ARRAY_LEN(shown); i++) {
		struct span v = header(m, shown[i]);

		if (v.len == 0)
			continue;
		if (strcmp(shown[i], "Authorization") == 0 && !show_secrets)
			report_str(h, shown[i], facts_mask);
		else
			report_strn(h, shown[i], v.p, v.len);
	}
	report_add(r, "headers", h);
}

static void
note_message(struct layer *l, const struct message *m)
{
	struct span v = header(m, "Content-Length");
	size_t told = 0, i;

	for (i = 0; i < v.len && i < 15 && v.p[i] >= '0' && v.p[i] <= '9'; i++)
		told = told * 10 + (size_t)(v.p[i] - '0');
	if (v.len > 0 && (i < v.len || told != m->body.len))
		facts_note(&l->f, "content_length", "http", "Content-Length "
		    "is %.*s, the body has %zu bytes", (int)(v.len < 20 ?
		    v.len : 20), v.p, m->body.len);
	if (begins(m->start, "HTTP/") && status_is(m, "302"))
		facts_note(&l->f, "redirect_302", "http", "a 302: devices take "
		    "only a 301 as a redirect");
	v = header(m, "Content-Encoding");
	if (v.len > 0 && !same_word(v, "identity"))
		facts_note(&l->f, "content_encoding", "http", "the body is "
		    "encoded (%.*s), which is not undone here", (int)v.len,
		    v.p);
}

/* ---- the body ---- */

/*
 * Chunked transfer coding, RFC 9112 7.1; false where it is none or broken.
 * What was read until then is in out.
 */
static bool
dechunk(struct span in, struct buf *out)
{
	for (;;) {
		struct span line = take_line(&in);
		size_t n = 0, i;

		for (i = 0; i < line.len && line.p[i] != ';' &&
		    line.p[i] != ' '; i++) {
			static const char hex[] = "0123456789abcdef";
			char c = line.p[i];
			const char *d = strchr(hex, c >= 'A' && c <= 'F' ?
			    c + 32 : c);

			if (c == '\0' || d == NULL || n > 1 << 26)
				return false;
			n = n << 4 | (size_t)(d - hex);
		}
		if (i == 0 || n > in.len)
			return false;
		if (n == 0)
			return true;
		buf_add(out, in.p, n);
		in.p += n;
		in.len -= n;
		if (take_line(&in).len != 0)
			return false;
	}
}

static bool
hex_digit(char c, unsigned *v)
{
	if (c >= '0' && c <= '9')
		*v = (unsigned)(c - '0');
	else if (c >= 'a' && c <= 'f')
		*v = (unsigned)(c - 'a') + 10;
	else if (c >= 'A' && c <= 'F')
		*v = (unsigned)(c - 'A') + 10;
	else
		return false;
	return true;
}

/*
 * Undoes percent escapes; a plus stays one, as base64 in a SCEP message has
 * it, and line ends are dropped.
 */
static void
unescape(struct span in, struct buf *out)
{
	unsigned high, low;
	size_t i;

	for (i = 0; i < in.len; i++) {
		char c = in.p[i];

		if (c == '%' && i + 2 < in.len &&
		    hex_digit(in.p[i + 1], &high) &&
		    hex_digit(in.p[i + 2], &low)) {
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (c == ' ')
			c = '+';
		if (c != '\n' && c != '\r')
			buf_putc(out, c);
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
	unescape(message, &text);
	if (same_word(op, "GetCACert") || same_word(op, "GetCACaps") ||
	    same_word(op, "GetNextCACert")) {
		report_strn(l->r, "ca_identifier", buf_str(&text), text.len);
		layer_is(l, "http", "a SCEP query %.*s", (int)op.len, op.p);
		return true;
	}
	while (text.len % 4 != 0)
		buf_putc(&text, '=');
	if ((reason = buf_from_base64(buf_str(&text), text.len, &raw)) != NULL)
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

	unescape(value, &text);
	while (text.len % 4 != 0)
		buf_putc(&text, '=');
	if ((reason = buf_from_base64(buf_str(&text), text.len, &raw)) != NULL)
		return layer_unknown(l, "the header %s is not base64: %s",
		    name, reason);
	report_str(l->form, NULL, "header");
	report_str(l->form, NULL, "base64");
	report_str(l->r, "header", name);
	return recognise(l, &raw);
}

/* The body is what the signature in the header is over. */
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

/* ---- S/MIME, which openssl's command makes unless it is told otherwise ---- */

/* The boundary of a multipart type, RFC 2046 5.1.1. */
static bool
find_boundary(struct span type, struct span *out)
{
	static const char word[] = "boundary=";
	const char *end = type.p + type.len, *p = type.p, *q;

	for (; (size_t)(end - p) >= sizeof word; p++)
		if (memcmp(p, word, sizeof word - 1) == 0)
			break;
	if ((size_t)(end - p) < sizeof word)
		return false;
	p += sizeof word - 1;
	if (*p == '"')
		p++;
	for (q = p; q < end && *q != '"' && *q != ';' && *q != ' '; q++)
		continue;
	*out = (struct span){ p, (size_t)(q - p) };
	return out->len > 0 && out->len <= 70;
}

/* Takes everything up to the next boundary line off *in. */
static bool
take_part(struct span *in, struct span boundary, struct span *part)
{
	const char *start = in->p;

	while (in->len > 0) {
		struct span line = take_line(in);

		if (line.len < boundary.len + 2 ||
		    memcmp(line.p, "--", 2) != 0 ||
		    memcmp(line.p + 2, boundary.p, boundary.len) != 0)
			continue;
		*part = (struct span){ start, (size_t)(line.p - start) };
		/* The line end before a boundary belongs to the boundary. */
		if (part->len > 0 && part->p[part->len - 1] == '\n')
			part->len--;
		if (part->len > 0 && part->p[part->len - 1] == '\r')
			part->len--;
		return true;
	}
	return false;
}

/* Line ends as they are signed, RFC 8551 3.1.1. */
static void
canonical(struct span in, struct buf *out)
{
	size_t i;

	for (i = 0; i < in.len; i++) {
		if (in.p[i] == '\n' && (i == 0 || in.p[i - 1] != '\r'))
			buf_putc(out, '\r');
		buf_putc(out, in.p[i]);
	}
}

/* multipart/signed: the content, then a detached signature over it. */
static bool
inspect_multipart(struct layer *l, struct span body, struct span boundary)
{
	struct span preamble, first, second;
	const struct buf *given = l->in->detached;
	struct message *m = xcalloc(1, sizeof *m);
	auto_buf content = BUF_INIT, signature = BUF_INIT;
	bool known = false;

	if (take_part(&body, boundary, &preamble) &&
	    take_part(&body, boundary, &first) &&
	    take_part(&body, boundary, &second) && read_message(second, m)) {
		canonical(first, &content);
		buf_add(&signature, m->body.p, m->body.len);
		if (given == NULL) {
			l->in->detached = &content;
			l->in->detached_name = "the first part";
		}
		known = recognise(l, &signature);
		l->in->detached = given;
	} else
		(void)layer_unknown(l, "a multipart message without two "
		    "parts");
	free(m);
	return known;
}

/* A request's query, if it has one that carries a message. */
static bool
request_query(const struct message *m, struct span *out)
{
	const char *q = memchr(m->start.p, '?', m->start.len), *end;

	if (begins(m->start, "HTTP/") || q == NULL)
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

	if (begins(header(m, "Content-Type"), "multipart/signed") &&
	    find_boundary(header(m, "Content-Type"), &boundary))
		return inspect_multipart(l, m->body, boundary);
	/* Some programs undo the chunks and keep the header. */
	if (same_word(header(m, "Transfer-Encoding"), "chunked") &&
	    !dechunk(m->body, &body) && body.len > 0)
		facts_note(&l->f, "broken_chunks", "http", "the body's chunks "
		    "end early or are broken after %zu bytes", body.len);
	if (body.len == 0)
		buf_add(&body, m->body.p, m->body.len);
	v = header(m, "Mdm-Signature");
	if (v.len > 0)
		return inspect_signature(l, v, &body);
	v = header(m, "x-apple-aspen-deviceinfo");
	if (body.len == 0 && v.len > 0)
		return inspect_header(l, v, "x-apple-aspen-deviceinfo");
	if (body.len == 0 && request_query(m, &query))
		return inspect_query(l, query);
	return body.len > 0 && recognise(l, &body);
}

bool
inspect_http(struct layer *l, const struct buf *bytes, bool *done)
{
	struct span all = { buf_str(bytes), bytes->len }, type;
	struct message *m = xcalloc(1, sizeof *m);
	struct report *http;
	char media[80];
	bool mail;
	size_t n;

	if (begins(all, "operation=") || begins(all, "message=") ||
	    begins(all, "?operation=")) {
		free(m);
		*done = true;
		if (*all.p == '?')
			all = (struct span){ all.p + 1, all.len - 1 };
		if (all.len > 0 && all.p[all.len - 1] == '\n')
			all.len--;
		return inspect_query(l, all);
	}
	if (!read_message(all, m)) {
		free(m);
		return false;
	}
	*done = true;
	for (n = 0; n < MESSAGES_MAX && begins(m->start, "HTTP/") &&
	    begins(m->body, "HTTP/"); n++)
		if (!read_message(m->body, m))
			break;
	http = report_object();
	if (m->start.len > 0) {
		/* A GET carries its whole message in the line. */
		size_t shown = m->start.len < 120 ? m->start.len : 120;

		report_strn(http, "start_line", m->start.p, shown);
	}
	add_headers(m, l->in->show_secrets, http);
	report_int(http, "body_bytes", (int64_t)m->body.len);
	mail = m->start.len == 0 && header(m, "MIME-Version").len > 0;
	report_str(l->form, NULL, mail ? "smime" : "http");
	report_add(l->r, mail ? "smime" : "http", http);
	if (mail)
		facts_note(&l->f, "smime", NULL, "it is a mail (S/MIME); "
		    "devices want the message alone, in DER and with its "
		    "content inside");
	note_message(l, m);
	type = header(m, "Content-Type");
	snprintf(media, sizeof media, "%.*s", (int)type.len, type.p);
	l->media_type = type.len > 0 ? media : NULL;
	l->is_answer = !mail && (begins(m->start, "HTTP/") ||
	    m->start.len == 0);
	if (!inspect_body(l, m)) {
		if (m->body.len > 0) {
			report_str(http, "body", l->in->why);
			facts_note(&l->f, "unknown_body", "http", "its body "
			    "is nothing known: %s", l->in->why);
		}
		layer_is(l, "http", "an HTTP message%s%.*s with %s",
		    m->start.len > 0 ? " " : "",
		    (int)(m->start.len < 60 ? m->start.len : 60), m->start.p,
		    m->body.len > 0 ? "nothing known in it" : "no body");
	}
	l->media_type = NULL;
	free(m);
	return true;
}

/* ---- GetCACaps, RFC 8894 3.5.2 ---- */

static bool
is_known_cap(struct span line)
{
	static const char *const caps[] = {
		"AES", "DES3", "GetNextCACert", "POSTPKIOperation", "Renewal",
		"SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512",
		"SCEPStandard", "Update",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(caps); i++)
		if (line.len == strlen(caps[i]) &&
		    memcmp(line.p, caps[i], line.len) == 0)
			return true;
	return false;
}

static bool
is_word(struct span line)
{
	size_t i;

	for (i = 0; i < line.len; i++)
		if (line.p[i] <= ' ' || line.p[i] > '~')
			return false;
	return line.len > 0 && line.len <= 64;
}

static bool
has_cap(const struct report *caps, const char *name)
{
	size_t i;

	for (i = 0; i < report_count(caps); i++)
		if (strcmp(report_text(report_at(caps, i), NULL), name) == 0)
			return true;
	return false;
}

static void
note_caps(struct layer *l, const struct report *caps)
{
	if (!has_cap(caps, "SHA-256") && !has_cap(caps, "SHA-512") &&
	    !has_cap(caps, "SHA-384") && !has_cap(caps, "SCEPStandard"))
		facts_note(&l->f, "only_sha1", NULL, "no digest of SHA-2 is "
		    "offered: clients fall back to SHA-1 or MD5");
	if (!has_cap(caps, "AES") && !has_cap(caps, "SCEPStandard"))
		facts_note(&l->f, "no_aes", NULL, "AES is not offered: "
		    "clients fall back to triple or single DES");
	if (!has_cap(caps, "POSTPKIOperation") &&
	    !has_cap(caps, "SCEPStandard"))
		facts_note(&l->f, "no_post", NULL, "POST is not offered: "
		    "clients send their message in the URL of a GET");
}

bool
inspect_caps(struct layer *l, const struct buf *bytes, bool *done)
{
	struct span in = { buf_str(bytes), bytes->len };
	auto_report *caps = report_array();
	size_t known = 0, unknown = 0;
	bool crlf = bytes->len > 0 && strstr(buf_str(bytes), "\r\n") != NULL;

	if (bytes->len > 4096)
		return false;
	while (in.len > 0) {
		struct span line = take_line(&in);

		while (line.len > 0 && line.p[line.len - 1] == ' ')
			line.len--;
		if (line.len == 0)
			continue;
		if (!is_word(line))
			return false;
		if (is_known_cap(line))
			known++;
		else
			unknown++;
		report_strn(caps, NULL, line.p, line.len);
	}
	if (known == 0 || unknown > known)
		return false;
	*done = true;
	report_str(l->form, NULL, "text");
	layer_is(l, "getcacaps", "a SCEP server's capabilities (GetCACaps): "
	    "%zu known, %zu unknown", known, unknown);
	if (crlf)
		facts_note(&l->f, "crlf", NULL, "lines end in CR LF: Apple's "
		    "client splits at LF and then knows none of them");
	if (unknown > 0)
		facts_note(&l->f, "unknown_capability", NULL, "%zu "
		    "capabilit%s that RFC 8894 does not have", unknown,
		    unknown == 1 ? "y" : "ies");
	note_caps(l, caps);
	report_add(l->r, "capabilities", STEAL(caps));
	return true;
}
