/* check: shared by the parts of "scep-ca check". */
#ifndef MCFG_CHECK_H
#define MCFG_CHECK_H

#include "authority/authority.h"
#include "json/report.h"
#include "x509/crl.h"

/* The state of the checks, and how much they found. */
struct findings {
	struct authority *ca;
	int64_t now;
	struct report *list;
	struct buf text;
	size_t count;
	int64_t certificates, valid, revoked, expired, pending;
	int64_t unbound;	/* certificates obtained with unbound
				 * challenges */
	int64_t signer_since;	/* when the newest valid signer was issued */
	char *old_signer;	/* its serial number, if it lacks
				 * emailProtection */
};

/* check_found() adds a finding about what: a file or a serial number. */
void check_found(struct findings *f, const char *what, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/*
 * check_failed() is called if what could not be read, for the reason in why.  A
 * missing or malformed file is a finding; check_failed() then returns OK.  If
 * the file could not be examined at all, it prints the message and returns
 * FAULT.
 */
enum status check_failed(struct findings *f, const char *what,
    const struct problem *why) USE_RESULT;

/*
 * The CRLs of both generations of a CA; NULL if one is missing or cannot be
 * used.
 */
struct check_crls {
	X509_CRL *now, *old;
};
void check_crls_free(struct check_crls *c);
#define auto_check_crls AUTO(check_crls_free) struct check_crls

/*
 * check_load_crls() reads the CRLs.  Call it before the ledger is opened: a
 * CRL that is signed meanwhile would otherwise seem to be ahead of the ledger.
 */
enum status check_load_crls(struct findings *f, struct check_crls *out)
    USE_RESULT;

/* check_crls() compares the CRLs with the ledger. */
enum status check_crls(struct findings *f, const struct check_crls *c)
    USE_RESULT;

/*
 * check_note_signer() looks at each certificate of the ledger.  check_signer()
 * then warns if the newest signer is of the kind that was made before 0.2.0.
 * Older signers may be valid, but are not in use.
 */
void check_note_signer(struct findings *f, const struct ledger_certificate *c,
    X509 *cert);
void check_signer(const struct findings *f);

#endif
