/* SignedData and EnvelopedData, as their bytes have them. */
#include "cms_facts.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "clock.h"

enum {
	CERTS_MAX = 64,		/* of a message that are described */
	SIGNERS_MAX = 16,
	RECIPIENTS_MAX = 64,
	ATTRIBUTES_MAX = 64,	/* of a signer */
	VALUES_MAX = 16,	/* of an attribute */
	CHAIN_MAX = 16,
};

/* A message that is being looked at. */
struct look {
	const struct facts *f;
	struct report *r;
	struct report *cms;		/* r's "cms" */
	struct cms_view *view;
	X509 *certs[CERTS_MAX];		/* NULL where it cannot be read */
	size_t n;
	const struct buf *content;	/* what is signed; NULL: not there */
};

void
cms_view_free(struct cms_view *v)
{
	free(v->type);
	free(v->content_type);
	buf_free(&v->content);
	free(v->signer_name);
	free(v->signer_issuer);
	*v = (struct cms_view)CMS_VIEW_INIT;
}

static void
look_free(struct look *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		X509_free(l->certs[i]);
	l->n = 0;
}

/* ---- attributes ---- */

/* SMIMECapabilities: a SEQUENCE of AlgorithmIdentifiers, told by name. */
static void
add_capabilities(struct ber in, struct buf *out)
{
	struct ber_item item;

	while (ber_want(&in, BER_SEQUENCE, &item)) {
		auto_char *name = facts_algorithm(&item);

		buf_printf(out, "%s%s", out->len > 0 ? ", " : "", name);
		if (out->len > 512)
			return;
	}
}

static void
add_values(const char *name, struct ber in, struct report *values)
{
	struct ber_item v;
	size_t n = 0;

	while (n++ < VALUES_MAX && ber_next(&in, &v) == NULL) {
		auto_buf text = BUF_INIT;

		if (strcmp(name, "smimeCapabilities") == 0)
			add_capabilities(v.body, &text);
		else
			facts_value(&v, &text);
		report_strn(values, NULL, buf_str(&text), text.len);
	}
}

/* Attributes by OID and printable value. */
static struct report *
attributes(const struct look *l, const char *where, struct ber in)
{
	struct report *all = report_array();
	struct ber_item attr, oid, set;
	size_t n = 0;

	while (n++ < ATTRIBUTES_MAX && ber_want(&in, BER_SEQUENCE, &attr)) {
		struct ber a = attr.body;
		struct report *e, *values;
		auto_char *name = NULL;
		auto_buf dots = BUF_INIT;
		bool known;

		if (!ber_want(&a, BER_OID, &oid) ||
		    !ber_want(&a, BER_SET, &set))
			continue;
		name = facts_oid(&oid, &known);
		ber_oid(&oid, &dots);
		e = report_object();
		values = report_array();
		add_values(name, set.body, values);
		report_str(e, "name", name);
		report_str(e, "oid", buf_str(&dots));
		if (!known)
			facts_note(l->f, "unknown_attribute", where,
			    "attribute %s is none that is known", name);
		if (report_count(values) != 1)
			facts_note(l->f, "attribute_values", where, "attribute "
			    "%s has %zu values", name, report_count(values));
		report_add(e, "values", values);
		report_add(all, NULL, e);
	}
	return all;
}

static const struct report *
find_attribute(const struct report *attrs, const char *name)
{
	size_t i;

	for (i = 0; attrs != NULL && i < report_count(attrs); i++) {
		const struct report *e = report_at(attrs, i);
		const char *is = report_get_text(e, "name");

		if (is != NULL && strcmp(is, name) == 0)
			return report_get(e, "values");
	}
	return NULL;
}

const struct report *
cms_facts_attribute(const struct report *r, const char *name)
{
	const struct report *signers = report_get(r, "signers");

	if (signers == NULL || report_count(signers) == 0)
		return NULL;
	return find_attribute(report_get(report_at(signers, 0),
	    "signed_attributes"), name);
}

