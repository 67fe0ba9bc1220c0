/* mcfg: lists the tools, and runs one of them. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/opts.h"

/* The names of the tools and the descriptions of their pages. */
static const struct entry {
	const char *name, *text;
} entries[] = {
	{ "mcfg-profile",
	    "make a configuration profile from YAML, or personalise one" },
	{ "mcfg-lint", "find what is wrong with configuration profiles" },
	{ "mcfg-diff", "what changed between two configuration profiles" },
	{ "mcfg-sign", "sign a profile" },
	{ "mcfg-verify", "verify a signed message" },
	{ "mcfg-encrypt", "encrypt the payloads of a profile to devices" },
	{ "mcfg-decrypt", "decrypt the payloads of a profile" },
	{ "mcfg-get", "one value of a property list, for shell scripts" },
	{ "mcfg-inspect",
	    "say what a file of enrollment is and what is odd about it" },
	{ "mcfg-service-payload",
	    "write the profile by which a device is asked who it is" },
	{ "mcfg-scep-payload",
	    "write a profile by which a device gets a certificate" },
	{ "mcfg-enrollment",
	    "keep the record of enrollments and their one-time challenges" },
	{ "mcfg-report",
	    "write a page about enrollments and certificates" },
	{ "mcfg-service", "the profile service in one process" },
	{ "mcfg-page",
	    "web pages of the profile service, in the reader's language" },
	{ "mcfg-site", "make the folder of a profile service" },
	{ "mcfg-serve", "run a web server on the folder of a profile service" },
	{ "mcfg-demo",
	    "walk through a whole enrollment and show what happens" },
	{ "mcfg-device",
	    "enroll at a profile service as a device would" },
	{ "scep-ca", "certificate authority that answers SCEP" },
	{ "scep-enroll", "get one certificate from any SCEP server" },
	{ "scep-request", "make a SCEP request" },
	{ "scep-response", "read a SCEP reply" },
};

static const char prefix[] = "mcfg-";

static struct args {
	char dir[PATH_MAX];	/* that this program is in, or empty */
} args;

static const struct opt options[] = {
	{ 0 },
};

static const struct tool tool = {
	.name = "mcfg",
	.summary = "Lists the tools of mcfg, or runs one: mcfg NAME ARGUMENT... "
	    "is mcfg-NAME ARGUMENT...",
	.example = "mcfg lint --strict wifi.mobileconfig",
	.options = options,
	.args = &args,
};

/* The program of this name in the folders of PATH, or NULL; yours. */
static char *
find_in_path(const char *name)
{
	const char *p = secret_env("PATH");
	size_t n;

	for (; p != NULL && *p != '\0'; p += n + (p[n] == ':')) {
		auto_char *dir = NULL, *path = NULL;

		n = strcspn(p, ":");
		dir = n > 0 ? xstrndup(p, n) : xstrdup(".");
		path = io_join(dir, name);
		if (access(path, X_OK) == 0)
			return STEAL(path);
	}
	return NULL;
}

/* The tools of one installation belong together: first beside this one. */
static char *
find_tool(const struct args *a, const char *name)
{
	auto_char *path = NULL;

	if (a->dir[0] != '\0') {
		path = io_join(a->dir, name);
		if (access(path, X_OK) == 0)
			return STEAL(path);
	}
	return find_in_path(name);
}

static void
find_dir(const char *self)
{
	auto_char *found = strchr(self, '/') != NULL ? xstrdup(self) :
	    find_in_path(self);
	char *slash;

	if (found == NULL || realpath(found, args.dir) == NULL)
		args.dir[0] = '\0';
	else if ((slash = strrchr(args.dir, '/')) != NULL)
		slash[slash == args.dir] = '\0';
}

/* "mcfg lint", as it is typed, or "scep-ca". */
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
	size_t i;

	for (i = 0; i < ARRAY_LEN(entries); i++) {
		auto_char *path = find_tool(a, entries[i].name);

		if (path != NULL)
			list_one(&entries[i], &out);
	}
	return io_spill(&to_stdout, &out);
}

/* False for a path: only tools of ours are run. */
static bool
is_name(const char *name)
{
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-")] ==
	    '\0';
}

/* Becomes the tool that argv begins with. */
static enum status
run_tool(char **argv)
{
	auto_char *name = xasprintf("%s%s", prefix, argv[0]), *path = NULL;

	diag_init(tool.name);
	if (!is_name(argv[0]) || (path = find_tool(&args, name)) == NULL)
		return fail(USAGE, "no tool '%s' (mcfg without arguments lists "
		    "them)", argv[0]);
	argv[0] = name;
	execv(path, argv);
	return fail_errno(FAULT, "%s: cannot run", path);
}

int
main(int argc, char **argv)
{
	if (argc > 0)
		find_dir(argv[0]);
	if (argc > 1 && argv[1][0] != '-')
		return (int)run_tool(argv + 1);
	return (int)opts_main(&tool, argc, argv, list);
}
