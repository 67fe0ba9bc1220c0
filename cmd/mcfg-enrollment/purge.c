/* purge: deletes enrollments that ended or were never completed. */
#include "base/clock.h"
#include "enrollment.h"
#include "site/site.h"

static struct args {
	struct source source;
	int64_t older;
	struct io_output out;
} args;

static const struct opt options[] = {
	{ 0, "older", "TIME", "minimum age of the last step",
	    .duration = &args.older },
	OPT_SOURCE(args.source),
	OPT_OUTPUT(args.out),
	OPT_AT,
	{ 0 },
};

static enum status
run(const struct args *a)
{
	auto_buf out = BUF_INIT;
	auto_ledger *l = NULL;
	int64_t now = clock_now();
	size_t count;
	enum status st;

	if ((st = site_defaults(a->source.config, options)) != OK)
		return st;
	if (!opts_given(&args.older))
		return opts_missing("--older", "such as 90d");
	if ((st = open_ledger(&a->source, LEDGER_USE, &l)) != OK)
		return st;
	if ((st = ledger_purge(l, now - a->older, now, &count)) != OK)
		return st;
	buf_printf(&out, "%zu\n", count);
	return io_spill(&a->out, &out);
}

const struct tool verb_purge = {
	.name = "purge",
	.summary = "Delete old enrollments that ended or were not completed.",
	.example = "mcfg-enrollment purge --config site.yaml --older 90d",
	.options = options,
	.args = &args,
	.run = run,
};
