/* signer: who signs profiles: a certificate, its key, and its chain. */
#ifndef MCFG_PROFILE_SIGNING_IDENTITY_H
#define MCFG_PROFILE_SIGNING_IDENTITY_H

#include "x509/cert.h"

struct profile_signer {
	struct identity id;	/* its chain is in the order of messages */
	X509 *gap;		/* certificate in id whose issuer is missing, or
				 * NULL */
	bool has_spare_ca;	/* a CA was given that is not in the chain */
};
#define PROFILE_SIGNER_INIT	{ IDENTITY_INIT, NULL, false }
#define auto_profile_signer	AUTO(profile_signer_free) struct profile_signer

void profile_signer_free(struct profile_signer *s);

/*
 * Opens certificate, key and chain; returns the statuses of
 * cert_load_identity().
 */
enum status profile_signer_open(const struct identity_source *src,
    struct profile_signer *out) USE_RESULT;

/*
 * profile_signer_check() warns about what devices would not accept in a signer
 * at this time; call it before each use.  Returns REFUSED for a certificate
 * that has expired, unless force is true.
 */
enum status profile_signer_check(const struct profile_signer *s, bool force)
    USE_RESULT;

#endif
