#include "mcfg-profile.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "text/text.h"
#include "x509/cert.h"

struct extracting {
	const char *dir;	/* folder for the files */
	const char *shown;	/* the same folder as the YAML refers to it */
	enum status st;
};

static bool
ends_in_content(const char *path)
{
	static const char key[] = ".PayloadContent";
	size_t n = strlen(path), k = sizeof key - 1;

	return n > k && strcmp(path + n - k, key) == 0;
}

/*
 * Writes a certificate to a file if it is the content of a payload, byte for
 * byte, so that !file restores it.  Returns the file's name for the YAML, or
 * NULL to keep the data in the YAML.
 */
static char *
extract(const char *path, const struct tree *data, void *arg)
{
	struct extracting *e = arg;
	auto_X509 *cert = NULL;
	auto_char *file = NULL, *to = NULL;
	struct io_output out = { NULL, NULL, false };
	auto_buf der = BUF_INIT;
	const unsigned char *p;
	char hash[SECRET_HASH_TEXT];
	size_t len;

	p = tree_data_of(data, &len);
	if (e->st != OK || !ends_in_content(path) ||
	    cert_from_der(p, len, &cert) != NULL)
		return NULL;
	cert_sha256(cert, hash);
	file = xasprintf("%.16s.cer", hash);
	to = io_join(e->dir, file);
	out.path = to;
	buf_add(&der, p, len);
	e->st = io_spill(&out, &der);
	return io_join(e->shown, file);
}

/*
 * The relative path from one folder to another; both are results of
 * realpath().
 */
static char *
way(const char *from, const char *to)
{
	auto_buf out = BUF_INIT;
	size_t i, same = 0;

	for (i = 0; from[i] != '\0' && from[i] == to[i]; i++)
		if (from[i] == '/')
			same = i;
	if ((from[i] == '\0' || from[i] == '/') &&
	    (to[i] == '\0' || to[i] == '/'))
		same = i;
	for (from += same; *from != '\0'; from++)
		if (*from == '/' && from[1] != '\0')
			buf_puts(&out, "../");
	to += same;
	buf_puts(&out, *to == '/' ? to + 1 : to);
	while (out.len > 0 && out.data[out.len - 1] == '/')
		buf_cut(&out, out.len - 1);
	return xstrdup(out.len > 0 ? buf_str(&out) : ".");
}

/*
 * !file has a path relative to the folder of the YAML, so that both can be
 * moved together.  YAML on standard output is treated as a file in the current
 * folder.
 */
static enum status
shown_dir(const struct args *a, char **out)
{
	const char *path = a->out.path, *slash;
	auto_char *folder = NULL;
	char from[PATH_MAX], to[PATH_MAX];

	slash = path != NULL ? strrchr(path, '/') : NULL;
	folder = slash == NULL ? xstrdup(".") :
	    xstrndup(path, (size_t)(slash - path) + 1);
	if (realpath(folder, from) == NULL)
		return fail_errno(FAULT, "%s: cannot find", folder);
	if (realpath(a->extract, to) == NULL)
		return fail_errno(FAULT, "%s: cannot find", a->extract);
	*out = way(from, to);
	return OK;
}

/*
 * Reads a plist as it is, including variables and comments; YAML becomes the
 * profile that it describes.
 */
static enum status
read_profile(const struct args *a, const struct identities *id,
    struct tree_marks *marks, struct tree **out)
{
	auto_template template = TEMPLATE_INIT;
	auto_tree *vars = tree_dict(), *t = NULL;
	struct problem why = { .name = NULL };
	auto_char *name = NULL;
	enum status st;

	if ((st = read_template(a, vars, &name, &template)) != OK)
		return st;
	if (!template.is_plist)
		return template_fill(&template, vars, id, &a->folders, out);
	why.name = name;
	if (tree_read(&template.in, marks, &why, &t) != OK)
		return problem_print(&why);
	if (tree_kind(t) == TREE_DICT)
		profile_identify(t, &id->given, false);
	if (profile_check(t, marks, &why) != OK)
		return problem_print(&why);
	*out = STEAL(t);
	return OK;
}

enum status
run_to_yaml(const struct args *a, const struct identities *id)
{
	struct extracting e = { a->extract, NULL, OK };
	auto_tree *profile = NULL;
	auto_tree_marks *marks = tree_marks_new();
	auto_char *shown = NULL;
	auto_buf yaml = BUF_SECRET;
	struct io_output out = a->out;
	enum status st;

	tree_marks_keep_comments(marks);
	if ((st = read_profile(a, id, marks, &profile)) != OK)
		return st;
	if (a->extract != NULL && ((st = io_make_dir(a->extract)) != OK ||
	    (st = shown_dir(a, &shown)) != OK))
		return st;
	e.shown = shown;
	spec_to_yaml(profile, marks, a->extract != NULL ? extract : NULL, &e,
	    &yaml);
	if (e.st != OK)
		return e.st;
	out.is_private = profile_holds_secret(profile);
	return io_spill(&out, &yaml);
}
