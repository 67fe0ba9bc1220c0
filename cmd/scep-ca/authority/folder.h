/* folder: writes files into DIR, for init, install and rollover. */
#ifndef MCFG_SCEP_CA_AUTHORITY_FOLDER_H
#define MCFG_SCEP_CA_AUTHORITY_FOLDER_H

#include <stdbool.h>

#include "authority/authority.h"

enum status folder_put(const char *dir, const char *name, bool is_private,
    const struct buf *b) USE_RESULT;
enum status folder_put_key(const char *dir, const char *name,
    const EVP_PKEY *key) USE_RESULT;
enum status folder_put_cert(const char *dir, const char *name,
    const X509 *cert) USE_RESULT;

/* Writes certificates into one file; first may be NULL. */
enum status folder_put_certs(const char *dir, const char *name,
    const X509 *first, const STACK_OF(X509) *rest) USE_RESULT;

/* folder_has() is io_exists() for a file in DIR. */
enum status folder_has(const char *dir, const char *name, bool *has)
    USE_RESULT;

/*
 * folder_make_ra() issues the certificate of an RA for key.  Its name is
 * derived from the CA's, and it does not outlast the CA.  The caller frees
 * *out.
 */
enum status folder_make_ra(const struct identity *ca, EVP_PKEY *key,
    int64_t now, X509 **out) USE_RESULT;

/* folder_record() records a certificate in the ledger. */
enum status folder_record(struct ledger *l, X509 *cert, const char *profile,
    int64_t now) USE_RESULT;

/*
 * folder_put_chain() writes chain.pem, with the CA and its issuers, and
 * root.pem, with the last of them.  It warns if the chain does not reach a
 * root.
 */
enum status folder_put_chain(const char *dir, X509 *ca,
    STACK_OF(X509) *given) USE_RESULT;

#endif
