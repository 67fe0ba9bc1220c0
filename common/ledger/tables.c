/* Creates the tables, and upgrades those of an older version. */
#include "base/clock.h"
#include "ledger/ledger.h"
#include "ledger/local.h"

enum { SCHEMA_VERSION = 3 };

#define REQUEST_TABLE(name)						\
    "CREATE TABLE " name " ("						\
    " txid TEXT NOT NULL,"						\
    " key_hash TEXT NOT NULL,"						\
    " csr BYTEA NOT NULL,"						\
    " asked_subject BYTEA,"						\
    " asked_names BYTEA,"						\
    " subject TEXT NOT NULL,"						\
    " ground TEXT NOT NULL,"						\
    " challenge TEXT,"							\
    " presented BIGINT NOT NULL,"					\
    " client TEXT,"							\
    " stranger BIGINT NOT NULL,"					\
    " state TEXT NOT NULL CHECK (state IN ('pending', 'approved',"	\
    "  'rejected', 'issued')),"						\
    " serial TEXT,"							\
    " received BIGINT NOT NULL,"					\
    " decided BIGINT NOT NULL DEFAULT 0,"				\
    " decider TEXT,"							\
    " PRIMARY KEY (txid, key_hash));"

#define REQUEST_INDEXES							\
    "CREATE INDEX request_received ON request (received, txid,"		\
    " key_hash);"							\
    "CREATE INDEX request_ground ON request (ground)"			\
    " WHERE ground <> '';"						\
    "CREATE INDEX request_challenge ON request (challenge)"		\
    " WHERE challenge IS NOT NULL;"					\
    "CREATE INDEX request_strangers ON request (client, received)"	\
    " WHERE state = 'pending' AND stranger = 1;"			\
    "CREATE INDEX request_keys ON request (key_hash, received)"		\
    " WHERE state = 'pending' AND stranger = 1;"

#define INVITATION_TABLE						\
    "CREATE TABLE invitation ("						\
    " hash TEXT PRIMARY KEY,"						\
    " username TEXT NOT NULL,"						\
    " facts TEXT NOT NULL,"						\
    " enrollment TEXT,"							\
    " created BIGINT NOT NULL,"						\
    " expires BIGINT NOT NULL,"						\
    " used BIGINT NOT NULL DEFAULT 0,"					\
    " voided BIGINT NOT NULL DEFAULT 0);"				\
    "CREATE INDEX invitation_created ON invitation (created, hash);"	\
    "CREATE INDEX invitation_enrollment ON invitation (enrollment)"	\
    " WHERE enrollment IS NOT NULL;"

/*
 * Hashes, serial numbers and IDs are text, times are seconds, only DER is
 * binary, so that the same SQL works with both databases.  A certificate
 * outlives its enrollment and its challenge, so no constraint refers to them.
 */
