/* Copies one ledger into another, also between engines. */
#include <string.h>

#include "ledger/copy.h"
#include "ledger/local.h"

enum { COLUMNS_MAX = 20 };

/*
 * A table: its columns by kind (t, i, b).  The first keys of them are the
 * primary key, which paging uses.
 */
struct table {
	const char *name, *kinds;
	size_t keys;
	const char *page, *insert, *count;
};

#define TABLE(name, kinds, keys, columns, after, order, places)		\
	{ name, kinds, keys,						\
	    "SELECT " columns " FROM " name " WHERE " after " ORDER BY " \
	    order " LIMIT 256",						\
	    "INSERT INTO " name " (" columns ") VALUES (" places ")",	\
	    "SELECT COUNT(*) FROM " name " WHERE " after }

/* Enrollments come before the challenges that refer to them. */
static const struct table tables[] = {
	TABLE("enrollment", "tttttttttiiiiiiit", 1,
	    "id, username, state, facts, attributes, udid, serial, product, "
	    "device, started, identified, certified, configured, first_sent, "
	    "repeats, changed, certificate", "id > $1", "id",
	    "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, "
	    "$15, $16, $17"),
	TABLE("challenge", "ttttiibbtiiii", 1,
	    "hash, purpose, enrollment, username, ordinal, bound, "
	    "bound_subject, bound_names, note, created, expires, spent, "
	    "voided", "hash > $1", "hash",
	    "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13"),
	TABLE("certificate", "tbtiitttttttbbitiiii", 1,
	    "serial, der, subject, not_before, not_after, profile, purpose, "
	    "enrollment, txid, key_hash, ground, challenge, asked_subject, "
	    "asked_names, unbound, decider, decided, issued, revoked, reason",
	    "serial > $1", "serial",
	    "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, "
	    "$15, $16, $17, $18, $19, $20"),
	TABLE("request", "ttbbbtttitittiit", 2,
	    "txid, key_hash, csr, asked_subject, asked_names, subject, "
	    "ground, challenge, presented, client, stranger, state, serial, "
	    "received, decided, decider",
	    "(txid, key_hash) > ($1, $2)", "txid, key_hash",
	    "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, "
	    "$15, $16"),
	TABLE("invitation", "ttttiiii", 1,
	    "hash, username, facts, enrollment, created, expires, used, "
	    "voided", "hash > $1", "hash", "$1, $2, $3, $4, $5, $6, $7, $8"),
	TABLE("event", "tiittt", 2,
	    "enrollment, ordinal, time, what, certificate, detail",
	    "(enrollment, ordinal) > ($1, $2)", "enrollment, ordinal",
	    "$1, $2, $3, $4, $5, $6"),
	TABLE("ledger", "ti", 1, "name, value",
	    "name > $1 AND name <> 'schema'", "name", "$1, $2"),
};

/*
 * The sum of the SHA-256 of all rows, as four numbers.  A sum does not depend
 * on the order of rows, which differs between the engines' collations.
 */
struct digest {
	uint64_t lane[4];
	int64_t rows;
};

struct walk {
	const struct table *table;
	struct ledger *to;	/* NULL: compute only the digest */
	struct digest digest;
	char *key, *key_text;	/* first column of the last row's key ... */
	int64_t key_number;	/* ... and the second, if it belongs to the
				 * key */
};

static struct db_value
value_of(const struct db_row *r, int column, char kind)
{
	const void *p;
	size_t len;

	if (kind == 'i')
		return db_int(db_row_int(r, column));
	if (kind == 't')
		return db_text(db_row_text(r, column));
	p = db_row_blob(r, column, &len);
	return db_blob(p, len);
}

/* Adds each value with its kind, its length, and whether it is NULL. */
static void
add_to_digest(struct digest *d, const struct db_value *v, size_t n)
{
	char hash[SECRET_HASH_TEXT], lane[17];
	auto_buf row = BUF_INIT;
	size_t i;

	for (i = 0; i < n; i++) {
		if (v[i].kind == DB_INT)
			buf_printf(&row, "i%lld;", (long long)v[i].number);
		else if (v[i].p == NULL)
			buf_puts(&row, "n;");
		else
			buf_printf(&row, "b%zu;", v[i].len);
		if (v[i].kind != DB_INT && v[i].p != NULL)
			buf_add(&row, v[i].p, v[i].len);
	}
	secret_sha256(row.data, row.len, hash);
	for (i = 0; i < 4; i++) {
		memcpy(lane, hash + 16 * i, 16);
		lane[16] = '\0';
		d->lane[i] += strtoull(lane, NULL, 16);
	}
	d->rows++;
}

