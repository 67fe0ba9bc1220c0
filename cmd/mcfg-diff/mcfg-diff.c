/* mcfg-diff: reads two profiles and writes what changed between them. */
#include "mcfg-diff.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "profile/profile.h"

static struct args args;

static const struct opt options[] = {
	OPT_OUTPUT(args.out),
	OPT_LENGTH(args.in),
	{ 0, "uuids", NULL, "also compare PayloadUUIDs",
	    .flag = &args.uuids },
	{ 0, "full", NULL, "show each added or removed value",
	    .flag = &args.full },
	{ 0, "text", NULL, "write every value of one profile, for git's "
	    "textconv", .flag = &args.text },
	{ 0, "json", NULL, "write one JSON object", .flag = &args.json },
	OPT_FILES(args.folders),
	{ 0, "show-secrets", NULL, "show passwords and challenges",
	    .flag = &args.show_secrets },
	{ 0 },
};

static const struct tool tool = {
	.name = "mcfg-diff",
	.summary = "Compare the meaning of two configuration profiles.",
	.operands = "OLD NEW",
	.example = "mcfg-diff wifi.old.mobileconfig wifi.mobileconfig",
	.options = options,
	.args = &args,
	.inputs = &args.files,
};

/* For a file that does not exist git passes /dev/null: *out stays NULL. */
static enum status
read_profile(const char *path, struct tree **out)
{
	const char *file = io_name(path);
	struct io_input input = { path, args.in.length };
	/*
	 * Both get the same seed, so that UUIDs generated for YAML do not
	 * differ.
	 */
	const struct profile_source from = { file, "mcfg-diff", clock_now(),
	    NULL, &args.folders };
	struct problem why = { .name = file };
	auto_buf in = BUF_INIT;
	bool is_signed;
	enum status st;

	if (strcmp(path, "/dev/null") == 0)
		return OK;
	if ((st = io_slurp(&input, IO_PROFILE_MAX, &in)) != OK)
		return st;
	return profile_read(&in, &from, &is_signed, &why, out) == OK ? OK :
	    problem_print(&why);
}

static enum status
check_args(const struct args *a)
{
	if (a->text && a->json)
		return fail(USAGE, "--text and --json exclude each other");
	if (a->text && a->files.n != 1)
		return fail(USAGE, "--text takes one FILE");
	if (!a->text && a->files.n != 2)
		return opts_missing("OLD NEW", "the two profiles");
	return OK;
}

void
comparing_free(struct comparing *c)
{
	size_t i;

	for (i = 0; i < c->n; i++) {
		free(c->changes[i].path);
		free(c->changes[i].name);
		free(c->changes[i].key);
	}
	free(c->changes);
	sides_free(&c->old);
	sides_free(&c->new);
	free(c->old_uuids.v);
	free(c->new_uuids.v);
	strings_free(&c->common);
	buf_free(&c->path);
	buf_free(&c->payload);
	free(c->key);
	tree_free(c->old_top);
	tree_free(c->new_top);
}

static enum status
run(const struct args *a)
{
	auto_tree *old = NULL, *new = NULL;
	auto_comparing c = { .a = a };
	struct io_output to = a->out;
	auto_buf out = BUF_INIT;
	enum status st;

	to.is_private = a->show_secrets;
	if ((st = check_args(a)) != OK)
		return st;
	if (!a->text && (st = read_profile(a->files.v[0], &old)) != OK)
		return st;
	if ((st = read_profile(a->files.v[a->text ? 0 : 1], &new)) != OK)
		return st;

	compare_profiles(&c, old, new);

	if (a->json)
		show_json(&c, &out);
	else
		show_text(&c, &out);

	if ((st = io_spill(&to, &out)) != OK)
		return st;
	return c.n > 0 && !a->text ? REFUSED : OK;
}

int
main(int argc, char **argv)
{
	return (int)opts_main(&tool, argc, argv, run);
}
