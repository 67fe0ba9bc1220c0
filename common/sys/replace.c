/* Replaces files atomically, and syncs them to disk. */
#define _GNU_SOURCE	/* O_TMPFILE */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sys/local.h"

enum { NAMES_TRIED = 100 };

static enum status
fill(int fd, const char *path, bool is_private, const struct buf *b)
{
	mode_t mask = umask(077);

	umask(mask);
	if (!is_private && fchmod(fd, 0666 & ~mask) == -1)
		return fail_errno(FAULT, "%s: cannot set its mode", path);
	return io_write_all(fd, path, b->data, b->len);
}

#ifdef O_TMPFILE
/* Opens an unnamed file in the folder of path; -1 if that is not supported. */
static int
open_nameless(const char *path)
{
	const char *slash = strrchr(path, '/');
	auto_char *dir = slash == NULL ? xstrdup(".") :
	    xstrndup(path, (size_t)(slash - path) + 1);

	return open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
}

/*
 * Gives the file its name.  link() cannot replace an existing name, so in that
 * case the complete file gets a temporary name, and is renamed.
 */
static bool
give_name(int fd, const char *path)
{
	char self[64];
	int i;

	snprintf(self, sizeof self, "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, self, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0)
		return true;
	for (i = 0; i < NAMES_TRIED && errno == EEXIST; i++) {
		auto_char *tmp = xasprintf("%s.%ld-%d", path, (long)getpid(),
		    i);

		if (linkat(AT_FDCWD, self, AT_FDCWD, tmp,
		    AT_SYMLINK_FOLLOW) == -1)
			continue;
		if (rename(tmp, path) == 0)
			return true;
		i = errno;
		unlink(tmp);
		errno = i;
		return false;
	}
	return false;
}

/*
 * Some file systems report lost data only on close.  Any descriptor of the
 * file gets the error, so that the file is named only afterwards.
 */
static enum status
settle(int fd, const char *path)
{
	int copy = dup(fd);

	if (copy == -1 || close(copy) == -1)
		return fail_errno(FAULT, "%s: cannot write", path);
	return OK;
}

/* Returns false, and prints nothing, if this is not supported here. */
static bool
replace_nameless(const char *path, bool is_private, const struct buf *b,
    enum status *st)
{
	int fd = open_nameless(path);
	bool done = true;

	if (fd == -1)
		return false;
	if ((*st = fill(fd, path, is_private, b)) == OK &&
	    (*st = settle(fd, path)) == OK)
		done = give_name(fd, path);
	close(fd);
	return done;
}
#else
static bool
replace_nameless(const char *path, bool is_private, const struct buf *b,
    enum status *st)
{
	(void)path;
	(void)is_private;
	(void)b;
	(void)st;
	return false;
}
#endif

enum status
io_replace(const char *path, bool is_private, const struct buf *b)
{
	auto_char *tmp = xasprintf("%s.XXXXXX", path);
	enum status st = OK;
	int fd;

	if (replace_nameless(path, is_private, b, &st))
		return st;
	/*
	 * There are no unnamed files, no /proc, or the folder refuses: find
	 * out which.
	 */
	if ((fd = mkstemp(tmp)) == -1)
		return fail_errno(FAULT, "%s: cannot create beside it", path);
	st = fill(fd, path, is_private, b);
	if (close(fd) == -1 && st == OK)
		st = fail_errno(FAULT, "%s: cannot write", path);
	if (st == OK && rename(tmp, path) == -1)
		st = fail_errno(FAULT, "%s: cannot rename into place", path);
	if (st != OK)
		unlink(tmp);
	return st;
}

/* Some file systems have nothing to synchronise. */
static bool
flush(int fd)
{
	return fd != -1 && (fsync(fd) == 0 || errno == EINVAL ||
	    errno == ENOTSUP);
}

static enum status
sync_one(const char *path, int flags)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | flags);
	bool ok = flush(fd);
	enum status st = ok ? OK : fail_errno(FAULT, "%s: cannot be written "
	    "to the disk", path);

	if (fd != -1)
		close(fd);
	return st;
}

static enum status
sync_folder_of(const char *path)
{
	auto_char *dir = io_beside(path, ".");

	return sync_one(dir, O_DIRECTORY);
}

enum status
io_sync(const char *path)
{
	enum status st = sync_one(path, 0);

	return st == OK ? sync_folder_of(path) : st;
}

enum status
io_forget(const char *path)
{
	if (unlink(path) == -1 && errno != ENOENT)
		return fail_errno(FAULT, "%s: cannot be removed", path);
	return OK;
}
