/*
 * clock: the only place that reads the time.
 *
 * Times are seconds since 1970-01-01T00:00:00Z in 64 bits, proleptic
 * Gregorian, without leap seconds; as text, they are RFC 3339 in UTC.
 */
#ifndef MCFG_BASE_CLOCK_H
#define MCFG_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	CLOCK_TEXT = 32,	/* bytes for a time as text */
	CLOCK_MINUTE = 60,
	CLOCK_HOUR = 3600,
	CLOCK_DAY = 86400,
};

/* A time as calendar fields, with the numbers that people write. */
struct clock_date {
	int year, month, day, hour, minute, second;
};

/*
 * clock_now() returns the time with which certificates and challenges are
 * compared: that of clock_pretend() if it was called, otherwise the system's.
 * It is never 0, with which the ledger records that something did not happen.
 */
int64_t clock_now(void);

/*
 * clock_written() returns the time for timestamps in output: that of
 * clock_pretend(), otherwise SOURCE_DATE_EPOCH, otherwise the system's.
 */
int64_t clock_written(void);

/*
 * Returns NULL, or why SOURCE_DATE_EPOCH, which clock_written() uses, is
 * invalid.
 */
const char *clock_check_written(void);

/*
 * clock_pretend() sets the time of --at from RFC 3339 text.  Returns NULL, or
 * the reason why text is not a time.
 */
const char *clock_pretend(const char *text);

/* Microseconds of a clock that never goes back, to measure durations. */
int64_t clock_monotonic(void);

/*
 * clock_parse() reads len bytes of RFC 3339 ("2026-11-24T09:00:00Z").  Offsets
 * are accepted; a fraction is accepted and dropped.  Returns NULL, or the
 * reason why it cannot.
 */
const char *clock_parse(const char *text, size_t len, int64_t *out);

/* clock_format() writes "2026-11-24T09:00:00Z" and returns out. */
char *clock_format(int64_t t, char out[CLOCK_TEXT]);

/*
 * Returns the calendar fields of a time.  Times before the year 0000 or after
 * 9999 are moved to the nearest time within.
 */
struct clock_date clock_split(int64_t time);

/* Returns false if the date does not exist. */
bool clock_join(const struct clock_date *d, int64_t *out);

/*
 * clock_duration() converts "90d", "60m", "15s" or "1h" to seconds.  Returns
 * NULL, or the reason why it cannot.
 */
const char *clock_duration(const char *text, int64_t *out);

#endif
