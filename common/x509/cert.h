/*
 * cert: keys, certificates, chains, requests and names (X.509, PKCS #8, #10,
 * #12).  Only a few families call OpenSSL: its types may be passed anywhere,
 * but its functions are called only in cert, cms, scep and issue.
 *
 * Comments use OpenSSL's words for ownership: get0 is borrowed, get1 is yours,
 * add0 is given away, add1 is shared.
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
#include "base/problem.h"
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

/* An identity of ours.  chain has the certificates from cert's issuer up. */
struct identity {
	X509 *cert;
	EVP_PKEY *key;
	STACK_OF(X509) *chain;
};
#define IDENTITY_INIT	{ NULL, NULL, NULL }
#define auto_identity	AUTO(identity_free) struct identity

void identity_free(struct identity *id);

/*
 * cert_read_pkcs12() opens a PKCS #12 completely: a key, its certificate and
 * other certificates, each of which may be missing.  phrase is the password,
 * or "".  Returns NULL, or the reason why it cannot.
 */
const char *cert_read_pkcs12(const struct buf *der, const char *phrase,
    struct identity *out);

/*
 * cert_open_pkcs12() examines a PKCS #12 of len bytes.  phrase is the
 * password, or NULL to examine only what is not encrypted.  A key is decrypted
 * only to check the phrase if there is no MAC; anything with more than a
 * million iterations is not decrypted.  Returns NULL, or the reason why it is
 * not a PKCS #12.  out is filled in either way; cert_pkcs12_free() frees it.
 * certs are those that could be read.
 */
struct cert_pkcs12 {
	STACK_OF(X509) *certs;
	bool has_mac, is_mac_new;	/* is_mac_new: other than SHA-1 */
	bool is_pbes2;
	bool is_wrong;			/* the phrase is wrong */
	bool is_costly;			/* some of it was not decrypted */
	long spent;			/* iterations, for internal use */
};
const char *cert_open_pkcs12(const unsigned char *p, size_t len,
    const char *phrase, struct cert_pkcs12 *out);
void cert_pkcs12_free(struct cert_pkcs12 *p);
#define auto_cert_pkcs12	AUTO(cert_pkcs12_free) struct cert_pkcs12

/* ---- loading ---- */

/*
 * cert_load_identity() opens the key, certificate and chain of the command
 * line.  If the key is a PKCS #12, it also provides certificate and chain,
 * unless they are given.  Returns USAGE if --cert or --key is missing, FAULT
 * if a file cannot be used or the key does not match the certificate.
 */
enum status cert_load_identity(const struct identity_source *src,
    struct identity *out) USE_RESULT;

/*
 * True if a pkcs11: URI contains a PIN.  That is refused: everybody can see a
 * command line, and configuration files are not kept like secrets.
 */
bool cert_key_has_pin(const char *key);

/* Loads only the private key; what is the name of the option ("--key"). */
enum status cert_load_key(const struct identity_source *src, const char *what,
    EVP_PKEY **out) USE_RESULT;

/*
 * Loads one certificate from a file, in PEM or DER.  Returns FAULT if there is
 * none, or more than one, or if bytes follow it.
 */
enum status cert_load(const char *path, X509 **out) USE_RESULT;

/*
 * Loads all certificates of a file (PEM, DER or certs-only PKCS #7), at least
 * one.  cert_load_list() prints what is wrong.
 */
enum status cert_read_list(const char *path, struct problem *why,
    STACK_OF(X509) **out) USE_RESULT;
enum status cert_load_list(const char *path, STACK_OF(X509) **out) USE_RESULT;

/*
 * Parse bytes in PEM, DER or bare base64, which they recognise by the content.
 * The whole input must be used.  Return NULL, or the reason why it cannot.
 */
const char *cert_parse(const struct buf *in, X509 **out);
const char *cert_parse_list(const struct buf *in, STACK_OF(X509) **out);
const char *cert_parse_request(const struct buf *in, X509_REQ **out);

/*
 * Returns the certificates in one DER certificate or a certs-only PKCS #7 from
 * an untrusted source: neither PEM nor base64, and no bytes after it.  At
 * least one.  NULL, or the reason.
 */
const char *cert_list_from_der(const struct buf *der, STACK_OF(X509) **out);

/*
 * Parses exactly one certificate in DER, with no bytes after it.  Returns
 * NULL, or the reason why it cannot.
 */
