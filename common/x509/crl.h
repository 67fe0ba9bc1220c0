/*
 * cert_crl: reading certificate revocation lists (RFC 5280, 5).
 */
#ifndef MCFG_X509_CRL_H
#define MCFG_X509_CRL_H

#include "x509/cert.h"

/*
 * cert_crl_from_der() parses a CRL and verifies its signature with the key of
 * ca, unless that is NULL.  Returns NULL, or the reason why it is refused;
 * *out is then unchanged.
 */
const char *cert_crl_from_der(const struct buf *der, X509 *ca,
    X509_CRL **out);

/* cert_crl_read() does that with a file. */
enum status cert_crl_read(const char *path, X509 *ca, struct problem *why,
    X509_CRL **out) USE_RESULT;

/* cert_crl_to_der() appends the encoding of a CRL. */
void cert_crl_to_der(X509_CRL *crl, struct buf *out);

/*
 * cert_crl_this() returns thisUpdate in seconds since 1970, or CERT_NO_TIME if
 * it cannot be read.
 */
int64_t cert_crl_this(const X509_CRL *crl);

/*
 * cert_crl_next() returns nextUpdate in seconds since 1970, or 0 if the CRL
 * has none.
 */
int64_t cert_crl_next(const X509_CRL *crl);

/*
 * cert_crl_number() appends the CRL number in hexadecimal.  Returns false if
 * the CRL has none.
 */
bool cert_crl_number(const X509_CRL *crl, struct buf *hex);

/* cert_crl_count() returns the number of entries. */
int64_t cert_crl_count(X509_CRL *crl);

/*
 * cert_crl_lists() returns true if the CRL has the serial number, given in
 * hexadecimal.
 */
bool cert_crl_lists(X509_CRL *crl, const char *serial);

#endif
