/* approval: a program of the operator's decides about a request. */
#ifndef MCFG_SCEP_CA_AUTHORITY_APPROVAL_H
#define MCFG_SCEP_CA_AUTHORITY_APPROVAL_H

#include <stdbool.h>
#include <stdint.h>

#include "authority/authority.h"

enum approval_verdict { APPROVAL_YES, APPROVAL_NO, APPROVAL_LATER };

/* The facts that the program gets. */
struct approval_facts {
	const char *transaction;
	const char *type;
	bool renewal;
	const char *challenge;	/* "valid", "invalid", "absent" */
	const struct issue_wish *wish;
	X509 *signer;
	const char *key_hash;
	int64_t now;
	bool dry_run;		/* the decision will have no effect */
};

/*
 * approval_ask() runs the policy's command (see child.h) with the facts as
 * JSON on its standard input; its status is the verdict.  Returns FAULT if the
 * command cannot be run, takes too long, or exits with a status other than 0,
 * 1 and 5.
 */
enum status approval_ask(const struct authority *a,
    const struct approval_facts *f, enum approval_verdict *out) USE_RESULT;

#endif
