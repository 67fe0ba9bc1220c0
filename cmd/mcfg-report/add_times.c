/*
 * What programs say, as it comes, with the time before each line: the filter
 * between a server's standard error and log/mcfg.log.
 */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/clock.h"
#include "overview.h"

enum {
	READ = 64 * 1024,	/* bytes that are taken at once */
};

/* Adds len bytes to out; *begun: a line is begun; it is kept. */
static void
add_lines(const char *p, size_t len, bool *begun, struct buf *out)
{
	char now[CLOCK_TEXT];
	const char *end;
	size_t n;

	clock_format(clock_now(), now);
	for (; len > 0; p += n, len -= n) {
		if (!*begun)
			buf_printf(out, "time=%s ", now);
		end = memchr(p, '\n', len);
		n = end != NULL ? (size_t)(end - p) + 1 : len;
		buf_add(out, p, n);
		*begun = end == NULL;
	}
}

/* Everything goes out at once; what cannot be written is lost, not waited for:
 * nobody's request may fail for its line in a log. */
static enum status
put(const struct buf *out)
{
	const unsigned char *p = out->data;
	size_t len = out->len;
	ssize_t n;

	for (; len > 0; p += n, len -= (size_t)n) {
		n = write(STDOUT_FILENO, p, len);
		if (n == -1 && errno == EINTR)
			n = 0;
		if (n == -1)
			return FAULT;
	}
	return OK;
}

enum status
add_times(void)
{
	enum status st = OK;
	bool begun = false;
	char text[READ];
	ssize_t n;

	/* It ends with the last of those who write to it. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	while ((n = read(STDIN_FILENO, text, sizeof text)) != 0) {
		auto_buf out = BUF_INIT;

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return fail_errno(FAULT, "stdin: cannot read");
		add_lines(text, (size_t)n, &begun, &out);
		if (put(&out) != OK)
			st = FAULT;
	}
	if (begun && write(STDOUT_FILENO, "\n", 1) != 1)
		st = FAULT;
	return st == OK ? OK : fail(FAULT, "stdout: cannot write");
}
