/* Revocation lists, keys, PKCS #12, and the queries of SCEP. */
#include "cert_facts.h"

#include <string.h>

#include <openssl/objects.h>
#include <openssl/x509.h>

#include "clock.h"

enum {
	REVOKED_MAX = 1000,	/* entries of a CRL that are listed */
	BAGS_MAX = 256,		/* of a PKCS #12 */
	FEW_ITERATIONS = 10000,
	KEY_MAX = 64 << 10,	/* bytes of a key */
};

/* ---- revocation lists ---- */

static const char *
reason_name(const X509_REVOKED *rev)
{
	ASN1_ENUMERATED *e = X509_REVOKED_get_ext_d2i(rev, NID_crl_reason,
	    NULL, NULL);
	long v = e != NULL ? ASN1_ENUMERATED_get(e) : -1;

	ASN1_ENUMERATED_free(e);
	diag_ssl_clear();
	return v == 7 ? "7" : cert_reason_name(v);
}

/* As cert_serial_hex() writes serial numbers. */
static void
serial_hex(const ASN1_INTEGER *n, struct buf *out)
{
	const unsigned char zero = 0;

	if ((ASN1_STRING_type(n) & V_ASN1_NEG) != 0)
		buf_putc(out, '-');
	if (ASN1_STRING_length(n) == 0)
		buf_add_hex(out, &zero, 1);
	else
		buf_add_hex(out, ASN1_STRING_get0_data(n),
		    (size_t)ASN1_STRING_length(n));
}

static void
add_revoked(X509_CRL *crl, struct report *r)
{
	STACK_OF(X509_REVOKED) *l = X509_CRL_get_REVOKED(crl);
	struct report *list = report_array();
	int i, n = sk_X509_REVOKED_num(l);

	report_int(r, "revoked_count", n > 0 ? n : 0);
	for (i = 0; i < n && i < REVOKED_MAX; i++) {
		const X509_REVOKED *rev = sk_X509_REVOKED_value(l, i);
		struct report *e = report_object();
		auto_buf serial = BUF_INIT;
		int64_t t = cert_time(X509_REVOKED_get0_revocationDate(rev));

		serial_hex(X509_REVOKED_get0_serialNumber(rev), &serial);
		report_str(e, "serial", buf_str(&serial));
		if (t != INT64_MIN)
			report_time(e, "date", t);
		if (reason_name(rev) != NULL)
			report_str(e, "reason", reason_name(rev));
		report_add(list, NULL, e);
	}
	report_add(r, "revoked", list);
}

const char *
facts_crl(const struct facts *f, const char *where, const void *p, size_t len,
    struct report *r)
{
	const unsigned char *at = p;
	auto_X509_CRL *crl = NULL;
	auto_char *issuer = NULL;
	ASN1_INTEGER *number;
	const X509_ALGOR *alg;
	const char *name;
	int64_t next, from;

	if (len > INT32_MAX ||
	    (crl = d2i_X509_CRL(NULL, &at, (long)len)) == NULL) {
		diag_ssl_clear();
		return "not a revocation list";
	}
	issuer = cert_name_text(X509_CRL_get_issuer(crl));
	report_str(r, "issuer", issuer);
	report_int(r, "version", X509_CRL_get_version(crl) + 1);
	from = cert_time(X509_CRL_get0_lastUpdate(crl));
	if (from != INT64_MIN)
		report_time(r, "this_update", from);
	next = cert_time(X509_CRL_get0_nextUpdate(crl));
	if (next != INT64_MIN) {
		report_time(r, "next_update", next);
		if (f->at > next)
			facts_note(f, "expired", where, "the list should have "
			    "been renewed");
	}
	number = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);
	if (number != NULL) {
		auto_buf hex = BUF_INIT;

		serial_hex(number, &hex);
		report_str(r, "number", buf_str(&hex));
		ASN1_INTEGER_free(number);
	}
	X509_CRL_get0_signature(crl, NULL, &alg);
	name = OBJ_nid2ln(X509_CRL_get_signature_nid(crl));
	report_str(r, "signature_algorithm", name);
	if (name != NULL)
		facts_digest_note(f, where, name);
	add_revoked(crl, r);
	diag_ssl_clear();
	return NULL;
}

/* ---- password-based encryption ---- */

