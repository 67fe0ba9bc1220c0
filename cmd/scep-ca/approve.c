/* approve and reject: the operator decides about what is pending. */
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "authority.h"
#include "base/clock.h"
#include "listing.h"
#include "verbs.h"

struct args {
	struct authority_source source;
	struct io_output out;
	struct strings transactions;
	const char *key;
	bool undo, all;
	int64_t older;
};

static struct args args;

static const struct opt approve_options[] = {
	OPT_DIR(args.source),
	OPT_LEDGER(args.source),
	{ 0, "key", "SHA256", "the key's, or its beginning, if several keys "
	    "wait under it", .value = &args.key },
	{ 0, "undo", NULL, "take the approval back, until it is collected",
	    .flag = &args.undo },
	OPT_OUTPUT(args.out),
	OPT_AT,
	{ 0 },
};

static const struct opt reject_options[] = {
	OPT_DIR(args.source),
	OPT_LEDGER(args.source),
	{ 0, "key", "SHA256", "the key's, or its beginning, if several keys "
	    "wait under it", .value = &args.key },
	{ 0, "all", NULL, "reject all that are pending", .flag = &args.all },
	{ 0, "older", "TIME", "with --all, only those that wait longer: 2d",
	    .duration = &args.older },
	OPT_OUTPUT(args.out),
	OPT_AT,
	{ 0 },
};

/* Who it was, for "show". */
static char *
decider(void)
{
	const struct passwd *user = getpwuid(getuid());

	return user != NULL ? xasprintf("operator %s", user->pw_name) :
	    xasprintf("operator %ld", (long)getuid());
}

/* Lower-case digits without colons. */
static enum status
parse_key(const char *text, struct buf *out)
{
	for (; *text != '\0'; text++) {
		int v = buf_hex_digit(*text);

		if (*text == ':')
			continue;
		if (v < 0)
			return fail(USAGE, "--key: not the SHA-256 of a key, "
			    "in hex");
		buf_putc(out, "0123456789abcdef"[v]);
	}
	return out->len > 0 ? OK : fail(USAGE, "--key: is empty");
}

/* ---- the requests of one transaction ---- */

struct search {
	const char *transaction, *key;
	enum ledger_state state;
	struct buf *keys, *lines;
};

static enum status
look(const struct ledger_request *r, void *arg)
{
	struct search *s = arg;
	char shown[300];

	if (strcmp(r->transaction, s->transaction) != 0 ||
	    r->state != s->state ||
	    strncmp(r->key_hash, s->key, strlen(s->key)) != 0)
		return OK;
	buf_printf(s->keys, "%s%s", s->keys->len > 0 ? ", " : "",
	    r->key_hash);
	diag_escape(r->transaction, strlen(r->transaction), shown,
	    sizeof shown);
	buf_printf(s->lines, "%s  %s  %s  ", shown,
	    ledger_state_name(r->state), r->key_hash);
	listing_name(r->subject, &r->name, s->lines);
	buf_putc(s->lines, '\n');
	return OK;
}

/* ---- deciding ---- */

static enum status
refuse(struct ledger *l, const char *transaction, const char *key,
    enum ledger_verdict verdict, size_t matches)
{
	bool undo = verdict == LEDGER_UNDO;
	auto_buf keys = BUF_INIT, lines = BUF_INIT;
	struct search s = { transaction, key, undo ? LEDGER_APPROVED :
	    LEDGER_PENDING, &keys, &lines };
	enum status st;

	if (matches == 0 && undo)
		return fail(REFUSED, "%s: nothing of this transaction is "
		    "approved and still to be collected", transaction);
	if (matches == 0)
		return fail(REFUSED, "%s: nothing of this transaction is "
		    "pending", transaction);
	if ((st = ledger_requests(l, look, &s)) != OK)
		return st;
	return fail(REFUSED, "%s: %zu keys wait under it, choose one by "
	    "--key: %s", transaction, matches, buf_str(&keys));
}

