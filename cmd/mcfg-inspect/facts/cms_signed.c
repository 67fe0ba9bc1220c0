/* SignedData, RFC 5652 5.1. */
#include "facts/cms_local.h"

static struct report *
digests(struct ber in)
{
	struct report *l = report_array();
	struct ber_item item;
	size_t n = 0;

	while (n++ < CMS_SIGNERS_MAX && ber_want(&in, BER_SEQUENCE, &item)) {
		auto_char *name = facts_algorithm(&item);

		report_str(l, NULL, name);
	}
	return l;
}

/*
 * EncapsulatedContentInfo.  PKCS #7 allowed any type for the content; CMS
 * requires an OCTET STRING.
 */
static const char *
read_content(struct cms_look *l, struct ber in)
{
	struct ber_item oid, wrap, item;
	const char *reason;

	if (!ber_want(&in, BER_OID, &oid))
		return "broken SignedData";
	l->view->content_type = facts_oid(&oid, NULL);
	report_str(l->cms, "content_type", l->view->content_type);
	if (!ber_want_context(&in, 0, &wrap))
		return NULL;
	in = wrap.body;
	if ((reason = ber_next(&in, &item)) != NULL)
		return reason;
	if (!ber_is(&item, BER_OCTET_STRING)) {
		buf_add(&l->view->content, item.start, item.size);
		facts_note(l->f, "content_not_octets", NULL, "the content is "
		    "not an OCTET STRING, but in the older form of PKCS #7");
	} else if ((reason = ber_octets(&item, &l->view->content)) != NULL)
		return reason;
	l->view->has_content = true;
	return NULL;
}

const char *
cms_facts_signed(struct cms_look *l, struct ber in, const struct buf *detached)
{
	struct ber_item version, algs, encap, certs, crls, signers;
	const char *reason;
	bool has_certs, has_crls;
	long n;

	if (!ber_want(&in, BER_INTEGER, &version) ||
	    !ber_want(&in, BER_SET, &algs) ||
	    !ber_want(&in, BER_SEQUENCE, &encap))
		return "broken SignedData";
	if (ber_number(&version, &n))
		report_int(l->cms, "version", n);
	report_add(l->cms, "digests", digests(algs.body));
	if ((reason = read_content(l, encap.body)) != NULL)
		return reason;
	has_certs = ber_want_context(&in, 0, &certs);
	has_crls = ber_want_context(&in, 1, &crls);
	if (!ber_want(&in, BER_SET, &signers))
		return "broken SignedData";
	l->content = l->view->has_content ? &l->view->content : detached;
	if (l->view->has_content)
		report_int(l->cms, "content_bytes",
		    (int64_t)l->view->content.len);
	cms_facts_certificates(l, has_certs ? certs.body :
	    (struct ber){ NULL, 0 });
	if (has_crls)
		cms_facts_crls(l, crls.body);
	cms_facts_signers(l, signers.body);
	report_bool(l->cms, "detached", !l->view->has_content &&
	    l->view->signers > 0);
	return NULL;
}
