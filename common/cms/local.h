/*
 * cms_parts: what the files of cms share with each other and with nobody
 * else.
 */
#ifndef MCFG_CMS_LOCAL_H
#define MCFG_CMS_LOCAL_H

#include "cms/cms.h"

/* cms_read() is cms_parse() that gives its reason in why. */
enum status cms_read(const struct buf *in, CMS_ContentInfo **out,
    struct buf *why) USE_RESULT;

/* What a ContentInfo holds, for people. */
const char *cms_kind(const CMS_ContentInfo *cms);

/* A memory BIO over borrowed bytes, and an empty one. */
BIO *cms_source(const struct buf *b);
BIO *cms_sink(void);

/* Appends what was written to the sink; what is secret is wiped there. */
void cms_drain(BIO *sink, struct buf *out);

/* Appends OpenSSL's first reason to why, and empties its queue. */
void cms_because(struct buf *why);

/*
 * cms_is_proper() is true if a message passes each check of cms_examine() but
 * that of the signature.
 */
bool cms_is_proper(CMS_ContentInfo *cms);

/*
 * cms_is_as_meant() reads SignedData that was just made, and is true if it has
 * exactly this content and these certificates, and the signature fits the key of
 * the first of them.  If not, OpenSSL's queue may have the reason.
 */
bool cms_is_as_meant(const struct buf *der, const struct buf *content,
    STACK_OF(X509) *inside);

#endif
