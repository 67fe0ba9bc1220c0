#include "mcfg-profile.h"

#include <string.h>

#include "base/clock.h"
#include "site/site.h"
#include "text/text.h"

static struct args args;

static const char *
check_prefix(const char *value)
{
	return *value != '\0' ? NULL : "an empty prefix would take all";
}

static const struct opt options[] = {
	OPT_OUTPUT(args.out),
	OPT_LENGTH(args.in),
	{ 0, "set", "NAME=VALUE", "set a variable to a string",
	    .values = &args.sets, .check = spec_check_setting },
	{ 0, "vars", "FILE", "take variables from a plist, JSON or YAML",
	    .values = &args.files, .is_file = true },
	{ 0, "env", "PREFIX_", "take variables from the environment",
	    .values = &args.prefixes, .check = check_prefix },
	{ 0, "payloads-only", NULL, "write only the array of payloads",
	    .flag = &args.payloads_only },
	{ 0, "pick", "DIR", "choose the template in DIR by SERIAL, USER "
	    "and PRODUCT", .value = &args.pick },
	{ 0, "to-yaml", NULL, "convert a profile to YAML",
	    .flag = &args.to_yaml },
	{ 0, "extract", "DIR", "with --to-yaml: write certificates to files in "
	    "DIR", .value = &args.extract },
	{ 0, "each", "FILE", "make one profile for each row of JSON Lines or "
	    "CSV", .value = &args.each, .is_file = true },
	{ 0, "out-dir", "DIR", "with --each: folder for NAME.mobileconfig",
	    .value = &args.out_dir },
	{ 0, "name", "COLUMN", "with --each: column that names the files "
	    "(SERIAL, or UDID)", .value = &args.name },
	OPT_PAYLOAD(args.id, "profile"),
	OPT_FILES(args.folders),
	OPT_CONFIG(args.config),
	OPT_AT,
	{ 0 },
};

static const struct tool tool = {
	.name = "mcfg-profile",
	.summary = "Read a profile in YAML (see mcfg-profile(5)) or as a "
	    "plist, fill in its variables,\nand write the configuration "
	    "profile.",
	.operands = "[PROFILE.yaml]",
	.example = "mcfg-profile --set USER=jane -o jane.mobileconfig "
	    "wifi.yaml",
	.options = options,
	.args = &args,
	.input = &args.in,
	.no_input_if = &args.pick,
};

/* Refuses combinations of options that make no sense. */
static enum status
check(const struct args *a)
{
	const char *reason;

	if (a->each != NULL && a->out_dir == NULL)
		return opts_missing("--out-dir", "where --each writes");
	if (a->each == NULL && a->out_dir != NULL)
		return opts_missing("--each", "the rows, for --out-dir");
	if (a->each == NULL && a->name != NULL)
		return opts_missing("--each", "the rows, for --name");
	if (a->each != NULL && (a->out.path != NULL || a->out.http != NULL ||
	    a->in.length != NULL))
		return fail(USAGE, "--each cannot be used with --output, "
		    "--http or --length");
	if (a->each != NULL && a->to_yaml)
		return fail(USAGE, "--each cannot be used with --to-yaml");
	if (a->to_yaml && a->payloads_only)
		return fail(USAGE, "--to-yaml cannot be used with "
		    "--payloads-only");
	if (a->extract != NULL && !a->to_yaml)
		return opts_missing("--to-yaml", "for --extract");
	if ((reason = clock_check_written()) != NULL)
		return fail(USAGE, "SOURCE_DATE_EPOCH: %s", reason);
	return OK;
}

enum status
write_xml(const struct args *a, const struct tree *profile,
    const char *name, struct buf *xml)
{
	const struct tree *payloads = tree_get_kind(profile, "PayloadContent",
	    TREE_ARRAY);

	if (a->payloads_only && payloads == NULL)
		return fail(REFUSED, "%s: PayloadContent is not an array of "
		    "payloads", name);
	tree_to_xml(a->payloads_only ? payloads : profile, xml);
	return OK;
}

enum status
read_template(const struct args *a, struct tree *vars, char **name,
    struct template *out)
{
	struct io_input in = a->in;
	auto_char *picked = NULL;
	enum status st;

	if ((st = add_outer_vars(a, vars)) != OK)
		return st;
	add_sets(a, vars);
	if (a->pick != NULL &&
	    (st = template_choose(a->pick, vars, &picked)) != OK)
		return st;
	if (picked != NULL)
		in.path = picked;
	*name = xstrdup(io_name(in.path));
	return template_read(&in, out);
}

static enum status
run_one(const struct args *a, const struct identities *id)
{
	auto_template template = TEMPLATE_INIT;
	auto_tree *vars = tree_dict(), *profile = NULL;
	auto_buf xml = BUF_SECRET;
	struct io_output out = a->out;
	auto_char *name = NULL;
	enum status st;

	st = read_template(a, vars, &name, &template);			/* read */
	if (st != OK)
		return st;

	template.is_fixed = template.is_plist && !takes_vars(a);
	if ((st = template_fill(&template, vars, id, &a->folders,	/* make */
	    &profile)) != OK ||
	    (st = write_xml(a, profile, name, &xml)) != OK)
		return st;

	out.is_private = profile_holds_secret(profile);			/* write */
	return io_spill(&out, &xml);
}

static enum status
run(const struct args *a)
{
	struct identities id = { .given = a->id };
	enum status st;

	if ((st = check(a)) != OK ||
	    (st = site_defaults(a->config, options)) != OK)
		return st;
	id.site = a->id;
	if (a->pick != NULL)
		strings_add(&args.folders, a->pick);
	if (a->each != NULL)
		return run_each(a, &id);
	if (a->to_yaml)
		return run_to_yaml(a, &id);
	return run_one(a, &id);
}

int
main(int argc, char **argv)
{
	return (int)opts_main(&tool, argc, argv, run);
}
