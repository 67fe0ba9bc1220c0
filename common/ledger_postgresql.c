/* The PostgreSQL engine: any number of hosts. */
#include "ledger_engine.h"

enum status
ledger_open_postgresql(struct ledger *l, const char *uri)
{
	(void)l;
	(void)uri;
	return fail(FAULT, "ledger: this build has no PostgreSQL");
}
