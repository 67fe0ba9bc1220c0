/*
 * YAML, JSON, rows and XML, with variables and our tags.  The result is
 * completed, written as XML and as YAML, and read again, which must give the
 * same tree.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "profile/profile.h"
#include "sys/io.h"
#include "text/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tree *
variables(void)
{
	struct tree *vars = tree_dict(), *list = tree_array();

	tree_set_string(vars, "A", "a text");
	tree_set_int(vars, "N", -5);
	tree_set(vars, "D", tree_data("\0\1", 2));
	tree_append(list, tree_string("${A}"));
	tree_set(vars, "L", list);
	return vars;
}

/* Converts to YAML and back. */
static void
round_trip(const struct tree *t)
{
	auto_tree *vars = variables(), *again = NULL;
	const struct spec_how how = { .vars = vars };
	auto_buf text = BUF_INIT;

	if (tree_kind(t) != TREE_DICT)
		return;
	spec_to_yaml(t, NULL, NULL, NULL, &text);
	/* The YAML may exceed the limit. */
	if (text.len > IO_TEXT_MAX / 2)
		return;
	if (spec_from_yaml(&text, "fuzz", &how, &again) != OK ||
	    !tree_equal(t, again))
		abort();
}

static void
yaml(const struct buf *in, bool lenient)
{
	auto_tree *vars = variables(), *t = NULL, *again = NULL;
	auto_tree_marks *marks = tree_marks_new();
	auto_spec_uuids uuids = SPEC_UUIDS_INIT;
	const struct spec_how how = { .vars = vars, .at = 1767225600,
	    .lenient = lenient, .marks = marks, .uuids = &uuids };
	const struct profile_source src = { "fuzz", "seed", how.at, marks,
	    NULL };
	auto_buf xml = BUF_INIT;
	struct problem why = { .name = "fuzz" };

	if (spec_from_yaml(in, "fuzz", &how, &t) != OK)
		return;
	(void)!profile_complete(t, &src, &uuids, &why);
	tree_to_xml(t, &xml);
	if (tree_from_xml(&xml, NULL, &why, &again) != OK ||
	    !tree_equal(t, again))
		abort();
	round_trip(t);
	(void)!spec_expand(&again, "fuzz", vars, NULL);
}

static void
xml(const struct buf *in)
{
	auto_tree *t = NULL;
	struct problem why = { .name = "fuzz" };

	if (tree_from_xml(in, NULL, &why, &t) == OK)
		round_trip(t);
}

static void
rows(const struct buf *in)
{
	auto_spec_rows r = { .in = NULL };
	struct tree *row;

	if (spec_rows_open(in, "fuzz", &r) != OK)
		return;
	while (spec_rows_next(&r, &row) == OK && row != NULL)
		tree_free(row);
}

static void
json(const struct buf *in)
{
	auto_tree *t = NULL;

	(void)!spec_values(in, "fuzz", &t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_buf in = BUF_INIT;
	struct problem unsaid = { .name = NULL };

	buf_add(&in, data, size);
	problem_keep(&unsaid);
	yaml(&in, false);
	yaml(&in, true);
	rows(&in);
	if (tree_looks_like_plist(&in))
		xml(&in);
	if (spec_looks_like_json(&in))
		json(&in);
	problem_release(&unsaid);
	return 0;
}
