/* Challenges: given, found, spent once, voided. */
#include <string.h>

#include "ledger.h"
#include "ledger_engine.h"

#define CHALLENGE_COLUMNS						\
	"hash, purpose, enrollment, subject, note, expires, spent, voided"

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
	size_t i;

	for (i = 0; i < ARRAY_LEN(purposes); i++)
		if (name != NULL && strcmp(name, purposes[i]) == 0)
			return (enum ledger_purpose)i;
	return LEDGER_MANUAL;
}

void
ledger_challenge_free(struct ledger_challenge *c)
{
	free(c->enrollment);
	free(c->note);
	buf_free(&c->subject);
	*c = (struct ledger_challenge)LEDGER_CHALLENGE_INIT;
}

/* user is the owner of a phase-1 challenge, else NULL. */
enum status
ledger_put_challenge(struct ledger *l, const struct ledger_challenge *c,
    const char *user, int64_t now)
{
	return db_run(l, NULL, "INSERT INTO challenge (hash, purpose, "
	    "enrollment, username, subject, note, created, expires, ordinal) "
	    "SELECT $1, $2, $3, $4, $5, $6, $7, $8, COALESCE(MAX(ordinal), 0) "
	    "+ 1 FROM challenge WHERE username = $4 AND spent = 0 AND "
	    "voided = 0",
	    DB(db_text(c->hash), db_text(purposes[c->purpose]),
	    db_text(c->enrollment), db_text(user), db_buf(&c->subject),
	    db_text(c->note), db_int(now), db_int(c->expires)));
}

enum status
ledger_add_challenge(struct ledger *l, const struct ledger_challenge *c,
    int64_t now)
{
	enum status st;

	if ((st = db_begin(l)) != OK)
		return st;
	st = ledger_put_challenge(l, c, NULL, now);
	return db_end(l, st, true);
}

static enum status
take_challenge(const struct db_row *r, void *arg)
{
	struct ledger_challenge *c = arg;
	const void *subject;
	size_t len;

	ledger_challenge_free(c);
	db_row_hash(r, 0, c->hash);
	c->purpose = purpose_of(db_row_text(r, 1));
	c->enrollment = db_row_dup(r, 2);
	if ((subject = db_row_blob(r, 3, &len)) != NULL)
		buf_add(&c->subject, subject, len);
	c->note = db_row_dup(r, 4);
	c->expires = db_row_int(r, 5);
	c->spent = db_row_int(r, 6) != 0;
	c->voided = db_row_int(r, 7) != 0;
	return OK;
}

enum status
ledger_find_challenge(struct ledger *l, const char *hash, bool *found,
    struct ledger_challenge *out)
{
	int64_t n = 0;
	enum status st;

	st = db_rows(l, take_challenge, out, &n, "SELECT "
	    CHALLENGE_COLUMNS " FROM challenge WHERE hash = $1",
	    DB(db_text(hash)));
	*found = n > 0;
	return st;
}

enum status
ledger_find_identity(struct ledger *l, const char *enrollment, bool *found,
    struct ledger_challenge *out)
{
	int64_t n = 0;
	enum status st;

	st = db_rows(l, take_challenge, out, &n, "SELECT "
	    CHALLENGE_COLUMNS " FROM challenge WHERE enrollment = $1 AND "
	    "purpose = 'identity'", DB(db_text(enrollment)));
	*found = n > 0;
	return st;
}

/* The one statement that spends: it changes a row once. */
enum status
ledger_spend(struct ledger *l, const char *hash, const char *enrollment,
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

enum status
ledger_void_challenges(struct ledger *l, const char *enrollment, int64_t now)
{
	return db_run(l, NULL, "UPDATE challenge SET voided = $1 WHERE "
	    "enrollment = $2 AND spent = 0 AND voided = 0",
	    DB(db_int(now), db_text(enrollment)));
}
