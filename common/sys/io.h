/*
 * io: the only place that touches descriptors.  Inputs are read whole, up to
 * a limit; outputs are written whole, after the verdict.
 */
#ifndef MCFG_SYS_IO_H
#define MCFG_SYS_IO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Limits of what is read from outside, in bytes. */
enum {
	IO_MESSAGE_MAX = 64 << 10,	/* from a device or a SCEP client */
	IO_PROFILE_MAX = 16 << 20,	/* profiles, and CMS over them */
	IO_TEXT_MAX = 4 << 20,		/* YAML and JSON */
	IO_KEY_MAX = 1 << 20,		/* keys and certificates */
};

/* Where an input comes from. */
struct io_input {
	const char *path;	/* NULL or "-" is standard input, "fd:N" the
				 * descriptor N */
	const char *length;	/* --length: exactly so many bytes, or NULL */
};

/* Where the product goes. */
struct io_output {
	const char *path;	/* NULL or "-" is standard output */
	const char *http;	/* --http: the Content-Type of a header before
				 * the product, or NULL */
	bool is_private;	/* holds a key or a challenge: mode 0600 */
};

/* io_name() is what diagnostics call a path: "stdin" for NULL and "-". */
const char *io_name(const char *path);

/*
 * io_slurp() reads the whole input, at most max bytes, into out (which keeps
 * its secret mark).  MALFORMED where it is larger, or shorter than --length;
 * FAULT where it cannot be read.
 */
enum status io_slurp(const struct io_input *in, size_t max, struct buf *out)
    USE_RESULT;

/* io_slurp_file() is io_slurp() of a path. */
enum status io_slurp_file(const char *path, size_t max, struct buf *out)
    USE_RESULT;

/*
 * io_slurp_below() reads a file that a document names: at path, and with all
 * links resolved below one of the folders, at least one.  REFUSED for what is
 * outside of them, below a .git folder in one of them, or not a regular file;
 * it is not opened then.  FAULT for what does not exist.
 */
enum status io_slurp_below(const struct strings *folders, const char *path,
    size_t max, struct buf *out) USE_RESULT;

/* io_slurp_regular() is io_slurp_file() that opens no device and no pipe:
 * REFUSED. */
enum status io_slurp_regular(const char *path, size_t max, struct buf *out)
    USE_RESULT;

/*
 * io_tail() reads the last max bytes of a file ("-" or NULL: of standard
 * input), all of it if it is shorter; *cut is true if it was longer.  MALFORMED
 * for a device that has more.
 */
enum status io_tail(const char *path, size_t max, struct buf *out, bool *cut)
    USE_RESULT;

/*
 * io_spill() writes the product.  A regular or new file is written to a
 * temporary beside it and renamed; anything else is written to.  With
 * out->http the header comes first.  FAULT where not every byte was taken;
 * USAGE for DER that would go to a terminal.
 */
enum status io_spill(const struct io_output *out, const struct buf *b)
    USE_RESULT;

/*
 * io_hand_over() is io_spill() of what has just been recorded for its reader.
 * If it cannot be written, or memory runs out, undo(arg) takes that back,
 * and what it prints is dropped: the reason has been said.
 */
enum status io_hand_over(const struct io_output *out, const struct buf *b,
    mem_undoer *undo, void *arg) USE_RESULT;

/*
 * io_side() writes a side output (--report, --signer-out ...): dest is a file,
 * as io_spill() writes it, or "fd:N".  It is there only if the status is 0:
 * if a later one fails, or the product, or if the process ends before
 * io_keep_sides(), which opts_main() calls after status 0, the files are
 * removed again.
 */
enum status io_side(const char *dest, bool is_private, const struct buf *b)
    USE_RESULT;
void io_keep_sides(void);

/*
 * io_beside() gives the path of name in the folder of path ("a/b.yaml",
 * "c" gives "a/c"), or name itself where it is absolute or path is standard
 * input.  The caller frees it.
 */
char *io_beside(const char *path, const char *name);

/* io_join() gives dir/name; the caller frees it. */
char *io_join(const char *dir, const char *name);

/*
 * io_inside() gives the path of name in the folder dir, as short as it can be:
 * name itself in ".".  io_find_inside() is NULL if nothing has that path, and
 * FAULT if that cannot be seen.  The caller frees it.
 */
