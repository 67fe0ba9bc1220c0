/* PEM and bare base64: what matters is the data inside. */
#include <string.h>

#include "base/ber.h"
#include "base/encoding.h"
#include "http.h"
#include "inspect.h"
#include "x509/pem.h"

enum { BLOCKS_MAX = 256 };

struct block {
	char label[64];
	struct buf der;
	bool has_headers;	/* RFC 1421: the old kind of encryption */
};

struct blocks {
	struct block v[BLOCKS_MAX];
	size_t n;
	const char *reason;	/* the last error, or NULL */
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

/* Returns NULL, or the reason why the bytes of a block cannot be read. */
static const char *
keep_block(struct blocks *l, struct pem_block *b)
{
	struct block *out = &l->v[l->n];
	const char *reason;

	if (b->label_len >= sizeof out->label)
		return "a PEM BEGIN line is broken";
	*out = (struct block){ .der = BUF_SECRET,
	    .has_headers = b->has_headers };
	memcpy(out->label, b->label, b->label_len);
	pem_skip_headers(b);
	if ((reason = pem_decode(b, &out->der)) != NULL)
		buf_free(&out->der);
	else
		l->n++;
	return reason;
}

static struct blocks *
read_blocks(const struct buf *bytes)
{
	const char *at = buf_str(bytes), *end = at + bytes->len, *reason;
	struct blocks *l = xcalloc(1, sizeof *l);
	struct pem_block b;
	bool found = true;

	while (l->n < BLOCKS_MAX && found) {
		if ((reason = pem_next(&at, end, &found, &b)) != NULL)
			l->reason = reason;
		if (found && (reason = keep_block(l, &b)) != NULL) {
			l->reason = reason;
			break;
		}
	}
	return l;
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
 * The block that decides what the file is: a certificate if there is one,
 * otherwise the first block, except for the EC PARAMETERS that "openssl
 * ecparam -genkey" writes before a key.
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

/*
 * Reports all certificates of the blocks as one layer, and notes other blocks.
 */
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
	    "the old PEM format, in which passwords are easy to guess");
	layer_is(l, "private_key", "a private key, encrypted in the old PEM "
	    "format (%s)", b->label);
	return true;
}

bool
inspect_pem(struct layer *l, const struct buf *bytes, bool *done)
{
	__attribute__((__cleanup__(auto_free_blocks))) struct blocks *b = NULL;
	const struct block *it;

	if (memchr(bytes->data, '\0', bytes->len) != NULL ||
	    !pem_looks_like(bytes))
		return false;
	*done = true;
	b = read_blocks(bytes);
	if (b->n == 0)
		return layer_unknown(l, "%s", b->reason != NULL ? b->reason :
		    "a PEM block cannot be read");
	if (b->reason != NULL)
		facts_note(&l->f, "broken_pem", NULL, "%zu block%s, but %s",
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

/* Also as it is copied out of an address, with percent escapes. */
bool
inspect_base64(struct layer *l, const struct buf *bytes, bool *done)
{
	auto_buf text = BUF_INIT, raw = BUF_INIT;

	if (bytes->len < 16 || memchr(bytes->data, '\0', bytes->len) != NULL)
		return false;
	if (memchr(bytes->data, '%', bytes->len) != NULL)
		span_unescape((struct span){ buf_str(bytes), bytes->len },
		    &text);
	else
		buf_add_buf(&text, bytes);
	if (decode_loose_base64(buf_str(&text), text.len, &raw) != NULL ||
	    raw.len == 0)
		return false;
	if (!ber_looks_like(&raw) && !tree_looks_like_plist(&raw))
		return false;
	*done = true;
	report_str(l->form, NULL, "base64");
	if (!ber_looks_like(&raw))
		return inspect_plist(l, &raw, NULL);
	return recognise_der(l, &raw);
}
