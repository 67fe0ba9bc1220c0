/*
 * mcfg-report: reads the ledger, a CA's folder and logs, and writes one page.
 */
#include "cli/opts.h"
#include "overview.h"
#include "site/site.h"
#include "sys/io.h"

static struct args {
	struct io_output out;
	const char *ledger, *config, *organization, *ca;
	struct strings logs;
	bool json, add_time, hide_tokens;
	int64_t stuck, span;
	long rows;
} args = {
	.stuck = CLOCK_HOUR,
	.rows = ROWS,
};

static const struct opt options[] = {
	{ 0, "ledger", "URI", "the ledger: sqlite:PATH or "
	    "postgresql://HOST/NAME",
	    .value = &args.ledger, .config = "ledger",
	    .check = ledger_check_uri, .is_secret = true },
	{ 0, "ca", "DIR", "folder of the CA, for its dates",
	    .value = &args.ca },
	{ 0, "log", "FILE", "log of mcfg.cgi or scep-ca, for refusals",
	    .values = &args.logs, .is_file = true },
	{ 0, "json", NULL, "write the data as one JSON object",
	    .flag = &args.json },
	{ 0, "stuck", "TIME", "time without a step until an enrollment is "
	    "stuck (1h)",
	    .duration = &args.stuck },
	{ 0, "span", "TIME", "how far back the charts go (default: everything)",
	    .duration = &args.span },
	{ 0, "rows", "N", "maximum number of rows in a list (25)",
	    .number = &args.rows, .min = 1, .max = ROWS_MAX },
	{ 0, "organization", "NAME", "name of the organization",
	    .value = &args.organization, .config = "organization" },
	{ 0, "add-time", NULL, "only copy standard input, with the time before "
	    "each line",
	    .flag = &args.add_time },
	{ 0, "hide-tokens", NULL, "only copy lighttpd's access log, without "
	    "the tokens of invitations",
	    .flag = &args.hide_tokens },
	OPT_CONFIG(args.config),
	OPT_OUTPUT(args.out),
	OPT_AT,
	{ 0 },
};

static const struct tool tool = {
	.name = "mcfg-report",
	.summary = "Read a ledger and write a page about enrollments and "
	    "certificates.",
	.example = "mcfg-report --config site.yaml --ca ca --log log/mcfg.log "
	    "-o report.html",
	.options = options,
	.args = &args,
};

/* A filter allows only --at; all other options are for a report. */
static enum status
check_alone(const bool *filter, const char *name)
{
	const struct opt *o;

	for (o = options; o->name != NULL; o++)
		if (opts_given(o->value) || opts_given(o->values) ||
		    opts_given(o->number) || opts_given(o->duration) ||
		    (o->flag != filter && opts_given(o->flag)))
			return fail(USAGE, "--%s: not with --%s", o->name,
			    name);
	return OK;
}

static enum status
check(const struct args *a)
{
	if (a->ledger == NULL)
		return opts_missing("--ledger", "sqlite:PATH, or ledger: in "
		    "the file of --config");
	if (opts_given(&args.span) && (a->span < 1 ||
	    a->span > (int64_t)SPAN_DAYS_MAX * CLOCK_DAY))
		return fail(USAGE, "--span: not from 1s to %dd",
		    (int)SPAN_DAYS_MAX);
	return OK;
}

/* Closes the ledger right after reading it, so that others need not wait. */
static enum status
read_ledger(const struct args *a, struct overview *o)
{
	auto_ledger *l = NULL;
	enum status st;

	if ((st = ledger_open(a->ledger, opts_given(&args.ledger) ? NULL :
	    a->config, LEDGER_READ, &l)) != OK)
		return st;
	return gather_ledger(l, o);
}

static enum status
run(const struct args *a)
{
	auto_overview o = { .now = clock_now() };
	auto_buf out = BUF_INIT;
	enum status st;
	size_t i;

	if (a->add_time)
		return (st = check_alone(&args.add_time, "add-time")) == OK ?
		    add_times() : st;
	if (a->hide_tokens)
		return (st = check_alone(&args.hide_tokens, "hide-tokens")) ==
		    OK ? hide_tokens() : st;

	if ((st = site_defaults(a->config, options)) != OK ||
	    (st = check(a)) != OK)
		return st;
	o.organization = a->organization;
	o.stuck_after = a->stuck;
	o.rows = a->rows;
	o.span = a->span;

	if (a->ca != NULL && (st = gather_authority(a->ca, &o)) != OK)
		return st;
	for (i = 0; i < a->logs.n; i++)
		if ((st = gather_log(a->logs.v[i], &o)) != OK)
			return st;
	sort_log(&o);
	if ((st = read_ledger(a, &o)) != OK)
		return st;
	find_attention(&o);

	if (a->json)
		write_json(&o, &out);
	else
		write_page(&o, &out);
	return io_spill(&a->out, &out);
}

int
main(int argc, char **argv)
{
	return (int)opts_main(&tool, argc, argv, run);
}
