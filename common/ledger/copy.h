/* Copies a ledger to another database. */
#ifndef MCFG_LEDGER_COPY_H
#define MCFG_LEDGER_COPY_H

#include "ledger/ledger.h"

struct ledger_table {
	const char *name;
	int64_t rows;
	char hash[SECRET_HASH_TEXT];	/* over all rows, equal in both
					 * ledgers */
};

/*
 * ledger_copy() copies everything into an empty ledger (otherwise REFUSED),
 * reads it back, compares counts and hashes (FAULT if they differ), and
 * commits all or nothing.  Nobody may write to the source meanwhile.  fn, or
 * NULL, is called for each table before the commit.
 */
typedef enum status ledger_each_table(const struct ledger_table *t, void *arg);
enum status ledger_copy(struct ledger *from, struct ledger *to,
    ledger_each_table *fn, void *arg) USE_RESULT;

#endif
