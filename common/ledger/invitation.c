/* Invitations: links that let a user enroll one device without a password. */
#include <string.h>

#include "ledger/invitation.h"
#include "ledger/local.h"

#define INVITATION_COLUMNS						\
	"hash, username, facts, enrollment, created, expires, used, voided"

void
ledger_invitation_free(struct ledger_invitation *i)
{
	free(i->user);
	free(i->facts);
	free(i->enrollment);
	*i = (struct ledger_invitation)LEDGER_INVITATION_INIT;
}

static enum status
take_invitation(const struct db_row *r, void *arg)
{
	struct ledger_invitation *i = arg;

	ledger_invitation_free(i);
	db_row_hash(r, 0, i->hash);
	i->user = db_row_dup(r, 1);
	i->facts = db_row_dup(r, 2);
	i->enrollment = db_row_dup(r, 3);
	i->created = db_row_int(r, 4);
	i->expires = db_row_int(r, 5);
	i->used = db_row_int(r, 6);
	i->voided = db_row_int(r, 7);
	return OK;
}

enum status
ledger_find_invitation(struct ledger *l, const char *hash, bool *found,
    struct ledger_invitation *out)
{
	return db_find(l, found, take_invitation, out, "SELECT "
	    INVITATION_COLUMNS " FROM invitation WHERE hash = $1",
	    DB(db_text(hash)));
}

const char *
ledger_invitation_objection(const struct ledger_invitation *i, bool found,
    int64_t now)
{
	if (!found)
		return "unknown";
	if (i->used != 0)
		return "used before";
	if (i->voided != 0)
		return "revoked";
	if (i->expires <= now)
		return "expired";
	return NULL;
}

/* ---- creating ---- */

enum status
ledger_invite(struct ledger *l, const struct ledger_invitation *i,
    int64_t now)
{
	auto_turn *turn = NULL;
	enum status st;

	if ((st = db_begin(l, &turn)) != OK ||
	    (st = db_run(l, NULL, "INSERT INTO invitation (hash, username, "
	    "facts, created, expires) VALUES ($1, $2, $3, $4, $5)",
	    DB(db_text(i->hash), db_text(i->user), db_text(i->facts),
	    db_int(now), db_int(i->expires)))) != OK)
		return st;
	return db_commit(&turn, ledger_put_event(l, &(struct ledger_event){
	    now, "invited", NULL, NULL, i->user }));
}

/* ---- using ---- */

/*
 * Finds the enrollment of a link; *open is true if it is missing or waits for
 * a device.
 */
static enum status
find_open(struct ledger *l, const char *id, bool *exists, bool *open)
{
	auto_ledger_enrollment e = LEDGER_ENROLLMENT_INIT;
	enum status st;

	*exists = false;
	*open = true;
	if (id == NULL)
		return OK;
	if ((st = ledger_find_enrollment(l, id, exists, &e)) == OK && *exists)
		*open = strcmp(e.state, "started") == 0;
	return st;
}

/* Begins the enrollment, or updates its facts. */
static enum status
put_enrollment(struct ledger *l, const struct ledger_enrollment *e,
    bool exists, int64_t now)
{
	enum status st;

	if (exists)
		return db_run(l, NULL, "UPDATE enrollment SET facts = $1, "
		    "changed = $2 WHERE id = $3", DB(db_text(e->facts),
		    db_int(now), db_text(e->id)));
	if ((st = db_run(l, NULL, "INSERT INTO enrollment (id, username, "
	    "state, facts, started, changed) VALUES ($1, $2, 'started', $3, "
	    "$4, $4)", DB(db_text(e->id), db_text(e->user), db_text(e->facts),
	    db_int(now)))) != OK)
		return st;
	return ledger_put_event(l, &(struct ledger_event){ now, "started",
	    e->id, NULL, "invitation" });
}

/*
 * Voids the oldest challenges of the user.  Those of this enrollment are
 * deleted, as a link can be used any number of times until a device enrolls.
 */
static enum status
make_room(struct ledger *l, const struct ledger_enrollment *e, int64_t now)
{
	enum status st;

	if ((st = ledger_void_oldest(l, e->user, now)) != OK)
		return st;
	return db_run(l, NULL, "DELETE FROM challenge WHERE enrollment = $1 "
	    "AND purpose = 'enroll' AND spent = 0 AND voided <> 0",
	    DB(db_text(e->id)));
}

