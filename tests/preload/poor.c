/*
 * poor.so: makes a system poorer, for code that rarely runs elsewhere.
 * LD_PRELOAD it, with MCFG_POOR listing what is missing, separated by blanks:
 *
 * tmpfile	open(2) with O_TMPFILE fails with EOPNOTSUPP
 * proc		linkat(2) of a path in /proc fails with ENOENT
 * close	close(2) of a file that is open for writing fails with EIO
 * rename	rename(2) fails with EXDEV
 * memory=N	allocations of more than N bytes fail
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static const char *
lacks(const char *what)
{
	const char *list = getenv("MCFG_POOR");

	return list != NULL ? strstr(list, what) : NULL;
}

/* For open() and open64(), which programs with large files call. */
static int
poor_open(int (*call)(const char *, int, ...), const char *path, int flags,
    va_list ap)
{
	mode_t mode = 0;

	if ((flags & O_TMPFILE) == O_TMPFILE && lacks("tmpfile")) {
		errno = EOPNOTSUPP;
		return -1;
	}
	if ((flags & (O_CREAT | O_TMPFILE)) != 0)
		mode = va_arg(ap, mode_t);
	return call(path, flags, mode);
}

int
open(const char *path, int flags, ...)
{
	va_list ap;
	int fd;

	va_start(ap, flags);
	fd = poor_open(REAL(open), path, flags, ap);
	va_end(ap);
	return fd;
}

int
open64(const char *path, int flags, ...)
{
	va_list ap;
	int fd;

	va_start(ap, flags);
	fd = poor_open(REAL(open64), path, flags, ap);
	va_end(ap);
	return fd;
}

int
linkat(int from, const char *path, int to, const char *name, int flags)
{
	if (strncmp(path, "/proc/", 6) == 0 && lacks("proc")) {
		errno = ENOENT;
		return -1;
	}
	return REAL(linkat)(from, path, to, name, flags);
}

int
rename(const char *from, const char *to)
{
	if (lacks("rename")) {
		errno = EXDEV;
		return -1;
	}
	return REAL(rename)(from, to);
}

int
close(int fd)
{
	struct stat st;
	int how = fcntl(fd, F_GETFL), closed;

	if (!lacks("close") || how == -1 || (how & O_ACCMODE) == O_RDONLY ||
	    fstat(fd, &st) == -1 || !S_ISREG(st.st_mode))
		return REAL(close)(fd);
	closed = REAL(close)(fd);
	errno = EIO;
	return closed == 0 ? -1 : closed;
}

#ifdef __GLIBC__
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);

static bool
too_much(size_t size)
{
	const char *limit = lacks("memory=");

	if (limit == NULL || size <= strtoul(limit + 7, NULL, 10))
		return false;
	errno = ENOMEM;
	return true;
}

void *
malloc(size_t size)
{
	return too_much(size) ? NULL : __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	return too_much(n * size) ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t size)
{
	return too_much(size) ? NULL : __libc_realloc(p, size);
}
#endif
