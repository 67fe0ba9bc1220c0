/* Recognises bytes by their content, and continues with what is inside. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/ber.h"
#include "base/corruption.h"
#include "inspect.h"

enum {
	SUMMARY_MAX = 600,
	START_SHOWN = 64,	/* bytes of unknown content that are shown */
};

static const char no_trust[] = "trust is not checked: use mcfg-verify for "
    "signatures, chains and dates";

void
layer_is(struct layer *l, const char *kind, const char *fmt, ...)
{
	char text[SUMMARY_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	report_str(l->r, "kind", kind);
	report_str(l->r, "summary", text);
}

bool
layer_unknown(struct layer *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(l->in->why, sizeof l->in->why, fmt, ap);
	va_end(ap);
	return false;
}

const char *
layer_kind(const struct report *r)
{
	const char *kind = report_get_text(r, "kind");

	return kind != NULL ? kind : "";
}

/* Puts what people look for first before the details. */
static void
put_in_order(struct report *r)
{
	static const char *const last[] = {
		"cms", "recipients", "opened", "content", "signers",
		"certificates", "crls",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(last); i++) {
		struct report *part = report_take(r, last[i]);

		if (part != NULL)
			report_add(r, last[i], part);
	}
}

/* Appends to in->why how the input may have been damaged in transit. */
static void
name_damage(struct inspect *in, const struct buf *bytes)
{
	auto_buf why = BUF_INIT;

	buf_puts(&why, in->why);
	corruption_add(bytes, &why);
	snprintf(in->why, sizeof in->why, "%s", buf_str(&why));
}

struct report *
layer_inspect(struct inspect *in, const struct buf *bytes, unsigned depth)
{
	auto_report *r = report_object();
	auto_report *notes = report_array();
	struct layer l = { .in = in, .depth = depth };

	if (depth >= LAYERS_MAX) {
		(void)layer_unknown(&l, "more than %d layers", LAYERS_MAX);
		return NULL;
	}
	/* These two are added first to fix their position; values follow. */
	report_null(r, "kind");
	report_null(r, "summary");
	if (depth == 0)
		report_str(r, "trust", no_trust);
	report_int(r, "bytes", (int64_t)bytes->len);
	l.r = r;
	l.f = (struct facts){ notes, in->at, in->show_secrets };
	l.form = report_array();
	report_add(r, "form", l.form);
	if (!recognise(&l, bytes)) {
		name_damage(in, bytes);
		return NULL;
	}
	put_in_order(r);
	report_add(r, "notes", STEAL(notes));
	return STEAL(r);
}

struct report *
layer_content(struct layer *l, const struct buf *bytes)
{
	struct report *inner = layer_inspect(l->in, bytes, l->depth + 1);

	if (inner == NULL) {
		size_t n = bytes->len < START_SHOWN ? bytes->len : START_SHOWN;

		inner = report_object();
		report_str(inner, "kind", "unknown");
		report_str(inner, "summary", l->in->why);
		report_int(inner, "bytes", (int64_t)bytes->len);
		report_strn(inner, "begins", buf_str(bytes), n);
	}
	report_add(l->r, "content", inner);
	return inner;
}

/* ---- files that are not recognised ---- */

/* Files that people pass by mistake, recognised by how they begin. */
static const char *
other_kind(const struct buf *b)
{
	static const struct {
		const char *start;
		size_t len;
		const char *what;
	} kinds[] = {
		{ "\x1F\x8B", 2, "it is compressed by gzip" },
		{ "PK\x03\x04", 4, "it is a zip archive" },
		{ "\x89PNG", 4, "it is a picture (PNG)" },
		{ "\xFF\xD8\xFF", 3, "it is a picture (JPEG)" },
		{ "%PDF", 4, "it is a PDF" },
		{ "<!DOCTYPE html", 14, "it is an HTML page, such as a "
		    "server's error or login page" },
		{ "<html", 5, "it is an HTML page, such as a server's error "
		    "or login page" },
		{ "{", 1, "it is not a property list, CMS or certificate; it "
		    "may be JSON" },
		{ "SQLite format 3", 15, "it is an SQLite database" },
		{ "ssh-", 4, "it is an SSH key" },
		{ "\x7F" "ELF", 4, "it is a program" },
		{ "xar!", 4, "it is a xar archive, such as a package" },
	};
	const char *p = buf_str(b);
	size_t i, skip = strspn(p, " \t\r\n");

	for (i = 0; i < ARRAY_LEN(kinds); i++) {
		size_t k;

		if (b->len - skip < kinds[i].len)
			continue;
		for (k = 0; k < kinds[i].len; k++) {
			char c = p[skip + k], want = kinds[i].start[k];

			if (c != want && !(want >= 'a' && want <= 'z' &&
			    c == want - 32) && !(want >= 'A' &&
			    want <= 'Z' && kinds[i].start[0] == '<' &&
			    c == want + 32))
				break;
		}
		if (k == kinds[i].len)
			return kinds[i].what;
	}
	return NULL;
}

/* ---- DER ---- */

/* Why bytes that begin like a SEQUENCE are not a valid element. */
static bool
broken_der(struct layer *l, const struct buf *der, const char *reason)
{
	return layer_unknown(l, "begins as DER or BER, but is broken: %s "
	    "(%zu bytes)",
	    reason, der->len);
}

bool
recognise_der(struct layer *l, const struct buf *der)
{
	struct ber_survey s;
	auto_buf whole = BUF_INIT;
	const char *reason;

	if (der->len == 0)
		return layer_unknown(l, "it is empty");
	if (!ber_looks_like(der))
		return layer_unknown(l, "it does not begin like a property "
		    "list, CMS message or certificate");
	if ((reason = ber_survey(der->data, der->len, &s)) != NULL)
		return broken_der(l, der, reason);
	buf_add(&whole, der->data, s.size);
	report_str(l->form, NULL, s.indefinite || s.pieces ? "ber" : "der");
	if (s.indefinite || s.pieces)
		facts_note(&l->f, "ber", NULL, "it is BER, not DER: %s",
		    s.indefinite ? "lengths are indefinite" :
		    "strings are in pieces");
	if (s.long_length)
		facts_note(&l->f, "long_length", NULL, "a length has more "
		    "bytes than it needs");
	if (s.size < der->len)
		facts_note(&l->f, "trailing_bytes", NULL, "%zu byte%s its "
		    "end", der->len - s.size,
		    der->len - s.size == 1 ? " follows" : "s follow");
	if (cms_facts_looks_like(&whole))
		return inspect_cms(l, &whole);
	return inspect_object(l, &whole);
}

bool
recognise(struct layer *l, const struct buf *bytes)
{
	static bool (*const readers[])(struct layer *, const struct buf *,
	    bool *) = {
		inspect_pem, inspect_http, inspect_caps, inspect_base64,
	};
	const char *other;
	size_t i;

	if (bytes->len == 0)
		return layer_unknown(l, "it is empty");
	if ((other = other_kind(bytes)) != NULL)
		return layer_unknown(l, "%s", other);
	if (tree_looks_like_plist(bytes))
		return inspect_plist(l, bytes, NULL);
	for (i = 0; i < ARRAY_LEN(readers); i++) {
		bool done = false;
		bool known = readers[i](l, bytes, &done);

		if (done)
			return known;
	}
	return recognise_der(l, bytes);
}
