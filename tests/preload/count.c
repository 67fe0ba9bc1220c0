/*
 * count.so: lets one allocation fail, for faults.py.  LD_PRELOAD it;
 * allocations are counted from 1, beginning with main:
 *
 * MCFG_FAIL=N		allocation N fails
 * MCFG_END=N		the process ends with status 99 instead of allocation N
 * MCFG_FAIL_AT=FILE	the callers of the one that fails are written to FILE
 * MCFG_COUNT=FILE	for each allocation eight bytes are written to FILE: a
 *			hash of its callers
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DEPTH = 14, KEPT = 4096 };

#ifdef __GLIBC__
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static unsigned long count, fails, ends;
static int counts = -1;
static const char *place;
static uint64_t kept[KEPT];
static size_t n_kept;
static bool counting;

static void
flush(void)
{
	if (counts != -1 && n_kept > 0 && write(counts, kept,
	    n_kept * sizeof *kept) == -1)
		abort();
	n_kept = 0;
}

/* FNV-1a of the callers' addresses. */
static void
keep_callers(void)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	void *at[DEPTH];
	int i, n = backtrace(at, DEPTH);

	for (i = 2; i < n; i++)
		hash = (hash ^ (uint64_t)(uintptr_t)at[i]) *
		    UINT64_C(1099511628211);
	kept[n_kept++] = hash;
	if (n_kept == KEPT)
		flush();
}

static void
show_callers(void)
{
	int n, fd = open(place, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	void *at[DEPTH];

	if (fd == -1)
		return;
	n = backtrace(at, DEPTH);
	backtrace_symbols_fd(at, n, fd);
	close(fd);
}

/* True for the one that fails.  Allocations made here are not counted. */
static bool
is_short(void)
{
	bool now;

	if (!counting)
		return false;
	counting = false;
	count++;
	if (count == ends)
		_exit(99);
	if (counts != -1)
		keep_callers();
	now = count == fails;
	if (now && place != NULL)
		show_callers();
	if (now)
		errno = ENOMEM;
	counting = true;
	return now;
}

void *
malloc(size_t size)
{
	return is_short() ? NULL : __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	return is_short() ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t size)
{
	return is_short() ? NULL : __libc_realloc(p, size);
}

int
posix_memalign(void **p, size_t alignment, size_t size)
{
	if (is_short())
		return ENOMEM;
	*p = __libc_memalign(alignment, size);
	return *p != NULL ? 0 : ENOMEM;
}

static int (*real_main)(int, char **, char **);

static int
counted_main(int argc, char **argv, char **env)
{
	const char *fail = getenv("MCFG_FAIL"), *file = getenv("MCFG_COUNT");
	const char *end = getenv("MCFG_END");
	void *at[1];

	place = getenv("MCFG_FAIL_AT");
	fails = fail != NULL ? strtoul(fail, NULL, 10) : 0;
	ends = end != NULL ? strtoul(end, NULL, 10) : 0;
	if (file != NULL && (counts = open(file, O_WRONLY | O_CREAT | O_TRUNC |
	    O_CLOEXEC, 0600)) == -1)
		abort();
	/* The first call loads a library. */
	if (counts != -1 || place != NULL)
		(void)backtrace(at, 1);
	atexit(flush);
	counting = true;
	return real_main(argc, argv, env);
}

int __libc_start_main(int (*of_program)(int, char **, char **), int argc,
    char **argv, void (*init)(void), void (*fini)(void),
    void (*of_loader)(void), void *end);

int
__libc_start_main(int (*of_program)(int, char **, char **), int argc,
    char **argv, void (*init)(void), void (*fini)(void),
    void (*of_loader)(void), void *end)
{
	int (*start)(int (*)(int, char **, char **), int, char **,
	    void (*)(void), void (*)(void), void (*)(void), void *);

	*(void **)&start = dlsym(RTLD_NEXT, "__libc_start_main");
	real_main = of_program;
	return start(counted_main, argc, argv, init, fini, of_loader, end);
}
#endif
