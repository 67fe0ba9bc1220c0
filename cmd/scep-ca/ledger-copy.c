/* ledger-copy: copies a ledger from one database to another. */
#include "authority/authority.h"
#include "ledger/copy.h"
#include "verbs.h"

struct args {
	struct io_output out;
	struct strings uris;
};

static struct args args;

static const struct opt options[] = {
	OPT_OUTPUT(args.out),
	{ 0 },
};

static enum status
tell(const struct ledger_table *t, void *arg)
{
	struct buf *out = arg;

	buf_printf(out, "%s  %s  %lld\n", t->hash, t->name,
	    (long long)t->rows);
	return OK;
}

static enum status
run(const struct args *a)
{
	auto_ledger *from = NULL, *to = NULL;
	auto_buf out = BUF_INIT;
	enum status st;

	if (a->uris.n != 2)
		return opts_missing("FROM TO", "two ledgers: sqlite:PATH or "
		    "postgresql://...");
	if ((st = ledger_open(a->uris.v[0], NULL, LEDGER_USE, &from)) != OK ||
	    (st = ledger_open(a->uris.v[1], NULL, LEDGER_CREATE, &to)) != OK ||
	    (st = ledger_copy(from, to, tell, &out)) != OK)
		return st;
	return io_spill(&a->out, &out);
}

const struct tool verb_ledger_copy = {
	.name = "ledger-copy",
	.summary = "Copy a ledger into an empty one, and compare both.",
	.operands = "FROM TO",
	.example = "scep-ca ledger-copy sqlite:ca/ledger.db "
	    "postgresql:///mcfg?service=ca",
	.options = options,
	.args = &args,
	.inputs = &args.uris,
	.run = run,
};
