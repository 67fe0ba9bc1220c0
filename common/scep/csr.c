/*
 * A certification request, and the proof of who made it.
 *
 * The messageType is outside the envelope, so anybody can put a recorded
 * envelope into another message and watch what happens.  Until the plaintext
 * has proved that the signer of the message made it, nothing about it may
 * show: neither in the reply nor in the amount of work.
 *
 * Therefore the plaintext is first only walked through, which costs next to
 * nothing, to see if it is a request in DER with an RSA key, the signer's own.
 * If it is anything else, a dummy request takes its place: for the signer's
 * key, of the same size, with a wrong signature.  In either case, one request
 * is parsed and verified.
 */
#include <string.h>

#include <openssl/objects.h>

#include "base/ber.h"
#include "scep/local.h"

/*
 * DER of 1.2.840.113549.1.1, the beginning of the OIDs of RSA keys and
 * signatures.
 */
static const unsigned char pkcs1[] = { 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D,
    0x01, 0x01 };
enum {
	RSA_ENCRYPTION = 1,	/* last arc, for a key */
	SHA256_WITH_RSA = 11,
	MODULUS_LEAST = 128,	/* bytes */
	MODULUS_MOST = 1025,
	EXPONENT_MOST = 8,
};

void
scep_csr_free(struct scep_csr *c)
{
	X509_REQ_free(c->req);
	buf_free(&c->challenge);
	*c = (struct scep_csr)SCEP_CSR_INIT;
}

/* ---- the walk ---- */

/* Reads an AlgorithmIdentifier of PKCS #1.  Returns its last arc, or 0. */
static int
read_algorithm(struct ber *in)
{
	struct ber_item seq, oid;

	if (!ber_want(in, BER_SEQUENCE, &seq) ||
	    !ber_want(&seq.body, BER_OID, &oid) ||
	    oid.body.len != sizeof pkcs1 + 1 ||
	    memcmp(oid.body.p, pkcs1, sizeof pkcs1) != 0)
		return 0;
	return oid.body.p[sizeof pkcs1];
}

/* Reads the BIT STRING in an RSA SubjectPublicKeyInfo. */
static bool
read_key(struct ber *in, struct ber *bits)
{
	struct ber_item spki, string, key, n, e;
	struct ber inner;

	if (!ber_want(in, BER_SEQUENCE, &spki) ||
	    read_algorithm(&spki.body) != RSA_ENCRYPTION ||
	    !ber_want(&spki.body, BER_BIT_STRING, &string) ||
	    spki.body.len != 0 || string.body.len < 1 ||
	    string.body.p[0] != 0)
		return false;
	*bits = string.body;
	inner = (struct ber){ bits->p + 1, bits->len - 1 };
	return ber_want(&inner, BER_SEQUENCE, &key) && inner.len == 0 &&
	    ber_want(&key.body, BER_INTEGER, &n) &&
	    ber_want(&key.body, BER_INTEGER, &e) && key.body.len == 0 &&
	    n.body.len >= MODULUS_LEAST && n.body.len <= MODULUS_MOST &&
	    e.body.len >= 1 && e.body.len <= EXPONENT_MOST;
}

/*
 * Finds the key in a possible certification request.  Returns NULL, or why it
 * is not one.
 */
static const char *
walk(const struct buf *plain, struct ber *key)
{
	struct ber in = { plain->data, plain->len };
	struct ber_item whole, info, item;

	if (!ber_want(&in, BER_SEQUENCE, &whole) || in.len != 0 ||
	    !ber_want(&whole.body, BER_SEQUENCE, &info) ||
	    !ber_want(&info.body, BER_INTEGER, &item) ||
	    !ber_want(&info.body, BER_SEQUENCE, &item))
		return "the content cannot be decrypted, or is no "
		    "certification request";
	if (!read_key(&info.body, key))
		return "the key of the certification request is not RSA";
	if (read_algorithm(&whole.body) == 0 ||
	    !ber_want(&whole.body, BER_BIT_STRING, &item) ||
	    whole.body.len != 0)
		return "the certification request is broken, or not signed "
		    "with RSA";
	return NULL;
}

/* ---- the dummy request ---- */

