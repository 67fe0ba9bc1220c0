/*
 * ledger_summary: what an operator asks of the whole ledger, answered by the
 * database: counts, and lists that end after so many rows, whatever their
 * number.  Nothing is written; with LEDGER_READ all answers are of one moment.
 *
 * Rows are handed out as the database has them: what they point to is valid
 * inside the function, which leaves the ledger alone and stops the walk by a
 * status that is not OK.
 */
#ifndef MCFG_LEDGER_SUMMARY_H
#define MCFG_LEDGER_SUMMARY_H

#include "ledger/ledger.h"

/* ---- enrollments ---- */

/* In the order of an enrollment's life. */
enum ledger_step {
	LEDGER_STARTED,
	LEDGER_IDENTIFIED,
	LEDGER_CERTIFIED,
	LEDGER_CONFIGURED,
	LEDGER_ABORTED,
	LEDGER_SUPERSEDED,
	LEDGER_STEPS,
};
const char *ledger_step_name(enum ledger_step s);

struct ledger_census {
	int64_t count[LEDGER_STEPS];
	int64_t repeated;	/* enrollments that were configured again */
	int64_t repeats;	/* how often, all together */
	int64_t earliest;	/* when the first one started; 0: none */
};
enum status ledger_census(struct ledger *l, struct ledger_census *out)
    USE_RESULT;

/* How many started on a day (of UTC, since 1970), by what became of them. */
typedef enum status ledger_each_day(int64_t day, enum ledger_step s,
    int64_t count, void *arg);
enum status ledger_days(struct ledger *l, int64_t from, int64_t until,
    ledger_each_day *fn, void *arg) USE_RESULT;

/* Why an enrollment goes no further. */
enum ledger_why {
	LEDGER_WHY_OPEN,	/* its challenge is good, nobody used it */
	LEDGER_WHY_EXPIRED,	/* it expired unused */
	LEDGER_WHY_VOIDED,	/* it was voided: the user started others */
	LEDGER_WHY_UNUSED,	/* the certificate is good, nobody came back */
	LEDGER_WHY_OVER,	/* the certificate expired */
	LEDGER_WHY_REVOKED,	/* the certificate was revoked */
	LEDGER_WHY_UNKNOWN,	/* the ledger holds neither */
	LEDGER_WHYS,
};
const char *ledger_why_name(enum ledger_why w);

struct ledger_brief {
	const char *id, *user, *state;
	const char *udid, *serial, *product, *certificate;	/* or NULL */
	int64_t started, changed, repeats;
	enum ledger_why why;	/* of those that are stuck */
	int64_t until;		/* end of that challenge or certificate, or 0;
				   in a list of devices: of the certificate */
	const char *event;	/* the last one, or NULL */
	const char *event_detail;
	int64_t event_time;
};
typedef enum status ledger_each_brief(const struct ledger_brief *b,
    void *arg);

/*
 * Stuck are those that are neither configured nor ended and took their last
 * step at before or earlier.  Where the same user (on the same device, if
 * one is known) got through with one that started later, the older ones are
 * left behind, not stuck.
 */
typedef enum status ledger_each_why(enum ledger_step s, enum ledger_why w,
    bool left_behind, int64_t count, void *arg);
enum status ledger_count_stuck(struct ledger *l, int64_t before, int64_t now,
    ledger_each_why *fn, void *arg) USE_RESULT;

/* The latest first, at most limit of them; so in all lists of enrollments. */
enum status ledger_stuck(struct ledger *l, int64_t before, int64_t now,
    int64_t limit, ledger_each_brief *fn, void *arg) USE_RESULT;

/*
 * Who has what: those that did not end and whose device is known, without
 * those that the same user and device left behind.  By user; of a user, the
 * latest first.  why is LEDGER_WHY_REVOKED if the certificate is.
 */
enum status ledger_devices(struct ledger *l, int64_t limit,
    ledger_each_brief *fn, void *arg) USE_RESULT;

/* Those that were configured again; the most often first. */
enum status ledger_repeated(struct ledger *l, int64_t limit,
    ledger_each_brief *fn, void *arg) USE_RESULT;

/* Those that were aborted or superseded. */
enum status ledger_ended(struct ledger *l, int64_t limit,
    ledger_each_brief *fn, void *arg) USE_RESULT;

/* ---- certificates ---- */

/* By their end; one that is revoked counts as that alone. */
enum ledger_term {
	LEDGER_TERM_REVOKED,
	LEDGER_TERM_EXPIRED,
	LEDGER_TERM_EARLY,	/* not yet valid */
	LEDGER_TERM_7,		/* ends within 7 days */
	LEDGER_TERM_30,		/* within 30, not within 7 */
	LEDGER_TERM_90,
	LEDGER_TERM_LATER,
	LEDGER_TERMS,
};
const char *ledger_term_name(enum ledger_term t);

/*
 * renewed are those of count that need no care: the same enrollment holds a
 * certificate of the same purpose that ends later and is not revoked.
 */
typedef enum status ledger_each_term(enum ledger_term t, int64_t count,
    int64_t renewed, void *arg);
enum status ledger_terms(struct ledger *l, int64_t now, ledger_each_term *fn,
    void *arg) USE_RESULT;

struct ledger_leaf {
	const char *serial, *subject, *profile;
	const char *purpose, *enrollment;	/* or NULL */
	const char *user, *device, *product;	/* of the enrollment, or NULL */
	int64_t not_before, not_after, revoked;
	int reason;
	const void *der;	/* of the certificate */
	size_t der_len;
};
typedef enum status ledger_each_leaf(const struct ledger_leaf *c, void *arg);

/* Neither expired, revoked nor renewed; the next to end first. */
enum status ledger_expiring(struct ledger *l, int64_t now, int64_t limit,
    ledger_each_leaf *fn, void *arg) USE_RESULT;

/* The latest first. */
enum status ledger_last_revoked(struct ledger *l, int64_t limit,
    ledger_each_leaf *fn, void *arg) USE_RESULT;

/* The site's own, of the profiles tls and signer: those that no newer one of
 * the same name replaced. */
enum status ledger_own(struct ledger *l, int64_t limit, ledger_each_leaf *fn,
    void *arg) USE_RESULT;

/* RFC 5280 5.3.1. */
typedef enum status ledger_each_reason(int reason, int64_t count, void *arg);
enum status ledger_reasons(struct ledger *l, ledger_each_reason *fn,
    void *arg) USE_RESULT;

/* ---- requests ---- */

enum status ledger_count_requests(struct ledger *l,
    int64_t count[LEDGER_ISSUED + 1]) USE_RESULT;

struct ledger_wait {
	const char *transaction, *subject, *key_hash;
	int64_t received;
};
typedef enum status ledger_each_wait(const struct ledger_wait *w, void *arg);

/* The pending ones, the oldest first. */
enum status ledger_waiting(struct ledger *l, int64_t limit,
    ledger_each_wait *fn, void *arg) USE_RESULT;

#endif
