/* sent: records whether a configuration was handed to the web server. */
#include "base/words.h"
#include "enrollment.h"
#include "site/site.h"

static struct args {
	struct source source;
	const char *failed;
	struct strings ids;
} args;

static const struct opt options[] = {
	{ 0, "failed", "REASON", "the profile could not be made or sent: "
	    "record the reason",
	    .value = &args.failed },
	OPT_SOURCE(args.source),
	OPT_AT,
	{ 0 },
};

static enum status
run(const struct args *a)
{
	auto_ledger *l = NULL;
	auto_buf reason = BUF_INIT;
	const char *id;
	enum status st;

	if ((st = site_defaults(a->source.config, options)) != OK ||
	    (st = one_id(&a->ids, &id)) != OK ||
	    (st = open_ledger(&a->source, LEDGER_USE, &l)) != OK)
		return st;
	if (a->failed != NULL)
		words_join_lines(a->failed, &reason);
	return enrollment_sent(l, id, a->failed != NULL ? buf_str(&reason) :
	    NULL);
}

const struct tool verb_sent = {
	.name = "sent",
	.summary = "Record that the configuration was sent, or why not.",
	.operands = "ID",
	.example = "mcfg-enrollment sent --config site.yaml "
	    "JtnC6xhwp0eZ5g7vB1sQ2A",
	.options = options,
	.args = &args,
	.inputs = &args.ids,
	.run = run,
};