static enum status
take_row(const struct db_row *r, void *arg)
{
	struct db_value v[COLUMNS_MAX] = { 0 };
	struct walk *w = arg;
	size_t i, n = strlen(w->table->kinds);

	for (i = 0; i < n; i++)
		v[i] = value_of(r, (int)i, w->table->kinds[i]);
	free(w->key);
	w->key = xstrndup(v[0].p, v[0].len);
	w->key_number = v[1].number;
	if (w->table->keys > 1 && v[1].kind == DB_TEXT) {
		free(w->key_text);
		w->key_text = xstrndup(v[1].p, v[1].len);
	}
	add_to_digest(&w->digest, v, n);
	if (w->to == NULL)
		return OK;
	return db_run(w->to, NULL, w->table->insert, v, n);
}

/*
 * Walks through a table of from, and inserts its rows into to unless that is
 * NULL.
 */
static enum status
walk(const struct table *t, struct ledger *from, struct ledger *to,
    struct digest *out)
{
	struct walk w = { .table = t, .to = to, .key = xstrdup(""),
	    .key_text = xstrdup(""), .key_number = -1 };
	int64_t n = 0;
	enum status st;

	do {
		auto_char *key = xstrdup(w.key), *text = xstrdup(w.key_text);
		const struct db_value after[] = { db_text(key),
		    t->kinds[1] == 't' ? db_text(text) :
		    db_int(w.key_number) };

		st = db_rows(from, take_row, &w, &n, t->page, after, t->keys);
	} while (st == OK && n == DB_PAGE);
	free(w.key);
	free(w.key_text);
	*out = w.digest;
	return st;
}

static void
digest_text(const struct digest *d, char out[SECRET_HASH_TEXT])
{
	auto_buf b = BUF_INIT;
	size_t i;

	for (i = 0; i < 4; i++)
		buf_printf(&b, "%016llx", (unsigned long long)d->lane[i]);
	memcpy(out, b.data, SECRET_HASH_TEXT);
}

static enum status
copy_table(const struct table *t, struct ledger *from, struct ledger *to,
    ledger_each_table *fn, void *arg)
{
	struct digest was = { { 0 }, 0 }, is = { { 0 }, 0 };
	struct ledger_table said = { .name = t->name };
	enum status st;

	if ((st = walk(t, from, to, &was)) != OK ||
	    (st = walk(t, to, NULL, &is)) != OK)
		return st;
	if (was.rows != is.rows ||
	    memcmp(was.lane, is.lane, sizeof was.lane) != 0)
		return fail(FAULT, "%s: %s: %lld rows read back as %lld others",
		    to->name, t->name, (long long)was.rows, (long long)is.rows);
	said.rows = is.rows;
	digest_text(&is, said.hash);
	return fn != NULL ? fn(&said, arg) : OK;
}

static enum status
check_empty(struct ledger *to)
{
	int64_t n = 0;
	enum status st;
	size_t i;

	for (i = 0; i < ARRAY_LEN(tables); i++) {
		const struct db_value before[] = { db_text(""),
		    tables[i].kinds[1] == 't' ? db_text("") : db_int(-1) };

		if ((st = db_rows(to, db_take_int, &n, NULL, tables[i].count,
		    before, tables[i].keys)) != OK)
			return st;
		if (n > 0)
			return fail(REFUSED, "%s: not empty: has rows in %s",
			    to->name, tables[i].name);
	}
	return OK;
}

static enum status
copy_all(struct ledger *from, struct ledger *to, ledger_each_table *fn,
    void *arg)
{
	enum status st;
	size_t i;

	if ((st = check_empty(to)) != OK)
		return st;
	for (i = 0; i < ARRAY_LEN(tables); i++)
		if ((st = copy_table(&tables[i], from, to, fn, arg)) != OK)
			return st;
	return OK;
}

/*
 * Nobody writes to the source meanwhile, because this process holds its turn
 * to write as well.
 */
enum status
ledger_copy(struct ledger *from, struct ledger *to, ledger_each_table *fn,
    void *arg)
{
	auto_turn *turn = NULL, *here = NULL;
	enum status st;

	if ((st = db_begin(from, &turn)) != OK ||
	    (st = db_begin(to, &here)) != OK)
		return st;
	return db_commit(&here, copy_all(from, to, fn, arg));
}
