/* Property lists in either form, told by content. */
#include <string.h>

#include "base/corruption.h"
#include "plist/node.h"

bool
tree_looks_like_plist(const struct buf *in)
{
	static const char utf16[][5] = {
		"\xFF\xFE<\0", "\xFE\xFF\0<", "<\0?\0", "\0<\0?",
	};
	const char *s = buf_str(in);
	size_t i;

	if (buf_has_prefix(in, "bplist"))
		return true;
	for (i = 0; i < ARRAY_LEN(utf16); i++)
		if (in->len >= 4 && memcmp(s, utf16[i], 4) == 0)
			return true;
	if (buf_has_prefix(in, "\xEF\xBB\xBF"))
		s += 3;
	s += strspn(s, " \t\r\n");
	return s[0] == '<' && s[1] != '\0';
}

/* The message includes how the input was damaged, if that can be seen. */
static enum status
read_binary(const struct buf *in, struct tree_marks *marks,
    struct problem *why, struct tree **out)
{
	auto_buf text = BUF_INIT;
	enum status st;

	if ((st = tree_from_binary(in, marks, why, out)) == OK)
		return OK;
	buf_puts(&text, why->text);
	corruption_add(in, &text);
	return problem_set(why, st, "%s", buf_str(&text));
}

enum status
tree_read(const struct buf *in, struct tree_marks *marks, struct problem *why,
    struct tree **out)
{
	if (in->len == 0)
		return problem_set(why, MALFORMED, "empty");
	if (buf_has_prefix(in, "bplist"))
		return read_binary(in, marks, why, out);
	return tree_from_xml(in, marks, why, out);
}

enum status
tree_parse(const struct buf *in, const char *name, struct tree_marks *marks,
    struct tree **out)
{
	struct problem why = { .name = name };

	return tree_read(in, marks, &why, out) == OK ? OK :
	    problem_print(&why);
}
