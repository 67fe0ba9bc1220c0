/*
 * cert_parts: what the files of cert share with each other and with nobody
 * else.
 */
#ifndef MCFG_X509_LOCAL_H
#define MCFG_X509_LOCAL_H

#include "x509/cert.h"
#include "x509/pem.h"

/* The attribute type with this name or OID; NULL if there is none.  Yours. */
ASN1_OBJECT *cert_find_type(const char *type);

/* The identifier octet of the first element inside, or -1. */
int der_inner_tag(const unsigned char *p, size_t len);

/*
 * key_parse() parses a private key, or a PKCS #12 with certificate and chain,
 * which go to id->cert and id->chain.  pass is called only if a passphrase is
 * needed; it prints the reason of a status other than OK.
 */
typedef enum status key_pass(void *arg, struct buf *out);
enum status key_parse(const struct buf *in, const char *name, key_pass *pass,
    void *arg, struct identity *out) USE_RESULT;

/*
 * key_from_pkcs8() parses a private key that is not encrypted.  Returns NULL,
 * or the reason why it cannot.
 */
const char *key_from_pkcs8(const struct buf *der, EVP_PKEY **out);

/* key_from_pkcs12() is key_parse() for a PKCS #12, in DER. */
enum status key_from_pkcs12(const struct buf *der, const char *name,
    key_pass *pass, void *arg, struct identity *out) USE_RESULT;

/*
 * key_from_rsa() parses an RSAPrivateKey with two primes.  Returns false for
 * anything unusual, which is left to OpenSSL's own decoder.
 */
bool key_from_rsa(const unsigned char *der, size_t len, EVP_PKEY **out);

/*
 * key_from_token() finds the key with a pkcs11: URI (RFC 7512); pass is called
 * for the PIN if the URI has no pin-source.  Returns FAULT if this system
 * cannot open tokens, or if there is no such key.  key_from_engine() is the
 * part for OpenSSL's ENGINE; module may be empty.
 */
enum status key_from_token(const char *uri, key_pass *pass, void *arg,
    EVP_PKEY **out) USE_RESULT;
enum status key_from_engine(const char *object, struct buf *module,
    struct buf *pin, EVP_PKEY **out) USE_RESULT;

#endif
