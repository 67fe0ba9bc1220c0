/* Counts and short lists for an operator. */
#include "ledger/summary.h"

#include <string.h>

#include "base/words.h"
#include "ledger/local.h"

static const char *const steps[LEDGER_STEPS] = {
	[LEDGER_STARTED] = "started",
	[LEDGER_IDENTIFIED] = "identified",
	[LEDGER_CERTIFIED] = "certified",
	[LEDGER_CONFIGURED] = "configured",
	[LEDGER_ABORTED] = "aborted",
	[LEDGER_SUPERSEDED] = "superseded",
};

static const char *const whys[LEDGER_WHYS] = {
	[LEDGER_WHY_OPEN] = "challenge_open",
	[LEDGER_WHY_EXPIRED] = "challenge_expired",
	[LEDGER_WHY_VOIDED] = "challenge_voided",
	[LEDGER_WHY_UNUSED] = "certificate_unused",
	[LEDGER_WHY_OVER] = "certificate_expired",
	[LEDGER_WHY_REVOKED] = "certificate_revoked",
	[LEDGER_WHY_UNKNOWN] = "unknown",
};

static const char *const terms[LEDGER_TERMS] = {
	[LEDGER_TERM_REVOKED] = "revoked",
	[LEDGER_TERM_EXPIRED] = "expired",
	[LEDGER_TERM_EARLY] = "not_yet_valid",
	[LEDGER_TERM_7] = "within_7_days",
	[LEDGER_TERM_30] = "within_30_days",
	[LEDGER_TERM_90] = "within_90_days",
	[LEDGER_TERM_LATER] = "later",
};

const char *
ledger_step_name(enum ledger_step s)
{
	return steps[s];
}

const char *
ledger_why_name(enum ledger_why w)
{
	return whys[w];
}

const char *
ledger_term_name(enum ledger_term t)
{
	return terms[t];
}

/* The database contains only words of these tables. */
static enum ledger_step
step_of(const struct db_row *r, int column)
{
	return (enum ledger_step)words_place(steps, LEDGER_STEPS - 1,
	    db_row_text(r, column));
}

static enum ledger_why
why_of(const struct db_row *r, int column)
{
	return (enum ledger_why)words_place(whys, LEDGER_WHYS - 1,
	    db_row_text(r, column));
}

/* The caller's function, for a row function of this file. */
struct walk {
	union {
		ledger_each_day *day;
		ledger_each_why *why;
		ledger_each_brief *brief;
		ledger_each_term *term;
		ledger_each_leaf *leaf;
		ledger_each_reason *reason;
		ledger_each_wait *wait;
	} fn;
	void *arg;
};

/* ---- enrollments ---- */

static enum status
take_census(const struct db_row *r, void *arg)
{
	struct ledger_census *c = arg;
	int64_t earliest = db_row_int(r, 4);

	c->count[step_of(r, 0)] += db_row_int(r, 1);
	c->repeated += db_row_int(r, 2);
	c->repeats += db_row_int(r, 3);
	if (c->earliest == 0 || earliest < c->earliest)
		c->earliest = earliest;
	return OK;
}

enum status
ledger_census(struct ledger *l, struct ledger_census *out)
{
	*out = (struct ledger_census){ .earliest = 0 };
	return db_rows(l, take_census, out, NULL, "SELECT state, COUNT(*), "
	    "SUM(CASE WHEN repeats > 0 THEN 1 ELSE 0 END), "
	    "CAST(SUM(repeats) AS BIGINT), MIN(started) FROM enrollment "
	    "GROUP BY state", DB_NONE);
}

static enum status
give_day(const struct db_row *r, void *arg)
{
	const struct walk *w = arg;

	return w->fn.day(db_row_int(r, 0), step_of(r, 1), db_row_int(r, 2),
	    w->arg);
}

enum status
ledger_days(struct ledger *l, int64_t from, int64_t until,
    ledger_each_day *fn, void *arg)
{
	struct walk w = { .fn.day = fn, .arg = arg };

	return db_rows(l, give_day, &w, NULL, "SELECT started / 86400, state, "
	    "COUNT(*) FROM enrollment WHERE started >= $1 AND started < $2 "
	    "GROUP BY 1, 2 ORDER BY 1, 2", DB(db_int(from), db_int(until)));
}

/*
 * The challenge for which the enrollment waits, its certificate, and when its
 * user last completed an enrollment: on any device, and on the same device.
 */