/* PBKDF2-params, RFC 8018 A.2: salt, iterations, [length], [prf]. */
static void
add_pbkdf2(struct ber in, struct report *r)
{
	struct ber_item salt, item, params;
	long n;

	if (ber_next(&in, &salt) != NULL)
		return;
	report_int(r, "salt_bytes", (int64_t)salt.body.len);
	if (ber_next(&in, &item) != NULL)
		return;
	if (ber_number(&item, &n))
		report_int(r, "iterations", n);
	if (ber_want(&in, BER_INTEGER, &item) && ber_number(&item, &n))
		report_int(r, "key_bytes", n);
	if (ber_want(&in, BER_SEQUENCE, &params)) {
		auto_char *prf = facts_algorithm(&params);

		report_str(r, "prf", prf);
	} else
		report_str(r, "prf", "hmacWithSHA1");
}

/*
 * The AlgorithmIdentifier of encryption by a password: PBES2 names its parts,
 * the older ones have salt and iterations.
 */
static struct report *
encryption(const struct facts *f, const char *where,
    const struct ber_item *alg)
{
	struct report *r = report_object();
	auto_char *name = facts_algorithm(alg);
	struct ber in = alg->body;
	struct ber_item item, iterations, kdf, scheme;
	long n;

	report_str(r, "algorithm", name);
	if (ber_next(&in, &item) != NULL ||
	    !ber_want(&in, BER_SEQUENCE, &item))
		return r;
	in = item.body;
	if (strcmp(name, "PBES2") == 0) {
		if (ber_want(&in, BER_SEQUENCE, &kdf) &&
		    ber_want(&in, BER_SEQUENCE, &scheme)) {
			auto_char *kdf_name = facts_algorithm(&kdf);
			auto_char *cipher = facts_algorithm(&scheme);
			struct ber inner = kdf.body;

			report_str(r, "cipher", cipher);
			report_str(r, "kdf", kdf_name);
			if (strcmp(kdf_name, "PBKDF2") == 0 &&
			    ber_next(&inner, &item) == NULL &&
			    ber_want(&inner, BER_SEQUENCE, &item))
				add_pbkdf2(item.body, r);
		}
		return r;
	}
	facts_note(f, "legacy_encryption", where, "%s is an old algorithm, "
	    "which OpenSSL 3 opens only with its legacy provider", name);
	if (ber_next(&in, &item) == NULL &&
	    ber_next(&in, &iterations) == NULL && ber_number(&iterations, &n))
		report_int(r, "iterations", n);
	return r;
}

/* ---- keys ---- */

static const char *
add_plain_key(const struct facts *f, const void *p, size_t len,
    struct report *r)
{
	const unsigned char *at = p;
	auto_EVP_PKEY *key = NULL;
	auto_char *name = NULL;

	key = d2i_AutoPrivateKey(NULL, &at, (long)len);
	diag_ssl_clear();
	if (key == NULL)
		return "not a private key";
	name = cert_key_name(key);
	report_bool(r, "encrypted", false);
	report_str(r, "key", name);
	if (cert_key_is_rsa(key) && cert_key_bits(key) < 2048)
		facts_note(f, "weak_key", NULL, "the RSA key has only %d bits",
		    cert_key_bits(key));
	facts_note(f, "plain_key", NULL, "whoever has this file has the key: "
	    "it is not encrypted");
	return NULL;
}

const char *
facts_private_key(const struct facts *f, const void *p, size_t len,
    struct report *r)
{
	struct ber in = { p, len };
	struct ber_item seq, alg, data;

	if (len > KEY_MAX || !ber_want(&in, BER_SEQUENCE, &seq))
		return "not a private key";
	in = seq.body;
	if (ber_want(&in, BER_SEQUENCE, &alg) &&
	    ber_want(&in, BER_OCTET_STRING, &data) && in.len == 0) {
		report_bool(r, "encrypted", true);
		report_add(r, "encryption", encryption(f, NULL, &alg));
		return NULL;
	}
	return add_plain_key(f, p, len, r);
}

const char *
facts_public_key(const struct facts *f, const void *p, size_t len,
    struct report *r)
{
	const unsigned char *at = p;
	auto_EVP_PKEY *key = NULL;
	auto_char *name = NULL;

	if (len <= KEY_MAX)
		key = d2i_PUBKEY(NULL, &at, (long)len);
	diag_ssl_clear();
	if (key == NULL)
		return "not a public key";
	name = cert_key_name(key);
	report_str(r, "key", name);
	if (cert_key_is_rsa(key) && cert_key_bits(key) < 2048)
		facts_note(f, "weak_key", NULL, "the RSA key has only %d bits",
		    cert_key_bits(key));
	return NULL;
}

/* ---- PKCS #12, RFC 7292 ---- */

