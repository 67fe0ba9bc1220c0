/* What the files of trust share among themselves; nobody else's business. */
#ifndef MCFG_TRUST_LOCAL_H
#define MCFG_TRUST_LOCAL_H

#include "trust/trust.h"

enum { TRUST_REASON_MAX = 512 };	/* of what another module gave */

/* What is under judgement. */
struct trust_case {
	const struct trust_policy *policy;
	const char *name;
	struct trust_verdict *v;
	bool is_digest_refused;		/* which is said once */
};

/* The first status that is not OK. */
enum status trust_first(enum status a, enum status b);

/* Adds a check that passed. */
void trust_passed(struct trust_case *j, const char *check, const char *fmt,
    ...) PRINTF_LIKE(3, 4);

/*
 * Adds one that failed, and gives st back.  The reason becomes the verdict's,
 * the last one if there are several; with policy->all the first.
 */
enum status trust_failed(struct trust_case *j, const char *check,
    enum status st, const char *hint, const char *fmt, ...)
    PRINTF_LIKE(5, 6);

/* The checks from the signer's certificate to the anchor. */
enum status trust_check_anchors(struct trust_case *j);

/* The content, its challenge, and the attributes that are required. */
enum status trust_check_content(struct trust_case *j);

#endif
