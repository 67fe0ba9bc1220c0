/* revoke: revokes a certificate, and signs a new CRL. */
#include "authority/listing.h"
#include "base/clock.h"
#include "crl.h"
#include "verbs.h"
#include "x509/crl.h"

struct args {
	struct authority_source source;
	struct strings serials;
	const char *reason;
};

static struct args args = {
	.reason = "unspecified",
};

static const struct opt options[] = {
	OPT_DIR(args.source),
	OPT_LEDGER(args.source),
	{ 0, "reason", "R", "reason for the revocation",
	    .choices = "unspecified|keyCompromise|"
	    "affiliationChanged|superseded|cessationOfOperation|"
	    "privilegeWithdrawn", .value = &args.reason },
	OPT_KEY_ACCESS(args.source.key),
	OPT_AT,
	{ 0 },
};

/*
 * OK if the certificate was revoked before, and the CRL could not be written
 * then: it is made now.
 */
static enum status
find_unlisted(struct authority *ca, const char *serial, int64_t now)
{
	auto_ledger_certificate c = LEDGER_CERTIFICATE_INIT;
	auto_X509_CRL *crl = NULL;
	enum status st;
	bool found;

	if ((st = ledger_find_certificate(ca->ledger, serial, &found,
	    &c)) != OK || (st = crl_kept(ca, now, &crl)) != OK)
		return st;
	if (found && c.revoked != 0 && (crl == NULL ||
	    !cert_crl_lists(crl, serial)))
		return OK;
	return fail(REFUSED, "%s: no such certificate, or revoked before",
	    serial);
}

static enum status
run(const struct args *a)
{
	auto_authority ca = AUTHORITY_INIT;
	auto_X509_CRL *crl = NULL;
	auto_buf serial = BUF_INIT;
	int64_t now = clock_now();
	enum status st;
	bool done;

	if (a->serials.n != 1)
		return opts_missing("SERIAL", "of one certificate");
	if ((st = listing_serial(a->serials.v[0], &serial)) != OK ||
	    (st = authority_open(&a->source, NEED_KEYS | NEED_LEDGER,
	    &ca)) != OK)
		return st;

	if ((st = ledger_revoke(ca.ledger, buf_str(&serial),
	    listing_reason_number(a->reason), now, &done)) != OK)
		return st;
	if (!done && (st = find_unlisted(&ca, buf_str(&serial), now)) != OK)
		return st;
	return crl_make(&ca, now, &crl);
}

const struct tool verb_revoke = {
	.name = "revoke",
	.summary = "Revoke a certificate by its serial number.",
	.operands = "SERIAL",
	.example = "scep-ca revoke --dir ca --reason keyCompromise "
	    "6efab40c0c16c974c8949454dedfc303",
	.options = options,
	.args = &args,
	.inputs = &args.serials,
	.run = run,
};
