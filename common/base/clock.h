/*
 * clock: the only place that asks the time.
 *
 * Times are seconds since 1970-01-01T00:00:00Z in 64 bits, proleptic
 * Gregorian, without leap seconds; written as RFC 3339 in UTC.
 */
#ifndef MCFG_BASE_CLOCK_H
#define MCFG_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CLOCK_TEXT = 32,	/* room for a time as text */
	CLOCK_MINUTE = 60,
	CLOCK_HOUR = 3600,
	CLOCK_DAY = 86400,
};

/* The calendar's view of a time, all as they are written. */
struct clock_date {
	int year, month, day, hour, minute, second;
};

/*
 * clock_now() is the time that certificates and challenges are judged by:
 * that of clock_pretend() if it was called, else the system's.
 */
int64_t clock_now(void);

/*
 * clock_written() is the time that is written into a product: that of
 * clock_pretend(), else SOURCE_DATE_EPOCH, else the system's.
 */
int64_t clock_written(void);

/* NULL, or why SOURCE_DATE_EPOCH, which clock_written() uses, is invalid. */
const char *clock_check_written(void);

/*
 * clock_pretend() takes an RFC 3339 time for --at.  Returns NULL or the
 * reason why it is none.
 */
const char *clock_pretend(const char *text);

/* Microseconds of a clock that never goes back, for durations. */
int64_t clock_monotonic(void);

/*
 * clock_parse() reads RFC 3339 ("2026-11-24T09:00:00Z", offsets and a
 * fraction, which is dropped, are taken); len bytes.  Returns NULL or the
 * reason.
 */
const char *clock_parse(const char *text, size_t len, int64_t *out);

/* clock_format() writes "2026-11-24T09:00:00Z" and returns out. */
char *clock_format(int64_t t, char out[CLOCK_TEXT]);

/* The years have four digits: what is before or behind them is their end. */
struct clock_date clock_split(int64_t time);

/* False where the date does not exist. */
bool clock_join(const struct clock_date *d, int64_t *out);

/*
 * clock_duration() reads "90d", "60m", "15s", "1h" into seconds.  Returns
 * NULL or the reason.
 */
const char *clock_duration(const char *text, int64_t *out);

#endif
