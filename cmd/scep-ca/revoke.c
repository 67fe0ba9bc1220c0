/* revoke: revokes a certificate, and signs a new CRL. */
#include "authority/listing.h"
#include "base/clock.h"
#include "crl.h"
#include "verbs.h"

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
	if (!done)
		return fail(REFUSED, "%s: no such certificate, or revoked "
		    "before", buf_str(&serial));
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
