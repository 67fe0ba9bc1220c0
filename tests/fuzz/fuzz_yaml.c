/*
 * YAML and JSON in, with variables and our tags; what is read is completed,
 * written, and for YAML read again by the reader of XML.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "profile.h"
#include "spec.h"

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

static void
yaml(const struct buf *in, bool lenient)
{
	auto_tree *vars = variables(), *t = NULL, *again = NULL;
	auto_tree_marks *marks = tree_marks_new();
	auto_spec_uuids uuids = SPEC_UUIDS_INIT;
	const struct spec_how how = { .vars = vars, .at = 1767225600,
	    .lenient = lenient, .marks = marks, .uuids = &uuids };
	auto_buf xml = BUF_INIT;

	if (spec_from_yaml(in, "fuzz", &how, &t) != OK)
		return;
	(void)!profile_complete(t, "fuzz", &uuids, "seed");
	tree_to_xml(t, &xml);
	if (tree_from_xml(&xml, "fuzz", NULL, &again) != OK ||
	    !tree_equal(t, again))
		abort();
	(void)!spec_expand(&again, "fuzz", vars, NULL);
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
	char line[256];

	buf_add(&in, data, size);
	diag_capture(line, sizeof line);
	yaml(&in, false);
	yaml(&in, true);
	if (spec_looks_like_json(&in))
		json(&in);
	diag_capture(NULL, 0);
	return 0;
}
