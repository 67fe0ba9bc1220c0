/* Inputs, read whole up to a limit. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/local.h"

enum { CHUNK = 16 << 10 };

/* Decimal digits only; false also if the number is above max. */
static bool
parse_size(const char *text, size_t max, size_t *out)
{
	size_t v = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		v = v * 10 + (size_t)(*text - '0');
		if (v > max)
			return false;
	}
	*out = v;
	return true;
}

/* Reads until there are want bytes or the input ends. */
static enum status
read_upto(int fd, size_t want, struct problem *why, struct buf *out)
{
	while (out->len < want) {
		size_t room = want - out->len;
		ssize_t n;

		if (room > CHUNK && out->len < CHUNK)
			room = CHUNK;
		else if (room > out->len && out->len >= CHUNK)
			room = out->len;
		n = read(fd, buf_reserve(out, room), room);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return problem_errno(why, FAULT, "cannot read");
		if (n == 0)
			break;
		buf_end(out, (size_t)n);
	}
	return OK;
}

enum status
io_slurp_fd(int fd, size_t max, struct problem *why, struct buf *out)
{
	enum status st;

	if ((st = read_upto(fd, max + 1, why, out)) != OK)
		return st;
	if (out->len > max)
		return problem_set(why, MALFORMED, "larger than the limit of "
		    "%zu bytes", max);
	return OK;
}

enum status
io_ends_early(struct problem *why, size_t len, size_t want)
{
	return problem_set(why, MALFORMED, "ends after %zu of %zu bytes", len,
	    want);
}

static enum status
slurp_length(int fd, const char *length, size_t max, struct problem *why,
    struct buf *out)
{
	size_t want = 0;
	enum status st;

	if (!parse_size(length, max, &want))
		return problem_set(why, MALFORMED, "--length %s: larger than "
		    "the limit of %zu bytes", length, max);
	if ((st = read_upto(fd, want, why, out)) != OK)
		return st;
	if (out->len < want)
		return io_ends_early(why, out->len, want);
	return OK;
}

bool
io_parse_fd(const char *text, int *fd)
{
	size_t n;

	if (strncmp(text, "fd:", 3) != 0 ||
	    !parse_size(text + 3, IO_FD_MAX, &n))
		return false;
	*fd = (int)n;
	return true;
}

/* The caller closes *fd, unless it is standard input. */
static enum status
open_input(const char *path, struct problem *why, int *fd)
{
	int given;

	if (io_is_std(path)) {
		*fd = STDIN_FILENO;
		return OK;
	}
	if (io_parse_fd(path, &given)) {
		/* The shell's own descriptor stays open. */
		*fd = fcntl(given, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		return *fd != -1 ? OK : problem_errno(why, FAULT, "not open "
		    "for reading");
	}
	return io_open(path, false, why, fd);
}

enum status
io_read(const struct io_input *in, size_t max, struct problem *why,
    struct buf *out)
{
	enum status st;
	int fd;

	why->name = io_name(in->path);
	if ((st = open_input(in->path, why, &fd)) != OK)
		return st;
	if (in->length != NULL)
		st = slurp_length(fd, in->length, max, why, out);
	else
		st = io_slurp_fd(fd, max, why, out);
	if (fd != STDIN_FILENO)
		close(fd);
	if (st == OK)
		detail("%s: read, %zu bytes", why->name, out->len);
	return st;
}

enum status
io_slurp(const struct io_input *in, size_t max, struct buf *out)
{
	struct problem why = { .st = OK };

	return io_read(in, max, &why, out) == OK ? OK : problem_print(&why);
}

enum status
io_slurp_file(const char *path, size_t max, struct buf *out)
{
	const struct io_input in = { path, NULL };

	return io_slurp(&in, max, out);
}

/* Input that cannot seek is read in blocks, of which the last two are kept. */
static enum status
tail_pipe(int fd, size_t max, struct problem *why, struct buf *out, bool *cut)
{
	auto_buf piece = BUF_INIT;
	size_t keep;
	enum status st;

	do {
		buf_cut(&piece, 0);
		if ((st = read_upto(fd, max, why, &piece)) != OK)
			return st;
		if (piece.len > 0 && out->len > 0) {
			keep = max - piece.len;
			if (keep < out->len) {
				memmove(out->data, out->data + out->len - keep,
				    keep);
				buf_cut(out, keep);
				*cut = true;
			}
		}
		buf_add_buf(out, &piece);
	} while (piece.len == max);
	return OK;
}

enum status
io_tail(const char *path, size_t max, struct buf *out, bool *cut)
{
	struct problem why = { .name = io_name(path) };
	struct stat sb;
	enum status st;
	int fd;

	*cut = false;
	if (open_input(path, &why, &fd) != OK)
		return problem_print(&why);
	if (fstat(fd, &sb) == 0 && S_ISREG(sb.st_mode) &&
	    sb.st_size > (off_t)max &&
	    lseek(fd, sb.st_size - (off_t)max, SEEK_SET) != -1)
		*cut = true;
	if (*cut)
		st = read_upto(fd, max, &why, out);
	else if (fstat(fd, &sb) == 0 && S_ISCHR(sb.st_mode))
		/* A device has no end. */
		st = io_slurp_fd(fd, max, &why, out);
	else
		st = tail_pipe(fd, max, &why, out, cut);
	if (fd != STDIN_FILENO)
		close(fd);
	return st == OK ? OK : problem_print(&why);
}

void
io_prepare(void)
{
	/* Opened in the wrong direction, so that reading or writing fails. */
	static const int ways[] = { O_WRONLY, O_RDONLY, O_RDONLY };
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) == -1 &&
		    open("/dev/null", ways[fd]) == -1)
			return;
	signal(SIGXFSZ, SIG_IGN);
}