/* ---- certificates ---- */

/* [0] IMPLICIT CertificateSet. */
static void
add_certificates(struct look *l, struct ber in)
{
	struct report *list = report_array();
	struct ber_item item;

	report_add(l->r, "certificates", list);
	while (in.len > 0 && ber_next(&in, &item) == NULL) {
		auto_char *where = xasprintf("certificates[%zu]", l->n);
		struct report *c;

		l->view->certs++;
		if (l->n == CERTS_MAX)
			continue;
		c = report_object();
		if (ber_is(&item, BER_SEQUENCE) &&
		    cert_from_der(item.start, item.size, &l->certs[l->n]) ==
		    NULL)
			facts_certificate(l->f, where, l->certs[l->n], c);
		else {
			l->certs[l->n] = NULL;
			report_str(c, "error", "no X.509 certificate");
			facts_note(l->f, "bad_certificate", where, "is no "
			    "X.509 certificate that can be read");
		}
		report_add(list, NULL, c);
		l->n++;
	}
	report_int(l->cms, "certificates", (int64_t)l->view->certs);
}

static void
add_crls(struct look *l, struct ber in)
{
	struct report *list = report_array();
	struct ber_item item;

	while (in.len > 0 && ber_next(&in, &item) == NULL) {
		auto_char *where = xasprintf("crls[%zu]", l->view->crls);
		struct report *c;

		if (l->view->crls++ >= CERTS_MAX)
			continue;
		c = report_object();
		if (facts_crl(l->f, where, item.start, item.size, c) != NULL)
			report_str(c, "error", "no revocation list");
		report_add(list, NULL, c);
	}
	report_add(l->r, "crls", list);
}

/* The certificate that made which, or NULL; itself where it is self-signed. */
static size_t
issuer_of(const struct look *l, size_t which)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (i != which && l->certs[i] != NULL &&
		    cert_issued_by(l->certs[which], l->certs[i]) == NULL)
			return i;
	return l->n;
}

/* The path from the signer upwards through what is inside. */
static void
add_chain(const struct look *l, const char *where, size_t leaf,
    struct report *r)
{
	struct report *chain = report_array();
	auto_char *missing = NULL;
	size_t at = leaf, n, up;

	for (n = 0; n < CHAIN_MAX; n++) {
		report_int(chain, NULL, (int64_t)at);
		if (cert_is_self_signed(l->certs[at]))
			break;
		if ((up = issuer_of(l, at)) == l->n) {
			missing = cert_name_text(
			    X509_get_issuer_name(l->certs[at]));
			break;
		}
		at = up;
	}
	report_add(r, "chain", chain);
	report_str(r, "chain_needs", missing);
	if (missing != NULL && at == leaf)
		facts_note(l->f, "no_intermediates", where, "the issuer of the "
		    "signer's certificate is not inside: %s", missing);
}

/* ---- signers ---- */

/* An EVP digest by its AlgorithmIdentifier, NULL for an unknown one. */
static const EVP_MD *
digest_of(const struct ber_item *alg)
{
	auto_char *name = facts_algorithm(alg);
	const EVP_MD *md = EVP_get_digestbyname(name);

	diag_ssl_clear();
	return md;
}

static size_t
find_by_key_id(const struct look *l, const struct ber_item *id)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		const ASN1_OCTET_STRING *ski;

		if (l->certs[i] == NULL ||
		    (ski = X509_get0_subject_key_id(l->certs[i])) == NULL)
			continue;
		if ((size_t)ASN1_STRING_length(ski) == id->body.len &&
		    memcmp(ASN1_STRING_get0_data(ski), id->body.p,
		    id->body.len) == 0)
			return i;
	}
	return l->n;
}

