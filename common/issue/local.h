/* Private to issue/. */
#ifndef MCFG_ISSUE_LOCAL_H
#define MCFG_ISSUE_LOCAL_H

#include "issue/issue.h"

/*
 * issue_key_id() makes a key identifier by the first method of RFC 5280
 * 4.2.1.2; the caller frees it.  NULL if OpenSSL fails.
 */
ASN1_OCTET_STRING *issue_key_id(const X509 *cert);

/* The digest that fits the key that signs. */
const EVP_MD *issue_digest(const EVP_PKEY *key);

#endif
