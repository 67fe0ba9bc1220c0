/* Certificates, requests, revocation lists, keys, PKCS #12. */
#include <stdio.h>
#include <string.h>

#include "inspect.h"

static const char *
text_of(const struct report *r, const char *key)
{
	const char *text = report_get_text(r, key);

	return text != NULL ? text : "?";
}

static bool
is_member_true(const struct report *r, const char *key)
{
	const struct report *v = report_get(r, key);

	return v != NULL && report_is_true(v);
}

static bool
has_usage(const struct report *cert, const char *usage)
{
	const struct report *l = report_get(cert, "key_usage");
	size_t i;

	/*
	 * A certificate that does not restrict the use of its key allows any.
	 */
	if (l == NULL)
		return true;
	for (i = 0; i < report_count(l); i++)
		if (strcmp(report_text(report_at(l, i), NULL), usage) == 0)
			return true;
	return false;
}

/*
 * Notes that the response has another media type than SCEP wants for
 * GetCACert.
 */
static void
note_media_type(struct layer *l, const char *want)
{
	if (l->media_type == NULL || !l->is_answer ||
	    strcmp(l->media_type, want) == 0)
		return;
	facts_note(&l->f, "media_type", "http", "the Content-Type is '%s'; "
	    "clients require exactly '%s'", l->media_type, want);
}

/*
 * Apple's client encrypts its request to the first certificate that allows
 * both digitalSignature and keyEncipherment, and gives up if there is none.
 */
static void
add_scep_recipient(struct layer *l, const struct report *certs)
{
	size_t i;

	for (i = 0; i < report_count(certs); i++) {
		const struct report *c = report_at(certs, i);

		if (report_get(c, "error") == NULL &&
		    has_usage(c, "digitalSignature") &&
		    has_usage(c, "keyEncipherment")) {
			report_int(l->r, "apple_takes", (int64_t)i);
			return;
		}
	}
	report_null(l->r, "apple_takes");
	facts_note(&l->f, "no_scep_recipient", NULL, "no certificate has both "
	    "digitalSignature and keyEncipherment: Apple's client gives up "
	    "(-67731)");
}

/* ---- certificates ---- */

static const char *
role(const struct report *c)
{
	if (is_member_true(c, "ca"))
		return is_member_true(c, "self_signed") ?
		    "a root CA certificate" : "a CA certificate";
	return is_member_true(c, "self_signed") ?
	    "a self-signed certificate" : "a certificate";
}

static void
one_certificate(struct layer *l, const struct report *c)
{
	const char *to = report_get_text(c, "not_after");
	bool answer = l->media_type != NULL && l->is_answer &&
	    strstr(l->media_type, "ca-cert") != NULL;

	layer_is(l, answer ? "getcacert" : "certificate", "%s%s: %s, %s, "
	    "until %s", role(c), answer ? ", as returned by GetCACert" : "",
	    text_of(c, "subject"), text_of(c, "key"), to != NULL ? to : "?");
	if (answer) {
		note_media_type(l, "application/x-x509-ca-cert");
		add_scep_recipient(l, report_get(l->r, "certificates"));
	}
}

/* Notes certificates that are not followed by the one that issued them. */
static void
note_order(struct layer *l, X509 *const *certs, size_t n)
{
	size_t i, k;

	for (i = 0; i + 1 < n; i++) {
		if (certs[i] == NULL || certs[i + 1] == NULL ||
		    cert_is_self_signed(certs[i]) ||
		    cert_issued_by(certs[i], certs[i + 1]) == NULL)
			continue;
		for (k = 0; k < n; k++)
			if (k != i && certs[k] != NULL &&
			    cert_issued_by(certs[i], certs[k]) == NULL)
				break;
		if (k < n)
			facts_note(&l->f, "chain_order", NULL,
			    "certificates[%zu] was issued by "
			    "certificates[%zu], which does not follow it", i,
			    k);
		else
			facts_note(&l->f, "chain_gap", NULL, "the issuer of "
			    "certificates[%zu] is missing", i);
	}
	if (n > 1 && certs[n - 1] != NULL &&
	    !cert_is_self_signed(certs[n - 1]))
		report_bool(l->r, "ends_in_root", false);
	else if (n > 1)
		report_bool(l->r, "ends_in_root", true);
}