static size_t
find_by_issuer(const struct look *l, const struct ber_item *issuer,
    const char *serial)
{
	auto_X509_NAME *name = NULL;
	size_t i;

	if (cert_name_from_der(issuer->start, issuer->size, &name) != NULL)
		return l->n;
	for (i = 0; i < l->n; i++) {
		auto_buf own = BUF_INIT;

		if (l->certs[i] == NULL)
			continue;
		cert_serial_hex(l->certs[i], &own);
		if (strcmp(buf_str(&own), serial) == 0 && cert_name_equal(name,
		    X509_get_issuer_name(l->certs[i])))
			return i;
	}
	return l->n;
}

/*
 * SignerIdentifier or RecipientIdentifier: adds issuer and serial, or
 * subject_key_id.  Returns the index of the certificate inside, or l->n.
 */
static size_t
add_identifier(const struct look *l, const struct ber_item *id,
    struct report *r)
{
	struct ber in = id->body;
	struct ber_item issuer, serial;
	auto_char *name = NULL;
	auto_buf hex = BUF_INIT;

	if (ber_is_context(id, 0)) {
		report_hex(r, "subject_key_id", id->body.p, id->body.len);
		return find_by_key_id(l, id);
	}
	if (!ber_is(id, BER_SEQUENCE) || !ber_want(&in, BER_SEQUENCE,
	    &issuer) || !ber_want(&in, BER_INTEGER, &serial)) {
		report_str(r, "error", "unreadable identifier");
		return l->n;
	}
	name = facts_name(&issuer);
	facts_serial(&serial, &hex);
	report_str(r, "issuer", name);
	report_str(r, "serial", buf_str(&hex));
	return find_by_issuer(l, &issuer, buf_str(&hex));
}

struct signer {
	struct ber_item digest, attrs, algorithm, signature;
	bool has_attrs;
	size_t cert;		/* index, or l->n */
};

/* messageDigest against the content. */
static void
add_content_digest(const struct look *l, const char *where,
    const struct signer *s, struct report *r)
{
	const struct report *values = find_attribute(report_get(r,
	    "signed_attributes"), "messageDigest");
	const EVP_MD *md = digest_of(&s->digest);
	unsigned char hash[EVP_MAX_MD_SIZE];
	auto_buf hex = BUF_INIT;
	const char *told = NULL;
	unsigned len = 0;

	if (values != NULL && report_count(values) > 0)
		told = report_text(report_at(values, 0), NULL);
	if (told == NULL) {
		report_str(r, "content_digest", "not checked: no messageDigest");
		facts_note(l->f, "no_message_digest", where, "there are signed "
		    "attributes, but no messageDigest among them");
		return;
	}
	if (l->content == NULL) {
		report_str(r, "content_digest", "not checked: the content is "
		    "not here");
		return;
	}
	if (md == NULL || EVP_Digest(l->content->data != NULL ?
	    (const void *)l->content->data : "", l->content->len, hash, &len,
	    md, NULL) != 1) {
		diag_ssl_clear();
		report_str(r, "content_digest", "not checked: unknown digest");
		return;
	}
	buf_add_hex(&hex, hash, len);
	if (strcmp(buf_str(&hex), told) == 0) {
		report_str(r, "content_digest", "matches the content");
		return;
	}
	report_str(r, "content_digest", "differs from the content");
	facts_note(l->f, "content_changed", where, "the content is not what "
	    "was signed: its digest differs");
}

/* What the signature is over: the attributes as a SET (5.4), or the content. */
static const char *
signed_bytes(const struct look *l, const struct signer *s, struct buf *out)
{
	if (s->has_attrs) {
		if (s->attrs.indefinite)
			return "not checked: the attributes are BER";
		buf_add(out, s->attrs.start, s->attrs.size);
		out->data[0] = 0x31;
		return NULL;
	}
	if (l->content == NULL)
		return "not checked: the content is not here";
	buf_add_buf(out, l->content);
	return NULL;
}

/*
 * The digest that the signature is made with: rsaEncryption and plain EC keys
 * leave it to the SignerInfo, others name it themselves.
 */
