/*
 * cert: keys, certificates, chains, requests and names (X.509, PKCS #8, #10,
 * #12).  One of the few doors to OpenSSL; its types may travel, its calls
 * stay in cert, cms, scep and issue.
 *
 * Ownership in comments uses OpenSSL's words: get0 borrowed, get1 yours, add0
 * given away, add1 shared.
 */
#ifndef MCFG_X509_CERT_H
#define MCFG_X509_CERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "json/report.h"
#include "sys/secret.h"

#define auto_BIO AUTO(auto_free_BIO) BIO
#define auto_EVP_PKEY AUTO(auto_free_EVP_PKEY) EVP_PKEY
#define auto_X509 AUTO(auto_free_X509) X509
#define auto_X509_REQ AUTO(auto_free_X509_REQ) X509_REQ
#define auto_X509_NAME AUTO(auto_free_X509_NAME) X509_NAME
#define auto_X509_CRL AUTO(auto_free_X509_CRL) X509_CRL
#define auto_GENERAL_NAMES AUTO(auto_free_GENERAL_NAMES) GENERAL_NAMES
#define auto_certs AUTO(auto_free_certs) STACK_OF(X509)

void cert_list_free(STACK_OF(X509) *l);		/* and its certificates */

DEFINE_AUTO(BIO, BIO, BIO_free_all);
DEFINE_AUTO(EVP_PKEY, EVP_PKEY, EVP_PKEY_free);
DEFINE_AUTO(X509, X509, X509_free);
DEFINE_AUTO(X509_REQ, X509_REQ, X509_REQ_free);
DEFINE_AUTO(X509_NAME, X509_NAME, X509_NAME_free);
DEFINE_AUTO(X509_CRL, X509_CRL, X509_CRL_free);
DEFINE_AUTO(GENERAL_NAMES, GENERAL_NAMES, GENERAL_NAMES_free);
DEFINE_AUTO(certs, STACK_OF(X509), cert_list_free);

/* An own identity.  chain holds what stands between cert and the root. */
struct identity {
	X509 *cert;
	EVP_PKEY *key;
	STACK_OF(X509) *chain;
};
#define IDENTITY_INIT	{ NULL, NULL, NULL }
#define auto_identity	AUTO(identity_free) struct identity

void identity_free(struct identity *id);

/*
 * cert_read_pkcs12() opens a PKCS #12 whole, with a key, its certificate and
 * the other certificates, each of which may be missing.  phrase is its
 * password, "" for none.  NULL, or the reason.
 */
const char *cert_read_pkcs12(const struct buf *der, const char *phrase,
    struct identity *out);

/*
 * cert_open_pkcs12() looks into a PKCS #12 of len bytes.  phrase is the
 * password, or NULL: then only what is open is looked at.  A key is
 * decrypted only to check the phrase if there is no MAC, and nothing with more
 * than a million iterations is.  NULL, or the
 * reason why it is not a PKCS #12; out is filled in either case, and freed by
 * cert_pkcs12_free().  certs are those that could be read.
 */
struct cert_pkcs12 {
	STACK_OF(X509) *certs;
	bool has_mac, is_mac_new;	/* is_mac_new: not SHA-1 */
	bool is_pbes2;
	bool is_wrong;			/* the phrase */
	bool is_costly;			/* not all of it was opened */
	long spent;			/* iterations, for its own use */
};
const char *cert_open_pkcs12(const unsigned char *p, size_t len,
    const char *phrase, struct cert_pkcs12 *out);
void cert_pkcs12_free(struct cert_pkcs12 *p);
#define auto_cert_pkcs12	AUTO(cert_pkcs12_free) struct cert_pkcs12

/* ---- loading ---- */

/*
 * cert_load_identity() opens key, certificate and chain of the command line.
 * A PKCS #12 given as key also provides certificate and chain, where none
 * are named.  USAGE where --cert or --key is missing, FAULT where a file
 * cannot be used or the key does not fit the certificate.
 */
enum status cert_load_identity(const struct identity_source *src,
    struct identity *out) USE_RESULT;

/*
 * True if a pkcs11: URI holds a PIN.  It is refused: a command line is seen by
 * everybody, and a configuration file is not thought of as a secret.
 */
bool cert_key_has_pin(const char *key);

/* The private key alone; what names the option ("--key"). */
enum status cert_load_key(const struct identity_source *src, const char *what,
    EVP_PKEY **out) USE_RESULT;

/* One certificate of a file, PEM or DER by content; FAULT where there is
 * none, or trailing bytes, or (want_one) more than one. */
