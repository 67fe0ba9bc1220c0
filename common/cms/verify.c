/*
 * SignedData (RFC 5652 section 5.6): verifies the signature.  What OpenSSL is
 * too lenient about is checked first.
 */
#include <string.h>

#include <openssl/objects.h>

#include "cms/local.h"

void
cms_signed_free(struct cms_signed *s)
{
	buf_free(&s->content);
	X509_free(s->signer);
	cert_list_free(s->certs);
	*s = (struct cms_signed)CMS_SIGNED_INIT;
}

/* The state of one examination. */
struct exam {
	const struct cms_examine *how;
	CMS_ContentInfo *cms;
	CMS_SignerInfo *si;
	struct cms_signed *out;
	struct buf *why;
};

static enum status
no(struct exam *e, enum status st, const char *reason)
{
	buf_puts(e->why, reason);
	return st;
}

static enum status
check_structure(struct exam *e)
{
	ASN1_OCTET_STRING **inside;
	bool is_inside;

	if (OBJ_obj2nid(CMS_get0_type(e->cms)) != NID_pkcs7_signed) {
		buf_printf(e->why, "not SignedData but %s", cms_kind(e->cms));
		return MALFORMED;
	}
	if (OBJ_obj2nid(CMS_get0_eContentType(e->cms)) != NID_pkcs7_data)
		return no(e, MALFORMED, "the type of the signed content is "
		    "not data");
	inside = CMS_get0_content(e->cms);
	is_inside = inside != NULL && *inside != NULL;
	if (!is_inside && e->how->detached == NULL)
		return no(e, MALFORMED, sk_CMS_SignerInfo_num(
		    CMS_get0_SignerInfos(e->cms)) > 0 ?
		    "a detached signature without its content" :
		    "no signer and no content");
	if (is_inside && e->how->detached != NULL)
		return no(e, MALFORMED, "the content is inside, not detached");
	return OK;
}

static enum status
check_one_signer(struct exam *e)
{
	STACK_OF(CMS_SignerInfo) *all = CMS_get0_SignerInfos(e->cms);
	int n = sk_CMS_SignerInfo_num(all);

	if (n <= 0)
		return no(e, MALFORMED, "no signer");
	if (n > 1) {
		buf_printf(e->why, "%d signers, only one is taken", n);
		return REFUSED;
	}
	e->si = sk_CMS_SignerInfo_value(all, 0);
	return OK;
}

static const char *
digest_name(int nid)
{
	switch (nid) {
	case NID_sha1:
		return "sha1";
	case NID_sha256:
		return "sha256";
	case NID_sha384:
		return "sha384";
	case NID_sha512:
		return "sha512";
	default:
		return NULL;
	}
}

/*
 * An allow-list, checked before any verification: without attributes, OpenSSL
 * treats a SignerInfo with an unknown digest as verified.
 */
static enum status
check_digest(struct exam *e)
{
	X509_ALGOR *digest = NULL, *signature = NULL;
	const ASN1_OBJECT *obj = NULL;
	const char *name;
	char oid[80];
	int nid, sig, sig_digest = NID_undef, sig_key = NID_undef;

	CMS_SignerInfo_get0_algs(e->si, NULL, NULL, &digest, &signature);
	X509_ALGOR_get0(&obj, NULL, NULL, digest);
	nid = OBJ_obj2nid(obj);
	if ((name = digest_name(nid)) == NULL) {
		OBJ_obj2txt(oid, sizeof oid, obj, 0);
		buf_printf(e->why, "digest %s is not accepted", oid);
		return REFUSED;
	}
	snprintf(e->out->digest, sizeof e->out->digest, "%s", name);
	if (nid == NID_sha1 && !e->how->allow_sha1)
		return no(e, REFUSED, "digest sha1 is not accepted here "
		    "(--allow-sha1 takes it)");
	X509_ALGOR_get0(&obj, NULL, NULL, signature);
	sig = OBJ_obj2nid(obj);
	if (sig == NID_rsaEncryption || sig == NID_X9_62_id_ecPublicKey)
		return OK;
	/* Its digest is in the parameters, which OpenSSL checks. */
	if (sig == NID_rsassaPss)
		return OK;
	if (OBJ_find_sigid_algs(sig, &sig_digest, &sig_key) != 1 ||
	    sig_digest != nid) {
		OBJ_obj2txt(oid, sizeof oid, obj, 0);
		buf_printf(e->why, "signature algorithm %s does not fit the "
		    "digest %s", oid, name);
		return REFUSED;
	}
	return OK;
}

/* A signed attribute that has exactly one value; otherwise NULL. */
static const void *
the_attribute(CMS_SignerInfo *si, int nid, int type)
{
	return CMS_signed_get0_data_by_OBJ(si, OBJ_nid2obj(nid), -3, type);
}

static void
read_signing_time(struct exam *e)
{
	int at = CMS_signed_get_attr_by_NID(e->si, NID_pkcs9_signingTime, -1);
	X509_ATTRIBUTE *attr;
	const ASN1_TYPE *value;

	if (at < 0 || (attr = CMS_signed_get_attr(e->si, at)) == NULL ||
	    (value = X509_ATTRIBUTE_get0_type(attr, 0)) == NULL)
		return;
	if (value->type != V_ASN1_UTCTIME &&
	    value->type != V_ASN1_GENERALIZEDTIME)
		return;
	e->out->signing_time = cert_time(value->value.asn1_string);
	e->out->has_signing_time = e->out->signing_time != CERT_NO_TIME;
}

