/*
 * overview: all data of mcfg-report, gathered once and then written as HTML or
 * JSON.  It consists of counts and of lists of limited length, whatever the
 * size of the site.
 */
#ifndef MCFG_OVERVIEW_H
#define MCFG_OVERVIEW_H

#include "base/clock.h"
#include "ledger/summary.h"
#include "x509/cert.h"

enum {
	ROWS = 25,		/* of a list, unless --rows is given */
	ROWS_MAX = 1000,
	DEVICES_MAX = 10000,	/* in the list of users and devices */
	SPAN_DAYS = 30,		/* days in the charts if there is no data */
	SPAN_DAYS_MIN = 7,	/* days at least if there is, unless --span is
				 * given */
	SPAN_DAYS_MAX = 3650,
	LOG_MAX = 16 << 20,	/* bytes that are read, from the end of a log */
	REASONS_MAX = 200,	/* distinct reasons that are counted */
	REVOCATIONS_MAX = 16,	/* CRLReasons */
	AUTHORITY_MAX = 16,	/* certificates in a CA's folder */
	SOON = 30,		/* days before an end that needs attention */
};

/* ---- enrollments ---- */

enum unit {
	UNIT_DAY,
	UNIT_WEEK,		/* from Monday */
	UNIT_MONTH,
};

/* One column of the charts. */
struct bar {
	int64_t from, until;
	int64_t started[LEDGER_STEPS];	/* by their present state */
	int64_t refused;		/* from the log */
};

struct briefs {
	struct ledger_brief *v;
	size_t n;
};

struct leaves {
	struct ledger_leaf *v;
	size_t n;
};

struct waits {
	struct ledger_wait *v;
	size_t n;
};

/* ---- the authority ---- */

struct authority_cert {
	const char *role;	/* "issuing_ca", "root", "ra", ... */
	const char *file;	/* in the folder */
	const char *subject, *serial, *sha256, *key;
	int64_t not_before, not_after;
};

struct authority {
	X509 *issuing, *previous;	/* previous is NULL before a rollover */
	bool has_next;		/* a rollover is prepared */
	bool old_tls, old_signer;	/* the site's certificates are still
					 * from previous */
	struct authority_cert v[AUTHORITY_MAX];
	size_t n;
	bool has_crl;
	const char *crl_fault;	/* why it cannot be used, or NULL */
	const char *crl_number;
	int64_t crl_from, crl_until, crl_count;
};

/* ---- refusals ---- */

struct refusal {
	const char *program;	/* "mcfg.cgi", "mcfg-service", "scep-ca" */
	const char *answer;	/* "403", "badRequest" */
	const char *reason;	/* without the parts that differ */
	bool is_fault;		/* our failure, not the client's */
	int64_t count;
	int64_t last;		/* day, or 0 if no line had a date */
};

struct refusals {
	struct refusal v[REASONS_MAX];	/* most frequent first */
	size_t n;
	int64_t requests;	/* lines about a request */
	int64_t refused, faults;
	int64_t other;		/* number beyond REASONS_MAX reasons */
	int64_t undated;	/* refused or failed, without a date */
	int64_t older;		/* lines of version 0.1, without fields */
	bool cut;		/* a log was larger than LOG_MAX */
	int64_t days[SPAN_DAYS_MAX];	/* refused or failed, by age in days */
};

/* ---- findings that need attention ---- */

enum urgency {
	URGENT,			/* broken, or will break soon */
	NOTABLE,		/* should be looked at */
};

struct finding {
	enum urgency urgency;
	const char *what;	/* "crl_overdue": stable, for programs */
	const char *text;	/* for people */
	const char *section;	/* of the page that it links to */
};

struct overview {
	int64_t now;
	const char *organization;	/* or NULL */
	int64_t stuck_after;
	int64_t rows;
	int64_t span;		/* seconds; 0: since the first data */

	struct ledger_census census;
	int64_t total, under_way, stuck_count, left_behind;
	int64_t why[LEDGER_STEPS][LEDGER_WHYS];
	enum unit unit;
	struct bar *bars;
	size_t bar_count;
	struct briefs devices, stuck, repeated, ended;

	int64_t term[LEDGER_TERMS], renewed[LEDGER_TERMS];
	int64_t certificates;
	struct leaves expiring, revoked, own;
	struct {
		int reason;
		int64_t count;
	} reasons[REVOCATIONS_MAX];
	size_t reason_count;

	int64_t requests[LEDGER_ISSUED + 1];
	struct waits waiting;

	bool has_ca, has_log;
	struct authority ca;
	struct refusals log;

	struct finding *findings;
	size_t finding_count;

	char **kept;		/* texts that keep() and keep_new() own */
	size_t kept_count;
};

void overview_free(struct overview *o);
#define auto_overview AUTO(overview_free) struct overview

/*
 * keep() copies a text, which then lives as long as the overview; NULL returns
 * NULL.  keep_new() takes over an allocated text.
 */
const char *keep(struct overview *o, const char *text);
const char *keep_new(struct overview *o, char *text);

/*
 * span_bars() makes the bars up to o->now.  They cover o->span seconds or, if
 * that is 0, the time since the first enrollment of o->census or the first
 * refusal of the log.  It adds the refusals of o->log to them.
 */
void span_bars(struct overview *o);

/* Returns how many enrollments started in the period of a bar. */
int64_t bar_sum(const struct bar *b);

/* Returns the bar that contains a day, or NULL; borrowed. */
struct bar *bar_of(const struct overview *o, int64_t day);

/*
 * Each of these reads one source and fills in its part.  Logs must be read
 * before the ledger, which makes the bars.
 */
enum status gather_ledger(struct ledger *l, struct overview *o) USE_RESULT;
enum status gather_authority(const char *dir, struct overview *o) USE_RESULT;
enum status gather_log(const char *path, struct overview *o) USE_RESULT;

/* The part of gather_log() that counts the text of a log, or of its end. */
void count_log(struct overview *o, const char *text, size_t len);

/*
 * add_times() copies standard input to standard output until its end, and puts
 * "time=2026-11-25T09:00:00Z " before each line.  It ignores the signals that
 * end a server.  Output that cannot be written is lost; add_times() then
 * returns FAULT at the end.
 */
enum status add_times(void) USE_RESULT;

/*
 * hide_tokens() does the same with lines of lighttpd's access log, in the
 * format of lighttpd.conf, and removes the tokens of invitations.  It drops
 * all other lines, including an incomplete one.
 */
enum status hide_tokens(void) USE_RESULT;

/* Call sort_log() after the last gather_log(). */
void sort_log(struct overview *o);

/* Adds the findings that need the reader's attention. */
void find_attention(struct overview *o);

/* ---- texts that the page and the command line share ---- */

const char *unit_name(enum unit u);

/* Why an enrollment does not go on: a sentence without its period. */
const char *why_text(enum ledger_step s, enum ledger_why w);
const char *term_text(enum ledger_term t);
const char *role_text(const char *role);

/* Appends "3 days" or "an hour"; seconds must not be negative. */
void age_text(int64_t seconds, struct buf *out);

/* ---- output ---- */

void write_json(const struct overview *o, struct buf *out);
void write_page(const struct overview *o, struct buf *out);

#endif
