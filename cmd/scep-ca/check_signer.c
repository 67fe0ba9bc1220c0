/* check: can who signs profiles be told from a device? */
#include <string.h>

#include "check.h"

void
check_note_signer(struct findings *f, const struct ledger_certificate *c,
    X509 *cert)
{
	if (strcmp(c->profile, "signer") != 0 || c->revoked != 0 ||
	    c->not_after < f->now || c->not_before < f->signer_since)
		return;
	f->signer_since = c->not_before;
	free(f->old_signer);
	f->old_signer = cert_check_purpose(cert, "signer") == NULL ? NULL :
	    xstrdup(c->serial);
}

void
check_signer(const struct findings *f)
{
	if (f->old_signer != NULL)
		warning("%s: %s: this signer's certificate lacks "
		    "emailProtection, so that it cannot be told from a "
		    "device's: make a new one (mcfg-site DIR --renew signer)",
		    f->ca->dir, f->old_signer);
}
