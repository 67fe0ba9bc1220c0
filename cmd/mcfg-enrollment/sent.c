/* sent: records whether a configuration was handed to the web server. */
#include <string.h>

#include "base/words.h"
#include "enrollment.h"
#include "plist/node.h"
#include "site/site.h"
#include "sys/secret.h"

static struct args {
	struct source source;
	const char *failed, *vars;
	struct strings ids;
} args;

static const struct opt options[] = {
	{ 0, "failed", "REASON", "the profile could not be made or sent: "
	    "record the reason",
	    .value = &args.failed },
	{ 0, "vars", "FILE", "with --failed: undo what the step complete with "
	    "these variables has changed",
	    .value = &args.vars, .is_file = true },
	OPT_SOURCE(args.source),
	OPT_AT,
	{ 0 },
};

/* Hashes the challenge that complete put into its variables. */
static enum status
read_challenge(const char *path, char hash[SECRET_HASH_TEXT])
{
	auto_buf in = BUF_SECRET;
	auto_tree *vars = NULL;
	const char *challenge;
	enum status st;

	if ((st = io_slurp_file(path, IO_PROFILE_MAX, &in)) != OK ||
	    (st = tree_parse(&in, io_name(path), NULL, &vars)) != OK)
		return st;
	if ((challenge = tree_get_string(vars, "CHALLENGE")) == NULL)
		return fail(MALFORMED, "%s: no CHALLENGE: not the output of "
		    "complete", io_name(path));
	secret_sha256(challenge, strlen(challenge), hash);
	return OK;
}

static enum status
run(const struct args *a)
{
	auto_ledger *l = NULL;
	auto_buf reason = BUF_INIT;
	char hash[SECRET_HASH_TEXT];
	const char *id;
	enum status st;

	if ((st = site_defaults(a->source.config, options)) != OK ||
	    (st = one_id(&a->ids, &id)) != OK)
		return st;
	if (a->vars != NULL && a->failed == NULL)
		return fail(USAGE, "--vars needs --failed REASON");
	if (a->vars != NULL && (st = read_challenge(a->vars, hash)) != OK)
		return st;
	if ((st = open_ledger(&a->source, LEDGER_USE, &l)) != OK)
		return st;
	if (a->failed != NULL)
		words_join_lines(a->failed, &reason);
	return enrollment_sent(l, id, a->failed != NULL ? buf_str(&reason) :
	    NULL, a->vars != NULL ? hash : NULL);
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
