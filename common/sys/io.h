/*
 * io: the only place that uses file descriptors.  Inputs are read completely,
 * up to a limit; outputs are written completely, after the verdict.
 */
#ifndef MCFG_SYS_IO_H
#define MCFG_SYS_IO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/problem.h"

/* Limits for input, in bytes. */
enum {
	IO_MESSAGE_MAX = 64 << 10,	/* from a device or a SCEP client */
	IO_PROFILE_MAX = 16 << 20,	/* profiles, also in CMS messages */
	IO_TEXT_MAX = 4 << 20,		/* YAML and JSON */
	IO_KEY_MAX = 1 << 20,		/* keys and certificates */
};

/* The source of an input. */
struct io_input {
	const char *path;	/* NULL or "-": standard input; "fd:N":
				 * descriptor N */
	const char *length;	/* --length: the exact number of bytes, in
				 * digits; or NULL */
};

/* The destination of an output. */
struct io_output {
	const char *path;	/* NULL or "-": standard output */
	const char *http;	/* --http: Content-Type of a header to write
				 * first; or NULL */
	bool is_private;	/* has a key or a challenge: mode 0600 */
};

/*
 * io_name() returns the name of a path for messages: "stdin" for NULL and "-".
 */
const char *io_name(const char *path);

/*
 * io_read() appends the whole input, at most max bytes, to out, which keeps
 * its secret mark.  Returns MALFORMED if it is larger, or shorter than
 * --length; FAULT if it cannot be read: *why then says so, with the input's
 * name.  io_slurp() prints that.
 */
enum status io_read(const struct io_input *in, size_t max,
    struct problem *why, struct buf *out) USE_RESULT;
enum status io_slurp(const struct io_input *in, size_t max, struct buf *out)
    USE_RESULT;

/* io_slurp_file() is io_slurp() of a path. */
enum status io_slurp_file(const char *path, size_t max, struct buf *out)
    USE_RESULT;

/* Says that an input has only len of the bytes that --length promises. */
enum status io_ends_early(struct problem *why, size_t len, size_t want);

/*
 * io_read_below() reads a file that a document names: at path, which must be
 * in one of the folders (at least one) after all links are resolved.  A file
 * outside them, in a .git folder, or that is not regular is REFUSED, and is
 * not opened.  Returns FAULT if the file does not exist.
 */
enum status io_read_below(const struct strings *folders, const char *path,
    size_t max, struct problem *why, struct buf *out) USE_RESULT;

/*
 * io_slurp_regular() is io_slurp_file() that refuses devices and pipes without
 * opening them (REFUSED).
 */
enum status io_slurp_regular(const char *path, size_t max, struct buf *out)
    USE_RESULT;

/*
 * io_tail() reads the last max bytes of a file (NULL or "-": standard input),
 * or all of it; *cut is set to whether there was more.  Returns MALFORMED for
 * a device that has more.
 */
enum status io_tail(const char *path, size_t max, struct buf *out, bool *cut)
    USE_RESULT;

/*
 * io_spill() writes the output.  A regular or new file is written as a
 * temporary file in the same folder and then renamed; anything else is written
 * to directly.  With out->http, a header comes first.  Returns FAULT if not
 * every byte was written; USAGE for DER that would go to a terminal.
 */
enum status io_spill(const struct io_output *out, const struct buf *b)
    USE_RESULT;

/*
 * io_hand_over() is io_spill() for output about which something has just been
 * recorded.  If it cannot be written, or memory runs out, undo(arg) undoes
 * that; messages of undo are dropped, since the reason has been printed.
 */
enum status io_hand_over(const struct io_output *out, const struct buf *b,
    mem_undoer *undo, void *arg) USE_RESULT;

/*
 * io_side() writes an additional output (--report, --signer-out ...).  dest is
 * a file, which is written as by io_spill(), or "fd:N".  The files remain only
 * if the status is 0: they are removed if a later output fails, or if the
 * process ends before io_keep_sides(), which opts_main() calls after status 0.
 */
enum status io_side(const char *dest, bool is_private, const struct buf *b)
    USE_RESULT;
void io_keep_sides(void);

/*
 * io_beside() returns the path of name in the folder of the file path
 * ("a/b.yaml" and "c" become "a/c"); name itself if it is absolute or path is
 * standard input.  The caller frees it.
 */
char *io_beside(const char *path, const char *name);

/* io_join() returns dir/name; the caller frees it. */
char *io_join(const char *dir, const char *name);

/*
 * io_inside() returns the path of name in the folder dir, without "./" if dir
 * is ".".  io_find_inside() sets *path to it, or to NULL if nothing exists
 * there; FAULT if that cannot be found out.  The caller frees the path.
 */
