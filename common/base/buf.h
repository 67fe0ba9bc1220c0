/*
 * buf: bytes with a length, wiped if secret.
 *
 * A buf is always followed by one NUL byte that does not count, so data of a
 * buf may be read as a C string where it is text.
 */
#ifndef MCFG_BASE_BUF_H
#define MCFG_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

struct buf {
	unsigned char *data;	/* NULL while nothing was ever added */
	size_t len;
	size_t cap;
	bool secret;		/* wiped when it is freed, cut or moved */
};
#define BUF_INIT	{ NULL, 0, 0, false }
#define BUF_SECRET	{ NULL, 0, 0, true }
#define auto_buf	AUTO(buf_free) struct buf

/* Frees, wiping what is secret; the buf is empty again and may be reused. */
void buf_free(struct buf *b);

/* Forgets the bytes from len on. */
void buf_cut(struct buf *b, size_t len);

/*
 * buf_reserve() makes room for n more bytes and returns where they go; the
 * caller adds what it wrote to b->len and calls buf_end(), or nothing.
 */
unsigned char *buf_reserve(struct buf *b, size_t n);
void buf_end(struct buf *b, size_t added);

void buf_add(struct buf *b, const void *data, size_t len);
void buf_add_buf(struct buf *b, const struct buf *more);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* buf_str() is the bytes as a C string, "" for an empty one. */
const char *buf_str(const struct buf *b);

bool buf_equal(const struct buf *a, const struct buf *b);

/* buf_has_prefix() tells whether the bytes begin with the string s. */
bool buf_has_prefix(const struct buf *b, const char *s);

/* Lower-case hexadecimal; base64 in one line, or in lines of width. */
void buf_add_hex(struct buf *b, const void *data, size_t len);
void buf_add_base64(struct buf *b, const void *data, size_t len);
void buf_add_base64_lines(struct buf *b, const void *data, size_t len,
    size_t width, const char *indent);

/*
 * buf_from_base64() decodes RFC 4648 section 4 with any white space between
 * the characters, to the last bit strict: padding must be right and unused
 * bits zero.  Returns NULL or the reason why it is none; out is appended to
 * only on success.
 */
const char *buf_from_base64(const char *text, size_t len, struct buf *out);

/*
 * buf_from_padded_base64() also takes up to three more '=' than are needed
 * ("AAAA="), as Apple's readers do, and says in *excess whether some were.
 */
const char *buf_from_padded_base64(const char *text, size_t len,
    struct buf *out, bool *excess);

/*
 * buf_from_base64_loose() is for what was meant for addresses and headers: it
 * takes RFC 4648 section 5, too, with "-" and "_", and padding may be missing.
 */
const char *buf_from_base64_loose(const char *text, size_t len,
    struct buf *out);

/*
 * buf_add_real() appends the fewest digits that read back as the same double:
 * 0.1, 1e-07; "nan", "inf" and "-inf" for what is not finite.
 */
void buf_add_real(struct buf *b, double v);

/*
 * buf_from_hex() takes digits of either case, colons between them are
 * skipped.  Returns NULL or the reason.
 */
const char *buf_from_hex(const char *text, struct buf *out);

/* buf_hex_digit() is the value of a digit of either case, or -1. */
int buf_hex_digit(char c);

/* buf_wipe() clears memory in a way that the compiler cannot leave out. */
void buf_wipe(void *p, size_t len);

#endif
