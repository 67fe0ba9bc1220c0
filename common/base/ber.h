/*
 * ber: reads BER and DER (X.690) element by element, from untrusted bytes.
 * Every length is checked against the bytes that follow, elements may be
 * nested at most BER_DEPTH_MAX deep, and nothing is copied: an item points
 * into the bytes from which it was read.
 *
 * Functions that read return NULL, or the reason why they cannot.
 */
#ifndef MCFG_BASE_BER_H
#define MCFG_BASE_BER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum {
	BER_DEPTH_MAX = 32,	/* this number is also in the message */
	BER_ITEMS_MAX = 500000,	/* elements that ber_survey() walks at most */
};

/* Tags of the universal class. */
enum {
	BER_BOOLEAN = 1,
	BER_INTEGER = 2,
	BER_BIT_STRING = 3,
	BER_OCTET_STRING = 4,
	BER_NULL = 5,
	BER_OID = 6,
	BER_UTF8_STRING = 12,
	BER_SEQUENCE = 16,
	BER_SET = 17,
	BER_NUMERIC_STRING = 18,
	BER_PRINTABLE_STRING = 19,
	BER_T61_STRING = 20,
	BER_IA5_STRING = 22,
	BER_UTC_TIME = 23,
	BER_GENERALIZED_TIME = 24,
	BER_VISIBLE_STRING = 26,
	BER_BMP_STRING = 30,
};

/* Identifier octets: a constructed element, and one of the context class. */
#define BER_CONSTRUCTED(tag)	(0x20 | (tag))
#define BER_CONTEXT(tag)	(0xA0 | (tag))

/* Bytes that remain to be read; borrowed. */
struct ber {
	const unsigned char *p;
	size_t len;
};

struct ber_item {
	unsigned cls;			/* 0 universal, 2 context */
	uint32_t tag;
	bool constructed;
	bool indefinite;		/* ends with a marker, has no length */
	const unsigned char *start;	/* start of the identifier */
	size_t size;			/* bytes up to the end of the element */
	struct ber body;		/* contents */
};

/* ber_next() reads the next element and moves in past it. */
const char *ber_next(struct ber *in, struct ber_item *out);

/*
 * ber_want() reads the next element if it has this universal tag; otherwise it
 * returns false and leaves in unchanged.
 */
bool ber_want(struct ber *in, uint32_t tag, struct ber_item *out);

/* ber_want_context() does the same for a tag of the context class. */
bool ber_want_context(struct ber *in, uint32_t tag, struct ber_item *out);

/*
 * ber_enter() moves into the next element if it has this universal tag.  The
 * body may be incomplete: this is for bytes that may be cut off.
 */
bool ber_enter(struct ber *in, uint32_t tag);

bool ber_is(const struct ber_item *i, uint32_t tag);
bool ber_is_context(const struct ber_item *i, uint32_t tag);

/*
 * ber_octets() appends the bytes of an OCTET STRING, or of an element with an
 * implicit tag in its place, with its segments joined.
 */
const char *ber_octets(const struct ber_item *i, struct buf *out);

/*
 * ber_oid() appends an OBJECT IDENTIFIER as dotted numbers, or "?" if it is
 * invalid.
 */
void ber_oid(const struct ber_item *i, struct buf *out);

/*
 * ber_number() returns true, and the value in *out, for an INTEGER from 0 to
 * 2^31 - 1.
 */
bool ber_number(const struct ber_item *i, long *out);

/* Properties of an element, including the elements nested in it. */
struct ber_survey {
	size_t size;		/* bytes of the element */
	size_t depth;		/* how deep it is nested */
	size_t items;		/* elements in all */
	bool indefinite;	/* has an indefinite length: BER, not DER */
	bool pieces;		/* a string is in segments: BER, not DER */
	bool long_length;	/* a length has more bytes than needed */
};

/* ber_survey() examines the first element in the bytes. */
const char *ber_survey(const void *p, size_t len, struct ber_survey *out);

/* True if the bytes may be a SEQUENCE. */
bool ber_looks_like(const struct buf *in);

/*
 * ber_looks_binary() returns true if a SEQUENCE of more than 127 bytes may
 * begin at this offset.  Text in any encoding that is in use has no such
 * bytes.
 */
bool ber_looks_binary(const struct buf *in, size_t at);

/* ber_put() appends an element in DER: identifier octet, length, body. */
void ber_put(struct buf *out, unsigned char identifier,
    const struct buf *body);

#endif
