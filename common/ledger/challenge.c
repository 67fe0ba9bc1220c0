/* Challenges: stores, finds, spends once, lists, voids and deletes them. */
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "ledger/ledger.h"
#include "ledger/local.h"

#define CHALLENGE_COLUMNS						\
	"hash, purpose, enrollment, bound_subject, bound_names, bound, " \
	"note, created, expires, spent, voided"

static const char *const purposes[] = {
	[LEDGER_ENROLL] = "enroll",
	[LEDGER_IDENTITY] = "identity",
	[LEDGER_CLIENT] = "client",
	[LEDGER_MANUAL] = "manual",
};

const char *
ledger_purpose_name(enum ledger_purpose p)
{
	return purposes[p];
}

static enum ledger_purpose
purpose_of(const char *name)
{
	size_t i = words_place(purposes, ARRAY_LEN(purposes), name);

	return i < ARRAY_LEN(purposes) ? (enum ledger_purpose)i :
	    LEDGER_MANUAL;
}

void
ledger_challenge_free(struct ledger_challenge *c)
{
	free(c->enrollment);
	free(c->note);
	ledger_name_free(&c->name);
	*c = (struct ledger_challenge)LEDGER_CHALLENGE_INIT;
}

enum status
ledger_put_challenge(struct ledger *l, const struct ledger_challenge *c,
    const char *user, int64_t completion, int64_t now)
{
	return db_run(l, NULL, "INSERT INTO challenge (hash, purpose, "
	    "enrollment, username, bound, bound_subject, bound_names, note, "
	    "created, expires, ordinal) VALUES ($1, $2, $3, $4, $5, $6, $7, "
	    "$8, $9, $10, (SELECT COALESCE(MAX(ordinal), $11) + 1 FROM "
	    "challenge WHERE username = $4 AND spent = 0 AND voided = 0))",
	    DB(db_text(c->hash), db_text(purposes[c->purpose]),
	    db_text(c->enrollment), db_text(user), db_int(c->bound),
	    db_buf(&c->name.subject), db_buf(&c->name.names),
	    db_text(c->note), db_int(now), db_int(c->expires),
	    db_int(completion)));
}

enum status
ledger_add_challenge(struct ledger *l, const struct ledger_challenge *c,
    int64_t now)
{
	auto_turn *turn = NULL;
	enum status st;

	if ((st = db_begin(l, &turn)) != OK)
		return st;
	return db_commit(&turn, ledger_put_challenge(l, c, NULL, 0, now));
}

static enum status
take_challenge(const struct db_row *r, void *arg)
{
	struct ledger_challenge *c = arg;

	ledger_challenge_free(c);
	db_row_hash(r, 0, c->hash);
	c->purpose = purpose_of(db_row_text(r, 1));
	c->enrollment = db_row_dup(r, 2);
	ledger_take_name(r, 3, &c->name);
	c->bound = db_row_int(r, 5) != 0;
	c->note = db_row_dup(r, 6);
	c->created = db_row_int(r, 7);
	c->expires = db_row_int(r, 8);
	c->spent = db_row_int(r, 9) != 0;
	c->voided = db_row_int(r, 10) != 0;
	return OK;
}

enum status
ledger_find_challenge(struct ledger *l, const char *hash, bool *found,
    struct ledger_challenge *out)
{
	return db_find(l, found, take_challenge, out, "SELECT "
	    CHALLENGE_COLUMNS " FROM challenge WHERE hash = $1",
	    DB(db_text(hash)));
}

enum status
ledger_find_identity(struct ledger *l, const char *enrollment, bool *found,
    struct ledger_challenge *out)
{
	return db_find(l, found, take_challenge, out, "SELECT "
	    CHALLENGE_COLUMNS " FROM challenge WHERE enrollment = $1 AND "
	    "purpose = 'identity' AND voided = 0", DB(db_text(enrollment)));
}

/* ---- spent, and given back: each statement changes a row at most once ---- */

enum status
ledger_spend_enroll(struct ledger *l, const char *hash, const char *enrollment,
    int64_t now, bool *spent)
{
	int64_t n = 0;
	enum status st;

	st = db_run(l, &n, "UPDATE challenge SET spent = $1 WHERE hash = $2 "
	    "AND enrollment = $3 AND purpose = 'enroll' AND spent = 0 AND "
	    "voided = 0 AND expires > $1",
	    DB(db_int(now), db_text(hash), db_text(enrollment)));
	*spent = n == 1;
	return st;
}

