/* Opens PKCS #12 files, at a bounded cost. */
#include <string.h>

#include <openssl/pkcs12.h>
#include <openssl/provider.h>

#include "x509/local.h"

enum {
	ITERATIONS_MAX = 1000000,	/* of any file; 2048 is usual */
	OWN_ITERATIONS_MAX = 10000000,	/* of one that has a key for us */
};

/* ---- what is inside ---- */

/* The iterations of a PBE; *is_new is true for PBES2.  Negative: unknown. */
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

/* Limits the cost of all parts of a file together. */
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
 * The keys beside the encrypted safes show whether a new system is needed and,
 * without a MAC, whether the phrase is right.
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

/* ---- key, certificate and chain ---- */

/*
 * Moves a key from another library context into the default one, since a key
 * must not outlive the context of its provider.
 */
static EVP_PKEY *
rehome(EVP_PKEY *key)
{
	PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(key);
	auto_buf der = BUF_SECRET;
	unsigned char *raw = NULL;
	EVP_PKEY *moved = NULL;
	int len;

	if (p8 == NULL)
		return NULL;
	if ((len = i2d_PKCS8_PRIV_KEY_INFO(p8, &raw)) > 0) {
		buf_add(&der, raw, (size_t)len);
		buf_wipe(raw, (size_t)len);
		OPENSSL_free(raw);
		if (key_from_pkcs8(&der, &moved) != NULL)
			moved = NULL;
	}
	PKCS8_PRIV_KEY_INFO_free(p8);
	return moved;
}

/* Returns the same certificate in the default library context. */
static X509 *
rehome_cert(const X509 *cert)
{
	unsigned char *der = NULL;
	const unsigned char *at;
	X509 *moved = NULL;
	int len = i2d_X509(cert, &der);

	if (len > 0) {
		at = der;
		moved = d2i_X509(NULL, &at, len);
	}
	OPENSSL_free(der);
	return moved;
}

/*
 * Moves what was read out of a separate library context: from OpenSSL 3.5 on,
 * certificates point into the context in which they were read.
 */
static bool
rehome_identity(const struct identity *from, struct identity *to)
{
	X509 *cert;
	int i;

	if ((from->key != NULL && (to->key = rehome(from->key)) == NULL) ||
	    (from->cert != NULL &&
	    (to->cert = rehome_cert(from->cert)) == NULL))
		return false;
	if (from->chain == NULL)
		return true;
	if ((to->chain = sk_X509_new_null()) == NULL)
		mem_exhausted();
	for (i = 0; i < sk_X509_num(from->chain); i++) {
		cert = rehome_cert(sk_X509_value(from->chain, i));
		if (cert == NULL)
			return false;
		if (sk_X509_push(to->chain, cert) <= 0)
			mem_exhausted();
	}
	return true;
}

/*
 * PKCS12_parse() takes no phrase without a MAC, so it gets one; what is
 * encrypted inside shows if the phrase is right.  No phrase and the empty one
 * are different keys in the old ciphers.
 */
static bool
parse_pkcs12(PKCS12 *p12, const char *phrase, struct identity *id)
{
	if (PKCS12_mac_present(p12) != 1) {
		if (*phrase == '\0' && PKCS12_parse(p12, NULL, &id->key,
		    &id->cert, &id->chain) == 1)
			return true;
		identity_free(id);
		if (PKCS12_set_mac(p12, phrase, -1, NULL, 0, 1, NULL) != 1)
			return false;
	}
	return PKCS12_parse(p12, phrase, &id->key, &id->cert,
	    &id->chain) == 1;
}

static bool
open_pkcs12(const struct buf *der, OSSL_LIB_CTX *ctx, const char *phrase,
    struct identity *id)
{
	PKCS12 *p12 = PKCS12_init_ex(NID_pkcs7_data, ctx, NULL);
	auto_BIO *mem = BIO_new_mem_buf(der->data, (int)der->len);
	bool ok;

	if (p12 == NULL || mem == NULL)
		mem_exhausted();
	/* On failure d2i frees the object and leaves NULL. */
	ok = d2i_PKCS12_bio(mem, &p12) != NULL &&
	    parse_pkcs12(p12, phrase, id);
	PKCS12_free(p12);
	return ok;
}

/*
 * Allows RC2 and single-password 3DES for old files, without making them
 * available to the rest of the process.
 */