#define STUCK_TABLES							\
	" FROM enrollment e "						\
	"LEFT JOIN challenge c ON c.enrollment = e.id AND c.purpose = "	\
	"CASE e.state WHEN 'started' THEN 'enroll' WHEN 'identified' "	\
	"THEN 'identity' END "						\
	"LEFT JOIN certificate k ON k.serial = e.certificate "		\
	"LEFT JOIN (SELECT username, MAX(started) AS started FROM "	\
	"enrollment WHERE state = 'configured' GROUP BY username) u ON "	\
	"u.username = e.username "					\
	"LEFT JOIN (SELECT username, device, MAX(started) AS started "	\
	"FROM enrollment WHERE state = 'configured' GROUP BY username, "	\
	"device) d ON d.username = e.username AND d.device = e.device "

#define STUCK_ROWS							\
	"e.state IN ('started', 'identified', 'certified') AND "	\
	"e.changed <= $1"

#define LEFT_BEHIND							\
	"CASE WHEN COALESCE(CASE WHEN e.device IS NULL THEN u.started "	\
	"ELSE d.started END, -1) >= e.started THEN 1 ELSE 0 END"

#define STUCK_WHY							\
	"CASE WHEN e.state = 'certified' THEN CASE "			\
	"WHEN k.serial IS NULL THEN 'unknown' "				\
	"WHEN k.revoked <> 0 THEN 'certificate_revoked' "		\
	"WHEN k.not_after < $2 THEN 'certificate_expired' "		\
	"ELSE 'certificate_unused' END "				\
	"WHEN c.hash IS NULL THEN 'unknown' "				\
	"WHEN c.voided <> 0 THEN 'challenge_voided' "			\
	"WHEN c.expires <= $2 THEN 'challenge_expired' "		\
	"ELSE 'challenge_open' END"

static enum status
give_why(const struct db_row *r, void *arg)
{
	const struct walk *w = arg;

	return w->fn.why(step_of(r, 0), why_of(r, 1), db_row_int(r, 2) != 0,
	    db_row_int(r, 3), w->arg);
}

enum status
ledger_count_stuck(struct ledger *l, int64_t before, int64_t now,
    ledger_each_why *fn, void *arg)
{
	struct walk w = { .fn.why = fn, .arg = arg };

	return db_rows(l, give_why, &w, NULL, "SELECT e.state, " STUCK_WHY
	    ", " LEFT_BEHIND ", COUNT(*)" STUCK_TABLES "WHERE " STUCK_ROWS
	    " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
	    DB(db_int(before), db_int(now)));
}

#define BRIEF_COLUMNS							\
	"e.id, e.username, e.state, e.udid, e.serial, e.product, "	\
	"e.certificate, e.started, e.changed, e.repeats, v.what, "	\
	"v.time, v.detail"

#define LAST_EVENT							\
	" LEFT JOIN event v ON v.enrollment = e.id AND v.ordinal = "	\
	"(SELECT MAX(w.ordinal) FROM event w WHERE w.enrollment = e.id) "

static void
take_brief(const struct db_row *r, struct ledger_brief *b)
{
	*b = (struct ledger_brief){
		.id = db_row_text(r, 0),
		.user = db_row_text(r, 1),
		.state = db_row_text(r, 2),
		.udid = db_row_text(r, 3),
		.serial = db_row_text(r, 4),
		.product = db_row_text(r, 5),
		.certificate = db_row_text(r, 6),
		.started = db_row_int(r, 7),
		.changed = db_row_int(r, 8),
		.repeats = db_row_int(r, 9),
		.event = db_row_text(r, 10),
		.event_time = db_row_int(r, 11),
		.event_detail = db_row_text(r, 12),
		.why = LEDGER_WHY_UNKNOWN,
	};
}

static enum status
give_brief(const struct db_row *r, void *arg)
{
	const struct walk *w = arg;
	struct ledger_brief b;

	take_brief(r, &b);
	return w->fn.brief(&b, w->arg);
}

static enum status
give_stuck(const struct db_row *r, void *arg)
{
	const struct walk *w = arg;
	struct ledger_brief b;

	take_brief(r, &b);
	b.why = why_of(r, 13);
	b.until = db_row_int(r, 14);
	return w->fn.brief(&b, w->arg);
}

enum status
ledger_stuck(struct ledger *l, int64_t before, int64_t now, int64_t limit,
    ledger_each_brief *fn, void *arg)
{
	struct walk w = { .fn.brief = fn, .arg = arg };

	return db_rows(l, give_stuck, &w, NULL, "SELECT " BRIEF_COLUMNS ", "
	    STUCK_WHY ", COALESCE(CASE WHEN e.state = 'certified' THEN "
	    "k.not_after ELSE c.expires END, 0)" STUCK_TABLES LAST_EVENT
	    "WHERE " STUCK_ROWS " AND " LEFT_BEHIND " = 0 "
	    "ORDER BY e.changed DESC, e.id DESC LIMIT $3",
	    DB(db_int(before), db_int(now), db_int(limit)));
}

