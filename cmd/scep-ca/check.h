/* check: what the parts of "scep-ca check" share. */
#ifndef MCFG_CHECK_H
#define MCFG_CHECK_H

#include "authority.h"
#include "cert_crl.h"
#include "report.h"

/* What was found so far. */
struct findings {
	struct authority *ca;
	int64_t now;
	struct report *list;
	struct buf text;
	size_t count;
	int64_t certificates, valid, revoked, expired, pending;
};

/* check_found() adds a finding about what, a file or a serial number. */
void check_found(struct findings *f, const char *what, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* The lists of the two generations of a CA; NULL if one cannot be used. */
struct check_crls {
	X509_CRL *now, *old;
};
void check_crls_free(struct check_crls *c);
#define auto_check_crls AUTO(check_crls_free) struct check_crls

/*
 * check_load_crls() reads the lists of revoked certificates, and comes before
 * the ledger is opened: so a list that is made meanwhile is not taken for one
 * that is ahead of it.
 */
void check_load_crls(struct findings *f, struct check_crls *out);

/* check_crls() compares them with the ledger. */
enum status check_crls(struct findings *f, const struct check_crls *c)
    USE_RESULT;

#endif
