#include "base/buf.h"

#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

void
buf_wipe(void *p, size_t len)
{
	if (p != NULL)
		OPENSSL_cleanse(p, len);
}

void
buf_free(struct buf *b)
{
	bool secret = b->secret;

	if (secret)
		buf_wipe(b->data, b->cap);
	free(b->data);
	*b = (struct buf)BUF_INIT;
	b->secret = secret;
}

void
buf_cut(struct buf *b, size_t len)
{
	if (len >= b->len)
		return;
	if (b->secret)
		buf_wipe(b->data + len, b->len - len);
	b->len = len;
	b->data[len] = '\0';
}

/* Moves to a larger allocation; realloc() would leave a copy of a secret. */
static void
grow(struct buf *b, size_t cap)
{
	unsigned char *bigger;

	if (!b->secret) {
		b->data = xreallocarray(b->data, cap, 1);
	} else {
		bigger = xmalloc(cap);
		if (b->len > 0)
			memcpy(bigger, b->data, b->len);
		buf_wipe(b->data, b->cap);
		free(b->data);
		b->data = bigger;
	}
	b->cap = cap;
}

unsigned char *
buf_reserve(struct buf *b, size_t n)
{
	size_t need, cap;

	if (n > SIZE_MAX / 4 - b->len)
		mem_exhausted();
	need = b->len + n + 1;
	if (need > b->cap) {
		cap = b->cap < 64 ? 64 : b->cap;
		while (cap < need)
			cap += cap / 2;
		grow(b, cap);
	}
	b->data[b->len] = '\0';
	return b->data + b->len;
}

void
buf_end(struct buf *b, size_t added)
{
	b->len += added;
	b->data[b->len] = '\0';
}

void
buf_add(struct buf *b, const void *data, size_t len)
{
	unsigned char *room = buf_reserve(b, len);

	if (len > 0)
		memcpy(room, data, len);
	buf_end(b, len);
}

void
buf_add_buf(struct buf *b, const struct buf *more)
{
	buf_add(b, more->data, more->len);
}

void
buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_putc(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		mem_exhausted();
	va_start(ap, fmt);
	vsnprintf((char *)buf_reserve(b, (size_t)n), (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf_end(b, (size_t)n);
}

const char *
buf_str(const struct buf *b)
{
	return b->data != NULL ? (const char *)b->data : "";
}

bool
buf_equal(const struct buf *a, const struct buf *b)
{
	return a->len == b->len &&
	    (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

bool
buf_has_prefix(const struct buf *b, const char *s)
{
	size_t n = strlen(s);

	return b->len >= n && (n == 0 || memcmp(b->data, s, n) == 0);
}

enum {
	REAL_DIGITS = 17,	/* enough for every double */
	REAL_TEXT = 64,
	REAL_PLAIN_MIN = -5,	/* exponents written in plain form */
	REAL_PLAIN_MAX = 16,
};

void
buf_add_real(struct buf *b, double v)
{
	char text[REAL_TEXT];
	int digits, exponent;

	if (!isfinite(v)) {
		buf_puts(b, isnan(v) ? "nan" : v < 0 ? "-inf" : "inf");
		return;
	}
	for (digits = 1; digits < REAL_DIGITS; digits++) {
		snprintf(text, sizeof text, "%.*e", digits - 1, v);
		if (strtod(text, NULL) == v)
			break;
	}
	snprintf(text, sizeof text, "%.*e", digits - 1, v);
	exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
	if (exponent > REAL_PLAIN_MIN && exponent < REAL_PLAIN_MAX)
		snprintf(text, sizeof text, "%.*f",
		    digits - 1 > exponent ? digits - 1 - exponent : 0, v);
	buf_puts(b, text);
}
