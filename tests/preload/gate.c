/*
 * gate.so: stops a process before each call that changes what others see, so
 * that a test decides who goes first.  LD_PRELOAD it, with MCFG_GATE naming a
 * folder with two fifos, which the test has already opened:
 *
 * at	one line for each call, "WHAT PID DETAIL":
 *	begin SQL	before a transaction that may write begins
 *	commit TABLES	before it commits; the tables that it has written
 *	rename PATH	before rename(2) to PATH
 *	lock		another process has locked a file; it will try again
 *	end HOW		the transaction has ended: commit, rollback, failed; it
 *			does not stop
 * go	one byte for each line except "end": 'g' continues, 'k' kills the
 *	process, as does the end of the file.
 *
 * A process that has stopped may hold the ledger or a lock: the test must not
 * let another one wait for it.
 *
 * With MCFG_GATE set, fsync() and fdatasync() do nothing, which does not matter
 * to a process that is killed.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <unistd.h>

enum {
	LINE = 1024,
	TABLES = 256,
	NAMES = 128,		/* prepared statements of one connection */
	SQLITE_ROW = 100,
	SQLITE_DONE = 101,
};

#define REAL(name) ((__typeof__(&name))real(#name))

/* Not from headers: a build without a database must not need them. */
struct sqlite3;
struct sqlite3_stmt;
struct pg_conn;
struct pg_result;
typedef int each_row(void *, int, char **, char **);

int sqlite3_step(struct sqlite3_stmt *s);
int sqlite3_exec(struct sqlite3 *db, const char *sql, each_row *fn, void *arg,
    char **text);
struct pg_result *PQexec(struct pg_conn *c, const char *sql);
void PQclear(struct pg_result *r);
struct pg_result *PQexecParams(struct pg_conn *c, const char *sql, int n,
    const unsigned *types, const char *const *values, const int *lengths,
    const int *formats, int format);
struct pg_result *PQprepare(struct pg_conn *c, const char *name,
    const char *sql, int n, const unsigned *types);
struct pg_result *PQexecPrepared(struct pg_conn *c, const char *name, int n,
    const char *const *values, const int *lengths, const int *formats,
    int format);
int PQsendQuery(struct pg_conn *c, const char *sql);
int PQsendQueryParams(struct pg_conn *c, const char *sql, int n,
    const unsigned *types, const char *const *values, const int *lengths,
    const int *formats, int format);

static int at = -1, go = -1;
static bool inside;		/* in a call that the library makes */
static bool writing;		/* in a transaction */
static bool alone;		/* in a statement that is a transaction */
static char tables[TABLES];
static struct {
	char name[32];
	char *sql;
} prepared[NAMES];

static void *
real(const char *name)
{
	void *p = dlsym(RTLD_NEXT, name);

	if (p == NULL) {
		fprintf(stderr, "gate: no %s\n", name);
		abort();
	}
	return p;
}

/* ---- the other end ---- */

static int
open_fifo(const char *dir, const char *name, int how)
{
	char path[LINE];
	int fd;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	if ((fd = open(path, how | O_CLOEXEC)) == -1) {
		fprintf(stderr, "gate: %s: %s\n", path, strerror(errno));
		raise(SIGKILL);
	}
	return fd;
}

/* False without a test at the other end. */
static bool
ready(void)
{
	const char *dir = getenv("MCFG_GATE");

	if (dir == NULL)
		return false;
	if (at == -1) {
		at = open_fifo(dir, "at", O_WRONLY | O_NONBLOCK);
		go = open_fifo(dir, "go", O_RDONLY);
	}
	return true;
}

/* One write, short enough to be atomic in a pipe. */
static void
tell(const char *what, const char *detail)
{
	char line[LINE];
	int n;

	n = snprintf(line, sizeof line, "%s %ld %.900s", what, (long)getpid(),
	    detail);
	for (char *p = line; *p != '\0'; p++)
		if (*p == '\n')
			*p = ' ';
	line[n++] = '\n';
	if (write(at, line, (size_t)n) != n)
		raise(SIGKILL);
}

static void
stop(const char *what, const char *detail)
{
	char answer = 'k';
	int saved = errno;

	if (!ready())
		return;
	tell(what, detail);
	while (read(go, &answer, 1) == -1 && errno == EINTR)
		;
	if (answer != 'g')
		raise(SIGKILL);
	errno = saved;
}

