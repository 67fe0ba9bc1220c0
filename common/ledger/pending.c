/*
 * Stores SCEP requests that need a decision, limits how many strangers may
 * have, and deletes them when they expire.
 */
#include <string.h>

#include "ledger/ledger.h"
#include "ledger/local.h"

/* ---- limits ---- */

/*
 * One that was received in the future is older than all others: the clock has
 * been set back since.
 */
#define OLDEST_FIRST	"received > $1 DESC, received, txid, key_hash"
#define NEWEST_FIRST	"received > $1, received DESC, txid DESC, key_hash DESC"

/*
 * Deletes the oldest requests of this key and this address above their limits.
 */
static enum status
make_room_of_own(struct ledger *l, const struct ledger_request *r,
    int64_t now)
{
	enum status st;

	if ((st = db_run(l, NULL, "DELETE FROM request WHERE state = "
	    "'pending' AND stranger = 1 AND key_hash = $2 AND txid NOT IN "
	    "(SELECT txid FROM request WHERE state = 'pending' AND stranger = "
	    "1 AND key_hash = $2 ORDER BY " NEWEST_FIRST " LIMIT $3)",
	    DB(db_int(now), db_text(r->key_hash),
	    db_int(LEDGER_WAIT_KEY - 1)))) != OK || r->client == NULL)
		return st;
	return db_run(l, NULL, "DELETE FROM request WHERE state = 'pending' "
	    "AND stranger = 1 AND client = $2 AND (received, txid, key_hash) "
	    "IN (SELECT received, txid, key_hash FROM request WHERE state = "
	    "'pending' AND stranger = 1 AND client = $2 ORDER BY "
	    NEWEST_FIRST " LIMIT 1000 OFFSET $3)",
	    DB(db_int(now), db_text(r->client),
	    db_int(LEDGER_WAIT_CLIENT - 1)));
}

/*
 * Deletes the oldest request of the address with the most, until one more
 * fits.
 */
static enum status
make_room_of_all(struct ledger *l, int64_t now)
{
	int64_t n = 0;
	enum status st;

	while ((st = db_rows(l, db_take_int, &n, NULL, "SELECT COUNT(*) FROM "
	    "request WHERE state = 'pending' AND stranger = 1",
	    DB_NONE)) == OK && n >= LEDGER_WAIT_ALL)
		if ((st = db_run(l, NULL, "DELETE FROM request WHERE (txid, "
		    "key_hash) IN (SELECT txid, key_hash FROM request WHERE "
		    "state = 'pending' AND stranger = 1 AND COALESCE(client, "
		    "'') = (SELECT COALESCE(client, '') FROM request WHERE "
		    "state = 'pending' AND stranger = 1 GROUP BY "
		    "COALESCE(client, '') ORDER BY COUNT(*) DESC, "
		    "MIN(CASE WHEN received > $1 THEN 0 ELSE received END) "
		    "LIMIT 1) ORDER BY " OLDEST_FIRST " LIMIT 1)",
		    DB(db_int(now)))) != OK)
			return st;
	return st;
}

static bool
is_signed_by_ours(const struct ledger_request *r)
{
	static const char certificate[] = "certificate:";

	return r->ground != NULL && strncmp(r->ground, certificate,
	    sizeof certificate - 1) == 0;
}

/*
 * One request for each challenge and each certificate does not count; more
 * would be a way around the limits.
 */
static enum status
is_stranger(struct ledger *l, const struct ledger_request *r, bool *stranger)
{
	int64_t n = 0;
	enum status st;

	*stranger = true;
	if (r->challenge == NULL && !is_signed_by_ours(r))
		return OK;
	st = db_rows(l, db_take_int, &n, NULL, "SELECT COUNT(*) FROM request "
	    "WHERE (challenge = $1 OR (ground = $2 AND ground <> '')) AND "
	    "state IN ('pending', 'approved') AND NOT (txid = $3 AND key_hash "
	    "= $4)", DB(db_text(r->challenge), db_text(
	    is_signed_by_ours(r) ? r->ground : NULL), db_text(r->transaction),
	    db_text(r->key_hash)));
	*stranger = n > 0;
	return st;
}

/* ---- recording ---- */

/*
 * Checks that the challenge of a request is still valid: another request may
 * have spent it meanwhile.
 */
static enum status
check_challenge(struct ledger *l, const struct ledger_request *r, int64_t now,
    enum ledger_outcome *outcome)
{
	auto_ledger_challenge c = LEDGER_CHALLENGE_INIT;
	bool found = false;
	enum status st;

	if (r->challenge == NULL)
		return OK;
	if ((st = ledger_find_challenge(l, r->challenge, &found, &c)) != OK)
		return st;
	if (!found || c.spent || c.voided || c.expires <= now ||
	    (c.bound ? !ledger_name_equal(&c.name, &r->name) :
	    c.purpose != LEDGER_MANUAL))
		*outcome = LEDGER_OVERTAKEN;
	return OK;
}

/* The same request again: if it has a valid challenge, that is attached now. */
static enum status
attach(struct ledger *l, const struct ledger_request *r, int64_t now,
    enum ledger_outcome *outcome, struct ledger_request *earlier)
{
	bool stranger = true;
	enum status st;

