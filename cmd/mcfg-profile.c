#include <string.h>

#include "clock.h"
#include "cms.h"
#include "opts.h"
#include "profile.h"
#include "site.h"
#include "spec.h"

static struct args {
	struct io_input in;
	struct io_output out;
	struct profile_identity id;
	struct strings sets;
	struct strings files;
	struct strings prefixes;
	bool payloads_only;
	const char *pick;
	const char *config;
} args;

static const char *
check_set(const char *value)
{
	const char *eq = strchr(value, '=');

	if (eq == NULL)
		return "not of the form NAME=VALUE";
	if (!spec_is_name(value, (size_t)(eq - value)))
		return "a name has letters, digits, '_', '-' and '.'";
	return profile_check_text(eq + 1);
}

static const char *
check_prefix(const char *value)
{
	return *value != '\0' ? NULL : "an empty prefix would take all";
}

static const struct opt options[] = {
	OPT_OUTPUT(args.out),
	OPT_LENGTH(args.in),
	{ 0, "set", "NAME=VALUE", "set a variable of the template to a text",
	    .values = &args.sets, .check = check_set },
	{ 0, "vars", "FILE", "take variables from a plist, JSON or YAML",
	    .values = &args.files, .is_file = true },
	{ 0, "env", "PREFIX_", "take variables from the environment",
	    .values = &args.prefixes, .check = check_prefix },
	{ 0, "payloads-only", NULL, "write the array of payloads alone",
	    .flag = &args.payloads_only },
	{ 0, "pick", "DIR", "choose the template in DIR by the variable "
	    "PRODUCT", .value = &args.pick },
	OPT_PAYLOAD(args.id, "profile"),
	OPT_CONFIG(args.config),
	OPT_AT,
	{ 0 },
};

static const struct tool tool = {
	.name = "mcfg-profile",
	.summary = "Reads a profile in YAML (mcfg-profile.5) or as a plist, "
	    "fills in its variables, and\nwrites the configuration profile.",
	.operands = "[PROFILE.yaml]",
	.example = "mcfg-profile --set USER=jane -o jane.mobileconfig "
	    "wifi.yaml",
	.options = options,
	.args = &args,
	.input = &args.in,
	.no_input_if = &args.pick,
};

/* ---- variables: the environment, then files, then --set ---- */

struct from_env {
	const char *prefix;
	struct tree *vars;
};

/* A variable goes by its name, and by what is behind the prefix. */
static enum status
add_env(const char *name, const char *value, void *arg)
{
	const struct from_env *e = arg;
	const char *rest = name + strlen(e->prefix), *reason;

	if ((reason = profile_check_text(value)) != NULL)
		return fail(MALFORMED, "--env: %s: %s", name, reason);
	if ((reason = profile_check_text(name)) != NULL)
		return fail(MALFORMED, "--env: %s: %s", name, reason);
	tree_set_string(e->vars, name, value);
	if (*rest != '\0')
		tree_set_string(e->vars, rest, value);
	return OK;
}

static enum status
add_member(const char *key, struct tree *node, void *arg)
{
	tree_set(arg, key, tree_copy(node));
	return OK;
}

static enum status
add_file(struct tree *vars, const char *path)
{
	auto_buf in = BUF_SECRET;
	auto_tree *values = NULL;
	enum status st;

	st = secret_is_source(path) ?
	    secret_read_all(path, "--vars", IO_TEXT_MAX, &in) :
	    io_slurp_file(path, IO_TEXT_MAX, &in);
	if (st != OK || (st = spec_values(&in, io_name(path), &values)) != OK)
		return st;
	return tree_each(values, add_member, vars);
}

static enum status
read_vars(const struct args *a, struct tree *vars)
{
	enum status st;
	size_t i;

	for (i = 0; i < a->prefixes.n; i++) {
		struct from_env e = { a->prefixes.v[i], vars };

		if ((st = secret_env_each(e.prefix, add_env, &e)) != OK)
			return st;
	}
	for (i = 0; i < a->files.n; i++)
		if ((st = add_file(vars, a->files.v[i])) != OK)
			return st;
	for (i = 0; i < a->sets.n; i++) {
		const char *eq = strchr(a->sets.v[i], '=');
		auto_char *name = xstrndup(a->sets.v[i],
		    (size_t)(eq - a->sets.v[i]));

		tree_set_string(vars, name, eq + 1);
	}
	return OK;
}

/* ---- the template ---- */

static size_t
count_of(const char *s, const char *set, size_t max)
{
	size_t n = strspn(s, set);

	return n <= max ? n : 0;
}

