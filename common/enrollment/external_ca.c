/*
 * Identities from an external CA, which are not in the ledger.  The first time,
 * an identity is recognised by its subject: it contains the unguessable ID of
 * the enrollment, which only one device was told.  After that, it is recognised
 * by the certificate itself.
 */
#include <string.h>

#include "base/clock.h"
#include "enrollment/local.h"

static bool
issued_by_any(X509 *signer, const STACK_OF(X509) *issuers)
{
	int i;

	for (i = 0; i < sk_X509_num(issuers); i++)
		if (cert_issued_by(signer, sk_X509_value(issuers, i)) == NULL)
			return true;
	return false;
}

static enum status
issued_by_file(X509 *signer, const struct strings *files, bool *issued)
{
	enum status st;
	size_t i;

	for (i = 0; i < files->n && !*issued; i++) {
		auto_certs *issuers = NULL;

		if ((st = cert_load_list(files->v[i], &issuers)) != OK)
			return st;
		*issued = issued_by_any(signer, issuers);
	}
	return OK;
}

/* Takes the last CN, which is the most specific. */
static enum status
take_common_name(const char *type, const char *value, size_t rdn, void *arg)
{
	char **cn = arg;

	(void)rdn;
	if (strcmp(type, "CN") == 0) {
		free(*cn);
		*cn = xstrdup(value);
	}
	return OK;
}

static enum status
describe(X509 *signer, struct ledger_certificate *c)
{
	char hash[SECRET_HASH_TEXT];

	ledger_certificate_free(c);
	cert_sha256(signer, hash);
	c->serial = xstrdup(hash);
	cert_to_der(signer, &c->der);
	c->subject = cert_subject_text(signer);
	c->not_before = cert_not_before(signer);
	c->not_after = cert_not_after(signer);
	c->purpose = xstrdup(ledger_purpose_name(LEDGER_IDENTITY));
	return cert_name_each(X509_get_subject_name(signer), take_common_name,
	    &c->enrollment);
}

enum status
external_find(struct ledger *l, X509 *signer, const struct strings *files,
    bool *known, struct ledger_certificate *c)
{
	auto_ledger_enrollment e = LEDGER_ENROLLMENT_INIT;
	bool found = false;
	enum status st;

	*known = false;
	if ((st = describe(signer, c)) != OK || c->enrollment == NULL)
		return st;
	if ((st = ledger_find_enrollment(l, c->enrollment, &found, &e)) != OK)
		return st;
	if (found && e.certificate != NULL &&
	    strcmp(e.certificate, c->serial) == 0) {
		*known = true;
		return OK;
	}
	return issued_by_file(signer, files, known);
}

enum status
external_first(struct ledger *l, const struct ledger_certificate *c,
    const char *name)
{
	auto_ledger_challenge sold = LEDGER_CHALLENGE_INIT;
	auto_X509_NAME *subject = NULL;
	auto_X509 *signer = NULL;
	bool found = false;
	enum status st;

	if ((st = ledger_find_identity(l, c->enrollment, &found, &sold)) != OK)
		return st;
	if (!found || sold.voided || sold.spent)
		return fail(REFUSED, "%s: enrollment %s: already has its "
		    "identity, or was replaced or aborted", name,
		    c->enrollment);
	if (cert_from_der(c->der.data, c->der.len, &signer) != NULL ||
	    cert_name_from_der(sold.name.subject.data, sold.name.subject.len,
	    &subject) != NULL ||
	    !cert_name_equal(subject, X509_get_subject_name(signer)))
		return fail(REFUSED, "%s: enrollment %s: the certificate is "
		    "for '%s', not for the enrollment's subject", name,
		    c->enrollment, c->subject);
	if (sold.expires <= clock_now())
		return fail(LATER, "%s: enrollment %s: it took too long to "
		    "get a certificate: enroll again", name, c->enrollment);
	return OK;
}

enum status
external_adopt(struct ledger *l, const struct ledger_certificate *c,
    const char *name)
{
	enum ledger_outcome outcome;
	enum status st;

	if ((st = ledger_adopt(l, c->enrollment, c->serial, clock_now(),
	    &outcome)) != OK)
		return st;
	return outcome == LEDGER_RECORDED ? OK : fail(REFUSED, "%s: "
	    "enrollment %s: has another identity", name, c->enrollment);
}
