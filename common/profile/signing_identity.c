/* Opens the certificate and key that sign profiles, and checks them. */
#include "profile/signing_identity.h"

#include "base/clock.h"

/* Warn of a certificate that expires within this time. */
enum { SOON = 14 * CLOCK_DAY };

void
profile_signer_free(struct profile_signer *s)
{
	identity_free(&s->id);
	*s = (struct profile_signer)PROFILE_SIGNER_INIT;
}

/*
 * The complete chain goes into the message, including the root if it was
 * given; certificates that do not belong to it are left out.
 */
enum status
profile_signer_open(const struct identity_source *src,
    struct profile_signer *out)
{
	auto_profile_signer s = PROFILE_SIGNER_INIT;
	auto_certs *given = NULL;
	enum status st;

	if ((st = cert_load_identity(src, &s.id)) != OK)
		return st;
	given = STEAL(s.id.chain);
	cert_order_chain(s.id.cert, given, clock_now(), &s.id.chain, &s.gap);
	s.has_spare_ca = cert_has_spare_ca(s.id.cert, s.id.chain, given);
	*out = MOVE(s);
	return OK;
}

/*
 * A certificate does not say if its issuer is a root, which devices have and
 * which may be left out.  The given certificates show it: an intermediate
 * certificate without its issuer looks like a chain without its root, and a CA
 * that does not belong to the chain was meant to.
 */
static void
warn_of_gap(const struct profile_signer *s)
{
	auto_char *of = cert_subject_text(s->gap);
	auto_char *by = cert_name_text(X509_get_issuer_name(s->gap));

	if (s->has_spare_ca)
		warning("chain has a gap: no certificate of %s, which issued "
		    "%s: devices will show Not Verified (--chain)", by, of);
	else if (sk_X509_num(s->id.chain) == 0)
		warning("no certificate of %s, which issued %s: if it is not "
		    "a root that devices trust, they will show Not Verified "
		    "(--chain)", by, of);
	else
		detail("the chain ends below %s, which devices must have", by);
}

/*
 * Warns of the first certificate above the signer that devices would not
 * accept.
 */
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
check_leaf(const X509 *leaf, bool force)
{
	auto_char *of = cert_subject_text(leaf);
	int64_t now = clock_now(), to = cert_not_after(leaf);
	char text[CLOCK_TEXT];

	if (cert_not_before(leaf) == CERT_NO_TIME || to == CERT_NO_TIME) {
		if (!force)
			return fail(REFUSED, "%s: %s (--force signs all the "
			    "same)", of, cert_check_dates(leaf, now));
		warning("%s: %s: devices will show Not Verified", of,
		    cert_check_dates(leaf, now));
		return OK;
	}
	clock_format(to, text);
	if (now > to && !force)
		return fail(REFUSED, "%s: the certificate expired at %s "
		    "(--force signs anyway)", of, text);
	if (now > to)
		warning("%s: the certificate expired at %s: devices will "
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
profile_signer_check(const struct profile_signer *s, bool force)
{
	const char *reason;
	enum status st;

	if ((st = check_leaf(s->id.cert, force)) != OK)
		return st;
	if (s->gap != NULL)
		warn_of_gap(s);
	/*
	 * If the dates of the leaf were reported, they are not reported again.
	 */
	if (cert_check_dates(s->id.cert, clock_now()) == NULL)
		check_issuers(&s->id);
	if ((reason = cert_check_signer(s->id.cert)) != NULL) {
		auto_char *of = cert_subject_text(s->id.cert);

		warning("%s: %s: devices will show Not Verified", of, reason);
	}
	return OK;
}
