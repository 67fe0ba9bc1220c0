/* Checks factory certificates of devices (--device-ca). */
#include <string.h>

#include "trust/local.h"

/*
 * True if it looks like a factory identity: issued under a name like those of
 * Apple's CAs for devices, and signed as they sign.
 */
bool
trust_looks_like_device(X509 *cert)
{
	auto_char *by = cert_name_text(X509_get_issuer_name(cert));

	return strstr(by, "Device CA") != NULL &&
	    cert_check_factory(cert) == NULL;
}

/* True if one of the given device CAs is a root. */
static bool
has_root(const STACK_OF(X509) *certs)
{
	int i;

	for (i = 0; i < sk_X509_num(certs); i++)
		if (cert_is_self_signed(sk_X509_value(certs, i)))
			return true;
	return false;
}

static const char *
device_hint(const struct trust_anchor *a, X509 *signer)
{
	if (cert_is_self_signed(signer))
		return "it is self-signed: this may be a SCEP request, which "
		    "scep-ca answers";
	if (trust_has_name(a->certs, X509_get_issuer_name(signer)))
		return "the CA that was given has the right name and another "
		    "key";
	if (!trust_looks_like_device(signer))
		return "if the issuer is the site's own CA, this is an answer "
		    "of phase 3: give it with --ca";
	return has_root(a->certs) ? "give the certificate of the CA that "
	    "signs the devices, not its root" : "give the certificate of "
	    "that issuer: another CA was given";
}

static enum status
say_no_device(struct trust_case *j, const struct trust_anchor *a, X509 *signer)
{
	auto_char *of = cert_subject_text(signer);
	auto_char *by = cert_name_text(X509_get_issuer_name(signer));
	auto_char *given = cert_subject_text(sk_X509_value(a->certs, 0));
	enum status st;

	st = trust_failed(j, "chain", REFUSED, device_hint(a, signer),
	    "not issued by %s: %s is issued by %s, and %s was given%s",
	    a->file, of, by, given, sk_X509_num(a->certs) > 1 ?
	    " with others" : "");
	if (j->policy->all)
		trust_skipped(j, "dates", "a factory identity");
	return st;
}

enum status
trust_try_device(struct trust_case *j, const struct trust_anchor *a)
{
	X509 *signer = j->v->message.signer;
	auto_char *of = cert_subject_text(signer);
	const char *reason;
	enum status st = OK;
	int i;

	if ((reason = cert_check_factory(signer)) != NULL)
		st = trust_failed(j, "signer certificate", REFUSED, NULL,
		    "not accepted under %s: %s", a->file, reason);
	else
		trust_passed(j, "signer certificate", "%s may be a device",
		    of);
	if (st != OK && !j->policy->all)
		return st;
	/* Names and key identifiers are not compared: the key decides. */
	for (i = 0; i < sk_X509_num(a->certs); i++) {
		auto_char *by = cert_subject_text(sk_X509_value(a->certs, i));

		reason = cert_signed_by_key(signer,
		    sk_X509_value(a->certs, i));
		if (reason != NULL)
			continue;
		trust_passed(j, "chain", "%s is signed by the key of %s", of,
		    by);
		trust_skipped(j, "dates", cert_check_dates(signer,
		    j->policy->now) == NULL ? "a factory identity, which is "
		    "valid now" : "a factory identity, which is not valid now");
		trust_passed(j, "anchor", "device: %s", a->file);
		if (st == OK) {
			j->v->kind = TRUST_DEVICE;
			j->v->anchor_file = a->file;
		}
		return st;
	}
	return trust_first(st, say_no_device(j, a, signer));
}