static const char *
signature_digest(const struct signer *s, const EVP_MD **md)
{
	struct ber in = s->algorithm.body;
	struct ber_item oid;
	auto_buf dots = BUF_INIT;
	int nid, digest = NID_undef, key = NID_undef;

	if (!ber_want(&in, BER_OID, &oid))
		return "not checked: no algorithm";
	ber_oid(&oid, &dots);
	nid = OBJ_txt2nid(buf_str(&dots));
	if (nid == NID_rsassaPss)
		return "not checked: RSASSA-PSS";
	*md = digest_of(&s->digest);
	if (OBJ_find_sigid_algs(nid, &digest, &key) == 1) {
		if (digest == NID_undef) {
			*md = NULL;		/* Ed25519 and kin */
			return NULL;
		}
		*md = EVP_get_digestbynid(digest);
	}
	diag_ssl_clear();
	return *md == NULL ? "not checked: unknown digest" : NULL;
}

static const char *
check_signature(const struct look *l, const struct signer *s)
{
	EVP_PKEY *key;
	EVP_MD_CTX *ctx;
	const EVP_MD *md = NULL;
	auto_buf over = BUF_INIT, value = BUF_INIT;
	const char *why;
	int fits;

	if (s->cert == l->n)
		return "not checked: the signer's certificate is not inside";
	if ((key = X509_get0_pubkey(l->certs[s->cert])) == NULL)
		return "not checked: unknown kind of key";
	if ((why = signature_digest(s, &md)) != NULL ||
	    (why = signed_bytes(l, s, &over)) != NULL)
		return why;
	if (ber_octets(&s->signature, &value) != NULL)
		return "unreadable";
	if ((ctx = EVP_MD_CTX_new()) == NULL)
		mem_exhausted();
	fits = EVP_DigestVerifyInit(ctx, NULL, md, NULL, key) == 1 &&
	    EVP_DigestVerify(ctx, value.data, value.len, over.data != NULL ?
	    over.data : (const unsigned char *)"", over.len) == 1;
	EVP_MD_CTX_free(ctx);
	diag_ssl_clear();
	return fits ? "fits the key of the signer's certificate" :
	    "does not fit the key of the signer's certificate";
}

static void
add_signature(const struct look *l, const char *where, const struct signer *s,
    struct report *r)
{
	const char *says = check_signature(l, s);

	report_str(r, "signature", says);
	report_int(r, "signature_bytes", (int64_t)s->signature.body.len);
	if (strncmp(says, "does not fit", 12) == 0)
		facts_note(l->f, "bad_signature", where, "the signature does "
		    "not fit: the content, the attributes or the certificate "
		    "is another");
}

static void
add_signed_attributes(const struct look *l, const char *where,
    const struct signer *s, struct report *r)
{
	const struct report *values;
	const char *type;

	if (!s->has_attrs) {
		report_null(r, "signed_attributes");
		report_null(r, "signing_time");
		facts_note(l->f, "no_signed_attributes", where, "there are no "
		    "signed attributes: the signature is over the content "
		    "itself");
		return;
	}
	report_add(r, "signed_attributes", attributes(l, where,
	    s->attrs.body));
	values = find_attribute(report_get(r, "signed_attributes"),
	    "signingTime");
	report_str(r, "signing_time", values != NULL &&
	    report_count(values) > 0 ? report_text(report_at(values, 0),
	    NULL) : NULL);
	values = find_attribute(report_get(r, "signed_attributes"),
	    "contentType");
	type = values != NULL && report_count(values) > 0 ?
	    report_text(report_at(values, 0), NULL) : NULL;
	if (type == NULL)
		facts_note(l->f, "no_content_type", where, "there are signed "
		    "attributes, but no contentType among them");
	else if (l->view->content_type != NULL &&
	    strcmp(type, l->view->content_type) != 0 &&
	    strcmp(type, "pkcs7-data") != 0)
		facts_note(l->f, "other_content_type", where, "the signed "
		    "contentType is %s, the content's %s", type,
		    l->view->content_type);
	add_content_digest(l, where, s, r);
}