static void
put_algorithm(struct buf *out)
{
	static const unsigned char rest[] = { SHA256_WITH_RSA, 0x05, 0x00 };
	static const unsigned char head[] = { 0x30, 0x0D, 0x06, 0x09 };

	buf_add(out, head, sizeof head);
	buf_add(out, pkcs1, sizeof pkcs1);
	buf_add(out, rest, sizeof rest);
}

/*
 * Version 0, an empty subject, the key, and one attribute that makes it as
 * long as the plaintext; then a signature that no key matches.
 */
static void
make_dummy(const struct buf *spki, size_t key_bytes, size_t size,
    struct buf *out)
{
	static const unsigned char begin[] = { 0x02, 0x01, 0x00, 0x30, 0x00 };
	/* contentType, which is not used here */
	static const unsigned char type[] = { 0x06, 0x09, 0x2A, 0x86, 0x48,
	    0x86, 0xF7, 0x0D, 0x01, 0x09, 0x03 };
	auto_buf filler = BUF_INIT, set = BUF_INIT, attr = BUF_INIT;
	auto_buf attrs = BUF_INIT, info = BUF_INIT, body = BUF_INIT;
	auto_buf signature = BUF_INIT;
	size_t i, used = spki->len + key_bytes + 64;

	for (i = used; i < size || i == used; i++)
		buf_putc(&filler, 'x');
	ber_put(&set, BER_OCTET_STRING, &filler);
	buf_add(&attr, type, sizeof type);
	ber_put(&attr, BER_CONSTRUCTED(BER_SET), &set);
	ber_put(&attrs, BER_CONSTRUCTED(BER_SEQUENCE), &attr);

	buf_add(&info, begin, sizeof begin);
	buf_add_buf(&info, spki);
	ber_put(&info, BER_CONTEXT(0), &attrs);
	ber_put(&body, BER_CONSTRUCTED(BER_SEQUENCE), &info);

	put_algorithm(&body);
	buf_putc(&signature, 0);	/* no unused bits */
	buf_putc(&signature, 0);
	for (i = 1; i < key_bytes; i++)
		buf_putc(&signature, 'U');
	ber_put(&body, BER_BIT_STRING, &signature);
	ber_put(out, BER_CONSTRUCTED(BER_SEQUENCE), &body);
}

/* ---- parsing and verifying ---- */

/* *end is set to the end of the request. */
static X509_REQ *
decode(const struct buf *der, const unsigned char **end)
{
	OSSL_LIB_CTX *ctx = cert_reading_context();
	X509_REQ *req;

	*end = der->data;
	req = (X509_REQ *)ASN1_item_d2i_ex(NULL, end, (long)der->len,
	    ASN1_ITEM_rptr(X509_REQ), ctx, NULL);
	if (req == NULL || ctx == NULL || X509_REQ_get0_pubkey(req) != NULL)
		return req;
	X509_REQ_free(req);
	*end = der->data;
	return d2i_X509_REQ(NULL, end, (long)der->len);
}

/*
 * Reads the only challengePassword, of any string type; false if it is broken.
 */
static bool
read_challenge(X509_REQ *req, struct buf *out)
{
	int at = X509_REQ_get_attr_by_NID(req, NID_pkcs9_challengePassword, -1);
	X509_ATTRIBUTE *attr;
	const ASN1_TYPE *value;
	unsigned char *utf8 = NULL;
	int len;

	if (at < 0)
		return true;
	attr = X509_REQ_get_attr(req, at);
	if (X509_REQ_get_attr_by_NID(req, NID_pkcs9_challengePassword,
	    at) >= 0 || X509_ATTRIBUTE_count(attr) != 1)
		return false;
	value = X509_ATTRIBUTE_get0_type(attr, 0);
	switch (value->type) {
	case V_ASN1_PRINTABLESTRING:
	case V_ASN1_UTF8STRING:
	case V_ASN1_IA5STRING:
	case V_ASN1_T61STRING:
	case V_ASN1_BMPSTRING:
	case V_ASN1_UNIVERSALSTRING:
		break;
	default:
		return false;
	}
	len = ASN1_STRING_to_UTF8(&utf8, value->value.asn1_string);
	if (len >= 0 && len <= SCEP_CHALLENGE_MAX)
		buf_add(out, utf8, (size_t)len);
	OPENSSL_clear_free(utf8, len > 0 ? (size_t)len : 0);
	return len >= 0 && len <= SCEP_CHALLENGE_MAX;
}

