/*
 * The PostgreSQL engine: any number of hosts share one database.
 *
 * Writers take turns with a lock on a table, so that the rules for SQLite apply
 * here too.  A host that stops during its turn loses it by the timeouts of the
 * session.  A role that may only read cannot take the lock.
 */
#include "ledger/local.h"

#if MCFG_PQ

#include <stdio.h>
#include <string.h>

#include <libpq-fe.h>

enum {
	OID_BYTEA = 17,		/* of pg_type, fixed for ever */
	OID_INT8 = 20,
	OID_INT4 = 23,
	OID_TEXT = 25,
	BINARY = 1,
};

struct postgresql {
	PGconn *conn;
	const char **kept;	/* SQL literals, prepared under "s" and the
				 * index */
	size_t count;
};

static void
ignore_notice(void *arg, const char *message)
{
	(void)arg;
	(void)message;
}

/* Reports the first line of the message of the server or the library. */
static enum status
pg_fail(struct ledger *l, const PGresult *res)
{
	struct postgresql *p = l->state;
	const char *code = res != NULL ?
	    PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
	const char *text = res != NULL ?
	    PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;

	if (code != NULL && strcmp(code, "55P03") == 0)
		return fail(FAULT, "%s: ledger is busy: another process kept "
		    "it for %d seconds", l->name, (int)DB_BUSY_SECONDS);
	if (text == NULL)
		text = PQerrorMessage(p->conn);
	return fail(FAULT, "%s: ledger: %.*s", l->name,
	    (int)strcspn(text, "\n"), text);
}

static bool
is_done(const PGresult *res)
{
	ExecStatusType st = PQresultStatus(res);

	return st == PGRES_COMMAND_OK || st == PGRES_TUPLES_OK;
}

static enum status
pg_script(struct ledger *l, const char *sql)
{
	struct postgresql *p = l->state;
	PGresult *res = PQexec(p->conn, sql);
	enum status st = OK;

	if (!is_done(res))
		st = pg_fail(l, res);
	PQclear(res);
	return st;
}

static enum status
set_up(struct ledger *l)
{
	struct postgresql *p = l->state;
	char sql[256];

	PQsetNoticeProcessor(p->conn, ignore_notice, NULL);
	snprintf(sql, sizeof sql, "SET lock_timeout = '%ds'; SET "
	    "idle_in_transaction_session_timeout = '%ds'; SET "
	    "client_min_messages = warning", (int)DB_BUSY_SECONDS,
	    (int)DB_BUSY_SECONDS);
	return pg_script(l, sql);
}

/* A connection that broke between two transactions is reopened, once. */
static bool
reconnect(struct ledger *l)
{
	struct postgresql *p = l->state;

	if (PQstatus(p->conn) != CONNECTION_BAD)
		return false;
	detail("%s: connecting again", l->name);
	PQreset(p->conn);
	p->count = 0;
	return PQstatus(p->conn) == CONNECTION_OK && set_up(l) == OK;
}

/* ---- statements ---- */

struct parameters {
	Oid types[DB_VALUES_MAX];
	const char *values[DB_VALUES_MAX];
	int lengths[DB_VALUES_MAX], formats[DB_VALUES_MAX];
	unsigned char numbers[DB_VALUES_MAX][8];
};

static void
set_number(struct parameters *q, size_t i, int64_t v)
{
	uint64_t u = (uint64_t)v;
	int k;

	for (k = 7; k >= 0; k--, u >>= 8)
		q->numbers[i][k] = (unsigned char)(u & 0xFF);
	q->values[i] = (const char *)q->numbers[i];
	q->lengths[i] = 8;
}

static void
set_parameters(struct parameters *q, const struct db_value *v, size_t n)
{
	static const char nothing[] = "";
	size_t i;

	for (i = 0; i < n; i++) {
		q->formats[i] = BINARY;
		q->types[i] = v[i].kind == DB_INT ? OID_INT8 :
		    v[i].kind == DB_TEXT ? OID_TEXT : OID_BYTEA;
		if (v[i].kind == DB_INT) {
			set_number(q, i, v[i].number);
			continue;
		}
		q->values[i] = v[i].p != NULL && v[i].len == 0 ? nothing :
		    v[i].p;
		q->lengths[i] = (int)v[i].len;
	}
}

/*
 * Returns the number of a statement, which it prepares if necessary; false if
 * that fails.
 */
static bool
prepare(struct postgresql *p, const char *sql, const struct parameters *q,
    size_t n, size_t *number, PGresult **res)
{
	char name[24];

	for (*number = 0; *number < p->count; ++*number)
		if (p->kept[*number] == sql)
			return true;
	snprintf(name, sizeof name, "s%zu", *number);
	*res = PQprepare(p->conn, name, sql, (int)n, q->types);
	if (!is_done(*res))
		return false;
	PQclear(STEAL(*res));
	*GROW(p->kept, p->count) = sql;
	return true;
}

