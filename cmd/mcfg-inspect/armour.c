/* PEM and bare base64: what is inside is what matters. */
#include <string.h>

#include "inspect.h"

enum { BLOCKS_MAX = 256 };

struct block {
	char label[64];
	struct buf der;
	bool has_headers;	/* RFC 1421: encrypted in the old way */
};

struct blocks {
	struct block v[BLOCKS_MAX];
	size_t n;
	const char *reason;	/* why the next one could not be read */
};

static void
blocks_free(struct blocks *b)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		buf_free(&b->v[i].der);
	free(b);
}

DEFINE_AUTO(blocks, struct blocks, blocks_free);

/* A line that begins with what; the end where there is none. */
static const char *
find_line(const char *p, const char *what)
{
	const char *start = p;

	while ((p = strstr(p, what)) != NULL) {
		if (p == start || p[-1] == '\n' || p[-1] == '\r')
			return p;
		p++;
	}
	return NULL;
}

/* Skips "Proc-Type: ..." lines up to their empty line. */
static const char *
skip_headers(const char *body, const char *end, bool *found)
{
	const char *colon = memchr(body, ':', (size_t)(end - body));
	const char *p;

	*found = colon != NULL;
	if (colon == NULL)
		return body;
	for (p = colon; p < end; p++)
		if (p[0] == '\n' && (p[1] == '\n' ||
		    (p[1] == '\r' && p[2] == '\n')))
			return p + 1;
	return end;
}

static const char *
read_block(const char **at, struct block *out)
{
	static const char begin[] = "-----BEGIN ";
	const char *p = find_line(*at, begin), *end, *body, *close;
	size_t n;

	if (p == NULL)
		return "";
	p += sizeof begin - 1;
	if ((close = strstr(p, "-----")) == NULL || close - p > 63 ||
	    memchr(p, '\n', (size_t)(close - p)) != NULL)
		return "a PEM BEGIN line is broken";
	n = (size_t)(close - p);
	memcpy(out->label, p, n);
	out->label[n] = '\0';
	body = close + 5;
	if ((end = find_line(body, "-----END ")) == NULL)
		return "a PEM block has no END line";
	*at = end + 1;
	body = skip_headers(body, end, &out->has_headers);
	return buf_from_base64(body, (size_t)(end - body), &out->der);
}

static struct blocks *
read_blocks(const struct buf *bytes)
{
	struct blocks *b = xcalloc(1, sizeof *b);
	const char *at = buf_str(bytes);

	while (b->n < BLOCKS_MAX) {
		struct block one = { .der = BUF_SECRET };
		const char *reason = read_block(&at, &one);

		if (reason != NULL) {
			buf_free(&one.der);
			if (*reason != '\0')
				b->reason = reason;
			break;
		}
		b->v[b->n++] = one;
	}
	return b;
}

static bool
is_certificate(const struct block *b)
{
	return strcmp(b->label, "CERTIFICATE") == 0 ||
	    strcmp(b->label, "X509 CERTIFICATE") == 0 ||
	    strcmp(b->label, "TRUSTED CERTIFICATE") == 0;
}

static bool
is_key(const struct block *b)
{
	return strstr(b->label, "PRIVATE KEY") != NULL;
}

/*
 * The block that decides what the file is: a certificate, or else the first
 * that is not the curve which "openssl ecparam -genkey" writes before a key.
 */
static const struct block *
main_block(const struct blocks *b)
{
	size_t i;

	for (i = 0; i < b->n; i++)
		if (is_certificate(&b->v[i]))
			return &b->v[i];
	for (i = 0; i < b->n; i++)
		if (strcmp(b->v[i].label, "EC PARAMETERS") != 0)
			return &b->v[i];
	return &b->v[0];
}

/* All certificates of the blocks as one layer; what else is there, noted. */
static bool
certificates(struct layer *l, const struct blocks *b)
{
	struct buf *ders = xcalloc(b->n, sizeof *ders);
	size_t i, n = 0;

	for (i = 0; i < b->n; i++) {
		if (is_certificate(&b->v[i]))
			ders[n++] = b->v[i].der;	/* borrowed */
		else if (is_key(&b->v[i]))
			facts_note(&l->f, "private_key_inside", NULL, "a "
			    "private key is in the same file (%s)",
			    b->v[i].label);
		else
			facts_note(&l->f, "other_block", NULL, "a block %s is "
			    "in the same file", b->v[i].label);
	}
	inspect_certificates(l, ders, n);
	free(ders);
	return true;
}

static bool
old_encrypted_key(struct layer *l, const struct block *b)
{
	report_bool(l->r, "encrypted", true);
	facts_note(&l->f, "legacy_encryption", NULL, "the key is encrypted in "
	    "the old way of PEM headers, whose password is hardly stretched");
	layer_is(l, "private_key", "a private key, encrypted in the old PEM "
	    "way (%s)", b->label);
	return true;
}

bool
inspect_pem(struct layer *l, const struct buf *bytes, bool *done)
{
	__attribute__((__cleanup__(auto_free_blocks))) struct blocks *b = NULL;
	const struct block *it;

	if (memchr(bytes->data, '\0', bytes->len) != NULL ||
	    find_line(buf_str(bytes), "-----BEGIN ") == NULL)
		return false;
	*done = true;
	b = read_blocks(bytes);
	if (b->n == 0)
		return layer_unknown(l, "%s", b->reason != NULL ? b->reason :
		    "a PEM block cannot be read");
	if (b->reason != NULL)
		facts_note(&l->f, "broken_pem", NULL, "after %zu block%s: %s",
		    b->n, b->n == 1 ? "" : "s", b->reason);
	report_str(l->form, NULL, "pem");
	it = main_block(b);
	report_str(l->r, "pem_label", it->label);
	if (is_certificate(it))
		return certificates(l, b);
	if (b->n > 1)
		facts_note(&l->f, "other_block", NULL, "%zu more PEM block%s "
		    "in the same file", b->n - 1, b->n == 2 ? " is" : "s are");
	if (is_key(it) && it->has_headers)
		return old_encrypted_key(l, it);
	return recognise_der(l, &it->der);
}

bool
inspect_base64(struct layer *l, const struct buf *bytes, bool *done)
{
	auto_buf raw = BUF_INIT;

	if (bytes->len < 16 || memchr(bytes->data, '\0', bytes->len) != NULL ||
	    buf_from_base64_loose(buf_str(bytes), bytes->len, &raw) != NULL ||
	    raw.len == 0)
		return false;
	if (raw.data[0] != 0x30 && !tree_looks_like_plist(&raw))
		return false;
	*done = true;
	report_str(l->form, NULL, "base64");
	if (raw.data[0] != 0x30)
		return inspect_plist(l, &raw, NULL);
	return recognise_der(l, &raw);
}
