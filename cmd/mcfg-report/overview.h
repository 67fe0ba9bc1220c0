/*
 * overview: what mcfg-report knows, gathered once and then written as HTML or
 * JSON.  Whatever the size of the site, it holds counts and lists of so many
 * rows.
 */
#ifndef MCFG_OVERVIEW_H
#define MCFG_OVERVIEW_H

#include "base/clock.h"
#include "ledger/summary.h"
#include "x509/cert.h"

enum {
	ROWS = 25,		/* of a list, unless --rows says */
	ROWS_MAX = 1000,
	DEVICES_MAX = 10000,	/* in the list of people and devices */
	SPAN_DAYS = 30,		/* of the charts, if there is nothing to show */
	SPAN_DAYS_MIN = 7,	/* if there is, unless --span says */
	SPAN_DAYS_MAX = 3650,
	LOG_MAX = 16 << 20,	/* bytes of the end of a log that are read */
	REASONS_MAX = 200,	/* kinds of refusals that are told apart */
	REVOCATIONS_MAX = 16,	/* CRLReasons */
	AUTHORITY_MAX = 16,	/* certificates of a CA's folder */
	SOON = 30,		/* days: an end that needs attention */
};

/* ---- enrollments ---- */

enum unit {
	UNIT_DAY,
	UNIT_WEEK,		/* from Monday */
	UNIT_MONTH,
};

/* A period of the charts. */
struct bar {
	int64_t from, until;
	int64_t started[LEDGER_STEPS];	/* by what became of them */
	int64_t refused;		/* of the log */
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
	X509 *issuing, *previous;	/* the latter NULL before a rollover */
	bool has_next;		/* a rollover is prepared */
	bool old_tls, old_signer;	/* the site's own are of the previous */
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
	const char *reason;	/* what tells one case from another left out */
	bool is_fault;		/* ours, not the client's */
	int64_t count;
	int64_t last;		/* day, or 0 where no line had a date */
};

struct refusals {
	struct refusal v[REASONS_MAX];	/* the most frequent first */
	size_t n;
	int64_t requests;	/* lines about one */
	int64_t refused, faults;
	int64_t other;		/* of kinds beyond REASONS_MAX */
	int64_t undated;	/* of those refused or failed */
	int64_t older;		/* lines of version 0.1, without fields */
	bool cut;		/* a log was larger than LOG_MAX */
	int64_t days[SPAN_DAYS_MAX];	/* refused or failed so many days ago */
};

/* ---- what needs attention ---- */

enum urgency {
	URGENT,			/* something does not work, or soon will not */
	NOTABLE,		/* somebody should look */
};

struct finding {
	enum urgency urgency;
	const char *what;	/* "crl_overdue": stable, for programs */
	const char *text;	/* for people */
	const char *section;	/* of the page */
};

struct overview {
	int64_t now;
	const char *organization;	/* or NULL */
	int64_t stuck_after;
	int64_t rows;
	int64_t span;		/* seconds; 0: as far back as there is something */

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

	char **kept;		/* every text above */
	size_t kept_count;
};

void overview_free(struct overview *o);
#define auto_overview AUTO(overview_free) struct overview

/* keep() copies a text that lives as long as the overview; NULL stays. */
const char *keep(struct overview *o, const char *text);
const char *keep_new(struct overview *o, char *text);	/* takes it */

/*
 * span_bars() makes the bars up to o->now: for o->span seconds or, if that is
 * 0, from the first enrollment of o->census or the first refusal of the log.
 * It counts the refusals of o->log into them.
 */
void span_bars(struct overview *o);

/* How many started in its time. */
int64_t bar_sum(const struct bar *b);

/* The bar that a day is in, or NULL. */
struct bar *bar_of(const struct overview *o, int64_t day);

/*
 * Each reads one source and fills in its part.  The logs are read before the
 * ledger, which makes the bars.
 */
enum status gather_ledger(struct ledger *l, struct overview *o) USE_RESULT;
enum status gather_authority(const char *dir, struct overview *o) USE_RESULT;
enum status gather_log(const char *path, struct overview *o) USE_RESULT;

/* What gather_log() does with the text of a log, or of its end. */
void count_log(struct overview *o, const char *text, size_t len);

/*
 * add_times() copies standard input to standard output as it comes, each line
 * with "time=2026-11-25T09:00:00Z " before it, until its end; signals that end
 * others do not end it.  What cannot be written is lost, and FAULT at the end.
 */
enum status add_times(void) USE_RESULT;

/*
 * hide_tokens() does so with lines of lighttpd's access log as lighttpd.conf
 * formats them, without tokens of invitations; it drops any other line, one
 * without an end among them.
 */
enum status hide_tokens(void) USE_RESULT;

/* sort_log() is called behind the last gather_log(). */
void sort_log(struct overview *o);

/* What needs the reader's attention. */
void find_attention(struct overview *o);

/* ---- words: the same in the page and on the command line ---- */

const char *unit_name(enum unit u);

/* Why it goes no further, as a sentence without its end. */
const char *why_text(enum ledger_step s, enum ledger_why w);
const char *term_text(enum ledger_term t);
const char *role_text(const char *role);

/* "3 days", "an hour"; of a time that is not negative. */
void age_text(int64_t seconds, struct buf *out);

/* ---- the products ---- */

void write_json(const struct overview *o, struct buf *out);
void write_page(const struct overview *o, struct buf *out);

#endif
