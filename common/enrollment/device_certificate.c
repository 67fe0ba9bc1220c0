/* Finds the enrollment to which the certificate of a device belongs. */
#include <string.h>

#include "base/clock.h"
#include "enrollment/local.h"

/*
 * Checks a certificate that equals the recorded one: REFUSED if it was
 * revoked, LATER if it has expired.
 */
static enum status
judge_certificate(const struct ledger_certificate *c, const char *name,
    int64_t now)
{
	if (c->purpose == NULL || c->enrollment == NULL ||
	    strcmp(c->purpose, ledger_purpose_name(LEDGER_IDENTITY)) != 0)
		return fail(REFUSED, "%s: certificate %s: not the identity of "
		    "an enrollment", name, c->serial);
	if (c->revoked != 0)
		return fail(REFUSED, "%s: certificate %s: has been revoked",
		    name, c->serial);
	if (now < c->not_before)
		return fail(REFUSED, "%s: certificate %s: not yet valid", name,
		    c->serial);
	if (now > c->not_after)
		return fail(LATER, "%s: certificate %s: expired: enroll again",
		    name, c->serial);
	return OK;
}

/* The ledger is asked first, as it has all certificates of our own CA. */
enum status
device_certificate(struct ledger *l, X509 *signer, const char *name,
    const struct strings *outside, struct ledger_certificate *c)
{
	auto_buf serial = BUF_INIT, der = BUF_INIT;
	bool found = false, known = false;
	enum status st;

	cert_serial_hex(signer, &serial);
	cert_to_der(signer, &der);
	if ((st = ledger_find_certificate(l, buf_str(&serial), &found,
	    c)) != OK)
		return st;
	if (found && buf_equal(&c->der, &der))
		return judge_certificate(c, name, clock_now());

	if ((st = external_find(l, signer, outside, &known, c)) != OK)
		return st;
	if (known)
		return judge_certificate(c, name, clock_now());
	return fail(REFUSED, "%s: certificate %s: %s", name, buf_str(&serial),
	    found ? "not the one that was issued under this serial number" :
	    "not in the ledger");
}

enum status
enrollment_find(struct ledger *l, X509 *signer, const char *signer_name,
    char **id)
{
	static const struct strings no_files;
	auto_ledger_certificate c = LEDGER_CERTIFICATE_INIT;
	enum status st;

	if ((st = device_certificate(l, signer, signer_name, &no_files,
	    &c)) != OK)
		return st;
	*id = xstrdup(c.enrollment);
	return OK;
}
