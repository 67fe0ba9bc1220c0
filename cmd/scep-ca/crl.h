/* crl: the list of revoked certificates (CRL), DIR/crl.der. */
#ifndef MCFG_CRL_H
#define MCFG_CRL_H

#include <stdint.h>

#include "authority/authority.h"

/*
 * crl_make() signs a new CRL and writes it.  If another process has written
 * one with a higher number meanwhile, that one is kept and returned.  The
 * caller frees *out.
 */
enum status crl_make(struct authority *a, int64_t now, X509_CRL **out)
    USE_RESULT;

/*
 * crl_first() opens the folder of a new CA and makes its first CRL, if the CA
 * may sign one.
 */
enum status crl_first(const struct authority_source *source, int64_t now)
    USE_RESULT;

/*
 * crl_current() returns the CRL in DIR, or makes a new one if that is missing
 * or not valid now.  The caller frees *out.
 */
enum status crl_current(struct authority *a, int64_t now, X509_CRL **out)
    USE_RESULT;

/*
 * crl_kept() returns the CRL in DIR, or NULL if it is missing or not valid now.
 * The caller frees *out.
 */
enum status crl_kept(struct authority *a, int64_t now, X509_CRL **out)
    USE_RESULT;

/*
 * crl_show() makes what would be the next CRL, for a dry run: signed with a
 * temporary key, and not recorded.  The caller frees *out.
 */
enum status crl_show(struct authority *a, int64_t now, X509_CRL **out)
    USE_RESULT;

/*
 * crl_number() returns the number of a CRL, or 0 if crl is NULL or has no
 * number.
 */
int64_t crl_number(const X509_CRL *crl);

#endif
