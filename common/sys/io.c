#include "base/ber.h"
#include "base/words.h"
#include "sys/local.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 16 << 10 };

static bool
is_std(const char *path)
{
	return path == NULL || strcmp(path, "-") == 0;
}

const char *
io_name(const char *path)
{
	return is_std(path) ? "stdin" : path;
}

/* Decimal digits and nothing else; false also where it is over max. */
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

/* Reads until want bytes are there or the input ends. */
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

static enum status
slurp_length(int fd, const char *length, size_t max, struct problem *why,
    struct buf *out)
{
	size_t want = 0;
	enum status st;

	if (!parse_size(length, max, &want))
		return problem_set(why, MALFORMED, "--length %s: not a number "
		    "from 0 to %zu", length, max);
	if ((st = read_upto(fd, want, why, out)) != OK)
		return st;
	if (out->len < want)
		return problem_set(why, MALFORMED, "ends after %zu of %zu "
		    "bytes", out->len, want);
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

/* The caller closes *fd, unless it is that of standard input. */
static enum status
open_input(const char *path, struct problem *why, int *fd)
{
	int given;

	if (is_std(path)) {
		*fd = STDIN_FILENO;
		return OK;
	}
	if (io_parse_fd(path, &given)) {
		/* The shell's descriptor remains the shell's. */
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

/* What cannot be skipped is read in pieces, of which the last two stay. */
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
		/* A device has no end of which there could be a tail. */
		st = io_slurp_fd(fd, max, &why, out);
	else
		st = tail_pipe(fd, max, &why, out, cut);
	if (fd != STDIN_FILENO)
		close(fd);
	return st == OK ? OK : problem_print(&why);
}

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

bool
io_is_missing(void)
{
	return errno == ENOENT || errno == ENOTDIR;
}

/* Through a symbolic link, as a shell's redirection would write. */
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
		return fail_errno(FAULT,
		    "%s: cannot check whether it exists", path);
	if (found && !S_ISREG(sb.st_mode))
		return write_special(path, b);
	return io_replace(path, is_private, b);
}

/* Files that io_side() wrote, and the process that did. */
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

/* All that memory is needed for, before there is a file. */
static char *
room_for_side(void)
{
	/* The process may end where memory is short, far from here. */
	if (sides_of == 0)
		atexit(take_back);
	sides_of = getpid();
	sides.v = xreallocarray(sides.v, sides.n + 1, sizeof *sides.v);
	return xmalloc(PATH_MAX);
}

/* Of pipes and devices nothing can be taken back.  Takes real. */
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
	if (is_std(out->path))
		st = io_write_all(STDOUT_FILENO, "stdout", b->data, b->len);
	else
		st = write_path(out->path, out->is_private, b);
	if (st != OK)
		return take_back_sides(st);
	detail("%s: written, %zu bytes", is_std(out->path) ? "stdout" :
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

char *
io_join(const char *dir, const char *name)
{
	size_t n = strlen(dir);

	return xasprintf("%s%s%s", dir, n > 0 && dir[n - 1] == '/' ? "" : "/",
	    name);
}

char *
io_inside(const char *dir, const char *name)
{
	return strcmp(dir, ".") == 0 ? xstrdup(name) : io_join(dir, name);
}

enum status
io_find_inside(const char *dir, const char *name, char **path)
{
	auto_char *at = io_inside(dir, name);
	bool exists;
	enum status st;

	if ((st = io_exists(at, &exists)) == OK)
		*path = exists ? STEAL(at) : NULL;
	return st;
}

char *
io_real(const char *path)
{
	char *real = realpath(path, NULL);

	return real != NULL ? real : xstrdup(path);
}

char *
io_beside(const char *path, const char *name)
{
	const char *slash;

	if (name[0] == '/' || is_std(path) ||
	    (slash = strrchr(path, '/')) == NULL)
		return xstrdup(name);
	return xasprintf("%.*s/%s", (int)(slash - path), path, name);
}

enum status
io_exists(const char *path, bool *exists)
{
	struct stat sb;

	*exists = lstat(path, &sb) == 0;
	if (!*exists && !io_is_missing())
		return fail_errno(FAULT,
		    "%s: cannot check whether it exists", path);
	return OK;
}

enum status
io_is_dir(const char *path, bool *is)
{
	struct stat sb;
	bool found = stat(path, &sb) == 0;

	if (!found && !io_is_missing())
		return fail_errno(FAULT,
		    "%s: cannot check whether it exists", path);
	*is = found && S_ISDIR(sb.st_mode);
	return OK;
}

enum status
io_is_file(const char *path, bool *is)
{
	struct stat sb;
	bool found = stat(path, &sb) == 0;

	if (!found && !io_is_missing())
		return fail_errno(FAULT,
		    "%s: cannot check whether it exists", path);
	*is = found && S_ISREG(sb.st_mode);
	return OK;
}

enum status
io_make_dir(const char *path)
{
	bool is = false;
	int why;
	enum status st;

	if ((st = io_check_links(path)) != OK)
		return st;
	if (mkdir(path, 0700) == 0)
		return OK;
	why = errno;
	if (why == EEXIST && ((st = io_is_dir(path, &is)) != OK || is))
		return st;
	errno = why;
	return fail_errno(FAULT, "%s: cannot make the folder", path);
}

void
io_names_free(struct io_names *l)
{
	mem_free_all(l->v, l->n);
	l->v = NULL;
	l->n = 0;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

enum status
io_list_dir(const char *path, const char *suffix, struct io_names *out)
{
	struct dirent *e;
	DIR *dir;
	int why;

	if ((dir = opendir(path)) == NULL)
		return fail_errno(FAULT, "%s: cannot open the folder", path);
	/* It returns NULL at the end, and if it fails. */
	while (errno = 0, (e = readdir(dir)) != NULL)
		if (words_end_in(e->d_name, suffix))
			*GROW(out->v, out->n) = xstrdup(e->d_name);
	why = errno;
	closedir(dir);
	errno = why;
	if (why != 0)
		return fail_errno(FAULT, "%s: cannot read the folder", path);
	if (out->n > 1)
		qsort(out->v, out->n, sizeof *out->v, compare_names);
	return OK;
}

void
io_prepare(void)
{
	/* The wrong way round: to read or write it must fail. */
	static const int ways[] = { O_WRONLY, O_RDONLY, O_RDONLY };
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) == -1 &&
		    open("/dev/null", ways[fd]) == -1)
			return;
	signal(SIGXFSZ, SIG_IGN);
}

bool
io_is_terminal(const struct io_output *out)
{
	return is_std(out->path) && isatty(STDOUT_FILENO) == 1;
}
