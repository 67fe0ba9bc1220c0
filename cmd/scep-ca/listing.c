#include "listing.h"

#include <string.h>

#include "mem.h"

/* RFC 5280 5.3.1; 7 is not used. */
static const char *const reasons[] = {
	"unspecified", "keyCompromise", "cACompromise", "affiliationChanged",
	"superseded", "cessationOfOperation", "certificateHold", NULL,
	"removeFromCRL", "privilegeWithdrawn", "aACompromise",
};

const char *
listing_reason(int reason)
{
	return reason >= 0 && (size_t)reason < ARRAY_LEN(reasons) ?
	    reasons[reason] : NULL;
}

int
listing_reason_number(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(reasons); i++)
		if (reasons[i] != NULL && strcmp(reasons[i], name) == 0)
			return (int)i;
	return -1;
}

const char *
listing_state(const struct ledger_certificate *c, int64_t now)
{
	if (c->revoked != 0)
		return "revoked";
	if (now > c->not_after)
		return "expired";
	return now < c->not_before ? "not_yet_valid" : "valid";
}

void
listing_report(const struct ledger_certificate *c, int64_t now,
    struct report *r)
{
	report_str(r, "serial", c->serial);
	report_str(r, "subject", c->subject);
	report_str(r, "state", listing_state(c, now));
	report_time(r, "not_before", c->not_before);
	report_time(r, "not_after", c->not_after);
	report_str(r, "enrollment", c->enrollment);
	report_str(r, "transaction", c->transaction);
	report_str(r, "profile", c->profile);
	report_str(r, "purpose", c->purpose);
	report_time(r, "issued", c->issued);
	if (c->revoked == 0)
		return;
	report_time(r, "revoked", c->revoked);
	report_str(r, "reason", listing_reason(c->reason));
}
