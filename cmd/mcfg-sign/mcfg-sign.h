/* Shared by the files of mcfg-sign. */
#ifndef MCFG_SIGN_TOOL_H
#define MCFG_SIGN_TOOL_H

#include "cli/opts.h"
#include "plist/node.h"
#include "profile/signing_identity.h"

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

/* Opens the signer, and warns about what devices would not accept. */
enum status open_signer(const struct args *a, struct profile_signer *s)
    USE_RESULT;

/*
 * Signs one profile.  old is the file of the profile that it is meant to
 * replace on devices, or NULL.  *is_private is set to whether it contains a
 * secret.
 */
enum status sign_one(const struct args *a, const struct identity *id,
    const struct io_input *from, const char *old, bool *is_private,
    struct buf *out) USE_RESULT;

/* Signs many profiles into --out-dir. */
enum status run_batch(const struct args *a) USE_RESULT;

/*
 * Warns if a device that has the profile in the file old would not replace it
 * with profile (NULL: not a property list) signed by leaf, because the
 * PayloadIdentifier or the issuer of the signer differs.
 */
enum status check_replaces(const char *old, const struct tree *profile,
    const char *name, X509 *leaf) USE_RESULT;

#endif
