/* Private to the files of cert_facts. */
#ifndef MCFG_INSPECT_FACTS_LOCAL_H
#define MCFG_INSPECT_FACTS_LOCAL_H

#include "facts/facts.h"

enum { FACTS_VALUE_MAX = 1024 };	/* bytes of a value that are shown */

/* facts_object() is facts_oid() for an ASN1_OBJECT of OpenSSL. */
char *facts_object(const ASN1_OBJECT *obj, bool *known);

/* Appends bytes in hexadecimal, truncated if there are many. */
void facts_hex_cut(const unsigned char *p, size_t len, struct buf *out);

/* Adds "key"; key is NULL if it cannot be read. */
void facts_key(const struct facts *f, const char *where, const EVP_PKEY *key,
    struct report *r);

/* Adds "signature_algorithm". */
void facts_signature_algorithm(const struct facts *f, const char *where,
    const X509_ALGOR *alg, struct report *r);

/* Adds "alt_names", if there are any, and frees names. */
void facts_alt_names(GENERAL_NAMES *names, struct report *r);

/* Adds "extensions", if there are any. */
void facts_extensions(const struct facts *f, const char *where,
    const STACK_OF(X509_EXTENSION) *exts, struct report *r);

/*
 * Returns a new object for an AlgorithmIdentifier of password-based
 * encryption: PBES2 names its parts, older schemes have salt and iterations.
 */
struct report *facts_encryption(const struct facts *f, const char *where,
    const struct ber_item *alg);

#endif