static PGresult *
execute(struct postgresql *p, const char *sql, const struct parameters *q,
    size_t n)
{
	PGresult *res = NULL;
	char name[24];
	size_t number;

	if (!prepare(p, sql, q, n, &number, &res))
		return res;
	snprintf(name, sizeof name, "s%zu", number);
	return PQexecPrepared(p->conn, name, (int)n, q->values, q->lengths,
	    q->formats, BINARY);
}

static enum status
give_rows(struct ledger *l, PGresult *res, db_each *fn, void *arg)
{
	struct db_row row = { l->engine, res, 0 };
	int rows = PQntuples(res);
	enum status st;

	for (; row.number < rows; row.number++)
		if ((st = fn(&row, arg)) != OK)
			return st;
	return OK;
}

static enum status
pg_run(struct ledger *l, const char *sql, const struct db_value *v, size_t n,
    db_each *fn, void *arg, int64_t *count)
{
	struct postgresql *p = l->state;
	bool idle = PQtransactionStatus(p->conn) != PQTRANS_INTRANS;
	struct parameters q = { { 0 }, { NULL }, { 0 }, { 0 }, { { 0 } } };
	enum status st = OK;
	PGresult *res;

	set_parameters(&q, v, n);
	res = execute(p, sql, &q, n);
	if (!is_done(res) && idle && reconnect(l)) {
		PQclear(res);
		res = execute(p, sql, &q, n);
	}
	*count = 0;
	if (!is_done(res)) {
		st = pg_fail(l, res);
	} else if (fn != NULL) {
		*count = PQntuples(res);
		st = give_rows(l, res, fn, arg);
	} else {
		*count = (int64_t)strtoll(PQcmdTuples(res), NULL, 10);
	}
	PQclear(res);
	return st;
}

/* ---- transactions ---- */

/* True if a statement failed because the table does not exist. */
static bool
lacks_table(const PGresult *res)
{
	const char *code = PQresultErrorField(res, PG_DIAG_SQLSTATE);

	return code != NULL && strcmp(code, "42P01") == 0;
}

/*
 * Each statement after the lock must see what was committed before it, hence
 * READ COMMITTED, whatever the database's default.
 */
#define BEGIN_WRITING "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; "

static enum status
pg_begin(struct ledger *l)
{
	static const char begin[] = BEGIN_WRITING
	    "LOCK TABLE ledger IN EXCLUSIVE MODE";
	/*
	 * Without a ledger there is no table to lock, but several processes
	 * may be about to create one.
	 */
	static const char begin_first[] = BEGIN_WRITING
	    "SELECT pg_advisory_xact_lock(1835230823)";
	struct postgresql *p = l->state;
	PGresult *res = PQexec(p->conn, begin);
	enum status st = OK;

	if (!is_done(res) && reconnect(l)) {
		PQclear(res);
		res = PQexec(p->conn, begin);
	}
	if (!is_done(res) && lacks_table(res)) {
		l->engine->rollback(l);
		PQclear(res);
		res = PQexec(p->conn, begin_first);
	}
	if (!is_done(res)) {
		st = pg_fail(l, res);
		l->engine->rollback(l);
	}
	PQclear(res);
	return st;
}

