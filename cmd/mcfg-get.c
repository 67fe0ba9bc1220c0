/*
 * mcfg-get: prints one value of a property list, of JSON, or of a site's YAML,
 * for shell scripts.
 */
#include <string.h>

#include "cli/opts.h"
#include "cms/cms.h"
#include "plist/node.h"
#include "profile/profile.h"
#include "site/site.h"
#include "text/text.h"

static struct args {
	struct strings operands;	/* KEYPATH [FILE] */
	struct io_input in;
	struct io_output out;
	const char *fallback;
	bool json, is_site;
} args;

static const struct opt options[] = {
	{ 0, "json", NULL, "write the value as JSON", .flag = &args.json },
	{ 0, "site", NULL, "read a site's YAML; KEYPATH is one or more of its "
	    "keys, separated by commas (mcfg-site(5))", .flag =
	    &args.is_site },
	{ 0, "default", "TEXT", "write TEXT if the value does not exist",
	    .value = &args.fallback },
	OPT_LENGTH(args.in),
	OPT_OUTPUT(args.out),
	{ 0 },
};

static const struct tool tool = {
	.name = "mcfg-get",
	.summary = "Read a property list or JSON and write the value at "
	    "KEYPATH.",
	.operands = "KEYPATH [INPUT]",
	.example = "mcfg-get PayloadContent.0.URL profile.mobileconfig",
	.options = options,
	.args = &args,
	.inputs = &args.operands,
};

/* ---- parse ---- */

/* *is_signed is set if the property list was inside a signed message. */
static enum status
parse(const struct buf *in, const char *name, bool *is_signed,
    struct tree **out)
{
	auto_buf content = BUF_INIT;
	enum status st;

	if (tree_looks_like_plist(in))
		return tree_parse(in, name, NULL, out);
	if (spec_looks_like_json(in))
		return spec_from_json(in, name, out);
	if (!cms_looks_like(in))
		return tree_parse(in, name, NULL, out);
	*is_signed = true;
	if ((st = cms_unwrap(in, name, &content)) != OK)
		return st;
	return tree_parse(&content, name, NULL, out);
}

/* ---- the path ---- */

/*
 * Takes the next step of the path into step; "\." and "\\" stand for a dot and
 * a backslash in a key.  Returns false at the end of the path.
 */
static bool
next_step(const char **path, struct buf *step)
{
	const char *p = *path;

	if (p == NULL)
		return false;
	buf_cut(step, 0);
	for (; *p != '\0' && *p != '.'; p++) {
		if (p[0] == '\\' && (p[1] == '.' || p[1] == '\\'))
			p++;
		buf_putc(step, *p);
	}
	*path = *p == '.' ? p + 1 : NULL;
	return true;
}

/* The index that s stands for, or SIZE_MAX if it is not a number. */
static size_t
index_of(const char *s)
{
	enum { DIGITS = 9 };
	size_t n = 0, len = strlen(s);

	if (len == 0 || len > DIGITS || strspn(s, "0123456789") != len ||
	    (s[0] == '0' && len > 1))
		return SIZE_MAX;
	while (*s != '\0')
		n = n * 10 + (size_t)(*s++ - '0');
	return n;
}

/*
 * Moves *t one step down; where is the path so far, for the message.  Returns
 * false, with the reason in why, if there is no such value.
 */
static bool
descend(const char *where, const char *step, struct tree **t, struct buf *why)
{
	struct tree *next = NULL;

	switch (tree_kind(*t)) {
	case TREE_DICT:
		if ((next = tree_get(*t, step)) == NULL)
			buf_printf(why, "no key '%s' in %s", step, where);
		break;
	case TREE_ARRAY:
		if (index_of(step) == SIZE_MAX)
			buf_printf(why, "'%s' is not an index, and %s is an "
			    "array", step, where);
		else if ((next = tree_at(*t, index_of(step))) == NULL)
			buf_printf(why, "no item %s in %s, which has %zu",
			    step, where, tree_count(*t));
		break;
	default:
		buf_printf(why, "no '%s' in %s, which is of kind %s", step,
		    where, tree_kind_name(tree_kind(*t)));
		break;
	}
	if (next != NULL)
		*t = next;
	return next != NULL;
}

/* "." alone is the whole document. */
static bool
walk(const char *path, struct tree *root, struct tree **out, struct buf *why)
{
	auto_buf step = BUF_INIT, where = BUF_INIT;
	const char *rest = strcmp(path, ".") == 0 ? NULL : path, *from;

	*out = root;
	for (from = rest; next_step(&rest, &step); from = rest) {
		buf_cut(&where, 0);
		if (from == path)
			buf_puts(&where, "the top");
		else
			buf_add(&where, path, (size_t)(from - path) - 1);
		if (!descend(buf_str(&where), buf_str(&step), out, why))
			return false;
	}
	return true;
}

/* A value of site.yaml is text; the items of a list are joined by commas. */
static struct tree *
site_value(const struct site *s, const char *key, struct buf *why)
{
	const char *text = site_get(s, key);

	if (text == NULL)
		buf_printf(why, "no key '%s'", key);
	return text != NULL ? tree_string(text) : NULL;
}

