/*
 * Where a finding is in its profile.  Inside it is a JSON pointer (RFC 6901)
 * whose array indexes begin with "~i", which no pointer has: a key may be a
 * number too.
 */
#include <string.h>

#include "finding/finding.h"

void
finding_path_pointer(const char *path, struct buf *out)
{
	for (; *path != '\0'; path++)
		if (path[0] == '~' && path[1] == 'i')
			path++;
		else
			buf_putc(out, *path);
}

/* The steps from p on; a bracket in a key is marked, if at all. */
static void
put_steps(const char *p, bool marks_brackets, struct buf *out)
{
	bool is_first = true;

	while (*p == '/') {
		p++;
		if (p[0] == '~' && p[1] == 'i') {
			buf_putc(out, '[');
			for (p += 2; *p != '/' && *p != '\0'; p++)
				buf_putc(out, *p);
			buf_putc(out, ']');
			is_first = false;
			continue;
		}
		if (!is_first)
			buf_putc(out, '.');
		is_first = false;
		for (; *p != '/' && *p != '\0'; p++) {
			char c = *p;

			if (c == '~' && p[1] != '\0')
				c = *++p == '1' ? '/' : '~';
			if (c == '[' && marks_brackets)
				buf_putc(out, '\\');
			buf_putc(out, c);
		}
	}
}

void
finding_path_text(const char *path, struct buf *out)
{
	if (*path == '\0')
		buf_puts(out, "profile");
	put_steps(path, true, out);
}

void
finding_path_name(const char *path, struct buf *out)
{
	static const char content[] = "/PayloadContent/~i";
	const char *p = path;

	if (strncmp(path, content, sizeof content - 1) == 0) {
		buf_puts(out, "payload");
		p += sizeof "/PayloadContent" - 1;
		buf_putc(out, '[');
		for (p += 3; *p != '/' && *p != '\0'; p++)
			buf_putc(out, *p);
		buf_putc(out, ']');
	} else {
		buf_puts(out, "profile");
	}
	if (*p != '\0')
		buf_putc(out, '.');
	/* An index never follows "profile" or a payload. */
	put_steps(p, false, out);
}
