#include "overview.h"

#include <string.h>

void
overview_free(struct overview *o)
{
	mem_free_all(o->kept, o->kept_count);
	free(o->bars);
	free(o->devices.v);
	free(o->stuck.v);
	free(o->repeated.v);
	free(o->ended.v);
	free(o->expiring.v);
	free(o->revoked.v);
	free(o->own.v);
	free(o->waiting.v);
	free(o->findings);
	X509_free(o->ca.issuing);
	X509_free(o->ca.previous);
}

const char *
keep_new(struct overview *o, char *text)
{
	return *GROW(o->kept, o->kept_count) = text;
}

const char *
keep(struct overview *o, const char *text)
{
	return text != NULL ? keep_new(o, xstrdup(text)) : NULL;
}

/* ---- periods ---- */

enum {
	DAYS_AS_DAYS = 45,	/* longer spans are shown in weeks, ... */
	DAYS_AS_WEEKS = 400,	/* ... and in months */
	WEEK = 7,
	MONDAY = 4,		/* 1970-01-05 was the first */
};

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static int64_t
month_start(int year, int month)
{
	struct clock_date d = { year, month, 1, 0, 0, 0 };
	int64_t t = 0;

	if (!clock_join(&d, &t))
		return 0;
	return t;
}

/* The beginning of the period that contains t. */
static int64_t
period_start(enum unit u, int64_t t)
{
	int64_t day = floor_div(t, CLOCK_DAY);
	struct clock_date d;

	switch (u) {
	case UNIT_DAY:
		return day * CLOCK_DAY;
	case UNIT_WEEK:
		return (floor_div(day - MONDAY, WEEK) * WEEK + MONDAY) *
		    CLOCK_DAY;
	default:
		d = clock_split(t);
		return month_start(d.year, d.month);
	}
}

static int64_t
period_end(enum unit u, int64_t start)
{
	struct clock_date d;

	switch (u) {
	case UNIT_DAY:
		return start + CLOCK_DAY;
	case UNIT_WEEK:
		return start + (int64_t)WEEK * CLOCK_DAY;
	default:
		d = clock_split(start);
		return d.month == 12 ? month_start(d.year + 1, 1) :
		    month_start(d.year, d.month + 1);
	}
}

/*
 * Days since the first enrollment or the first refusal, whichever is earlier.
 */
static int64_t
days_there_are(const struct overview *o)
{
	int64_t first = o->census.earliest, days = 0, i;

	if (first != 0 && first <= o->now)
		days = floor_div(o->now, CLOCK_DAY) -
		    floor_div(first, CLOCK_DAY) + 1;
	for (i = days; i < SPAN_DAYS_MAX; i++)
		if (o->log.days[i] > 0)
			days = i + 1;
	if (days == 0)
		return SPAN_DAYS;
	return days < SPAN_DAYS_MIN ? SPAN_DAYS_MIN :
	    days > SPAN_DAYS_MAX ? SPAN_DAYS_MAX : days;
}

static void
add_refusals(struct overview *o)
{
	int64_t today = floor_div(o->now, CLOCK_DAY), i;
	struct bar *b;

	for (i = 0; i < SPAN_DAYS_MAX; i++)
		if (o->log.days[i] > 0 && (b = bar_of(o, today - i)) != NULL)
			b->refused += o->log.days[i];
}

int64_t
bar_sum(const struct bar *b)
{
	int64_t n = 0;
	int s;

	for (s = 0; s < LEDGER_STEPS; s++)
		n += b->started[s];
	return n;
}

void
span_bars(struct overview *o)
{
	int64_t days = (o->span + CLOCK_DAY - 1) / CLOCK_DAY, at;
	struct bar b = { .from = 0 };

	if (days == 0)
		days = days_there_are(o);
	o->unit = days <= DAYS_AS_DAYS ? UNIT_DAY :
	    days <= DAYS_AS_WEEKS ? UNIT_WEEK : UNIT_MONTH;
	at = period_start(o->unit, o->now - (days - 1) * CLOCK_DAY);
	while (at <= o->now && at < (b.until = period_end(o->unit, at))) {
		b.from = at;
		*GROW(o->bars, o->bar_count) = b;
		at = b.until;
	}
	add_refusals(o);
}

