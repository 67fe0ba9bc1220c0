/* Opens files that a document names: only regular files below a folder. */
#include "sys/local.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The part of path after folder, both as from realpath(): "" for the folder
 * itself, NULL for a path outside.
 */
static const char *
rest_of(const char *folder, const char *path)
{
	size_t n = strlen(folder);

	if (n == 1)			/* "/" */
		return path + 1;
	if (strncmp(folder, path, n) != 0)
		return NULL;
	return path[n] == '/' ? path + n + 1 : path[n] == '\0' ? "" : NULL;
}

/* True for errors that the path itself may cause, not the disk or memory. */
static bool
is_of_path(int error)
{
	return error == ENOENT || error == ENOTDIR || error == EACCES ||
	    error == ELOOP || error == ENAMETOOLONG;
}

/*
 * The real path of the longest part of path that exists; NULL with errno if
 * that cannot be found out.  *whole is false if that is not all of it;
 * *dangles is true if the next part is a link, as it must not show whether its
 * target exists.
 */
static char *
nearest(const char *path, bool *whole, bool *dangles)
{
	auto_char *part = xstrdup(path);
	char *real, *slash;
	struct stat sb;
	bool seen;

	*dangles = false;
	for (*whole = true; (real = realpath(part, NULL)) == NULL;
	    *whole = false) {
		if (!is_of_path(errno))
			return NULL;
		seen = lstat(part, &sb) == 0;
		if (!seen && !is_of_path(errno))
			return NULL;
		if (seen && S_ISLNK(sb.st_mode))
			*dangles = true;
		slash = strrchr(part, '/');
		if (slash == NULL || slash == part)
			return realpath(slash == part ? "/" : ".", NULL);
		*slash = '\0';
	}
	return real;
}

static enum status
open_file(int folder, const char *name, struct problem *why, int *fd)
{
	struct stat sb;

	/*
	 * Just opening a device may have an effect, so its type is checked
	 * first.
	 */
	if (fstatat(folder, name, &sb, AT_SYMLINK_NOFOLLOW) == -1)
		return problem_errno(why, FAULT, "cannot open");
	if (!S_ISREG(sb.st_mode))
		return problem_set(why, REFUSED, "not a regular file");
	*fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_NOCTTY | O_CLOEXEC);
	if (*fd == -1)
		return problem_errno(why, FAULT, "cannot open");
	if (fstat(*fd, &sb) == 0 && S_ISREG(sb.st_mode))
		return OK;
	close(*fd);
	return problem_set(why, REFUSED, "not a regular file");
}

/*
 * Goes down from folder, one name at a time, so that the file that is opened
 * is the one that was checked.
 */
static enum status
open_steps(const char *folder, const char *steps, struct problem *why,
    int *fd)
{
	static const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC;
	auto_char *names = xstrdup(steps);
	char *name = names, *slash;
	int at = open(folder, flags), below;
	enum status st;

	for (; at != -1 && (slash = strchr(name, '/')) != NULL;
	    name = slash + 1) {
		*slash = '\0';
		below = openat(at, name, flags);
		close(at);
		at = below;
	}
	if (at == -1)
		return problem_errno(why, FAULT, "cannot open");
	st = open_file(at, name, why, fd);
	close(at);
	return st;
}

/*
 * Finds the first of the folders that contains real; returns its real path,
 * and the rest of real.
 */
static enum status
find_folder(const char *real, const char *path, const struct strings *folders,
    struct problem *why, char **folder, const char **rest)
{
	size_t i;

	for (i = 0; i < folders->n; i++) {
		auto_char *top = realpath(folders->v[i], NULL);

		why->name = top == NULL ? NULL : path;
		if (top == NULL)
			return problem_errno(why, FAULT, "%s: cannot open the "
			    "folder", folders->v[i]);
		if ((*rest = rest_of(top, real)) != NULL) {
			*folder = STEAL(top);
			return OK;
		}
	}
	return problem_set(why, REFUSED, "outside of %s (--files DIR allows "
	    "another folder)", folders->v[0]);
}

/*
 * A document may not include git's own files: in many CI jobs, .git/config has
 * a password for the server.
 */
static bool
is_of_git(const char *rest)
{
	size_t n;

	for (; *rest != '\0'; rest += n + (rest[n] == '/' ? 1 : 0)) {
		n = strcspn(rest, "/");
		if (n == 4 && strncasecmp(rest, ".git", n) == 0)
			return true;
	}
	return false;
}

enum status
io_read_below(const struct strings *folders, const char *path, size_t max,
    struct problem *why, struct buf *out)
{
	bool whole, dangles;
	auto_char *real = nearest(path, &whole, &dangles), *folder = NULL;
	const char *rest = NULL;
	enum status st;
	int fd = -1;

	why->name = path;
	if (real == NULL)
		return problem_errno(why, FAULT, "cannot open");
	if ((st = find_folder(real, path, folders, why, &folder,
	    &rest)) != OK)
		return st;
	if (is_of_git(rest))
		return problem_set(why, REFUSED, "not read, it is below a "
		    ".git folder");
	if (dangles)
		return problem_set(why, REFUSED, "a link that leads outside, "
		    "or nowhere");
	if (!whole) {
		errno = ENOENT;
		return problem_errno(why, FAULT, "cannot open");
	}
	if (*rest == '\0')
		return problem_set(why, REFUSED, "not a regular file");
	if ((st = open_steps(folder, rest, why, &fd)) != OK)
		return st;
	st = io_slurp_fd(fd, max, why, out);
	close(fd);
	return st;
}

enum status
io_slurp_regular(const char *path, size_t max, struct buf *out)
{
	struct problem why = { .name = path };
	struct stat sb;
	enum status st;
	int fd;

	if (stat(path, &sb) == -1)
		return fail_errno(FAULT, "%s: cannot open", path);
	if (!S_ISREG(sb.st_mode))
		return fail(REFUSED, "%s: not a regular file", path);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1)
		return fail_errno(FAULT, "%s: cannot open", path);
	if (fstat(fd, &sb) == -1 || !S_ISREG(sb.st_mode))
		st = problem_set(&why, REFUSED, "not a regular file");
	else
		st = io_slurp_fd(fd, max, &why, out);
	close(fd);
	return st == OK ? OK : problem_print(&why);
}
