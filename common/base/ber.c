/* Reads and writes BER and DER elements (X.690). */
#include "base/ber.h"

#include <string.h>

static const char too_deep[] = "nested deeper than 32";
static const char cut_short[] = "truncated";

/* Identifier octets, X.690 8.1.2. */
static const char *
read_tag(struct ber *in, struct ber_item *out)
{
	unsigned char b;

	if (in->len == 0)
		return cut_short;
	b = *in->p++;
	in->len--;
	out->cls = b >> 6;
	out->constructed = (b & 0x20) != 0;
	out->tag = b & 0x1F;
	if (out->tag != 0x1F)
		return NULL;
	out->tag = 0;
	do {
		if (in->len == 0)
			return cut_short;
		if (out->tag >> 24 != 0)
			return "a tag is too large";
		b = *in->p++;
		in->len--;
		out->tag = out->tag << 7 | (b & 0x7F);
	} while ((b & 0x80) != 0);
	return NULL;
}

/* Length octets, 8.1.3; *wide is set if fewer would suffice. */
static const char *
read_length(struct ber *in, bool *indefinite, bool *wide, size_t *len)
{
	size_t n, v = 0;
	unsigned char b;

	*indefinite = *wide = false;
	if (in->len == 0)
		return cut_short;
	b = *in->p++;
	in->len--;
	*len = b;
	if (b < 0x80)
		return NULL;
	if (b == 0x80) {
		*indefinite = true;
		*len = 0;
		return NULL;
	}
	n = b & 0x7F;
	if (b == 0xFF || n > in->len)
		return b == 0xFF ? "a length is reserved" : cut_short;
	*wide = in->p[0] == 0 || (n == 1 && in->p[0] < 0x80);
	for (; n > 0; n--) {
		if (v >> (8 * sizeof v - 8) != 0)
			return "a length is larger than the input";
		v = v << 8 | *in->p++;
		in->len--;
	}
	*len = v;
	return NULL;
}

static const char *read_item(struct ber *in, size_t depth,
    struct ber_item *out, struct ber_survey *s);

/* Elements up to the end-of-contents octets, 8.1.5. */
static const char *
read_to_end(struct ber *in, size_t depth, struct ber_survey *s)
{
	struct ber_item inner;
	const char *reason;

	for (;;) {
		if (in->len >= 2 && in->p[0] == 0 && in->p[1] == 0)
			return NULL;
		if ((reason = read_item(in, depth + 1, &inner, s)) != NULL)
			return reason;
	}
}

/* Reads the contents of an element with a length, only to examine them. */
static const char *
survey_body(struct ber body, size_t depth, struct ber_survey *s)
{
	struct ber_item inner;
	const char *reason;

	while (body.len > 0)
		if ((reason = read_item(&body, depth + 1, &inner, s)) != NULL)
			return reason;
	return NULL;
}

static bool
is_string(const struct ber_item *i)
{
	return i->cls == 0 && (i->tag == BER_OCTET_STRING ||
	    i->tag == BER_BIT_STRING ||
	    (i->tag >= BER_UTF8_STRING && i->tag != BER_SEQUENCE &&
	    i->tag != BER_SET));
}

/* With s, all levels are examined; without, only what is necessary. */
static const char *
read_item(struct ber *in, size_t depth, struct ber_item *out,
    struct ber_survey *s)
{
	struct ber at = *in;
	const char *reason;
	bool wide;
	size_t len;

	if (depth >= BER_DEPTH_MAX)
		return too_deep;
	if (s != NULL && ++s->items > BER_ITEMS_MAX)
		return "too many parts";
	out->start = at.p;
	if ((reason = read_tag(&at, out)) != NULL ||
	    (reason = read_length(&at, &out->indefinite, &wide,
	    &len)) != NULL)
		return reason;
	out->body.p = at.p;
	if (out->indefinite) {
		if (!out->constructed)
			return "an indefinite length where none is allowed";
		if ((reason = read_to_end(&at, depth, s)) != NULL)
			return reason;
		out->body.len = (size_t)(at.p - out->body.p);
		len = 2;
	} else {
		if (len > at.len)
			return cut_short;
		out->body.len = len;
	}
	at.p += len;
	at.len -= len;
	out->size = (size_t)(at.p - out->start);
	if (s != NULL) {
		if (depth + 1 > s->depth)
			s->depth = depth + 1;
		s->indefinite |= out->indefinite;
		s->pieces |= out->constructed && is_string(out);
		s->long_length |= wide;
		if (out->constructed && !out->indefinite &&
		    (reason = survey_body(out->body, depth, s)) != NULL)
			return reason;
	}
	*in = at;
	return NULL;
}

const char *
ber_next(struct ber *in, struct ber_item *out)
{
	return read_item(in, 0, out, NULL);
}