enum status cert_load(const char *path, X509 **out) USE_RESULT;

/* Every certificate of a file, PEM, DER or certs-only PKCS #7; at least one. */
enum status cert_load_list(const char *path, STACK_OF(X509) **out) USE_RESULT;

/*
 * From bytes: NULL, or the reason why not.  The whole input is taken, PEM,
 * DER or bare base64 by content.
 */
const char *cert_parse(const struct buf *in, X509 **out);
const char *cert_parse_list(const struct buf *in, STACK_OF(X509) **out);
const char *cert_parse_request(const struct buf *in, X509_REQ **out);

/*
 * The certificates of one DER certificate or certs-only PKCS #7, for what came
 * from a stranger: no PEM, no base64, nothing behind it.  At least one.
 */
const char *cert_list_from_der(const struct buf *der, STACK_OF(X509) **out);

/* Certificates that may not fit the format: DER exactly, nothing behind it. */
const char *cert_from_der(const void *p, size_t len, X509 **out);

/* ---- armour ---- */

/*
 * cert_unarmour() turns PEM (any label in labels, separated by '|'; NULL: any
 * label) or bare base64 into DER or BER; other bytes are copied as they are.
 * NULL, or the reason.
 */
const char *cert_unarmour(const struct buf *in, const char *labels,
    struct buf *out);

/* One PEM block of der with a label ("CMS", "CERTIFICATE"). */
void cert_armour(const char *label, const struct buf *der, struct buf *out);

/* ---- writing ---- */

/*
 * CERT_PUT_DER appends what an i2d function of OpenSSL writes of an object.  A
 * length that is not positive can only mean that memory ran out: the objects
 * were decoded or built here.
 */
#define CERT_PUT_DER(i2d, object, out)					\
	do {								\
		unsigned char *der_ = NULL;				\
		int len_ = i2d((object), &der_);			\
									\
		cert_take_der(der_, len_, (out));			\
	} while (0)
void cert_take_der(unsigned char *der, int len, struct buf *out);

void cert_to_der(const X509 *cert, struct buf *out);
void cert_to_pem(const X509 *cert, struct buf *out);
void cert_list_to_pem(const STACK_OF(X509) *l, struct buf *out);
void cert_request_to_der(X509_REQ *req, struct buf *out);
void cert_request_to_pem(X509_REQ *req, struct buf *out);
void cert_key_to_pem(const EVP_PKEY *key, struct buf *out);	/* secret */
void cert_spki_to_der(const EVP_PKEY *key, struct buf *out);
void cert_spki_of(const X509 *cert, struct buf *out);	/* as it stands there */
void cert_name_to_der(const X509_NAME *name, struct buf *out);

/* ---- keys ---- */

/* "rsa:2048", "ec:P-256", ... of a key; the text is yours. */
char *cert_key_name(const EVP_PKEY *key);

/* cert_make_key() makes a key from such a name; FAULT for an unknown one. */
enum status cert_make_key(const char *kind, EVP_PKEY **out) USE_RESULT;

/*
 * cert_put_key() is X509_set_pubkey() at a tenth of the cost for RSA; the
 * certificate in memory then has no key to be got from it, only its encoding.
 */
bool cert_put_key(X509 *cert, EVP_PKEY *key);

bool cert_key_is_rsa(const EVP_PKEY *key);
int cert_key_bits(const EVP_PKEY *key);
bool cert_key_equal(const EVP_PKEY *a, const EVP_PKEY *b);

/* ---- facts ---- */

/*
 * Seconds since 1970, or CERT_NO_TIME, the year 1, if the date cannot be read:
 * a caller who forgets to check takes it for long ago.
 */
#define CERT_NO_TIME INT64_C(-62135596800)
int64_t cert_time(const ASN1_TIME *t);

/*
 * cert_time_new() is a time as RFC 5280 4.1.2.5 wants it, UTCTime before 2050;
 * cert_time_set() puts one into t.  In 64 bits, whatever time_t has.  What is
 * outside the years of four digits becomes the first or the last of them.
 * NULL or false if memory is short.
 */
ASN1_TIME *cert_time_new(int64_t t);
bool cert_time_set(ASN1_TIME *at, int64_t t);
int64_t cert_not_before(const X509 *cert);
int64_t cert_not_after(const X509 *cert);
void cert_serial_hex(const X509 *cert, struct buf *out);
void cert_integer_hex(const ASN1_INTEGER *n, struct buf *out);
void cert_sha256(const X509 *cert, char out[SECRET_HASH_TEXT]);

