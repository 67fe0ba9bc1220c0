/* Forgetting the operator's challenges. */
#include "ledger/ledger.h"
#include "ledger/local.h"

enum status
ledger_purge_challenges(struct ledger *l, int64_t before, size_t *count)
{
	int64_t n = 0;
	enum status st;

	*count = 0;
	if ((st = db_begin(l)) != OK)
		return st;
	st = db_run(l, &n, "DELETE FROM challenge WHERE purpose = 'manual' "
	    "AND enrollment IS NULL AND spent = 0 AND expires < $1 AND NOT "
	    "EXISTS (SELECT 1 FROM request WHERE request.challenge = "
	    "challenge.hash)", DB(db_int(before)));
	*count = (size_t)n;
	return db_end(l, st, true);
}