char *io_inside(const char *dir, const char *name);
enum status io_find_inside(const char *dir, const char *name, char **path)
    USE_RESULT;

/* io_real() is the absolute path of one that exists; the caller frees it. */
char *io_real(const char *path);

/* io_base() is the part of a path behind its last slash; borrowed. */
const char *io_base(const char *path);

/*
 * io_slurp_paths() reads NUL-separated paths from standard input; they point
 * into text.  MALFORMED where they are lines instead.
 */
enum status io_slurp_paths(struct buf *text, struct strings *paths)
    USE_RESULT;

/*
 * io_check_bases() is USAGE where two paths have the same base name, or one
 * has none that could be a file's in --out-dir.
 */
enum status io_check_bases(const struct strings *paths) USE_RESULT;

/*
 * io_check_kept() is USAGE if in and out, of --out-dir, are one file: it would
 * be replaced by what is made of it.  in NULL is standard input.
 */
enum status io_check_kept(const char *in, const char *out) USE_RESULT;

/*
 * io_each() does n jobs in so many processes: in each, start() once, in one
 * process at a time, then job(i) for whatever job is not taken yet.  One
 * process is this one, nothing is forked then.  A failed job does not stop
 * the others: REFUSED if any failed; but what start() fails with is the
 * result if it is worse, and no further process is started then.
 */
typedef enum status io_start(void *arg);
typedef enum status io_job(void *arg, size_t i);
enum status io_each(size_t n, long processes, io_start *start, io_job *job,
    void *arg) USE_RESULT;

/*
 * io_lock() waits until no other process holds the lock that the file at path
 * stands for, and takes it; the file is made if it is missing, and stays.
 * *lock is released by io_unlock(), or when the process ends.  FAULT if the
 * file cannot be opened for writing.
 */
enum { IO_UNLOCKED = -1 };
enum status io_lock(const char *path, int *lock) USE_RESULT;
void io_unlock(int *lock);

/*
 * io_check_root() is for what is about to write into the folder dir.  If this
 * process is root, it is REFUSED unless every folder and every link of the
 * path, as far as it exists, is root's, and no one else can replace one: who
 * owns a part of the path could have put links there, and could not use what
 * root makes.
 */
enum status io_check_root(const char *dir) USE_RESULT;

/*
 * io_check_links() is for a file that the user named: root writes into any
 * folder then, but it is REFUSED where a link on the path, the file itself
 * included, is somebody else's.  io_spill() and io_side() ask this themselves.
 */
enum status io_check_links(const char *path) USE_RESULT;

/*
 * io_exists() sets *exists if something has this path, even a link that leads
 * nowhere; io_is_dir() and io_is_file() set *is if it is a folder, or a regular
 * file.  Only ENOENT and ENOTDIR mean
 * that nothing has it: any other error is FAULT, for what cannot be seen may
 * exist.
 */
enum status io_exists(const char *path, bool *exists) USE_RESULT;
enum status io_is_dir(const char *path, bool *is) USE_RESULT;
enum status io_is_file(const char *path, bool *is) USE_RESULT;

/*
 * io_stamp() appends text that changes if another file takes the place of the
 * one at a path, or if that is written to.  A file that
 * cannot be looked at has a stamp, too.
 */
void io_stamp(const char *path, struct buf *stamp);

/*
 * io_sync() returns when a file and its name are on the disk, so that a power
 * cut cannot take them away; io_forget() removes a file, which may be missing,
 * and may come back after a power cut.  FAULT if that fails.
 */
enum status io_sync(const char *path) USE_RESULT;
enum status io_forget(const char *path) USE_RESULT;

/*
 * io_make_dir() makes one folder, mode 0700.  It may exist, if it
 * is a folder.
 */
enum status io_make_dir(const char *path) USE_RESULT;

/*
 * io_list_dir() gives the names in a folder that end in suffix, sorted by
 * their bytes; FAULT where it cannot be read.
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

/* io_is_terminal() is true where the product goes to a terminal. */
bool io_is_terminal(const struct io_output *out);

/*
 * io_prepare() comes before anything is opened.  Descriptors of 0 to 2 that
 * are closed are taken, so that no file gets their number, in a way that
 * reading or writing them is an error still; and a file beyond the limit of
 * its size becomes an error of writing, as on a full disk, not a signal.
 */
void io_prepare(void);

#endif
