#include "finding/keypath.h"

void
keypath_add_key(struct buf *path, const char *key)
{
	if (path->len > 0)
		buf_putc(path, '.');
	for (; *key != '\0'; key++) {
		if (*key == '[')
			buf_putc(path, '\\');
		buf_putc(path, *key);
	}
}

void
keypath_add_index(struct buf *path, size_t i)
{
	buf_printf(path, "[%zu]", i);
}
