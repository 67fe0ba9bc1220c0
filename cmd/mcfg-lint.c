/* mcfg-lint: profiles in, what is wrong with them out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/opts.h"
#include "plist/node.h"
#include "profile/profile.h"
#include "schema/schema.h"

static const char *check_allow(const char *);

static struct args {
	struct io_input in;
	struct io_output out;
	struct strings files, folders;
	const char *schema;
	struct schema_options how;
	bool json, sarif;
} args;

static const struct opt options[] = {
	OPT_OUTPUT(args.out),
	OPT_LENGTH(args.in),
	OPT_AT,
	{ 0, "schema", "DIR", "checkout of Apple's device-management (default: "
	    "MCFG_SCHEMA)", .value = &args.schema },
	{ 0, "platform", "NAME", "the system that the profile is for",
	    .value = &args.how.platform,
	    .choices = SCHEMA_PLATFORMS },
	{ 0, "os", "VERSION", "its version (default: the newest)",
	    .value = &args.how.os, .check = schema_check_version },
	{ 0, "allow-types", "LIST", "payload types that may be there: "
	    "com.apple.*,com.example.app", .value = &args.how.allow_types,
	    .check = check_allow },
	{ 0, "ignore", "LIST", "rules not to report: bool-as-integer,weak-key",
	    .value = &args.how.ignore, .check = schema_check_ignore },
	OPT_FILES(args.folders),
	{ 0, "strict", NULL, "warnings, unknown keys and unknown types are "
	    "errors", .flag = &args.how.strict },
	{ 0, "json", NULL, "write one JSON object", .flag = &args.json },
	{ 0, "sarif", NULL, "write SARIF 2.1.0", .flag = &args.sarif },
	{ 0 },
};

static const struct tool tool = {
	.name = "mcfg-lint",
	.summary = "Reads configuration profiles and writes what is wrong "
	    "with them.",
	.operands = "[FILE]...",
	.example = "mcfg-lint --schema device-management --platform macOS "
	    "*.mobileconfig",
	.options = options,
	.args = &args,
	.inputs = &args.files,
};

enum { REASON = 1024 };

static const char *
check_allow(const char *list)
{
	const char *star;

	if (*list == '\0')
		return "no payload type";
	for (star = list; (star = strchr(star, '*')) != NULL; star++)
		if (star[1] != '\0' && star[1] != ',')
			return "a star stands only at the end of a type";
	return NULL;
}

/* A number at *p and the colon behind it, or 0 and *p as it was. */
static unsigned long
take_number(const char **p)
{
	const char *s = *p;
	unsigned long v = 0;

	while (*s >= '0' && *s <= '9' && v < 100000000)
		v = v * 10 + (unsigned long)(*s++ - '0');
	if (s == *p || *s != ':')
		return 0;
	*p = s + 1;
	return v;
}

/*
 * A reader's line, "file:line:column: reason" or "file: reason", becomes a
 * finding.
 */
static void
add_reason(const char *file, const char *reason, enum schema_rule rule,
    struct schema_findings *out)
{
	unsigned long line, column;
	char name[REASON];

	diag_escape(file, strlen(file), name, sizeof name);
	if (strncmp(reason, name, strlen(name)) == 0 &&
	    reason[strlen(name)] == ':')
		reason += strlen(name) + 1;
	line = take_number(&reason);
	column = take_number(&reason);
	while (*reason == ' ')
		reason++;
	schema_add(&args.how, file, line, column, rule, out, "%s", reason);
}

static enum status
lint_file(struct schema *s, const char *path, struct schema_findings *found)
{
	const char *file = io_name(path);
	struct io_input in = { path, args.in.length };
	auto_tree_marks *marks = tree_marks_new();
	/* The seed makes the findings of YAML the same on every run. */
	const struct profile_source from = { file, file, args.how.now, marks,
	    &args.folders };
	const struct schema_source src = { file, marks };
	auto_tree *t = NULL;
	auto_buf bytes = BUF_INIT;
	char reason[REASON] = "";
	bool is_signed = false;
	enum status st;

	if ((st = io_slurp(&in, IO_PROFILE_MAX, &bytes)) != OK)
		return st;
	diag_capture(reason, sizeof reason);
	st = profile_read(&bytes, &from, &is_signed, &t);
	diag_capture(NULL, 0);
	if (st == FAULT)
		return fail(st, "%s", reason);
	if (is_signed)
		schema_add(&args.how, file, 0, 0, RULE_SIGNED, found, "the "
		    "signature was taken off and not verified");
	if (st != OK) {
		add_reason(file, reason, st == REFUSED ? RULE_NOT_A_PROFILE :
		    RULE_NOT_A_PLIST, found);
		return OK;
	}
	return schema_lint(s, &args.how, &src, t, found);
}

static enum status
lint_all(struct schema *s, struct schema_findings *found)
{
	enum status st;
	size_t i;

	if (args.files.n == 0 && (st = lint_file(s, NULL, found)) != OK)
		return st;
	for (i = 0; i < args.files.n; i++)
		if ((st = lint_file(s, args.files.v[i], found)) != OK)
			return st;
	schema_lint_across(&args.how, found);
	schema_sort(found);
	return OK;
}

static enum status
check_args(const struct args *a)
{
	const char *dir = secret_env("MCFG_SCHEMA");

	if (a->json && a->sarif)
		return fail(USAGE, "--json and --sarif exclude each other");
	if (a->how.os != NULL && a->how.platform == NULL)
		return opts_missing("--platform", "whose version --os is");
	if (a->schema == NULL && dir != NULL && *dir != '\0')
		args.schema = dir;
	args.how.now = clock_now();
	return OK;
}

static enum status
run(const struct args *a)
{
	auto_schema *s = NULL;
	auto_schema_findings found = SCHEMA_FINDINGS_INIT;
	auto_buf out = BUF_INIT;
	enum status st;

	if ((st = check_args(a)) != OK ||
	    (st = schema_load(a->schema, &s)) != OK)
		return st;

	if ((st = lint_all(s, &found)) != OK)
		return st;

	if (a->json)
		schema_to_json(&found, &out);
	else if (a->sarif)
		schema_to_sarif(&found, &out);
	else
		schema_to_text(&found, &out);

	if ((st = io_spill(&a->out, &out)) != OK)
		return st;
	return found.count[SCHEMA_ERROR] > 0 ? REFUSED : OK;
}

int
main(int argc, char **argv)
{
	return (int)opts_main(&tool, argc, argv, run);
}
