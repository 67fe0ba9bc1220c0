/* purge: deletes old requests and challenges that led to no certificate. */
#include "authority/authority.h"
#include "base/clock.h"
#include "verbs.h"

struct args {
	struct authority_source source;
	struct io_output out;
	int64_t older;
};

static struct args args;

static const struct opt options[] = {
	OPT_DIR(args.source),
	OPT_LEDGER(args.source),
	{ 0, "older", "TIME", "minimum age (default: pending_ttl of the "
	    "policy)", .duration = &args.older },
	OPT_OUTPUT(args.out),
	OPT_AT,
	{ 0 },
};

static enum status
run(const struct args *a)
{
	auto_authority ca = AUTHORITY_INIT;
	size_t requests, challenges;
	auto_buf out = BUF_INIT;
	int64_t before;
	enum status st;

	if ((st = authority_open(&a->source, NEED_LEDGER, &ca)) != OK)
		return st;
	before = clock_now() - (a->older > 0 ? a->older :
	    ca.policy.pending_ttl);
	if ((st = ledger_purge_requests(ca.ledger, before,
	    &requests)) != OK ||
	    (st = ledger_purge_challenges(ca.ledger, before,
	    &challenges)) != OK)
		return st;
	buf_printf(&out, "%zu requests and %zu challenges forgotten\n",
	    requests, challenges);
	return io_spill(&a->out, &out);
}

const struct tool verb_purge = {
	.name = "purge",
	.summary = "Delete expired requests and unused challenges.",
	.example = "scep-ca purge --dir ca --older 30d",
	.options = options,
	.args = &args,
	.run = run,
};
