/* A lock between processes, on a file. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "sys/local.h"

enum status
io_lock(const char *path, int *lock)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd == -1)
		return fail_errno(FAULT, "%s: cannot open the lock", path);
	while (fcntl(fd, F_SETLKW, &all) == -1) {
		if (errno == EINTR)
			continue;
		close(fd);
		return fail_errno(FAULT, "%s: cannot lock", path);
	}
	*lock = fd;
	return OK;
}

void
io_unlock(int *lock)
{
	if (*lock != IO_UNLOCKED)
		close(*lock);
	*lock = IO_UNLOCKED;
}
