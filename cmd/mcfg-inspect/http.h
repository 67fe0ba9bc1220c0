/*
 * http: how the bytes of a saved message lie, for the files that look at
 * HTTP, S/MIME and the lines of GetCACaps.
 */
#ifndef MCFG_HTTP_H
#define MCFG_HTTP_H

#include "inspect.h"

enum { HEADERS_MAX = 200 };

/* A piece of the input, borrowed. */
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

/* True for the same letters, in either case. */
bool span_is(struct span a, const char *b);

bool span_begins(struct span s, const char *with);

/* Takes one line, without its end, off *in. */
struct span span_line(struct span *in);

/* False if the bytes are not a header block. */
bool message_read(struct span in, struct message *m);

/* The value of a header, empty if it is missing. */
struct span message_header(const struct message *m, const char *name);

/* The boundary of a multipart type, RFC 2046 5.1.1. */
bool multipart_boundary(struct span type, struct span *out);

/* multipart/signed: the content, then a detached signature over it. */
bool inspect_multipart(struct layer *l, struct span body,
    struct span boundary);

#endif
