/*
 * cms_facts: what a Cryptographic Message Syntax message says about itself
 * (RFC 5652).  Trust is not judged.  Unlike cms_parse(), it also reads
 * messages with trailing bytes, unknown digests or several signers.
 */
#ifndef MCFG_INSPECT_FACTS_CMS_H
#define MCFG_INSPECT_FACTS_CMS_H

#include "base/buf.h"
#include "facts/facts.h"
#include "json/report.h"

enum cms_kind {
	CMS_SIGNED,
	CMS_ENVELOPED,		/* EnvelopedData and similar types */
	CMS_OTHER,		/* data, digestedData, ... */
};

/* What callers need beyond the report; the struct owns everything. */
struct cms_view {
	enum cms_kind kind;
	char *type;		/* "signedData", ... */
	char *content_type;	/* of the content: "data", ... */
	struct buf content;	/* of SignedData, unverified */
	bool has_content;	/* false: detached, or certificates only */
	size_t signers;
	size_t certs;
	size_t crls;
	char *signer_name;	/* subject of the first signer, or NULL */
	char *signer_issuer;	/* its issuer, or NULL */
	bool signer_is_self_signed;
};
#define CMS_VIEW_INIT	{ 0 }
#define auto_cms_view	AUTO(cms_view_free) struct cms_view

void cms_view_free(struct cms_view *v);

/* True if the bytes begin like a ContentInfo. */
bool cms_facts_looks_like(const struct buf *der);

/*
 * cms_facts() adds to r "cms" (type, version, digests, content type, sizes,
 * cipher), "signers", "certificates" and "crls" of SignedData, and
 * "recipients" of EnvelopedData.  detached is the content of a message that
 * does not include it, or NULL.  Returns NULL, or the reason why the bytes are
 * not such a message; r may then be filled in part.
 */
const char *cms_facts(const struct facts *f, const struct buf *der,
    const struct buf *detached, struct report *r, struct cms_view *out);

/*
 * The values of a signed attribute of the first signer, or NULL: an array of
 * texts in r, which cms_facts() has filled; borrowed from r.
 */
const struct report *cms_facts_attribute(const struct report *r,
    const char *name);

#endif