static void
ended(const char *how)
{
	tables[0] = '\0';
	writing = false;
	if (ready())
		tell("end", how);
}

/* ---- statements ---- */

static bool
starts(const char *sql, const char *word)
{
	size_t n = strlen(word);

	return strncasecmp(sql, word, n) == 0 && !isalnum((unsigned char)sql[n]);
}

static const char *
after_word(const char *sql)
{
	while (*sql != '\0' && !isspace((unsigned char)*sql))
		sql++;
	while (isspace((unsigned char)*sql))
		sql++;
	return sql;
}

/* The table that a statement writes, or NULL. */
static const char *
written(const char *sql)
{
	if (starts(sql, "INSERT") || starts(sql, "DELETE"))
		return after_word(after_word(sql));
	return starts(sql, "UPDATE") ? after_word(sql) : NULL;
}

static void
note_table(const char *sql)
{
	size_t n, used = strlen(tables);
	char name[64];

	n = strspn(sql, "abcdefghijklmnopqrstuvwxyz_");
	snprintf(name, sizeof name, "%.*s", (int)n, sql);
	if (strstr(tables, name) == NULL && used + n + 2 < sizeof tables)
		snprintf(tables + used, sizeof tables - used, "%s%s",
		    used > 0 ? "," : "", name);
}

/* A statement that writes outside a transaction is one. */
static void
before(const char *sql)
{
	const char *table;

	while (isspace((unsigned char)*sql))
		sql++;
	if (starts(sql, "BEGIN")) {
		if (strstr(sql, "READ ONLY") != NULL)
			return;
		stop("begin", sql);
		tables[0] = '\0';
		writing = true;
	} else if (starts(sql, "COMMIT") || starts(sql, "END")) {
		stop("commit", tables);
	} else if ((table = written(sql)) != NULL) {
		alone = !writing;
		if (alone)
			stop("begin", sql);
		note_table(table);
		if (alone)
			stop("commit", tables);
	}
}

static void
after(const char *sql, bool ok)
{
	while (isspace((unsigned char)*sql))
		sql++;
	if (starts(sql, "BEGIN")) {
		if (!ok)
			ended("failed");
	} else if (starts(sql, "COMMIT") || starts(sql, "END")) {
		ended("commit");
	} else if (starts(sql, "ROLLBACK") && writing) {
		ended("rollback");
	} else if (alone) {
		alone = false;
		ended(ok ? "commit" : "failed");
	}
}

/* ---- SQLite ---- */

int
sqlite3_step(struct sqlite3_stmt *s)
{
	const char *(*text)(struct sqlite3_stmt *) =
	    (const char *(*)(struct sqlite3_stmt *))real("sqlite3_sql");
	int (*busy)(struct sqlite3_stmt *) =
	    (int (*)(struct sqlite3_stmt *))real("sqlite3_stmt_busy");
	const char *sql = text(s);
	int code;

	if (inside || sql == NULL)
		return REAL(sqlite3_step)(s);
	if (!busy(s))
		before(sql);
	code = REAL(sqlite3_step)(s);
	if (code != SQLITE_ROW)
		after(sql, code == SQLITE_DONE);
	return code;
}

int
sqlite3_exec(struct sqlite3 *db, const char *sql, each_row *fn, void *arg,
    char **text)
{
	int code;

	before(sql);
	inside = true;
	code = REAL(sqlite3_exec)(db, sql, fn, arg, text);
	inside = false;
	after(sql, code == 0);
	return code;
}

/* ---- libpq: the calls that the ledger uses ---- */

static const char *
prepared_sql(const char *name)
{
	size_t i;

	for (i = 0; i < NAMES; i++)
		if (prepared[i].sql != NULL &&
		    strcmp(prepared[i].name, name) == 0)
			return prepared[i].sql;
	return "";
}

struct pg_result *
PQexec(struct pg_conn *c, const char *sql)
{
	struct pg_result *r;

	before(sql);
	inside = true;
	r = REAL(PQexec)(c, sql);
	/* However long it stands here in a transaction. */
	if (ready() && strstr(sql, "idle_in_transaction_session_timeout"))
		REAL(PQclear)(REAL(PQexec)(c,
		    "SET idle_in_transaction_session_timeout = 0"));
	inside = false;
	after(sql, r != NULL);
	return r;
}

