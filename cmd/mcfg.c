/* mcfg: lists the tools, and runs one of them. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/opts.h"
#include "sys/child.h"

/* The names of the tools, with the descriptions from their manual pages. */
static const struct entry {
	const char *name, *text;
} entries[] = {
	{ "mcfg-profile",
	    "make a configuration profile from YAML or a template" },
	{ "mcfg-lint", "find mistakes in configuration profiles" },
	{ "mcfg-diff", "compare two configuration profiles" },
	{ "mcfg-sign", "sign a profile" },
	{ "mcfg-verify", "verify a signed profile or message" },
	{ "mcfg-encrypt", "encrypt the payloads of a profile for devices" },
	{ "mcfg-decrypt", "decrypt the payloads of a profile" },
	{ "mcfg-get", "print one value of a property list, for shell scripts" },
	{ "mcfg-inspect",
	    "describe a profile or message, and report anything unusual" },
	{ "mcfg-service-payload",
	    "write the profile that asks a device for its attributes" },
	{ "mcfg-scep-payload", "write a profile with a SCEP payload" },
	{ "mcfg-enrollment",
	    "record enrollments and their one-time challenges" },
	{ "mcfg-report", "write a page about enrollments and certificates" },
	{ "mcfg-service", "run the profile service in one process" },
	{ "mcfg-page", "write a web page of the profile service" },
	{ "mcfg-site", "create the folder of a profile service" },
	{ "mcfg-serve", "run a web server for a profile service" },
	{ "mcfg-demo", "run a whole enrollment and show each step" },
	{ "mcfg-device",
	    "simulate a device that enrolls at a profile service" },
	{ "scep-ca", "certificate authority with SCEP" },
	{ "scep-enroll", "get one certificate from any SCEP server" },
	{ "scep-request", "make a SCEP request" },
	{ "scep-response", "read a SCEP reply" },
};

static const char prefix[] = "mcfg-";

static struct args {
	char dir[PATH_MAX];	/* folder of this program, or empty */
} args;

static const struct opt options[] = {
	{ 0 },
};

static const struct tool tool = {
	.name = "mcfg",
	.summary = "List the tools of mcfg, or run one: mcfg NAME ... runs "
	    "mcfg-NAME ...",
	.example = "mcfg lint --strict wifi.mobileconfig",
	.options = options,
	.args = &args,
};

/*
 * Looks for a tool beside this program first, then on PATH, so that the tools
 * of one installation stay together.  *path is NULL if there is none;
 * otherwise the caller frees it.
 */
static enum status
find_tool(const struct args *a, const char *name, char **path)
{
	auto_char *ours = NULL;
	enum status st;
	bool is;

	if (a->dir[0] == '\0')
		return child_find(name, path);
	ours = io_join(a->dir, name);
	if ((st = child_is_program(ours, &is)) != OK)
		return st;
	if (!is)
		return child_find(name, path);
	*path = STEAL(ours);
	return OK;
}

static enum status
find_dir(const char *self)
{
	auto_char *found = NULL;
	enum status st;
	char *slash;

	args.dir[0] = '\0';
	if ((st = child_find(self, &found)) != OK || found == NULL)
		return st;
	if (realpath(found, args.dir) == NULL) {
		args.dir[0] = '\0';
		/* argv[0] need not be the name of this program. */
		return errno == ENOENT || errno == ENOTDIR ||
		    errno == EACCES ? OK : fail_errno(FAULT,
		    "%s: cannot check whether it exists", found);
	}
	if ((slash = strrchr(args.dir, '/')) != NULL)
		slash[slash == args.dir] = '\0';
	return OK;
}

/* As the user types it: "mcfg lint", or "scep-ca". */
static void
list_one(const struct entry *e, struct buf *out)
{
	bool is_ours = strncmp(e->name, prefix, sizeof prefix - 1) == 0;
	auto_char *typed = is_ours ? xasprintf("mcfg %s", e->name +
	    sizeof prefix - 1) : xstrdup(e->name);

	buf_printf(out, "%-20s  %s\n", typed, e->text);
}

static enum status
list(const struct args *a)
{
	const struct io_output to_stdout = { NULL, NULL, false };
	auto_buf out = BUF_INIT;
	enum status st;
	size_t i;

	for (i = 0; i < ARRAY_LEN(entries); i++) {
		auto_char *path = NULL;

		if ((st = find_tool(a, entries[i].name, &path)) != OK)
			return st;
		if (path != NULL)
			list_one(&entries[i], &out);
	}
	return io_spill(&to_stdout, &out);
}

/* False for a path: only tools of this toolkit are run. */
static bool
is_name(const char *name)
{
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] ==
	    '\0';
}

/* Replaces this process with the tool in argv[0]. */
static enum status
run_tool(char **argv)
{
	auto_char *name = xasprintf("%s%s", prefix, argv[0]), *path = NULL;
	enum status st;

	if (is_name(argv[0]) && (st = find_tool(&args, name, &path)) != OK)
		return st;
	if (path == NULL)
		return fail(USAGE, "no tool '%s' (mcfg without arguments lists "
		    "them)", argv[0]);
	argv[0] = name;
	execv(path, argv);
	return fail_errno(FAULT, "%s: cannot run", path);
}

int
main(int argc, char **argv)
{
	enum status st;

	diag_init(tool.name);
	if (argc > 0 && (st = find_dir(argv[0])) != OK)
		return (int)st;
	if (argc > 1 && argv[1][0] != '-')
		return (int)run_tool(argv + 1);
	return (int)opts_main(&tool, argc, argv, list);
}
