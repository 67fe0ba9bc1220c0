/*
 * SignerInfos, RFC 5652 5.3: who signed what, and whether the signature is
 * valid.
 */
#include <string.h>

#include <openssl/evp.h>
#include <openssl/objects.h>

#include "base/encoding.h"
#include "facts/cms_local.h"

/* The EVP digest of an AlgorithmIdentifier, or NULL if it is unknown. */
static const EVP_MD *
digest_of(const struct ber_item *alg)
{
	auto_char *name = facts_algorithm(alg);
	const EVP_MD *md = EVP_get_digestbyname(name);

	diag_ssl_clear();
	return md;
}

struct signer {
	struct ber_item digest, attrs, algorithm, signature;
	bool has_attrs;
	size_t cert;		/* index, or l->n */
};

/* Compares messageDigest with the digest of the content. */
static void
add_content_digest(const struct cms_look *l, const char *where,
    const struct signer *s, struct report *r)
{
	const char *told = cms_facts_signed_text(r, "messageDigest");
	const EVP_MD *md = digest_of(&s->digest);
	unsigned char hash[EVP_MAX_MD_SIZE];
	auto_buf hex = BUF_INIT;
	unsigned len = 0;

	if (told == NULL) {
		report_str(r, "content_digest", "not checked: no "
		    "messageDigest");
		facts_note(l->f, "no_message_digest", where, "messageDigest is "
		    "missing in the signed attributes");
		return;
	}
	if (l->content == NULL) {
		report_str(r, "content_digest", "not checked: the content is "
		    "missing");
		return;
	}
	if (md == NULL || EVP_Digest(l->content->data != NULL ?
	    (const void *)l->content->data : "", l->content->len, hash, &len,
	    md, NULL) != 1) {
		diag_ssl_clear();
		report_str(r, "content_digest", "not checked: unknown digest");
		return;
	}
	encode_hex(&hex, hash, len);
	if (strcmp(buf_str(&hex), told) == 0) {
		report_str(r, "content_digest", "matches the content");
		return;
	}
	report_str(r, "content_digest", "differs from the content");
	facts_note(l->f, "content_changed", where, "the content is not what "
	    "was signed: its digest differs");
}

/* The bytes that were signed: the attributes as a SET (5.4), or the content. */
static const char *
signed_bytes(const struct cms_look *l, const struct signer *s, struct buf *out)
{
	if (s->has_attrs) {
		if (s->attrs.indefinite)
			return "not checked: the attributes are BER";
		buf_add(out, s->attrs.start, s->attrs.size);
		out->data[0] = 0x31;
		return NULL;
	}
	if (l->content == NULL)
		return "not checked: the content is missing";
	buf_add_buf(out, l->content);
	return NULL;
}

/*
 * The digest of the signature: for rsaEncryption and plain EC keys the
 * SignerInfo names it, other algorithms imply it.
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
			*md = NULL;		/* Ed25519 and similar */
			return NULL;
		}
		*md = EVP_get_digestbynid(digest);
	}
	diag_ssl_clear();
	return *md == NULL ? "not checked: unknown digest" : NULL;
}

static const char *
check_signature(const struct cms_look *l, const struct signer *s)
{
	EVP_PKEY *key;
	EVP_MD_CTX *ctx;
	const EVP_MD *md = NULL;
	auto_buf over = BUF_INIT, value = BUF_INIT;
	const char *why;
	int fits;

	if (s->cert == l->n)
		return "not checked: the signer's certificate is not included";
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
add_signature(const struct cms_look *l, const char *where,
    const struct signer *s, struct report *r)
{
	const char *says = check_signature(l, s);

	report_str(r, "signature", says);
	report_int(r, "signature_bytes", (int64_t)s->signature.body.len);
	if (strncmp(says, "does not fit", 12) == 0)
		facts_note(l->f, "bad_signature", where, "the signature does "
		    "not match: the content, the attributes or the certificate "
		    "was changed");
}

static void
add_signed_attributes(const struct cms_look *l, const char *where,
    const struct signer *s, struct report *r)
{
	const char *type;

	if (!s->has_attrs) {
		report_null(r, "signed_attributes");
		report_null(r, "signing_time");
		facts_note(l->f, "no_signed_attributes", where, "there are no "
		    "signed attributes: the signature is over the content "
		    "itself");
		return;
	}
	report_add(r, "signed_attributes", cms_facts_attributes(l, where,
	    s->attrs.body));
	report_str(r, "signing_time", cms_facts_signed_text(r,
	    "signingTime"));
	type = cms_facts_signed_text(r, "contentType");
	if (type == NULL)
		facts_note(l->f, "no_content_type", where, "contentType is "
		    "missing in the signed attributes");
	else if (l->view->content_type != NULL &&
	    strcmp(type, l->view->content_type) != 0 &&
	    strcmp(type, "pkcs7-data") != 0)
		facts_note(l->f, "other_content_type", where, "the signed "
		    "contentType is %s, but the content's is %s", type,
		    l->view->content_type);
	add_content_digest(l, where, s, r);
}

static void
remember_signer(struct cms_look *l, const struct signer *s)
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
add_signer(struct cms_look *l, const char *where, struct ber in,
    struct report *r)
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
	s.cert = cms_facts_identifier(l, &id, r);
	if (s.cert < l->n)
		report_int(r, "certificate", (int64_t)s.cert);
	else {
		report_null(r, "certificate");
		facts_note(l->f, "no_signer_certificate", where, "the signer's "
		    "certificate is not included");
	}
	digest = facts_algorithm(&s.digest);
	algorithm = facts_algorithm(&s.algorithm);
	report_str(r, "digest", digest);
	report_str(r, "signature_algorithm", algorithm);
	if (digest_of(&s.digest) == NULL)
		facts_note(l->f, "unknown_digest", where, "the digest %s is "
		    "not supported", digest);
	facts_digest_note(l->f, where, digest);
	add_signed_attributes(l, where, &s, r);
	add_signature(l, where, &s, r);
	if (ber_want_context(&in, 1, &extra))
		report_add(r, "unsigned_attributes",
		    cms_facts_attributes(l, where, extra.body));
	if (s.cert < l->n)
		cms_facts_chain(l, where, s.cert, r);
	remember_signer(l, &s);
	return NULL;
}

void
cms_facts_signers(struct cms_look *l, struct ber in)
{
	struct report *list = report_add_array(l->r, "signers");
	struct ber_item item;

	while (in.len > 0 && ber_next(&in, &item) == NULL) {
		auto_char *where = xasprintf("signers[%zu]", l->view->signers);
		struct report *s;
		const char *reason;

		if (l->view->signers++ >= CMS_SIGNERS_MAX)
			continue;
		s = report_add_object(list, NULL);
		if ((reason = add_signer(l, where, item.body, s)) != NULL)
			report_str(s, "error", reason);
	}
	if (l->view->signers > 1)
		facts_note(l->f, "several_signers", NULL, "there are %zu "
		    "signers", l->view->signers);
}
