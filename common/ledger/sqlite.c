/* The SQLite engine: several processes share one file. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/clock.h"
#include "ledger/local.h"
#include "sys/io.h"

enum {
	MICROSECOND = 1000,	/* in nanoseconds */
	SECOND = 1000000,	/* in microseconds */
	MOMENT = 200,		/* the first wait for a turn */
	MOMENT_TRIES = 16,	/* before it doubles ... */
	MOMENT_DOUBLED = 5,	/* ... at most so often */
};

struct statement {
	const char *sql;	/* a literal of common/ledger */
	sqlite3_stmt *stmt;
	int places[DB_VALUES_MAX];	/* of $1, $2 ... to SQLite; 0: none */
};

struct sqlite {
	sqlite3 *db;
	struct statement *kept;
	size_t count;
	int64_t give_up;	/* time at which a wait for a turn ends */
	char *path;
	dev_t device;		/* the file that was at path */
	ino_t inode;
};

static enum status
sqlite_fail(struct ledger *l)
{
	struct sqlite *s = l->state;
	int code = sqlite3_errcode(s->db);

	if (code == SQLITE_BUSY || code == SQLITE_LOCKED)
		return fail(FAULT, "%s: ledger is busy: another process kept "
		    "it for %d seconds", l->name, DB_BUSY_SECONDS);
	return fail(FAULT, "%s: ledger: %s", l->name, sqlite3_errmsg(s->db));
}

/*
 * SQLite treats "$2" as a name, whose number is that of its first appearance.
 */
static void
find_places(struct statement *k)
{
	char name[24];
	size_t i;

	for (i = 0; i < DB_VALUES_MAX; i++) {
		snprintf(name, sizeof name, "$%zu", i + 1);
		k->places[i] = sqlite3_bind_parameter_index(k->stmt, name);
	}
}

/* *out is valid until the next call. */
static enum status
keep_statement(struct ledger *l, const char *sql, const struct statement **out)
{
	struct statement new = { .sql = sql };
	struct sqlite *s = l->state;
	size_t i;

	for (i = 0; i < s->count; i++)
		if (s->kept[i].sql == sql) {
			*out = &s->kept[i];
			return OK;
		}
	if (sqlite3_prepare_v3(s->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
	    &new.stmt, NULL) != SQLITE_OK)
		return sqlite_fail(l);
	find_places(&new);
	*GROW(s->kept, s->count) = new;
	*out = &s->kept[s->count - 1];
	return OK;
}

static int
bind_one(sqlite3_stmt *stmt, int i, const struct db_value *v)
{
	if (i == 0)
		return SQLITE_RANGE;
	if (v->kind == DB_INT)
		return sqlite3_bind_int64(stmt, i, v->number);
	if (v->p == NULL)
		return sqlite3_bind_null(stmt, i);
	if (v->kind == DB_TEXT)
		return sqlite3_bind_text64(stmt, i, v->p, v->len,
		    SQLITE_STATIC, SQLITE_UTF8);
	return sqlite3_bind_blob64(stmt, i, v->p, v->len, SQLITE_STATIC);
}

static enum status
step_all(struct ledger *l, sqlite3_stmt *stmt, db_each *fn, void *arg,
    int64_t *count)
{
	struct sqlite *s = l->state;
	struct db_row row = { l->engine, stmt, 0 };
	enum status st;
	int code;

	*count = 0;
	while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
		++*count;
		if (fn != NULL && (st = fn(&row, arg)) != OK)
			return st;
	}
	if (code != SQLITE_DONE)
		return sqlite_fail(l);
	if (fn == NULL)
		*count = sqlite3_changes(s->db);
	return OK;
}

/* The statement is always reset: an open one would block COMMIT. */
static enum status
sqlite_run(struct ledger *l, const char *sql, const struct db_value *v,
    size_t n, db_each *fn, void *arg, int64_t *count)
{
	const struct statement *kept = NULL;
	sqlite3_stmt *stmt;
	enum status st;
	size_t i;

	if ((st = keep_statement(l, sql, &kept)) != OK)
		return st;
	stmt = kept->stmt;
	for (i = 0; i < n && st == OK; i++)
		if (i >= DB_VALUES_MAX ||
		    bind_one(stmt, kept->places[i], &v[i]) != SQLITE_OK)
			st = sqlite_fail(l);
	if (st == OK)
		st = step_all(l, stmt, fn, arg, count);
	sqlite3_reset(stmt);
	sqlite3_clear_bindings(stmt);
	return st;
}

