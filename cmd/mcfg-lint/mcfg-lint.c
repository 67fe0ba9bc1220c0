/* mcfg-lint: reads profiles and reports what is wrong with them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/opts.h"
#include "cms/cms.h"
#include "plist/node.h"
#include "profile/profile.h"
#include "suppression.h"
#include "schema/schema.h"

static const char *check_allow(const char *);

static struct args {
	struct io_input in;
	struct io_output out;
	struct strings files, folders, errors, ignores;
	const char *schema, *level, *baseline, *write_baseline;
	struct schema_options how;
	bool json, sarif, no_inline, strict;
} args;

static const struct opt options[] = {
	OPT_OUTPUT(args.out),
	OPT_LENGTH(args.in),
	OPT_AT,
	{ 0, "schema", "DIR", "clone of Apple's device-management (default: "
	    "MCFG_SCHEMA)", .value = &args.schema },
	{ 0, "platform", "NAME", "system that the profiles are for",
	    .value = &args.how.platform,
	    .choices = SCHEMA_PLATFORMS },
	{ 0, "os", "VERSION", "version of the system (default: the newest)",
	    .value = &args.how.os, .check = schema_check_version },
	{ 0, "via", "WAY", "how the profiles reach the device",
	    .value = &args.how.via, .choices = SCHEMA_WAYS },
	{ 0, "no-errata", NULL, "use Apple's schema without our corrections",
	    .flag = &args.how.no_errata },
	{ 0, "allow-types", "LIST", "allow only these payload types, such as "
	    "com.apple.*,com.example.app", .value = &args.how.allow_types,
	    .check = check_allow },
	{ 0, "level", "LEVEL", "print only findings of at least this severity",
	    .value = &args.level, .choices = "error|warning|note" },
	{ 0, "error", "LIST", "report findings of these rules as errors, such "
	    "as unknown-key",
	    .values = &args.errors, .check = finding_check_rules },
	{ 0, "ignore", "LIST", "do not report these rules, such as "
	    "weak-key,signed:vendor/*", .values = &args.ignores,
	    .check = ignore_check },
	{ 0, "baseline", "FILE", "do not report the findings that FILE lists",
	    .value = &args.baseline, .is_file = true },
	{ 0, "write-baseline", "FILE", "list all findings in FILE instead of "
	    "reporting them", .value = &args.write_baseline },
	{ 0, "no-inline", NULL, "ignore comments that silence findings",
	    .flag = &args.no_inline },
	OPT_FILES(args.folders),
	{ 0, "strict", NULL, "treat warnings, unknown keys and unknown types "
	    "as errors", .flag = &args.strict },
	{ 0, "json", NULL, "write one JSON object", .flag = &args.json },
	{ 0, "sarif", NULL, "write SARIF 2.1.0", .flag = &args.sarif },
	{ 0 },
};

static const struct tool tool = {
	.name = "mcfg-lint",
	.summary = "Check configuration profiles and report their mistakes.",
	.operands = "[FILE]...",
	.example = "mcfg-lint --schema device-management --platform macOS "
	    "*.mobileconfig",
	.options = options,
	.args = &args,
	.inputs = &args.files,
};

static const char *
check_allow(const char *list)
{
	const char *star;

	if (*list == '\0')
		return "no payload type";
	for (star = list; (star = strchr(star, '*')) != NULL; star++)
		if (star[1] != '\0' && star[1] != ',')
			return "'*' is allowed only at the end of a type";
	return NULL;
}

static bool
is_stdin(const char *path)
{
	return path == NULL || strcmp(path, "-") == 0;
}

/*
 * A file that cannot be read is a finding, and the other files are still
 * checked.
 */
static enum status
read_file(const char *path, struct buf *bytes, struct findings *found)
{
	struct io_input in = { path, args.in.length };
	struct problem why = { .st = OK };

	if (io_read(&in, IO_PROFILE_MAX, &why, bytes) == OK)
		return OK;
	if (is_stdin(path))
		return problem_print(&why);
	findings_add(found, path, 0, 0, RULE_UNREADABLE, "%s", why.text);
	return REFUSED;
}

