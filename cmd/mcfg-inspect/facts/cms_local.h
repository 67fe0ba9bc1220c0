/* Private to the files of cms_facts. */
#ifndef MCFG_INSPECT_FACTS_CMS_LOCAL_H
#define MCFG_INSPECT_FACTS_CMS_LOCAL_H

#include "facts/cms.h"

enum {
	CMS_CERTS_MAX = 64,	/* certificates of one message */
	CMS_SIGNERS_MAX = 16,
};

/* A message that is being described. */
struct cms_look {
	const struct facts *f;
	struct report *r;
	struct report *cms;		/* r's "cms" */
	struct cms_view *view;
	X509 *certs[CMS_CERTS_MAX];	/* NULL if unreadable */
	size_t n;
	const struct buf *content;	/* signed bytes; NULL: missing */
};

/* ---- one function for each kind of message; in is its content ---- */

/* Each returns NULL, or the reason why the bytes are not such a message. */
const char *cms_facts_signed(struct cms_look *l, struct ber in,
    const struct buf *detached);
const char *cms_facts_enveloped(struct cms_look *l, struct ber in);
const char *cms_facts_encrypted(struct cms_look *l, struct ber in);

/* ---- parts ---- */

/*
 * Adds "signers", from a SET of SignerInfo.  Call it after
 * cms_facts_certificates().
 */
void cms_facts_signers(struct cms_look *l, struct ber in);

/* Adds "certificates", from a CertificateSet, and "crls". */
void cms_facts_certificates(struct cms_look *l, struct ber in);
void cms_facts_crls(struct cms_look *l, struct ber in);

/*
 * Adds issuer and serial, or subject_key_id, of a SignerIdentifier or
 * RecipientIdentifier.  Returns the index of that certificate in the message,
 * or l->n.
 */
size_t cms_facts_identifier(const struct cms_look *l,
    const struct ber_item *id, struct report *r);

/* Adds the path from a certificate upwards, as far as the message has it. */
void cms_facts_chain(const struct cms_look *l, const char *where, size_t leaf,
    struct report *r);

/* Returns the attributes as a new array. */
struct report *cms_facts_attributes(const struct cms_look *l,
    const char *where, struct ber in);

/*
 * The first value of a signed attribute in a member of "signers", or NULL;
 * borrowed.
 */
const char *cms_facts_signed_text(const struct report *signer,
    const char *name);

#endif