static const char schema[] =
    "CREATE TABLE enrollment ("
    " id TEXT PRIMARY KEY,"
    " username TEXT NOT NULL,"
    " state TEXT NOT NULL CHECK (state IN ('started', 'identified',"
    "  'certified', 'configured', 'aborted', 'superseded')),"
    " facts TEXT NOT NULL,"
    " attributes TEXT,"
    " udid TEXT,"
    " serial TEXT,"
    " product TEXT,"
    " device TEXT,"		/* UDID in lower case */
    " certificate TEXT,"
    " started BIGINT NOT NULL,"
    " identified BIGINT NOT NULL DEFAULT 0,"
    " certified BIGINT NOT NULL DEFAULT 0,"
    " configured BIGINT NOT NULL DEFAULT 0,"
    " first_sent BIGINT NOT NULL DEFAULT 0,"
    " repeats BIGINT NOT NULL DEFAULT 0,"
    " changed BIGINT NOT NULL);"
    "CREATE INDEX enrollment_started ON enrollment (started, id);"
    "CREATE INDEX enrollment_device ON enrollment (username, device);"

    "CREATE TABLE challenge ("
    " hash TEXT PRIMARY KEY,"
    " purpose TEXT NOT NULL CHECK (purpose IN ('enroll', 'identity',"
    "  'client', 'manual')),"
    " enrollment TEXT REFERENCES enrollment (id),"
    " username TEXT,"		/* of purpose enroll */
    " ordinal BIGINT NOT NULL,"	/* among those of a user, or by completion */
    " bound BIGINT NOT NULL DEFAULT 0,"
    " bound_subject BYTEA,"
    " bound_names BYTEA,"	/* NULL: none */
    " note TEXT,"
    " created BIGINT NOT NULL,"
    " expires BIGINT NOT NULL,"
    " spent BIGINT NOT NULL DEFAULT 0,"
    " voided BIGINT NOT NULL DEFAULT 0);"
    "CREATE INDEX challenge_enrollment ON challenge (enrollment);"
    "CREATE INDEX challenge_open ON challenge (username, ordinal)"
    " WHERE spent = 0 AND voided = 0 AND username IS NOT NULL;"

    "CREATE TABLE certificate ("
    " serial TEXT PRIMARY KEY,"
    " der BYTEA NOT NULL,"
    " subject TEXT NOT NULL,"
    " not_before BIGINT NOT NULL,"
    " not_after BIGINT NOT NULL,"
    " profile TEXT NOT NULL,"
    " purpose TEXT,"
    " enrollment TEXT,"
    " txid TEXT,"
    " key_hash TEXT NOT NULL,"
    " ground TEXT NOT NULL DEFAULT '',"
    " challenge TEXT,"		/* that was spent on it */
    " asked_subject BYTEA,"	/* NULL: as issued */
    " asked_names BYTEA,"	/* NULL: none */
    " unbound BIGINT NOT NULL DEFAULT 0,"
    " decider TEXT,"
    " decided BIGINT NOT NULL DEFAULT 0,"
    " issued BIGINT NOT NULL,"
    " revoked BIGINT NOT NULL DEFAULT 0,"
    " reason BIGINT NOT NULL DEFAULT 0);"
    "CREATE INDEX certificate_issued ON certificate (issued, serial);"
    "CREATE INDEX certificate_txid ON certificate (txid);"
    "CREATE INDEX certificate_challenge ON certificate (challenge)"
    " WHERE challenge IS NOT NULL;"
    "CREATE INDEX certificate_enrollment ON certificate (enrollment);"
    "CREATE INDEX certificate_revoked ON certificate (serial)"
    " WHERE revoked <> 0;"

    REQUEST_TABLE("request")
    REQUEST_INDEXES

    INVITATION_TABLE

    "CREATE TABLE event ("
    " enrollment TEXT NOT NULL,"	/* '': none */
    " ordinal BIGINT NOT NULL,"		/* within that enrollment */
    " time BIGINT NOT NULL,"
    " what TEXT NOT NULL,"
    " certificate TEXT,"
    " detail TEXT,"
    " PRIMARY KEY (enrollment, ordinal));"

    /* Created last: if it exists, all tables do. */
    "CREATE TABLE ledger ("
    " name TEXT PRIMARY KEY,"
    " value BIGINT NOT NULL);";

/*
 * From version 1.  A challenge with a subject becomes bound to it, without
 * alternative names; a challenge of purpose client was bound to nothing, and
 * is voided.  The ground of a request was not recorded: the certificate that
 * signed it is used instead.  Renaming columns also stops a program of version
 * 1 that has the ledger open: it fails, and finds the new version.
 */
static const char upgrade_1[] =
    "DROP INDEX enrollment_changed;"
    "ALTER TABLE challenge RENAME COLUMN subject TO bound_subject;"
    "ALTER TABLE challenge ADD COLUMN bound BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE challenge ADD COLUMN bound_names BYTEA;"
    "UPDATE challenge SET bound = 1 WHERE bound_subject IS NOT NULL;"

    "ALTER TABLE certificate ADD COLUMN ground TEXT NOT NULL DEFAULT '';"
    "UPDATE certificate SET ground = '" LEDGER_SIGNED_BY "' || signer_hash"
    " WHERE signer_hash <> '';"
    "ALTER TABLE certificate DROP COLUMN signer_hash;"
    "ALTER TABLE certificate ADD COLUMN challenge TEXT;"
    "ALTER TABLE certificate ADD COLUMN asked_subject BYTEA;"
    "ALTER TABLE certificate ADD COLUMN asked_names BYTEA;"
    "ALTER TABLE certificate ADD COLUMN unbound BIGINT NOT NULL DEFAULT 0;"
    "ALTER TABLE certificate ADD COLUMN decider TEXT;"
    "ALTER TABLE certificate ADD COLUMN decided BIGINT NOT NULL DEFAULT 0;"
    "CREATE INDEX certificate_challenge ON certificate (challenge)"
    " WHERE challenge IS NOT NULL;"

    "ALTER TABLE request RENAME TO request_1;"
    REQUEST_TABLE("request")
    "INSERT INTO request (txid, key_hash, csr, subject, ground, presented,"
    " stranger, state, serial, received, decided) SELECT txid, key_hash, csr,"
    " subject, '" LEDGER_SIGNED_BY "' || signer_hash, received, 1, state,"
    " serial, received, decided FROM request_1;"
    "DROP TABLE request_1;"
    REQUEST_INDEXES;

