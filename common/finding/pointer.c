/*
 * Places in a profile, kept as JSON pointers (RFC 6901).  An array index begins
 * with "~i", which no JSON pointer contains, because a key may be a number too.
 */
#include <stdlib.h>
#include <string.h>

#include "finding/finding.h"
#include "finding/keypath.h"

void
finding_path_key(struct buf *path, const char *key)
{
	buf_putc(path, '/');
	for (; *key != '\0'; key++)
		if (*key == '~')
			buf_puts(path, "~0");
		else if (*key == '/')
			buf_puts(path, "~1");
		else
			buf_putc(path, *key);
}

void
finding_path_index(struct buf *path, size_t i)
{
	buf_printf(path, "/~i%zu", i);
}

void
finding_path_pointer(const char *path, struct buf *out)
{
	for (; *path != '\0'; path++)
		if (path[0] == '~' && path[1] == 'i')
			path++;
		else
			buf_putc(out, *path);
}

static bool
is_index(const char *step)
{
	return strncmp(step, "/~i", 3) == 0;
}

/* Reads the key of a step; returns the beginning of the next one. */
static const char *
read_key(const char *step, struct buf *key)
{
	const char *p = step + 1;

	for (; *p != '/' && *p != '\0'; p++)
		if (*p == '~' && p[1] != '\0')
			buf_putc(key, *++p == '1' ? '/' : '~');
		else
			buf_putc(key, *p);
	return p;
}

void
finding_path_text(const char *path, struct buf *out)
{
	auto_buf text = BUF_INIT;

	if (*path == '\0')
		buf_puts(out, "profile");
	while (*path == '/') {
		auto_buf key = BUF_INIT;
		char *end;

		if (is_index(path)) {
			keypath_add_index(&text, strtoul(path + 3, &end, 10));
			path = end;
		} else {
			path = read_key(path, &key);
			keypath_add_key(&text, buf_str(&key));
		}
	}
	buf_add_buf(out, &text);
}

void
finding_path_name(const char *path, const char *payload, struct buf *out)
{
	static const char content[] = "/PayloadContent/~i";
	const size_t of_index = sizeof content - 1;
	size_t digits;

	if (strncmp(path, content, of_index) == 0) {
		digits = strcspn(path + of_index, "/");
		if (payload != NULL)
			buf_printf(out, "payload[%s]", payload);
		else
			buf_printf(out, "payload[%.*s]", (int)digits,
			    path + of_index);
		path += of_index + digits;
	} else
		buf_puts(out, "profile");
	while (*path == '/')
		if (is_index(path)) {
			digits = strcspn(path + 3, "/");
			buf_printf(out, "[%.*s]", (int)digits, path + 3);
			path += 3 + digits;
		} else {
			buf_putc(out, '.');
			path = read_key(path, out);
		}
}
