/* SCEP requests that need a decision: finds, lists and decides them. */
#include <string.h>

#include "base/words.h"
#include "ledger/ledger.h"
#include "ledger/local.h"

#define REQUEST_COLUMNS							\
	"txid, key_hash, csr, asked_subject, asked_names, subject, "	\
	"ground, challenge, presented, client, state, serial, received, " \
	"decided, decider"

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
	ledger_name_free(&r->name);
	free(r->subject);
	free(r->ground);
	free(r->challenge);
	free(r->client);
	free(r->serial);
	free(r->decider);
	*r = (struct ledger_request)LEDGER_REQUEST_INIT;
}

static enum ledger_state
state_of(const char *name)
{
	size_t i = words_place(states, ARRAY_LEN(states), name);

	return i < ARRAY_LEN(states) ? (enum ledger_state)i : LEDGER_REJECTED;
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
	if ((csr = db_row_blob(r, 2, &len)) != NULL)
		buf_add(&q->csr, csr, len);
	ledger_take_name(r, 3, &q->name);
	/* Version 1 stored only the request. */
	if (q->name.subject.len == 0)
		(void)ledger_name_of_request(&q->csr, &q->name);
	q->subject = db_row_dup(r, 5);
	q->ground = db_row_dup(r, 6);
	q->challenge = db_row_dup(r, 7);
	q->presented = db_row_int(r, 8);
	q->client = db_row_dup(r, 9);
	q->state = state_of(db_row_text(r, 10));
	q->serial = db_row_dup(r, 11);
	q->received = db_row_int(r, 12);
	q->decided = db_row_int(r, 13);
	q->decider = db_row_dup(r, 14);
	return OK;
}

enum status
ledger_find_request(struct ledger *l, const char *transaction,
    const char *key_hash, bool *found, struct ledger_request *out)
{
	return db_find(l, found, take_request, out, "SELECT " REQUEST_COLUMNS
	    " FROM request WHERE txid = $1 AND key_hash = $2",
	    DB(db_text(transaction), db_text(key_hash)));
}

enum status
ledger_find_polled_request(struct ledger *l, const struct ledger_identity *q,
    bool *found, struct ledger_request *out)
{
	auto_char *signer = q->signer != NULL ?
	    ledger_ground_certificate(q->signer) : NULL;
	auto_char *signed_by = xasprintf(LEDGER_SIGNED_BY "%s",
	    q->signer_hash);

	return db_find(l, found, take_request, out, "SELECT " REQUEST_COLUMNS
	    " FROM request WHERE txid = $1 AND (key_hash = $2 OR ground = $3 "
	    "OR ground = $4) ORDER BY CASE state WHEN 'issued' THEN 1 ELSE 0 "
	    "END, received DESC, key_hash LIMIT 1",
	    DB(db_text(q->transaction), db_text(q->key_hash),
	    db_text(signer), db_text(signed_by)));
}

/* ---- deciding ---- */

static const struct {
	enum ledger_state from, to;
	const char *event;
} verdicts[] = {
	[LEDGER_APPROVE] = { LEDGER_PENDING, LEDGER_APPROVED, "approved" },
	[LEDGER_REJECT] = { LEDGER_PENDING, LEDGER_REJECTED, "rejected" },
	[LEDGER_UNDO] = { LEDGER_APPROVED, LEDGER_PENDING, "undone" },
};

/* True if the selected request is the one that was shown. */
static enum status
is_shown(struct ledger *l, const struct ledger_choice *c, const char *from,
    bool *same)
{
	auto_ledger_request r = LEDGER_REQUEST_INIT;
	char hash[SECRET_HASH_TEXT];
	int64_t n = 0;
	enum status st;

	*same = true;
	if (*c->csr == '\0')
		return OK;
	if ((st = db_rows(l, take_request, &r, &n, "SELECT " REQUEST_COLUMNS
	    " FROM request WHERE txid = $1 AND state = $2 AND substr(key_hash, "
	    "1, length($3)) = $3", DB(db_text(c->transaction), db_text(from),
	    db_text(c->key)))) != OK)
		return st;
	secret_sha256(r.csr.data, r.csr.len, hash);
	*same = n == 1 && strncmp(hash, c->csr, strlen(c->csr)) == 0;
	return OK;
}