static enum status
take_spent(const struct db_row *r, void *arg)
{
	struct ledger_spent *s = arg;

	s->purpose = db_row_dup(r, 0);
	s->enrollment = db_row_dup(r, 1);
	s->is_bound = db_row_int(r, 2) != 0;
	ledger_take_name(r, 3, &s->bound);
	return OK;
}

enum status
ledger_spend_scep(struct ledger *l, const char *hash, int64_t presented,
    int64_t now, struct ledger_spent *out, bool *spent)
{
	int64_t n = 0;
	enum status st;

	st = db_rows(l, take_spent, out, &n, "UPDATE challenge SET spent = $1 "
	    "WHERE hash = $2 AND (purpose = 'manual' OR (purpose IN "
	    "('identity', 'client') AND bound = 1)) AND spent = 0 AND voided "
	    "= 0 AND expires > $3 RETURNING purpose, enrollment, bound, "
	    "bound_subject, bound_names",
	    DB(db_int(now), db_text(hash), db_int(presented)));
	*spent = n == 1;
	return st;
}

void
ledger_spent_free(struct ledger_spent *s)
{
	free(s->purpose);
	free(s->enrollment);
	ledger_name_free(&s->bound);
}

enum status
ledger_spend_outside(struct ledger *l, const char *enrollment, int64_t now,
    bool *spent)
{
	int64_t n = 0;
	enum status st;

	st = db_run(l, &n, "UPDATE challenge SET spent = $1 WHERE "
	    "enrollment = $2 AND purpose = 'identity' AND spent = 0 AND "
	    "voided = 0 AND expires > $1",
	    DB(db_int(now), db_text(enrollment)));
	*spent = n == 1;
	return st;
}

enum status
ledger_give_back(struct ledger *l, const char *hash, const char *enrollment)
{
	return db_run(l, NULL, "UPDATE challenge SET spent = 0 WHERE hash "
	    "= $1 AND enrollment = $2",
	    DB(db_text(hash), db_text(enrollment)));
}

enum status
ledger_void_challenges(struct ledger *l, const char *enrollment, int64_t now)
{
	return db_run(l, NULL, "UPDATE challenge SET voided = $1 WHERE "
	    "enrollment = $2 AND spent = 0 AND voided = 0",
	    DB(db_int(now), db_text(enrollment)));
}

/* ---- for the operator ---- */

DEFINE_DROP(challenge);

enum status
ledger_challenges(struct ledger *l, ledger_each_challenge *fn, void *arg)
{
	auto_db_list d = DB_LIST(l, challenge, "SELECT " CHALLENGE_COLUMNS
	    " FROM challenge WHERE (created, hash) < ($1, $2) ORDER BY "
	    "created DESC, hash DESC LIMIT $3");
	const struct ledger_challenge *c = NULL;

	while (d.st == OK && (c = db_next(&d,
	    DB(db_int(c != NULL ? c->created : INT64_MAX),
	    db_text(c != NULL ? c->hash : ""), db_int(DB_PAGE)))) != NULL)
		d.st = fn(c, arg);
	return d.st;
}

enum status
ledger_void_challenge(struct ledger *l, const char *id, int64_t now,
    size_t *matches, bool *done)
{
	int64_t n = 0, changed = 0;
	auto_turn *turn = NULL;
	enum status st;

	*matches = 0;
	*done = false;
	if (strlen(id) < LEDGER_ID_LEAST)
		return OK;
	if ((st = db_begin(l, &turn)) != OK ||
	    (st = db_rows(l, db_take_int, &n, NULL, "SELECT COUNT(*) FROM "
	    "challenge WHERE substr(hash, 1, length($1)) = $1",
	    DB(db_text(id)))) != OK)
		return st;
	*matches = (size_t)n;
	if (n != 1)
		return OK;
	st = db_run(l, &changed, "UPDATE challenge SET voided = $2 WHERE "
	    "substr(hash, 1, length($1)) = $1 AND spent = 0 AND voided = 0",
	    DB(db_text(id), db_int(now)));
	*done = changed == 1;
	return *done ? db_commit(&turn, st) : st;
}

enum status
ledger_purge_challenges(struct ledger *l, int64_t before, size_t *count)
{
	auto_turn *turn = NULL;
	int64_t n = 0;
	enum status st;

	*count = 0;
	if ((st = db_begin(l, &turn)) != OK)
		return st;
	st = db_run(l, &n, "DELETE FROM challenge WHERE purpose = 'manual' "
	    "AND enrollment IS NULL AND spent = 0 AND expires < $1 AND NOT "
	    "EXISTS (SELECT 1 FROM request WHERE request.challenge = "
	    "challenge.hash)", DB(db_int(before)));
	*count = (size_t)n;
	return db_commit(&turn, st);
}
