/* Checks what a certificate may be used for, and its dates. */
#include <string.h>

#include <openssl/objects.h>
#include <openssl/x509v3.h>

#include "x509/cert.h"

const char *
cert_check_dates(const X509 *cert, int64_t now)
{
	int64_t from = cert_not_before(cert), to = cert_not_after(cert);

	if (from == CERT_NO_TIME || to == CERT_NO_TIME)
		return "certificate has an unreadable date";
	if (now < from)
		return "certificate is not yet valid";
	return now > to ? "certificate has expired" : NULL;
}

const char *
cert_check_signer(X509 *cert)
{
	/* X509_get_key_usage() sets all bits if there is no such extension. */
	if ((X509_get_key_usage(cert) &
	    (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0)
		return "its keyUsage allows no signatures of messages";
	return NULL;
}

const char *
cert_check_issuer(X509 *cert)
{
	BASIC_CONSTRAINTS *bc = X509_get_ext_d2i(cert, NID_basic_constraints,
	    NULL, NULL);
	/* Examining every extension is expensive, and seldom necessary. */
	bool is_ca = bc != NULL ? bc->ca != 0 : X509_check_ca(cert) != 0;

	BASIC_CONSTRAINTS_free(bc);
	return is_ca ? NULL : "it is not a CA, and issued a certificate";
}

struct purpose {
	const char *name;
	uint32_t bit;
	bool listed;		/* must be listed in the signer's own */
	uint32_t usage;		/* one of these; RFC 5280 4.2.1.12 */
	const char *reason;
};

static const struct purpose *
find_purpose(const char *name)
{
	static const struct purpose known[] = {
		{ "smime", XKU_SMIME, false,
		    KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION,
		    "not for mail signing" },
		{ "signer", XKU_SMIME, true,
		    KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION,
		    "not for signing profiles: its extendedKeyUsage does not "
		    "list emailProtection" },
		{ "codesign", XKU_CODE_SIGN, false, KU_DIGITAL_SIGNATURE,
		    "not for code signing" },
		{ "client", XKU_SSL_CLIENT, false, KU_DIGITAL_SIGNATURE,
		    "not for TLS clients" },
		{ "server", XKU_SSL_SERVER, false, KU_DIGITAL_SIGNATURE,
		    "not for TLS servers" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i].name, name) == 0)
			return &known[i];
	return NULL;
}

const char *
cert_check_purpose(X509 *cert, const char *purpose)
{
	const struct purpose *p = find_purpose(purpose);
	uint32_t flags = X509_get_extension_flags(cert);
	/*
	 * X509_get_extended_key_usage() sets all bits if there is no such
	 * extension.
	 */
	uint32_t has = X509_get_extended_key_usage(cert);

	if (p == NULL)
		return "unknown purpose";
	if ((flags & EXFLAG_INVALID) != 0)
		return "an extension of it cannot be read";
	if (p->listed ? (flags & EXFLAG_XKUSAGE) == 0 || (has & p->bit) == 0 :
	    (has & (p->bit | XKU_ANYEKU)) == 0)
		return p->reason;
	return (X509_get_key_usage(cert) & p->usage) != 0 ? NULL :
	    "its keyUsage does not allow that purpose";
}

const char *
cert_check_purpose_below(X509 *issuer, const char *purpose)
{
	const struct purpose *p = find_purpose(purpose);

	if (p == NULL)
		return "unknown purpose";
	return (X509_get_extended_key_usage(issuer) &
	    (p->bit | XKU_ANYEKU)) != 0 ? NULL : p->reason;
}

const char *
cert_check_factory(X509 *cert)
{
	uint32_t flags = X509_get_extension_flags(cert);
	int digest = NID_undef, key = NID_undef;

	if ((flags & EXFLAG_INVALID) != 0)
		return "an extension of it cannot be read";
	if ((flags & EXFLAG_CRITICAL) != 0)
		return "an unknown critical extension";
	if (X509_check_ca(cert) != 0)
		return "it is a CA, not a device";
	if (OBJ_find_sigid_algs(X509_get_signature_nid(cert), &digest,
	    &key) != 1 || key != NID_rsaEncryption ||
	    (digest != NID_sha1 && digest != NID_sha256))
		return "it is not signed with SHA-1 or SHA-256 and RSA";
	return NULL;
}
