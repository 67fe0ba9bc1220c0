/* Finds out the kind of a CMS message; each kind has a separate file. */
#include "facts/cms.h"

#include <string.h>

#include "facts/cms_local.h"

void
cms_view_free(struct cms_view *v)
{
	free(v->type);
	free(v->content_type);
	buf_free(&v->content);
	free(v->signer_name);
	free(v->signer_issuer);
	*v = (struct cms_view)CMS_VIEW_INIT;
}

static void
look_free(struct cms_look *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		X509_free(l->certs[i]);
	l->n = 0;
}

bool
cms_facts_looks_like(const struct buf *der)
{
	struct ber in = { der->data, der->len };
	struct ber_item seq, oid;
	auto_buf dots = BUF_INIT;

	if (!ber_want(&in, BER_SEQUENCE, &seq) ||
	    !ber_want(&seq.body, BER_OID, &oid))
		return false;
	ber_oid(&oid, &dots);
	return strncmp(buf_str(&dots), "1.2.840.113549.1.7.", 19) == 0 ||
	    strncmp(buf_str(&dots), "1.2.840.113549.1.9.16.1.", 24) == 0;
}

static const char *
look_inside(struct cms_look *l, struct ber in, const struct buf *detached)
{
	struct ber_item seq, oid, wrap, inner;
	const char *reason;

	if ((reason = ber_next(&in, &seq)) != NULL)
		return reason;
	in = seq.body;
	if (!ber_is(&seq, BER_SEQUENCE) || !ber_want(&in, BER_OID, &oid))
		return "not a CMS message";
	l->view->type = facts_oid(&oid, NULL);
	report_str(l->cms, "type", l->view->type);
	l->view->kind = CMS_OTHER;
	if (!ber_want_context(&in, 0, &wrap))
		return "a CMS message without content";
	in = wrap.body;
	if ((reason = ber_next(&in, &inner)) != NULL)
		return reason;
	if (strcmp(l->view->type, "signedData") == 0) {
		l->view->kind = CMS_SIGNED;
		return cms_facts_signed(l, inner.body, detached);
	}
	if (strcmp(l->view->type, "envelopedData") == 0 ||
	    strcmp(l->view->type, "authEnvelopedData") == 0) {
		l->view->kind = CMS_ENVELOPED;
		return cms_facts_enveloped(l, inner.body);
	}
	if (strcmp(l->view->type, "encryptedData") == 0)
		return cms_facts_encrypted(l, inner.body);
	if (strcmp(l->view->type, "data") == 0 &&
	    ber_is(&inner, BER_OCTET_STRING)) {
		l->view->has_content = true;
		return ber_octets(&inner, &l->view->content);
	}
	return NULL;
}

const char *
cms_facts(const struct facts *f, const struct buf *der,
    const struct buf *detached, struct report *r, struct cms_view *out)
{
	struct cms_look l = { .f = f, .r = r, .view = out };
	struct ber in = { der->data, der->len };
	const char *reason;

	l.cms = report_object();
	report_add(r, "cms", l.cms);
	reason = look_inside(&l, in, detached);
	look_free(&l);
	return reason;
}