static enum finding_rule
rule_of(enum status st)
{
	if (st == FAULT)
		return RULE_UNREADABLE;
	return st == REFUSED ? RULE_NOT_A_PROFILE : RULE_NOT_A_PLIST;
}

/* Reads the comments of a file; of a signed file, those in its content. */
static enum status
read_comments(const struct buf *bytes, const char *file, bool is_signed,
    struct comments *comments)
{
	auto_buf content = BUF_INIT;
	enum status st;

	if (!is_signed) {
		comments_read(bytes, file, comments);
		return OK;
	}
	if ((st = cms_unwrap(bytes, file, &content)) == OK)
		comments_read(&content, file, comments);
	return st;
}

static enum status
lint_bytes(struct schema *s, const char *file, const struct buf *bytes,
    struct comments *comments, struct findings *found)
{
	auto_tree_marks *marks = tree_marks_new();
	/*
	 * With the file's name as the seed, the findings of YAML are the same
	 * on every run.
	 */
	const struct profile_source from = { file, file, args.how.now, marks,
	    &args.folders };
	const struct schema_source src = { file, marks };
	auto_tree *t = NULL;
	struct problem why = { .name = file };
	bool is_signed = false;
	enum status st;

	tree_marks_forgive(marks);
	st = profile_read(bytes, &from, &is_signed, &why, &t);
	if (is_signed)
		findings_add(found, file, 0, 0, RULE_SIGNED, "the signature "
		    "was removed without being verified");
	if (st != OK) {
		findings_add(found, file, why.line, why.column, rule_of(st),
		    "%s", why.text);
		return OK;
	}
	if (!args.no_inline &&
	    (st = read_comments(bytes, file, is_signed, comments)) != OK)
		return st;
	return schema_lint(s, &args.how, &src, t, found);
}

static enum status
lint_file(struct schema *s, const char *path, struct comments *comments,
    struct findings *found)
{
	auto_buf bytes = BUF_INIT;
	enum status st;

	if ((st = read_file(path, &bytes, found)) != OK)
		return st == REFUSED ? OK : st;
	return lint_bytes(s, io_name(path), &bytes, comments, found);
}

/* ---- findings that are not reported ---- */

struct suppression {
	struct comments comments;
	struct baseline baseline;
};

static bool
is_ignored(const struct finding *f, void *arg)
{
	const struct suppression *q = arg;

	return ignore_has(&args.ignores, f) ||
	    comments_ignore(&q->comments, f);
}

static bool
is_in_baseline(const struct finding *f, void *arg)
{
	struct suppression *q = arg;

	return baseline_takes(&q->baseline, f);
}

static bool
is_below(const struct finding *f, void *arg)
{
	return f->severity < *(const enum finding_severity *)arg;
}

static bool
is_written(const struct finding *f, void *arg)
{
	return !is_below(f, arg) && may_be_suppressed(f->rule);
}

static enum finding_severity
level_of(const char *name)
{
	enum finding_severity s = FINDING_NOTE;

	while (name != NULL && strcmp(finding_severity_name(s), name) != 0)
		s++;
	return s;
}

static enum status
write_baseline(const struct findings *found,
    enum finding_severity level)
{
	auto_buf out = BUF_INIT;

	baseline_write(found, level, &out);
	return io_side(args.write_baseline, false, &out);
}

/*
 * Removes the findings that are silenced or of too low a level; the counts
 * include those of all levels.
 */
static enum status
silence(struct suppression *q, struct findings *found)
{
	enum finding_severity level = level_of(args.level);
	enum status st;

	found->silenced = findings_drop(found, is_ignored, q);
	if (args.write_baseline != NULL) {
		if ((st = write_baseline(found, level)) != OK)
			return st;
		found->silenced += findings_drop(found, is_written, &level);
	} else if (args.baseline != NULL) {
		found->silenced += findings_drop(found, is_in_baseline, q);
		detail("%s: %zu entries have no finding any more",
		    args.baseline, baseline_left(&q->baseline));
	}
	findings_count(found);
	(void)findings_drop(found, is_below, &level);
	return OK;
}

