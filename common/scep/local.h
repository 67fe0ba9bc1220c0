/*
 * Private to scep/: shared by its files, with the attributes of RFC 8894
 * 3.2.1, for which OpenSSL has no names.
 */
#ifndef MCFG_SCEP_LOCAL_H
#define MCFG_SCEP_LOCAL_H

#include "scep/scep.h"

#define SCEP_OID_TYPE		"2.16.840.1.113733.1.9.2"
#define SCEP_OID_STATUS		"2.16.840.1.113733.1.9.3"
#define SCEP_OID_FAIL		"2.16.840.1.113733.1.9.4"
#define SCEP_OID_SENDER		"2.16.840.1.113733.1.9.5"
#define SCEP_OID_RECIPIENT	"2.16.840.1.113733.1.9.6"
#define SCEP_OID_TRANSACTION	"2.16.840.1.113733.1.9.7"
#define SCEP_OID_FAIL_TEXT	"1.3.6.1.5.5.7.24.1"
#define SCEP_OID_HRESULT	"1.3.6.1.4.1.311.21.33"

/* A signed attribute with one value. */
bool scep_add_attribute(CMS_SignerInfo *si, const char *oid, int type,
    const void *data, size_t len);
bool scep_add_text(CMS_SignerInfo *si, const char *oid, const char *text);

/*
 * scep_open_sealed() decrypts the content of an envelope.  plain always gets
 * some bytes: if decryption fails, as many random bytes.
 */
enum status scep_open_sealed(const struct scep_message *m,
    const struct scep_recipient *to, size_t count, struct buf *plain)
    USE_RESULT;

/*
 * Decrypts single DES, which needs a separate library context.  False if it
 * fails.
 */
bool scep_decrypt_des(const struct scep_message *m,
    const struct scep_recipient *r, struct buf *plain);

/* cms_encrypt() to a single certificate. */
enum status scep_seal(const struct buf *content, X509 *to, const char *cipher,
    struct buf *der) USE_RESULT;

#endif