enum status
ledger_decide(struct ledger *l, const struct ledger_choice *c,
    enum ledger_verdict verdict, const char *decider, int64_t now,
    size_t *matches, bool *same)
{
	const char *transaction = c->transaction, *key = c->key;
	const char *from = states[verdicts[verdict].from];
	auto_turn *turn = NULL;
	int64_t n = 0;
	enum status st;

	*matches = 0;
	*same = true;
	if ((st = db_begin(l, &turn)) != OK ||
	    (st = db_rows(l, db_take_int, &n, NULL, "SELECT COUNT(*) FROM "
	    "request WHERE txid = $1 AND state = $2 AND substr(key_hash, 1, "
	    "length($3)) = $3", DB(db_text(transaction), db_text(from),
	    db_text(key)))) != OK)
		return st;
	*matches = (size_t)n;
	if (n != 1)
		return OK;
	if ((st = is_shown(l, c, from, same)) != OK || !*same)
		return st;
	if ((st = db_run(l, NULL, "UPDATE request SET state = $1, decided = "
	    "$2, decider = $3 WHERE txid = $4 AND state = $5 AND "
	    "substr(key_hash, 1, length($6)) = $6",
	    DB(db_text(states[verdicts[verdict].to]),
	    db_int(verdict == LEDGER_UNDO ? 0 : now),
	    db_text(verdict == LEDGER_UNDO ? NULL : decider),
	    db_text(transaction), db_text(from), db_text(key)))) != OK)
		return st;
	return db_commit(&turn, ledger_put_event(l, &(struct ledger_event){
	    now, verdicts[verdict].event, NULL, NULL, transaction }));
}

enum status
ledger_reject_all(struct ledger *l, int64_t before, const char *decider,
    int64_t now, size_t *count)
{
	auto_turn *turn = NULL;
	int64_t n = 0;
	enum status st;

	*count = 0;
	if ((st = db_begin(l, &turn)) != OK ||
	    (st = db_run(l, &n, "UPDATE request SET state = 'rejected', "
	    "decided = $1, decider = $2 WHERE state = 'pending' AND received "
	    "< $3", DB(db_int(now), db_text(decider),
	    db_int(before)))) != OK || n == 0)
		/* cppcheck-suppress legacyUninitvar; it is set above */
		return st;
	*count = (size_t)n;
	return db_commit(&turn, ledger_put_event(l, &(struct ledger_event){
	    now, "rejected", NULL, NULL, "all" }));
}

/* ---- completed by a certificate ---- */

/* A decision is only about exactly the request that was shown. */
static bool
is_decided(const struct ledger_request *r, const struct ledger_entitlement *e)
{
	if (e->csr == NULL || !buf_equal(e->csr, &r->csr) ||
	    !ledger_name_equal(&r->name, e->request.name))
		return false;
	return r->state == LEDGER_APPROVED ||
	    (r->state == LEDGER_PENDING && e->decider != NULL);
}

enum status
ledger_settle_request(struct ledger *l, const struct ledger_entitlement *e,
    const char *serial, int64_t now, struct ledger_certificate *settled,
    enum ledger_outcome *outcome)
{
	const struct ledger_identity *q = &e->request;
	auto_ledger_request r = LEDGER_REQUEST_INIT;
	bool found = false, by_hand;
	enum status st;

	if ((st = ledger_find_request(l, q->transaction, q->key_hash, &found,
	    &r)) != OK)
		return st;
	found = found && (r.state == LEDGER_PENDING ||
	    r.state == LEDGER_APPROVED) && (e->needs_decision ||
	    ledger_name_equal(&r.name, q->name));
	if (e->needs_decision && found &&
	    !ledger_name_equal(&r.name, q->name)) {
		*outcome = LEDGER_OTHER_NAMES;
		return OK;
	}
	if (e->needs_decision && (found ? !is_decided(&r, e) :
	    e->csr != NULL || e->decider == NULL)) {
		*outcome = LEDGER_UNDECIDED;
		return OK;
	}
	by_hand = found && r.state == LEDGER_APPROVED;
	if (by_hand && r.decider != NULL)
		settled->decider = xstrdup(r.decider);
	else if (!by_hand && e->decider != NULL)
		settled->decider = xstrdup(e->decider);
	settled->decided = by_hand ? r.decided :
	    e->decider != NULL ? now : 0;
	if (!found)
		return OK;
	return db_run(l, NULL, "UPDATE request SET state = 'issued', serial = "
	    "$1, decided = $2, decider = $3 WHERE txid = $4 AND key_hash = $5",
	    DB(db_text(serial), db_int(settled->decided),
	    db_text(settled->decider), db_text(q->transaction),
	    db_text(q->key_hash)));
}

/* ---- listing ---- */

DEFINE_DROP(request);

enum status
ledger_requests(struct ledger *l, ledger_each_request *fn, void *arg)
{
	auto_db_list d = DB_LIST(l, request, "SELECT " REQUEST_COLUMNS
	    " FROM request WHERE (received, txid, key_hash) > ($1, $2, $3) "
	    "ORDER BY received, txid, key_hash LIMIT $4");
	const struct ledger_request *r = NULL;

	while (d.st == OK && (r = db_next(&d,
	    DB(db_int(r != NULL ? r->received : INT64_MIN),
	    db_text(r != NULL ? r->transaction : ""),
	    db_text(r != NULL ? r->key_hash : ""), db_int(DB_PAGE)))) != NULL)
		d.st = fn(r, arg);
	return d.st;
}