struct bar *
bar_of(const struct overview *o, int64_t day)
{
	int64_t t = day * CLOCK_DAY;
	size_t low = 0, high = o->bar_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (t < o->bars[mid].from)
			high = mid;
		else if (t >= o->bars[mid].until)
			low = mid + 1;
		else
			return &o->bars[mid];
	}
	return NULL;
}

/* ---- texts ---- */

const char *
unit_name(enum unit u)
{
	static const char *const names[] = { "day", "week", "month" };

	return names[u];
}

const char *
why_text(enum ledger_step s, enum ledger_why w)
{
	static const char *const begun[LEDGER_WHYS] = {
		[LEDGER_WHY_OPEN] = "the device has not answered; its "
		    "challenge is still good",
		[LEDGER_WHY_EXPIRED] = "the device never answered; its "
		    "challenge expired",
		[LEDGER_WHY_VOIDED] = "the device never answered; the user "
		    "started others since",
	};
	static const char *const known[LEDGER_WHYS] = {
		[LEDGER_WHY_OPEN] = "the device got no certificate yet; its "
		    "SCEP challenge is still good",
		[LEDGER_WHY_EXPIRED] = "the device never got its certificate; "
		    "its SCEP challenge expired",
		[LEDGER_WHY_VOIDED] = "the device never got its certificate; "
		    "its SCEP challenge was voided",
	};
	static const char *const holding[LEDGER_WHYS] = {
		[LEDGER_WHY_UNUSED] = "the device has its certificate and "
		    "never came for its configuration",
		[LEDGER_WHY_OVER] = "the certificate expired before the "
		    "device came for its configuration",
		[LEDGER_WHY_REVOKED] = "the certificate was revoked before "
		    "the device came for its configuration",
	};
	const char *text = s == LEDGER_STARTED ? begun[w] :
	    s == LEDGER_IDENTIFIED ? known[w] :
	    s == LEDGER_CERTIFIED ? holding[w] : NULL;

	return text != NULL ? text : "the ledger does not say";
}

const char *
term_text(enum ledger_term t)
{
	static const char *const texts[LEDGER_TERMS] = {
		[LEDGER_TERM_REVOKED] = "revoked",
		[LEDGER_TERM_EXPIRED] = "expired",
		[LEDGER_TERM_EARLY] = "not yet valid",
		[LEDGER_TERM_7] = "within 7 days",
		[LEDGER_TERM_30] = "within 30 days",
		[LEDGER_TERM_90] = "within 90 days",
		[LEDGER_TERM_LATER] = "later",
	};

	return texts[t];
}

const char *
role_text(const char *role)
{
	static const char *const texts[][2] = {
		{ "issuing_ca", "Issuing CA" },
		{ "root", "Root" },
		{ "ra", "Registration authority" },
		{ "next_ca", "Next CA, prepared" },
		{ "next_ra", "Its registration authority" },
		{ "previous_ca", "Previous CA" },
		{ "previous_ra", "Its registration authority" },
		{ "tls", "TLS" },
		{ "signer", "Profile signer" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(texts); i++)
		if (strcmp(role, texts[i][0]) == 0)
			return texts[i][1];
	return role;
}

void
age_text(int64_t seconds, struct buf *out)
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {
		{ (int64_t)365 * CLOCK_DAY, "year" },
		{ CLOCK_DAY, "day" },
		{ CLOCK_HOUR, "hour" },
		{ CLOCK_MINUTE, "minute" },
		{ 1, "second" },
	};
	size_t i = 0;
	int64_t n;

	/*
	 * Up to two years are counted in days: a year and a half is 547 days,
	 * not one year.
	 */
	while (i + 1 < ARRAY_LEN(units) &&
	    seconds < (i == 0 ? 2 : 1) * units[i].seconds)
		i++;
	n = seconds / units[i].seconds;
	buf_printf(out, "%lld %s%s", (long long)n, units[i].name,
	    n == 1 ? "" : "s");
}