/*
 * The values of several keys, one on each line, so no value may contain a
 * newline.
 */
static enum status
site_lines(const struct site *s, const char *keys, const char *fallback,
    struct tree **out, struct buf *why)
{
	auto_buf lines = BUF_INIT;
	const char *p;
	size_t n;

	for (p = keys;; p += n + 1) {
		auto_char *key = xstrndup(p, n = strcspn(p, ","));
		const char *text = site_get(s, key);

		if (text == NULL && (text = fallback) == NULL) {
			buf_printf(why, "no key '%s'", key);
			return OK;
		}
		if (strchr(text, '\n') != NULL)
			return fail(MALFORMED, "%s: %s: more than one line",
			    site_where(s, key), key);
		buf_printf(&lines, "%s%s", p == keys ? "" : "\n", text);
		if (p[n] == '\0')
			break;
	}
	*out = tree_string(buf_str(&lines));
	return OK;
}

static enum status
look_up(const char *path, const char *keys, const char *fallback,
    struct tree **out, struct buf *why)
{
	auto_site *s = NULL;
	enum status st;

	if ((st = site_load(path, &s)) != OK)
		return st;
	if (strchr(keys, ',') != NULL)
		return site_lines(s, keys, fallback, out, why);
	*out = site_value(s, keys, why);
	return OK;
}

/* ---- the value ---- */

/*
 * Only an object or an array can be a report, so a scalar is printed as the
 * only item of an array, without its brackets.
 */
static void
add_json_scalar(const struct tree *t, struct buf *out)
{
	auto_report *list = report_array();
	auto_buf text = BUF_INIT;

	tree_add_to_report(t, list, NULL);
	report_render_line(list, &text);
	buf_add(out, text.data + 1, text.len - strlen("[]\n"));
	buf_putc(out, '\n');
}

static void
add_json(const struct tree *t, struct buf *out)
{
	auto_report *r = tree_to_report(t);

	if (r != NULL)
		report_render(r, out);
	else
		add_json_scalar(t, out);
}

static void
add_value(const struct tree *t, struct buf *out)
{
	const unsigned char *bytes;
	size_t len;

	switch (tree_kind(t)) {
	case TREE_DICT:
	case TREE_ARRAY:
		tree_to_xml(t, out);
		break;
	case TREE_DATA:
		bytes = tree_data_of(t, &len);
		buf_add(out, bytes, len);
		break;
	default:
		tree_scalar_text(t, out);
		buf_putc(out, '\n');
		break;
	}
}

/* ---- run ---- */

static enum status
operands(const struct args *a, const char **path, struct io_input *in)
{
	const struct strings *l = &a->operands;

	if (l->n == 0 || l->v[0][0] == '\0')
		return fail(USAGE, "missing KEYPATH (. is everything)");
	if (l->n > 2)
		return fail(USAGE, "'%s': only KEYPATH and one INPUT are "
		    "accepted", l->v[2]);
	if (a->is_site && a->in.length != NULL)
		return fail(USAGE, "--length cannot be used with --site");
	*path = l->v[0];
	in->path = l->n == 2 ? l->v[1] : NULL;
	return OK;
}

/* *value is NULL if there is none; why then has the reason. */
static enum status
find(const struct args *a, const char *path, const struct io_input *from,
    struct tree **root, struct tree **value, struct buf *why)
{
	const char *name = io_name(from->path);
	auto_buf in = BUF_INIT;
	bool is_signed = false;
	enum status st;

	if (a->is_site) {
		if ((st = look_up(from->path, path, a->fallback, root,
		    why)) == OK)
			*value = *root;
		return st;
	}
	if ((st = io_slurp(from, IO_PROFILE_MAX, &in)) != OK ||
	    (st = parse(&in, name, &is_signed, root)) != OK)
		return st;
	if (!walk(path, *root, value, why)) {
		*value = NULL;
		return OK;
	}
	if (is_signed)
		warning("%s: signed, and the signature was not verified", name);
	return OK;
}

static enum status
run(const struct args *a)
{
	auto_buf out = BUF_INIT, why = BUF_INIT;
	auto_tree *root = NULL;
	struct tree *value = NULL;
	struct io_input from = a->in;
	struct io_output to = a->out;
	const char *path = ".";
	enum status st;

	if ((st = operands(a, &path, &from)) != OK ||
	    (st = find(a, path, &from, &root, &value, &why)) != OK)
		return st;

	if (value == NULL && a->fallback == NULL)
		return fail(REFUSED, "%s: %s", io_name(from.path),
		    buf_str(&why));
	if (value == NULL)
		buf_printf(&out, "%s\n", a->fallback);
	else if (a->json)
		add_json(value, &out);
	else
		add_value(value, &out);

	to.is_private = root != NULL && profile_holds_secret(root);
	return io_spill(&to, &out);
}

int
main(int argc, char **argv)
{
	return (int)opts_main(&tool, argc, argv, run);
}