struct pg_result *
PQexecParams(struct pg_conn *c, const char *sql, int n, const unsigned *types,
    const char *const *values, const int *lengths, const int *formats,
    int format)
{
	struct pg_result *r;

	before(sql);
	inside = true;
	r = REAL(PQexecParams)(c, sql, n, types, values, lengths, formats,
	    format);
	inside = false;
	after(sql, r != NULL);
	return r;
}

struct pg_result *
PQprepare(struct pg_conn *c, const char *name, const char *sql, int n,
    const unsigned *types)
{
	struct pg_result *r;
	size_t i;

	for (i = 0; i < NAMES - 1; i++)
		if (prepared[i].sql == NULL ||
		    strcmp(prepared[i].name, name) == 0)
			break;
	snprintf(prepared[i].name, sizeof prepared[i].name, "%s", name);
	free(prepared[i].sql);
	prepared[i].sql = strdup(sql);
	inside = true;
	r = REAL(PQprepare)(c, name, sql, n, types);
	inside = false;
	return r;
}

struct pg_result *
PQexecPrepared(struct pg_conn *c, const char *name, int n,
    const char *const *values, const int *lengths, const int *formats,
    int format)
{
	const char *sql = prepared_sql(name);
	struct pg_result *r;

	before(sql);
	inside = true;
	r = REAL(PQexecPrepared)(c, name, n, values, lengths, formats, format);
	inside = false;
	after(sql, r != NULL);
	return r;
}

int
PQsendQuery(struct pg_conn *c, const char *sql)
{
	if (!inside)
		before(sql);
	return REAL(PQsendQuery)(c, sql);
}

int
PQsendQueryParams(struct pg_conn *c, const char *sql, int n,
    const unsigned *types, const char *const *values, const int *lengths,
    const int *formats, int format)
{
	if (!inside)
		before(sql);
	return REAL(PQsendQueryParams)(c, sql, n, types, values, lengths,
	    formats, format);
}

/* ---- files ---- */

int
rename(const char *from, const char *to)
{
	stop("rename", to);
	return REAL(rename)(from, to);
}

int
renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	stop("rename", to);
	return REAL(renameat)(from_dir, from, to_dir, to);
}

int
renameat2(int from_dir, const char *from, int to_dir, const char *to,
    unsigned flags)
{
	stop("rename", to);
	return REAL(renameat2)(from_dir, from, to_dir, to, flags);
}

int
flock(int fd, int how)
{
	if ((how & LOCK_NB) != 0 || (how & LOCK_UN) != 0 || !ready())
		return REAL(flock)(fd, how);
	while (REAL(flock)(fd, how | LOCK_NB) == -1) {
		if (errno != EWOULDBLOCK)
			return -1;
		stop("lock", "");
	}
	return 0;
}

/* True for a file of gcov, which a process locks when it exits. */
static bool
is_count(int fd)
{
	static const char end[] = ".gcda";
	const size_t m = sizeof end - 1;
	char link[64], path[LINE];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path);
	return n > (ssize_t)m && memcmp(path + n - m, end, m) == 0;
}

/*
 * Tries F_SETLK, the number before F_SETLKW, until it succeeds; so for OFD, and
 * for the calls with offsets of 64 bits, which have other numbers on i386.
 */
static int
take_lock(int (*call)(int, int, ...), int fd, int how, void *arg)
{
	if (how != F_SETLKW && how != F_SETLKW64 && how != F_OFD_SETLKW)
		return call(fd, how, arg);
	if (!ready() || is_count(fd))
		return call(fd, how, arg);
	while (call(fd, how - 1, arg) == -1) {
		if (errno != EAGAIN && errno != EACCES)
			return -1;
		stop("lock", "");
	}
	return 0;
}

int
fcntl(int fd, int how, ...)
{
	va_list args;
	void *arg;

	va_start(args, how);
	arg = va_arg(args, void *);
	va_end(args);
	return take_lock(REAL(fcntl), fd, how, arg);
}

int
fcntl64(int fd, int how, ...)
{
	va_list args;
	void *arg;

	va_start(args, how);
	arg = va_arg(args, void *);
	va_end(args);
	return take_lock(REAL(fcntl64), fd, how, arg);
}

int
fsync(int fd)
{
	return getenv("MCFG_GATE") != NULL ? 0 : REAL(fsync)(fd);
}

int
fdatasync(int fd)
{
	return getenv("MCFG_GATE") != NULL ? 0 : REAL(fdatasync)(fd);
}
