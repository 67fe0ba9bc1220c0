/*
 * Private to ledger/: the interface for SQL statements between its files and
 * the two databases.
 *
 * SQL is written once for both: $1, $2 ..., TEXT, BIGINT and BYTEA, RETURNING,
 * ON CONFLICT.  A statement is prepared when it is first used, and kept until
 * the ledger is closed; its address identifies it, so SQL must be a literal.
 */
#ifndef MCFG_LEDGER_LOCAL_H
#define MCFG_LEDGER_LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/ledger.h"

enum {
	DB_VALUES_MAX = 24,	/* parameters of a statement */
	DB_BUSY_SECONDS = 20,	/* how long a writer waits for its turn */
	DB_PAGE = 256,		/* rows that a listing reads at once */
};

enum db_kind { DB_TEXT, DB_INT, DB_BLOB };

/* A parameter; a text or blob of NULL is SQL's NULL. */
struct db_value {
	enum db_kind kind;
	const void *p;
	size_t len;
	int64_t number;
};

struct db_value db_text(const char *s);
struct db_value db_int(int64_t v);
struct db_value db_blob(const void *p, size_t len);
struct db_value db_buf(const struct buf *b);	/* NULL if it is empty */

/* The parameters of one statement. */
#define DB(...)								\
	(const struct db_value[]){ __VA_ARGS__ },			\
	sizeof (const struct db_value[]){ __VA_ARGS__ } /		\
	sizeof (struct db_value)
#define DB_NONE NULL, 0

/* A row of a result, valid only within the function that gets it. */
struct db_row {
	const struct db_engine *engine;
	void *handle;
	int number;
};

const char *db_row_text(const struct db_row *r, int column);	/* or NULL */
char *db_row_dup(const struct db_row *r, int column);		/* or NULL */
int64_t db_row_int(const struct db_row *r, int column);
const void *db_row_blob(const struct db_row *r, int column, size_t *len);

/* Copies a hash in hexadecimal; "" for NULL, or if it is too long. */
void db_row_hash(const struct db_row *r, int column,
    char out[SECRET_HASH_TEXT]);

typedef enum status db_each(const struct db_row *r, void *arg);

struct db_engine {
	/*
	 * Runs one statement, which is finished when run returns.  Each row is
	 * passed to fn, unless that is NULL.  *count is the number of rows or,
	 * if fn is NULL, the number of rows changed.
	 */
	enum status (*run)(struct ledger *l, const char *sql,
	    const struct db_value *v, size_t n, db_each *fn, void *arg,
	    int64_t *count);
	/* Several statements without parameters or results. */
	enum status (*script)(struct ledger *l, const char *sql);
	/* Begins to write: there is one writer at a time, and others wait. */
	enum status (*begin)(struct ledger *l);
	enum status (*commit)(struct ledger *l);
	void (*rollback)(struct ledger *l);
	/* From here on, reads see one moment, and nothing is written. */
	enum status (*snapshot)(struct ledger *l);
	/* Checks if there is a table with this name. */
	enum status (*has_table)(struct ledger *l, const char *name,
	    bool *has);
	/* Appends what is wrong with the database to trouble. */
	enum status (*check)(struct ledger *l, struct buf *trouble);
	/* For ledger_hurry(); NULL: it always waits. */
	enum status (*hurry)(struct ledger *l, bool on);
	/* For ledger_is_current(); NULL: always true. */
	bool (*is_current)(const struct ledger *l);
	void (*close)(struct ledger *l);
	const char *(*row_text)(const struct db_row *r, int column);
	int64_t (*row_int)(const struct db_row *r, int column);
	const void *(*row_blob)(const struct db_row *r, int column,
	    size_t *len);
};

struct ledger {
	const struct db_engine *engine;
	void *state;		/* private to the engine */
	char *name;		/* for messages */
};

/*
 * Open a database.  l->name is set by the caller; the engine sets l->engine
 * and l->state.
 */
enum status ledger_open_sqlite(struct ledger *l, const char *path,
    enum ledger_mode mode) USE_RESULT;
enum status ledger_open_postgresql(struct ledger *l, const char *uri)
    USE_RESULT;

/* db_run() is engine->run for a statement without rows; changed may be NULL. */
enum status db_run(struct ledger *l, int64_t *changed, const char *sql,
    const struct db_value *v, size_t n) USE_RESULT;

/* db_rows() is engine->run for a statement with rows; count may be NULL. */
enum status db_rows(struct ledger *l, db_each *fn, void *arg, int64_t *count,
    const char *sql, const struct db_value *v, size_t n) USE_RESULT;

/* db_find() is the same; *found is set to whether there was a row. */
enum status db_find(struct ledger *l, bool *found, db_each *fn, void *arg,
    const char *sql, const struct db_value *v, size_t n) USE_RESULT;

/*
 * Lists rows, one page at a time, so that no statement is open while the
 * caller works with a row.  db_next() returns the next row, valid until the
 * next call; NULL at the end, or if st is not OK.  v has the parameters for
 * the page after the last row; the last parameter is LIMIT, DB_PAGE.  sql
 * sorts rows by the other parameters.
 */
