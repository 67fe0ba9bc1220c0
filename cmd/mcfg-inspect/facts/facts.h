/*
 * cert_facts: what certificates, requests, revocation lists, keys and PKCS #12
 * say about themselves, for people and programs that look at them.  Nothing is
 * judged: what is odd is noted as a fact.
 *
 * Functions that read return NULL, or the reason why the bytes are something
 * else; r is then as it was.  The bytes may be BER, and hostile.
 */
#ifndef MCFG_INSPECT_FACTS_FACTS_H
#define MCFG_INSPECT_FACTS_FACTS_H

#include "base/ber.h"
#include "json/report.h"
#include "x509/cert.h"

/* How facts are told. */
struct facts {
	struct report *notes;	/* an array: {"id", "where", "text"}; borrowed */
	int64_t at;		/* the time by which dates are looked at */
	bool show_secrets;
};

/* What stands in the place of a secret. */
extern const char facts_mask[];

/*
 * facts_note() adds what is odd; where may be NULL ("certificates[0]").  What
 * is odd in too many ways ends in a note of id "more".
 */
void facts_note(const struct facts *f, const char *id, const char *where,
    const char *fmt, ...) PRINTF_LIKE(4, 5);

/* ---- parts that every structure has ---- */

/*
 * facts_oid() is our or OpenSSL's name of an OBJECT IDENTIFIER ("sha256",
 * "aes-128-cbc", "transactionID"), else its dots; the text is yours.
 * *known, unless known is NULL, says whether it has a name.
 */
char *facts_oid(const struct ber_item *i, bool *known);

/* facts_algorithm() names an AlgorithmIdentifier; the text is yours. */
char *facts_algorithm(const struct ber_item *i);

/* facts_name() is the RFC 4514 text of a Name; yours. */
char *facts_name(const struct ber_item *i);

/* facts_serial() appends an INTEGER as certificates' serials are written. */
void facts_serial(const struct ber_item *i, struct buf *out);

/*
 * facts_value() appends one value of an attribute as text: strings as they
 * are, times, names of OBJECT IDENTIFIERs, numbers; hexadecimal otherwise.
 */
void facts_value(const struct ber_item *i, struct buf *out);

/* facts_digest_note() notes MD5, SHA-1 and digests that nobody uses. */
void facts_digest_note(const struct facts *f, const char *where,
    const char *algorithm);

/* ---- the structures ---- */

/*
 * Adds subject, issuer, serial, dates, key, algorithms, fingerprints, usages,
 * names and extensions, as members of r.
 */
void facts_certificate(const struct facts *f, const char *where, X509 *cert,
    struct report *r);

const char *facts_request(const struct facts *f, const void *p, size_t len,
    struct report *r);
const char *facts_crl(const struct facts *f, const char *where, const void *p,
    size_t len, struct report *r);

/* A private key, PKCS #8 (encrypted too), PKCS #1 or SEC 1. */
const char *facts_private_key(const struct facts *f, const void *p, size_t len,
    struct report *r);
const char *facts_public_key(const struct facts *f, const void *p, size_t len,
    struct report *r);

/* PKCS #12 without its password: structure and algorithms. */
const char *facts_pkcs12(const struct facts *f, const void *p, size_t len,
    struct report *r);

/* IssuerAndSubject, IssuerAndSerialNumber: what CertPoll, GetCert ask for. */
const char *facts_query(const void *p, size_t len, struct report *r);

#endif
