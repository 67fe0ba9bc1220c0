/*
 * listing: certificates of the ledger in the form in which list and show print
 * them.
 */
#ifndef MCFG_SCEP_CA_AUTHORITY_LISTING_H
#define MCFG_SCEP_CA_AUTHORITY_LISTING_H

#include <stdint.h>

#include "json/report.h"
#include "ledger/ledger.h"

/* Returns "valid", "expired", "revoked" or "not_yet_valid". */
const char *listing_state(const struct ledger_certificate *c, int64_t now);

/* Returns the number of a CRLReason by its name, or -1. */
int listing_reason_number(const char *name);

/*
 * listing_serial() reads a serial number in any usual form (hexadecimal in
 * either case, with or without colons) and writes it in lower case with an
 * even number of digits.
 */
enum status listing_serial(const char *text, struct buf *out) USE_RESULT;

/*
 * Adds serial, subject, state, not_before, not_after, enrollment, transaction
 * and so on.
 */
void listing_report(const struct ledger_certificate *c, int64_t now,
    struct report *r);

/*
 * listing_text() prints text, escaped for a terminal and never truncated:
 * somebody who decides by it must see its end.
 */
void listing_text(const char *text, struct buf *out);

/*
 * Prints a transaction ID as one word, with \x20 for a blank: a client chose
 * it, and it must not imitate the columns after it.
 */
void listing_transaction(const char *transaction, struct buf *out);

/*
 * Prints a whole name for people: the subject, followed by the alternative
 * names as a JSON array, if there are any; escaped for a terminal.
 */
void listing_name(const char *subject, const struct ledger_name *name,
    struct buf *out);

/*
 * How many hexadecimal digits of a CSR's SHA-256 are shown: enough that nobody
 * can make two CSRs with the same beginning.
 */
enum { LISTING_CSR = 32 };

/* listing_names() adds the alternative names as an array. */
void listing_names(const struct ledger_name *name, struct report *r);

/* The age as "3d", "5h", "7m" or "12s". */
enum { LISTING_AGE = 24 };
char *listing_age(int64_t since, int64_t now, char out[LISTING_AGE]);

#endif
