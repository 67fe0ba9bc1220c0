/* sent: records whether the final configuration was given to the web server. */
#include <string.h>

#include "base/clock.h"
#include "enrollment/local.h"

enum { REASON_MAX = 1000 };	/* bytes, escaped */

static enum status
record(struct ledger *l, const char *id, const char *failed,
    const char *challenge, enum ledger_outcome *outcome)
{
	char reason[REASON_MAX];

	if (failed == NULL)
		return ledger_sent(l, id, clock_now(), outcome);
	diag_escape(failed, strlen(failed), reason, sizeof reason);
	return ledger_not_sent(l, id, challenge, reason, clock_now(),
	    outcome);
}

enum status
enrollment_sent(struct ledger *l, const char *id, const char *failed,
    const char *challenge)
{
	auto_ledger_enrollment e = LEDGER_ENROLLMENT_INIT;
	enum ledger_outcome outcome = LEDGER_CLOSED;
	bool found = false;
	enum status st;

	if ((st = record(l, id, failed, challenge, &outcome)) != OK ||
	    outcome == LEDGER_RECORDED)
		return st;
	if ((st = ledger_find_enrollment(l, id, &found, &e)) != OK)
		return st;
	return found ? fail(REFUSED, "%s: enrollment is %s; it has to be "
	    "certified or configured", id, e.state) :
	    fail(REFUSED, "%s: no such enrollment", id);
}