static enum status
give_device(const struct db_row *r, void *arg)
{
	const struct walk *w = arg;
	struct ledger_brief b;

	take_brief(r, &b);
	b.until = db_row_int(r, 13);
	if (db_row_int(r, 14) != 0)
		b.why = LEDGER_WHY_REVOKED;
	return w->fn.brief(&b, w->arg);
}

enum status
ledger_devices(struct ledger *l, int64_t limit, ledger_each_brief *fn,
    void *arg)
{
	struct walk w = { .fn.brief = fn, .arg = arg };

	return db_rows(l, give_device, &w, NULL, "SELECT " BRIEF_COLUMNS
	    ", COALESCE(k.not_after, 0), COALESCE(k.revoked, 0) "
	    "FROM enrollment e "
	    "LEFT JOIN certificate k ON k.serial = e.certificate" LAST_EVENT
	    "WHERE e.state IN ('identified', 'certified', 'configured') AND "
	    "NOT EXISTS (SELECT 1 FROM enrollment n WHERE n.username = "
	    "e.username AND n.device = e.device AND n.state = 'configured' "
	    "AND n.started >= e.started AND n.id <> e.id) "
	    "ORDER BY LOWER(e.username), e.username, e.changed DESC, "
	    "e.id DESC LIMIT $1", DB(db_int(limit)));
}

enum status
ledger_repeated(struct ledger *l, int64_t limit, ledger_each_brief *fn,
    void *arg)
{
	struct walk w = { .fn.brief = fn, .arg = arg };

	return db_rows(l, give_brief, &w, NULL, "SELECT " BRIEF_COLUMNS
	    " FROM enrollment e" LAST_EVENT "WHERE e.repeats > 0 "
	    "ORDER BY e.repeats DESC, e.changed DESC, e.id DESC LIMIT $1",
	    DB(db_int(limit)));
}

enum status
ledger_ended(struct ledger *l, int64_t limit, ledger_each_brief *fn,
    void *arg)
{
	struct walk w = { .fn.brief = fn, .arg = arg };

	return db_rows(l, give_brief, &w, NULL, "SELECT " BRIEF_COLUMNS
	    " FROM enrollment e" LAST_EVENT "WHERE e.state IN ('aborted', "
	    "'superseded') ORDER BY e.changed DESC, e.id DESC LIMIT $1",
	    DB(db_int(limit)));
}

/* ---- certificates ---- */

/*
 * By this, certificates are older or newer.  Several end at the same time if
 * that is the end of the CA.
 */
#define AGE(c)								\
	"(" c ".not_after, " ISSUE_PLACE(c) ", " c ".issued, " c ".serial)"

#define IS_NEWER							\
	"n.revoked = 0 AND n.not_after >= c.not_after AND "		\
	"n.serial <> c.serial AND " AGE("n") " > " AGE("c")

#define RENEWED								\
	"EXISTS (SELECT 1 FROM certificate n WHERE n.enrollment = "	\
	"c.enrollment AND n.purpose = c.purpose AND " IS_NEWER ")"

static enum status
give_term(const struct db_row *r, void *arg)
{
	const struct walk *w = arg;

	return w->fn.term((enum ledger_term)words_place(terms,
	    LEDGER_TERMS - 1, db_row_text(r, 0)), db_row_int(r, 1),
	    db_row_int(r, 2), w->arg);
}

enum status
ledger_terms(struct ledger *l, int64_t now, ledger_each_term *fn, void *arg)
{
	struct walk w = { .fn.term = fn, .arg = arg };

	return db_rows(l, give_term, &w, NULL, "SELECT CASE "
	    "WHEN c.revoked <> 0 THEN 'revoked' "
	    "WHEN c.not_after < $1 THEN 'expired' "
	    "WHEN c.not_before > $1 THEN 'not_yet_valid' "
	    "WHEN c.not_after < $1 + 7 * 86400 THEN 'within_7_days' "
	    "WHEN c.not_after < $1 + 30 * 86400 THEN 'within_30_days' "
	    "WHEN c.not_after < $1 + 90 * 86400 THEN 'within_90_days' "
	    "ELSE 'later' END, COUNT(*), "
	    "SUM(CASE WHEN " RENEWED " THEN 1 ELSE 0 END) "
	    "FROM certificate c GROUP BY 1 ORDER BY 1",
	    DB(db_int(now)));
}

#define LEAF								\
	"SELECT c.serial, c.subject, c.profile, c.purpose, "		\
	"c.enrollment, e.username, e.serial, e.product, c.not_before, "	\
	"c.not_after, c.revoked, c.reason, c.der FROM certificate c "	\
	"LEFT JOIN enrollment e ON e.id = c.enrollment "

