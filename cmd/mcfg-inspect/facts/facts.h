/*
 * cert_facts: what certificates, requests, revocation lists, keys and PKCS #12
 * say about themselves, for people and programs.  Nothing is judged; anything
 * unusual becomes a note.
 *
 * Functions that read return NULL, or the reason why the bytes are something
 * else; r is then unchanged.  The bytes may be BER, and are untrusted.
 */
#ifndef MCFG_INSPECT_FACTS_FACTS_H
#define MCFG_INSPECT_FACTS_FACTS_H

#include "base/ber.h"
#include "json/report.h"
#include "x509/cert.h"

/* How facts are reported. */
struct facts {
	struct report *notes;	/* an array: {"id", "where", "text"}; borrowed */
	int64_t at;		/* dates are compared with this time */
	bool show_secrets;
};

/* Printed in place of a secret. */
extern const char facts_mask[];

/*
 * facts_note() adds a note about something unusual.  where is the part that it
 * is about ("certificates[0]"), or NULL.  If there are too many notes, the
 * last one has the id "more".
 */
void facts_note(const struct facts *f, const char *id, const char *where,
    const char *fmt, ...) PRINTF_LIKE(4, 5);

/* ---- parts that all structures share ---- */

/*
 * facts_oid() returns our or OpenSSL's name of an OBJECT IDENTIFIER ("sha256",
 * "aes-128-cbc", "transactionID"), or its dotted numbers if it has no name;
 * the caller frees it.  *known, unless known is NULL, is set to whether it has
 * a name.
 */
char *facts_oid(const struct ber_item *i, bool *known);

/*
 * facts_algorithm() returns the name of an AlgorithmIdentifier; the caller
 * frees it.
 */
char *facts_algorithm(const struct ber_item *i);

/* facts_name() returns the RFC 4514 text of a Name; the caller frees it. */
char *facts_name(const struct ber_item *i);

/* facts_serial() appends an INTEGER in the form of serial numbers. */
void facts_serial(const struct ber_item *i, struct buf *out);

/*
 * facts_value() appends a value of an attribute as text: strings unchanged,
 * times, names of OBJECT IDENTIFIERs, numbers; anything else in hexadecimal.
 */
void facts_value(const struct ber_item *i, struct buf *out);

/* facts_digest_note() notes MD5, SHA-1 and digests that are not in use. */
void facts_digest_note(const struct facts *f, const char *where,
    const char *algorithm);

/* ---- the structures ---- */

/*
 * Adds subject, issuer, serial, dates, key, algorithms, fingerprints, usages,
 * names and extensions as members of r.
 */
void facts_certificate(const struct facts *f, const char *where, X509 *cert,
    struct report *r);

const char *facts_request(const struct facts *f, const void *p, size_t len,
    struct report *r);
const char *facts_crl(const struct facts *f, const char *where, const void *p,
    size_t len, struct report *r);

/* A private key: PKCS #8 (also encrypted), PKCS #1 or SEC 1. */
const char *facts_private_key(const struct facts *f, const void *p, size_t len,
    struct report *r);
const char *facts_public_key(const struct facts *f, const void *p, size_t len,
    struct report *r);

/* PKCS #12 without its password: structure and algorithms only. */
const char *facts_pkcs12(const struct facts *f, const void *p, size_t len,
    struct report *r);

/*
 * IssuerAndSubject and IssuerAndSerialNumber: the content of CertPoll and
 * GetCert.
 */
const char *facts_query(const void *p, size_t len, struct report *r);

#endif