void
inspect_certificates(struct layer *l, const struct buf *ders, size_t n)
{
	struct report *list = report_add_array(l->r, "certificates");
	X509 **certs = xcalloc(n > 0 ? n : 1, sizeof(X509 *));
	size_t i;

	for (i = 0; i < n; i++) {
		char where[40];
		struct report *c = report_add_object(list, NULL);

		snprintf(where, sizeof where, "certificates[%zu]", i);
		if (cert_from_der(ders[i].data, ders[i].len, &certs[i]) ==
		    NULL)
			facts_certificate(&l->f, where, certs[i], c);
		else {
			report_str(c, "error", "not an X.509 certificate");
			facts_note(&l->f, "bad_certificate", where, "cannot be "
			    "read as an X.509 certificate");
		}
	}
	if (n == 1)
		one_certificate(l, report_at(list, 0));
	else {
		note_order(l, certs, n);
		layer_is(l, "certificate", "%zu certificates, the first: %s",
		    n, text_of(report_at(list, 0), "subject"));
	}
	for (i = 0; i < n; i++)
		X509_free(certs[i]);
	free(certs);
}

void
inspect_certs_only(struct layer *l, const struct cms_view *v)
{
	const struct report *certs = report_get(l->r, "certificates");
	const struct report *first;

	if (v->certs == 0 && v->crls > 0) {
		layer_is(l, "crl", "a CRL in a PKCS #7, as returned by GetCRL: "
		    "%s", text_of(report_at(report_get(l->r,
		    "crls"), 0), "issuer"));
		return;
	}
	if (v->certs == 0) {
		layer_is(l, "cms", "signedData without signers, certificates "
		    "or content");
		return;
	}
	first = report_at(certs, 0);
	if (l->depth > 0) {
		layer_is(l, "cms", "certificates only (PKCS #7): %zu, the "
		    "first: %s, until %s", v->certs, text_of(first, "subject"),
		    text_of(first, "not_after"));
		return;
	}
	layer_is(l, "getcacert", "certificates only (PKCS #7), as returned by "
	    "GetCACert with an RA: %zu certificate%s, the first: %s", v->certs,
	    v->certs == 1 ? "" : "s", text_of(first, "subject"));
	note_media_type(l, "application/x-x509-ca-ra-cert");
	add_scep_recipient(l, certs);
}

/* ---- requests, lists, keys, PKCS #12 ---- */

static bool
request(struct layer *l, const struct buf *der)
{
	const struct report *names;

	if (facts_request(&l->f, der->data, der->len, l->r) != NULL)
		return false;
	names = report_get(l->r, "alt_names");
	layer_is(l, "csr", "a certificate request: %s, %s%s%s",
	    text_of(l->r, "subject"), text_of(l->r, "key"),
	    names != NULL ? ", with alternative names" : "",
	    report_get(l->r, "challenge") != NULL ? ", with a challenge" : "");
	return true;
}

static bool
revocation_list(struct layer *l, const struct buf *der)
{
	if (facts_crl(&l->f, NULL, der->data, der->len, l->r) != NULL)
		return false;
	layer_is(l, "crl", "a CRL of %s, from %s",
	    text_of(l->r, "issuer"), text_of(l->r, "this_update"));
	return true;
}

/* True if anything is encrypted: a part of the store, or a key in it. */
static bool
has_password(const struct report *safes)
{
	const struct report *bags;
	const char *type;
	size_t i, k;

	for (i = 0; i < report_count(safes); i++) {
		if (is_member_true(report_at(safes, i), "encrypted"))
			return true;
		bags = report_get(report_at(safes, i), "bags");
		for (k = 0; k < report_count(bags); k++) {
			type = report_get_text(report_at(bags, k), "type");
			if (type != NULL && strcmp(type, "shrouded_key") == 0)
				return true;
		}
	}
	return false;
}

static void
add_stored(struct layer *l, X509 *cert, struct report *list)
{
	char where[40];
	struct report *c = report_object();

	snprintf(where, sizeof where, "certificates[%zu]", report_count(list));
	facts_certificate(&l->f, where, cert, c);
	report_add(list, NULL, c);
}

