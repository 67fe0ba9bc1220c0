/*
 * buf: bytes with a length, wiped if secret.
 *
 * One NUL byte always follows, which is not counted, so that text in a buf can
 * be read as a C string.
 */
#ifndef MCFG_BASE_BUF_H
#define MCFG_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/mem.h"

struct buf {
	unsigned char *data;	/* NULL until something is added */
	size_t len;
	size_t cap;
	bool secret;		/* wiped when it is freed, cut or moved */
};
#define BUF_INIT	{ NULL, 0, 0, false }
#define BUF_SECRET	{ NULL, 0, 0, true }
#define auto_buf	AUTO(buf_free) struct buf

/*
 * Frees the bytes, and wipes them if secret; the buf is then empty and can be
 * reused.
 */
void buf_free(struct buf *b);

/* Removes the bytes from offset len on. */
void buf_cut(struct buf *b, size_t len);

/*
 * buf_reserve() makes room for n more bytes and returns a pointer to it.
 * buf_end() adds the number of bytes that the caller wrote there to the
 * length.
 */
unsigned char *buf_reserve(struct buf *b, size_t n);
void buf_end(struct buf *b, size_t added);

void buf_add(struct buf *b, const void *data, size_t len);
void buf_add_buf(struct buf *b, const struct buf *more);
void buf_puts(struct buf *b, const char *s);
void buf_putc(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* buf_str() returns the bytes as a C string, "" if there are none; borrowed. */
const char *buf_str(const struct buf *b);

bool buf_equal(const struct buf *a, const struct buf *b);

/* buf_has_prefix() returns true if the bytes begin with the string s. */
bool buf_has_prefix(const struct buf *b, const char *s);

/*
 * buf_add_real() appends a double with the fewest digits from which the same
 * value can be read: 0.1, 1e-07; also "nan", "inf" and "-inf".
 */
void buf_add_real(struct buf *b, double v);

/* buf_wipe() clears memory in a way that the compiler cannot optimise away. */
void buf_wipe(void *p, size_t len);

#endif
