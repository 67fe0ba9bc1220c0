/*
 * unit_tree mutate FILE: reads a property list cut at every byte and with
 * every bit flipped.  If it is still accepted, its XML must give the same tree.
 * Prints "N taken, N refused", or the error.
 * unit_tree marks FILE: prints line:column and kind of each node.
 */
#include <stdio.h>
#include <string.h>

#include "plist/node.h"
#include "sys/io.h"

static unsigned long taken, refused;

static bool
survives(const struct buf *in, struct problem *why)
{
	auto_buf once = BUF_INIT, twice = BUF_INIT;
	auto_tree *t = NULL, *again = NULL, *copy = NULL;

	if (tree_read(in, NULL, why, &t) != OK) {
		refused++;
		return true;
	}
	taken++;
	if (!tree_looks_like_plist(in))
		return false;
	copy = tree_copy(t);
	tree_to_xml(copy, &once);
	if (!tree_equal(t, copy) ||
	    tree_read(&once, NULL, why, &again) != OK)
		return false;
	tree_to_xml(again, &twice);
	return buf_equal(&once, &twice);
}

static int
mutate(struct buf *in)
{
	struct problem why = { .name = "mutant" };
	size_t i, bit;

	for (i = 0; i < in->len; i++) {
		auto_buf cut = BUF_INIT;

		buf_add(&cut, in->data, i);
		if (!survives(&cut, &why)) {
			printf("cut at %zu: %s\n", i, why.text);
			return 1;
		}
		for (bit = 0; bit < 8; bit++) {
			in->data[i] ^= (unsigned char)(1u << bit);
			if (!survives(in, &why)) {
				printf("byte %zu bit %zu: %s\n", i, bit,
				    why.text);
				return 1;
			}
			in->data[i] ^= (unsigned char)(1u << bit);
		}
	}
	printf("%lu taken, %lu refused\n", taken, refused);
	return 0;
}

static enum status
print_mark(const char *key, struct tree *node, void *arg)
{
	unsigned long line, column;

	tree_marks_get(arg, node, &line, &column);
	printf("%lu:%lu %s %s\n", line, column,
	    tree_kind_name(tree_kind(node)), key != NULL ? key : "-");
	return tree_each(node, print_mark, arg);
}

static int
marks(const struct buf *in)
{
	auto_tree_marks *m = tree_marks_new();
	auto_tree *t = NULL;

	if (tree_parse(in, "input", m, &t) != OK)
		return 1;
	return print_mark(NULL, t, m) == OK ? 0 : 1;
}

int
main(int argc, char **argv)
{
	auto_buf in = BUF_INIT;

	diag_init("unit_tree");
	if (argc != 3 || io_slurp_file(argv[2], IO_PROFILE_MAX, &in) != OK)
		return 1;
	return strcmp(argv[1], "marks") == 0 ? marks(&in) : mutate(&in);
}