/*
 * RFC 4514 text of a name, escaped as section 2.4 says, UTF-8 kept; yours.
 */
char *cert_name_text(const X509_NAME *name);

/* That of the certificate's subject; yours. */
char *cert_subject_text(const X509 *cert);

/* Its public key, borrowed; NULL if its kind is unknown. */
const EVP_PKEY *cert_key(const X509 *cert);

/* Adds subject, issuer, serial, sha256, not_before, not_after, key. */
void cert_report(const X509 *cert, struct report *r);

/* The name of a CRLReason (RFC 5280 5.3.1), or NULL: 7 has none. */
const char *cert_reason_name(long reason);

/* ---- names ---- */

/*
 * cert_parse_name() reads "/O=Example, Inc./CN=Device" (\/ for a slash) or
 * RFC 4514 ("CN=Device,O=Example").  In the first form the order is that of
 * the text, in the second the reverse, as both standards say.  NULL, or the
 * reason.
 */
const char *cert_parse_name(const char *text, X509_NAME **out);

/*
 * cert_name_from_pairs() makes a name of n pairs, in their order.  type is a
 * short name or a dotted number, value UTF-8; joined is true for a pair in the
 * RDN of the one before.  NULL, or the reason, which is about pair *bad.
 */
struct cert_pair {
	const char *type, *value;
	bool joined;
};
const char *cert_name_from_pairs(const struct cert_pair *pairs, size_t n,
    size_t *bad, X509_NAME **out);

/*
 * cert_name_each() walks over the attributes of a name in the order of its
 * DER: fn(type, value, rdn, arg), type the short name or the dotted OID, value
 * UTF-8, rdn counts the RDNs from 0 (equal for the parts of a multi-valued
 * one).  It stops at and returns the first status that is not OK; MALFORMED
 * for a value that is not text.
 */
typedef enum status cert_name_visit(const char *type, const char *value,
    size_t rdn, void *arg);
enum status cert_name_each(const X509_NAME *name, cert_name_visit *fn,
    void *arg) USE_RESULT;

/* The dotted OID of an attribute's short or long name ("DC"), or of itself;
 * NULL where it is unknown.  Yours. */
char *cert_attribute_oid(const char *type);

/* True if a relative name in it has no attribute, which nobody sees. */
bool cert_name_has_empty(const X509_NAME *name);

/* DER of exactly one name, as cert_name_to_der() wrote it. */
const char *cert_name_from_der(const void *p, size_t len, X509_NAME **out);

/* RFC 5280 7.1: case, white space and string types do not matter. */
bool cert_name_equal(const X509_NAME *a, const X509_NAME *b);

/*
 * cert_add_san() reads "dns:host", "email:a@b", "uri:...", "upn:...",
 * "ip:..." and adds it to *names, made where it is NULL.  NULL, or the reason.
 */
const char *cert_add_san(const char *text, GENERAL_NAMES **names);

/*
 * cert_san_text() returns the text of one alternative name, which the caller
 * frees, and its type ("dns", "email", "uri", "upn", "ip").  *type is NULL
 * for a name of another kind, the text for one that its type cannot hold.
 */
char *cert_san_text(const GENERAL_NAME *name, const char **type);

/* cert_names_of() returns the names of a certificate, or NULL; yours. */
GENERAL_NAMES *cert_names_of(const X509 *cert);

/* cert_names_report() appends "dns:host", ... of each name to an array. */
void cert_names_report(const GENERAL_NAMES *names, struct report *array);

/*
 * A set of alternative names in DER, and back; the empty set is NULL, and no
 * bytes.  cert_names_from_der() returns NULL, or the reason; *out is yours.
 */
void cert_names_to_der(const GENERAL_NAMES *names, struct buf *out);
const char *cert_names_from_der(const void *der, size_t len,
    GENERAL_NAMES **out);

/*
 * The alternative names that a certification request asks for, of every
 * attribute that holds some, each once; *out is yours, NULL for none.  NULL,
 * or the reason why they cannot be read.
 */
const char *cert_request_names(const X509_REQ *req, GENERAL_NAMES **out);

/*
 * Sets of names, in any order, compared by RFC 5280 7.2 to 7.5: no case in
 * the name of a host.  cert_names_within() is true if all has each of some.
 */
bool cert_names_equal(const GENERAL_NAMES *a, const GENERAL_NAMES *b);
bool cert_names_within(const GENERAL_NAMES *some, const GENERAL_NAMES *all);

/* Copies of a certificate's subject and, where names is not NULL, its
 * subjectAltName (NULL where it has none), or what is NULL without memory. */