static void
remember_signer(struct look *l, const struct signer *s)
{
	X509 *cert;

	if (l->view->signers != 1 || s->cert == l->n)
		return;
	cert = l->certs[s->cert];
	l->view->signer_name = cert_name_text(X509_get_subject_name(cert));
	l->view->signer_issuer = cert_name_text(X509_get_issuer_name(cert));
	l->view->signer_is_self_signed = cert_is_self_signed(cert);
}

static const char *
add_signer(struct look *l, const char *where, struct ber in, struct report *r)
{
	struct ber_item version, id, extra;
	struct signer s = { 0 };
	auto_char *digest = NULL, *algorithm = NULL;
	long n;

	if (!ber_want(&in, BER_INTEGER, &version) ||
	    ber_next(&in, &id) != NULL ||
	    !ber_want(&in, BER_SEQUENCE, &s.digest))
		return "broken";
	s.has_attrs = ber_want_context(&in, 0, &s.attrs);
	if (!ber_want(&in, BER_SEQUENCE, &s.algorithm) ||
	    !ber_want(&in, BER_OCTET_STRING, &s.signature))
		return "broken";
	if (ber_number(&version, &n))
		report_int(r, "version", n);
	s.cert = add_identifier(l, &id, r);
	if (s.cert < l->n)
		report_int(r, "certificate", (int64_t)s.cert);
	else {
		report_null(r, "certificate");
		facts_note(l->f, "no_signer_certificate", where, "the "
		    "signer's certificate is not inside");
	}
	digest = facts_algorithm(&s.digest);
	algorithm = facts_algorithm(&s.algorithm);
	report_str(r, "digest", digest);
	report_str(r, "signature_algorithm", algorithm);
	if (digest_of(&s.digest) == NULL)
		facts_note(l->f, "unknown_digest", where, "the digest %s is "
		    "none that can be computed", digest);
	facts_digest_note(l->f, where, digest);
	add_signed_attributes(l, where, &s, r);
	add_signature(l, where, &s, r);
	if (ber_want_context(&in, 1, &extra))
		report_add(r, "unsigned_attributes",
		    attributes(l, where, extra.body));
	if (s.cert < l->n)
		add_chain(l, where, s.cert, r);
	remember_signer(l, &s);
	return NULL;
}

static void
add_signers(struct look *l, struct ber in)
{
	struct report *list = report_array();
	struct ber_item item;

	report_add(l->r, "signers", list);
	while (in.len > 0 && ber_next(&in, &item) == NULL) {
		auto_char *where = xasprintf("signers[%zu]", l->view->signers);
		struct report *s;
		const char *reason;

		if (l->view->signers++ >= SIGNERS_MAX)
			continue;
		s = report_object();
		if ((reason = add_signer(l, where, item.body, s)) != NULL)
			report_str(s, "error", reason);
		report_add(list, NULL, s);
	}
	if (l->view->signers > 1)
		facts_note(l->f, "several_signers", NULL, "there are %zu "
		    "signers", l->view->signers);
}

/* ---- SignedData, RFC 5652 5.1 ---- */

static struct report *
digests(struct ber in)
{
	struct report *l = report_array();
	struct ber_item item;
	size_t n = 0;

	while (n++ < SIGNERS_MAX && ber_want(&in, BER_SEQUENCE, &item)) {
		auto_char *name = facts_algorithm(&item);

		report_str(l, NULL, name);
	}
	return l;
}

