#include "authority/listing.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "issue/issue.h"
#include "x509/cert.h"

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

	if ((reason = decode_hex(even, &raw)) != NULL)
		return fail(USAGE, "%s: not a serial number: %s", text,
		    reason);
	while (skip + 1 < raw.len && raw.data[skip] == 0)
		skip++;
	encode_hex(out, raw.data + skip, raw.len - skip);
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
	report_bool(r, "unbound", c->unbound);
	if (c->decided != 0) {
		report_str(r, "decider", c->decider);
		report_time(r, "decided", c->decided);
	}
	if (c->revoked == 0)
		return;
	report_time(r, "revoked", c->revoked);
	report_str(r, "reason", cert_reason_name(c->reason));
}

void
listing_names(const struct ledger_name *name, struct report *r)
{
	struct report *list = report_add_array(r, "names");
	auto_GENERAL_NAMES *names = NULL;

	if (cert_names_from_der(name->names.data, name->names.len,
	    &names) == NULL)
		cert_names_report(names, list);
}

void
listing_text(const char *text, struct buf *out)
{
	enum { ESCAPED = 4 };	/* bytes for each byte, at most */
	size_t len = strlen(text), size = ESCAPED * len + ESCAPED;
	char *shown = xmalloc(size);

	buf_puts(out, diag_escape(text, len, shown, size));
	free(shown);
}

void
listing_transaction(const char *transaction, struct buf *out)
{
	auto_buf shown = BUF_INIT;
	const char *s;

	listing_text(transaction, &shown);
	for (s = buf_str(&shown); *s != '\0'; s++)
		if (*s == ' ')
			buf_puts(out, "\\x20");
		else
			buf_putc(out, *s);
}

void
listing_name(const char *subject, const struct ledger_name *name,
    struct buf *out)
{
	auto_GENERAL_NAMES *names = NULL;
	auto_report *list = report_array();
	auto_buf line = BUF_INIT;

	listing_text(subject, out);
	if (cert_names_from_der(name->names.data, name->names.len,
	    &names) != NULL || names == NULL)
		return;
	cert_names_report(names, list);
	report_render_line(list, &line);
	buf_printf(out, " %.*s", (int)strcspn(buf_str(&line), "\n"),
	    buf_str(&line));
}

char *
listing_age(int64_t since, int64_t now, char out[LISTING_AGE])
{
	int64_t age = now > since ? now - since : 0;

	if (age >= CLOCK_DAY)
		snprintf(out, LISTING_AGE, "%lldd",
		    (long long)(age / CLOCK_DAY));
	else if (age >= CLOCK_HOUR)
		snprintf(out, LISTING_AGE, "%lldh",
		    (long long)(age / CLOCK_HOUR));
	else if (age >= CLOCK_MINUTE)
		snprintf(out, LISTING_AGE, "%lldm",
		    (long long)(age / CLOCK_MINUTE));
	else
		snprintf(out, LISTING_AGE, "%llds", (long long)age);
	return out;
}
