#include "listing.h"

#include <string.h>

#include "cert.h"

int
listing_reason_number(const char *name)
{
	enum { LAST = 10 };
	int i;

	for (i = 0; i <= LAST; i++)
		if (cert_reason_name(i) != NULL &&
		    strcmp(cert_reason_name(i), name) == 0)
			return i;
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

enum status
listing_serial(const char *text, struct buf *out)
{
	auto_char *even = xasprintf("%s%s", strlen(text) % 2 != 0 &&
	    strchr(text, ':') == NULL ? "0" : "", text);
	auto_buf raw = BUF_INIT;
	const char *reason;
	size_t skip = 0;

	if ((reason = buf_from_hex(even, &raw)) != NULL)
		return fail(USAGE, "%s: not a serial number: %s", text,
		    reason);
	while (skip + 1 < raw.len && raw.data[skip] == 0)
		skip++;
	buf_add_hex(out, raw.data + skip, raw.len - skip);
	return OK;
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
	report_str(r, "reason", cert_reason_name(c->reason));
}