/* EncapsulatedContentInfo; PKCS #7 had any type where CMS has octets. */
static const char *
read_content(struct look *l, struct ber in)
{
	struct ber_item oid, wrap, item;
	const char *reason;

	if (!ber_want(&in, BER_OID, &oid))
		return "broken SignedData";
	l->view->content_type = facts_oid(&oid, NULL);
	report_str(l->cms, "content_type", l->view->content_type);
	if (!ber_want_context(&in, 0, &wrap))
		return NULL;
	in = wrap.body;
	if ((reason = ber_next(&in, &item)) != NULL)
		return reason;
	if (!ber_is(&item, BER_OCTET_STRING)) {
		buf_add(&l->view->content, item.start, item.size);
		facts_note(l->f, "content_not_octets", NULL, "the content is "
		    "no OCTET STRING, as PKCS #7 had it before CMS");
	} else if ((reason = ber_octets(&item, &l->view->content)) != NULL)
		return reason;
	l->view->has_content = true;
	return NULL;
}

static const char *
signed_data(struct look *l, struct ber in, const struct buf *detached)
{
	struct ber_item version, algs, encap, certs, crls, signers;
	const char *reason;
	bool has_certs, has_crls;
	long n;

	if (!ber_want(&in, BER_INTEGER, &version) ||
	    !ber_want(&in, BER_SET, &algs) ||
	    !ber_want(&in, BER_SEQUENCE, &encap))
		return "broken SignedData";
	if (ber_number(&version, &n))
		report_int(l->cms, "version", n);
	report_add(l->cms, "digests", digests(algs.body));
	if ((reason = read_content(l, encap.body)) != NULL)
		return reason;
	has_certs = ber_want_context(&in, 0, &certs);
	has_crls = ber_want_context(&in, 1, &crls);
	if (!ber_want(&in, BER_SET, &signers))
		return "broken SignedData";
	l->content = l->view->has_content ? &l->view->content : detached;
	if (l->view->has_content)
		report_int(l->cms, "content_bytes",
		    (int64_t)l->view->content.len);
	add_certificates(l, has_certs ? certs.body : (struct ber){ NULL, 0 });
	if (has_crls)
		add_crls(l, crls.body);
	add_signers(l, signers.body);
	report_bool(l->cms, "detached", !l->view->has_content &&
	    l->view->signers > 0);
	return NULL;
}

/* ---- EnvelopedData, RFC 5652 6.1 ---- */

static void
note_cipher(const struct facts *f, const char *cipher)
{
	if (strcmp(cipher, "des-cbc") == 0)
		facts_note(f, "weak_cipher", NULL, "the content is encrypted "
		    "with single DES, which is broken");
	else if (strncmp(cipher, "rc2", 3) == 0 ||
	    strncmp(cipher, "rc4", 3) == 0)
		facts_note(f, "weak_cipher", NULL, "the content is encrypted "
		    "with %s, which is broken", cipher);
	else if (strcmp(cipher, "des-ede3-cbc") == 0)
		facts_note(f, "old_cipher", NULL, "the content is encrypted "
		    "with triple DES");
}

/* EncryptedContentInfo. */
static const char *
encrypted_content(struct look *l, struct ber in)
{
	struct ber_item oid, alg, data, item, iv;
	auto_char *cipher = NULL;
	struct ber a;

	if (!ber_want(&in, BER_OID, &oid) ||
	    !ber_want(&in, BER_SEQUENCE, &alg))
		return "broken EncryptedContentInfo";
	l->view->content_type = facts_oid(&oid, NULL);
	cipher = facts_algorithm(&alg);
	report_str(l->cms, "content_type", l->view->content_type);
	report_str(l->cms, "cipher", cipher);
	a = alg.body;
	if (ber_next(&a, &item) == NULL && ber_next(&a, &iv) == NULL &&
	    ber_is(&iv, BER_OCTET_STRING))
		report_int(l->cms, "iv_bytes", (int64_t)iv.body.len);
	note_cipher(l->f, cipher);
	if (ber_want_context(&in, 0, &data)) {
		auto_buf octets = BUF_INIT;

		if (ber_octets(&data, &octets) == NULL)
			report_int(l->cms, "encrypted_bytes",
			    (int64_t)octets.len);
		l->view->has_content = true;
	}
	return NULL;
}

