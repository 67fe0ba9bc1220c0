/* answer: answers one request, without HTTP. */
#include <string.h>

#include "base/clock.h"
#include "request.h"
#include "verbs.h"

struct args {
	struct authority_source source;
	struct io_input in;
	struct io_output out;
	const char *operation;
	const char *message;
	bool exit_status;
	bool allow_des;
	bool dry_run;
	const char *client;
};

static struct args args;

static const struct opt options[] = {
	OPT_DIR(args.source),
	OPT_LEDGER(args.source),
	{ 0, "operation", "OP", "GetCACaps, GetCACert, GetNextCACert or "
	    "PKIOperation", .value = &args.operation },
	{ 0, "message", "TEXT", "message of a GET request, percent-decoded",
	    .value = &args.message },
	{ 'e', "exit-status", NULL, "exit with status 1 unless the reply is "
	    "SUCCESS",
	    .flag = &args.exit_status },
	{ 0, "allow-des", NULL, "accept requests that are encrypted with "
	    "single DES",
	    .flag = &args.allow_des },
	{ 0, "client", "ADDRESS", "IP address of the client, for the limits on "
	    "pending requests", .value = &args.client },
	{ 0, "dry-run", NULL, "write the reply, but issue, record and spend "
	    "nothing", .flag = &args.dry_run },
	OPT_LENGTH(args.in),
	OPT_OUTPUT(args.out),
	OPT_KEY_ACCESS(args.source.key),
	OPT_AT,
	{ 0 },
};

/* Prints a line for any outcome but SUCCESS, after the reply is written. */
static enum status
conclude(const struct args *a, const struct outcome *o)
{
	enum status st = a->exit_status ? REFUSED : OK;

	if (o->what == NULL)
		return OK;
	if (o->refusal.cause[0] != '\0')
		detail("%s: %s", io_name(a->in.path), o->refusal.cause);
	if (strcmp(o->what, "refused") == 0)
		return fail(st, "%s: %s refused: %s: %s", io_name(a->in.path),
		    o->type, scep_fail_name(o->refusal.info),
		    o->refusal.text);
	if (strcmp(o->what, "pending") == 0)
		return fail(st, "%s: %s pending: transaction %s",
		    io_name(a->in.path), o->type, o->transaction);
	return OK;
}

static enum status
run(const struct args *a)
{
	auto_authority ca = AUTHORITY_INIT;
	auto_reply reply = REPLY_INIT;
	auto_char *client = request_client(a->client);
	auto_buf body = BUF_INIT;
	struct request q = { .operation = a->operation,
	    .message = a->message, .name = io_name(a->in.path),
	    .now = clock_now(), .client = client, .dry_run = a->dry_run };
	enum status st;

	if (a->operation == NULL)
		return opts_missing("--operation", "what is asked");
	if (a->client != NULL && client == NULL)
		return fail(USAGE, "--client %s: not an IP address",
		    a->client);
	if (strcmp(a->operation, "PKIOperation") == 0 && a->message == NULL) {
		if ((st = io_slurp(&a->in, IO_MESSAGE_MAX, &body)) != OK)
			return st;
		q.body = &body;
	}

	if ((st = authority_open(&a->source, 0, &ca)) != OK)
		return st;
	ca.policy.allow_des |= a->allow_des;

	if ((st = request_answer(&ca, &q, &reply)) != OK ||
	    (st = io_spill(&a->out, &reply.body)) != OK)
		return st;
	return conclude(a, &reply.outcome);
}

const struct tool verb_answer = {
	.name = "answer",
	.summary = "Read one SCEP request and write the reply, without HTTP.",
	.operands = "[MESSAGE]",
	.example = "scep-ca answer --dir ca --operation PKIOperation "
	    "< request > reply",
	.options = options,
	.args = &args,
	.input = &args.in,
	.no_input_if = &args.message,
	.run = run,
};
