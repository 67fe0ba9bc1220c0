/* Makes certificates, and the request of a subordinate CA. */
#include <string.h>

#include <openssl/objects.h>

#include "issue/local.h"

enum {
	BACKDATE = 300,		/* for clients whose clock is a little slow */
};

static bool
add_ext(X509 *cert, int nid, void *value, bool critical)
{
	return value != NULL && X509_add1_ext_i2d(cert, nid, value,
	    critical ? 1 : 0, X509V3_ADD_DEFAULT) == 1;
}

/* keyUsage counts its bits from the left of the first byte. */
static ASN1_BIT_STRING *
usage_bits(uint32_t usage)
{
	static const uint32_t order[] = {
		KU_DIGITAL_SIGNATURE, KU_NON_REPUDIATION, KU_KEY_ENCIPHERMENT,
		KU_DATA_ENCIPHERMENT, KU_KEY_AGREEMENT, KU_KEY_CERT_SIGN,
		KU_CRL_SIGN,
	};
	ASN1_BIT_STRING *bits = ASN1_BIT_STRING_new();
	size_t i;

	for (i = 0; bits != NULL && i < ARRAY_LEN(order); i++)
		if ((usage & order[i]) != 0)
			ASN1_BIT_STRING_set_bit(bits, (int)i, 1);
	return bits;
}

static bool
add_usage(X509 *cert, uint32_t usage)
{
	ASN1_BIT_STRING *bits = usage_bits(usage);
	bool ok = add_ext(cert, NID_key_usage, bits, true);

	ASN1_BIT_STRING_free(bits);
	return ok;
}

static bool
add_constraints(X509 *cert, bool ca)
{
	BASIC_CONSTRAINTS *bc = BASIC_CONSTRAINTS_new();
	bool ok;

	if (bc != NULL)
		bc->ca = ca ? 0xFF : 0;
	ok = add_ext(cert, NID_basic_constraints, bc, true);
	BASIC_CONSTRAINTS_free(bc);
	return ok;
}

ASN1_OCTET_STRING *
issue_key_id(const X509 *cert)
{
	ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int len;

	if (id == NULL || X509_pubkey_digest(cert, EVP_sha1(), md, &len) != 1 ||
	    ASN1_OCTET_STRING_set(id, md, (int)len) != 1) {
		ASN1_OCTET_STRING_free(id);
		return NULL;
	}
	return id;
}

static bool
add_key_ids(X509 *cert, X509 *ca)
{
	const ASN1_OCTET_STRING *theirs = X509_get0_subject_key_id(ca);
	ASN1_OCTET_STRING *own = issue_key_id(cert);
	AUTHORITY_KEYID *aki = AUTHORITY_KEYID_new();
	bool ok = add_ext(cert, NID_subject_key_identifier, own, false);

	if (ok && aki != NULL) {
		aki->keyid = theirs != NULL ? ASN1_OCTET_STRING_dup(theirs) :
		    issue_key_id(ca);
		ok = add_ext(cert, NID_authority_key_identifier, aki, false);
	}
	AUTHORITY_KEYID_free(aki);
	ASN1_OCTET_STRING_free(own);
	return ok;
}

static bool
add_purposes(X509 *cert, char *const *names, size_t count)
{
	EXTENDED_KEY_USAGE *eku;
	size_t i;
	bool ok = true;

	if (count == 0)
		return true;
	eku = EXTENDED_KEY_USAGE_new();
	for (i = 0; eku != NULL && i < count; i++) {
		ASN1_OBJECT *o = OBJ_txt2obj(names[i], 0);

		ok = ok && o != NULL && sk_ASN1_OBJECT_push(eku, o) > 0;
	}
	ok = ok && add_ext(cert, NID_ext_key_usage, eku, false);
	EXTENDED_KEY_USAGE_free(eku);
	return ok;
}

static GENERAL_NAME *
uri_name(const char *url)
{
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_IA5STRING *s = ASN1_IA5STRING_new();

	if (g == NULL || s == NULL || ASN1_STRING_set(s, url, -1) != 1) {
		GENERAL_NAME_free(g);
		ASN1_IA5STRING_free(s);
		return NULL;
	}
	GENERAL_NAME_set0_value(g, GEN_URI, s);
	return g;
}

static bool
add_crl_url(X509 *cert, const char *url)
{
	CRL_DIST_POINTS *all = CRL_DIST_POINTS_new();
	DIST_POINT *point = DIST_POINT_new();
	GENERAL_NAME *g = uri_name(url);
	bool ok = all != NULL && point != NULL && g != NULL;

	if (ok) {
		point->distpoint = DIST_POINT_NAME_new();
		point->distpoint->type = 0;
		point->distpoint->name.fullname = GENERAL_NAMES_new();
		sk_GENERAL_NAME_push(point->distpoint->name.fullname, g);
		sk_DIST_POINT_push(all, point);
		ok = add_ext(cert, NID_crl_distribution_points, all, false);
	}
	CRL_DIST_POINTS_free(all);
	return ok;
}

