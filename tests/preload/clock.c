/*
 * clock.so: sets the time for a test.  LD_PRELOAD it, with MCFG_CLOCK naming a
 * file of eight bytes: the seconds since 1970, in native byte order.  The file
 * may change while the process runs.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *
now(void)
{
	static void *page;
	const char *path = getenv("MCFG_CLOCK");
	int fd;

	if (page != NULL || path == NULL)
		return page;
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1 ||
	    (page = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd,
	    0)) == MAP_FAILED) {
		fprintf(stderr, "clock: cannot read %s\n", path);
		abort();
	}
	close(fd);
	return page;
}

/* Only the real time is set; other clocks run as usual. */
int
clock_gettime(clockid_t id, struct timespec *t)
{
	static int (*call)(clockid_t, struct timespec *);
	const volatile int64_t *said = id == CLOCK_REALTIME ? now() : NULL;

	if (said != NULL) {
		*t = (struct timespec){ .tv_sec = (time_t)*said };
		return 0;
	}
	if (call == NULL)
		call = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT,
		    "clock_gettime");
	return call(id, t);
}

time_t
time(time_t *out)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	if (out != NULL)
		*out = t.tv_sec;
	return t.tv_sec;
}

int
gettimeofday(struct timeval *t, void *zone)
{
	struct timespec at;

	(void)zone;
	clock_gettime(CLOCK_REALTIME, &at);
	*t = (struct timeval){ .tv_sec = at.tv_sec,
	    .tv_usec = at.tv_nsec / 1000 };
	return 0;
}
