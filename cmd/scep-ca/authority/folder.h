/* folder: what init, install and rollover write into DIR. */
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

/* Certificates one behind the other; first may be NULL. */
enum status folder_put_certs(const char *dir, const char *name,
    const X509 *first, const STACK_OF(X509) *rest) USE_RESULT;

/* folder_has() is io_exists() of a file in it. */
enum status folder_has(const char *dir, const char *name, bool *has)
    USE_RESULT;

/*
 * folder_make_ra() makes the certificate of an RA for key, with a name of its
 * own beside the CA's, valid as long as the CA at most.
 */
enum status folder_make_ra(const struct identity *ca, EVP_PKEY *key,
    int64_t now, X509 **out) USE_RESULT;

/* folder_record() writes a certificate into the ledger. */
enum status folder_record(struct ledger *l, X509 *cert, const char *profile,
    int64_t now) USE_RESULT;

/*
 * folder_put_chain() writes chain.pem, the CA and what is above it, and
 * root.pem, the last of that; a chain without its root is warned about.
 */
enum status folder_put_chain(const char *dir, X509 *ca,
    STACK_OF(X509) *given) USE_RESULT;

#endif