static void
add_bag_attributes(struct ber in, struct report *bag)
{
	struct ber_item attr, oid, set, value;

	while (ber_want(&in, BER_SEQUENCE, &attr)) {
		struct ber a = attr.body;
		auto_char *name = NULL;
		auto_buf text = BUF_INIT;

		if (!ber_want(&a, BER_OID, &oid) ||
		    !ber_want(&a, BER_SET, &set))
			return;
		a = set.body;
		if (ber_next(&a, &value) != NULL)
			continue;
		name = facts_oid(&oid, NULL);
		facts_value(&value, &text);
		report_strn(bag, strcmp(name, "friendlyName") == 0 ?
		    "friendly_name" : strcmp(name, "localKeyID") == 0 ?
		    "local_key_id" : name, buf_str(&text), text.len);
	}
}

static void
add_cert_bag(const struct facts *f, const char *where, struct ber in,
    struct report *bag)
{
	struct ber_item seq, oid, wrap, octets;
	auto_X509 *cert = NULL;
	struct report *c;

	if (!ber_want(&in, BER_SEQUENCE, &seq))
		return;
	in = seq.body;
	if (!ber_want(&in, BER_OID, &oid) || !ber_want_context(&in, 0, &wrap))
		return;
	in = wrap.body;
	if (!ber_want(&in, BER_OCTET_STRING, &octets) ||
	    cert_from_der(octets.body.p, octets.body.len, &cert) != NULL)
		return;
	c = report_object();
	facts_certificate(f, where, cert, c);
	report_add(bag, "certificate", c);
}

static void
add_key_bag(const struct facts *f, const char *where, struct ber in,
    struct report *bag)
{
	struct ber_item seq, alg;

	if (!ber_want(&in, BER_SEQUENCE, &seq))
		return;
	in = seq.body;
	if (ber_want(&in, BER_SEQUENCE, &alg))
		report_add(bag, "encryption", encryption(f, where, &alg));
}

/* SafeContents: bags whose outside is readable. */
static void
add_bags(const struct facts *f, const char *where, struct ber in,
    struct report *r)
{
	static const struct {
		const char *oid, *name;
	} types[] = {
		{ "keyBag", "key" }, { "pkcs8ShroudedKeyBag", "shrouded_key" },
		{ "certBag", "certificate" }, { "crlBag", "crl" },
		{ "secretBag", "secret" }, { "safeContentsBag", "nested" },
	};
	struct report *l = report_array();
	struct ber_item all, item, oid, wrap, attrs;
	size_t n = 0, i;

	report_add(r, "bags", l);
	if (!ber_want(&in, BER_SEQUENCE, &all))
		return;
	in = all.body;
	while (n++ < BAGS_MAX && ber_want(&in, BER_SEQUENCE, &item)) {
		struct ber b = item.body;
		struct report *bag;
		auto_char *name = NULL;

		if (!ber_want(&b, BER_OID, &oid) ||
		    !ber_want_context(&b, 0, &wrap))
			return;
		name = facts_oid(&oid, NULL);
		bag = report_object();
		for (i = 0; i < ARRAY_LEN(types); i++)
			if (strcmp(types[i].oid, name) == 0)
				break;
		report_str(bag, "type", i < ARRAY_LEN(types) ?
		    types[i].name : name);
		if (strcmp(name, "pkcs8ShroudedKeyBag") == 0)
			add_key_bag(f, where, wrap.body, bag);
		else if (strcmp(name, "keyBag") == 0)
			facts_note(f, "plain_key", where, "holds a private "
			    "key that is not encrypted");
		else if (strcmp(name, "certBag") == 0)
			add_cert_bag(f, where, wrap.body, bag);
		if (ber_want(&b, BER_SET, &attrs))
			add_bag_attributes(attrs.body, bag);
		report_add(l, NULL, bag);
	}
}

/* One ContentInfo of the AuthenticatedSafe. */
static struct report *
add_safe(const struct facts *f, const char *where, const struct ber_item *ci)
{
	struct report *r = report_object();
	struct ber in = ci->body;
	struct ber_item oid, wrap, item, alg;
	auto_char *type = NULL;
	long n;

	if (!ber_want(&in, BER_OID, &oid) || !ber_want_context(&in, 0, &wrap))
		return r;
	type = facts_oid(&oid, NULL);
	report_str(r, "type", type);
	in = wrap.body;
	if (strcmp(type, "data") == 0) {
		auto_buf content = BUF_INIT;

		report_bool(r, "encrypted", false);
		if (ber_next(&in, &item) == NULL &&
		    ber_octets(&item, &content) == NULL)
			add_bags(f, where, (struct ber){ content.data,
			    content.len }, r);
		return r;
	}
	report_bool(r, "encrypted", true);
	/* EncryptedData: version, EncryptedContentInfo (type, algorithm). */
	if (!ber_want(&in, BER_SEQUENCE, &item))
		return r;
	in = item.body;
	if (!ber_want(&in, BER_INTEGER, &item) || !ber_number(&item, &n) ||
	    !ber_want(&in, BER_SEQUENCE, &item))
		return r;
	in = item.body;
	if (ber_want(&in, BER_OID, &oid) && ber_want(&in, BER_SEQUENCE, &alg))
		report_add(r, "encryption", encryption(f, where, &alg));
	if (ber_next(&in, &item) == NULL)
		report_int(r, "encrypted_bytes", (int64_t)item.body.len);
	return r;
}

