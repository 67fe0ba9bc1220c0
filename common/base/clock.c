#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The first and the last second of years that have four digits. */
#define CLOCK_FIRST	INT64_C(-62167219200)
#define CLOCK_LAST	INT64_C(253402300799)

static bool pretended;
static int64_t pretended_now;

/* The system's time, in 64 bits whatever the size of time_t. */
static int64_t
system_now(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_REALTIME, &ts) != 0)
		return 0;
	return (int64_t)ts.tv_sec;
}

int64_t
clock_now(void)
{
	int64_t now = pretended ? pretended_now : system_now();

	return now != 0 ? now : 1;
}

/*
 * Reads SOURCE_DATE_EPOCH, which must be decimal digits; false if it is not
 * set or something else.
 */
static bool
source_date(int64_t *out, const char **reason)
{
	const char *text = getenv("SOURCE_DATE_EPOCH");
	int64_t v = 0;

	*reason = NULL;
	if (text == NULL || *text == '\0')
		return false;
	for (; *text >= '0' && *text <= '9' && v <= CLOCK_LAST; text++)
		v = v * 10 + (*text - '0');
	if (v > CLOCK_LAST)
		*reason = "behind the year 9999";
	else if (*text != '\0')
		*reason = "not a number of seconds since 1970";
	else
		*out = v;
	return *reason == NULL;
}

int64_t
clock_written(void)
{
	const char *reason;
	int64_t t;

	if (pretended)
		return pretended_now;
	return source_date(&t, &reason) ? t : system_now();
}

const char *
clock_check_written(void)
{
	const char *reason = NULL;
	int64_t t;

	if (!pretended)
		(void)source_date(&t, &reason);
	return reason;
}

const char *
clock_pretend(const char *text)
{
	const char *reason = clock_parse(text, strlen(text), &pretended_now);

	if (reason == NULL)
		pretended = true;
	return reason;
}

int64_t
clock_monotonic(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) != 0)
		return 0;
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/*
 * Days from 1970-01-01 to a day of the proleptic Gregorian calendar: years
 * are counted from March, so that the leap day comes last.
 */
static int64_t
days_from_civil(int64_t y, int m, int d)
{
	int64_t era, yoe, doy, doe;

	y -= m <= 2;
	era = floor_div(y, 400);
	yoe = y - era * 400;
	doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

struct clock_date
clock_split(int64_t time)
{
	int64_t t = time < CLOCK_FIRST ? CLOCK_FIRST :
	    time > CLOCK_LAST ? CLOCK_LAST : time;
	int64_t days = floor_div(t, CLOCK_DAY), secs = t - days * CLOCK_DAY;
	int64_t z = days + 719468, era = floor_div(z, 146097);
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	struct clock_date d;

	d.day = (int)(doy - (153 * mp + 2) / 5 + 1);
	d.month = (int)(mp < 10 ? mp + 3 : mp - 9);
	d.year = (int)(yoe + era * 400 + (d.month <= 2));
	d.hour = (int)(secs / CLOCK_HOUR);
	d.minute = (int)(secs / 60 % 60);
	d.second = (int)(secs % 60);
	return d;
}

static bool
is_leap(int y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

bool
clock_join(const struct clock_date *d, int64_t *out)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31,
	    30, 31 };
	int last;

	if (d->month < 1 || d->month > 12 || d->year < 0 || d->year > 9999)
		return false;
	last = days[d->month - 1] + (d->month == 2 && is_leap(d->year));
	if (d->day < 1 || d->day > last || d->hour < 0 || d->hour > 23 ||
	    d->minute < 0 || d->minute > 59 || d->second < 0 ||
	    d->second > 59)
		return false;
	*out = days_from_civil(d->year, d->month, d->day) * CLOCK_DAY +
	    d->hour * CLOCK_HOUR + d->minute * 60 + d->second;
	return true;
}

/* Reads exactly n digits; -1 if there are fewer. */
static int
digits(const char **p, const char *end, int n)
{
	int v = 0;

	for (; n > 0; n--, (*p)++) {
		if (*p == end || **p < '0' || **p > '9')
			return -1;
		v = v * 10 + (**p - '0');
	}
	return v;
}

static bool
take(const char **p, const char *end, const char *any_of)
{
	if (*p == end || **p == '\0' || strchr(any_of, **p) == NULL)
		return false;
	(*p)++;
	return true;
}

/* The offset of RFC 3339 5.6: Z or +hh:mm, in seconds. */
static bool
parse_offset(const char **p, const char *end, int64_t *out)
{
	int sign, h, m;

	*out = 0;
	if (take(p, end, "Zz"))
		return true;
	if (*p == end || (**p != '+' && **p != '-'))
		return false;
	sign = *(*p)++ == '-' ? -1 : 1;
	h = digits(p, end, 2);
	if (!take(p, end, ":"))
		return false;
	m = digits(p, end, 2);
	if (h < 0 || h > 23 || m < 0 || m > 59)
		return false;
	*out = sign * (h * CLOCK_HOUR + m * 60);
	return true;
}

const char *
clock_parse(const char *text, size_t len, int64_t *out)
{
	static const char form[] =
	    "not a time of the form 2026-11-24T09:00:00Z";
	const char *p = text, *end = text + len;
	struct clock_date d;
	int64_t t, offset;

	d.year = digits(&p, end, 4);
	if (!take(&p, end, "-"))
		return form;
	d.month = digits(&p, end, 2);
	if (!take(&p, end, "-"))
		return form;
	d.day = digits(&p, end, 2);
	if (!take(&p, end, "Tt"))
		return form;
	d.hour = digits(&p, end, 2);
	if (!take(&p, end, ":"))
		return form;
	d.minute = digits(&p, end, 2);
	if (!take(&p, end, ":"))
		return form;
	d.second = digits(&p, end, 2);
	if (take(&p, end, ".")) {
		if (digits(&p, end, 1) < 0)
			return form;
		while (digits(&p, end, 1) >= 0)
			continue;
	}
	if (!parse_offset(&p, end, &offset) || p != end)
		return form;
	if (!clock_join(&d, &t))
		return "a time that does not exist";
	t -= offset;
	if (t < CLOCK_FIRST || t > CLOCK_LAST)
		return "outside of the years 0000 to 9999";
	*out = t;
	return NULL;
}

char *
clock_format(int64_t t, char out[CLOCK_TEXT])
{
	struct clock_date d = clock_split(t);

	snprintf(out, CLOCK_TEXT, "%04d-%02d-%02dT%02d:%02d:%02dZ", d.year,
	    d.month, d.day, d.hour, d.minute, d.second);
	return out;
}

const char *
clock_duration(const char *text, int64_t *out)
{
	static const char form[] =
	    "not a duration such as 90s, 15m, 1h or 365d";
	const char *p = text;
	int64_t v = 0, unit;

	for (; *p >= '0' && *p <= '9'; p++) {
		v = v * 10 + (*p - '0');
		if (v > INT32_MAX)
			return "a duration that is too long";
	}
	if (p == text || p[0] == '\0' || p[1] != '\0')
		return form;
	switch (*p) {
	case 's':
		unit = 1;
		break;
	case 'm':
		unit = CLOCK_MINUTE;
		break;
	case 'h':
		unit = CLOCK_HOUR;
		break;
	case 'd':
		unit = CLOCK_DAY;
		break;
	default:
		return form;
	}
	*out = v * unit;
	return NULL;
}
