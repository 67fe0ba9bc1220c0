/*
 * pem: the blocks of a PEM text (RFC 7468).
 */
#ifndef MCFG_X509_PEM_H
#define MCFG_X509_PEM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* A PEM block (RFC 7468); label and body point into the text. */
struct pem_block {
	const char *label;
	size_t label_len;
	const char *whole;	/* from its BEGIN line ... */
	size_t whole_len;	/* ... to the end of its END line */
	const char *body;	/* between these two lines */
	size_t body_len;
	bool has_headers;	/* RFC 1421: "Proc-Type: 4,ENCRYPTED" */
};

/*
 * pem_next() finds the next block at or after *at, and moves *at past it.
 * *found is false if there is none.  Returns NULL, or the reason why the
 * block is invalid.  If only the END line is wrong, *found is true, and body
 * is what precedes it; the label is set if the BEGIN line could be read.
 */
const char *pem_next(const char **at, const char *end, bool *found,
    struct pem_block *out);

/*
 * pem_is() returns true if the block has one of the labels, separated by '|';
 * NULL: any.
 */
bool pem_is(const struct pem_block *b, const char *labels);

/* pem_skip_headers() removes the headers from the body, if there are any. */
void pem_skip_headers(struct pem_block *b);

/*
 * pem_decode() appends the decoded body.  Returns NULL, or the reason why it
 * cannot, such as headers.
 */
const char *pem_decode(const struct pem_block *b, struct buf *out);

/* pem_looks_like() returns true if the bytes have a line "-----BEGIN ". */
bool pem_looks_like(const struct buf *in);

#endif
