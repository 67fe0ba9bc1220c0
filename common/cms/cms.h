/*
 * cms: Cryptographic Message Syntax (RFC 5652) on whole buffers: sign,
 * verify, encrypt, decrypt.  No policy on trust: that is trust.h.
 */
#ifndef MCFG_CMS_CMS_H
#define MCFG_CMS_CMS_H

#include <openssl/cms.h>

#include "base/buf.h"
#include "x509/cert.h"

#define auto_CMS AUTO(auto_free_CMS) CMS_ContentInfo
DEFINE_AUTO(CMS, CMS_ContentInfo, CMS_ContentInfo_free);

/*
 * cms_parse() reads a ContentInfo: DER or BER, PEM or bare base64, told by
 * content; the whole input is consumed, and nothing is nested deeper than
 * 32.  MALFORMED otherwise.
 */
enum status cms_parse(const struct buf *in, const char *name,
    CMS_ContentInfo **out) USE_RESULT;

/*
 * cms_measure() walks over the first BER or DER element of p and gives its
 * whole length, without OpenSSL seeing any of it.  NULL, or the reason:
 * truncated, nested deeper than 32, or of too many parts.
 */
const char *cms_measure(const void *p, size_t len, size_t *used);

/* True for bytes that may be a CMS message: DER/BER of one, PEM, base64. */
bool cms_looks_like(const struct buf *in);

/* True where that message is EnvelopedData. */
bool cms_is_enveloped(const struct buf *in);

/*
 * cms_unwrap() gives the content of a SignedData without any verification,
 * for tools that say so; MALFORMED where there is none.
 */
enum status cms_unwrap(const struct buf *in, const char *name,
    struct buf *content) USE_RESULT;

/* Adds signed attributes to those of RFC 5652; false if it cannot. */
typedef bool cms_adder(CMS_SignerInfo *si, const void *arg);

struct cms_sign {
	const struct identity *id;	/* the chain goes inside, roots too if
					 * they are in it */
	bool no_chain;			/* only its certificate goes inside */
	const char *digest;		/* OpenSSL's name for it: "sha256" */
	bool no_attributes;		/* no signed attributes at all */
	int64_t signing_time;		/* if there are attributes */
	cms_adder *add;			/* more attributes, or NULL */
	const void *arg;		/* for add */
};

/* cms_write() appends a message in DER. */
void cms_write(CMS_ContentInfo *cms, struct buf *der);

/*
 * cms_sign() makes attached SignedData of exactly these bytes, in DER, and
 * verifies it.  FAULT if the key or OpenSSL fails.
 */
enum status cms_sign(const struct buf *content, const struct cms_sign *how,
    struct buf *der) USE_RESULT;

/*
 * The facts of a SignedData.  Everything belongs to the struct.
 */
struct cms_signed {
	struct buf content;
	X509 *signer;			/* verified by key, trusted by nobody */
	STACK_OF(X509) *certs;		/* the bag, which is not signed */
	char digest[16];		/* "sha1", "sha256", ... */
	bool has_attributes;
	bool has_signing_time;
	int64_t signing_time;
};
#define CMS_SIGNED_INIT	{ .signer = NULL }
#define auto_cms_signed	AUTO(cms_signed_free) struct cms_signed

void cms_signed_free(struct cms_signed *s);

/* The checks of a signed message, in the order in which they are made. */
enum cms_check {
	CMS_STRUCTURE,
	CMS_ONE_SIGNER,
	CMS_DIGEST_ALLOWED,
	CMS_SIGNATURE,
	CMS_CHECKED,		/* all of them passed */
};

struct cms_examine {
	bool allow_sha1;
	const struct buf *detached;	/* the content, if it is not in the
					 * message; or NULL */
};

/*
 * cms_signature_fits() verifies the signatures of SignedData, with the keys of
 * the certificates in known or, if that is NULL, in the message; whether they
 * are trusted is not asked.  It appends what was signed to content.  outside
 * is the content if it is not in the message, or NULL.  On failure the reason
 * is in OpenSSL's queue.
 */
bool cms_signature_fits(CMS_ContentInfo *cms, STACK_OF(X509) *known,
    const struct buf *outside, struct buf *content);

/*
 * cms_examine() checks structure and signature: exactly one signer, its
 * certificate inside, digest in allow_sha1 ? SHA-1 and SHA-2 : SHA-2,
 * signature algorithm that fits it, contentType and messageDigest attributes
 * right where there are any, and without attributes a content that does not
 * parse whole as a DER SET (it may be another message's attributes).
 *
 * It prints nothing: *at is the check that failed, or CMS_CHECKED, and why
 * the reason.  MALFORMED for no signer, detached, not SignedData; REFUSED for
 * the rest.  out is filled as far as it came: only after CMS_CHECKED does it
 * mean anything but to people.
 */
enum status cms_examine(const struct buf *in, const struct cms_examine *how,
    struct cms_signed *out, enum cms_check *at, struct buf *why) USE_RESULT;

/*
 * cms_peek() gives what a message with one signer says, and verifies nothing:
 * for a list of what else is wrong with it.  content is the detached one if
 * there is any.  False without the signer's certificate.
 */
bool cms_peek(const struct buf *in, const struct buf *detached,
    struct cms_signed *out);

/*
 * cms_encrypt() makes EnvelopedData in DER for every recipient: RSA key
 * transport (PKCS #1 v1.5), or key agreement with an EC certificate.  cipher
 * is OpenSSL's name for it, such as "aes-256-cbc".  FAULT if it fails.
 */
enum status cms_encrypt(const struct buf *content,
    const STACK_OF(X509) *recipients, const char *cipher, struct buf *der)
    USE_RESULT;

/*
 * cms_decrypt() opens EnvelopedData; cert may be NULL, then every recipient
 * is tried.  MALFORMED if it is something else, REFUSED if the key does not
 * decrypt it.  content is marked secret.
 */
enum status cms_decrypt(const struct buf *in, const char *name,
    EVP_PKEY *key, X509 *cert, struct buf *content) USE_RESULT;

/*
 * cms_open() decrypts EnvelopedData that was read, as the recipient of that
 * certificate.  Key *and* certificate: with a certificate OpenSSL answers bad
 * padding of the key with a random key (RFC 3218 2.3.2); without one, the
 * sender of a message could learn from the reply.  False if no content comes
 * out; then content may hold some bytes of it.  content is marked secret, and
 * no copy is left elsewhere.
 */
bool cms_open(CMS_ContentInfo *cms, EVP_PKEY *key, X509 *cert,
    struct buf *content);

#endif
