/* Encodes certificates, requests and keys, and reads their fields. */
#include "x509/local.h"

#include <string.h>
#include <time.h>

#include <openssl/objects.h>
#include <openssl/rsa.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "base/words.h"

void
cert_list_free(STACK_OF(X509) *l)
{
	sk_X509_pop_free(l, X509_free);
}

void
identity_free(struct identity *id)
{
	X509_free(id->cert);
	EVP_PKEY_free(id->key);
	cert_list_free(id->chain);
	*id = (struct identity)IDENTITY_INIT;
}

/* ---- writing ---- */

void
cert_take_der(unsigned char *der, int len, struct buf *out)
{
	if (len <= 0)
		mem_exhausted();
	buf_add(out, der, (size_t)len);
	if (out->secret)
		buf_wipe(der, (size_t)len);
	OPENSSL_free(der);
}

void
cert_to_der(const X509 *cert, struct buf *out)
{
	CERT_PUT_DER(i2d_X509, cert, out);
}

void
cert_request_to_der(X509_REQ *req, struct buf *out)
{
	CERT_PUT_DER(i2d_X509_REQ, req, out);
}

void
cert_spki_of(const X509 *cert, struct buf *out)
{
	CERT_PUT_DER(i2d_X509_PUBKEY, X509_get_X509_PUBKEY(cert), out);
}

void
cert_name_to_der(const X509_NAME *name, struct buf *out)
{
	CERT_PUT_DER(i2d_X509_NAME, name, out);
}

void
cert_armour(const char *label, const struct buf *der, struct buf *out)
{
	buf_printf(out, "-----BEGIN %s-----\n", label);
	encode_base64_lines(out, der->data, der->len, 64, "");
	buf_printf(out, "-----END %s-----\n", label);
}

void
cert_to_pem(const X509 *cert, struct buf *out)
{
	auto_buf der = BUF_INIT;

	cert_to_der(cert, &der);
	cert_armour("CERTIFICATE", &der, out);
}

void
cert_list_to_pem(const STACK_OF(X509) *l, struct buf *out)
{
	int i;

	for (i = 0; i < sk_X509_num(l); i++)
		cert_to_pem(sk_X509_value(l, i), out);
}

void
cert_request_to_pem(X509_REQ *req, struct buf *out)
{
	auto_buf der = BUF_INIT;

	cert_request_to_der(req, &der);
	cert_armour("CERTIFICATE REQUEST", &der, out);
}

void
cert_key_to_pem(const EVP_PKEY *key, struct buf *out)
{
	PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(key);
	auto_buf der = BUF_SECRET;

	out->secret = true;
	if (p8 == NULL)
		mem_exhausted();
	CERT_PUT_DER(i2d_PKCS8_PRIV_KEY_INFO, p8, &der);
	PKCS8_PRIV_KEY_INFO_free(p8);
	cert_armour("PRIVATE KEY", &der, out);
}

/* ---- keys ---- */

bool
cert_key_is_rsa(const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "RSA") == 1;
}

int
cert_key_bits(const EVP_PKEY *key)
{
	return EVP_PKEY_get_bits(key);
}

bool
cert_key_equal(const EVP_PKEY *a, const EVP_PKEY *b)
{
	bool same = EVP_PKEY_eq(a, b) == 1;

	if (!same)
		diag_ssl_clear();
	return same;
}

static char *
ec_name(const EVP_PKEY *key)
{
	char group[80];
	const char *nist = NULL;
	size_t len = 0;

	if (EVP_PKEY_get_group_name(key, group, sizeof group, &len) != 1) {
		diag_ssl_clear();
		return xstrdup("ec:explicit");
	}
	nist = EC_curve_nid2nist(OBJ_txt2nid(group));
	return xasprintf("ec:%s", nist != NULL ? nist : group);
}

char *
cert_key_name(const EVP_PKEY *key)
{
	const char *type;
	char *name;

	if (key == NULL)
		return xstrdup("unknown");
	if (cert_key_is_rsa(key))
		return xasprintf("rsa:%d", EVP_PKEY_get_bits(key));
	if (EVP_PKEY_is_a(key, "EC") == 1)
		return ec_name(key);
	type = EVP_PKEY_get0_type_name(key);
	if (type == NULL)
		type = OBJ_nid2sn(EVP_PKEY_get_base_id(key));
	name = xstrdup(type != NULL ? type : "unknown");
	words_lower(name);
	return name;
}

enum status
cert_make_key(const char *kind, EVP_PKEY **out)
{
	static const struct {
		const char *name;
		unsigned bits;
	} rsa[] = {
		{ "rsa:1024", 1024 }, { "rsa:2048", 2048 },
		{ "rsa:3072", 3072 }, { "rsa:4096", 4096 },
	};
	static const char *const ec[] = { "P-256", "P-384", "P-521" };
	EVP_PKEY *key = NULL;
	bool known = false;
	size_t i;

	diag_ssl_clear();
	for (i = 0; i < ARRAY_LEN(rsa) && !known; i++)
		if (strcmp(kind, rsa[i].name) == 0) {
			known = true;
			key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA",
			    (size_t)rsa[i].bits);
		}
	for (i = 0; i < ARRAY_LEN(ec) && !known; i++)
		if (strncmp(kind, "ec:", 3) == 0 &&
		    strcmp(kind + 3, ec[i]) == 0) {
			known = true;
			key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", ec[i]);
		}
	if (!known)
		return fail(FAULT, "'%s': not a kind of key (rsa:2048, "
		    "ec:P-256, ...)", kind);
	if (key == NULL)
		return fail_ssl(FAULT, "%s: cannot make a key", kind);
	*out = key;
	return OK;
}