enum status
ledger_accept(struct ledger *l, const char *hash,
    struct ledger_enrollment *e, const char *challenge, int64_t expires,
    int64_t now, enum ledger_outcome *outcome)
{
	struct ledger_challenge c = { .purpose = LEDGER_ENROLL,
	    .expires = expires };
	auto_ledger_invitation i = LEDGER_INVITATION_INIT;
	bool found = false, exists = false, open = false;
	auto_turn *turn = NULL;
	enum status st;

	*outcome = LEDGER_CLOSED;
	strncpy(c.hash, challenge, sizeof c.hash - 1);
	if ((st = db_begin(l, &turn)) != OK ||
	    (st = ledger_find_invitation(l, hash, &found, &i)) != OK ||
	    ledger_invitation_objection(&i, found, now) != NULL)
		return st;
	if ((st = find_open(l, i.enrollment, &exists, &open)) != OK || !open)
		return st;
	if (exists) {
		free(e->id);
		e->id = STEAL(i.enrollment);
	}
	c.enrollment = e->id;
	if ((st = put_enrollment(l, e, exists, now)) != OK ||
	    (st = db_run(l, NULL, "UPDATE invitation SET enrollment = $1 "
	    "WHERE hash = $2", DB(db_text(e->id), db_text(hash)))) != OK ||
	    (st = make_room(l, e, now)) != OK)
		return st;
	*outcome = LEDGER_RECORDED;
	return db_commit(&turn, ledger_put_challenge(l, &c, e->user, 0, now));
}

enum status
ledger_use_invitation(struct ledger *l, const char *enrollment, int64_t now)
{
	return db_run(l, NULL, "UPDATE invitation SET used = $1 WHERE "
	    "enrollment = $2 AND used = 0", DB(db_int(now),
	    db_text(enrollment)));
}

enum status
ledger_void_invitation(struct ledger *l, const char *enrollment, int64_t now)
{
	return db_run(l, NULL, "UPDATE invitation SET voided = $1 WHERE "
	    "enrollment = $2 AND used = 0 AND voided = 0", DB(db_int(now),
	    db_text(enrollment)));
}

/* ---- listing ---- */

DEFINE_DROP(invitation);

enum status
ledger_invitations(struct ledger *l, ledger_each_invitation *fn, void *arg)
{
	auto_db_list d = DB_LIST(l, invitation, "SELECT " INVITATION_COLUMNS
	    " FROM invitation WHERE (created, hash) < ($1, $2) ORDER BY "
	    "created DESC, hash DESC LIMIT $3");
	const struct ledger_invitation *i = NULL;

	while (d.st == OK && (i = db_next(&d,
	    DB(db_int(i != NULL ? i->created : INT64_MAX),
	    db_text(i != NULL ? i->hash : ""), db_int(DB_PAGE)))) != NULL)
		d.st = fn(i, arg);
	return d.st;
}

/* ---- revoking ---- */

enum status
ledger_revoke_invitation(struct ledger *l, const char *id, int64_t now,
    size_t *matches, bool *done)
{
	AUTO(db_free_texts) struct strings opened = { 0 };
	int64_t n = 0, changed = 0;
	auto_turn *turn = NULL;
	enum status st;
	size_t i;

	*matches = 0;
	*done = false;
	if (strlen(id) < LEDGER_ID_LEAST)
		return OK;
	if ((st = db_begin(l, &turn)) != OK ||
	    (st = db_rows(l, db_take_int, &n, NULL, "SELECT COUNT(*) FROM "
	    "invitation WHERE substr(hash, 1, length($1)) = $1",
	    DB(db_text(id)))) != OK)
		return st;
	*matches = (size_t)n;
	if (n != 1)
		return OK;
	st = db_rows(l, db_take_texts, &opened, &changed, "UPDATE invitation "
	    "SET voided = $2 WHERE substr(hash, 1, length($1)) = $1 AND used = "
	    "0 AND voided = 0 RETURNING COALESCE(enrollment, '')",
	    DB(db_text(id), db_int(now)));
	*done = changed == 1;
	/* A device that already has its challenge must not go on either. */
	for (i = 0; i < opened.n && st == OK; i++)
		st = ledger_void_challenges(l, opened.v[i], now);
	return *done ? db_commit(&turn, st) : st;
}