static enum status
sqlite_script(struct ledger *l, const char *sql)
{
	struct sqlite *s = l->state;

	if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return sqlite_fail(l);
	return OK;
}

/*
 * IMMEDIATE, because a transaction that begins as a reader fails instead of
 * waiting.
 */
static enum status
sqlite_begin(struct ledger *l)
{
	return db_run(l, NULL, "BEGIN IMMEDIATE", DB_NONE);
}

static enum status
sqlite_commit(struct ledger *l)
{
	return db_run(l, NULL, "COMMIT", DB_NONE);
}

/* Some errors have rolled back already, so the result is ignored. */
static void
sqlite_rollback(struct ledger *l)
{
	struct sqlite *s = l->state;

	if (!sqlite3_get_autocommit(s->db))
		(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

/* A reader of the write-ahead log: writers continue meanwhile. */
static enum status
sqlite_snapshot(struct ledger *l)
{
	return sqlite_script(l, "PRAGMA query_only=ON; BEGIN");
}

static enum status
sqlite_has_table(struct ledger *l, const char *name, bool *has)
{
	int64_t one;

	return db_find(l, has, db_take_int, &one, "SELECT 1 FROM "
	    "sqlite_master WHERE type = 'table' AND name = $1",
	    DB(db_text(name)));
}

static enum status
take_trouble(const struct db_row *r, void *arg)
{
	const char *text = db_row_text(r, 0);
	struct buf *trouble = arg;

	if (text != NULL && strcmp(text, "ok") != 0)
		buf_printf(trouble, "%s%s", trouble->len > 0 ? "; " : "", text);
	return OK;
}

static enum status
look_for_trouble(struct ledger *l, struct buf *trouble)
{
	return db_rows(l, take_trouble, trouble, NULL,
	    "PRAGMA integrity_check", DB_NONE);
}

/* True if SQLite could not read for lack of memory, or because of the disk. */
static bool
is_unread(const struct buf *trouble)
{
	static const char before[] = "error code";
	const char *p = buf_str(trouble);

	while ((p = strstr(p, before)) != NULL) {
		long code;

		p += sizeof before - 1;
		code = strtol(p + strspn(p, " ="), NULL, 10) & 0xFF;
		if (code == SQLITE_NOMEM || code == SQLITE_IOERR)
			return true;
	}
	return false;
}

/*
 * SQLite reports a page that it cannot read as damage.  If a second check does
 * not find the damage, the first one was a read error.
 */
static enum status
sqlite_check(struct ledger *l, struct buf *trouble)
{
	auto_buf again = BUF_INIT;
	enum status st;

	if ((st = look_for_trouble(l, trouble)) != OK || trouble->len == 0)
		return st;
	if ((st = look_for_trouble(l, &again)) != OK)
		return st;
	if (is_unread(trouble) || again.len == 0)
		return fail(FAULT, "%s: ledger: cannot be read: %s", l->name,
		    buf_str(trouble));
	return OK;
}

static bool
sqlite_is_current(const struct ledger *l)
{
	const struct sqlite *s = l->state;
	struct stat sb;

	return stat(s->path, &sb) == 0 && sb.st_dev == s->device &&
	    sb.st_ino == s->inode;
}

static void
sqlite_close(struct ledger *l)
{
	struct sqlite *s = l->state;
	size_t i;

	for (i = 0; i < s->count; i++)
		sqlite3_finalize(s->kept[i].stmt);
	free(s->kept);
	sqlite3_close(s->db);
	free(s->path);
	free(s);
}

static const char *
sqlite_row_text(const struct db_row *r, int column)
{
	return (const char *)sqlite3_column_text(r->handle, column);
}

static int64_t
sqlite_row_int(const struct db_row *r, int column)
{
	return sqlite3_column_int64(r->handle, column);
}

static const void *
sqlite_row_blob(const struct db_row *r, int column, size_t *len)
{
	const void *p = sqlite3_column_blob(r->handle, column);

	*len = (size_t)sqlite3_column_bytes(r->handle, column);
	return p;
}

/* The next commit that waits also writes what is missing of this one. */
static enum status
sqlite_hurry(struct ledger *l, bool on)
{
	return sqlite_script(l, on ? "PRAGMA synchronous=NORMAL" :
	    "PRAGMA synchronous=FULL");
}

static const struct db_engine engine = {
	.run = sqlite_run,
	.script = sqlite_script,
	.begin = sqlite_begin,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.snapshot = sqlite_snapshot,
	.has_table = sqlite_has_table,
	.check = sqlite_check,
	.hurry = sqlite_hurry,
	.is_current = sqlite_is_current,
	.close = sqlite_close,
	.row_text = sqlite_row_text,
	.row_int = sqlite_row_int,
	.row_blob = sqlite_row_blob,
};

/* SQLite itself would make the file readable for everybody. */
static enum status
make_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd == -1 && errno != EEXIST)
		return fail_errno(FAULT, "%s: cannot make the ledger", path);
	if (fd != -1)
		close(fd);
	return OK;
}

