/* Checks the content of certificate payloads: certificates and PKCS #12. */
#include <stdlib.h>
#include <string.h>

#include "base/ber.h"
#include "base/clock.h"
#include "base/words.h"
#include "schema/local.h"
#include "x509/cert.h"

enum {
	RSA_BITS_MIN = 2048,
	PKCS12_OPENED_MAX = 50,		/* of one profile */
	SOON = 30 * CLOCK_DAY,
};

bool
schema_is_pem(const struct tree *t)
{
	static const char begin[] = "-----BEGIN ";
	const unsigned char *p;
	size_t len;

	p = tree_data_of(t, &len);
	while (len > 0 && (*p == ' ' || *p == '\t' || *p == '\r' ||
	    *p == '\n')) {
		p++;
		len--;
	}
	return len >= sizeof begin - 1 &&
	    memcmp(p, begin, sizeof begin - 1) == 0;
}

static void
check_expiry(struct schema_run *r, const struct tree *t, const X509 *cert)
{
	auto_char *subject = cert_subject_text(cert);
	char from[CLOCK_TEXT], to[CLOCK_TEXT];
	int64_t now = r->opts->now;

	if (cert_not_before(cert) == CERT_NO_TIME ||
	    cert_not_after(cert) == CERT_NO_TIME) {
		schema_say(r, t, RULE_BAD_CERTIFICATE, "the dates of the "
		    "certificate of %.200s cannot be read", subject);
		return;
	}
	clock_format(cert_not_before(cert), from);
	clock_format(cert_not_after(cert), to);
	if (cert_not_after(cert) < now)
		schema_say(r, t, RULE_EXPIRED_CERTIFICATE, "the certificate "
		    "of %.200s expired at %s", subject, to);
	else if (cert_not_before(cert) > now)
		schema_say(r, t, RULE_CERTIFICATE_NOT_YET_VALID, "the "
		    "certificate of %.200s is valid from %s", subject, from);
	else if (cert_not_after(cert) - now < SOON)
		schema_say(r, t, RULE_CERTIFICATE_EXPIRES_SOON, "the "
		    "certificate of %.200s expires at %s", subject, to);
	else
		schema_say(r, t, RULE_CERTIFICATE, "the certificate of "
		    "%.200s expires at %s", subject, to);
}

static void
check_certificate(struct schema_run *r, const struct tree *t)
{
	const unsigned char *p;
	auto_X509 *cert = NULL;
	auto_buf in = BUF_INIT;
	const char *reason;
	size_t len;

	p = tree_data_of(t, &len);
	buf_add(&in, p, len);
	reason = schema_is_pem(t) ? cert_parse(&in, &cert) :
	    cert_from_der(p, len, &cert);
	if (reason != NULL) {
		schema_say(r, t, RULE_BAD_CERTIFICATE, "not a certificate: "
		    "%s", reason);
		return;
	}
	check_expiry(r, t, cert);
	if (cert_key(cert) != NULL && cert_key_is_rsa(cert_key(cert)) &&
	    cert_key_bits(cert_key(cert)) < RSA_BITS_MIN)
		schema_say(r, t, RULE_WEAK_KEY, "the certificate's key has "
		    "only %d bits", cert_key_bits(cert_key(cert)));
}

static bool
is_one_sequence(const unsigned char *p, size_t len)
{
	struct ber in = { p, len };
	struct ber_item whole;

	return ber_want(&in, BER_SEQUENCE, &whole) && in.len == 0;
}

static void
say_pkcs12(struct schema_run *r, const struct tree *t,
    const struct cert_pkcs12 *p12)
{
	if (p12->is_wrong)
		schema_say(r, t, RULE_WRONG_PASSWORD, "the Password of the "
		    "payload does not decrypt the PKCS #12");
	if (!p12->has_mac)
		schema_say(r, t, RULE_PKCS12_WITHOUT_MAC, "the PKCS #12 has "
		    "no MAC");
	if (p12->is_pbes2 || (p12->has_mac && p12->is_mac_new))
		schema_say(r, t, RULE_PKCS12_TOO_NEW, "the PKCS #12 has %s: "
		    "older systems will report a wrong password",
		    p12->is_pbes2 ? "PBES2" : "a MAC that is not SHA-1");
}

/*
 * Without the password, or with a variable for it, only the structure is
 * checked.
 */
static void
check_pkcs12(struct schema_run *r, const struct tree *payload,
    const struct tree *t)
{
	const char *phrase = tree_get_string(payload, "Password");
	auto_cert_pkcs12 p12 = { .certs = NULL };
	const char *reason;
	const unsigned char *p;
	size_t len;
	int i;

	/* Each may cost a million iterations. */
	if (phrase != NULL && (schema_has_variable(phrase) ||
	    r->opened++ >= PKCS12_OPENED_MAX))
		phrase = NULL;
	p = tree_data_of(t, &len);
	if (schema_is_pem(t))
		return;
	if (!is_one_sequence(p, len)) {
		schema_say(r, t, RULE_BAD_CERTIFICATE, "not a PKCS #12: its "
		    "outer SEQUENCE is incomplete");
		return;
	}
	reason = cert_open_pkcs12(p, len, phrase, &p12);
	if (reason != NULL)
		schema_say(r, t, RULE_BAD_CERTIFICATE, "not a PKCS #12: %s",
		    reason);
	else
		say_pkcs12(r, t, &p12);
	for (i = 0; i < sk_X509_num(p12.certs); i++)
		check_expiry(r, t, sk_X509_value(p12.certs, i));
}

static bool
holds_certificate(const char *type)
{
	return words_choose("com.apple.security.root|com.apple.security.pkcs1|"
	    "com.apple.security.pem|com.apple.security.pkcs12", type);
}

void
schema_check_certificates(struct schema_run *r, const struct tree *payload,
    const char *type)
{
	const struct tree *t = tree_get_kind(payload, "PayloadContent",
	    TREE_DATA);
	size_t before;

	if (t == NULL || !holds_certificate(type))
		return;
	before = schema_push(r, "PayloadContent");
	if (strcmp(type, "com.apple.security.pkcs12") == 0)
		check_pkcs12(r, payload, t);
	else
		check_certificate(r, t);
	buf_cut(&r->path, before);
}
