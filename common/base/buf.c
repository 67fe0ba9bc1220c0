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

void
buf_add_hex(struct buf *b, const void *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = data;
	unsigned char *room = buf_reserve(b, len * 2);
	size_t i;

	for (i = 0; i < len; i++) {
		*room++ = (unsigned char)digits[p[i] >> 4];
		*room++ = (unsigned char)digits[p[i] & 15];
	}
	buf_end(b, len * 2);
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

int
buf_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

const char *
buf_from_hex(const char *text, struct buf *out)
{
	unsigned char *room = buf_reserve(out, strlen(text) / 2);
	size_t n = 0;

	while (*text != '\0') {
		int hi, lo;

		if (*text == ':') {
			text++;
			continue;
		}
		if ((hi = buf_hex_digit(text[0])) == -1)
			return "a character that is not hexadecimal";
		if (text[1] == '\0' || (lo = buf_hex_digit(text[1])) == -1)
			return "an odd number of hexadecimal digits";
		room[n++] = (unsigned char)(hi << 4 | lo);
		text += 2;
	}
	buf_end(out, n);
	return NULL;
}

/* ---- base64, RFC 4648 section 4, strict and loose ---- */

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
buf_add_base64(struct buf *b, const void *data, size_t len)
{
	const unsigned char *p = data;
	unsigned char *room = buf_reserve(b, (len + 2) / 3 * 4);
	size_t i, left;
	uint32_t v;

	for (i = 0; i < len; i += 3) {
		left = len - i;
		v = (uint32_t)p[i] << 16;
		if (left > 1)
			v |= (uint32_t)p[i + 1] << 8;
		if (left > 2)
			v |= p[i + 2];
		*room++ = (unsigned char)base64_digits[v >> 18];
		*room++ = (unsigned char)base64_digits[v >> 12 & 63];
		*room++ = left > 1 ?
		    (unsigned char)base64_digits[v >> 6 & 63] : '=';
		*room++ = left > 2 ? (unsigned char)base64_digits[v & 63] : '=';
	}
	buf_end(b, (len + 2) / 3 * 4);
}

void
buf_add_base64_lines(struct buf *b, const void *data, size_t len,
    size_t width, const char *indent)
{
	const unsigned char *p = data;
	size_t step = width / 4 * 3, i;

	for (i = 0; i < len; i += step) {
		buf_puts(b, indent);
		buf_add_base64(b, p + i, len - i < step ? len - i : step);
		buf_putc(b, '\n');
	}
}

static int
base64_value(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool
is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Decodes; *excess is set to the number of '=' that are not needed. */
static const char *
decode(const char *text, size_t len, struct buf *out, size_t *excess)
{
	unsigned char *room = buf_reserve(out, len / 4 * 3 + 3);
	size_t i, digits = 0, pads = 0, n = 0;
	uint32_t v = 0;

	for (i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];
		int d;

		if (is_space(c))
			continue;
		if (c == '=') {
			pads++;
			continue;
		}
		if ((d = base64_value(c)) == -1)
			return "a character that is not base64";
		if (pads > 0)
			return "base64 goes on after its padding";
		v = v << 6 | (uint32_t)d;
		if (++digits % 4 == 0) {
			room[n++] = (unsigned char)(v >> 16);
			room[n++] = (unsigned char)(v >> 8);
			room[n++] = (unsigned char)v;
			v = 0;
		}
	}
	switch (digits % 4) {
	case 0:
		break;
	case 2:
		if (pads < 2 || (v & 15) != 0)
			return "base64 is cut or wrongly padded";
		pads -= 2;
		room[n++] = (unsigned char)(v >> 4);
		break;
	case 3:
		if (pads < 1 || (v & 3) != 0)
			return "base64 is cut or wrongly padded";
		pads -= 1;
		room[n++] = (unsigned char)(v >> 10);
		room[n++] = (unsigned char)(v >> 2);
		break;
	default:
		return "base64 is cut";
	}
	if (pads > *excess)
		return "base64 with too much padding";
	*excess = pads;
	buf_end(out, n);
	return NULL;
}

const char *
buf_from_base64(const char *text, size_t len, struct buf *out)
{
	size_t none = 0;

	return decode(text, len, out, &none);
}

/* Four or more would form another group, which readers treat differently. */
const char *
buf_from_padded_base64(const char *text, size_t len, struct buf *out,
    bool *excess)
{
	size_t pads = 3;
	const char *why = decode(text, len, out, &pads);

	*excess = why == NULL && pads > 0;
	return why;
}

const char *
buf_from_base64_loose(const char *text, size_t len, struct buf *out)
{
	auto_buf plain = BUF_INIT;
	size_t i, digits = 0;

	for (i = 0; i < len; i++) {
		char c = text[i];

		if (is_space((unsigned char)c))
			continue;
		buf_putc(&plain, c == '-' ? '+' : c == '_' ? '/' : c);
		digits++;
	}
	for (; digits % 4 == 2 || digits % 4 == 3; digits++)
		buf_putc(&plain, '=');
	return buf_from_base64(buf_str(&plain), plain.len, out);
}