struct db_list {
	struct ledger *l;
	const char *sql;
	db_each *take;			/* fills in a row, which is zeroed */
	void (*drop)(void *row);	/* frees the contents of a row */
	size_t size;			/* of a row */
	char *page;
	size_t n, given;		/* rows of the page */
	enum status st;
};
#define auto_db_list	AUTO(db_list_free) struct db_list
#define DB_LIST(l, name, sql)						\
	{ l, sql, take_##name, drop_##name,				\
	    sizeof (struct ledger_##name), NULL, 0, 0, OK }
#define DEFINE_DROP(name)						\
	static void							\
	drop_##name(void *row)						\
	{								\
		ledger_##name##_free(row);				\
	}								\
	struct mcfg_semicolon
const void *db_next(struct db_list *d, const struct db_value *v, size_t n);
void db_list_free(struct db_list *d);

/*
 * A transaction that writes is held by a variable: auto_turn *turn = NULL.
 * db_begin() waits for its turn.  db_commit() commits if st, the status of the
 * last step, is OK, and returns that status or its own.  If there was no
 * commit when the variable goes out of scope, the transaction is rolled back.
 */
#define auto_turn	AUTO(db_end) struct ledger
enum status db_begin(struct ledger *l, struct ledger **turn) USE_RESULT;
enum status db_commit(struct ledger **turn, enum status st) USE_RESULT;
void db_end(struct ledger **turn);

/* Row functions that store the first column. */
db_each db_take_int;		/* arg: int64_t * */
db_each db_take_text;		/* arg: char **, which the caller frees */
db_each db_take_texts;		/* arg: struct strings *, one text for each
				 * row */

/* db_free_texts() frees the list, and the texts from db_take_texts(). */
void db_free_texts(struct strings *texts);

/* Creates the tables, or upgrades them. */
enum status ledger_check_tables(struct ledger *l, enum ledger_mode mode)
    USE_RESULT;

/*
 * The ground that version 1 recorded: these words, followed by the SHA-256 of
 * the certificate that signed the request.
 */
#define LEDGER_SIGNED_BY	"signed-by:"

/* Reads a name from two columns of a row, and what older rows lack. */
void ledger_take_name(const struct db_row *r, int column,
    struct ledger_name *out);
bool ledger_name_of_certificate(const struct buf *der,
    struct ledger_name *out);
bool ledger_name_of_request(const struct buf *csr, struct ledger_name *out);

/*
 * Several certificates can be issued within one second: their order is that of
 * their events.  This is the place of the event, or 0 if it was deleted, of a
 * certificate in the table c; it compares certificates of one enrollment, or of
 * none.
 */
#define ISSUE_PLACE(c)							\
	"COALESCE((SELECT MAX(v.ordinal) FROM event v WHERE "		\
	"v.enrollment = COALESCE(" c ".enrollment, '') AND "		\
	"v.certificate = " c ".serial AND v.what IN ('certified', "	\
	"'issued')), 0)"

/* Shared by the files of the ledger. */
/* *open is true while an enrollment is certified or configured. */
enum status ledger_is_open(struct ledger *l, const char *id, bool *open)
    USE_RESULT;
/*
 * ledger_put_challenge() adds a challenge.  user is the owner of a phase-1
 * challenge, otherwise NULL.  completion is the number of the completion that
 * made a CLIENT challenge; 0 for others.
 */
enum status ledger_put_challenge(struct ledger *l,
    const struct ledger_challenge *c, const char *user, int64_t completion,
    int64_t now) USE_RESULT;

/*
 * Challenges are spent by these functions only, and at most once each; *spent
 * is false if there is none that is unspent, not void and not expired.
 *
 * ledger_spend_enroll() spends the challenge that a device presents with its
 * attributes, in phase 2.
 */
enum status ledger_spend_enroll(struct ledger *l, const char *hash,
    const char *enrollment, int64_t now, bool *spent) USE_RESULT;

/*
 * ledger_spend_scep() spends a challenge that was presented to the CA at the
 * time presented: one of an operator, or one that is bound to a name.  It
 * fills in out, which is freed by ledger_spent_free().
 */
struct ledger_spent {
	char *purpose, *enrollment;	/* enrollment may be NULL */
	bool is_bound;
	struct ledger_name bound;
};
#define LEDGER_SPENT_INIT { NULL, NULL, false, LEDGER_NAME_INIT }
#define auto_ledger_spent	AUTO(ledger_spent_free) struct ledger_spent
enum status ledger_spend_scep(struct ledger *l, const char *hash,
    int64_t presented, int64_t now, struct ledger_spent *out, bool *spent)
    USE_RESULT;
void ledger_spent_free(struct ledger_spent *s);

/*
 * ledger_spend_outside() spends the challenge for the identity of an
 * enrollment, which a CA outside has taken.
 */
enum status ledger_spend_outside(struct ledger *l, const char *enrollment,
    int64_t now, bool *spent) USE_RESULT;

/* ledger_give_back() makes a challenge that was spent valid again. */
enum status ledger_give_back(struct ledger *l, const char *hash,
    const char *enrollment) USE_RESULT;
enum status ledger_void_challenges(struct ledger *l, const char *enrollment,
    int64_t now) USE_RESULT;
/*
 * Voids the oldest challenges of a user, so that at most four open ones remain
 * besides a new one.
 */
enum status ledger_void_oldest(struct ledger *l, const char *user,
    int64_t now) USE_RESULT;
/* Mark the invitation of an enrollment, if it has one, as used or void. */
enum status ledger_use_invitation(struct ledger *l, const char *enrollment,
    int64_t now) USE_RESULT;
enum status ledger_void_invitation(struct ledger *l, const char *enrollment,
    int64_t now) USE_RESULT;
enum status ledger_settle_request(struct ledger *l,
    const struct ledger_entitlement *e, const char *serial, int64_t now,
    struct ledger_certificate *settled, enum ledger_outcome *outcome)
    USE_RESULT;
enum status ledger_put_event(struct ledger *l, const struct ledger_event *e)
    USE_RESULT;

#endif
