/*
 * cms_parts: what the files of cms share with each other and with nobody
 * else.
 */
#ifndef MCFG_CMS_LOCAL_H
#define MCFG_CMS_LOCAL_H

#include "cms/cms.h"

/* cms_read() is cms_parse() with the reason in why instead of a message. */
enum status cms_read(const struct buf *in, CMS_ContentInfo **out,
    struct buf *why) USE_RESULT;

/* Returns what a ContentInfo contains, as text for people; static. */
const char *cms_kind(const CMS_ContentInfo *cms);

/*
 * Return a memory BIO that reads borrowed bytes, and an empty one to write to.
 */
BIO *cms_source(const struct buf *b);
BIO *cms_sink(void);

/* Appends what was written to the sink; secret bytes in the sink are wiped. */
void cms_drain(BIO *sink, struct buf *out);

/* Appends OpenSSL's first reason to why, and empties its queue. */
void cms_because(struct buf *why);

/*
 * cms_is_proper() returns true if a message passes all checks of cms_examine()
 * except that of the signature.
 */
bool cms_is_proper(CMS_ContentInfo *cms);

/*
 * cms_reads_back() reads back SignedData that has just been made.  Returns
 * true if it has exactly this content and these certificates, and the
 * signature was made by the key of the first of them.  Otherwise the reason
 * may be in OpenSSL's queue.
 */
bool cms_reads_back(const struct buf *der, const struct buf *content,
    STACK_OF(X509) *inside);

#endif
