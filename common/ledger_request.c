/* SCEP requests that wait for somebody's decision. */
#include <string.h>

#include "ledger.h"
#include "ledger_engine.h"

#define REQUEST_COLUMNS							\
	"txid, key_hash, signer_hash, csr, subject, state, serial, "	\
	"received, decided"

static const char *const states[] = {
	[LEDGER_PENDING] = "pending",
	[LEDGER_APPROVED] = "approved",
	[LEDGER_REJECTED] = "rejected",
	[LEDGER_ISSUED] = "issued",
};

const char *
ledger_state_name(enum ledger_state s)
{
	return states[s];
}

void
ledger_request_free(struct ledger_request *r)
{
	free(r->transaction);
	buf_free(&r->csr);
	free(r->subject);
	free(r->serial);
	*r = (struct ledger_request)LEDGER_REQUEST_INIT;
}

static enum ledger_state
state_of(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(states); i++)
		if (name != NULL && strcmp(name, states[i]) == 0)
			return (enum ledger_state)i;
	return LEDGER_REJECTED;
}

static enum status
take_request(const struct db_row *r, void *arg)
{
	struct ledger_request *q = arg;
	const void *csr;
	size_t len;

	ledger_request_free(q);
	q->transaction = db_row_dup(r, 0);
	db_row_hash(r, 1, q->key_hash);
	db_row_hash(r, 2, q->signer_hash);
	if ((csr = db_row_blob(r, 3, &len)) != NULL)
		buf_add(&q->csr, csr, len);
	q->subject = db_row_dup(r, 4);
	q->state = state_of(db_row_text(r, 5));
	q->serial = db_row_dup(r, 6);
	q->received = db_row_int(r, 7);
	q->decided = db_row_int(r, 8);
	return OK;
}

enum status
ledger_find_request(struct ledger *l, const char *transaction, bool *found,
    struct ledger_request *out)
{
	int64_t n = 0;
	enum status st;

	st = db_rows(l, take_request, out, &n, "SELECT " REQUEST_COLUMNS
	    " FROM request WHERE txid = $1", DB(db_text(transaction)));
	*found = n > 0;
	return st;
}

static enum status
is_full(struct ledger *l, bool *full)
{
	int64_t n = 0;
	enum status st;

	st = db_rows(l, db_take_int, &n, NULL, "SELECT COUNT(*) FROM request "
	    "WHERE state = 'pending'", DB_NONE);
	*full = n >= LEDGER_PENDING_MAX;
	return st;
}

static enum status
put_request(struct ledger *l, const struct ledger_request *r, int64_t now,
    enum ledger_outcome *outcome, struct ledger_request *earlier)
{
	bool found = false, full = false;
	enum status st;

	if ((st = ledger_find_request(l, r->transaction, &found,
	    earlier)) != OK)
		return st;
	if (found) {
		*outcome = strcmp(earlier->key_hash, r->key_hash) == 0 &&
		    strcmp(earlier->signer_hash, r->signer_hash) == 0 ?
		    LEDGER_RETRY : LEDGER_OTHER_KEY;
		return OK;
	}
	*outcome = LEDGER_CLOSED;
	if ((st = is_full(l, &full)) != OK || full)
		return st;
	*outcome = LEDGER_RECORDED;
	return db_run(l, NULL, "INSERT INTO request (txid, key_hash, "
	    "signer_hash, csr, subject, state, received) VALUES ($1, $2, $3, "
	    "$4, $5, 'pending', $6)",
	    DB(db_text(r->transaction), db_text(r->key_hash),
	    db_text(r->signer_hash), db_buf(&r->csr),
	    db_text(r->subject != NULL ? r->subject : ""), db_int(now)));
}

enum status
ledger_put_request(struct ledger *l, const struct ledger_request *r,
    int64_t now, enum ledger_outcome *outcome, struct ledger_request *earlier)
{
	enum status st;

	*outcome = LEDGER_CLOSED;
	if ((st = db_begin(l)) != OK)
		return st;
	st = put_request(l, r, now, outcome, earlier);
	return db_end(l, st, *outcome == LEDGER_RECORDED);
}

enum status
ledger_decide(struct ledger *l, const char *transaction, bool approve,
    int64_t now, bool *done)
{
	int64_t n = 0;
	enum status st;

	*done = false;
	if ((st = db_begin(l)) != OK)
		return st;
	if ((st = db_run(l, &n, "UPDATE request SET state = $1, decided = $2 "
	    "WHERE txid = $3 AND state = 'pending'",
	    DB(db_text(states[approve ? LEDGER_APPROVED : LEDGER_REJECTED]),
	    db_int(now), db_text(transaction)))) == OK && n > 0)
		st = ledger_put_event(l, &(struct ledger_event){ now,
		    approve ? "approved" : "rejected", NULL, NULL,
		    transaction });
	*done = n > 0;
	return db_end(l, st, *done);
}

/*
 * A certificate for a transaction whose request waits: what was decided
 * holds, unless a challenge paid for it.
 */
enum status
ledger_settle_request(struct ledger *l, const struct ledger_certificate *c,
    bool paid, enum ledger_outcome *outcome)
{
	auto_ledger_request r = LEDGER_REQUEST_INIT;
	bool found = false;
	enum status st;

	if ((st = ledger_find_request(l, c->transaction, &found, &r)) != OK ||
	    !found)
		return st;
	if (strcmp(r.key_hash, c->key_hash) != 0 ||
	    strcmp(r.signer_hash, c->signer_hash) != 0) {
		*outcome = LEDGER_OTHER_KEY;
		return OK;
	}
	if (!paid && r.state != LEDGER_APPROVED) {
		*outcome = LEDGER_CLOSED;
		return OK;
	}
	return db_run(l, NULL, "UPDATE request SET state = 'issued', serial = "
	    "$1 WHERE txid = $2", DB(db_text(c->serial),
	    db_text(c->transaction)));
}

/* ---- listing ---- */

struct request_page {
	struct ledger_request v[DB_PAGE];
	size_t n;
};

static enum status
add_to_page(const struct db_row *r, void *arg)
{
	struct request_page *p = arg;

	return p->n < DB_PAGE ? take_request(r, &p->v[p->n++]) : OK;
}

static enum status
give_page(struct request_page *p, ledger_each_request *fn, void *arg,
    int64_t *received, char **transaction)
{
	enum status st = OK;
	size_t i;

	for (i = 0; i < p->n; i++) {
		struct ledger_request *r = &p->v[i];

		if (st == OK)
			st = fn(r, arg);
		if (i + 1 == p->n) {
			*received = r->received;
			free(*transaction);
			*transaction = STEAL(r->transaction);
		}
		ledger_request_free(r);
	}
	p->n = 0;
	return st;
}

enum status
ledger_requests(struct ledger *l, ledger_each_request *fn, void *arg)
{
	struct request_page *p = xcalloc(1, sizeof *p);
	auto_char *transaction = xstrdup("");
	int64_t received = INT64_MIN, n = 0;
	enum status st;

	do {
		if ((st = db_rows(l, add_to_page, p, &n, "SELECT "
		    REQUEST_COLUMNS " FROM request WHERE (received, txid) > "
		    "($1, $2) ORDER BY received, txid LIMIT $3",
		    DB(db_int(received), db_text(transaction),
		    db_int(DB_PAGE)))) == OK)
			st = give_page(p, fn, arg, &received, &transaction);
	} while (st == OK && n == DB_PAGE);
	free(p);
	return st;
}
