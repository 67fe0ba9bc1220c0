/* Detects that a file has changed. */
#include <errno.h>
#include <sys/stat.h>

#include "sys/io.h"

void
io_file_state(const char *path, struct buf *state)
{
	struct stat sb;

	if (stat(path, &sb) == -1) {
		buf_printf(state, "-%d ", errno);
		return;
	}
	buf_printf(state, "%llu.%llu.%lld.%lld.%ld.%lld.%ld ",
	    (unsigned long long)sb.st_dev, (unsigned long long)sb.st_ino,
	    (long long)sb.st_size, (long long)sb.st_mtim.tv_sec,
	    sb.st_mtim.tv_nsec, (long long)sb.st_ctim.tv_sec,
	    sb.st_ctim.tv_nsec);
}