/*
 * Waits for a turn to write.  A commit is short; SQLite's own busy handler
 * soon sleeps a hundred times as long, while others get their turns.
 */
static int
wait_a_moment(void *state, int tries)
{
	int times = tries / MOMENT_TRIES;
	const struct timespec moment = { 0, (long)MICROSECOND * MOMENT <<
	    (times < MOMENT_DOUBLED ? times : MOMENT_DOUBLED) };
	struct sqlite *s = state;
	int64_t now = clock_monotonic();

	if (tries == 0)
		s->give_up = now + (int64_t)DB_BUSY_SECONDS * SECOND;
	if (now >= s->give_up)
		return 0;
	nanosleep(&moment, NULL);
	return 1;
}

/*
 * Switches a new file to a write-ahead log.  If two processes do that at once,
 * SQLite does not call the busy handler, but returns "busy" to one of them.
 */
static enum status
use_wal(struct ledger *l)
{
	struct sqlite *s = l->state;
	sqlite3_stmt *stmt = NULL;
	bool is_wal = false;
	int code, tries = 0;

	if (sqlite3_prepare_v2(s->db, "PRAGMA journal_mode=WAL", -1, &stmt,
	    NULL) != SQLITE_OK)
		return sqlite_fail(l);
	while ((code = sqlite3_step(stmt)) == SQLITE_BUSY &&
	    wait_a_moment(s, tries++))
		sqlite3_reset(stmt);
	if (code == SQLITE_ROW)
		is_wal = sqlite3_stricmp((const char *)
		    sqlite3_column_text(stmt, 0), "wal") == 0;
	sqlite3_finalize(stmt);
	if (code != SQLITE_ROW)
		return sqlite_fail(l);
	return is_wal ? OK : fail(FAULT, "%s: ledger: no write-ahead log on "
	    "this file system", l->name);
}

static enum status
set_up(struct ledger *l, enum ledger_mode mode)
{
	struct sqlite *s = l->state;
	enum status st;

	if (sqlite3_busy_handler(s->db, wait_a_moment, s) != SQLITE_OK)
		return sqlite_fail(l);
	if (mode == LEDGER_READ)
		return OK;
	if ((st = use_wal(l)) != OK)
		return st;
	return sqlite_script(l, "PRAGMA synchronous=FULL;"
	    "PRAGMA foreign_keys=ON;");
}

/* The folder of the ledger and its other files. */
static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == path ? xstrdup("/") :
	    xstrndup(path, (size_t)(slash - path));
}

enum status
ledger_open_sqlite(struct ledger *l, const char *path, enum ledger_mode mode)
{
	auto_char *plain = NULL, *folder = NULL;
	struct sqlite *s;
	struct stat sb;
	enum status st;

	/* "file:x" and ":memory:" are treated as plain names. */
	plain = path[0] == '/' ? xstrdup(path) : xasprintf("./%s", path);
	folder = folder_of(plain);
	if (mode != LEDGER_READ && (st = io_check_root(folder)) != OK)
		return st;
	if (mode == LEDGER_CREATE && (st = make_file(plain)) != OK)
		return st;
	if (stat(plain, &sb) == -1)
		return fail_errno(FAULT, "%s: cannot open the ledger", path);
	s = xcalloc(1, sizeof *s);
	s->path = xstrdup(plain);
	s->device = sb.st_dev;
	s->inode = sb.st_ino;
	l->engine = &engine;
	l->state = s;
	if (sqlite3_open_v2(plain, &s->db, SQLITE_OPEN_READWRITE |
	    SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return sqlite_fail(l);
	return set_up(l, mode);
}
