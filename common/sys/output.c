/* Outputs: written whole after the verdict, or taken back. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ber.h"
#include "sys/local.h"

enum status
io_write_all(int fd, const char *name, const void *data, size_t len)
{
	const unsigned char *p = data;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return fail_errno(FAULT, "%s: cannot write", name);
		p += n;
		len -= (size_t)n;
	}
	return OK;
}

/* Pipes and devices are written to, never replaced. */
static enum status
write_special(const char *path, const struct buf *b)
{
	struct problem why = { .name = path };
	enum status st;
	int fd;

	if (io_open(path, true, &why, &fd) != OK)
		return problem_print(&why);
	st = io_write_all(fd, path, b->data, b->len);
	if (close(fd) == -1 && st == OK)
		st = fail_errno(FAULT, "%s: cannot write", path);
	return st;
}

/*
 * Follows a symbolic link to a file that exists.  One that leads nowhere is
 * replaced, like what does not exist; a shell's redirection would create the
 * file.
 */
static enum status
write_path(const char *path, bool is_private, const struct buf *b)
{
	auto_char *real = NULL;
	struct stat sb;
	enum status st;
	bool found;

	if ((st = io_check_links(path)) != OK)
		return st;
	found = lstat(path, &sb) == 0;
	if (found && S_ISLNK(sb.st_mode)) {
		if ((real = realpath(path, NULL)) != NULL)
			path = real;
		found = (real != NULL || io_is_missing()) &&
		    stat(path, &sb) == 0;
	}
	if (!found && !io_is_missing())
		return io_cannot_look(path);
	if (found && !S_ISREG(sb.st_mode))
		return write_special(path, b);
	return io_replace(path, is_private, b);
}

/* Files written by io_side(), and the process that wrote them. */
static struct io_names sides = IO_NAMES_INIT;
static pid_t sides_of;

static void
take_back(void)
{
	size_t i;

	if (getpid() != sides_of)
		return;
	for (i = 0; i < sides.n; i++)
		unlink(sides.v[i]);
	io_names_free(&sides);
}

/* Allocates everything before a file exists. */
static char *
room_for_side(void)
{
	/* The process may run out of memory and end anywhere. */
	if (sides_of == 0)
		atexit(take_back);
	sides_of = getpid();
	sides.v = xreallocarray(sides.v, sides.n + 1, sizeof *sides.v);
	return xmalloc(PATH_MAX);
}

/* Pipes and devices cannot be taken back.  Takes ownership of real. */
static void
remember_side(const char *dest, char *real)
{
	struct stat sb;

	if (stat(dest, &sb) == -1 || !S_ISREG(sb.st_mode) ||
	    realpath(dest, real) == NULL)
		free(real);
	else
		sides.v[sides.n++] = real;
}

static enum status
take_back_sides(enum status st)
{
	take_back();
	return st;
}

void
io_keep_sides(void)
{
	io_names_free(&sides);
}

enum status
io_spill(const struct io_output *out, const struct buf *b)
{
	auto_buf whole = { NULL, 0, 0, b->secret };
	enum status st;

	if (io_is_terminal(out) && ber_looks_binary(b, 0))
		return take_back_sides(fail(USAGE, "binary DER would go to the "
		    "terminal: use -o FILE, > FILE or, if there is that "
		    "option, --pem"));
	if (out->http != NULL) {
		buf_printf(&whole, "Content-Type: %s\r\nContent-Length: %zu\r\n"
		    "\r\n", out->http, b->len);
		buf_add_buf(&whole, b);
		b = &whole;
	}
	if (io_is_std(out->path))
		st = io_write_all(STDOUT_FILENO, "stdout", b->data, b->len);
	else
		st = write_path(out->path, out->is_private, b);
	if (st != OK)
		return take_back_sides(st);
	detail("%s: written, %zu bytes", io_is_std(out->path) ? "stdout" :
	    out->path, b->len);
	return OK;
}

enum status
io_hand_over(const struct io_output *out, const struct buf *b,
    mem_undoer *undo, void *arg)
{
	struct problem unsaid = { .st = OK };
	enum status st;

	mem_undo(undo, arg);
	st = io_spill(out, b);
	mem_undo(NULL, NULL);
	if (st == OK)
		return OK;
	problem_keep(&unsaid);
	if (undo(arg) != OK)
		st = FAULT;
	problem_release(&unsaid);
	return st;
}

enum status
io_side(const char *dest, bool is_private, const struct buf *b)
{
	enum status st;
	char *real;
	int fd;

	if (strncmp(dest, "fd:", 3) != 0) {
		real = room_for_side();
		if ((st = write_path(dest, is_private, b)) == OK)
			remember_side(dest, real);
		else
			free(real);
	} else if (!io_parse_fd(dest, &fd)) {
		st = fail(USAGE, "%s: not a descriptor", dest);
	} else {
		st = io_write_all(fd, dest, b->data, b->len);
	}
	if (st != OK)
		return take_back_sides(st);
	detail("%s: written, %zu bytes", dest, b->len);
	return OK;
}

bool
io_is_terminal(const struct io_output *out)
{
	return io_is_std(out->path) && isatty(STDOUT_FILENO) == 1;
}
