/* io_local: what the files of io share with each other and nobody else. */
#ifndef MCFG_SYS_LOCAL_H
#define MCFG_SYS_LOCAL_H

#include "sys/io.h"

/* The largest descriptor in "fd:N". */
enum { IO_FD_MAX = 1 << 16 };

/* Reads to the end; MALFORMED if there are more than max bytes. */
enum status io_slurp_fd(int fd, size_t max, struct problem *why,
    struct buf *out) USE_RESULT;

/* Reads "fd:N" into *fd, which need not be open; false for anything else. */
bool io_parse_fd(const char *text, int *fd);

/*
 * io_open() opens a file for reading, or for writing without truncating it.
 * If a named pipe or a device has nobody at its other end, it returns FAULT
 * after a second.  The caller closes *fd.
 */
enum status io_open(const char *path, bool writes, struct problem *why,
    int *fd) USE_RESULT;

/*
 * Call it after stat(2) or lstat(2) failed: true if the file certainly does
 * not exist.
 */
bool io_is_missing(void);

/* Prints "...: cannot check whether it exists", and why; returns FAULT. */
enum status io_cannot_look(const char *path) USE_RESULT;

/* True for NULL and "-": standard input or output. */
bool io_is_std(const char *path);

/* Writes all bytes; name is the file's name in messages. */
enum status io_write_all(int fd, const char *name, const void *data,
    size_t len) USE_RESULT;

/*
 * Replaces the file at path.  Whenever the process dies, the file is either
 * the old one or complete, as far as the file system supports unnamed files.
 */
enum status io_replace(const char *path, bool is_private,
    const struct buf *b) USE_RESULT;

#endif