/* RFC 5652 5.3: both must occur once, but OpenSSL checks only one of them. */
static enum status
check_attributes(struct exam *e)
{
	const ASN1_OBJECT *type;

	e->out->has_attributes = CMS_signed_get_attr_count(e->si) >= 0;
	if (!e->out->has_attributes)
		return OK;
	type = the_attribute(e->si, NID_pkcs9_contentType, V_ASN1_OBJECT);
	if (type == NULL)
		return no(e, REFUSED, "signature: no single contentType among "
		    "the signed attributes");
	if (OBJ_cmp(type, CMS_get0_eContentType(e->cms)) != 0)
		return no(e, REFUSED, "signature: the contentType attribute "
		    "is not the type of the content");
	if (the_attribute(e->si, NID_pkcs9_messageDigest,
	    V_ASN1_OCTET_STRING) == NULL)
		return no(e, REFUSED, "signature: no single messageDigest "
		    "among the signed attributes");
	read_signing_time(e);
	return OK;
}

/*
 * A message with attributes can be turned into one without: its content is
 * then the DER of the attributes, and the same signature is valid.
 */
static bool
is_der_set(const struct buf *b)
{
	size_t used = 0;

	return b->len > 0 && b->data[0] == 0x31 &&
	    cms_measure(b->data, b->len, &used) == NULL && used == b->len;
}

/* The content is written before the verdict, but only into memory. */
bool
cms_signature_fits(CMS_ContentInfo *cms, STACK_OF(X509) *known,
    const struct buf *outside, struct buf *content)
{
	const unsigned flags = CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY;
	auto_BIO *in = outside != NULL ? cms_source(outside) : NULL;
	auto_BIO *out = cms_sink();

	if (CMS_verify(cms, known, NULL, in, out, flags) != 1)
		return false;
	cms_drain(out, content);
	return true;
}

static enum status
check_signature(struct exam *e)
{
	X509 *signer = NULL;
	enum status st;

	if ((st = check_attributes(e)) != OK)
		return st;
	if (!cms_signature_fits(e->cms, NULL, e->how->detached,
	    &e->out->content)) {
		buf_puts(e->why, "signature does not match");
		cms_because(e->why);
		return REFUSED;
	}
	CMS_SignerInfo_get0_algs(e->si, NULL, &signer, NULL, NULL);
	if (signer == NULL)
		return no(e, REFUSED, "signature: no certificate of the "
		    "signer");
	if (!e->out->has_attributes && is_der_set(&e->out->content))
		return no(e, REFUSED, "signature: the content may be the "
		    "attributes of another message (a DER SET without "
		    "signed attributes)");
	if (X509_up_ref(signer) != 1)
		mem_exhausted();
	e->out->signer = signer;
	e->out->certs = CMS_get1_certs(e->cms);
	return OK;
}

enum status
cms_examine(const struct buf *in, const struct cms_examine *how,
    struct cms_signed *out, enum cms_check *at, struct buf *why)
{
	static enum status (*const checks[])(struct exam *) = {
		[CMS_STRUCTURE] = check_structure,
		[CMS_ONE_SIGNER] = check_one_signer,
		[CMS_DIGEST_ALLOWED] = check_digest,
		[CMS_SIGNATURE] = check_signature,
	};
	auto_CMS *cms = NULL;
	struct exam e = { how, NULL, NULL, out, why };
	enum status st;

	*at = CMS_STRUCTURE;
	if ((st = cms_read(in, &cms, why)) != OK)
		return st;
	e.cms = cms;
	for (; *at < CMS_CHECKED; (*at)++)
		if ((st = checks[*at](&e)) != OK)
			break;
	diag_ssl_clear();
	return st;
}

bool
cms_is_proper(CMS_ContentInfo *cms)
{
	static const struct cms_examine how = { .allow_sha1 = true };
	auto_cms_signed out = CMS_SIGNED_INIT;
	auto_buf why = BUF_INIT;
	struct exam e = { &how, cms, NULL, &out, &why };

	return check_structure(&e) == OK && check_one_signer(&e) == OK &&
	    check_digest(&e) == OK && check_attributes(&e) == OK;
}

bool
cms_peek(const struct buf *in, const struct buf *detached,
    struct cms_signed *out)
{
	auto_CMS *cms = NULL;
	auto_buf why = BUF_INIT;
	struct exam e = { NULL, NULL, NULL, out, &why };
	ASN1_OCTET_STRING **inside;
	int i;

	if (cms_read(in, &cms, &why) != OK)
		return false;
	e.cms = cms;
	if (check_one_signer(&e) != OK)
		return false;
	out->certs = CMS_get1_certs(cms);
	for (i = 0; i < sk_X509_num(out->certs) && out->signer == NULL; i++) {
		X509 *c = sk_X509_value(out->certs, i);

		if (CMS_SignerInfo_cert_cmp(e.si, c) != 0)
			continue;
		if (X509_up_ref(c) != 1)
			mem_exhausted();
		out->signer = c;
	}
	inside = CMS_get0_content(cms);
	if (detached != NULL)
		buf_add_buf(&out->content, detached);
	else if (inside != NULL && *inside != NULL)
		buf_add(&out->content, ASN1_STRING_get0_data(*inside),
		    (size_t)ASN1_STRING_length(*inside));
	diag_ssl_clear();
	return out->signer != NULL;
}
