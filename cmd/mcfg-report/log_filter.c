/*
 * Filters for log lines as they are written: between a server and
 * log/mcfg.log, and between lighttpd and log/access.log.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "overview.h"
#include "web/web.h"

enum {
	READ = 64 * 1024,	/* bytes that are read at once */
	LINE_KEPT = 256 * 1024,	/* of an access log; a longer line is dropped */
};

/*
 * Filters the next len bytes and appends the result to out; kept is the state
 * between two calls.
 */
typedef void adder(const char *p, size_t len, struct buf *kept,
    struct buf *out);

/* ---- the time before each line ---- */

/* kept has one byte while a line is incomplete. */
static void
add_lines(const char *p, size_t len, struct buf *kept, struct buf *out)
{
	char now[CLOCK_TEXT];
	const char *end;
	size_t n;

	clock_format(clock_now(), now);
	for (; len > 0; p += n, len -= n) {
		if (kept->len == 0)
			buf_printf(out, "time=%s ", now);
		end = memchr(p, '\n', len);
		n = end != NULL ? (size_t)(end - p) + 1 : len;
		buf_add(out, p, n);
		buf_cut(kept, 0);
		if (end == NULL)
			buf_putc(kept, ' ');
	}
}

/* ---- an access log without tokens of invitations ---- */

/*
 * The path is after the time and the method, and ends at the last quote: a
 * quote in a user's name is escaped with a backslash.  Nothing of an escaped
 * path is written, since it may hide a token.
 */
static void
add_access(const char *line, struct buf *out)
{
	const char *path, *end, *rest, *escape;
	size_t len;

	if ((path = strstr(line, "] \"")) == NULL ||
	    (path = strchr(path + strlen("] \""), ' ')) == NULL ||
	    (end = strrchr(++path, '"')) == NULL)
		return;
	buf_add(out, line, (size_t)(path - line));
	len = web_loggable(path, (size_t)(end - path), &rest);
	escape = memchr(path, '%', len);
	if (escape != NULL)
		len = (size_t)(escape - path);
	buf_add(out, path, len);
	buf_puts(out, escape != NULL ? "%-" : rest);
	buf_printf(out, "%s\n", end);
}

/* kept has the incomplete line: only at its end is it clear what is a token. */
static void
add_accesses(const char *p, size_t len, struct buf *kept, struct buf *out)
{
	const char *end;

	for (; (end = memchr(p, '\n', len)) != NULL;
	    len -= (size_t)(end - p) + 1, p = end + 1) {
		buf_add(kept, p, (size_t)(end - p));
		if (kept->len <= LINE_KEPT)
			add_access(buf_str(kept), out);
		buf_cut(kept, 0);
	}
	if (kept->len <= LINE_KEPT)
		buf_add(kept, p, len);
}

/* ---- the filter ---- */

/*
 * Writes everything at once.  What cannot be written is dropped rather than
 * waited for: no request may fail because of its line in the log.
 */
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

/*
 * The filter ends when its last writer ends, not by a signal to the whole
 * server.
 */
static void
outlive_signals(void)
{
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
}

static enum status
copy(adder *add, struct buf *kept)
{
	enum status st = OK;
	char text[READ];
	ssize_t n;

	outlive_signals();
	while ((n = read(STDIN_FILENO, text, sizeof text)) != 0) {
		auto_buf out = BUF_INIT;

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return fail_errno(FAULT, "stdin: cannot read");
		add(text, (size_t)n, kept, &out);
		if (put(&out) != OK)
			st = FAULT;
	}
	return st;
}

static enum status
finish(enum status st)
{
	return st == OK ? OK : fail(FAULT, "stdout: cannot write");
}

enum status
add_times(void)
{
	auto_buf kept = BUF_INIT;
	enum status st = copy(add_lines, &kept);

	if (kept.len > 0 && write(STDOUT_FILENO, "\n", 1) != 1)
		st = FAULT;
	return finish(st);
}

enum status
hide_tokens(void)
{
	auto_buf kept = BUF_SECRET;

	return finish(copy(add_accesses, &kept));
}