/*
 * The length of the family in "iPhone12,1", or 0 for what is not so formed:
 * the text comes from a device and becomes part of a path.
 */
static size_t
family_of(const char *product)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz";
	size_t family = count_of(product, letters, 32), n;
	const char *p = product + family;

	if (family == 0 || (n = count_of(p, "0123456789", 3)) == 0 ||
	    p[n] != ',')
		return 0;
	p += n + 1;
	if ((n = count_of(p, "0123456789", 3)) == 0 || p[n] != '\0')
		return 0;
	return family;
}

static char *
pick(const char *dir, const struct tree *vars)
{
	const char *product = tree_get_string(vars, "PRODUCT");
	size_t family = product != NULL ? family_of(product) : 0;
	char *path;

	if (family > 0) {
		path = xasprintf("%s/profile.d/%s.yaml", dir, product);
		if (io_exists(path))
			return path;
		free(path);
		path = xasprintf("%s/profile.d/%.*s.yaml", dir, (int)family,
		    product);
		if (io_exists(path))
			return path;
		free(path);
	}
	return io_join(dir, "profile.yaml");
}

struct template {
	char *path;		/* of the file, or NULL for standard input */
	struct buf in;		/* YAML, or a plist without its signature */
	bool is_plist;
};

static void
template_free(struct template *t)
{
	free(t->path);
	buf_free(&t->in);
}

#define auto_template AUTO(template_free) struct template

static enum status
read_template(const struct io_input *in, struct template *t)
{
	auto_buf content = BUF_INIT;
	const char *name = io_name(in->path);
	enum status st;

	t->path = in->path != NULL ? xstrdup(in->path) : NULL;
	if ((st = io_slurp(in, IO_PROFILE_MAX, &t->in)) != OK)
		return st;
	t->is_plist = tree_looks_like_plist(&t->in);
	if (t->is_plist || !cms_looks_like(&t->in))
		return OK;
	if ((st = cms_unwrap(&t->in, name, &content)) != OK)
		return st;
	detail("%s: the signature was dropped, unverified", name);
	buf_free(&t->in);
	t->in = MOVE(content);
	t->is_plist = true;
	return OK;
}

/* ---- the profile ---- */

static enum status
parse_plist(const struct template *t, const struct tree *vars,
    struct tree **out)
{
	auto_tree_marks *marks = tree_marks_new();
	const char *name = io_name(t->path);
	auto_tree *tree = NULL;
	enum status st;

	if ((st = tree_parse(&t->in, name, marks, &tree)) != OK ||
	    (st = spec_expand(&tree, name, vars, marks)) != OK)
		return st;
	*out = STEAL(tree);
	return OK;
}

static enum status
make(const struct template *t, const struct tree *vars,
    const struct profile_identity *given, const struct profile_identity *site,
    struct tree **out)
{
	auto_spec_uuids uuids = SPEC_UUIDS_INIT;
	const struct spec_how how = {
		.path = t->path != NULL ? t->path : "-",
		.vars = vars, .at = clock_written(), .uuids = &uuids,
	};
	const char *name = io_name(t->path);
	auto_tree *tree = NULL;
	enum status st;

	st = t->is_plist ? parse_plist(t, vars, &tree) :
	    spec_from_yaml(&t->in, name, &how, &tree);
	if (st != OK)
		return st;
	if (tree_kind(tree) == TREE_DICT) {
		profile_identify(tree, given, false);
		profile_identify(tree, site, true);
	}
	if ((st = profile_complete(tree, name, &uuids, given->seed)) != OK)
		return st;
	*out = STEAL(tree);
	return OK;
}

static enum status
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

static enum status
run(const struct args *a)
{
	const struct profile_identity given = a->id;
	auto_template template = { NULL, BUF_INIT, false };
	auto_tree *vars = tree_dict(), *profile = NULL;
	auto_buf xml = BUF_SECRET;
	struct io_output out = a->out;
	struct io_input in = a->in;
	auto_char *picked = NULL;
	enum status st;

	if ((st = site_defaults(a->config, options)) != OK ||		/* read */
	    (st = read_vars(a, vars)) != OK)
		return st;
	if (a->pick != NULL)
		in.path = picked = pick(a->pick, vars);
	if ((st = read_template(&in, &template)) != OK)
		return st;

	if ((st = make(&template, vars, &given, &a->id, &profile)) != OK) /* make */
		return st;
	if ((st = write_xml(a, profile, io_name(in.path), &xml)) != OK)
		return st;

	out.is_private = profile_holds_secret(profile);			/* write */
	return io_spill(&out, &xml);
}

int
main(int argc, char **argv)
{
	return (int)opts_main(&tool, argc, argv, run);
}