const char *cert_from_der(const void *p, size_t len, X509 **out);

/* ---- PEM ---- */

/*
 * cert_unarmour() converts PEM (with one of the labels, separated by '|';
 * NULL: any) or bare base64 to DER or BER; other bytes are copied unchanged.
 * Returns NULL, or the reason why it cannot.
 */
const char *cert_unarmour(const struct buf *in, const char *labels,
    struct buf *out);

/* Appends der as one PEM block with a label ("CMS", "CERTIFICATE"). */
void cert_armour(const char *label, const struct buf *der, struct buf *out);

/* ---- writing ---- */

/*
 * CERT_PUT_DER appends the output of an i2d function of OpenSSL.  These
 * objects were decoded or built here, so a length that is not positive can
 * only mean that memory ran out.
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
void cert_spki_of(const X509 *cert, struct buf *out);	/* unchanged, as in the
							 * certificate */
void cert_name_to_der(const X509_NAME *name, struct buf *out);

/* ---- keys ---- */

/*
 * Returns the name of a key, such as "rsa:2048" or "ec:P-256"; the caller
 * frees it.
 */
char *cert_key_name(const EVP_PKEY *key);

/*
 * cert_make_key() makes a key of the kind with that name; FAULT for an unknown
 * one.
 */
enum status cert_make_key(const char *kind, EVP_PKEY **out) USE_RESULT;

/*
 * cert_put_key() does the same as X509_set_pubkey() at a tenth of the cost for
 * RSA.  The key cannot be read from the certificate in memory afterwards, only
 * from its encoding.
 */
bool cert_put_key(X509 *cert, EVP_PKEY *key);

bool cert_key_is_rsa(const EVP_PKEY *key);
int cert_key_bits(const EVP_PKEY *key);
bool cert_key_equal(const EVP_PKEY *a, const EVP_PKEY *b);

/* ---- facts ---- */

/*
 * Returns seconds since 1970, or CERT_NO_TIME (the year 1) if the date cannot
 * be read: a caller that forgets to check takes it for long past.
 */
#define CERT_NO_TIME INT64_C(-62135596800)
int64_t cert_time(const ASN1_TIME *t);

/*
 * cert_time_new() makes a time as RFC 5280 4.1.2.5 requires, UTCTime before
 * 2050; cert_time_set() sets an existing one.  They use 64 bits, whatever the
 * size of time_t.  A time outside the years 0000 to 9999 is moved to the
 * nearest time within.  They return NULL or false if memory runs out.
 */
ASN1_TIME *cert_time_new(int64_t t);
bool cert_time_set(ASN1_TIME *at, int64_t t);
int64_t cert_not_before(const X509 *cert);
int64_t cert_not_after(const X509 *cert);
void cert_serial_hex(const X509 *cert, struct buf *out);
void cert_integer_hex(const ASN1_INTEGER *n, struct buf *out);
void cert_sha256(const X509 *cert, char out[SECRET_HASH_TEXT]);

/*
 * Returns the RFC 4514 text of a name, escaped as in section 2.4, in UTF-8;
 * the caller frees it.
 */
char *cert_name_text(const X509_NAME *name);

/* The same for a certificate's subject; the caller frees it. */
char *cert_subject_text(const X509 *cert);

/* Returns its public key, borrowed; NULL if the algorithm is unknown. */
const EVP_PKEY *cert_key(const X509 *cert);

/* Adds subject, issuer, serial, sha256, not_before, not_after, key. */
void cert_report(const X509 *cert, struct report *r);

/* Returns the name of a CRLReason (RFC 5280 5.3.1), or NULL: 7 has none. */
const char *cert_reason_name(long reason);

/* ---- names ---- */

/*
 * cert_parse_name() parses "/O=Example, Inc./CN=Device" (with \/ for a slash)
 * or RFC 4514 ("CN=Device,O=Example").  The first form is in the order of the
 * encoding, the second in the reverse order, as the standards require.
 * Returns NULL, or the reason why it cannot.
 */
const char *cert_parse_name(const char *text, X509_NAME **out);

/* Checks a name for cert_parse_name().  Returns NULL, or the reason. */
const char *cert_check_name(const char *text);

/*
 * cert_name_from_pairs() makes a name from n pairs, in their order.  type is a
 * short name or a dotted number, value is UTF-8; joined puts a pair into the
 * RDN of the pair before.  Returns NULL, or the reason, which is about pair
 * *bad.
 */
