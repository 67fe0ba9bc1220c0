/*
 * pem: the blocks of a PEM text (RFC 7468).
 */
#ifndef MCFG_X509_PEM_H
#define MCFG_X509_PEM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* One block of PEM (RFC 7468); label and body point into the text. */
struct pem_block {
	const char *label;
	size_t label_len;
	const char *whole;	/* from its BEGIN ... */
	size_t whole_len;	/* ... to the end of its END line */
	const char *body;	/* between the two lines */
	size_t body_len;
	bool has_headers;	/* RFC 1421: "Proc-Type: 4,ENCRYPTED" */
};

/*
 * pem_next() finds the next block from *at on and moves *at behind it.
 * *found is false if no block is left.  Returns NULL, or the reason.  If only
 * the END line is wrong, *found is true, and body is what is before it; the
 * label is set if a BEGIN line could be read.
 */
const char *pem_next(const char **at, const char *end, bool *found,
    struct pem_block *out);

/* pem_is() is true if the label is one of the labels, separated by '|'; NULL: any. */
bool pem_is(const struct pem_block *b, const char *labels);

/* pem_skip_headers() leaves the body without its headers, if there are any. */
void pem_skip_headers(struct pem_block *b);

/* pem_decode() returns NULL, or the reason: a block with headers is one. */
const char *pem_decode(const struct pem_block *b, struct buf *out);

/* pem_looks_like() is true for bytes that hold a line "-----BEGIN ". */
bool pem_looks_like(const struct buf *in);

#endif
