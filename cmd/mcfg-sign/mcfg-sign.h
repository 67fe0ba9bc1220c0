/* What the parts of mcfg-sign share. */
#ifndef MCFG_SIGN_TOOL_H
#define MCFG_SIGN_TOOL_H

#include "cli/opts.h"
#include "plist/node.h"
#include "profile/signer.h"

struct args {
	struct strings inputs, log;
	struct io_input in;
	struct io_output out;
	struct identity_source id;
	const char *config;
	const char *digest;
	const char *replaces;
	const char *out_dir, *attachment;
	long jobs;
	bool any, no_time, force, resign, pem, null;
};

/* Opens the signer and says what devices would not like about it. */
enum status open_signer(const struct args *a, struct profile_signer *s)
    USE_RESULT;

/*
 * Signs one profile.  It is to replace the profile in old on devices, or
 * none where old is NULL.  is_private says whether it holds a secret.
 */
enum status sign_one(const struct args *a, const struct identity *id,
    const struct io_input *from, const char *old, bool *is_private,
    struct buf *out) USE_RESULT;

/* Signs many into --out-dir. */
enum status run_batch(const struct args *a) USE_RESULT;

/*
 * Warns where a device that has the profile in the file old would not replace
 * it by profile (NULL: not a property list) signed by leaf: its
 * PayloadIdentifier is another, or the issuer of its signer.
 */
enum status check_replaces(const char *old, const struct tree *profile,
    const char *name, X509 *leaf) USE_RESULT;

#endif
