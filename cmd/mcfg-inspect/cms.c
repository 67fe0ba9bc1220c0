/* CMS messages: the content decides what kind of message it is. */
#include <stdio.h>
#include <string.h>

#include "cms/cms.h"
#include "inspect.h"

/* ---- line ends ---- */

static size_t
count_crlf(const struct buf *b)
{
	const char *p = buf_str(b), *end = p + b->len;
	size_t n = 0;

	while ((p = memchr(p, '\r', (size_t)(end - p))) != NULL)
		if (*++p == '\n')
			n++;
	return n;
}

/* ---- SignedData ---- */

/* "signed by CN=x", "signed by somebody whose certificate is not included". */
static void
signed_by(const struct cms_view *v, char *out, size_t size)
{
	if (v->signers == 0)
		snprintf(out, size, "not signed");
	else if (v->signers > 1)
		snprintf(out, size, "signed by %zu signers", v->signers);
	else if (v->signer_name == NULL)
		snprintf(out, size, "signed with a certificate that is not "
		    "included");
	else
		snprintf(out, size, "signed by %s", v->signer_name[0] != '\0' ?
		    v->signer_name : "an empty name");
}

static bool
detached(struct layer *l, const struct cms_view *v)
{
	char by[300];

	signed_by(v, by, sizeof by);
	if (l->in->detached == NULL || l->depth > 0) {
		layer_is(l, "cms", "a detached signature, %s; its content is "
		    "not included (use --content)", by);
		return true;
	}
	layer_is(l, "cms", "a detached signature over %s, %s",
	    l->in->detached_name, by);
	if (count_crlf(l->in->detached) > 0)
		facts_note(&l->f, "crlf", "content", "%zu lines of the content "
		    "end in CR LF", count_crlf(l->in->detached));
	(void)layer_content(l, l->in->detached);
	return true;
}

static void
over_message(struct layer *l, const struct cms_view *v,
    const struct report *inner)
{
	char by[300];

	signed_by(v, by, sizeof by);
	layer_is(l, "cms", "signedData, %s, over %s", by,
	    report_get_text(inner, "summary"));
}

static void
signed_other(struct layer *l, const struct cms_view *v)
{
	const struct report *inner = layer_content(l, &v->content);
	char by[300];

	if (strcmp(layer_kind(inner), "unknown") != 0) {
		over_message(l, v, inner);
		return;
	}
	signed_by(v, by, sizeof by);
	layer_is(l, "cms", "signedData over %zu bytes of unknown content, %s",
	    v->content.len, by);
}

static bool
signed_data(struct layer *l, const struct cms_view *v)
{
	size_t crlf = count_crlf(&v->content);

	if (v->has_content && l->in->detached != NULL && l->depth == 0)
		facts_note(&l->f, "content_inside", NULL, "the content is "
		    "included; %s is ignored", l->in->detached_name);
	if (!v->has_content && v->signers == 0) {
		inspect_certs_only(l, v);
		return true;
	}
	if (v->signers == 0)
		facts_note(&l->f, "no_signers", NULL, "the content is not "
		    "signed");
	if (scep_looks_like(l->r)) {
		inspect_scep(l, v);
		return true;
	}
	if (!v->has_content)
		return detached(l, v);
	if (tree_looks_like_plist(&v->content)) {
		if (crlf > 0 && v->content.data[0] != 'b')
			facts_note(&l->f, "crlf", "content", "%zu lines of the "
			    "signed content end in CR LF", crlf);
		return inspect_plist(l, &v->content, v);
	}
	if (cms_facts_looks_like(&v->content) && v->signers > 0) {
		struct report *inner = layer_content(l, &v->content);

		if (strcmp(layer_kind(inner), "enveloped") == 0 &&
		    report_get(inner, "recipients") != NULL)
			inspect_scep(l, v);
		else if (report_get(inner, "certificates") != NULL &&
		    report_count(report_get(inner, "signers")) == 0)
			layer_is(l, "cms", "a signed list of certificates, as "
			    "returned by GetNextCACert: %s, signed by %s",
			    report_get_text(inner, "summary"),
			    v->signer_name != NULL ? v->signer_name :
			    "a certificate that is not included");
		else
			over_message(l, v, inner);
		return true;
	}
	signed_other(l, v);
	return true;
}

/* ---- EnvelopedData ---- */

/* Adds the content if --key decrypts it, otherwise a note about the reason. */
static void
open_envelope(struct layer *l, const struct buf *der)
{
	auto_buf content = BUF_SECRET;
	struct problem why = { .name = "it" };
	char line[PROBLEM_TEXT];
	enum status st;

	if (l->in->opener == NULL)
		return;
	st = cms_decrypt(der, l->in->opener, NULL, &why, &content);
	report_bool(l->r, "opened", st == OK);
	if (st != OK) {
		facts_note(&l->f, "not_opened", NULL, "the key does not "
		    "decrypt it: %s", problem_line(&why, line));
		return;
	}
	(void)layer_content(l, &content);
}

static bool
enveloped(struct layer *l, const struct buf *der)
{
	const struct report *to = report_get(l->r, "recipients");
	const struct report *cms = report_get(l->r, "cms");
	const struct report *first = to != NULL && report_count(to) > 0 ?
	    report_at(to, 0) : NULL;
	const char *name = first != NULL ? report_get_text(first, "issuer") :
	    NULL;
	const char *cipher = report_get_text(cms, "cipher");
	const char *serial = first != NULL ? report_get_text(first, "serial") :
	    NULL;

	if (cipher == NULL)
		cipher = "?";
	if (to == NULL)
		layer_is(l, "enveloped", "encrypted content (%s) without "
		    "recipients: its key must be known", cipher);
	else if (report_count(to) != 1)
		layer_is(l, "enveloped", "encrypted content (%s) for %zu "
		    "recipients", cipher, report_count(to));
	else if (name != NULL)
		layer_is(l, "enveloped", "encrypted content (%s) for the "
		    "certificate with serial %s of issuer %s", cipher,
		    serial != NULL ? serial : "?", name);
	else
		layer_is(l, "enveloped", "encrypted content (%s) for one "
		    "recipient", cipher);
	if (to != NULL)
		open_envelope(l, der);
	return true;
}

bool
inspect_cms(struct layer *l, const struct buf *der)
{
	auto_cms_view v = CMS_VIEW_INIT;
	const char *reason;
	const struct buf *over = l->depth == 0 ? l->in->detached : NULL;

	reason = cms_facts(&l->f, der, over, l->r, &v);
	if (reason != NULL)
		return layer_unknown(l, "begins as a CMS message (%s), but: "
		    "%s", v.type != NULL ? v.type : "?", reason);
	if (v.kind == CMS_SIGNED)
		return signed_data(l, &v);
	if (v.kind == CMS_ENVELOPED || strcmp(v.type, "encryptedData") == 0)
		return enveloped(l, der);
	if (v.has_content) {
		(void)layer_content(l, &v.content);
		layer_is(l, "cms", "a CMS message that only wraps %zu bytes "
		    "(%s)", v.content.len, v.type);
		return true;
	}
	layer_is(l, "cms", "a CMS message of type %s", v.type);
	return true;
}
