/* approve and reject: the operator decides about pending requests. */
#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "authority/authority.h"
#include "authority/listing.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "verbs.h"

struct args {
	struct authority_source source;
	struct io_output out;
	struct strings transactions;
	const char *key, *csr;
	bool undo, all;
	int64_t older;
};

static struct args args;

static const struct opt approve_options[] = {
	OPT_DIR(args.source),
	OPT_LEDGER(args.source),
	{ 0, "key", "SHA256", "choose the request with this key, by the first "
	    "digits of its SHA-256", .value = &args.key },
	{ 0, "csr", "HASH", "only if the request has this hash in list "
	    "--pending", .value = &args.csr },
	{ 0, "undo", NULL, "withdraw the approval, unless the certificate was "
	    "collected",
	    .flag = &args.undo },
	OPT_OUTPUT(args.out),
	OPT_AT,
	{ 0 },
};

static const struct opt reject_options[] = {
	OPT_DIR(args.source),
	OPT_LEDGER(args.source),
	{ 0, "key", "SHA256", "choose the request with this key, by the first "
	    "digits of its SHA-256", .value = &args.key },
	{ 0, "all", NULL, "reject all pending requests", .flag = &args.all },
	{ 0, "older", "TIME", "with --all: only requests older than TIME, such "
	    "as 2d",
	    .duration = &args.older },
	OPT_OUTPUT(args.out),
	OPT_AT,
	{ 0 },
};

/* Who decided, for "scep-ca show". */
static char *
decider(void)
{
	const struct passwd *user = getpwuid(getuid());

	return user != NULL ? xasprintf("operator %s", user->pw_name) :
	    xasprintf("operator %ld", (long)getuid());
}

/*
 * Converts to lower-case hexadecimal without colons, with at least least
 * digits.  out stays empty if text is NULL.
 */
static enum status
parse_hash(const char *option, const char *text, size_t least,
    struct buf *out)
{
	if (text == NULL)
		return OK;
	for (; *text != '\0'; text++) {
		int v = hex_digit(*text);

		if (*text == ':')
			continue;
		if (v < 0)
			return fail(USAGE, "%s: not a SHA-256 in hex", option);
		buf_putc(out, "0123456789abcdef"[v]);
	}
	if (out->len < least || out->len >= SECRET_HASH_TEXT)
		return fail(USAGE, "%s: %zu digits, expected %zu to %d", option,
		    out->len, least, SECRET_HASH_TEXT - 1);
	return OK;
}

/* ---- the requests of one transaction ---- */

struct search {
	const struct ledger_choice *choice;
	enum ledger_state state;
	struct buf *keys, *lines;
};

static enum status
look(const struct ledger_request *r, void *arg)
{
	struct search *s = arg;
	const struct ledger_choice *c = s->choice;

	if (strcmp(r->transaction, c->transaction) != 0 ||
	    r->state != s->state ||
	    strncmp(r->key_hash, c->key, strlen(c->key)) != 0)
		return OK;
	buf_printf(s->keys, "%s%s", s->keys->len > 0 ? ", " : "",
	    r->key_hash);
	listing_transaction(r->transaction, s->lines);
	buf_printf(s->lines, "  %s  %s  ", ledger_state_name(r->state),
	    r->key_hash);
	listing_name(r->subject, &r->name, s->lines);
	buf_putc(s->lines, '\n');
	return OK;
}

/* ---- deciding ---- */

static enum status
refuse(struct ledger *l, const struct ledger_choice *c,
    enum ledger_verdict verdict, size_t matches)
{
	bool undo = verdict == LEDGER_UNDO;
	const char *transaction = c->transaction;
	auto_buf keys = BUF_INIT, lines = BUF_INIT;
	struct search s = { c, undo ? LEDGER_APPROVED : LEDGER_PENDING,
	    &keys, &lines };
	enum status st;

	if (matches == 1)
		return fail(REFUSED, "%s: another request waits now than the "
		    "one with CSR %s: see scep-ca list --pending",
		    transaction, c->csr);

