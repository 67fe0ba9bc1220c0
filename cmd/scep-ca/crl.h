/* crl: the list of revoked certificates, DIR/crl.der. */
#ifndef MCFG_CRL_H
#define MCFG_CRL_H

#include <stdint.h>

#include "authority/authority.h"

/*
 * crl_make() signs a new one and puts it in its place.  If another process
 * has put one with a higher number there meanwhile, that one stays, and is
 * the result.
 */
enum status crl_make(struct authority *a, int64_t now, X509_CRL **out)
    USE_RESULT;

/*
 * crl_first() makes the first list of a new CA, if that may sign one; it opens
 * the folder again.
 */
enum status crl_first(const struct authority_source *source, int64_t now)
    USE_RESULT;

/* crl_current() gives the one that is there, or a new one when its time is
 * over. */
enum status crl_current(struct authority *a, int64_t now, X509_CRL **out)
    USE_RESULT;

/* crl_kept() is the list in DIR, yours; NULL if its time is over. */
enum status crl_kept(struct authority *a, int64_t now, X509_CRL **out)
    USE_RESULT;

/*
 * crl_show() makes what would be the next one, for a dry run: signed by a key
 * that nobody keeps, and recorded nowhere.
 */
enum status crl_show(struct authority *a, int64_t now, X509_CRL **out)
    USE_RESULT;

/* crl_number() is the number of a list, or 0 if it is NULL or has none. */
int64_t crl_number(const X509_CRL *crl);

#endif