/* What rsaesOaep is used with, RFC 8017 A.2.1: its hash, SHA-1 by default. */
static void
add_key_encryption(const struct ber_item *alg, struct report *r)
{
	auto_char *name = facts_algorithm(alg);
	struct ber in = alg->body;
	struct ber_item oid, params, hash, inner;

	report_str(r, "algorithm", name);
	if (strcmp(name, "rsaesOaep") != 0)
		return;
	if (ber_want(&in, BER_OID, &oid) &&
	    ber_want(&in, BER_SEQUENCE, &params) &&
	    ber_want_context(&params.body, 0, &hash) &&
	    ber_want(&hash.body, BER_SEQUENCE, &inner)) {
		auto_char *digest = facts_algorithm(&inner);

		report_str(r, "oaep_digest", digest);
	} else
		report_str(r, "oaep_digest", "sha1");
}

static void
key_transport(const struct look *l, struct ber in, struct report *r)
{
	struct ber_item version, id, alg, key;
	long n;

	report_str(r, "type", "key_transport");
	if (!ber_want(&in, BER_INTEGER, &version) ||
	    ber_next(&in, &id) != NULL || !ber_want(&in, BER_SEQUENCE, &alg))
		return;
	if (ber_number(&version, &n))
		report_int(r, "version", n);
	(void)add_identifier(l, &id, r);
	add_key_encryption(&alg, r);
	if (ber_next(&in, &key) == NULL)
		report_int(r, "encrypted_key_bytes", (int64_t)key.body.len);
}

/* RFC 5652 6.2.2: originator, ukm, algorithm, recipients. */
static void
key_agreement(const struct look *l, struct ber in, struct report *r)
{
	struct ber_item item, alg, keys, one, id;
	long n;

	report_str(r, "type", "key_agreement");
	if (ber_want(&in, BER_INTEGER, &item) && ber_number(&item, &n))
		report_int(r, "version", n);
	(void)ber_want_context(&in, 0, &item);
	(void)ber_want_context(&in, 1, &item);
	if (!ber_want(&in, BER_SEQUENCE, &alg) ||
	    !ber_want(&in, BER_SEQUENCE, &keys))
		return;
	if (ber_want(&keys.body, BER_SEQUENCE, &one) &&
	    ber_next(&one.body, &id) == NULL) {
		/* rKeyId is [0], constructed, with the key id first. */
		if (ber_is_context(&id, 0) && id.constructed &&
		    ber_want(&id.body, BER_OCTET_STRING, &item))
			report_hex(r, "subject_key_id", item.body.p,
			    item.body.len);
		else
			(void)add_identifier(l, &id, r);
	}
	add_key_encryption(&alg, r);
}

static void
other_recipient(const struct ber_item *item, struct report *r)
{
	struct ber in = item->body;
	struct ber_item version, kdf, alg;

	report_str(r, "type", item->tag == 2 ? "key_encryption_key" :
	    item->tag == 3 ? "password" : "other");
	if (item->tag != 3 || !ber_want(&in, BER_INTEGER, &version))
		return;
	if (ber_want_context(&in, 0, &kdf)) {
		struct ber_item oid;

		if (ber_want(&kdf.body, BER_OID, &oid)) {
			auto_char *name = facts_oid(&oid, NULL);

			report_str(r, "kdf", name);
		}
	}
	if (ber_want(&in, BER_SEQUENCE, &alg))
		add_key_encryption(&alg, r);
}

static void
add_recipients(struct look *l, struct ber in)
{
	struct report *list = report_array();
	struct ber_item item;
	size_t n = 0;

	report_add(l->r, "recipients", list);
	while (in.len > 0 && ber_next(&in, &item) == NULL) {
		struct report *r;

		if (n++ >= RECIPIENTS_MAX)
			continue;
		r = report_object();
		if (ber_is(&item, BER_SEQUENCE))
			key_transport(l, item.body, r);
		else if (ber_is_context(&item, 1))
			key_agreement(l, item.body, r);
		else
			other_recipient(&item, r);
		report_add(list, NULL, r);
	}
	report_int(l->cms, "recipients", (int64_t)n);
}

