/*
 * cms: Cryptographic Message Syntax (RFC 5652) on whole buffers: sign, verify,
 * encrypt, decrypt.  It has no trust policy: see trust.h.
 */
#ifndef MCFG_CMS_CMS_H
#define MCFG_CMS_CMS_H

#include <openssl/cms.h>

#include "base/buf.h"
#include "base/problem.h"
#include "x509/cert.h"

#define auto_CMS AUTO(auto_free_CMS) CMS_ContentInfo
DEFINE_AUTO(CMS, CMS_ContentInfo, CMS_ContentInfo_free);

/*
 * cms_parse() reads a ContentInfo, in DER, BER, PEM or bare base64, which it
 * recognises by the content.  Returns MALFORMED unless the whole input is one
 * message that is nested at most 32 deep.  name is the input's name in
 * messages.  The caller frees *out.
 */
enum status cms_parse(const struct buf *in, const char *name,
    CMS_ContentInfo **out) USE_RESULT;

/*
 * cms_measure() finds the whole length of the first BER or DER element of p,
 * without giving it to OpenSSL.  Returns NULL, or the reason: truncated,
 * nested deeper than 32, or too many parts.
 */
const char *cms_measure(const void *p, size_t len, size_t *used);

/* True if the bytes may be a CMS message: BER, DER, PEM or base64. */
bool cms_looks_like(const struct buf *in);

/* True if such a message is EnvelopedData. */
bool cms_is_enveloped(const struct buf *in);

/*
 * cms_inside() appends the content of a SignedData without verifying it, for
 * tools that document this; MALFORMED if there is none, with the reason
 * appended to why.  cms_unwrap() prints that reason.
 */
enum status cms_inside(const struct buf *in, struct buf *content,
    struct buf *why) USE_RESULT;
enum status cms_unwrap(const struct buf *in, const char *name,
    struct buf *content) USE_RESULT;

/* Adds signed attributes to those of RFC 5652; returns false if it fails. */
typedef bool cms_adder(CMS_SignerInfo *si, const void *arg);

struct cms_sign {
	const struct identity *id;	/* the chain is included; so are roots
					 * if it has any */
	bool no_chain;			/* include only the signer's
					 * certificate */
	const char *digest;		/* OpenSSL's name for it: "sha256" */
	bool no_attributes;		/* no signed attributes at all */
	int64_t signing_time;		/* written unless no_attributes */
	cms_adder *add;			/* more attributes, or NULL */
	const void *arg;		/* for add */
};

/* cms_write() appends the message in DER. */
void cms_write(CMS_ContentInfo *cms, struct buf *der);

/*
 * cms_sign() appends SignedData with exactly this content, in DER, after
 * verifying it.  Returns FAULT if the key or OpenSSL fails.
 */
enum status cms_sign(const struct buf *content, const struct cms_sign *how,
    struct buf *der) USE_RESULT;

/* What a SignedData says.  The struct owns everything. */
struct cms_signed {
	struct buf content;
	X509 *signer;			/* signature verified; not trusted
					 * yet */
	STACK_OF(X509) *certs;		/* all certificates; these are not
					 * signed */
	char digest[16];		/* "sha1", "sha256", ... */
	bool has_attributes;
	bool has_signing_time;
	int64_t signing_time;
};
#define CMS_SIGNED_INIT	{ .signer = NULL }
#define auto_cms_signed	AUTO(cms_signed_free) struct cms_signed

void cms_signed_free(struct cms_signed *s);

/* The checks of a signed message, in their order. */
enum cms_check {
	CMS_STRUCTURE,
	CMS_ONE_SIGNER,
	CMS_DIGEST_ALLOWED,
	CMS_SIGNATURE,
	CMS_CHECKED,		/* all checks passed */
};

struct cms_examine {
	bool allow_sha1;
	const struct buf *detached;	/* the content, if the message does not
					 * include it; or NULL */
};

/*
 * cms_signature_fits() verifies the signatures of SignedData with the keys of
 * the certificates in known or, if that is NULL, in the message; it does not
 * check whether these are trusted.  It appends the signed bytes to content.
 * outside is the content if the message does not include it, otherwise NULL.
 * On failure the reason is in OpenSSL's queue.
 */
bool cms_signature_fits(CMS_ContentInfo *cms, STACK_OF(X509) *known,
    const struct buf *outside, struct buf *content);

/*
 * cms_examine() checks structure and signature: exactly one signer, whose
 * certificate is in the message; a SHA-2 digest, or SHA-1 if allow_sha1; a
 * signature algorithm that matches; valid contentType and messageDigest if
 * there are signed attributes; and, if there are none, content that is not a
 * complete DER SET (which might be the attributes of another message).
 *
 * It prints nothing: *at is the check that failed, or CMS_CHECKED, and why has
 * the reason.  Returns MALFORMED if there is no signer, the message is
 * detached, or is not SignedData; REFUSED for other failures.  out is filled
 * in as far as possible: unless *at is CMS_CHECKED, use it only to show it to
 * people.
 */
enum status cms_examine(const struct buf *in, const struct cms_examine *how,
    struct cms_signed *out, enum cms_check *at, struct buf *why) USE_RESULT;

/*
 * cms_peek() returns what a message with one signer says, without verifying
 * anything, to list its other faults.  detached is the content if the message
 * does not include it, or NULL.  Returns false if the signer's certificate is
 * missing.
 */
bool cms_peek(const struct buf *in, const struct buf *detached,
    struct cms_signed *out);

/*
 * cms_encrypt() appends EnvelopedData in DER for all recipients, with RSA key
 * transport (PKCS #1 v1.5), or key agreement for an EC certificate. cipher is
 * a name of OpenSSL, such as "aes-256-cbc".  Returns FAULT if it fails.
 */
enum status cms_encrypt(const struct buf *content,
    const STACK_OF(X509) *recipients, const char *cipher, struct buf *der)
    USE_RESULT;

/*
 * cms_decrypt() decrypts EnvelopedData.  If cert is NULL, every recipient is
 * tried.  Returns MALFORMED if it is something else, REFUSED if the key does
 * not decrypt it, as *why says.  content is marked secret.
 */
enum status cms_decrypt(const struct buf *in, EVP_PKEY *key, X509 *cert,
    struct problem *why, struct buf *content) USE_RESULT;

/*
 * cms_open() decrypts EnvelopedData as the recipient with that certificate.  A
 * certificate is required: with it, OpenSSL continues with a random key if the
 * padding is wrong (RFC 3218 2.3.2); without it, the sender of a message could
 * learn something from the reply.  Returns false if decryption fails; content
 * may then have a part of the plain text.  content is marked secret, and no
 * other copy remains.
 */
bool cms_open(CMS_ContentInfo *cms, EVP_PKEY *key, X509 *cert,
    struct buf *content);

#endif