struct cert_pair {
	const char *type, *value;
	bool joined;
};
const char *cert_name_from_pairs(const struct cert_pair *pairs, size_t n,
    size_t *bad, X509_NAME **out);

/*
 * cert_name_each() calls fn(type, value, rdn, arg) for the attributes of a
 * name in the order of its encoding.  type is the short name or the dotted
 * OID, value is UTF-8, rdn is the number of the RDN from 0, which all parts of
 * a multi-valued RDN share.  Stops at the first status other than OK, and
 * returns it; MALFORMED for a value that is not text.
 */
typedef enum status cert_name_visit(const char *type, const char *value,
    size_t rdn, void *arg);
enum status cert_name_each(const X509_NAME *name, cert_name_visit *fn,
    void *arg) USE_RESULT;

/*
 * Returns the dotted OID of an attribute by its short or long name ("DC"), or
 * by the OID itself; NULL if it is unknown.  The caller frees it.
 */
char *cert_attribute_oid(const char *type);

/* True if one of its RDNs has no attribute, which is invisible in the text. */
bool cert_name_has_empty(const X509_NAME *name);

/*
 * Parses exactly one name, as cert_name_to_der() writes it.  Returns NULL, or
 * the reason why it cannot.
 */
const char *cert_name_from_der(const void *p, size_t len, X509_NAME **out);

/*
 * Compares by RFC 5280 7.1: case, white space and string types do not matter.
 */
bool cert_name_equal(const X509_NAME *a, const X509_NAME *b);

/*
 * cert_add_san() parses "dns:host", "email:a@b", "uri:...", "upn:...",
 * "ip:..." and adds it to *names, which it creates if that is NULL.  Returns
 * NULL, or the reason why it cannot.
 */
const char *cert_add_san(const char *text, GENERAL_NAMES **names);

/* Checks a text for cert_add_san().  Returns NULL, or the reason. */
const char *cert_check_san(const char *text);

/*
 * cert_san_text() returns the text of one alternative name, which the caller
 * frees, and its type ("dns", "email", "uri", "upn", "ip").  *type is NULL for
 * a name of another kind; the text is NULL for a value that is invalid for its
 * type.
 */
char *cert_san_text(const GENERAL_NAME *name, const char **type);

/*
 * cert_names_of() returns the alternative names of a certificate, or NULL; the
 * caller frees them.
 */
GENERAL_NAMES *cert_names_of(const X509 *cert);

/*
 * cert_names_report() appends "dns:host" and so on for each name to an array.
 */
void cert_names_report(const GENERAL_NAMES *names, struct report *array);

/*
 * Convert a set of alternative names to DER, and back; an empty set is NULL,
 * and no bytes.  cert_names_from_der() returns NULL, or the reason why it
 * cannot; the caller frees *out.
 */
void cert_names_to_der(const GENERAL_NAMES *names, struct buf *out);
const char *cert_names_from_der(const void *der, size_t len,
    GENERAL_NAMES **out);

/*
 * Returns in *out the alternative names that a certification request asks for,
 * from all attributes that have any, each name once; NULL if there are none.
 * The caller frees *out.  Returns NULL, or the reason why they cannot be
 * read.
 */
const char *cert_request_names(const X509_REQ *req, GENERAL_NAMES **out);

/*
 * Compare sets of names, in any order, by RFC 5280 7.2 to 7.5: host names
 * without regard to case.  cert_names_within() returns true if all has every
 * name of some.
 */
bool cert_names_equal(const GENERAL_NAMES *a, const GENERAL_NAMES *b);
bool cert_names_within(const GENERAL_NAMES *some, const GENERAL_NAMES *all);

/*
 * Copies a certificate's subject and, unless names is NULL, its
 * subjectAltName; *names is NULL if it has none.  Either is NULL if memory
 * runs out.
 */
void cert_copy_names(const X509 *cert, X509_NAME **subject,
    GENERAL_NAMES **names);

/* ---- chains ---- */

/*
 * Returns NULL if cert was issued by issuer, by name and key; otherwise the
 * reason why not.
 */
const char *cert_issued_by(X509 *cert, X509 *issuer);

bool cert_is_self_signed(X509 *cert);