static const char *
enveloped_data(struct look *l, struct ber in)
{
	static const char broken[] = "broken EnvelopedData";
	struct ber_item version, item, recipients, content;
	long n;

	if (!ber_want(&in, BER_INTEGER, &version))
		return broken;
	(void)ber_want_context(&in, 0, &item);	/* originatorInfo */
	if (!ber_want(&in, BER_SET, &recipients) ||
	    !ber_want(&in, BER_SEQUENCE, &content))
		return broken;
	if (ber_number(&version, &n))
		report_int(l->cms, "version", n);
	add_recipients(l, recipients.body);
	return encrypted_content(l, content.body);
}

/* EncryptedData has no recipients: the key is known otherwise. */
static const char *
encrypted_data(struct look *l, struct ber in)
{
	struct ber_item version, content;
	long n;

	if (!ber_want(&in, BER_INTEGER, &version) ||
	    !ber_want(&in, BER_SEQUENCE, &content))
		return "broken EncryptedData";
	if (ber_number(&version, &n))
		report_int(l->cms, "version", n);
	return encrypted_content(l, content.body);
}

/* ---- all of them ---- */

bool
cms_facts_looks_like(const struct buf *der)
{
	struct ber in = { der->data, der->len };
	struct ber_item seq, oid;
	auto_buf dots = BUF_INIT;

	if (!ber_want(&in, BER_SEQUENCE, &seq) ||
	    !ber_want(&seq.body, BER_OID, &oid))
		return false;
	ber_oid(&oid, &dots);
	return strncmp(buf_str(&dots), "1.2.840.113549.1.7.", 19) == 0 ||
	    strncmp(buf_str(&dots), "1.2.840.113549.1.9.16.1.", 24) == 0;
}

static const char *
look_inside(struct look *l, struct ber in, const struct buf *detached)
{
	struct ber_item seq, oid, wrap, inner;
	const char *reason;

	if ((reason = ber_next(&in, &seq)) != NULL)
		return reason;
	in = seq.body;
	if (!ber_is(&seq, BER_SEQUENCE) || !ber_want(&in, BER_OID, &oid))
		return "not a CMS message";
	l->view->type = facts_oid(&oid, NULL);
	report_str(l->cms, "type", l->view->type);
	l->view->kind = CMS_OTHER;
	if (!ber_want_context(&in, 0, &wrap))
		return "a CMS message without content";
	in = wrap.body;
	if ((reason = ber_next(&in, &inner)) != NULL)
		return reason;
	if (strcmp(l->view->type, "signedData") == 0) {
		l->view->kind = CMS_SIGNED;
		return signed_data(l, inner.body, detached);
	}
	if (strcmp(l->view->type, "envelopedData") == 0 ||
	    strcmp(l->view->type, "authEnvelopedData") == 0) {
		l->view->kind = CMS_ENVELOPED;
		return enveloped_data(l, inner.body);
	}
	if (strcmp(l->view->type, "encryptedData") == 0)
		return encrypted_data(l, inner.body);
	if (strcmp(l->view->type, "data") == 0 &&
	    ber_is(&inner, BER_OCTET_STRING)) {
		l->view->has_content = true;
		return ber_octets(&inner, &l->view->content);
	}
	return NULL;
}

const char *
cms_facts(const struct facts *f, const struct buf *der,
    const struct buf *detached, struct report *r, struct cms_view *out)
{
	struct look l = { .f = f, .r = r, .view = out };
	struct ber in = { der->data, der->len };
	const char *reason;

	l.cms = report_object();
	report_add(r, "cms", l.cms);
	reason = look_inside(&l, in, detached);
	look_free(&l);
	return reason;
}
