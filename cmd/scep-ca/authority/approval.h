/* approval: the operator's program decides about a request. */
#ifndef MCFG_SCEP_CA_AUTHORITY_APPROVAL_H
#define MCFG_SCEP_CA_AUTHORITY_APPROVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "authority/authority.h"

enum approval_verdict { APPROVAL_YES, APPROVAL_NO, APPROVAL_LATER };

/* What the program is told. */
struct approval_facts {
	const char *transaction;
	const char *type;
	bool renewal;
	const char *challenge;	/* "valid", "invalid", "absent" */
	const struct issue_wish *wish;
	X509 *signer;
	const char *key_hash;
	int64_t now;
	bool dry_run;		/* whatever it says, nothing comes of it */
};

/*
 * approval_ask() runs the policy's command, as child.h says: the facts go to
 * its standard input as JSON, its status is the verdict.  FAULT if it cannot
 * be run, takes too long, or ends with another status than 0, 1 and 5.
 */
enum status approval_ask(const struct authority *a,
    const struct approval_facts *f, enum approval_verdict *out) USE_RESULT;

#endif
