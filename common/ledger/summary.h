/*
 * ledger_summary: an operator's overview of the whole ledger, computed by the
 * database: counts, and lists with a limit on their rows.  Nothing is written;
 * with LEDGER_READ all results are of one moment.
 *
 * Rows are passed on as the database returns them: pointers in them are valid
 * only within the callback, which must not use the ledger, and ends the list
 * by returning a status other than OK.
 */
#ifndef MCFG_LEDGER_SUMMARY_H
#define MCFG_LEDGER_SUMMARY_H

#include "ledger/ledger.h"

/* ---- enrollments ---- */

/* In the order in which an enrollment goes through them. */
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
	int64_t repeated;	/* enrollments that were configured more than
				 * once */
	int64_t repeats;	/* number of all repeats */
	int64_t earliest;	/* start of the first enrollment; 0: none */
};
enum status ledger_census(struct ledger *l, struct ledger_census *out)
    USE_RESULT;

/*
 * Enrollments that started on a day (UTC, since 1970), by their present state.
 */
typedef enum status ledger_each_day(int64_t day, enum ledger_step s,
    int64_t count, void *arg);
enum status ledger_days(struct ledger *l, int64_t from, int64_t until,
    ledger_each_day *fn, void *arg) USE_RESULT;

/* Why an enrollment does not go on. */
enum ledger_why {
	LEDGER_WHY_OPEN,	/* its challenge is valid, but not used yet */
	LEDGER_WHY_EXPIRED,	/* its challenge expired unused */
	LEDGER_WHY_VOIDED,	/* its challenge was voided by newer ones */
	LEDGER_WHY_UNUSED,	/* its certificate is valid, but was not used
				 * yet */
	LEDGER_WHY_OVER,	/* its certificate expired */
	LEDGER_WHY_REVOKED,	/* its certificate was revoked */
	LEDGER_WHY_UNKNOWN,	/* the ledger has neither of them */
	LEDGER_WHYS,
};
const char *ledger_why_name(enum ledger_why w);

struct ledger_brief {
	const char *id, *user, *state;
	const char *udid, *serial, *product, *certificate;	/* or NULL */
	int64_t started, changed, repeats;
	enum ledger_why why;	/* if it is stuck */
	int64_t until;		/* end of that challenge or certificate, or 0;
				 * in a list of devices, of the certificate */
	const char *event;	/* the last one, or NULL */
	const char *event_detail;
	int64_t event_time;
};
typedef enum status ledger_each_brief(const struct ledger_brief *b,
    void *arg);

/*
 * An enrollment is stuck if it is neither configured nor ended and its last
 * step was at before or earlier.  If the same user (with the same device, if
 * known) completed an enrollment that started later, or within the same
 * second, the others are left behind, not stuck.
 */
typedef enum status ledger_each_why(enum ledger_step s, enum ledger_why w,
    bool left_behind, int64_t count, void *arg);
enum status ledger_count_stuck(struct ledger *l, int64_t before, int64_t now,
    ledger_each_why *fn, void *arg) USE_RESULT;

/*
 * Latest first, at most limit of them; this applies to all lists of
 * enrollments.
 */
enum status ledger_stuck(struct ledger *l, int64_t before, int64_t now,
    int64_t limit, ledger_each_brief *fn, void *arg) USE_RESULT;

/*
 * Users and their devices: enrollments that have not ended and whose device is
 * known, except those left behind.  Sorted by user, then latest first. why is
 * LEDGER_WHY_REVOKED if the certificate was revoked.
 */
enum status ledger_devices(struct ledger *l, int64_t limit,
    ledger_each_brief *fn, void *arg) USE_RESULT;

/* Enrollments that were configured more than once, most repeats first. */
enum status ledger_repeated(struct ledger *l, int64_t limit,
    ledger_each_brief *fn, void *arg) USE_RESULT;

/* Enrollments that were aborted or superseded. */
enum status ledger_ended(struct ledger *l, int64_t limit,
    ledger_each_brief *fn, void *arg) USE_RESULT;

/* ---- certificates ---- */

/* By their end; a revoked certificate counts only as revoked. */
enum ledger_term {
	LEDGER_TERM_REVOKED,
	LEDGER_TERM_EXPIRED,
	LEDGER_TERM_EARLY,	/* not valid yet */
	LEDGER_TERM_7,		/* ends within 7 days */
	LEDGER_TERM_30,		/* ends within 30 days, but not 7 */
	LEDGER_TERM_90,
	LEDGER_TERM_LATER,
	LEDGER_TERMS,
};
const char *ledger_term_name(enum ledger_term t);

/*
 * renewed is how many of count need no attention, because the same enrollment
 * has a certificate of the same purpose that ends later, or was issued later
 * and ends at the same time, and is not revoked.
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

/* Neither expired, revoked nor renewed; the first to expire comes first. */
enum status ledger_expiring(struct ledger *l, int64_t now, int64_t limit,
    ledger_each_leaf *fn, void *arg) USE_RESULT;

/* Latest first. */
enum status ledger_last_revoked(struct ledger *l, int64_t limit,
    ledger_each_leaf *fn, void *arg) USE_RESULT;

/*
 * The site's own certificates, of the profiles tls and signer, that were not
 * replaced by a newer one with the same name.
 */
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

/* Pending requests, oldest first. */
enum status ledger_waiting(struct ledger *l, int64_t limit,
    ledger_each_wait *fn, void *arg) USE_RESULT;

#endif
