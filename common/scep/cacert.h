/*
 * scep_cacert: who a SCEP server is.  The response to GetCACert is not signed:
 * it is read once, each certificate in it is verified, and only the verified
 * objects are used, to encrypt to and to verify replies.  The system's trust
 * store is never used.
 */
#ifndef MCFG_SCEP_CACERT_H
#define MCFG_SCEP_CACERT_H

#include <stdbool.h>
#include <stdint.h>

#include "x509/cert.h"

enum { SCEP_CACERT_MAX = 64 };	/* certificates in a GetCACert response */

/* Options of the command line; members that are not given are NULL or empty. */
struct scep_cacert_source {
	const char *ca;			/* FILE with the response */
	const char *anchor;		/* FILE with CAs that the server must
					 * lead to */
	const char *fingerprint;	/* or the digest of the server's CA,
					 * hexadecimal */
	struct strings ra;		/* digests of RAs that are not marked as
					 * RAs */
	bool no_trust;			/* or accept any CA without a check */
};

/* Rows for the options table of a tool. */
#define OPT_SCEP_CACERT(t)						\
	{ 0, "ca", "FILE", "response to GetCACert: the CA, or RA and CA", \
	    .value = &(t).ca, .is_file = true },			\
	{ 0, "anchor", "FILE", "verify --ca with the CAs in FILE",	\
	    .value = &(t).anchor, .is_file = true },			\
	{ 0, "fingerprint", "HEX", "or verify it with the digest of the CA", \
	    .value = &(t).fingerprint,					\
	    .check = scep_cacert_check_print },				\
	{ 0, "no-trust", NULL, "or accept any CA in --ca, unverified",	\
	    .flag = &(t).no_trust },					\
	{ 0, "ra-fingerprint", "HEX", "digest of an RA that is not " \
	    "marked as one",						\
	    .values = &(t).ra, .check = scep_cacert_check_print }

/*
 * Checks a fingerprint in hexadecimal.  Returns NULL, or the reason why it is
 * invalid.
 */
const char *scep_cacert_check_print(const char *value);

/* The struct owns everything that is not borrowed. */
struct scep_cacert {
	STACK_OF(X509) *cas;	/* may issue certificates and sign replies */
	STACK_OF(X509) *ras;	/* may sign replies */
	STACK_OF(X509) *known;	/* both; its certificates are borrowed */
	X509 *recipient;	/* the certificate to encrypt to, borrowed from
				 * cas or ras; NULL if it is not needed */
	X509 *ca;		/* the recipient, or the CA that issued it;
				 * borrowed */
	STACK_OF(X509) *anchors;
};
#define SCEP_CACERT_INIT	{ NULL, NULL, NULL, NULL, NULL, NULL }
#define auto_scep_cacert	AUTO(scep_cacert_free) struct scep_cacert
void scep_cacert_free(struct scep_cacert *t);

/*
 * Returns USAGE, after a message, if the options exclude each other or --ca is
 * missing.
 */
enum status scep_cacert_check(const struct scep_cacert_source *src) USE_RESULT;

/*
 * scep_cacert_load() reads and verifies the response.  With an anchor, a
 * fingerprint or no_trust, it must be DER; otherwise it is a file of the
 * user's, which may be PEM, and in which every CA is an anchor.
 *
 * The recipient is the first RA whose key may encrypt, otherwise the first
 * such CA, or the CA if it is the only certificate.  An RA is issued by one of
 * the CAs and has the extended key usage id-kp-cmcRA (RFC 6402) or Microsoft's
 * Certificate Request Agent, and neither clientAuth nor serverAuth; or it is
 * one of src->ra, and then no other RA is the recipient.
 *
 * Returns REFUSED if nothing leads to an anchor or, with want_recipient, if no
 * certificate can be the recipient; MALFORMED if a response is not a list of
 * at most SCEP_CACERT_MAX certificates; FAULT for a file of the user's that
 * cannot be used.
 */
enum status scep_cacert_load(const struct scep_cacert_source *src, int64_t now,
    bool want_recipient, struct scep_cacert *out) USE_RESULT;

/* Returns true if cert is one of the CAs or RAs. */
bool scep_cacert_signs(const struct scep_cacert *t, const X509 *cert);

/*
 * scep_cacert_issued() returns NULL if cert leads to an anchor, through the CAs
 * of the response or through untrusted; otherwise the reason why not.  A
 * certificate that is not valid yet is judged as of the beginning of its
 * validity.
 */
const char *scep_cacert_issued(const struct scep_cacert *t, X509 *cert,
    const STACK_OF(X509) *untrusted, int64_t now);

#endif
