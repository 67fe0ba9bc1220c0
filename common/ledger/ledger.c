/* Opens and closes a ledger, runs its statements, and reads its events. */
#include "ledger/ledger.h"

#include <string.h>

#include "ledger/local.h"
#include "sys/io.h"

struct db_value
db_text(const char *s)
{
	return (struct db_value){ DB_TEXT, s, s != NULL ? strlen(s) : 0, 0 };
}

struct db_value
db_int(int64_t v)
{
	return (struct db_value){ DB_INT, NULL, 0, v };
}

struct db_value
db_blob(const void *p, size_t len)
{
	return (struct db_value){ DB_BLOB, p, len, 0 };
}

struct db_value
db_buf(const struct buf *b)
{
	return db_blob(b->len > 0 ? b->data : NULL, b->len);
}

const char *
db_row_text(const struct db_row *r, int column)
{
	return r->engine->row_text(r, column);
}

char *
db_row_dup(const struct db_row *r, int column)
{
	const char *text = r->engine->row_text(r, column);

	return text != NULL ? xstrdup(text) : NULL;
}

int64_t
db_row_int(const struct db_row *r, int column)
{
	return r->engine->row_int(r, column);
}

const void *
db_row_blob(const struct db_row *r, int column, size_t *len)
{
	return r->engine->row_blob(r, column, len);
}

void
db_row_hash(const struct db_row *r, int column, char out[SECRET_HASH_TEXT])
{
	const char *hash = db_row_text(r, column);

	out[0] = '\0';
	if (hash != NULL && strlen(hash) < SECRET_HASH_TEXT)
		memcpy(out, hash, strlen(hash) + 1);
}

enum status
db_run(struct ledger *l, int64_t *changed, const char *sql,
    const struct db_value *v, size_t n)
{
	int64_t ignored;

	return l->engine->run(l, sql, v, n, NULL, NULL,
	    changed != NULL ? changed : &ignored);
}

enum status
db_rows(struct ledger *l, db_each *fn, void *arg, int64_t *count,
    const char *sql, const struct db_value *v, size_t n)
{
	int64_t ignored;

	return l->engine->run(l, sql, v, n, fn, arg,
	    count != NULL ? count : &ignored);
}

enum status
db_find(struct ledger *l, bool *found, db_each *fn, void *arg,
    const char *sql, const struct db_value *v, size_t n)
{
	int64_t count = 0;
	enum status st = db_rows(l, fn, arg, &count, sql, v, n);

	*found = count > 0;
	return st;
}

static enum status
add_to_page(const struct db_row *r, void *arg)
{
	struct db_list *d = arg;

	return d->n < DB_PAGE ? d->take(r, d->page + d->size * d->n++) : OK;
}

void
db_list_free(struct db_list *d)
{
	size_t i;

	for (i = 0; i < d->n; i++)
		d->drop(d->page + d->size * i);
	free(d->page);
}

/*
 * The parameters may point into the last row, which lives until the page is
 * read.
 */
const void *
db_next(struct db_list *d, const struct db_value *v, size_t n)
{
	auto_db_list old = { .page = NULL };

	if (d->given == d->n && d->n < DB_PAGE && d->page != NULL)
		return NULL;
	if (d->given == d->n) {
		old = *d;
		d->page = xcalloc(DB_PAGE, d->size);
		d->n = d->given = 0;
		d->st = db_rows(d->l, add_to_page, d, NULL, d->sql, v, n);
	}
	return d->st == OK && d->given < d->n ?
	    d->page + d->size * d->given++ : NULL;
}

enum status
db_begin(struct ledger *l, struct ledger **turn)
{
	enum status st = l->engine->begin(l);

	if (st == OK)
		*turn = l;
	return st;
}

enum status
db_commit(struct ledger **turn, enum status st)
{
	if (st == OK && (st = (*turn)->engine->commit(*turn)) == OK)
		*turn = NULL;
	return st;
}

void
db_end(struct ledger **turn)
{
	if (*turn != NULL)
		(*turn)->engine->rollback(*turn);
}

enum status
db_take_int(const struct db_row *r, void *arg)
{
	*(int64_t *)arg = db_row_int(r, 0);
	return OK;
}

