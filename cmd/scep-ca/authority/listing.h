/* listing: certificates of the ledger, as list and show print them. */
#ifndef MCFG_SCEP_CA_AUTHORITY_LISTING_H
#define MCFG_SCEP_CA_AUTHORITY_LISTING_H

#include <stdint.h>

#include "json/report.h"
#include "ledger/ledger.h"

/* "valid", "expired", "revoked" or "not_yet_valid". */
const char *listing_state(const struct ledger_certificate *c, int64_t now);

/* The number of a CRLReason's name, or -1. */
int listing_reason_number(const char *name);

/* listing_serial() reads a serial number in whatever form it was typed: hex in
 * either case, with colons or without; into lower case of even length. */
enum status listing_serial(const char *text, struct buf *out) USE_RESULT;

/* serial subject state not_before not_after enrollment transaction ... */
void listing_report(const struct ledger_certificate *c, int64_t now,
    struct report *r);

/*
 * listing_text() writes text, escaped for a terminal and whole: who decides by
 * it must see its end.
 */
void listing_text(const char *text, struct buf *out);

/*
 * A transaction as one word, a blank in it as \x20: its client chose it, and it
 * must not look like the columns behind it.
 */
void listing_transaction(const char *transaction, struct buf *out);

/*
 * A whole name as people read it: the subject, and the alternative names
 * behind it as a JSON array, if there are any.  Escaped for a terminal.
 */
void listing_name(const char *subject, const struct ledger_name *name,
    struct buf *out);

/*
 * How much of the SHA-256 of a CSR is shown, in hex digits: so much that nobody
 * finds two CSRs that begin alike.
 */
enum { LISTING_CSR = 32 };

/* listing_names() adds the alternative names as an array. */
void listing_names(const struct ledger_name *name, struct report *r);

/* "3d", "5h", "7m", "12s": how long ago. */
enum { LISTING_AGE = 24 };
char *listing_age(int64_t since, int64_t now, char out[LISTING_AGE]);

#endif
