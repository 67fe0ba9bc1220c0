/* What the files of cms_facts share among themselves; nobody else's business. */
#ifndef MCFG_INSPECT_FACTS_CMS_LOCAL_H
#define MCFG_INSPECT_FACTS_CMS_LOCAL_H

#include "facts/cms.h"

enum {
	CMS_CERTS_MAX = 64,	/* of a message that are described */
	CMS_SIGNERS_MAX = 16,
};

/* A message that is being looked at. */
struct cms_look {
	const struct facts *f;
	struct report *r;
	struct report *cms;		/* r's "cms" */
	struct cms_view *view;
	X509 *certs[CMS_CERTS_MAX];	/* NULL if unreadable */
	size_t n;
	const struct buf *content;	/* what is signed; NULL: missing */
};

/* ---- a kind of message; in is the inside of it ---- */

/* Each returns NULL, or the reason why the bytes are not such a message. */
const char *cms_facts_signed(struct cms_look *l, struct ber in,
    const struct buf *detached);
const char *cms_facts_enveloped(struct cms_look *l, struct ber in);
const char *cms_facts_encrypted(struct cms_look *l, struct ber in);

/* ---- their parts ---- */

/* Adds "signers", a SET of SignerInfo; the certificates are there before. */
void cms_facts_signers(struct cms_look *l, struct ber in);

/* Adds "certificates", a CertificateSet, and "crls". */
void cms_facts_certificates(struct cms_look *l, struct ber in);
void cms_facts_crls(struct cms_look *l, struct ber in);

/*
 * SignerIdentifier or RecipientIdentifier: adds issuer and serial, or
 * subject_key_id.  Returns the index of the certificate inside, or l->n.
 */
size_t cms_facts_identifier(const struct cms_look *l,
    const struct ber_item *id, struct report *r);

/* Adds the path from a certificate upwards through what is inside. */
void cms_facts_chain(const struct cms_look *l, const char *where, size_t leaf,
    struct report *r);

/* Attributes, as a separate array. */
struct report *cms_facts_attributes(const struct cms_look *l,
    const char *where, struct ber in);

/* The first value of a signed attribute that "signers" tells, or NULL. */
const char *cms_facts_signed_text(const struct report *signer,
    const char *name);

#endif
