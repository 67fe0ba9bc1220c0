/*
 * unit_child SECONDS BYTES PROGRAM [ARGUMENT...]: runs it with BYTES bytes of
 * standard input, and prints how it ended and the size of its output.  If BYTES
 * is "-", there is no input, and the output goes to /dev/null.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/child.h"

static const char *const ends[] = {
	[CHILD_EXITED] = "exited",
	[CHILD_SIGNALED] = "signaled",
	[CHILD_TOO_LONG] = "too-long",
	[CHILD_TOO_MUCH] = "too-much",
};

int
main(int argc, char **argv)
{
	static const char *const variables[] = { "MARK=x", NULL };
	auto_buf in = BUF_INIT, out = BUF_INIT;
	struct child_result r;
	struct child c = { .variables = variables };
	bool quiet;
	size_t n;

	if (argc < 4)
		return USAGE;
	signal(SIGPIPE, SIG_IGN);
	quiet = strcmp(argv[2], "-") == 0;
	for (n = quiet ? 0 : strtoul(argv[2], NULL, 10); n > 0; n--)
		buf_putc(&in, 'x');
	c.seconds = (int)strtol(argv[1], NULL, 10);
	c.path = argv[3];
	c.arguments = (const char *const *)(uintptr_t)(argv + 4);
	c.input = &in;
	if (child_run(&c, quiet ? NULL : &out, &r) != OK)
		return FAULT;
	printf("%s %d %zu\n", ends[r.end], r.code, out.len);
	fwrite(out.data, 1, out.len, stdout);
	return OK;
}
