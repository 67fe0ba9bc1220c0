/* Private to trust/. */
#ifndef MCFG_TRUST_LOCAL_H
#define MCFG_TRUST_LOCAL_H

#include "trust/trust.h"

enum { TRUST_REASON_MAX = 512 };	/* bytes of another family's message */

/* The message that is being judged. */
struct trust_case {
	const struct trust_policy *policy;
	const char *name;
	struct trust_verdict *v;
	bool is_digest_refused;		/* so that this is reported once */
};

/* Returns the first status that is not OK. */
enum status trust_first(enum status a, enum status b);

/* Adds a check that passed. */
void trust_passed(struct trust_case *j, const char *check, const char *fmt,
    ...) PRINTF_LIKE(3, 4);

/* Adds a check that is not made, with the reason. */
void trust_skipped(struct trust_case *j, const char *check, const char *why);

/*
 * Adds a check that failed, and returns st.  The reason becomes the verdict's:
 * the last one if there are several or, with policy->all, the first.
 */
enum status trust_failed(struct trust_case *j, const char *check,
    enum status st, const char *hint, const char *fmt, ...)
    PRINTF_LIKE(5, 6);

/* True if one of the certificates has this subject. */
bool trust_has_name(const STACK_OF(X509) *certs, const X509_NAME *name);

/*
 * True if a certificate looks like a factory identity, which proves nothing:
 * its issuer is named as Apple's CAs for devices are.
 */
bool trust_looks_like_device(X509 *cert);

/*
 * trust_try_device() checks the signer against one --device-ca, by the key
 * alone.  REFUSED, with the reason added, if it is not a factory identity.
 */
enum status trust_try_device(struct trust_case *j,
    const struct trust_anchor *a);

/* Checks from the signer's certificate to the anchor. */
enum status trust_check_anchors(struct trust_case *j);

/* Checks the content, its challenge, and the required attributes. */
enum status trust_check_content(struct trust_case *j);

#endif
