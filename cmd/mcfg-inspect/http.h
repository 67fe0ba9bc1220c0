/*
 * http: the parts of a saved message, for the files that handle HTTP, S/MIME
 * and the lines of GetCACaps.
 */
#ifndef MCFG_HTTP_H
#define MCFG_HTTP_H

#include "inspect.h"

enum { HEADERS_MAX = 200 };

/* A part of the input, borrowed. */
struct span {
	const char *p;
	size_t len;
};

struct message {
	struct span start;	/* start line, or empty */
	struct {
		struct span name, value;
	} headers[HEADERS_MAX];
	size_t n;
	struct span body;
};

/* Compares without regard to case. */
bool span_is(struct span a, const char *b);

bool span_begins(struct span s, const char *with);

/* Removes one line from the front of *in, and returns it without its end. */
struct span span_line(struct span *in);

/*
 * Undoes percent escapes, turns blanks back into '+' (base64 in a SCEP message
 * has '+'), and drops line ends.
 */
void span_unescape(struct span in, struct buf *out);

/* False if the bytes do not begin with a header block. */
bool message_read(struct span in, struct message *m);

/* The value of a header, or an empty span if it is missing. */
struct span message_header(const struct message *m, const char *name);

/* The boundary of a multipart type, RFC 2046 5.1.1. */
bool multipart_boundary(struct span type, struct span *out);

/* multipart/signed: the content, followed by a detached signature over it. */
bool inspect_multipart(struct layer *l, struct span body,
    struct span boundary);

#endif
