/* io_local: what the files of io share with each other and nobody else. */
#ifndef MCFG_SYS_LOCAL_H
#define MCFG_SYS_LOCAL_H

#include "sys/io.h"

/* The largest descriptor that "fd:N" names. */
enum { IO_FD_MAX = 1 << 16 };

/* Reads to the end; MALFORMED for more than max bytes. */
enum status io_slurp_fd(int fd, const char *name, size_t max,
    struct buf *out) USE_RESULT;

/* "fd:N" into *fd, which need not be open; false for anything else. */
bool io_parse_fd(const char *text, int *fd);

/*
 * io_open() opens a file for reading, or for writing as it is.  A named pipe
 * or a device that has nobody at its other end is FAULT after a second.  The
 * caller closes *fd.
 */
enum status io_open(const char *path, bool writes, int *fd) USE_RESULT;

/* After a failed stat(2) or lstat(2): is it certain that nothing is there? */
bool io_is_missing(void);

/* Writes every byte; name is that of the diagnostics. */
enum status io_write_all(int fd, const char *name, const void *data,
    size_t len) USE_RESULT;

/*
 * Puts a whole file at path, in place of what is there.  Whenever the process
 * dies, a file of that folder is the old one or whole, as far as the file
 * system has files without a name.
 */
enum status io_replace(const char *path, bool is_private,
    const struct buf *b) USE_RESULT;

#endif
