/*
 * A plist is judged by the built-in schema, and the findings are written in
 * every form.  Any other input is read as a schema file.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "schema/schema.h"
#include "text/doc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { STEPS = 200 };

/* A schema may contain itself, so the number of steps is limited. */
static void
wander(const struct spec_node *n, size_t *steps)
{
	size_t i;

	for (i = 0; i < spec_node_count(n) && (*steps)++ < STEPS; i++) {
		if (spec_node_is(n, SPEC_LIST)) {
			wander(spec_node_at(n, i), steps);
		} else {
			if (spec_node_get(n, spec_node_key(n, i)) !=
			    spec_node_value(n, i))
				abort();
			wander(spec_node_value(n, i), steps);
		}
	}
}

static void
judge(const struct tree *t, const struct tree_marks *marks, bool strict)
{
	static struct schema *schema;
	const struct schema_options how = {
		.platform = "iOS", .os = "17",
		.allow_types = strict ? "com.apple.*" : NULL,
		.now = 1767225600,
	};
	const struct schema_source src = { "fuzz", marks };
	auto_findings found = FINDINGS_INIT;
	auto_buf out = BUF_INIT;

	found.strict = strict;
	if (schema == NULL && schema_load(NULL, &schema) != OK)
		abort();
	if (schema_lint(schema, &how, &src, t, &found) != OK)
		abort();
	findings_across(&found);
	findings_sort(&found);
	findings_to_text(&found, &out);
	findings_to_json(&found, &out);
	findings_to_sarif(&found, &out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_tree_marks *marks = tree_marks_new();
	auto_spec_doc *doc = NULL;
	auto_tree *t = NULL;
	auto_buf in = BUF_INIT;
	struct problem unsaid = { .name = NULL };
	size_t steps = 0;

	buf_add(&in, data, size);
	problem_keep(&unsaid);
	if (tree_looks_like_plist(&in)) {
		if (tree_parse(&in, "fuzz", marks, &t) == OK)
			judge(t, marks, size % 2 == 0);
	} else if (spec_doc_parse(&in, "fuzz", &doc) == OK) {
		wander(spec_doc_root(doc), &steps);
	}
	problem_release(&unsaid);
	return 0;
}