static const char upgrade_2[] = INVITATION_TABLE;

static enum status
read_version(struct ledger *l, int64_t *version)
{
	*version = 0;
	return db_rows(l, db_take_int, version, NULL, "SELECT value FROM "
	    "ledger WHERE name = 'schema'", DB_NONE);
}

/* Several processes may get here at once: the first creates the tables. */
static enum status
make_schema(struct ledger *l)
{
	auto_turn *turn = NULL;
	bool has = false;
	enum status st;

	if ((st = db_begin(l, &turn)) != OK ||
	    (st = l->engine->has_table(l, "ledger", &has)) != OK || has ||
	    (st = l->engine->script(l, schema)) != OK)
		return st;
	return db_commit(&turn, db_run(l, NULL, "INSERT INTO ledger (name, "
	    "value) VALUES ('schema', $1)", DB(db_int(SCHEMA_VERSION))));
}

static enum status
upgrade_from_1(struct ledger *l)
{
	enum status st;

	if ((st = l->engine->script(l, upgrade_1)) != OK)
		return st;
	return db_run(l, NULL, "UPDATE challenge SET voided = $1 WHERE "
	    "purpose = 'client' AND spent = 0 AND voided = 0",
	    DB(db_int(clock_now())));
}

static bool
is_older(int64_t version)
{
	return version > 0 && version < SCHEMA_VERSION;
}

static enum status
upgrade_from(struct ledger *l, int64_t version)
{
	enum status st;

	if (version == 1 && (st = upgrade_from_1(l)) != OK)
		return st;
	if ((st = l->engine->script(l, upgrade_2)) != OK)
		return st;
	return db_run(l, NULL, "UPDATE ledger SET value = $1 WHERE name = "
	    "'schema'", DB(db_int(SCHEMA_VERSION)));
}

/* Another process may have upgraded while this one waited for its turn. */
static enum status
upgrade(struct ledger *l)
{
	auto_turn *turn = NULL;
	int64_t version = 0;
	enum status st;

	if ((st = db_begin(l, &turn)) != OK ||
	    (st = read_version(l, &version)) != OK || !is_older(version))
		return st;
	return db_commit(&turn, upgrade_from(l, version));
}

enum status
ledger_check_tables(struct ledger *l, enum ledger_mode mode)
{
	int64_t version = 0;
	bool has = false;
	enum status st;

	if ((st = l->engine->has_table(l, "ledger", &has)) != OK)
		return st;
	if (!has && mode != LEDGER_CREATE)
		return fail(FAULT, "%s: no ledger in this database", l->name);
	if ((!has && (st = make_schema(l)) != OK) ||
	    (st = read_version(l, &version)) != OK)
		return st;
	if (is_older(version) && mode == LEDGER_READ)
		return fail(FAULT, "%s: ledger has schema version %lld: an "
		    "upgrade to %d is due, which any command that writes to "
		    "it makes", l->name, (long long)version, SCHEMA_VERSION);
	if (is_older(version) && ((st = upgrade(l)) != OK ||
	    (st = read_version(l, &version)) != OK))
		return st;
	if (version != SCHEMA_VERSION)
		return fail(FAULT, "%s: ledger has schema version %lld, and "
		    "this program knows only %d: use a newer one", l->name,
		    (long long)version, SCHEMA_VERSION);
	return OK;
}
