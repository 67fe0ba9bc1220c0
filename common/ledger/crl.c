/* The number of a CRL and what it lists. */
#include "ledger/ledger.h"
#include "ledger/local.h"

/*
 * Within the turn to write nothing is revoked, so what has the higher number
 * lists everything that the lower one does.
 */
enum status
ledger_crl(struct ledger *l, int64_t above, ledger_each_certificate *fn,
    void *arg, int64_t *number)
{
	enum status st;

	if ((st = db_begin(l)) != OK)
		return st;
	if ((st = db_rows(l, db_take_int, number, NULL, "INSERT INTO ledger "
	    "(name, value) VALUES ('number:crl', $1 + 1) ON CONFLICT (name) "
	    "DO UPDATE SET value = CASE WHEN ledger.value < $1 THEN $1 ELSE "
	    "ledger.value END + 1 RETURNING value", DB(db_int(above)))) == OK)
		st = ledger_revoked(l, fn, arg);
	return db_end(l, st, true);
}

enum status
ledger_crl_number(struct ledger *l, int64_t *number)
{
	*number = 0;
	return db_rows(l, db_take_int, number, NULL, "SELECT value FROM "
	    "ledger WHERE name = 'number:crl'", DB_NONE);
}