/* Reported once, for the first file. */
static void
say_too_old(const struct schema *s, struct findings *found)
{
	const char *newest = args.how.os == NULL ? NULL :
	    schema_newest(s, args.how.platform);

	if (newest == NULL || found->file_count == 0 ||
	    schema_compare_versions(args.how.os, newest) <= 0)
		return;
	findings_add(found, found->files[0], 0, 0, RULE_SCHEMA_TOO_OLD,
	    "the newest version in the schema is %s %s, older than %s",
	    args.how.platform, newest, args.how.os);
}

static enum status
lint_all(struct schema *s, struct suppression *q, struct findings *found)
{
	enum status st;
	size_t i;

	if (args.files.n == 0 &&
	    (st = lint_file(s, NULL, &q->comments, found)) != OK)
		return st;
	for (i = 0; i < args.files.n; i++)
		if ((st = lint_file(s, args.files.v[i], &q->comments,
		    found)) != OK)
			return st;
	findings_across(found);
	say_too_old(s, found);
	findings_sort(found);
	return silence(q, found);
}

static void
say_counts(const struct findings *f)
{
	const size_t *n = f->count;

	note("%zu file%s: %zu error%s, %zu warning%s, %zu note%s, %zu "
	    "silenced", f->file_count, f->file_count == 1 ? "" : "s",
	    n[FINDING_ERROR], n[FINDING_ERROR] == 1 ? "" : "s",
	    n[FINDING_WARNING], n[FINDING_WARNING] == 1 ? "" : "s",
	    n[FINDING_NOTE], n[FINDING_NOTE] == 1 ? "" : "s", f->silenced);
}

static enum status
check_args(const struct args *a)
{
	const char *dir = secret_env("MCFG_SCHEMA"), *reason;

	if (a->json && a->sarif)
		return fail(USAGE, "--json and --sarif exclude each other");
	if (a->how.os != NULL && a->how.platform == NULL)
		return opts_missing("--platform", "the platform for --os");
	if (a->how.via != NULL && a->how.platform == NULL)
		return opts_missing("--platform", "the platform for --via");
	if (a->schema == NULL && dir != NULL && *dir != '\0')
		args.schema = dir;
	if ((reason = clock_check_written()) != NULL)
		return fail(USAGE, "SOURCE_DATE_EPOCH: %s", reason);
	args.how.now = clock_written();
	return a->files.n == 0 ? opts_claim_stdin() : OK;
}

static void
show(const struct args *a, const struct findings *found,
    struct buf *out)
{
	if (a->json)
		findings_to_json(found, out);
	else if (a->sarif)
		findings_to_sarif(found, out);
	else
		findings_to_text(found, out);
}

static enum status
judge(const struct args *a, struct suppression *q)
{
	auto_schema *s = NULL;
	auto_findings found = FINDINGS_INIT;
	auto_buf out = BUF_INIT, version = BUF_INIT;
	enum status st;

	found.strict = a->strict;
	found.errors = &a->errors;
	if ((st = schema_load(a->schema, &s)) != OK)
		return st;
	schema_version(s, &version);
	if (version.len > 0) {
		found.schema = buf_str(&version);
		detail("%s: schema of %s", a->schema, found.schema);
	}
	if (a->baseline != NULL &&
	    (st = baseline_read(a->baseline, &q->baseline)) != OK)
		return st;

	if ((st = lint_all(s, q, &found)) != OK)
		return st;

	show(a, &found, &out);

	if ((st = io_spill(&a->out, &out)) != OK)
		return st;
	io_keep_sides();
	say_counts(&found);
	return found.count[FINDING_ERROR] > 0 ? REFUSED : OK;
}

static enum status
run(const struct args *a)
{
	struct suppression q = { 0 };
	enum status st;

	if ((st = check_args(a)) == OK)
		st = judge(a, &q);
	comments_free(&q.comments);
	baseline_free(&q.baseline);
	return st;
}

int
main(int argc, char **argv)
{
	return (int)opts_main(&tool, argc, argv, run);
}