char *io_inside(const char *dir, const char *name);
enum status io_find_inside(const char *dir, const char *name, char **path)
    USE_RESULT;

/*
 * io_real() returns the absolute path of an existing file; the caller frees
 * it.
 */
char *io_real(const char *path);

/* io_base() returns the part of a path after its last slash; borrowed. */
const char *io_base(const char *path);

/*
 * io_slurp_paths() reads NUL-terminated paths from standard input; paths
 * points into text.  Returns MALFORMED if the input has lines instead.
 */
enum status io_slurp_paths(struct buf *text, struct strings *paths)
    USE_RESULT;

/*
 * io_check_bases() returns USAGE if two paths have the same base name, or if
 * one has no base name that could be a file in --out-dir.
 */
enum status io_check_bases(const struct strings *paths) USE_RESULT;

/*
 * io_check_kept() returns USAGE if in and out, a file in --out-dir, are the
 * same file: the input would be overwritten.  in is NULL for standard input.
 */
enum status io_check_kept(const char *in, const char *out) USE_RESULT;

/*
 * io_each() does n jobs in several processes.  In each process, start() is
 * called once, in one process at a time, and then job(i) for the next job that
 * is left.  With one process, nothing is forked.  A failed job does not stop
 * the others: the result is REFUSED if any failed.  If start() fails with a
 * worse status, that is the result, and no more processes are started.
 */
typedef enum status io_start(void *arg);
typedef enum status io_job(void *arg, size_t i);
enum status io_each(size_t n, long processes, io_start *start, io_job *job,
    void *arg) USE_RESULT;

/*
 * io_lock() waits until no other process holds the lock, and takes it.  The
 * file at path represents the lock; it is created if necessary, and remains.
 * io_unlock() releases *lock; so does the end of the process.  Returns FAULT
 * if the file cannot be opened for writing.
 */
enum { IO_UNLOCKED = -1 };
enum status io_lock(const char *path, int *lock) USE_RESULT;
void io_unlock(int *lock);

/*
 * io_check_root() is called before writing into the folder dir.  If this
 * process is root, it returns REFUSED unless root owns all folders and links
 * in the path, as far as it exists, and nobody else can replace one: the owner
 * of a part of the path could have put links there, and could not use files
 * that root creates.
 */
enum status io_check_root(const char *dir) USE_RESULT;

/*
 * io_check_links() is for a file that the user named.  Root may write into any
 * folder then, but a link in the path, including the file itself, that belongs
 * to another user is REFUSED.  io_spill() and io_side() call it themselves.
 */
enum status io_check_links(const char *path) USE_RESULT;

/*
 * io_exists() sets *exists to whether anything has this path, including a
 * dangling link.  io_is_dir() and io_is_file() set *is to whether it is a
 * folder, or a regular file.  Only ENOENT and ENOTDIR mean that it does not
 * exist; any other error is FAULT, because the file may exist.
 */
enum status io_exists(const char *path, bool *exists) USE_RESULT;
enum status io_is_dir(const char *path, bool *is) USE_RESULT;
enum status io_is_file(const char *path, bool *is) USE_RESULT;

/*
 * io_file_state() appends bytes that change when the file at a path is written
 * to or replaced by another.  A file that cannot be examined also has one.
 */
void io_file_state(const char *path, struct buf *state);

/*
 * io_sync() returns when a file and its name are stored on disk, safe from a
 * power failure.  io_forget() removes a file, which may be missing, and may
 * come back after a power failure.  They return FAULT if that fails.
 */
enum status io_sync(const char *path) USE_RESULT;
enum status io_forget(const char *path) USE_RESULT;

/*
 * io_make_dir() makes one folder with mode 0700.  If it exists already, it
 * must be a folder.
 */
enum status io_make_dir(const char *path) USE_RESULT;

/*
 * io_list_dir() returns the names in a folder that end in suffix, sorted by
 * bytes; FAULT if it cannot be read.
 */
struct io_names {
	char **v;
	size_t n;
};
#define IO_NAMES_INIT	{ NULL, 0 }
#define auto_io_names	AUTO(io_names_free) struct io_names

void io_names_free(struct io_names *l);
enum status io_list_dir(const char *path, const char *suffix,
    struct io_names *out) USE_RESULT;

/* io_is_terminal() returns true if the output goes to a terminal. */
bool io_is_terminal(const struct io_output *out);

/*
 * io_prepare() is called before any file is opened.  It reserves descriptors 0
 * to 2 if they are closed, so that no file gets their numbers but using them
 * still fails; and it makes a file that exceeds the size limit a write error,
 * as on a full disk, instead of a signal.
 */
void io_prepare(void);

#endif