static bool
add_issuer_url(X509 *cert, const char *url)
{
	AUTHORITY_INFO_ACCESS *all = AUTHORITY_INFO_ACCESS_new();
	ACCESS_DESCRIPTION *one = ACCESS_DESCRIPTION_new();
	GENERAL_NAME *g = uri_name(url);
	bool ok = all != NULL && one != NULL && g != NULL;

	if (ok) {
		one->method = OBJ_nid2obj(NID_ad_ca_issuers);
		GENERAL_NAME_free(one->location);
		one->location = g;
		sk_ACCESS_DESCRIPTION_push(all, one);
		ok = add_ext(cert, NID_info_access, all, false);
	}
	AUTHORITY_INFO_ACCESS_free(all);
	return ok;
}

/* 127 random bits; never zero. */
static enum status
set_serial(X509 *cert)
{
	unsigned char raw[ISSUE_SERIAL];
	enum status st;

	if ((st = secret_random(raw, sizeof raw)) != OK)
		return st;
	raw[0] &= 0x7F;
	raw[ISSUE_SERIAL - 1] |= (raw[0] == 0) ? 1 : 0;
	return cert_set_serial(cert, raw, sizeof raw) ? OK :
	    fail_ssl(FAULT, "cannot set a serial number");
}

static bool
set_dates(X509 *cert, int64_t from, int64_t until)
{
	return cert_time_set(X509_getm_notBefore(cert), from) &&
	    cert_time_set(X509_getm_notAfter(cert), until);
}

const EVP_MD *
issue_digest(const EVP_PKEY *key)
{
	if (!cert_key_is_rsa(key) && cert_key_bits(key) > 256)
		return EVP_sha384();
	return EVP_sha256();
}

struct shape {
	uint32_t usage;
	char *const *eku;
	size_t eku_count;
};

static struct shape
shape_of(const struct issue_order *o)
{
	static char server[] = "serverAuth", client[] = "clientAuth";
	static char mail[] = "emailProtection";
	static char *const for_server[] = { server };
	static char *const for_client[] = { client };
	static char *const for_signer[] = { mail };
	/*
	 * id-kp-cmcRA (RFC 6402), and the usage by which NDES and Windows
	 * recognise an RA.
	 */
	static char cmc_ra[] = "1.3.6.1.5.5.7.3.28";
	static char agent[] = "1.3.6.1.4.1.311.20.2.1";
	static char *const for_ra[] = { cmc_ra, agent };
	/* Only RSA keys can encrypt keys. */
	uint32_t both = KU_DIGITAL_SIGNATURE |
	    (cert_key_is_rsa(o->key) ? KU_KEY_ENCIPHERMENT : 0u);

	switch (o->profile) {
	case ISSUE_TLS:
		return (struct shape){ both, for_server, 1 };
	case ISSUE_CLIENT:
		return (struct shape){ both, for_client, 1 };
	case ISSUE_IDENTITY:
		return (struct shape){ o->policy->usage, for_client, 1 };
	case ISSUE_SIGNER:
		return (struct shape){ KU_DIGITAL_SIGNATURE, for_signer, 1 };
	case ISSUE_RA:
		return (struct shape){ both, for_ra, 2 };
	default:
		return (struct shape){ o->policy->usage, o->policy->eku,
		    o->policy->eku_count };
	}
}

static bool
fill(X509 *cert, const struct issue_order *o)
{
	struct shape s = shape_of(o);
	int64_t from = o->now - BACKDATE, until = o->now + o->validity;

	if (o->profile == ISSUE_TLS)	/* the limit includes both ends */
		until -= BACKDATE;
	if (from < cert_not_before(o->ca->cert))
		from = cert_not_before(o->ca->cert);
	if (until > cert_not_after(o->ca->cert))
		until = cert_not_after(o->ca->cert);
	return X509_set_version(cert, X509_VERSION_3) == 1 &&
	    X509_set_subject_name(cert, o->subject) == 1 &&
	    X509_set_issuer_name(cert,
	    X509_get_subject_name(o->ca->cert)) == 1 &&
	    set_dates(cert, from, until) &&
	    cert_put_key(cert, o->key) &&
	    add_constraints(cert, false) && add_usage(cert, s.usage) &&
	    add_purposes(cert, s.eku, s.eku_count) &&
	    add_key_ids(cert, o->ca->cert) &&
	    (o->names == NULL || add_ext(cert, NID_subject_alt_name,
	    (void *)(uintptr_t)o->names, false)) &&
	    (o->policy == NULL || o->policy->crl_url == NULL ||
	    add_crl_url(cert, o->policy->crl_url)) &&
	    (o->policy == NULL || o->policy->issuer_url == NULL ||
	    add_issuer_url(cert, o->policy->issuer_url));
}

