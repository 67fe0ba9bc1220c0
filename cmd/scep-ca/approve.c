/* approve and reject: the operator decides about what is pending. */
#include "authority.h"
#include "clock.h"
#include "verbs.h"

struct args {
	struct authority_source source;
	struct strings transactions;
};

static struct args args;

static const struct opt options[] = {
	OPT_DIR(args.source),
	OPT_LEDGER(args.source),
	OPT_AT,
	{ 0 },
};

static enum status
decide(const struct args *a, enum ledger_verdict verdict)
{
	auto_authority ca = AUTHORITY_INIT;
	size_t matches;
	enum status st;

	if (a->transactions.n != 1)
		return opts_missing("TXID", "of one request: scep-ca list "
		    "--pending shows them");
	if ((st = authority_open(&a->source, NEED_LEDGER, &ca)) != OK ||
	    (st = ledger_decide(ca.ledger, a->transactions.v[0], NULL, verdict,
	    "operator", clock_now(), &matches)) != OK)
		return st;
	if (matches > 1)
		return fail(REFUSED, "%s: requests of %zu keys are pending",
		    a->transactions.v[0], matches);
	return matches == 1 ? OK : fail(REFUSED, "%s: nothing of this "
	    "transaction is pending", a->transactions.v[0]);
}

static enum status
run_approve(const struct args *a)
{
	return decide(a, LEDGER_APPROVE);
}

static enum status
run_reject(const struct args *a)
{
	return decide(a, LEDGER_REJECT);
}

const struct tool verb_approve = {
	.name = "approve",
	.summary = "Approves a request: its next poll gets the certificate.",
	.operands = "TXID",
	.example = "scep-ca approve --dir ca 64FC655C8BACC4C2",
	.options = options,
	.args = &args,
	.inputs = &args.transactions,
	.run = run_approve,
};

const struct tool verb_reject = {
	.name = "reject",
	.summary = "Rejects a request that is pending.",
	.operands = "TXID",
	.example = "scep-ca reject --dir ca 64FC655C8BACC4C2",
	.options = options,
	.args = &args,
	.inputs = &args.transactions,
	.run = run_reject,
};
