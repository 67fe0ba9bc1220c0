/* What is inside a PKCS #12, at a bounded cost. */
#include <string.h>

#include <openssl/pkcs12.h>

#include "x509/cert.h"

enum { ITERATIONS_MAX = 1000000 };	/* 2048 is usual */

/* The iterations of a PBE; *is_new for PBES2.  Negative: unknown. */
static long
iterations_of(const X509_ALGOR *alg, bool *is_new)
{
	const ASN1_OBJECT *oid;
	const void *value;
	int kind;
	PBE2PARAM *two = NULL;
	PBEPARAM *one = NULL;
	PBKDF2PARAM *kdf = NULL;
	long n = -1;

	X509_ALGOR_get0(&oid, &kind, &value, alg);
	*is_new = OBJ_obj2nid(oid) == NID_pbes2;
	if (kind != V_ASN1_SEQUENCE)
		return -1;
	if (!*is_new) {
		one = ASN1_item_unpack(value, ASN1_ITEM_rptr(PBEPARAM));
		n = one != NULL ? ASN1_INTEGER_get(one->iter) : -1;
		PBEPARAM_free(one);
		return n;
	}
	two = ASN1_item_unpack(value, ASN1_ITEM_rptr(PBE2PARAM));
	if (two != NULL && OBJ_obj2nid(two->keyfunc->algorithm) ==
	    NID_id_pbkdf2 && two->keyfunc->parameter != NULL &&
	    two->keyfunc->parameter->type == V_ASN1_SEQUENCE)
		kdf = ASN1_item_unpack(
		    two->keyfunc->parameter->value.sequence,
		    ASN1_ITEM_rptr(PBKDF2PARAM));
	n = kdf != NULL ? ASN1_INTEGER_get(kdf->iter) : -1;
	PBKDF2PARAM_free(kdf);
	PBE2PARAM_free(two);
	return n;
}

/* Adds the certificates of one safe. */
static void
take_certificates(const STACK_OF(PKCS12_SAFEBAG) *bags, STACK_OF(X509) *out)
{
	int i;
	X509 *cert;

	for (i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++) {
		const PKCS12_SAFEBAG *bag = sk_PKCS12_SAFEBAG_value(bags, i);

		if (PKCS12_SAFEBAG_get_nid(bag) != NID_certBag ||
		    PKCS12_SAFEBAG_get_bag_nid(bag) != NID_x509Certificate ||
		    (cert = PKCS12_SAFEBAG_get1_cert(bag)) == NULL)
			continue;
		if (sk_X509_push(out, cert) == 0)
			mem_exhausted();
	}
}

/* All parts of a file together may cost so much. */
static bool
may_spend(struct cert_pkcs12 *out, long iterations)
{
	if (iterations < 0 || iterations > ITERATIONS_MAX - out->spent) {
		out->is_costly = true;
		return false;
	}
	out->spent += iterations;
	return true;
}

static bool
opens_key(const PKCS12_SAFEBAG *bag, const char *phrase)
{
	PKCS8_PRIV_KEY_INFO *key = PKCS12_decrypt_skey(bag, phrase, -1);
	bool ok = key != NULL;

	PKCS8_PRIV_KEY_INFO_free(key);
	return ok;
}

/*
 * The keys beside the encrypted safes tell whether they need a new system,
 * and without a MAC whether the phrase is right.
 */
static void
look_at_keys(const STACK_OF(PKCS12_SAFEBAG) *bags, const char *phrase,
    struct cert_pkcs12 *out)
{
	const X509_ALGOR *alg;
	bool is_new;
	long n;
	int i;

