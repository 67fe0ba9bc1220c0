/* The rules that no schema states: names, secrets, keys and certificates. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "plist/secrets.h"
#include "schema/local.h"
#include "schema/schema.h"
#include "x509/cert.h"

enum {
	RSA_BITS_MIN = 2048,
	PKCS12_OPENED_MAX = 50,		/* of one profile */
	SOON = 30 * CLOCK_DAY,
};

/* ---- identifiers and UUIDs ---- */

static void
check_uuid(struct schema_run *r, const struct tree *dict)
{
	const struct tree *t = tree_get_kind(dict, "PayloadUUID", TREE_STRING);
	const char *uuid;
	size_t before;

	if (t == NULL)
		return;
	uuid = tree_string_of(t);
	before = schema_push(r, "PayloadUUID");
	if (!schema_has_variable(uuid)) {
		schema_remember(r, t, true, uuid);
		if (!ident_is_uuid(uuid))
			schema_say(r, t, RULE_BAD_UUID, "'%.100s' does not "
			    "have the form of a UUID", uuid);
		else if (strpbrk(uuid, "abcdef") != NULL && r->lower++ == 0)
			schema_say(r, t, RULE_LOWER_CASE_UUID, "devices and "
			    "servers write UUIDs in capitals (said once for "
			    "each file)");
	}
	buf_cut(&r->path, before);
}

static void
check_identifier(struct schema_run *r, const struct tree *dict)
{
	const struct tree *t = tree_get_kind(dict, "PayloadIdentifier",
	    TREE_STRING);
	size_t before;

	if (t == NULL)
		return;
	before = schema_push(r, "PayloadIdentifier");
	if (tree_string_of(t)[0] == '\0')
		schema_say(r, t, RULE_BAD_FORMAT, "is empty");
	else if (!schema_has_variable(tree_string_of(t)))
		schema_remember(r, t, false, tree_string_of(t));
	buf_cut(&r->path, before);
}

static void
check_dict_names(struct schema_run *r, const struct tree *dict)
{
	check_identifier(r, dict);
	check_uuid(r, dict);
}

