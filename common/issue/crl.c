/* Makes and signs the list of revoked certificates. */
#include <openssl/objects.h>

#include "issue/local.h"

static bool
add_revoked(X509_CRL *crl, const struct issue_revoked *r)
{
	X509_REVOKED *one = X509_REVOKED_new();
	ASN1_TIME *when = cert_time_new(r->when);
	ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
	ASN1_INTEGER *serial = NULL;
	BIGNUM *n = NULL;
	bool ok = one != NULL && when != NULL && reason != NULL &&
	    BN_hex2bn(&n, r->serial) > 0 &&
	    (serial = BN_to_ASN1_INTEGER(n, NULL)) != NULL &&
	    X509_REVOKED_set_serialNumber(one, serial) == 1 &&
	    X509_REVOKED_set_revocationDate(one, when) == 1;

	/* RFC 5280 5.3.1: unspecified (0) is left out. */
	if (ok && r->reason != 0)
		ok = ASN1_ENUMERATED_set(reason, r->reason) == 1 &&
		    X509_REVOKED_add1_ext_i2d(one, NID_crl_reason, reason, 0,
		    X509V3_ADD_DEFAULT) == 1;
	if (ok && (ok = X509_CRL_add0_revoked(crl, one) == 1))
		one = NULL;
	X509_REVOKED_free(one);
	ASN1_TIME_free(when);
	ASN1_ENUMERATED_free(reason);
	ASN1_INTEGER_free(serial);
	BN_free(n);
	return ok;
}

static bool
crl_extensions(X509_CRL *crl, X509 *ca, int64_t number)
{
	const ASN1_OCTET_STRING *theirs = X509_get0_subject_key_id(ca);
	AUTHORITY_KEYID *aki = AUTHORITY_KEYID_new();
	ASN1_INTEGER *n = ASN1_INTEGER_new();
	bool ok = aki != NULL && n != NULL;

	if (ok) {
		aki->keyid = theirs != NULL ? ASN1_OCTET_STRING_dup(theirs) :
		    issue_key_id(ca);
		ok = X509_CRL_add1_ext_i2d(crl, NID_authority_key_identifier,
		    aki, 0, X509V3_ADD_DEFAULT) == 1 &&
		    ASN1_INTEGER_set_int64(n, number) == 1 &&
		    X509_CRL_add1_ext_i2d(crl, NID_crl_number, n, 0,
		    X509V3_ADD_DEFAULT) == 1;
	}
	AUTHORITY_KEYID_free(aki);
	ASN1_INTEGER_free(n);
	return ok;
}

static bool
crl_dates(X509_CRL *crl, int64_t now, int64_t validity)
{
	ASN1_TIME *from = cert_time_new(now);
	ASN1_TIME *until = cert_time_new(now + validity);
	bool ok = from != NULL && until != NULL &&
	    X509_CRL_set1_lastUpdate(crl, from) == 1 &&
	    X509_CRL_set1_nextUpdate(crl, until) == 1;

	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	return ok;
}

bool
issue_signs_crl(X509 *ca)
{
	bool signs = (X509_get_key_usage(ca) & KU_CRL_SIGN) != 0;

	/* If memory runs out, OpenSSL reports the bit as missing. */
	diag_ssl_clear();
	return signs;
}

enum status
issue_crl(const struct identity *ca, const struct issue_revoked *list,
    size_t count, int64_t number, int64_t now, int64_t validity,
    X509_CRL **out)
{
	auto_X509_CRL *crl = X509_CRL_new();
	size_t i;
	bool ok;

	ok = crl != NULL && X509_CRL_set_version(crl, 1) == 1 &&
	    X509_CRL_set_issuer_name(crl,
	    X509_get_subject_name(ca->cert)) == 1 &&
	    crl_dates(crl, now, validity) &&
	    crl_extensions(crl, ca->cert, number);
	for (i = 0; ok && i < count; i++)
		ok = add_revoked(crl, &list[i]);
	if (!ok || X509_CRL_sort(crl) != 1 ||
	    X509_CRL_sign(crl, ca->key, issue_digest(ca->key)) <= 0)
		return fail_ssl(FAULT, "cannot make a CRL");
	*out = STEAL(crl);
	return OK;
}