bool
ber_is(const struct ber_item *i, uint32_t tag)
{
	return i->cls == 0 && i->tag == tag;
}

bool
ber_is_context(const struct ber_item *i, uint32_t tag)
{
	return i->cls == 2 && i->tag == tag;
}

static bool
want(struct ber *in, unsigned cls, uint32_t tag, struct ber_item *out)
{
	struct ber at = *in;

	if (ber_next(&at, out) != NULL || out->cls != cls || out->tag != tag)
		return false;
	*in = at;
	return true;
}

bool
ber_want(struct ber *in, uint32_t tag, struct ber_item *out)
{
	return want(in, 0, tag, out);
}

bool
ber_enter(struct ber *in, uint32_t tag)
{
	struct ber at = *in;
	struct ber_item item;
	bool wide;
	size_t len;

	if (read_tag(&at, &item) != NULL || !ber_is(&item, tag) ||
	    read_length(&at, &item.indefinite, &wide, &len) != NULL)
		return false;
	if (!item.indefinite && len < at.len)
		at.len = len;
	*in = at;
	return true;
}

bool
ber_want_context(struct ber *in, uint32_t tag, struct ber_item *out)
{
	return want(in, 2, tag, out);
}

const char *
ber_survey(const void *p, size_t len, struct ber_survey *out)
{
	struct ber in = { p, len };
	struct ber_item item;
	const char *reason;

	memset(out, 0, sizeof *out);
	if ((reason = read_item(&in, 0, &item, out)) != NULL)
		return reason;
	out->size = item.size;
	return NULL;
}

static const char *
join_pieces(struct ber in, size_t depth, struct buf *out)
{
	struct ber_item piece;
	const char *reason = NULL;

	if (depth >= BER_DEPTH_MAX)
		return too_deep;
	while (in.len > 0) {
		if (!ber_want(&in, BER_OCTET_STRING, &piece))
			return "a constructed string has a piece of another "
			    "type";
		if (!piece.constructed)
			buf_add(out, piece.body.p, piece.body.len);
		else if ((reason = join_pieces(piece.body, depth + 1,
		    out)) != NULL)
			return reason;
	}
	return NULL;
}

const char *
ber_octets(const struct ber_item *i, struct buf *out)
{
	if (i->constructed)
		return join_pieces(i->body, 0, out);
	buf_add(out, i->body.p, i->body.len);
	return NULL;
}

void
ber_oid(const struct ber_item *i, struct buf *out)
{
	size_t start = out->len, k;
	uint64_t arc = 0;
	bool first = true;

	for (k = 0; k < i->body.len; k++) {
		if (arc >> 56 != 0)
			break;
		arc = arc << 7 | (i->body.p[k] & 0x7Fu);
		if ((i->body.p[k] & 0x80) != 0)
			continue;
		if (first) {
			uint64_t top = arc < 80 ? arc / 40 : 2;

			buf_printf(out, "%u.%llu", (unsigned)top,
			    (unsigned long long)(arc - top * 40));
		} else
			buf_printf(out, ".%llu", (unsigned long long)arc);
		first = false;
		arc = 0;
	}
	if (first || k < i->body.len || (i->body.p[k - 1] & 0x80) != 0) {
		buf_cut(out, start);
		buf_putc(out, '?');
	}
}

bool
ber_number(const struct ber_item *i, long *out)
{
	long v = 0;
	size_t k;

	if (!ber_is(i, BER_INTEGER) || i->constructed || i->body.len == 0 ||
	    i->body.len > 5 || (i->body.p[0] & 0x80) != 0 ||
	    (i->body.len == 5 && i->body.p[0] != 0))
		return false;
	for (k = 0; k < i->body.len; k++)
		v = v << 8 | i->body.p[k];
	if (v > INT32_MAX)
		return false;
	*out = v;
	return true;
}

bool
ber_looks_like(const struct buf *in)
{
	return in->len >= 2 && in->data[0] == BER_CONSTRUCTED(BER_SEQUENCE);
}

bool
ber_looks_binary(const struct buf *in, size_t at)
{
	return in->len > at + 2 &&
	    in->data[at] == BER_CONSTRUCTED(BER_SEQUENCE) &&
	    in->data[at + 1] >= 0x80 && in->data[at + 1] <= 0x84;
}

void
ber_put(struct buf *out, unsigned char identifier, const struct buf *body)
{
	size_t n = 0, i;

	buf_putc(out, (char)identifier);
	if (body->len < 0x80)
		buf_putc(out, (char)body->len);
	else {
		while (n < sizeof body->len && body->len >> 8 * n != 0)
			n++;
		buf_putc(out, (char)(0x80 | n));
		for (i = n; i > 0; i--)
			buf_putc(out, (char)(body->len >> 8 * (i - 1) & 0xFF));
	}
	buf_add_buf(out, body);
}
