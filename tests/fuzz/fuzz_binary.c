/*
 * What the binary reader accepts must become XML that the XML reader accepts,
 * and that is written the same again.
 */
#include "plist/node.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	auto_buf in = BUF_INIT, once = BUF_INIT, twice = BUF_INIT;
	auto_tree *t = NULL, *copy = NULL, *again = NULL;
	struct problem why = { .name = "fuzz" };

	buf_add(&in, data, size);
	if (tree_from_binary(&in, NULL, &why, &t) != OK)
		return 0;
	copy = tree_copy(t);
	if (!tree_equal(t, copy))
		abort();
	tree_to_xml(t, &once);
	/* The XML of a large tree may exceed the reader's limit. */
	if (once.len > TREE_BYTES_MAX)
		return 0;
	if (tree_from_xml(&once, NULL, &why, &again) != OK)
		abort();
	tree_to_xml(again, &twice);
	if (!buf_equal(&once, &twice))
		abort();
	return 0;
}
