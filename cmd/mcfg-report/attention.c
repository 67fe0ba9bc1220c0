/* What needs the reader's attention, the urgent first. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "overview.h"

static void found(struct overview *o, enum urgency urgency, const char *what,
    const char *section, const char *fmt, ...) PRINTF_LIKE(5, 6);

static void
found(struct overview *o, enum urgency urgency, const char *what,
    const char *section, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	*GROW(o->findings, o->finding_count) = (struct finding){ urgency,
	    what, keep(o, text), section };
}

static const char *
s(int64_t n)
{
	return n == 1 ? "" : "s";
}

/* Notes an end of validity that has passed or is less than SOON days away. */
static void
look_at_end(struct overview *o, const char *name, int64_t end,
    const char *section)
{
	auto_buf age = BUF_INIT;

	if (end == CERT_NO_TIME) {
		found(o, URGENT, "expired", section, "%s has an "
		    "unreadable date", name);
	} else if (end < o->now) {
		age_text(o->now - end, &age);
		found(o, URGENT, "expired", section, "%s expired %s ago", name,
		    buf_str(&age));
	} else if (end < o->now + (int64_t)SOON * CLOCK_DAY) {
		age_text(end - o->now, &age);
		found(o, NOTABLE, "expires_soon", section, "%s expires in %s",
		    name, buf_str(&age));
	}
}

static void
look_at_crl(struct overview *o)
{
	const struct authority *a = &o->ca;
	auto_buf age = BUF_INIT;

	if (a->has_crl && a->crl_fault != NULL) {
		found(o, URGENT, "crl_unusable", "authority", "The revocation "
		    "list cannot be used: %s", a->crl_fault);
		return;
	}
	/* It matters only if a certificate is revoked. */
	if (o->term[LEDGER_TERM_REVOKED] == 0)
		return;
	if (!a->has_crl) {
		found(o, URGENT, "crl_missing", "authority", "Certificates "
		    "are revoked, but there is no revocation list (scep-ca "
		    "crl)");
	} else if (a->crl_from > o->now) {
		age_text(a->crl_from - o->now, &age);
		found(o, URGENT, "crl_not_yet_valid", "authority", "The "
		    "revocation list will not be valid for another %s (scep-ca "
		    "crl)", buf_str(&age));
	} else if (a->crl_until <= o->now) {
		age_text(o->now - a->crl_until, &age);
		found(o, URGENT, "crl_overdue", "authority", "The revocation "
		    "list should have been renewed %s ago (scep-ca crl)",
		    buf_str(&age));
	}
}

static void
look_at_authority(struct overview *o)
{
	const struct authority *a = &o->ca;
	size_t i;

	for (i = 0; i < a->n; i++)
		if (strncmp(a->v[i].role, "previous", 8) != 0)
			look_at_end(o, role_text(a->v[i].role),
			    a->v[i].not_before == CERT_NO_TIME ? CERT_NO_TIME :
			    a->v[i].not_after, "authority");
	look_at_crl(o);
}

static void
look_at_own(struct overview *o)
{
	size_t i;

	for (i = 0; i < o->own.n; i++) {
		auto_char *name = xasprintf("The %s certificate",
		    o->own.v[i].profile[0] == 't' ? "TLS" : "profile signer");

		look_at_end(o, name, o->own.v[i].not_after, "certificates");
	}
}

/* For each step of a rollover, names the next one. */
static void
look_at_rollover(struct overview *o)
{
	const struct authority *a = &o->ca;

	if (a->old_tls)
		found(o, URGENT, "previous_issuer", "certificates", "The "
		    "previous CA issued the TLS certificate: renew it "
		    "(mcfg-site DIR --renew tls) and restart the server");
	if (a->old_signer)
		found(o, URGENT, "previous_issuer", "certificates", "The "
		    "previous CA issued the profile signer: renew it "
		    "(mcfg-site DIR --renew signer)");
	if (a->has_next)
		found(o, NOTABLE, "rollover_prepared", "authority", "A next CA "
		    "is prepared: give next-cert.pem to all who verify "
		    "certificates of devices, then change over (scep-ca "
		    "rollover --activate)");
	if (a->previous != NULL && cert_not_after(a->previous) >= o->now)
		found(o, NOTABLE, "rollover_devices", "authority", "The CA was "
		    "changed: users install the new root, and devices of the "
		    "previous CA enroll again to get updates; then remove "
		    "previous-cert.pem");
}

/* Findings of equal urgency keep their order. */
static void
put_urgent_first(struct overview *o)
{
	struct finding f;
	size_t i, k, urgent = 0;

	for (i = 0; i < o->finding_count; i++) {
		if (o->findings[i].urgency != URGENT)
			continue;
		f = o->findings[i];
		for (k = i; k > urgent; k--)
			o->findings[k] = o->findings[k - 1];
		o->findings[urgent++] = f;
	}
}

void
find_attention(struct overview *o)
{
	int64_t n;

	if (o->has_ca)
		look_at_authority(o);
	look_at_own(o);
	look_at_rollover(o);
	if ((n = o->log.faults) > 0)
		found(o, URGENT, "faults", "refusals", "%lld request%s failed "
		    "by a fault on this side", (long long)n, s(n));
	if ((n = o->requests[LEDGER_PENDING]) > 0)
		found(o, NOTABLE, "pending", "requests", "%lld request%s "
		    "wait%s for approval (scep-ca approve)", (long long)n,
		    s(n), n == 1 ? "s" : "");
	if ((n = o->stuck_count) > 0)
		found(o, NOTABLE, "stuck", "stuck", "%lld enrollment%s %s "
		    "stuck", (long long)n, s(n), n == 1 ? "is" : "are");
	n = o->term[LEDGER_TERM_7] - o->renewed[LEDGER_TERM_7];
	if (n > 0)
		found(o, NOTABLE, "certificates_expire", "certificates",
		    "%lld certificate%s expire%s within 7 days, not renewed",
		    (long long)n, s(n), n == 1 ? "s" : "");
	put_urgent_first(o);
}