void cert_copy_names(const X509 *cert, X509_NAME **subject,
    GENERAL_NAMES **names);

/* ---- chains ---- */

/* NULL where issuer's name and key made cert, else the reason. */
const char *cert_issued_by(X509 *cert, X509 *issuer);

bool cert_is_self_signed(X509 *cert);

/*
 * cert_order_chain() sorts what was given for leaf: each certificate is
 * followed by its issuer, up to the root where it was given.  Of several
 * issuers (renewed, cross-signed) it takes those that are valid at now, then
 * those that lead to a root, then those that are valid for longer; the order
 * in which they were given does not matter.  *gap is the certificate whose
 * issuer was not given (borrowed, from the chain or leaf itself) or NULL.
 */
void cert_order_chain(X509 *leaf, STACK_OF(X509) *given, int64_t now,
    STACK_OF(X509) **out, X509 **gap);

/* True if a list, which may be NULL, holds this very certificate. */
bool cert_is_among(const STACK_OF(X509) *list, const X509 *cert);

/* cert_set_serial() is false if memory is lacking. */
bool cert_set_serial(X509 *cert, const unsigned char *raw, size_t len);

/* True if a CA's certificate was given that is neither leaf nor in chain. */
bool cert_has_spare_ca(const X509 *leaf, const STACK_OF(X509) *chain,
    const STACK_OF(X509) *given);

/*
 * cert_build_chain() finds and verifies a chain (RFC 5280 section 6) from leaf
 * to one of the anchors, through untrusted ones: names, signatures, CA flags,
 * critical extensions, keys of 112 bits or more and no SHA-1 but in an anchor
 * itself.  Every given anchor is one, root or not, the leaf too.  Every other
 * issuer is marked as a CA by basicConstraints.  Of several paths one that can
 * be verified is enough.  Any extended key usage is right.  now is the time to judge, or CERT_NO_TIME for none.
 *
 * NULL, or the reason; *chain (leaf first) is what was found so far in either
 * case, *bad (borrowed from it) the certificate the reason is about.
 */
const char *cert_build_chain(X509 *leaf, STACK_OF(X509) *untrusted,
    STACK_OF(X509) *anchors, int64_t now, STACK_OF(X509) **chain, X509 **bad);

/*
 * cert_check_issued() is cert_build_chain() for a certificate that was asked
 * for: its own key and the digest of its signature may be weak, which is for
 * its issuer to decide, and it has to have an issuer.  NULL, or the reason.
 */
const char *cert_check_issued(X509 *leaf, STACK_OF(X509) *untrusted,
    STACK_OF(X509) *anchors, int64_t now);

/*
 * cert_check_depth() is NULL if the first certificate of a chain that was
 * built may itself be an issuer, by the path lengths of those above; else the
 * reason.
 */
const char *cert_check_depth(STACK_OF(X509) *chain);

/* NULL where a time is within the dates of cert, else which it is not. */
const char *cert_check_dates(const X509 *cert, int64_t now);

/* NULL where keyUsage, if there is one, lets cert sign messages. */
const char *cert_check_signer(X509 *cert);

/* NULL for a certificate that may issue others: a CA. */
const char *cert_check_issuer(X509 *cert);

/*
 * cert_check_purpose() is NULL if cert may sign as "smime", "codesign",
 * "client" or "server": key usage and extended key usage, if there are any,
 * allow it.  For "signer", which signs profiles, emailProtection must be
 * listed; anyExtendedKeyUsage does not count.
 */
const char *cert_check_purpose(X509 *cert, const char *purpose);

/* NULL if extended key usage of an issuer, if there is one, allows
 * certificates for that purpose below it. */
const char *cert_check_purpose_below(X509 *issuer, const char *purpose);

/*
 * cert_check_factory() is NULL for a certificate that may be a factory
 * identity: no CA, no unknown critical extension, its own signature SHA-1 or
 * SHA-256 with RSA.
 */
const char *cert_check_factory(X509 *cert);

/* NULL where the key of another certificate made cert, whatever the names. */
const char *cert_signed_by_key(X509 *cert, X509 *holder);

/*
 * cert_reading_begin() makes the reading of RSA keys cheap for a process that
 * reads many.  cert_reading_context() is the library context for it, NULL, the
 * usual one, if it was not begun; a key of another kind is not understood
 * there, and a caller that misses one reads once more with NULL.
 */
void cert_reading_begin(void);
OSSL_LIB_CTX *cert_reading_context(void);

#endif