/* What was decided about is the product: it may be another than was meant. */
static enum status
decide(struct ledger *l, const char *transaction, const char *key,
    enum ledger_verdict verdict, struct buf *out)
{
	static const enum ledger_state after[] = {
		[LEDGER_APPROVE] = LEDGER_APPROVED,
		[LEDGER_REJECT] = LEDGER_REJECTED,
		[LEDGER_UNDO] = LEDGER_PENDING,
	};
	auto_char *who = decider();
	auto_buf keys = BUF_INIT;
	struct search s = { transaction, key, after[verdict], &keys, out };
	size_t matches;
	enum status st;

	if ((st = ledger_decide(l, transaction, key, verdict, who,
	    clock_now(), &matches)) != OK)
		return st;
	if (matches != 1)
		return refuse(l, transaction, key, verdict, matches);
	return ledger_requests(l, look, &s);
}

/* One that is not pending does not keep the others from being decided. */
static enum status
decide_each(const struct args *a, enum ledger_verdict verdict)
{
	auto_authority ca = AUTHORITY_INIT;
	auto_buf key = BUF_INIT, out = BUF_INIT;
	enum status st, worst = OK;
	size_t i;

	if (a->key != NULL && (st = parse_key(a->key, &key)) != OK)
		return st;
	if ((st = authority_open(&a->source, NEED_LEDGER, &ca)) != OK)
		return st;
	for (i = 0; i < a->transactions.n; i++) {
		st = decide(ca.ledger, a->transactions.v[i], buf_str(&key),
		    verdict, &out);
		if (st != OK && st != REFUSED)
			return st;
		if (st != OK)
			worst = st;
	}
	return worst == OK ? io_spill(&a->out, &out) : worst;
}

static enum status
reject_all(const struct args *a)
{
	auto_authority ca = AUTHORITY_INIT;
	auto_char *who = decider();
	int64_t now = clock_now();
	auto_buf out = BUF_INIT;
	size_t count;
	enum status st;

	if ((st = authority_open(&a->source, NEED_LEDGER, &ca)) != OK ||
	    (st = ledger_reject_all(ca.ledger, a->older > 0 ?
	    now - a->older : INT64_MAX, who, now, &count)) != OK)
		return st;
	buf_printf(&out, "%zu rejected\n", count);
	return io_spill(&a->out, &out);
}

static enum status
run_approve(const struct args *a)
{
	if (a->transactions.n != 1)
		return opts_missing("TXID", "of one request: scep-ca list "
		    "--pending shows them");
	return decide_each(a, a->undo ? LEDGER_UNDO : LEDGER_APPROVE);
}

static enum status
run_reject(const struct args *a)
{
	if (a->all && (a->transactions.n > 0 || a->key != NULL))
		return fail(USAGE, "--all: takes no TXID and no --key");
	if (a->older > 0 && !a->all)
		return fail(USAGE, "--older: needs --all");
	if (a->all)
		return reject_all(a);
	if (a->transactions.n == 0)
		return opts_missing("TXID", "of a request (scep-ca list "
		    "--pending shows them), or --all");
	if (a->key != NULL && a->transactions.n > 1)
		return fail(USAGE, "--key: takes one TXID");
	return decide_each(a, LEDGER_REJECT);
}

const struct tool verb_approve = {
	.name = "approve",
	.summary = "Approves a request: its next poll gets the certificate.",
	.operands = "TXID",
	.example = "scep-ca approve --dir ca 64FC655C8BACC4C2",
	.options = approve_options,
	.args = &args,
	.inputs = &args.transactions,
	.run = run_approve,
};

const struct tool verb_reject = {
	.name = "reject",
	.summary = "Rejects requests that are pending.",
	.operands = "[TXID...]",
	.example = "scep-ca reject --dir ca --all --older 2d",
	.options = reject_options,
	.args = &args,
	.inputs = &args.transactions,
	.run = run_reject,
};