static void
add_mac(const struct facts *f, struct ber in, struct report *r)
{
	struct ber_item mac, info, alg, digest, salt, iter;
	struct report *m;
	auto_char *name = NULL;
	long n = 1;

	if (!ber_want(&in, BER_SEQUENCE, &mac)) {
		facts_note(f, "no_mac", NULL, "nothing protects it against "
		    "changes (no MAC)");
		report_null(r, "mac");
		return;
	}
	in = mac.body;
	if (!ber_want(&in, BER_SEQUENCE, &info))
		return;
	m = report_object();
	alg.body = info.body;
	if (ber_want(&alg.body, BER_SEQUENCE, &digest)) {
		name = facts_algorithm(&digest);
		report_str(m, "digest", name);
		facts_digest_note(f, "mac", name);
	}
	if (ber_next(&in, &salt) == NULL)
		report_int(m, "salt_bytes", (int64_t)salt.body.len);
	if (ber_next(&in, &iter) == NULL)
		(void)ber_number(&iter, &n);
	report_int(m, "iterations", n);
	if (n < FEW_ITERATIONS)
		facts_note(f, "few_iterations", "mac", "the password is "
		    "stretched by only %ld iteration%s", n, n == 1 ? "" : "s");
	report_add(r, "mac", m);
}

const char *
facts_pkcs12(const struct facts *f, const void *p, size_t len,
    struct report *r)
{
	static const char no[] = "not a PKCS #12";
	struct ber in = { p, len }, rest;
	struct ber_item pfx, version, safe, oid, wrap, item;
	struct report *safes;
	auto_buf content = BUF_INIT;
	auto_char *type = NULL;
	long n;
	size_t count = 0;

	if (!ber_want(&in, BER_SEQUENCE, &pfx))
		return no;
	rest = pfx.body;
	if (!ber_want(&rest, BER_INTEGER, &version) ||
	    !ber_number(&version, &n) || n != 3 ||
	    !ber_want(&rest, BER_SEQUENCE, &safe))
		return no;
	in = safe.body;
	if (!ber_want(&in, BER_OID, &oid) || !ber_want_context(&in, 0, &wrap))
		return no;
	type = facts_oid(&oid, NULL);
	in = wrap.body;
	if (strcmp(type, "data") != 0 || ber_next(&in, &item) != NULL ||
	    ber_octets(&item, &content) != NULL)
		return no;
	report_int(r, "version", n);
	add_mac(f, rest, r);
	safes = report_array();
	in = (struct ber){ content.data, content.len };
	if (ber_want(&in, BER_SEQUENCE, &item)) {
		in = item.body;
		while (count < BAGS_MAX && ber_want(&in, BER_SEQUENCE, &item)) {
			auto_char *where = xasprintf("safes[%zu]", count++);

			report_add(safes, NULL, add_safe(f, where, &item));
		}
	}
	report_add(r, "safes", safes);
	return NULL;
}

/* ---- what CertPoll, GetCert and GetCRL ask for ---- */

const char *
facts_query(const void *p, size_t len, struct report *r)
{
	struct ber in = { p, len };
	struct ber_item seq, issuer, second;
	auto_char *name = NULL;

	if (!ber_want(&in, BER_SEQUENCE, &seq) || in.len > 0)
		return "not a query";
	in = seq.body;
	if (!ber_want(&in, BER_SEQUENCE, &issuer) ||
	    ber_next(&in, &second) != NULL || in.len > 0)
		return "not a query";
	name = facts_name(&issuer);
	if (ber_is(&second, BER_SEQUENCE)) {
		auto_char *subject = facts_name(&second);

		report_str(r, "issuer", name);
		report_str(r, "subject", subject);
		return NULL;
	}
	if (ber_is(&second, BER_INTEGER)) {
		auto_buf serial = BUF_INIT;

		facts_serial(&second, &serial);
		report_str(r, "issuer", name);
		report_str(r, "serial", buf_str(&serial));
		return NULL;
	}
	return "not a query";
}
