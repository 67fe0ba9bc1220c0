/* issued: checks whether a certificate is the answer to the request. */
#ifndef SCEP_RESPONSE_ISSUED_H
#define SCEP_RESPONSE_ISSUED_H

#include <stdbool.h>
#include <stdint.h>

#include "scep/cacert.h"
#include "x509/cert.h"

/* What was requested.  The struct owns everything in it. */
struct issued_request {
	char *key_sha256;	/* of the SubjectPublicKeyInfo */
	X509 *signer;		/* signer of the request: never the answer */
	X509_NAME *subject;
	bool has_names;		/* names is valid */
	GENERAL_NAMES *names;	/* NULL: no names were requested */
};
#define ISSUED_REQUEST_INIT { NULL, NULL, NULL, false, NULL }
void issued_request_free(struct issued_request *r);

/*
 * Reads a subjectAltName from DER; der is empty if there are no names.
 * Returns NULL, or why it cannot be read.  The caller frees *out.
 */
const char *issued_read_names(const struct buf *der, GENERAL_NAMES **out);

/*
 * issued_choose() finds the certificate that has the key, was issued by one of
 * the CAs, is not the signer's and has not expired; if there are several, the
 * newest.  *out is borrowed from certs.  Returns REFUSED, and prints the
 * reason, if there is none; warns if it is not valid yet.
 */
enum status issued_choose(const struct issued_request *r, const char *name,
    STACK_OF(X509) *certs, const struct scep_cacert *trust, int64_t now,
    X509 **out) USE_RESULT;

/*
 * issued_check_names() warns if the subject or the alternative names are not
 * the requested ones (RFC 5280 7.1).  If require is true, it returns REFUSED
 * instead.
 */
enum status issued_check_names(const struct issued_request *r,
    const char *name, X509 *cert, bool require) USE_RESULT;

#endif
