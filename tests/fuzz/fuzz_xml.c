/*
 * What the XML reader accepts must be read the same after it is written, and
 * written the same again.
 */
#include "plist/node.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	auto_buf in = BUF_INIT, once = BUF_INIT, twice = BUF_INIT;
	auto_tree_marks *marks = tree_marks_new();
	auto_tree *t = NULL, *again = NULL;
	auto_report *json = NULL;
	struct problem why = { .name = "fuzz" };

	buf_add(&in, data, size);
	(void)tree_looks_like_plist(&in);
	if (tree_from_xml(&in, marks, &why, &t) != OK)
		return 0;
	if (!tree_looks_like_plist(&in))
		abort();
	json = tree_to_report(t);
	tree_to_xml(t, &once);
	if (tree_from_xml(&once, NULL, &why, &again) != OK ||
	    !tree_equal(t, again))
		abort();
	tree_to_xml(again, &twice);
	if (!buf_equal(&once, &twice))
		abort();
	return 0;
}
