/* The settings of a payload: secrets masked, long data cut to its digest. */
#include <stdio.h>
#include <string.h>

#include "inspect.h"

enum {
	TEXT_MAX = 1024,	/* bytes of a string that are kept */
	DATA_SHOWN = 64,	/* bytes of data that are shown whole */
};

/* True where what is part of text, either case. */
static bool
holds(const char *text, const char *what)
{
	size_t n = strlen(what), i;

	for (; *text != '\0'; text++) {
		for (i = 0; i < n; i++) {
			char c = text[i];

			if (c >= 'A' && c <= 'Z')
				c = (char)(c + 32);
			if (c != what[i])
				break;
		}
		if (i == n)
			return true;
	}
	return false;
}

/* True for the name of a key whose value is a secret. */
static bool
is_secret(const char *key)
{
	static const char *const words[] = {
		"password", "passphrase", "passcode", "secret", "challenge",
		"privatekey", "private_key", "token", "apikey", "api_key",
		"accesskey", "credential", "preshared", "psk",
	};
	size_t i, len = strlen(key);

	if (len > 4 && strcmp(key + len - 4, "UUID") == 0)
		return false;
	if (strcmp(key, "PIN") == 0 || strcmp(key, "pin") == 0)
		return true;
	for (i = 0; i < ARRAY_LEN(words); i++)
		if (holds(key, words[i]))
			return true;
	return false;
}

/* scheme://user:password@host: the password is masked. */
static bool
mask_url(const char *s, struct buf *out)
{
	const char *host = strstr(s, "://"), *end, *at, *colon;

	if (host == NULL)
		return false;
	host += 3;
	end = host + strcspn(host, "/?#");
	at = memchr(host, '@', (size_t)(end - host));
	colon = memchr(host, ':', (size_t)(end - host));
	if (at == NULL || colon == NULL || colon > at)
		return false;
	buf_add(out, s, (size_t)(colon + 1 - s));
	buf_puts(out, facts_mask);
	buf_puts(out, at);
	return true;
}

static void
add_string(struct layer *l, const char *key, const char *s, struct report *r)
{
	auto_buf text = BUF_INIT;
	size_t len = strlen(s);

	if (!l->in->show_secrets && len <= TEXT_MAX && mask_url(s, &text))
		report_str(r, key, buf_str(&text));
	else if (len <= TEXT_MAX)
		report_strn(r, key, s, len);
	else {
		buf_add(&text, s, TEXT_MAX);
		buf_printf(&text, "... (%zu bytes in all)", len);
		report_strn(r, key, buf_str(&text), text.len);
	}
}

/* Data: whole where it is short, else what it is, or its digest. */
static void
add_data(struct layer *l, const char *where, const char *key,
    const struct tree *node, struct report *r)
{
	size_t len;
	const unsigned char *p = tree_data_of(node, &len);
	struct report *d = report_object();
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
		    "text; devices want DER", key != NULL ? key : "",
		    key != NULL ? " " : "");
	} else if (len > DATA_SHOWN && p[0] == 0x30 &&
	    cert_from_der(p, len, &cert) == NULL) {
		auto_char *subject = cert_name_text(
		    X509_get_subject_name(cert));

		report_str(d, "certificate", subject);
		X509_free(cert);
	}
	report_add(r, key, d);
}

struct walk {
	struct layer *l;
	const char *where;
	const char *list;	/* the key of the array that is walked */
	struct report *r;
};

static bool
is_masked(const struct layer *l, const char *key, const struct tree *node)
{
	enum tree_kind kind = tree_kind(node);

	return (kind == TREE_STRING || kind == TREE_DATA) &&
	    !l->in->show_secrets && is_secret(key);
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

	if (key != NULL && is_masked(l, key, node)) {
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
