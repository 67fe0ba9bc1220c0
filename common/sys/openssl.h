/* openssl: the configuration of libcrypto. */
#ifndef MCFG_SYS_OPENSSL_H
#define MCFG_SYS_OPENSSL_H

#include "base/diag.h"

/*
 * openssl_configure() loads the configuration that OPENSSL_CONF names, if it
 * is set, and checks that it did what it says; before anything else is asked
 * of OpenSSL.  FAULT if it cannot be loaded, if one of its providers is
 * missing, or if none of them has SHA-256.
 */
enum status openssl_configure(void) USE_RESULT;

#endif