static int
compare_uuids(const void *a, const void *b)
{
	return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

static void
collect_uuids(struct schema_run *r, const struct tree *content)
{
	const char *uuid;
	size_t i;

	r->uuids = xcalloc(tree_count(content) + 1, sizeof *r->uuids);
	for (i = 0; i < tree_count(content); i++)
		if ((uuid = tree_get_string(tree_at(content, i),
		    "PayloadUUID")) != NULL)
			r->uuids[r->uuid_count++] = uuid;
	qsort(r->uuids, r->uuid_count, sizeof *r->uuids, compare_uuids);
}

void
schema_check_names(struct schema_run *r, const struct tree *profile)
{
	const struct tree *content = tree_get_kind(profile, "PayloadContent",
	    TREE_ARRAY);
	size_t i, first = r->out->name_count;

	collect_uuids(r, content);
	check_dict_names(r, profile);
	for (i = 0; i < tree_count(content); i++) {
		buf_cut(&r->path, 0);
		schema_push_payload(r, i);
		check_dict_names(r, tree_at(content, i));
	}
	buf_cut(&r->path, 0);
	schema_say_doubled(r, first);
}

/* ---- what stands anywhere in a payload ---- */

static bool
ends_in(const char *text, const char *tail)
{
	size_t n = strlen(text), m = strlen(tail);

	return n >= m && strcmp(text + n - m, tail) == 0;
}

/* Keys that name another payload of the same profile. */
static bool
is_reference(const char *key)
{
	static const char *const tails[] = {
		"ertificateUUID", "ertificateUUIDs", "CertificateAnchorUUID",
		"CertPayloadUUID",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(tails); i++)
		if (ends_in(key, tails[i]))
			return true;
	return false;
}

static void
check_reference(struct schema_run *r, const struct tree *t)
{
	const char *uuid;

	if (tree_kind(t) != TREE_STRING)
		return;
	uuid = tree_string_of(t);
	if (*uuid == '\0' || schema_has_variable(uuid) ||
	    bsearch(&uuid, r->uuids, r->uuid_count, sizeof *r->uuids,
	    compare_uuids) != NULL)
		return;
	schema_say(r, t, RULE_DANGLING_REFERENCE, "no payload of this "
	    "profile has the UUID '%.100s'", uuid);
}

/*
 * A password of digits only, without quotes in YAML, becomes a number.  With
 * Apple's schema its type says so.
 */
static void
check_is_text(struct schema_run *r, const char *key, const struct tree *t)
{
	enum tree_kind kind = tree_kind(t);

	if (key != NULL && ends_in(key, "assword") && !r->schema->complete &&
	    (kind == TREE_INT || kind == TREE_REAL))
		schema_say(r, t, RULE_WRONG_TYPE, "is of type %s, should be "
		    "string (in YAML: put it in quotes)",
		    tree_kind_name(kind));
}

/* An empty value and one that is filled in later give nothing away. */
static void
check_secret(struct schema_run *r, const char *key, const struct tree *t)
{
	size_t len = 1;

	if (!tree_holds_secret(key, t))
		return;
	if (tree_kind(t) == TREE_DATA)
		(void)tree_data_of(t, &len);
	else if (tree_kind(t) == TREE_STRING)
		len = schema_has_variable(tree_string_of(t)) ? 0 :
		    strlen(tree_string_of(t));
	if (len > 0)
		schema_say(r, t, RULE_CLEAR_TEXT_SECRET, "a secret in clear "
		    "text: encrypt the profile, or fill it in for each "
		    "device");
}

static bool
is_pem(const struct tree *t)
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

struct walk {
	struct schema_run *run;
	const char *key;	/* of the nearest dictionary */
	bool takes_pem;
	size_t i;
};

static enum status walk(const char *, struct tree *, void *);

static void
look(struct schema_run *r, const struct walk *w, const struct tree *t)
{
	if (tree_kind(t) == TREE_DATA && !w->takes_pem && is_pem(t))
		schema_say(r, t, RULE_PEM_IN_DATA, "PEM text, should be what "
		    "its base64 stands for (DER)");
	check_is_text(r, w->key, t);
	check_secret(r, w->key, t);
	if (w->key != NULL && is_reference(w->key))
		check_reference(r, t);
}

static enum status
walk(const char *key, struct tree *t, void *arg)
{
	struct walk *w = arg;
	struct walk inner = *w;
	const struct tree *outer = w->run->near;
	size_t before;

	before = key != NULL ? schema_push(w->run, key) :
	    schema_push_index(w->run, w->i++);
	if (key != NULL)
		inner.key = key;
	inner.i = 0;
	if (tree_kind(t) == TREE_DICT || tree_kind(t) == TREE_ARRAY) {
		w->run->near = t;
		(void)tree_each(t, walk, &inner);
		w->run->near = outer;
	} else {
		look(w->run, &inner, t);
	}
	buf_cut(&w->run->path, before);
	return OK;
}

/* ---- certificates and keys ---- */

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
check_certificate(struct schema_run *r, const struct tree *t, bool takes_pem)
{
	const unsigned char *p;
	auto_X509 *cert = NULL;
	auto_buf in = BUF_INIT;
	const char *reason;
	size_t len;

	/* PEM was said already, and is read here to judge its certificate. */
	p = tree_data_of(t, &len);
	buf_add(&in, p, len);
	reason = is_pem(t) ? cert_parse(&in, &cert) :
	    cert_from_der(p, len, &cert);
	if (reason != NULL) {
		if (!is_pem(t) || takes_pem)
			schema_say(r, t, RULE_BAD_CERTIFICATE, "not a "
			    "certificate: %s", reason);
		return;
	}
	check_expiry(r, t, cert);
	if (cert_key(cert) != NULL && cert_key_is_rsa(cert_key(cert)) &&
	    cert_key_bits(cert_key(cert)) < RSA_BITS_MIN)
		schema_say(r, t, RULE_WEAK_KEY, "the certificate's key has "
		    "%d bits only", cert_key_bits(cert_key(cert)));
}

/* BER, of which the length is there or is indefinite. */
static bool
is_one_sequence(const unsigned char *p, size_t len)
{
	size_t n, i, size = 0;

	if (len < 2 || p[0] != 0x30)
		return false;
	if (p[1] == 0x80)
		return len >= 4 && p[len - 1] == 0 && p[len - 2] == 0;
	if (p[1] < 0x80)
		return len == 2 + (size_t)p[1];
	n = p[1] & 0x7f;
	if (n > 4 || len < 2 + n)
		return false;
	for (i = 0; i < n; i++)
		size = size << 8 | p[2 + i];
	return len == 2 + n + size;
}

static void
say_pkcs12(struct schema_run *r, const struct tree *t,
    const struct cert_pkcs12 *p12)
{
	if (p12->is_wrong)
		schema_say(r, t, RULE_WRONG_PASSWORD, "the Password of the "
		    "payload does not open the PKCS #12");
	if (!p12->has_mac)
		schema_say(r, t, RULE_PKCS12_WITHOUT_MAC, "the PKCS #12 has "
		    "no MAC");
	if (p12->is_pbes2 || (p12->has_mac && p12->is_mac_new))
		schema_say(r, t, RULE_PKCS12_TOO_NEW, "the PKCS #12 has %s: "
		    "older systems call its password wrong", p12->is_pbes2 ?
		    "PBES2" : "a MAC that is not SHA-1");
}

/* Without its password, or with one to be filled in, only the outside. */
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
	if (is_pem(t))
		return;
	if (!is_one_sequence(p, len)) {
		schema_say(r, t, RULE_BAD_CERTIFICATE, "not a PKCS #12: its "
		    "outer sequence is not whole");
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

static void
check_key_size(struct schema_run *r, const struct tree *dict, const char *key,
    bool small_by_default)
{
	const struct tree *t = tree_get(dict, key);
	size_t before;

	if (t == NULL && small_by_default)
		schema_say(r, dict, RULE_WEAK_KEY, "without '%s' the key has "
		    "1024 bits only", key);
	if (t == NULL || tree_kind(t) != TREE_INT ||
	    tree_int_of(t) >= RSA_BITS_MIN)
		return;
	before = schema_push(r, key);
	schema_say(r, t, RULE_WEAK_KEY, "%lld bits, should be at least %d",
	    (long long)tree_int_of(t), RSA_BITS_MIN);
	buf_cut(&r->path, before);
}

/* MD5, SHA-1 and the SHA-2 family: the hash is known by its length. */
static void
check_fingerprint(struct schema_run *r, const struct tree *dict)
{
	const struct tree *t = tree_get_kind(dict, "CAFingerprint", TREE_DATA);
	size_t len, before;

	if (t == NULL)
		return;
	(void)tree_data_of(t, &len);
	if (len == 16 || len == 20 || len == 32 || len == 48 || len == 64)
		return;
	before = schema_push(r, "CAFingerprint");
	schema_say(r, t, RULE_BAD_FORMAT, "%zu bytes are no fingerprint: "
	    "MD5 has 16, SHA-1 20, SHA-256 32", len);
	buf_cut(&r->path, before);
}

/* The type of a name's part is a short name or a dotted number. */
static void
check_subject_type(struct schema_run *r, const struct tree *pair)
{
	const struct tree *t = tree_at(pair, 0);
	const char *text;
	size_t before;

	if (t == NULL || tree_kind(t) != TREE_STRING)
		return;
	text = tree_string_of(t);
	if (text[strspn(text, "0123456789")] != '\0')
		return;
	before = schema_push_index(r, 0);
	schema_say(r, t, RULE_BAD_FORMAT, "'%.100s' is no name type: a "
	    "letter code (O, CN) or a dotted number", text);
	buf_cut(&r->path, before);
}

static void
check_subject(struct schema_run *r, const struct tree *dict)
{
	const struct tree *subject = tree_get(dict, "Subject");
	size_t i, k, before, inner;

	before = schema_push(r, "Subject");
	for (i = 0; subject != NULL && i < tree_count(subject); i++) {
		const struct tree *set = tree_at(subject, i);

		inner = schema_push_index(r, i);
		for (k = 0; set != NULL && k < tree_count(set); k++) {
			size_t at = schema_push_index(r, k);

			check_subject_type(r, tree_at(set, k));
			buf_cut(&r->path, at);
		}
		buf_cut(&r->path, inner);
	}
	buf_cut(&r->path, before);
}

static void
check_scep(struct schema_run *r, const struct tree *payload)
{
	const struct tree *dict = tree_get_kind(payload, "PayloadContent",
	    TREE_DICT);
	size_t before;

	if (dict == NULL)
		return;
	before = schema_push(r, "PayloadContent");
	check_key_size(r, dict, "Keysize", true);
	check_fingerprint(r, dict);
	check_subject(r, dict);
	buf_cut(&r->path, before);
}

static void
check_acme(struct schema_run *r, const struct tree *payload)
{
	const char *kind = tree_get_string(payload, "KeyType");

	if (kind != NULL && strcmp(kind, "RSA") == 0)
		check_key_size(r, payload, "KeySize", false);
	check_subject(r, payload);
}

static void
check_content(struct schema_run *r, const struct tree *payload,
    const char *type)
{
	const struct tree *t = tree_get_kind(payload, "PayloadContent",
	    TREE_DATA);
	size_t before;

	if (t == NULL)
		return;
	before = schema_push(r, "PayloadContent");
	if (strcmp(type, "com.apple.security.pkcs12") == 0)
		check_pkcs12(r, payload, t);
	else
		check_certificate(r, t,
		    strcmp(type, "com.apple.security.pem") == 0);
	buf_cut(&r->path, before);
}

void
schema_check_payload_rules(struct schema_run *r, const struct tree *payload,
    const char *type)
{
	static const char *const certificates[] = {
		"com.apple.security.root", "com.apple.security.pkcs1",
		"com.apple.security.pem", "com.apple.security.pkcs12",
	};
	struct walk w = { .run = r };
	size_t i;

	/* What a foreign program wants in its data is its own business. */
	w.takes_pem = strncmp(type, "com.apple.", 10) != 0 ||
	    strcmp(type, "com.apple.security.pem") == 0;
	r->near = payload;
	(void)tree_each(payload, walk, &w);
	for (i = 0; i < ARRAY_LEN(certificates); i++)
		if (strcmp(type, certificates[i]) == 0)
			check_content(r, payload, type);
	if (strcmp(type, "com.apple.security.scep") == 0)
		check_scep(r, payload);
	if (strcmp(type, "com.apple.security.acme") == 0)
		check_acme(r, payload);
	if (strcmp(type, "com.apple.ADCertificate.managed") == 0)
		check_key_size(r, payload, "Keysize", false);
}
