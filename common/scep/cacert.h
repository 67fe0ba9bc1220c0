/*
 * scep_trust: who a SCEP server is.  What GetCACert returns is not signed: it
 * is read once, each certificate in it is verified, and the objects that were
 * verified are the ones that are used, to encrypt to and to verify replies.
 * The system's trust store is never asked.
 */
#ifndef MCFG_SCEP_CACERT_H
#define MCFG_SCEP_CACERT_H

#include <stdbool.h>
#include <stdint.h>

#include "x509/cert.h"

enum { SCEP_TRUST_MAX = 64 };	/* certificates in a GetCACert response */

/* What the command line says; members not given are NULL or empty. */
struct scep_trust_source {
	const char *ca;			/* FILE of the response */
	const char *anchor;		/* FILE of CAs that the server is of */
	const char *fingerprint;	/* or the digest of its CA, hex */
	struct strings ra;		/* digests of RAs without a mark */
	bool no_trust;			/* or take any CA, unseen */
};

/* Rows for the options table of a tool. */
#define OPT_SCEP_TRUST(t)						\
	{ 0, "ca", "FILE", "GetCACert's response: the CA, or RA and CA", \
	    .value = &(t).ca },						\
	{ 0, "anchor", "FILE", "verify --ca: the CA it must lead to",	\
	    .value = &(t).anchor },					\
	{ 0, "fingerprint", "HEX", "or that CA's SHA-256, SHA-1 or SHA-512", \
	    .value = &(t).fingerprint,					\
	    .check = scep_trust_check_print },				\
	{ 0, "no-trust", NULL, "or take any CA in --ca, unverified",	\
	    .flag = &(t).no_trust },					\
	{ 0, "ra-fingerprint", "HEX", "digest of an RA that is not marked", \
	    .values = &(t).ra, .check = scep_trust_check_print }

/* NULL if value is a fingerprint in hex, else the reason why not. */
const char *scep_trust_check_print(const char *value);

/* Everything belongs to the struct, except what is borrowed. */
struct scep_trust {
	STACK_OF(X509) *cas;	/* may issue, and sign replies */
	STACK_OF(X509) *ras;	/* may sign replies */
	STACK_OF(X509) *known;	/* both; borrows its certificates */
	X509 *recipient;	/* whom to encrypt to, borrowed from cas or
				 * ras; NULL if none is wanted */
	X509 *ca;		/* it, or the CA that issued it, borrowed */
	STACK_OF(X509) *anchors;
};
#define SCEP_TRUST_INIT	{ NULL, NULL, NULL, NULL, NULL, NULL }
#define auto_scep_trust	AUTO(scep_trust_free) struct scep_trust
void scep_trust_free(struct scep_trust *t);

/* USAGE (printed) if the options do not go together or --ca is missing. */
enum status scep_trust_check(const struct scep_trust_source *src) USE_RESULT;

/*
 * scep_trust_load() reads and verifies.  With an anchor, a fingerprint or
 * no_trust the response must be DER; without any of them the file is the
 * user's own, may be PEM, and every CA in it is an anchor.
 *
 * The recipient is the first RA that enciphers keys, else the first such CA,
 * or the CA that is alone there.
 * An RA is issued by one of the CAs and has the extended key usage
 * id-kp-cmcRA (RFC 6402) or Microsoft's Certificate Request Agent, and neither
 * clientAuth nor serverAuth; or one of src->ra names it, and then no other RA
 * is the recipient.
 *
 * REFUSED if nothing leads to an anchor, or (if one is wanted) nothing may be
 * the recipient; MALFORMED if a response is not a list of at most
 * SCEP_TRUST_MAX certificates; FAULT for a file of the user's that cannot be
 * used.
 */
enum status scep_trust_load(const struct scep_trust_source *src, int64_t now,
    bool want_recipient, struct scep_trust *out) USE_RESULT;

/* True if cert is one of the CAs or RAs. */
bool scep_trust_signs(const struct scep_trust *t, const X509 *cert);

/*
 * scep_trust_issued() is NULL if cert leads to an anchor, through the CAs of
 * the response or those among untrusted; else the reason why not.  One that is
 * not valid yet is judged as of the time when it will be.
 */
const char *scep_trust_issued(const struct scep_trust *t, X509 *cert,
    const STACK_OF(X509) *untrusted, int64_t now);

#endif
