/* Opens named pipes and devices without waiting forever for the other end. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "sys/local.h"

enum {
	PATIENCE = 1000000,	/* us to wait for the other end */
	TICK = 50000,		/* us between two checks of the clock */
};

/* open(2) waits for the other end; a signal interrupts it. */
static void
tick(int sig)
{
	(void)sig;
}

/* The signal repeats, since the first one could come before open() waits. */
static int
open_waiting(const char *path, int how)
{
	const struct itimerval on = { { 0, TICK }, { 0, TICK } };
	const struct itimerval off = { { 0, 0 }, { 0, 0 } };
	struct sigaction ours = { .sa_handler = tick }, before;
	int64_t end = clock_monotonic() + PATIENCE;
	int fd, why;

	sigemptyset(&ours.sa_mask);
	sigaction(SIGALRM, &ours, &before);
	setitimer(ITIMER_REAL, &on, NULL);
	do
		fd = open(path, how);
	while (fd == -1 && errno == EINTR && clock_monotonic() < end);
	why = errno;
	setitimer(ITIMER_REAL, &off, NULL);
	sigaction(SIGALRM, &before, NULL);
	errno = why;
	return fd;
}

enum status
io_open(const char *path, bool writes, struct problem *why, int *fd)
{
	const int how = (writes ? O_WRONLY : O_RDONLY) | O_CLOEXEC | O_NOCTTY;
	struct stat sb;

	if (stat(path, &sb) == -1 || S_ISREG(sb.st_mode) ||
	    S_ISDIR(sb.st_mode))
		*fd = open(path, how);
	else if ((*fd = open_waiting(path, how)) == -1 && errno == EINTR)
		return problem_set(why, FAULT, "nothing %s this pipe or "
		    "device", writes ? "reads from" : "writes to");
	return *fd != -1 ? OK : problem_errno(why, FAULT, "cannot open%s",
	    writes ? " for writing" : "");
}
