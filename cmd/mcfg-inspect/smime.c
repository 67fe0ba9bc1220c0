/* S/MIME, the default output format of "openssl cms" and "openssl smime". */
#include <stdlib.h>
#include <string.h>

#include "http.h"

bool
multipart_boundary(struct span type, struct span *out)
{
	static const char word[] = "boundary=";
	const char *end = type.p + type.len, *p = type.p, *q;

	for (; (size_t)(end - p) >= sizeof word; p++)
		if (memcmp(p, word, sizeof word - 1) == 0)
			break;
	if ((size_t)(end - p) < sizeof word)
		return false;
	p += sizeof word - 1;
	if (*p == '"')
		p++;
	for (q = p; q < end && *q != '"' && *q != ';' && *q != ' '; q++)
		continue;
	*out = (struct span){ p, (size_t)(q - p) };
	return out->len > 0 && out->len <= 70;
}

/* Removes everything up to the next boundary line from the front of *in. */
static bool
take_part(struct span *in, struct span boundary, struct span *part)
{
	const char *start = in->p;

	while (in->len > 0) {
		struct span line = span_line(in);

		if (line.len < boundary.len + 2 ||
		    memcmp(line.p, "--", 2) != 0 ||
		    memcmp(line.p + 2, boundary.p, boundary.len) != 0)
			continue;
		*part = (struct span){ start, (size_t)(line.p - start) };
		/* The line end before a boundary belongs to the boundary. */
		if (part->len > 0 && part->p[part->len - 1] == '\n')
			part->len--;
		if (part->len > 0 && part->p[part->len - 1] == '\r')
			part->len--;
		return true;
	}
	return false;
}

/* Converts line ends to the form in which they are signed, RFC 8551 3.1.1. */
static void
canonical(struct span in, struct buf *out)
{
	size_t i;

	for (i = 0; i < in.len; i++) {
		if (in.p[i] == '\n' && (i == 0 || in.p[i - 1] != '\r'))
			buf_putc(out, '\r');
		buf_putc(out, in.p[i]);
	}
}

bool
inspect_multipart(struct layer *l, struct span body, struct span boundary)
{
	struct span preamble, first, second;
	const struct buf *given = l->in->detached;
	struct message *m = xcalloc(1, sizeof *m);
	auto_buf content = BUF_INIT, signature = BUF_INIT;
	bool known = false;

	if (take_part(&body, boundary, &preamble) &&
	    take_part(&body, boundary, &first) &&
	    take_part(&body, boundary, &second) && message_read(second, m)) {
		canonical(first, &content);
		buf_add(&signature, m->body.p, m->body.len);
		if (given == NULL) {
			l->in->detached = &content;
			l->in->detached_name = "the first part";
		}
		known = recognise(l, &signature);
		l->in->detached = given;
	} else
		(void)layer_unknown(l, "a multipart message without two "
		    "parts");
	free(m);
	return known;
}