	if (matches == 0 && undo)
		return fail(REFUSED, "%s: nothing of this transaction is "
		    "approved and still to be collected", transaction);
	if (matches == 0)
		return fail(REFUSED, "%s: nothing of this transaction is "
		    "pending", transaction);
	if ((st = ledger_requests(l, look, &s)) != OK)
		return st;
	return fail(REFUSED, "%s: %zu requests with different keys have "
	    "this transaction ID: choose one with --key: %s", transaction,
	    matches, buf_str(&keys));
}

/*
 * Writes the requests that were decided, so that the operator sees if it was
 * the wrong one.
 */
static enum status
decide(struct ledger *l, const struct ledger_choice *c,
    enum ledger_verdict verdict, struct buf *out)
{
	static const enum ledger_state after[] = {
		[LEDGER_APPROVE] = LEDGER_APPROVED,
		[LEDGER_REJECT] = LEDGER_REJECTED,
		[LEDGER_UNDO] = LEDGER_PENDING,
	};
	auto_char *who = decider();
	auto_buf keys = BUF_INIT;
	struct search s = { c, after[verdict], &keys, out };
	size_t matches;
	enum status st;
	bool same;

	if ((st = ledger_decide(l, c, verdict, who, clock_now(), &matches,
	    &same)) != OK)
		return st;
	if (matches != 1 || !same)
		return refuse(l, c, verdict, matches);
	return ledger_requests(l, look, &s);
}

/* If one of them is not pending, the others are still decided. */
static enum status
decide_each(const struct args *a, enum ledger_verdict verdict)
{
	auto_authority ca = AUTHORITY_INIT;
	auto_buf key = BUF_INIT, csr = BUF_INIT, out = BUF_INIT;
	enum status st, worst = OK;
	size_t i;

	if ((st = parse_hash("--key", a->key, 1, &key)) != OK ||
	    (st = parse_hash("--csr", a->csr, LISTING_CSR, &csr)) != OK)
		return st;
	if ((st = authority_open(&a->source, NEED_LEDGER, &ca)) != OK)
		return st;
	for (i = 0; i < a->transactions.n; i++) {
		const struct ledger_choice c = { a->transactions.v[i],
		    buf_str(&key), buf_str(&csr) };

		st = decide(ca.ledger, &c, verdict, &out);
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
	if (a->undo && a->csr != NULL)
		return fail(USAGE, "--undo cannot be used with --csr");
	return decide_each(a, a->undo ? LEDGER_UNDO : LEDGER_APPROVE);
}

static enum status
run_reject(const struct args *a)
{
	if (a->all && (a->transactions.n > 0 || a->key != NULL))
		return fail(USAGE, "--all cannot be used with a TXID or --key");
	if (a->older > 0 && !a->all)
		return fail(USAGE, "--older: needs --all");
	if (a->all)
		return reject_all(a);
	if (a->transactions.n == 0)
		return opts_missing("TXID or --all", "scep-ca list "
		    "--pending shows the TXIDs");
	if (a->key != NULL && a->transactions.n > 1)
		return fail(USAGE, "--key needs exactly one TXID");
	return decide_each(a, LEDGER_REJECT);
}

const struct tool verb_approve = {
	.name = "approve",
	.summary = "Approve a request: its next poll gets the certificate.",
	.operands = "TXID",
	.example = "scep-ca approve --dir ca 64FC655C8BACC4C2 "
	    "--csr 5a0d3f9e71c24b88",
	.options = approve_options,
	.args = &args,
	.inputs = &args.transactions,
	.run = run_approve,
};

const struct tool verb_reject = {
	.name = "reject",
	.summary = "Reject pending requests.",
	.operands = "[TXID...]",
	.example = "scep-ca reject --dir ca --all --older 2d",
	.options = reject_options,
	.args = &args,
	.inputs = &args.transactions,
	.run = run_reject,
};