static bool
open_old_pkcs12(const struct buf *der, const char *phrase, struct identity *id)
{
	struct identity old = IDENTITY_INIT;
	OSSL_LIB_CTX *ctx = OSSL_LIB_CTX_new();
	OSSL_PROVIDER *legacy, *base;
	bool ok = false;

	if (ctx == NULL)
		mem_exhausted();
	legacy = OSSL_PROVIDER_load(ctx, "legacy");
	base = OSSL_PROVIDER_load(ctx, "default");
	if (legacy != NULL && base != NULL &&
	    open_pkcs12(der, ctx, phrase, &old))
		ok = rehome_identity(&old, id);
	identity_free(&old);
	OSSL_PROVIDER_unload(legacy);
	OSSL_PROVIDER_unload(base);
	OSSL_LIB_CTX_free(ctx);
	return ok;
}

static bool
open_any_pkcs12(const struct buf *der, const char *phrase, struct identity *id)
{
	if (open_pkcs12(der, NULL, phrase, id))
		return true;
	identity_free(id);
	diag_ssl_clear();
	return open_old_pkcs12(der, phrase, id);
}

/*
 * Checks the MAC with the phrase.  Without a MAC, *has_mac is false, and
 * decrypting the contents shows whether the phrase is right.
 */
static const char *
check_pkcs12(const struct buf *der, const char *phrase, bool *has_mac)
{
	const unsigned char *at = der->data;
	PKCS12 *p12 = d2i_PKCS12(NULL, &at, (long)der->len);
	const ASN1_INTEGER *iterations = NULL;
	const char *reason = NULL;

	*has_mac = p12 != NULL && PKCS12_mac_present(p12) == 1;
	if (p12 == NULL)
		reason = "not a PKCS #12";
	else if (at != der->data + der->len)
		reason = "bytes after the PKCS #12";
	else if (*has_mac) {
		PKCS12_get0_mac(NULL, NULL, NULL, &iterations, p12);
		if (iterations != NULL &&
		    (ASN1_INTEGER_get(iterations) < 0 ||
		    ASN1_INTEGER_get(iterations) > OWN_ITERATIONS_MAX))
			reason = "a PKCS #12 with too many iterations";
		else if (PKCS12_verify_mac(p12, phrase, -1) != 1 &&
		    (*phrase != '\0' || PKCS12_verify_mac(p12, NULL, 0) != 1))
			reason = "wrong passphrase";
	}
	PKCS12_free(p12);
	diag_ssl_clear();
	return reason;
}

const char *
cert_read_pkcs12(const struct buf *der, const char *phrase,
    struct identity *out)
{
	auto_identity id = IDENTITY_INIT;
	const char *reason;
	bool has_mac;

	if ((reason = check_pkcs12(der, phrase, &has_mac)) == NULL &&
	    !open_any_pkcs12(der, phrase, &id))
		reason = has_mac ? "it cannot be opened" : "wrong passphrase";
	diag_ssl_clear();
	if (reason == NULL)
		*out = MOVE(id);
	return reason;
}

enum status
key_from_pkcs12(const struct buf *der, const char *name, key_pass *pass,
    void *arg, struct identity *out)
{
	auto_buf phrase = BUF_SECRET;
	auto_identity id = IDENTITY_INIT;
	const char *reason;
	bool has_mac, is_open = false;
	enum status st;

	/*
	 * Some are encrypted with the empty phrase; the user is asked only if
	 * that fails.
	 */
	reason = check_pkcs12(der, "", &has_mac);
	if (reason == NULL)
		is_open = open_any_pkcs12(der, "", &id);
	if (!is_open && (reason != NULL || !has_mac)) {
		identity_free(&id);
		if ((st = pass(arg, &phrase)) != OK)
			return st;
		reason = check_pkcs12(der, buf_str(&phrase), &has_mac);
		is_open = reason == NULL &&
		    open_any_pkcs12(der, buf_str(&phrase), &id);
	}
	if (reason == NULL && !is_open && !has_mac)
		reason = "wrong passphrase";
	if (reason != NULL)
		return fail(FAULT, "%s: %s", name, reason);
	if (!is_open)
		return fail_ssl(FAULT, "%s: cannot open the PKCS #12", name);
	diag_ssl_clear();
	if (id.key == NULL)
		return fail(FAULT, "%s: no private key in the PKCS #12", name);
	*out = MOVE(id);
	return OK;
}