enum status
db_take_text(const struct db_row *r, void *arg)
{
	char **text = arg;

	free(*text);
	*text = db_row_dup(r, 0);
	return OK;
}

enum status
db_take_texts(const struct db_row *r, void *arg)
{
	struct strings *texts = arg;

	strings_add(texts, db_row_dup(r, 0));
	return OK;
}

void
db_free_texts(struct strings *texts)
{
	size_t i;

	for (i = 0; i < texts->n; i++)
		free((char *)texts->v[i]);
	strings_free(texts);
}

static const char *
after(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

static bool
is_postgresql(const char *uri)
{
	return after(uri, "postgresql://") != NULL ||
	    after(uri, "postgres://") != NULL;
}

const char *
ledger_check_uri(const char *uri)
{
	const char *path = after(uri, "sqlite:");

	if (path == NULL && !is_postgresql(uri))
		return "not of the form sqlite:PATH or postgresql://...";
	return path == NULL || *path != '\0' ? NULL : "sqlite: needs a path";
}

static enum status
open_engine(struct ledger *l, const char *uri, const char *base,
    enum ledger_mode mode)
{
	const char *reason = ledger_check_uri(uri), *rest;

	if (reason != NULL)
		return fail(USAGE, "ledger: %s", reason);
	if ((rest = after(uri, "sqlite:")) != NULL) {
		l->name = base != NULL ? io_beside(base, rest) : xstrdup(rest);
		return ledger_open_sqlite(l, l->name, mode);
	}
	return ledger_open_postgresql(l, uri);
}

enum status
ledger_open(const char *uri, const char *base, enum ledger_mode mode,
    struct ledger **out)
{
	auto_ledger *l = xcalloc(1, sizeof *l);
	enum status st;

	if ((st = open_engine(l, uri, base, mode)) != OK)
		return st;
	if (mode == LEDGER_READ && (st = l->engine->snapshot(l)) != OK)
		return st;
	if ((st = ledger_check_tables(l, mode)) != OK)
		return st;
	detail("%s: the ledger is open, %s", l->name, mode == LEDGER_READ ?
	    "to read" : "to read and write");
	*out = STEAL(l);
	return OK;
}

void
ledger_close(struct ledger *l)
{
	if (l->engine != NULL)
		l->engine->close(l);
	free(l->name);
	free(l);
}

bool
ledger_is_current(const struct ledger *l)
{
	return l->engine->is_current == NULL || l->engine->is_current(l);
}

enum status
ledger_hurry(struct ledger *l, bool on)
{
	return l->engine->hurry == NULL ? OK : l->engine->hurry(l, on);
}

enum status
ledger_check(struct ledger *l, struct buf *trouble)
{
	return l->engine->check(l, trouble);
}

/* ---- events ---- */

enum status
ledger_put_event(struct ledger *l, const struct ledger_event *e)
{
	const char *of = e->enrollment != NULL ? e->enrollment : "";

	return db_run(l, NULL, "INSERT INTO event (enrollment, ordinal, time, "
	    "what, certificate, detail) VALUES ($1, (SELECT COALESCE("
	    "MAX(ordinal), 0) + 1 FROM event WHERE enrollment = $1), $2, $3, "
	    "$4, $5)",
	    DB(db_text(of), db_int(e->time), db_text(e->what),
	    db_text(e->certificate), db_text(e->detail)));
}

struct event_walk {
	const char *enrollment;
	ledger_each_event *fn;
	void *arg;
};

static enum status
give_event(const struct db_row *r, void *arg)
{
	const struct event_walk *w = arg;
	const struct ledger_event e = {
		.time = db_row_int(r, 0),
		.what = db_row_text(r, 1),
		.enrollment = w->enrollment,
		.certificate = db_row_text(r, 2),
		.detail = db_row_text(r, 3),
	};

	return w->fn(&e, w->arg);
}

enum status
ledger_events(struct ledger *l, const char *enrollment,
    ledger_each_event *fn, void *arg)
{
	struct event_walk w = { enrollment, fn, arg };

	return db_rows(l, give_event, &w, NULL, "SELECT time, what, "
	    "certificate, detail FROM event WHERE enrollment = $1 ORDER BY "
	    "ordinal", DB(db_text(enrollment)));
}