/* The only place where a request is parsed and its signature verified. */
static const char *
verify(const struct buf *der, struct scep_csr *csr)
{
	const unsigned char *end;
	bool right;

	csr->req = decode(der, &end);
	if (csr->req == NULL ||
	    (csr->key = X509_REQ_get0_pubkey(csr->req)) == NULL)
		return "the certification request cannot be read";
	right = X509_REQ_verify(csr->req, csr->key) == 1;
	return right && end == der->data + der->len ? NULL :
	    "its signature does not fit the certification request";
}

enum status
scep_open_request(const struct scep_message *m,
    const struct scep_recipient *to, size_t to_count, bool other_key,
    struct scep_csr *out, struct scep_refusal *no)
{
	auto_buf plain = BUF_SECRET, dummy = BUF_INIT, spki = BUF_INIT;
	struct ber own = { NULL, 0 }, key = { NULL, 0 }, in;
	auto_scep_csr csr = SCEP_CSR_INIT;
	const char *reason, *wrong;
	enum status st;

	cert_spki_of(m->signer, &spki);
	in = (struct ber){ spki.data, spki.len };
	if (!read_key(&in, &own))
		return scep_refuse(no, SCEP_BADALG,
		    "the signer's key is not RSA as PKCS #1 has it");
	if ((st = scep_open_sealed(m, to, to_count, &plain)) != OK)
		return st;
	make_dummy(&spki, ((size_t)cert_key_bits(X509_get0_pubkey(m->signer)) +
	    7) / 8, plain.len, &dummy);
	reason = walk(&plain, &key);
	if (reason == NULL && !other_key && (key.len != own.len ||
	    memcmp(key.p, own.p, own.len) != 0))
		reason = "the message is not signed by the key of the "
		    "certification request";
	wrong = verify(reason == NULL ? &plain : &dummy, &csr);
	if (reason == NULL)
		reason = wrong;
	if (reason == NULL && !read_challenge(csr.req, &csr.challenge))
		reason = "its challengePassword is broken, or there are two";
	if (reason != NULL)
		return scep_refuse_content(m, no, reason);
	*out = csr;
	csr = (struct scep_csr)SCEP_CSR_INIT;
	return OK;
}

enum status
scep_check_csr(const struct scep_csr *c, bool allow_sha1,
    struct scep_refusal *no)
{
	int sig = X509_REQ_get_signature_nid(c->req), digest = NID_undef, key;
	const char *name = OBJ_nid2sn(sig);

	if (OBJ_find_sigid_algs(sig, &digest, &key) != 1 ||
	    (digest != NID_sha256 && digest != NID_sha384 &&
	    digest != NID_sha512 && (digest != NID_sha1 || !allow_sha1)))
		return scep_refuse(no, SCEP_BADALG, "the certification request "
		    "is signed with %s", name != NULL ? name : "?");
	return OK;
}

/* ---- the stored certification request ---- */

void
scep_csr_to_der(const struct scep_csr *c, struct buf *der)
{
	auto_X509_REQ *req = X509_REQ_dup(c->req);
	int at;

	if (req == NULL)
		mem_exhausted();
	while ((at = X509_REQ_get_attr_by_NID(req,
	    NID_pkcs9_challengePassword, -1)) >= 0)
		X509_ATTRIBUTE_free(X509_REQ_delete_attr(req, at));
	/* OpenSSL keeps the encoding that was read, including the challenge. */
	if (i2d_re_X509_REQ_tbs(req, NULL) <= 0)
		mem_exhausted();
	cert_request_to_der(req, der);
}

const char *
scep_csr_from_der(const struct buf *der, struct scep_csr *out)
{
	const unsigned char *p = der->data;
	auto_X509_REQ *req = d2i_X509_REQ(NULL, &p, (long)der->len);

	if (req == NULL || p != der->data + der->len ||
	    X509_REQ_get0_pubkey(req) == NULL) {
		diag_ssl_clear();
		return "not a certification request";
	}
	out->key = X509_REQ_get0_pubkey(req);
	out->req = STEAL(req);
	return NULL;
}