	*outcome = LEDGER_RETRY;
	if (r->challenge == NULL || (earlier->challenge != NULL &&
	    strcmp(r->challenge, earlier->challenge) == 0))
		return OK;
	if ((st = check_challenge(l, r, now, outcome)) != OK ||
	    *outcome != LEDGER_RETRY)
		return st;
	if ((st = is_stranger(l, r, &stranger)) != OK ||
	    (st = db_run(l, NULL, "UPDATE request SET ground = $1, challenge "
	    "= $2, presented = $3, stranger = $4 WHERE txid = $5 AND key_hash "
	    "= $6", DB(db_text(r->ground), db_text(r->challenge), db_int(now),
	    db_int(stranger), db_text(r->transaction),
	    db_text(r->key_hash)))) != OK)
		return st;
	free(earlier->ground);
	earlier->ground = xstrdup(r->ground);
	free(earlier->challenge);
	earlier->challenge = xstrdup(r->challenge);
	earlier->presented = now;
	return OK;
}

static enum status
insert(struct ledger *l, const struct ledger_request *r, int64_t now,
    enum ledger_outcome *outcome)
{
	bool stranger = true;
	enum status st;

	*outcome = LEDGER_RECORDED;
	if ((st = check_challenge(l, r, now, outcome)) != OK ||
	    *outcome != LEDGER_RECORDED)
		return st;
	if ((st = is_stranger(l, r, &stranger)) != OK)
		return st;
	if (stranger && ((st = make_room_of_own(l, r, now)) != OK ||
	    (st = make_room_of_all(l, now)) != OK))
		return st;
	return db_run(l, NULL, "INSERT INTO request (txid, key_hash, csr, "
	    "asked_subject, asked_names, subject, ground, challenge, "
	    "presented, client, stranger, state, received) VALUES ($1, $2, "
	    "$3, $4, $5, $6, $7, $8, $9, $10, $11, 'pending', $9)",
	    DB(db_text(r->transaction), db_text(r->key_hash), db_buf(&r->csr),
	    db_buf(&r->name.subject), db_buf(&r->name.names),
	    db_text(r->subject != NULL ? r->subject : ""),
	    db_text(r->ground != NULL ? r->ground : ""),
	    db_text(r->challenge), db_int(now), db_text(r->client),
	    db_int(stranger)));
}

static enum status
forget(struct ledger *l, const char *transaction, const char *key_hash)
{
	return db_run(l, NULL, "DELETE FROM request WHERE txid = $1 AND "
	    "key_hash = $2 AND state IN ('rejected', 'issued')",
	    DB(db_text(transaction), db_text(key_hash)));
}

static enum status
purge(struct ledger *l, int64_t before, int64_t *n)
{
	return db_run(l, n, "DELETE FROM request WHERE received < $1 AND "
	    "decided < $1", DB(db_int(before)));
}

/* Its certificate may have been issued since the decision. */
static enum status
check_repeat(struct ledger *l, const struct ledger_identity *q, int64_t now,
    enum ledger_outcome *outcome)
{
	auto_ledger_certificate issued = LEDGER_CERTIFICATE_INIT;
	bool found = false;
	enum status st;

	st = ledger_find_repeat(l, q, now, &found, &issued);
	if (found)
		*outcome = LEDGER_OVERTAKEN;
	return st;
}

static enum status
put_request(struct ledger *l, const struct ledger_request *r, int64_t now,
    enum ledger_outcome *outcome, struct ledger_request *earlier)
{
	bool found = false, same = false;
	enum status st;

	if ((st = ledger_find_request(l, r->transaction, r->key_hash, &found,
	    earlier)) != OK)
		return st;
	same = found && ledger_name_equal(&earlier->name, &r->name);
	if (found && (earlier->state == LEDGER_PENDING ||
	    earlier->state == LEDGER_APPROVED)) {
		*outcome = LEDGER_OTHER_NAMES;
		return same ? attach(l, r, now, outcome, earlier) : OK;
	}
	if (found && (st = forget(l, r->transaction, r->key_hash)) != OK)
		return st;
	if (same && earlier->state == LEDGER_REJECTED &&
	    r->challenge == NULL && !is_signed_by_ours(r)) {
		*outcome = LEDGER_DECLINED;
		return OK;
	}
	return insert(l, r, now, outcome);
}

enum status
ledger_put_request(struct ledger *l, const struct ledger_request *r,
    const struct ledger_identity *q, int64_t oldest, int64_t now,
    enum ledger_outcome *outcome, struct ledger_request *earlier)
{
	auto_turn *turn = NULL;
	enum status st;

	*outcome = LEDGER_RECORDED;
	if ((st = db_begin(l, &turn)) != OK ||
	    (st = check_repeat(l, q, now, outcome)) != OK ||
	    *outcome != LEDGER_RECORDED ||
	    (st = purge(l, oldest, NULL)) != OK ||
	    (st = put_request(l, r, now, outcome, earlier)) != OK ||
	    *outcome == LEDGER_OVERTAKEN)
		return st;
	return db_commit(&turn, OK);
}

enum status
ledger_forget_rejection(struct ledger *l, const char *transaction,
    const char *key_hash)
{
	return db_run(l, NULL, "DELETE FROM request WHERE txid = $1 AND "
	    "key_hash = $2 AND state = 'rejected'",
	    DB(db_text(transaction), db_text(key_hash)));
}

enum status
ledger_purge_requests(struct ledger *l, int64_t before, size_t *count)
{
	auto_turn *turn = NULL;
	int64_t n = 0;
	enum status st;

	*count = 0;
	if ((st = db_begin(l, &turn)) != OK ||
	    (st = purge(l, before, &n)) != OK)
		return st;
	*count = (size_t)n;
	return db_commit(&turn, OK);
}
