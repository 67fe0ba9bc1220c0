#include "mcfg-profile.h"

#include <ctype.h>
#include <string.h>

#include "text/text.h"

enum { NAME_MAX_LEN = 200 };

static bool
is_file_name(const char *s)
{
	const char *p;

	for (p = s; *p != '\0'; p++)
		if (!isalnum((unsigned char)*p) && strchr("._-", *p) == NULL)
			return false;
	return p > s && p - s <= NAME_MAX_LEN;
}

/*
 * Writes the text of a column to out.  Returns false if it is missing or
 * empty.
 */
static bool
column(const struct tree *row, const char *name, struct buf *out)
{
	const struct tree *t = tree_get(row, name);

	buf_cut(out, 0);
	return t != NULL && tree_scalar_text(t, out) && out->len > 0;
}

/* The name of a row's file, without its extension. */
static enum status
name_of(const struct args *a, const struct spec_rows *r,
    const struct tree *row, struct buf *out)
{
	if (a->name != NULL && !column(row, a->name, out))
		return fail(REFUSED, "%s:%lu: no value for %s, which names "
		    "the file", r->name, r->line, a->name);
	if (a->name == NULL && !column(row, "SERIAL", out) &&
	    !column(row, "UDID", out))
		return fail(REFUSED, "%s:%lu: neither SERIAL nor UDID to name "
		    "the file by (--name chooses another)", r->name, r->line);
	if (!is_file_name(buf_str(out)))
		return fail(REFUSED, "%s:%lu: '%s' cannot name a file "
		    "(letters, digits, '.', '_' and '-')", r->name, r->line,
		    buf_str(out));
	return OK;
}

struct named {
	char *name;
	unsigned long line;
};

struct names {
	struct named *v;
	size_t n;
};

static void
names_free(struct names *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		free(l->v[i].name);
	free(l->v);
}

#define auto_names AUTO(names_free) struct names

static int
compare_names(const void *x, const void *y)
{
	const struct named *a = x, *b = y;
	int c = strcmp(a->name, b->name);

	return c != 0 ? c : (a->line > b->line) - (a->line < b->line);
}

/*
 * Reads all rows once: every row must have a valid name that no other row has.
 */
static enum status
check_rows(const struct args *a, const struct buf *in, const char *name)
{
	auto_spec_rows rows = { .in = NULL };
	auto_names all = { NULL, 0 };
	enum status st;
	size_t i;

	if ((st = spec_rows_open(in, name, &rows)) != OK)
		return st;
	for (;;) {
		auto_buf file = BUF_INIT;
		auto_tree *row = NULL;

		if ((st = spec_rows_next(&rows, &row)) != OK)
			return st;
		if (row == NULL)
			break;
		if ((st = name_of(a, &rows, row, &file)) != OK)
			return st;
		*GROW(all.v, all.n) = (struct named){
		    xstrdup(buf_str(&file)), rows.line };
	}
	if (all.n > 0)
		qsort(all.v, all.n, sizeof *all.v, compare_names);
	for (i = 1; i < all.n; i++)
		if (strcmp(all.v[i - 1].name, all.v[i].name) == 0)
			return fail(REFUSED, "%s:%lu: '%s' already names the "
			    "file of line %lu", name, all.v[i].line,
			    all.v[i].name, all.v[i - 1].line);
	return OK;
}

/* The same for every row. */
struct work {
	const struct args *a;
	const struct identities *id;
	const struct tree *outer;	/* variables from outside the rows */
	const struct template *common;	/* or NULL: --pick chooses for each
					 * row */
};

/* Refuses an output file that is also an input. */
static enum status
check_inputs(const struct args *a, const char *template, const char *path)
{
	enum status st;
	size_t i;

	if ((st = io_check_kept(template, path)) != OK ||
	    (st = io_check_kept(a->each, path)) != OK ||
	    (st = io_check_kept(a->config, path)) != OK)
		return st;
	for (i = 0; st == OK && i < a->files.n; i++)
		st = io_check_kept(a->files.v[i], path);
	return st;
}

static enum status
make_one(const struct work *w, const struct tree *row, const char *path)
{
	auto_tree *vars = tree_copy(w->outer), *profile = NULL;
	auto_template own = TEMPLATE_INIT;
	const struct template *t = w->common;
	struct io_output out = { path, NULL, false };
	auto_buf xml = BUF_SECRET;
	enum status st;

	tree_copy_members(row, vars);
	add_sets(w->a, vars);
	if (t == NULL) {
		auto_char *picked = NULL;
		struct io_input in = { NULL, NULL };

		if ((st = template_choose(w->a->pick, vars, &picked)) != OK)
			return st;
		in.path = picked;
		if ((st = template_read(&in, &own)) != OK)
			return st;
		t = &own;
	}
	if ((st = check_inputs(w->a, t->path, path)) != OK ||
	    (st = template_fill(t, vars, w->id, &w->a->folders,
	    &profile)) != OK ||
	    (st = write_xml(w->a, profile, io_name(t->path), &xml)) != OK)
		return st;
	out.is_private = profile_holds_secret(profile);
	return io_spill(&out, &xml);
}

/* A row that fails is reported with its line; the other rows are still made. */
static enum status
make_row(const struct work *w, const struct spec_rows *rows,
    const struct tree *row)
{
	auto_buf name = BUF_INIT;
	auto_char *file = NULL, *path = NULL;
	struct problem why = { .st = OK };
	enum status st;

	if ((st = name_of(w->a, rows, row, &name)) != OK)
		return st;
	file = xasprintf("%s.mobileconfig", buf_str(&name));
	path = io_join(w->a->out_dir, file);
	problem_keep(&why);
	st = make_one(w, row, path);
	problem_release(&why);
	return st == OK ? OK : fail(st, "%s:%lu: %s", rows->name, rows->line,
	    why.text);
}

static enum status
make_rows(const struct work *w, const struct buf *in, const char *name)
{
	auto_spec_rows rows = { .in = NULL };
	enum status st, worst = OK;

	if ((st = spec_rows_open(in, name, &rows)) != OK)
		return st;
	for (;;) {
		auto_tree *row = NULL;

		if ((st = spec_rows_next(&rows, &row)) != OK)
			return st;
		if (row == NULL)
			return worst;
		if (make_row(w, &rows, row) != OK)
			worst = REFUSED;
	}
}

enum status
run_each(const struct args *a, const struct identities *id)
{
	const char *name = io_name(a->each);
	auto_template common = TEMPLATE_INIT;
	auto_tree *outer = tree_dict();
	auto_buf in = BUF_SECRET;
	struct work w = { a, id, outer, NULL };
	enum status st;

	if ((st = add_outer_vars(a, outer)) != OK)
		return st;
	if (a->pick == NULL) {
		if ((st = template_read(&a->in, &common)) != OK)
			return st;
		w.common = &common;
	}
	if ((st = io_slurp_file(a->each, IO_PROFILE_MAX, &in)) != OK ||
	    (st = check_rows(a, &in, name)) != OK ||
	    (st = io_make_dir(a->out_dir)) != OK)
		return st;
	return make_rows(&w, &in, name);
}