	for (i = 0; i < sk_PKCS12_SAFEBAG_num(bags); i++) {
		const PKCS12_SAFEBAG *bag = sk_PKCS12_SAFEBAG_value(bags, i);

		if (PKCS12_SAFEBAG_get_nid(bag) != NID_pkcs8ShroudedKeyBag)
			continue;
		X509_SIG_get0(PKCS12_SAFEBAG_get0_pkcs8(bag), &alg, NULL);
		n = iterations_of(alg, &is_new);
		out->is_pbes2 = out->is_pbes2 || is_new;
		out->is_costly = out->is_costly || n < 0 ||
		    n > ITERATIONS_MAX;
		if (phrase != NULL && !out->has_mac && !out->is_wrong &&
		    is_new && may_spend(out, n))
			out->is_wrong = !opens_key(bag, phrase);
	}
}

static void
open_safe(PKCS7 *safe, const char *phrase, struct cert_pkcs12 *out)
{
	STACK_OF(PKCS12_SAFEBAG) *bags = NULL;
	bool is_new;
	long n;

	if (PKCS7_type_is_data(safe)) {
		if ((bags = PKCS12_unpack_p7data(safe)) != NULL)
			look_at_keys(bags, phrase, out);
	} else if (PKCS7_type_is_encrypted(safe)) {
		n = iterations_of(safe->d.encrypted->enc_data->algorithm,
		    &is_new);
		out->is_pbes2 = out->is_pbes2 || is_new;
		if (phrase != NULL && may_spend(out, n) &&
		    (bags = PKCS12_unpack_p7encdata(safe, phrase, -1)) ==
		    NULL && is_new && !out->has_mac)
			out->is_wrong = true;
	}
	if (bags != NULL)
		take_certificates(bags, out->certs);
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
}

static const char *
check_mac(PKCS12 *p12, const char *phrase, struct cert_pkcs12 *out)
{
	const ASN1_INTEGER *iterations = NULL;
	const X509_ALGOR *alg = NULL;
	const ASN1_OBJECT *oid = NULL;

	out->has_mac = PKCS12_mac_present(p12) == 1;
	if (!out->has_mac)
		return NULL;
	PKCS12_get0_mac(NULL, &alg, NULL, &iterations, p12);
	X509_ALGOR_get0(&oid, NULL, NULL, alg);
	out->is_mac_new = OBJ_obj2nid(oid) != NID_sha1;
	if (iterations != NULL && (ASN1_INTEGER_get(iterations) < 0 ||
	    ASN1_INTEGER_get(iterations) > ITERATIONS_MAX))
		return "too many iterations";
	out->is_wrong = phrase != NULL &&
	    PKCS12_verify_mac(p12, phrase, -1) != 1 &&
	    (*phrase != '\0' || PKCS12_verify_mac(p12, NULL, 0) != 1);
	return NULL;
}

const char *
cert_open_pkcs12(const unsigned char *p, size_t len, const char *phrase,
    struct cert_pkcs12 *out)
{
	const unsigned char *at = p;
	PKCS12 *p12 = d2i_PKCS12(NULL, &at, (long)len);
	STACK_OF(PKCS7) *safes = NULL;
	const char *reason = NULL;
	int i;

	*out = (struct cert_pkcs12){ .certs = sk_X509_new_null() };
	if (out->certs == NULL)
		mem_exhausted();
	if (p12 == NULL)
		reason = "cannot be decoded";
	else if (at != p + len)
		reason = "bytes after its end";
	else if ((reason = check_mac(p12, phrase, out)) == NULL &&
	    (safes = PKCS12_unpack_authsafes(p12)) == NULL)
		reason = "its content cannot be decoded";
	for (i = 0; reason == NULL && i < sk_PKCS7_num(safes); i++)
		open_safe(sk_PKCS7_value(safes, i),
		    out->is_wrong ? NULL : phrase, out);
	sk_PKCS7_pop_free(safes, PKCS7_free);
	PKCS12_free(p12);
	diag_ssl_clear();
	return reason;
}

void
cert_pkcs12_free(struct cert_pkcs12 *p)
{
	cert_list_free(p->certs);
	p->certs = NULL;
}