static enum status
give_leaf(const struct db_row *r, void *arg)
{
	const struct walk *w = arg;
	struct ledger_leaf c = {
		.serial = db_row_text(r, 0),
		.subject = db_row_text(r, 1),
		.profile = db_row_text(r, 2),
		.purpose = db_row_text(r, 3),
		.enrollment = db_row_text(r, 4),
		.user = db_row_text(r, 5),
		.device = db_row_text(r, 6),
		.product = db_row_text(r, 7),
		.not_before = db_row_int(r, 8),
		.not_after = db_row_int(r, 9),
		.revoked = db_row_int(r, 10),
		.reason = (int)db_row_int(r, 11),
	};

	c.der = db_row_blob(r, 12, &c.der_len);
	return w->fn.leaf(&c, w->arg);
}

enum status
ledger_expiring(struct ledger *l, int64_t now, int64_t limit,
    ledger_each_leaf *fn, void *arg)
{
	struct walk w = { .fn.leaf = fn, .arg = arg };

	return db_rows(l, give_leaf, &w, NULL, LEAF "WHERE c.revoked = 0 AND "
	    "c.not_after >= $1 AND NOT " RENEWED " ORDER BY c.not_after, "
	    "c.serial LIMIT $2", DB(db_int(now), db_int(limit)));
}

enum status
ledger_last_revoked(struct ledger *l, int64_t limit, ledger_each_leaf *fn,
    void *arg)
{
	struct walk w = { .fn.leaf = fn, .arg = arg };

	return db_rows(l, give_leaf, &w, NULL, LEAF "WHERE c.revoked <> 0 "
	    "ORDER BY c.revoked DESC, c.serial LIMIT $1", DB(db_int(limit)));
}

enum status
ledger_own(struct ledger *l, int64_t limit, ledger_each_leaf *fn, void *arg)
{
	struct walk w = { .fn.leaf = fn, .arg = arg };

	return db_rows(l, give_leaf, &w, NULL, LEAF "WHERE c.revoked = 0 AND "
	    "c.profile IN ('tls', 'signer') AND NOT EXISTS (SELECT 1 FROM "
	    "certificate n WHERE n.profile = c.profile AND n.subject = "
	    "c.subject AND " IS_NEWER ") "
	    "ORDER BY c.profile DESC, c.not_after, c.serial LIMIT $1",
	    DB(db_int(limit)));
}

static enum status
give_reason(const struct db_row *r, void *arg)
{
	const struct walk *w = arg;

	return w->fn.reason((int)db_row_int(r, 0), db_row_int(r, 1), w->arg);
}

enum status
ledger_reasons(struct ledger *l, ledger_each_reason *fn, void *arg)
{
	struct walk w = { .fn.reason = fn, .arg = arg };

	return db_rows(l, give_reason, &w, NULL, "SELECT reason, COUNT(*) FROM "
	    "certificate WHERE revoked <> 0 GROUP BY reason ORDER BY 2 DESC, "
	    "1", DB_NONE);
}

/* ---- requests ---- */

static enum status
take_requests(const struct db_row *r, void *arg)
{
	const char *word = db_row_text(r, 0);
	int64_t *count = arg;
	enum ledger_state s;

	for (s = LEDGER_PENDING; s < LEDGER_ISSUED; s++)
		if (word != NULL && strcmp(word, ledger_state_name(s)) == 0)
			break;
	count[s] = db_row_int(r, 1);
	return OK;
}

enum status
ledger_count_requests(struct ledger *l, int64_t count[LEDGER_ISSUED + 1])
{
	memset(count, 0, (LEDGER_ISSUED + 1) * sizeof *count);
	return db_rows(l, take_requests, count, NULL, "SELECT state, COUNT(*) "
	    "FROM request GROUP BY state", DB_NONE);
}

static enum status
give_wait(const struct db_row *r, void *arg)
{
	const struct walk *w = arg;
	const struct ledger_wait one = {
		.transaction = db_row_text(r, 0),
		.subject = db_row_text(r, 1),
		.key_hash = db_row_text(r, 2),
		.received = db_row_int(r, 3),
	};

	return w->fn.wait(&one, w->arg);
}

enum status
ledger_waiting(struct ledger *l, int64_t limit, ledger_each_wait *fn,
    void *arg)
{
	struct walk w = { .fn.wait = fn, .arg = arg };

	return db_rows(l, give_wait, &w, NULL, "SELECT txid, subject, "
	    "key_hash, received FROM request WHERE state = 'pending' "
	    "ORDER BY received, txid LIMIT $1", DB(db_int(limit)));
}