/* ---- facts ---- */

int64_t
cert_time(const ASN1_TIME *t)
{
	struct clock_date d;
	struct tm tm;
	int64_t out = 0;

	memset(&tm, 0, sizeof tm);
	if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1) {
		diag_ssl_clear();
		return CERT_NO_TIME;
	}
	d.year = tm.tm_year + 1900;
	d.month = tm.tm_mon + 1;
	d.day = tm.tm_mday;
	d.hour = tm.tm_hour;
	d.minute = tm.tm_min;
	d.second = tm.tm_sec;
	return clock_join(&d, &out) ? out : CERT_NO_TIME;
}

bool
cert_time_set(ASN1_TIME *at, int64_t t)
{
	struct clock_date d = clock_split(t);
	char text[CLOCK_TEXT];

	snprintf(text, sizeof text, "%04d%02d%02d%02d%02d%02dZ", d.year,
	    d.month, d.day, d.hour, d.minute, d.second);
	return ASN1_TIME_set_string_X509(at, text) == 1;
}

ASN1_TIME *
cert_time_new(int64_t t)
{
	ASN1_TIME *at = ASN1_TIME_new();

	if (at != NULL && !cert_time_set(at, t)) {
		ASN1_TIME_free(at);
		return NULL;
	}
	return at;
}

int64_t
cert_not_before(const X509 *cert)
{
	return cert_time(X509_get0_notBefore(cert));
}

int64_t
cert_not_after(const X509 *cert)
{
	return cert_time(X509_get0_notAfter(cert));
}

const char *
cert_reason_name(long reason)
{
	static const char *const names[] = {
		"unspecified", "keyCompromise", "cACompromise",
		"affiliationChanged", "superseded", "cessationOfOperation",
		"certificateHold", NULL, "removeFromCRL",
		"privilegeWithdrawn", "aACompromise",
	};

	return reason >= 0 && reason < (long)ARRAY_LEN(names) ?
	    names[reason] : NULL;
}

void
cert_integer_hex(const ASN1_INTEGER *n, struct buf *out)
{
	const unsigned char zero = 0;

	if ((ASN1_STRING_type(n) & V_ASN1_NEG) != 0)
		buf_putc(out, '-');
	if (ASN1_STRING_length(n) == 0)
		encode_hex(out, &zero, 1);
	else
		encode_hex(out, ASN1_STRING_get0_data(n),
		    (size_t)ASN1_STRING_length(n));
}

void
cert_serial_hex(const X509 *cert, struct buf *out)
{
	cert_integer_hex(X509_get0_serialNumber(cert), out);
}

bool
cert_set_serial(X509 *cert, const unsigned char *raw, size_t len)
{
	BIGNUM *n = BN_bin2bn(raw, (int)len, NULL);
	bool ok = n != NULL &&
	    BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert)) != NULL;

	BN_free(n);
	return ok;
}

void
cert_sha256(const X509 *cert, char out[SECRET_HASH_TEXT])
{
	auto_buf der = BUF_INIT;

	cert_to_der(cert, &der);
	secret_sha256(der.data, der.len, out);
}

char *
cert_subject_text(const X509 *cert)
{
	return cert_name_text(X509_get_subject_name(cert));
}

const EVP_PKEY *
cert_key(const X509 *cert)
{
	return X509_get0_pubkey(cert);
}

static void
report_date(struct report *r, const char *key, int64_t t)
{
	if (t == CERT_NO_TIME)
		report_null(r, key);
	else
		report_time(r, key, t);
}

void
cert_report(const X509 *cert, struct report *r)
{
	auto_char *subject = cert_name_text(X509_get_subject_name(cert));
	auto_char *issuer = cert_name_text(X509_get_issuer_name(cert));
	auto_char *key = cert_key_name(X509_get0_pubkey(cert));
	auto_buf serial = BUF_INIT;
	char sha256[SECRET_HASH_TEXT];

	if (r == NULL)
		return;
	cert_serial_hex(cert, &serial);
	cert_sha256(cert, sha256);
	report_str(r, "subject", subject);
	report_str(r, "issuer", issuer);
	report_str(r, "serial", buf_str(&serial));
	report_str(r, "sha256", sha256);
	report_date(r, "not_before", cert_not_before(cert));
	report_date(r, "not_after", cert_not_after(cert));
	report_str(r, "key", key);
}

bool
cert_has_spare_ca(const X509 *leaf, const STACK_OF(X509) *chain,
    const STACK_OF(X509) *given)
{
	int i;

	for (i = 0; i < sk_X509_num(given); i++) {
		X509 *c = sk_X509_value(given, i);

		if (!cert_is_among(chain, c) && X509_cmp(c, leaf) != 0 &&
		    X509_check_ca(c) != 0)
			return true;
	}
	return false;
}
