/*
 * check: can the certificate that signs profiles be told apart from a
 * device's?
 */
#include <string.h>

#include "check/check.h"

/*
 * Certificates can begin at the same time, that of their CA, and can be issued
 * within the same second: then one that can be told apart counts.
 */
void
check_note_signer(struct findings *f, const struct ledger_certificate *c,
    X509 *cert)
{
	bool good;

	if (strcmp(c->profile, "signer") != 0 || c->revoked != 0 ||
	    c->not_after < f->now || c->issued < f->signer_since)
		return;
	good = cert_check_purpose(cert, "signer") == NULL;
	if (c->issued == f->signer_since && !good)
		return;
	f->signer_since = c->issued;
	free(f->old_signer);
	f->old_signer = good ? NULL : xstrdup(c->serial);
}

static bool
certifies_signers(const struct issue_policy *p)
{
	size_t i;

	for (i = 0; i < p->eku_count; i++)
		if (issue_is_signer_usage(p->eku[i]))
			return true;
	return false;
}

void
check_signer(const struct findings *f)
{
	if (certifies_signers(&f->ca->policy))
		warning("%s/" CA_POLICY ": extended_key_usage: with "
		    "emailProtection, certificates that are not of an "
		    "enrollment can sign profiles", f->ca->dir);
	if (f->old_signer != NULL)
		warning("%s: %s: this signer's certificate lacks "
		    "emailProtection, so it cannot be told apart from a "
		    "device's: make a new one (mcfg-site DIR --renew signer)",
		    f->ca->dir, f->old_signer);
}
