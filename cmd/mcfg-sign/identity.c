/* Who signs: the certificate, its chain, and what devices will say of them. */
#include "mcfg-sign.h"

#include "base/clock.h"

/* A leaf that expires so soon is warned of. */
enum { SOON = 14 * CLOCK_DAY };

/*
 * The chain goes into the message in full, the root too where it was given;
 * certificates that do not belong to it stay out.
 */
static void
complete_chain(struct identity *id)
{
	auto_certs *given = STEAL(id->chain);
	X509 *gap = NULL;

	cert_order_chain(id->cert, given, clock_now(), &id->chain, &gap);
	if (gap != NULL) {
		auto_char *of = cert_subject_text(gap);
		auto_char *by = cert_name_text(X509_get_issuer_name(gap));

		warning("chain has a gap: no certificate of %s, which issued "
		    "%s: devices will show Not Verified (--chain)", by, of);
	}
}

/* The first that devices would not take above the signer. */
static void
check_issuers(const struct identity *id)
{
	int i;

	for (i = 0; i < sk_X509_num(id->chain); i++) {
		X509 *c = sk_X509_value(id->chain, i);
		const char *reason = cert_check_dates(c, clock_now());

		if (reason == NULL)
			reason = cert_check_issuer(c);
		if (reason != NULL) {
			auto_char *of = cert_subject_text(c);

			warning("%s: %s: devices will show Not Verified", of,
			    reason);
			return;
		}
	}
}

static enum status
check_leaf(const struct args *a, const X509 *leaf)
{
	auto_char *of = cert_subject_text(leaf);
	int64_t now = clock_now(), to = cert_not_after(leaf);
	char text[CLOCK_TEXT];

	clock_format(to, text);
	if (now > to && !a->force)
		return fail(REFUSED, "%s: certificate has expired at %s "
		    "(--force signs all the same)", of, text);
	if (now > to)
		warning("%s: certificate has expired at %s: devices will "
		    "show Not Verified", of, text);
	else if (now > to - SOON)
		warning("%s: certificate expires soon: %s: devices will show "
		    "Not Verified from then on", of, text);
	if (now < cert_not_before(leaf)) {
		clock_format(cert_not_before(leaf), text);
		warning("%s: certificate is not valid before %s: devices will "
		    "show Not Verified until then", of, text);
	}
	return OK;
}

enum status
open_identity(const struct args *a, struct identity *id)
{
	const char *reason;
	enum status st;

	if ((st = cert_load_identity(&a->id, id)) != OK ||
	    (st = check_leaf(a, id->cert)) != OK)
		return st;
	/* What was said of the dates of the leaf is not said again. */
	complete_chain(id);
	if (cert_check_dates(id->cert, clock_now()) == NULL)
		check_issuers(id);
	if ((reason = cert_check_signer(id->cert)) != NULL) {
		auto_char *of = cert_subject_text(id->cert);

		warning("%s: %s: devices will show Not Verified", of, reason);
	}
	return OK;
}
