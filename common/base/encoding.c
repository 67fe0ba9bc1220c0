/* The bytes of text encodings: hexadecimal, base64 and percent escapes. */
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/encoding.h"

void
encode_hex(struct buf *b, const void *data, size_t len)
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

int
hex_digit(char c)
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
decode_hex(const char *text, struct buf *out)
{
	unsigned char *room = buf_reserve(out, strlen(text) / 2);
	size_t n = 0;

	while (*text != '\0') {
		int hi, lo;

		if (*text == ':') {
			text++;
			continue;
		}
		if ((hi = hex_digit(text[0])) == -1)
			return "a character that is not hexadecimal";
		if (text[1] == '\0' || (lo = hex_digit(text[1])) == -1)
			return "an odd number of hexadecimal digits";
		room[n++] = (unsigned char)(hi << 4 | lo);
		text += 2;
	}
	buf_end(out, n);
	return NULL;
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
encode_base64(struct buf *b, const void *data, size_t len)
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
encode_base64_lines(struct buf *b, const void *data, size_t len,
    size_t width, const char *indent)
{
	const unsigned char *p = data;
	size_t step = width / 4 * 3, i;

	for (i = 0; i < len; i += step) {
		buf_puts(b, indent);
		encode_base64(b, p + i, len - i < step ? len - i : step);
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
decode_base64(const char *text, size_t len, struct buf *out)
{
	size_t none = 0;

	return decode(text, len, out, &none);
}

/* Four or more would form another group, which readers treat differently. */
const char *
decode_padded_base64(const char *text, size_t len, struct buf *out,
    bool *excess)
{
	size_t pads = 3;
	const char *why = decode(text, len, out, &pads);

	*excess = why == NULL && pads > 0;
	return why;
}

const char *
decode_loose_base64(const char *text, size_t len, struct buf *out)
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
	return decode_base64(buf_str(&plain), plain.len, out);
}

/* The byte for the escape at p; 0 if the escape is broken. */
static int
escaped_byte(const char *p, size_t len)
{
	int high, low;

	if (len < 3 || (high = hex_digit(p[1])) < 0 ||
	    (low = hex_digit(p[2])) < 0)
		return 0;
	return high << 4 | low;
}

bool
decode_percent(const char *text, size_t len, struct buf *out)
{
	bool whole = true;
	size_t i;
	int c;

	for (i = 0; i < len; i++) {
		if (text[i] != '%')
			buf_putc(out, text[i]);
		else if ((c = escaped_byte(text + i, len - i)) != 0) {
			buf_putc(out, (char)c);
			i += 2;
		} else {
			buf_putc(out, '%');
			whole = false;
		}
	}
	return whole;
}
