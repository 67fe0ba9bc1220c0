/* Detects that a file has changed. */
#include <errno.h>
#include <sys/stat.h>

#include "sys/io.h"

void
io_file_state(const char *path, struct buf *state)
{
	uint64_t is[] = { 0, 0, 0, 0, 0, 0, 0, 0 };
	struct stat sb;

	if (stat(path, &sb) == -1) {
		is[0] = (uint64_t)errno;
	} else {
		is[1] = (uint64_t)sb.st_dev;
		is[2] = (uint64_t)sb.st_ino;
		is[3] = (uint64_t)sb.st_size;
		is[4] = (uint64_t)sb.st_mtim.tv_sec;
		is[5] = (uint64_t)sb.st_mtim.tv_nsec;
		is[6] = (uint64_t)sb.st_ctim.tv_sec;
		is[7] = (uint64_t)sb.st_ctim.tv_nsec;
	}
	buf_add(state, is, sizeof is);
}