enum status
issue_certificate(const struct issue_order *o, X509 **out)
{
	auto_X509 *cert = X509_new();
	enum status st;

	if (cert == NULL)
		mem_exhausted();
	if ((st = set_serial(cert)) != OK)
		return st;
	if (!fill(cert, o) ||
	    X509_sign(cert, o->ca->key, issue_digest(o->ca->key)) <= 0)
		return fail_ssl(FAULT, "cannot make a certificate");
	*out = STEAL(cert);
	return OK;
}

/* ---- authorities ---- */

/*
 * Apple's client takes the first certificate that has both digitalSignature
 * and keyEncipherment, so a CA with an RA must not have them.
 */
static uint32_t
ca_usage(bool both)
{
	return KU_KEY_CERT_SIGN | KU_CRL_SIGN |
	    (both ? KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT : 0u);
}

enum status
issue_root(const X509_NAME *subject, EVP_PKEY *key, bool both, int64_t now,
    int64_t validity, X509 **out)
{
	auto_X509 *cert = X509_new();
	enum status st;

	if (cert == NULL)
		mem_exhausted();
	if ((st = set_serial(cert)) != OK)
		return st;
	if (X509_set_version(cert, X509_VERSION_3) != 1 ||
	    X509_set_subject_name(cert, subject) != 1 ||
	    X509_set_issuer_name(cert, subject) != 1 ||
	    !set_dates(cert, now - BACKDATE, now + validity) ||
	    X509_set_pubkey(cert, key) != 1 || !add_constraints(cert, true) ||
	    !add_usage(cert, ca_usage(both)) || !add_key_ids(cert, cert) ||
	    X509_sign(cert, key, issue_digest(key)) <= 0)
		return fail_ssl(FAULT, "cannot make the CA's certificate");
	*out = STEAL(cert);
	return OK;
}

static bool
request_extensions(X509_REQ *req, bool both)
{
	STACK_OF(X509_EXTENSION) *list = NULL;
	BASIC_CONSTRAINTS *bc = BASIC_CONSTRAINTS_new();
	ASN1_BIT_STRING *bits = usage_bits(ca_usage(both));
	bool ok = bc != NULL && bits != NULL;

	if (ok) {
		bc->ca = 0xFF;
		ok = X509V3_add1_i2d(&list, NID_basic_constraints, bc, 1,
		    X509V3_ADD_DEFAULT) == 1 &&
		    X509V3_add1_i2d(&list, NID_key_usage, bits, 1,
		    X509V3_ADD_DEFAULT) == 1 &&
		    X509_REQ_add_extensions(req, list) == 1;
	}
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
	BASIC_CONSTRAINTS_free(bc);
	ASN1_BIT_STRING_free(bits);
	return ok;
}

enum status
issue_ca_request(const X509_NAME *subject, EVP_PKEY *key, bool both,
    X509_REQ **out)
{
	auto_X509_REQ *req = X509_REQ_new();

	if (req == NULL || X509_REQ_set_version(req, 0) != 1 ||
	    X509_REQ_set_subject_name(req, subject) != 1 ||
	    X509_REQ_set_pubkey(req, key) != 1 ||
	    !request_extensions(req, both) ||
	    X509_REQ_sign(req, key, issue_digest(key)) <= 0)
		return fail_ssl(FAULT, "cannot make the CA's request");
	*out = STEAL(req);
	return OK;
}

const char *
issue_out_of_date(const X509 *ca, int64_t now)
{
	if (cert_not_before(ca) == CERT_NO_TIME ||
	    cert_not_after(ca) == CERT_NO_TIME)
		return "it has an unreadable date";
	if (now > cert_not_after(ca))
		return "it has expired";
	return now < cert_not_before(ca) ? "it is not valid yet" : NULL;
}

const char *
issue_unfit_ca(X509 *cert, EVP_PKEY *key, bool with_ra, int64_t now)
{
	const char *reason;
	uint32_t usage = X509_get_key_usage(cert);

	if (X509_check_ca(cert) != 1)
		return "not a CA: basicConstraints CA:TRUE is missing";
	if (!cert_key_equal(X509_get0_pubkey(cert), key))
		return "the key is not that of the certificate";
	if ((usage & KU_KEY_CERT_SIGN) == 0)
		return "its keyUsage has no keyCertSign";
	if ((reason = issue_out_of_date(cert, now)) != NULL)
		return reason;
	if (with_ra)
		return NULL;
	if (!cert_key_is_rsa(key))
		return "its key is not RSA: SCEP needs an RA (--ra)";
	if ((usage & KU_DIGITAL_SIGNATURE) == 0 ||
	    (usage & KU_KEY_ENCIPHERMENT) == 0)
		return "its keyUsage lacks digitalSignature or "
		    "keyEncipherment: SCEP needs an RA (--ra)";
	return NULL;
}