/*
 * cert_order_chain() sorts the certificates that were given for leaf: each is
 * followed by its issuer, up to the root if that was given.  If there are
 * several issuers (renewed, cross-signed), it prefers those that are valid at
 * now, then those that lead to a root, then those that are valid longer; the
 * order in which they were given does not matter.  *gap is the certificate
 * whose issuer was not given (borrowed; from the chain, or leaf itself), or
 * NULL.
 */
void cert_order_chain(X509 *leaf, STACK_OF(X509) *given, int64_t now,
    STACK_OF(X509) **out, X509 **gap);

/* True if list, which may be NULL, has exactly this certificate. */
bool cert_is_among(const STACK_OF(X509) *list, const X509 *cert);

/* cert_set_serial() returns false if memory runs out. */
bool cert_set_serial(X509 *cert, const unsigned char *raw, size_t len);

/* True if a CA was given that is neither leaf nor in chain. */
bool cert_has_spare_ca(const X509 *leaf, const STACK_OF(X509) *chain,
    const STACK_OF(X509) *given);

/*
 * cert_build_chain() finds and verifies a chain (RFC 5280 section 6) from leaf
 * to one of the anchors, through certificates in untrusted: names, signatures,
 * CA flags, critical extensions, keys of at least 112 bits of security, and no
 * SHA-1 except in an anchor itself.  Every certificate in anchors is one,
 * whether it is a root or not, and even if it is the leaf.  All other issuers
 * must be CAs by basicConstraints.  If there are several paths, one that is
 * valid suffices.  Extended key usage is not checked.  now is the time for
 * which dates are checked, or CERT_NO_TIME for no check.
 *
 * Returns NULL, or the reason why there is no valid chain.  In either case
 * *chain (leaf first) is the chain as far as it was found, and *bad (borrowed
 * from it) the certificate that the reason is about.
 */
const char *cert_build_chain(X509 *leaf, STACK_OF(X509) *untrusted,
    STACK_OF(X509) *anchors, int64_t now, STACK_OF(X509) **chain, X509 **bad);

/*
 * cert_check_issued() is cert_build_chain() for a certificate that we
 * requested: its own key and the digest of its signature may be weak, which
 * its issuer decides, and it must have an issuer.  Returns NULL, or the reason
 * why it is not valid.
 */
const char *cert_check_issued(X509 *leaf, STACK_OF(X509) *untrusted,
    STACK_OF(X509) *anchors, int64_t now);

/*
 * cert_check_depth() returns NULL if the path lengths in a chain allow its
 * first certificate to be an issuer; otherwise the reason why not.
 */
const char *cert_check_depth(STACK_OF(X509) *chain);

/* Returns NULL if cert is valid at this time, otherwise why not. */
const char *cert_check_dates(const X509 *cert, int64_t now);

/* Returns NULL if keyUsage, if present, allows cert to sign messages. */
const char *cert_check_signer(X509 *cert);

/* Returns NULL if cert may issue certificates, as a CA. */
const char *cert_check_issuer(X509 *cert);

/*
 * cert_check_purpose() returns NULL if cert may sign as "smime", "codesign",
 * "client" or "server": its key usage and extended key usage, if present,
 * allow it.  For "signer", which signs profiles, emailProtection must be
 * present; anyExtendedKeyUsage does not suffice.
 */
const char *cert_check_purpose(X509 *cert, const char *purpose);

/*
 * Returns NULL if the extended key usage of an issuer, if present, allows it
 * to issue certificates for that purpose.
 */
const char *cert_check_purpose_below(X509 *issuer, const char *purpose);

/*
 * cert_check_factory() returns NULL for a certificate that may be a factory
 * identity: not a CA, no unknown critical extension, signed with SHA-1 or
 * SHA-256 and RSA.  Otherwise it returns the reason why not.
 */
const char *cert_check_factory(X509 *cert);

/* Returns NULL if the key of holder signed cert, whatever their names are. */
const char *cert_signed_by_key(X509 *cert, X509 *holder);

/*
 * cert_reading_begin() makes reading RSA keys cheap, for a process that reads
 * many.  cert_reading_context() returns the library context for that; NULL,
 * the default one, if cert_reading_begin() was not called.  That context knows
 * only RSA: a caller that finds no key reads again with NULL.
 */
void cert_reading_begin(void);
OSSL_LIB_CTX *cert_reading_context(void);

#endif
