/* sent: a configuration was made and handed to the web server, or was not. */
#include <string.h>

#include "base/clock.h"
#include "enrollment.h"
#include "site/site.h"

enum { REASON_MAX = 1000 };	/* bytes, escaped */

static struct args {
	const char *ledger, *config, *failed;
	struct strings ids;
} args;

static const struct opt options[] = {
	{ 0, "failed", "REASON", "it could not be made or sent: record why",
	    .value = &args.failed },
	OPT_LEDGER(args.ledger),
	OPT_CONFIG(args.config),
	OPT_AT,
	{ 0 },
};

static enum status
record(struct ledger *l, const struct args *a, const char *id,
    enum ledger_outcome *outcome)
{
	char reason[REASON_MAX];

	if (a->failed == NULL)
		return ledger_sent(l, id, clock_now(), outcome);
	diag_escape(a->failed, strlen(a->failed), reason, sizeof reason);
	return ledger_not_sent(l, id, reason, clock_now(), outcome);
}

static enum status
run(const struct args *a)
{
	auto_ledger_enrollment e = LEDGER_ENROLLMENT_INIT;
	enum ledger_outcome outcome = LEDGER_CLOSED;
	auto_ledger *l = NULL;
	bool found = false;
	const char *id;
	enum status st;

	if ((st = site_defaults(a->config, options)) != OK ||
	    (st = one_id(&a->ids, &id)) != OK)
		return st;
	if ((st = open_ledger(a->ledger, opts_given(&args.ledger) ? NULL :
	    a->config, LEDGER_USE, &l)) != OK)
		return st;
	if ((st = record(l, a, id, &outcome)) != OK ||
	    outcome == LEDGER_RECORDED)
		return st;
	if ((st = ledger_find_enrollment(l, id, &found, &e)) != OK)
		return st;
	return found ? fail(REFUSED, "%s: enrollment is %s, neither certified "
	    "nor configured", id, e.state) : fail(REFUSED, "%s: no such "
	    "enrollment", id);
}

const struct tool verb_sent = {
	.name = "sent",
	.summary = "record that the configuration was handed to the web "
	    "server, or why not",
	.operands = "ID",
	.example = "mcfg-enrollment sent --config site.yaml "
	    "JtnC6xhwp0eZ5g7vB1sQ2A",
	.options = options,
	.args = &args,
	.inputs = &args.ids,
	.run = run,
};