static enum status
pg_snapshot(struct ledger *l)
{
	return pg_script(l, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
}

/* COMMIT of a failed transaction returns ROLLBACK, without an error. */
static enum status
pg_commit(struct ledger *l)
{
	struct postgresql *p = l->state;
	PGresult *res = PQexec(p->conn, "COMMIT");
	enum status st = OK;

	if (!is_done(res))
		st = pg_fail(l, res);
	else if (strcmp(PQcmdStatus(res), "COMMIT") != 0)
		st = fail(FAULT, "%s: ledger: the transaction was not "
		    "committed", l->name);
	PQclear(res);
	return st;
}

static void
pg_rollback(struct ledger *l)
{
	struct postgresql *p = l->state;

	if (PQtransactionStatus(p->conn) != PQTRANS_IDLE)
		PQclear(PQexec(p->conn, "ROLLBACK"));
}

static enum status
pg_has_table(struct ledger *l, const char *name, bool *has)
{
	int64_t one;

	return db_find(l, has, db_take_int, &one, "SELECT 1 FROM "
	    "pg_catalog.pg_class WHERE relname = $1 AND relkind IN ('r', 'p') "
	    "AND pg_catalog.pg_table_is_visible(oid)", DB(db_text(name)));
}

/* The server checks its own files; this only asks whether it works. */
static enum status
pg_check(struct ledger *l, struct buf *trouble)
{
	int64_t n = 0;

	(void)trouble;
	return db_rows(l, db_take_int, &n, NULL, "SELECT COUNT(*) FROM ledger",
	    DB_NONE);
}

static void
pg_close(struct ledger *l)
{
	struct postgresql *p = l->state;

	PQfinish(p->conn);
	free(p->kept);
	free(p);
}

/* ---- rows ---- */

static const char *
pg_row_text(const struct db_row *r, int column)
{
	return PQgetisnull(r->handle, r->number, column) ? NULL :
	    PQgetvalue(r->handle, r->number, column);
}

static int64_t
pg_row_int(const struct db_row *r, int column)
{
	const char *p = PQgetvalue(r->handle, r->number, column);
	int i, len = PQgetlength(r->handle, r->number, column);
	uint64_t v = 0;

	for (i = 0; i < len && i < 8; i++)
		v = v << 8 | (unsigned char)p[i];
	if (PQftype(r->handle, column) == OID_INT4)
		return (int32_t)(uint32_t)v;
	return (int64_t)v;
}

static const void *
pg_row_blob(const struct db_row *r, int column, size_t *len)
{
	*len = (size_t)PQgetlength(r->handle, r->number, column);
	return pg_row_text(r, column);
}

static const struct db_engine engine = {
	.run = pg_run,
	.script = pg_script,
	.begin = pg_begin,
	.commit = pg_commit,
	.rollback = pg_rollback,
	.snapshot = pg_snapshot,
	.has_table = pg_has_table,
	.check = pg_check,
	.close = pg_close,
	.row_text = pg_row_text,
	.row_int = pg_row_int,
	.row_blob = pg_row_blob,
};

/* ---- opening ---- */

/* libpq's message is not shown, as it may contain a part of the URI. */
static enum status
check_uri(const char *uri)
{
	PQconninfoOption *options = PQconninfoParse(uri, NULL), *o;
	bool secret = false;

	if (options == NULL)
		return fail(USAGE, "ledger: not a valid postgresql:// URI");
	for (o = options; o->keyword != NULL; o++)
		if (o->val != NULL && strstr(o->keyword, "password") != NULL)
			secret = true;
	PQconninfoFree(options);
	if (secret)
		return fail(USAGE, "ledger: a password in the URI: put it into "
		    "libpq's passfile or service file");
	return OK;
}

/* True for a server on this machine: a socket, or a loopback address. */
static bool
is_here(const char *host)
{
	return *host == '\0' || *host == '/' || *host == '@' ||
	    strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
	    strncmp(host, "127.", 4) == 0;
}

/* The first host of a comma-separated list that is on another machine. */
static char *
elsewhere(const char *hosts)
{
	size_t len;

	for (; hosts != NULL; hosts = hosts[len] == ',' ? hosts + len + 1 :
	    NULL) {
		auto_char *one = NULL;

		len = strcspn(hosts, ",");
		one = xstrndup(hosts, len);
		if (!is_here(one))
			return STEAL(one);
	}
	return NULL;
}

/*
 * Between two machines libpq accepts an unencrypted or unverified connection,
 * unless the URI, the environment or a service says otherwise.
 */
static void
warn_of_network(const struct postgresql *p)
{
	PQconninfoOption *options = PQconninfo(p->conn), *o;
	const char *host = NULL, *address = NULL;
	auto_char *other = NULL;
	bool safe = false;

	for (o = options; o != NULL && o->keyword != NULL; o++) {
		const char *v = o->val != NULL ? o->val : "";

		if (strcmp(o->keyword, "host") == 0)
			host = v;
		else if (strcmp(o->keyword, "hostaddr") == 0)
			address = v;
		else if (strcmp(o->keyword, "sslmode") == 0)
			safe = safe || strcmp(v, "verify-full") == 0;
		else if (strcmp(o->keyword, "gssencmode") == 0)
			safe = safe || strcmp(v, "require") == 0;
	}
	other = elsewhere(address != NULL && *address != '\0' ? address : host);
	if (!safe && other != NULL)
		warning("ledger: %s: without sslmode=verify-full anyone on the "
		    "way can read and change the ledger", other);
	PQconninfoFree(options);
}

enum status
ledger_open_postgresql(struct ledger *l, const char *uri)
{
	/*
	 * Later values override: the URI overrides the timeout, but not the
	 * encoding.
	 */
	const char *const keys[] = { "connect_timeout",
	    "fallback_application_name", "dbname", "client_encoding", NULL };
	const char *const values[] = { "10", "mcfg", uri, "UTF8", NULL };
	struct postgresql *p;
	enum status st;

	if ((st = check_uri(uri)) != OK)
		return st;
	l->name = xstrdup(uri);
	p = xcalloc(1, sizeof *p);
	l->state = p;
	l->engine = &engine;
	p->conn = PQconnectdbParams(keys, values, 1);
	warn_of_network(p);
	if (PQstatus(p->conn) != CONNECTION_OK)
		return pg_fail(l, NULL);
	return set_up(l);
}

#else

enum status
ledger_open_postgresql(struct ledger *l, const char *uri)
{
	(void)l;
	(void)uri;
	return fail(FAULT, "ledger: this program was built without "
	    "PostgreSQL");
}

#endif
