/* openssl: the configuration of libcrypto. */
#ifndef MCFG_SYS_OPENSSL_H
#define MCFG_SYS_OPENSSL_H

#include "base/diag.h"

/*
 * openssl_configure() loads the configuration in OPENSSL_CONF, if that is set,
 * and checks that it took effect.  Call it before any other function of
 * OpenSSL.  Returns FAULT if the configuration cannot be loaded, if one of its
 * providers is missing, or if none of them has SHA-256.
 */
enum status openssl_configure(void) USE_RESULT;

#endif
