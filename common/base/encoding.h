/*
 * encoding: bytes as text, in hexadecimal, base64 (RFC 4648) and percent
 * escapes (RFC 3986).  Each function appends to its buffer.
 */
#ifndef MCFG_BASE_ENCODING_H
#define MCFG_BASE_ENCODING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Append lower-case hexadecimal; base64 on one line, or on lines of width. */
void encode_hex(struct buf *b, const void *data, size_t len);
void encode_base64(struct buf *b, const void *data, size_t len);
void encode_base64_lines(struct buf *b, const void *data, size_t len,
    size_t width, const char *indent);

/*
 * decode_base64() decodes RFC 4648 section 4 with any white space between
 * the characters.  Padding must be right, and unused bits must be zero.
 * Returns NULL, or the reason why text is not base64; out is changed only on
 * success.
 */
const char *decode_base64(const char *text, size_t len, struct buf *out);

/*
 * decode_padded_base64() also accepts up to three '=' more than needed
 * ("AAAA="), like Apple's readers.  *excess is set to whether there were any.
 */
const char *decode_padded_base64(const char *text, size_t len,
    struct buf *out, bool *excess);

/*
 * decode_loose_base64() also accepts the URL-safe alphabet with "-" and "_"
 * (RFC 4648 section 5), and missing padding.
 */
const char *decode_loose_base64(const char *text, size_t len,
    struct buf *out);

/*
 * decode_hex() decodes digits of either case, with optional colons between
 * them.  Returns NULL, or the reason why it cannot.
 */
const char *decode_hex(const char *text, struct buf *out);

/* hex_digit() returns the value of a digit in either case, or -1. */
int hex_digit(char c);

/*
 * decode_percent() appends the text with each %XX (RFC 3986 section 2.1)
 * replaced by its byte; '+' is not decoded.  A broken escape, or %00, is
 * appended unchanged, and the function then returns false.
 */
bool decode_percent(const char *text, size_t len, struct buf *out);

#endif
