/* abort: ends an enrollment, and revokes what was issued to it. */
#include "base/clock.h"
#include "enrollment.h"
#include "site/site.h"

static struct args {
	struct source source;
	struct strings ids;
} args;

static const struct opt options[] = {
	OPT_SOURCE(args.source),
	OPT_AT,
	{ 0 },
};

static enum status
run(const struct args *a)
{
	auto_ledger_enrollment e = LEDGER_ENROLLMENT_INIT;
	auto_ledger *l = NULL;
	bool done = false;
	const char *id;
	enum status st;

	if ((st = site_defaults(a->source.config, options)) != OK ||
	    (st = one_id(&a->ids, &id)) != OK ||
	    (st = open_ledger(&a->source, LEDGER_USE, &l)) != OK)
		return st;
	if ((st = ledger_abort(l, id, clock_now(), &done)) != OK || done)
		return st;
	if ((st = ledger_find_enrollment(l, id, &done, &e)) != OK)
		return st;
	return fail(REFUSED, "%s: %s", id, done ? "was aborted before" :
	    "no such enrollment");
}

const struct tool verb_abort = {
	.name = "abort",
	.summary = "End an enrollment: void its challenges, revoke its "
	    "certificates.",
	.operands = "ID",
	.example = "mcfg-enrollment abort --config site.yaml "
	    "JtnC6xhwp0eZ5g7vB1sQ2A",
	.options = options,
	.args = &args,
	.inputs = &args.ids,
	.run = run,
};
