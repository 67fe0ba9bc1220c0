/* check: what the parts of "scep-ca check" share. */
#ifndef MCFG_CHECK_H
#define MCFG_CHECK_H

#include "authority/authority.h"
#include "json/report.h"
#include "x509/crl.h"

/* What was found so far. */
struct findings {
	struct authority *ca;
	int64_t now;
	struct report *list;
	struct buf text;
	size_t count;
	int64_t certificates, valid, revoked, expired, pending;
	int64_t unbound;	/* certificates bought by unbound challenges */
	int64_t signer_since;	/* of the newest valid signer */
	char *old_signer;	/* its serial number, if it cannot be told from
				 * a device */
};

/* check_found() adds a finding about what, a file or a serial number. */
void check_found(struct findings *f, const char *what, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/*
 * check_failed() is for what could not be read, and why, captured, with status
 * st: a finding if it is missing or is not what it should be, which is OK; but
 * FAULT, with its line, if it could not be looked at.
 */
enum status check_failed(struct findings *f, const char *what, enum status st,
    const char *reason) USE_RESULT;

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
enum status check_load_crls(struct findings *f, struct check_crls *out)
    USE_RESULT;

/* check_crls() compares them with the ledger. */
enum status check_crls(struct findings *f, const struct check_crls *c)
    USE_RESULT;

/*
 * check_note_signer() looks at each certificate of the ledger, check_signer()
 * then warns of the newest signer if it is of the kind before 0.2.0.  Those
 * before it are valid, perhaps, but not used.
 */
void check_note_signer(struct findings *f, const struct ledger_certificate *c,
    X509 *cert);
void check_signer(const struct findings *f);

#endif
