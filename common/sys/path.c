/* Paths and folders: names, what exists, what is in a folder. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/words.h"
#include "sys/local.h"

bool
io_is_std(const char *path)
{
	return path == NULL || strcmp(path, "-") == 0;
}

const char *
io_name(const char *path)
{
	return io_is_std(path) ? "stdin" : path;
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

	if (name[0] == '/' || io_is_std(path) ||
	    (slash = strrchr(path, '/')) == NULL)
		return xstrdup(name);
	return xasprintf("%.*s/%s", (int)(slash - path), path, name);
}

bool
io_is_missing(void)
{
	return errno == ENOENT || errno == ENOTDIR;
}

enum status
io_cannot_look(const char *path)
{
	return fail_errno(FAULT, "%s: cannot check whether it exists", path);
}

enum status
io_exists(const char *path, bool *exists)
{
	struct stat sb;

	*exists = lstat(path, &sb) == 0;
	return *exists || io_is_missing() ? OK : io_cannot_look(path);
}

static enum status
is_of_type(const char *path, mode_t type, bool *is)
{
	struct stat sb;
	bool found = stat(path, &sb) == 0;

	if (!found && !io_is_missing())
		return io_cannot_look(path);
	*is = found && (sb.st_mode & S_IFMT) == type;
	return OK;
}

enum status
io_is_dir(const char *path, bool *is)
{
	return is_of_type(path, S_IFDIR, is);
}

enum status
io_is_file(const char *path, bool *is)
{
	return is_of_type(path, S_IFREG, is);
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
	/* NULL is returned at the end, and on failure. */
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