/* Adds what the password revealed: the key, its certificate and the others. */
static void
add_opened(struct layer *l, const struct identity *id)
{
	struct report *list = report_array();
	auto_char *key = id->key != NULL ? cert_key_name(id->key) : NULL;
	int i;

	report_bool(l->r, "opened", true);
	report_str(l->r, "key", key);
	report_add(l->r, "certificates", list);
	if (id->cert != NULL)
		add_stored(l, id->cert, list);
	for (i = 0; i < sk_X509_num(id->chain); i++)
		add_stored(l, sk_X509_value(id->chain, i), list);
	layer_is(l, "pkcs12", "a PKCS #12: %s%s and %zu certificate%s%s%s",
	    key != NULL ? "a private key, " : "no private key",
	    key != NULL ? key : "", report_count(list),
	    report_count(list) == 1 ? "" : "s",
	    report_count(list) > 0 ? ", the first: " : "",
	    report_count(list) > 0 ? text_of(report_at(list, 0), "subject") :
	    "");
}

/*
 * False if the passphrase is wrong, with a note if one was given.
 * Without one the empty passphrase is tried.
 */
static bool
open_store(struct layer *l, const struct buf *der)
{
	const char *phrase = l->in->phrase != NULL ? l->in->phrase : "";
	auto_identity id = IDENTITY_INIT;
	struct cert_pkcs12 look;
	const char *reason;

	reason = cert_open_pkcs12(der->data, der->len, phrase, &look);
	if (reason == NULL && look.is_wrong)
		reason = "the passphrase does not decrypt it";
	else if (reason == NULL && look.is_costly)
		reason = "its key derivation has too many iterations to "
		    "decrypt it here";
	cert_pkcs12_free(&look);
	if (reason == NULL)
		reason = cert_read_pkcs12(der, phrase, &id);
	if (reason == NULL) {
		add_opened(l, &id);
		return true;
	}
	if (l->in->phrase == NULL)
		return false;
	report_bool(l->r, "opened", false);
	facts_note(&l->f, "not_opened", NULL, "%s", reason);
	return false;
}

static bool
store(struct layer *l, const struct buf *der)
{
	const struct report *safes;

	if (facts_pkcs12(&l->f, der->data, der->len, l->r) != NULL)
		return false;
	safes = report_get(l->r, "safes");
	if ((l->in->phrase != NULL || has_password(safes)) &&
	    open_store(l, der))
		return true;
	layer_is(l, "pkcs12", "a PKCS #12: a store of keys and certificates, "
	    "%s, in %zu part%s", has_password(safes) ?
	    "encrypted with a password" : "not encrypted",
	    report_count(safes), report_count(safes) == 1 ? "" : "s");
	return true;
}

static bool
private_key(struct layer *l, const struct buf *der)
{
	if (facts_private_key(&l->f, der->data, der->len, l->r) != NULL)
		return false;
	if (is_member_true(l->r, "encrypted"))
		layer_is(l, "private_key", "a private key, encrypted with a "
		    "password (PKCS #8): %s",
		    text_of(report_get(l->r, "encryption"),
		    "algorithm"));
	else
		layer_is(l, "private_key", "a private key, not encrypted: %s",
		    text_of(l->r, "key"));
	return true;
}

static bool
public_key(struct layer *l, const struct buf *der)
{
	if (facts_public_key(&l->f, der->data, der->len, l->r) != NULL)
		return false;
	layer_is(l, "public_key", "a public key: %s", text_of(l->r, "key"));
	return true;
}

bool
inspect_object(struct layer *l, const struct buf *der)
{
	static bool (*const readers[])(struct layer *, const struct buf *) = {
		request, revocation_list, store, public_key, private_key,
	};
	X509 *cert = NULL;
	size_t i;

	if (cert_from_der(der->data, der->len, &cert) == NULL) {
		X509_free(cert);
		inspect_certificates(l, der, 1);
		return true;
	}
	for (i = 0; i < ARRAY_LEN(readers); i++)
		if (readers[i](l, der))
			return true;
	/*
	 * The queries of CertPoll and GetCert mean something only inside a
	 * message.
	 */
	if (l->depth > 1 && facts_query(der->data, der->len, l->r) == NULL) {
		layer_is(l, "scep_query", "a query for a certificate of %s",
		    text_of(l->r, "issuer"));
		return true;
	}
	return layer_unknown(l, "DER or BER, but not a CMS message, "
	    "certificate, request, CRL, key or PKCS #12");
}
