/*
 * issued: is a certificate the answer to the request?
 */
#ifndef SCEP_RESPONSE_ISSUED_H
#define SCEP_RESPONSE_ISSUED_H

#include <stdbool.h>
#include <stdint.h>

#include "scep/cacert.h"
#include "x509/cert.h"

/* What was asked for.  Everything belongs to the struct. */
struct issued_request {
	char *key_sha256;	/* of the SubjectPublicKeyInfo */
	X509 *signer;		/* who signed: never the answer */
	X509_NAME *subject;
	bool has_names;		/* names is known */
	GENERAL_NAMES *names;	/* or NULL: none was asked for */
};
#define ISSUED_REQUEST_INIT { NULL, NULL, NULL, false, NULL }
void issued_request_free(struct issued_request *r);

/*
 * The DER of a subjectAltName, empty if there are no names.  NULL, or why it
 * cannot be read.
 */
const char *issued_read_names(const struct buf *der, GENERAL_NAMES **out);

/*
 * issued_choose() finds the certificate that holds the key, was issued by one
 * of the CAs, is not that of the signer and has not expired: of several the
 * newest.  *out is borrowed from certs.  REFUSED (printed) if there is none;
 * one that is not valid yet is a warning.
 */
enum status issued_choose(const struct issued_request *r, const char *name,
    STACK_OF(X509) *certs, const struct scep_trust *trust, int64_t now,
    X509 **out) USE_RESULT;

/*
 * issued_check_names() warns if the subject or the alternative names are not
 * what was asked for (RFC 5280 7.1); with require it is REFUSED.
 */
enum status issued_check_names(const struct issued_request *r,
    const char *name, X509 *cert, bool require) USE_RESULT;

#endif
