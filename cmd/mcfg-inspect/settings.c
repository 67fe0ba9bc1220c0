/*
 * The settings of a payload: secrets are masked, long data is replaced by its
 * digest.
 */
#include <string.h>

#include "inspect.h"
#include "plist/secrets.h"

enum {
	TEXT_MAX = 1024,	/* bytes of a string that are kept */
	DATA_SHOWN = 64,	/* bytes of data that are shown whole */
};

/* Passwords in URLs are masked before the text is truncated. */
static void
add_string(struct layer *l, const char *key, const char *s, struct report *r)
{
	auto_buf masked = BUF_INIT, text = BUF_INIT;
	size_t len;

	if (!l->in->show_secrets && tree_mask_address(s, facts_mask, &masked))
		s = buf_str(&masked);
	len = strlen(s);
	if (len <= TEXT_MAX) {
		report_strn(r, key, s, len);
		return;
	}
	buf_add(&text, s, TEXT_MAX);
	buf_printf(&text, "... (%zu bytes in all)", len);
	report_strn(r, key, buf_str(&text), text.len);
}

/*
 * Adds short data in full, and the digest of longer data; says if it is PEM or
 * a certificate.
 */
static void
add_data(struct layer *l, const char *where, const char *key,
    const struct tree *node, struct report *r)
{
	size_t len;
	const unsigned char *p = tree_data_of(node, &len);
	struct report *d = report_add_object(r, key);
	char sha256[SECRET_HASH_TEXT];
	X509 *cert = NULL;

	report_int(d, "bytes", (int64_t)len);
	if (len <= DATA_SHOWN)
		report_hex(d, "hex", p, len);
	else {
		secret_sha256(p, len, sha256);
		report_str(d, "sha256", sha256);
	}
	if (len > 10 && memcmp(p, "-----BEGIN", 10) == 0) {
		report_bool(d, "pem", true);
		facts_note(&l->f, "pem_in_data", where, "the data %s%sis PEM "
		    "text; devices require DER", key != NULL ? key : "",
		    key != NULL ? " " : "");
	} else if (len > DATA_SHOWN &&
	    cert_from_der(p, len, &cert) == NULL) {
		auto_char *subject = cert_name_text(
		    X509_get_subject_name(cert));

		report_str(d, "certificate", subject);
		X509_free(cert);
	}
}

struct walk {
	struct layer *l;
	const char *where;
	const char *list;	/* the key of the enclosing array */
	struct report *r;
};

static bool
is_masked(const struct layer *l, const char *key, const struct tree *node)
{
	return !l->in->show_secrets && tree_is_secret(key, node);
}

static enum status
add_member(const char *key, struct tree *node, void *arg)
{
	struct walk *w = arg;

	if (w->list != NULL && is_masked(w->l, w->list, node))
		report_str(w->r, NULL, facts_mask);
	else
		settings_add(w->l, w->where, key, node, w->r);
	return OK;
}

void
settings_add(struct layer *l, const char *where, const char *key,
    const struct tree *node, struct report *r)
{
	enum tree_kind kind = tree_kind(node);
	struct walk w = { l, where, kind == TREE_ARRAY ? key : NULL, NULL };

	if (is_masked(l, key, node)) {
		report_str(r, key, facts_mask);
		return;
	}
	switch (kind) {
	case TREE_DICT:
		w.r = report_object();
		(void)tree_each(node, add_member, &w);
		report_add(r, key, w.r);
		break;
	case TREE_ARRAY:
		w.r = report_array();
		(void)tree_each(node, add_member, &w);
		report_add(r, key, w.r);
		break;
	case TREE_STRING:
		add_string(l, key, tree_string_of(node), r);
		break;
	case TREE_DATA:
		add_data(l, where, key, node, r);
		break;
	case TREE_INT:
	case TREE_REAL:
	case TREE_BOOL:
	case TREE_DATE:
	case TREE_UID:
		tree_add_to_report(node, r, key);
		break;
	}
}
