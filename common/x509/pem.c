/* Reads PEM (RFC 7468), and base64 without its lines. */
#include <ctype.h>
#include <string.h>

#include "base/ber.h"
#include "base/encoding.h"
#include "x509/local.h"

static const char begin_mark[] = "-----BEGIN ";
static const char end_mark[] = "-----END ";
static const char dashes[] = "-----";

static const char *
find(const char *p, const char *end, const char *what)
{
	size_t n = strlen(what);

	for (; (size_t)(end - p) >= n; p++) {
		p = memchr(p, what[0], (size_t)(end - p) - n + 1);
		if (p == NULL)
			return NULL;
		if (memcmp(p, what, n) == 0)
			return p;
	}
	return NULL;
}

/* A mark counts only at the beginning of a line. */
static const char *
find_line(const char *p, const char *start, const char *end, const char *what)
{
	while ((p = find(p, end, what)) != NULL) {
		if (p == start || p[-1] == '\n' || p[-1] == '\r')
			return p;
		p++;
	}
	return NULL;
}

const char *
pem_next(const char **at, const char *end, bool *found, struct pem_block *out)
{
	const char *start = *at, *p, *q;

	*found = false;
	*out = (struct pem_block){ 0 };
	if ((p = find_line(start, start, end, begin_mark)) == NULL)
		return NULL;
	out->whole = p;
	out->label = p + sizeof begin_mark - 1;
	if ((q = find(out->label, end, dashes)) == NULL ||
	    memchr(out->label, '\n', (size_t)(q - out->label)) != NULL)
		return "a PEM BEGIN line is broken";
	out->label_len = (size_t)(q - out->label);
	out->body = q + sizeof dashes - 1;
	if ((p = find_line(out->body, start, end, end_mark)) == NULL)
		return "a PEM block has no END line";
	out->body_len = (size_t)(p - out->body);
	out->has_headers = memchr(out->body, ':', out->body_len) != NULL;
	*found = true;
	*at = p += sizeof end_mark - 1;
	if ((size_t)(end - p) < out->label_len + sizeof dashes - 1 ||
	    memcmp(p, out->label, out->label_len) != 0 ||
	    memcmp(p + out->label_len, dashes, sizeof dashes - 1) != 0)
		return "the END line of a PEM block is not that of its BEGIN";
	p += out->label_len + sizeof dashes - 1;
	if (p < end && *p == '\r')
		p++;
	if (p < end && *p == '\n')
		p++;
	out->whole_len = (size_t)(p - out->whole);
	*at = p;
	return NULL;
}

bool
pem_is(const struct pem_block *b, const char *labels)
{
	const char *p = labels, *bar;

	while (p != NULL) {
		size_t n;

		bar = strchr(p, '|');
		n = bar != NULL ? (size_t)(bar - p) : strlen(p);
		if (n == b->label_len && memcmp(p, b->label, n) == 0)
			return true;
		p = bar != NULL ? bar + 1 : NULL;
	}
	return labels == NULL;
}

/* Headers end at an empty line, or are all that there is. */
void
pem_skip_headers(struct pem_block *b)
{
	const char *end = b->body + b->body_len;
	const char *p = memchr(b->body, ':', b->body_len);

	if (p == NULL)
		return;
	for (; p < end; p++)
		if (p[0] == '\n' && (p[1] == '\n' ||
		    (p[1] == '\r' && p[2] == '\n')))
			break;
	b->body = p < end ? p + 1 : end;
	b->body_len = (size_t)(end - b->body);
	b->has_headers = false;
}

const char *
pem_decode(const struct pem_block *b, struct buf *out)
{
	if (b->has_headers)
		return "a PEM block with headers";
	return decode_base64(b->body, b->body_len, out);
}

bool
pem_looks_like(const struct buf *in)
{
	const char *p = buf_str(in);

	return find_line(p, p, p + in->len, begin_mark) != NULL;
}

static bool
is_space(unsigned char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Only base64 characters and white space, and at least one character. */
static bool
base64_looks_like(const struct buf *in)
{
	size_t i, letters = 0;

	for (i = 0; i < in->len; i++) {
		unsigned char c = in->data[i];

		if (isalnum(c) || c == '+' || c == '/' || c == '=')
			letters++;
		else if (!is_space(c))
			return false;
	}
	return letters > 0;
}

/* Decodes the only block of a PEM text; only white space may follow it. */
static const char *
unarmour_pem(const struct buf *in, const char *labels, struct buf *out)
{
	const char *at = buf_str(in), *end = at + in->len, *reason;
	struct pem_block b;
	bool found;

	if ((reason = pem_next(&at, end, &found, &b)) != NULL)
		return reason;
	if (!found)
		return "no PEM block in it";
	if (!pem_is(&b, labels))
		return "a PEM block of another kind";
	for (; at < end; at++)
		if (!is_space((unsigned char)*at))
			return "something after the PEM block";
	return pem_decode(&b, out);
}

const char *
cert_unarmour(const struct buf *in, const char *labels, struct buf *out)
{
	/* A dash is not a base64 character, so PEM is never taken for it. */
	if (base64_looks_like(in))
		return decode_base64(buf_str(in), in->len, out);
	if (!ber_looks_like(in) && pem_looks_like(in))
		return unarmour_pem(in, labels, out);
	buf_add_buf(out, in);
	return NULL;
}
