/*
 * secret: what must not be on a command line or stay in memory, and the
 * process set-up that keeps it so.
 *
 * A source SRC is "env:NAME", "file:PATH" or "fd:N".
 */
#ifndef MCFG_SYS_SECRET_H
#define MCFG_SYS_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum {
	SECRET_HASH_TEXT = 65,		/* SHA-256 in hex, with its NUL */
	SECRET_CHALLENGE_TEXT = 33,	/* a challenge, with its NUL */
};

/*
 * An own identity as the command line names it; cert_load_identity() opens
 * it.  Members not given are NULL.
 */
struct identity_source {
	const char *cert;		/* FILE */
	const char *key;		/* FILE, env:NAME, fd:N or pkcs11:... */
	const char *option;		/* that named key, "--...key"; NULL:
					 * --key */
	struct strings chain;		/* FILEs */
	const char *passphrase;		/* SRC */
	const struct buf *phrase;	/* what was read from passphrase, if
					 * it was: a descriptor can be read
					 * once */
	bool loose;			/* take a key file that others can read */
};

/*
 * secret_setup() prepares the process: no core dump, no openssl.cnf, SIGPIPE
 * ignored.
 */
void secret_setup(void);

/* secret_is_source() tells whether text has the form of a SRC. */
bool secret_is_source(const char *text);

/*
 * secret_read() gives the first line of a SRC without its newline, marked
 * secret; USAGE for what is no SRC or an unset variable, MALFORMED for an
 * empty line or one with a NUL byte, FAULT for what cannot be read.
 * what names the option in diagnostics ("--challenge").
 */
enum status secret_read(const char *src, const char *what, struct buf *out)
    USE_RESULT;

/*
 * secret_read_all() gives all bytes of a SRC, at most max, marked secret.
 * For "file:" the mode of the file is not looked at.
 */
enum status secret_read_all(const char *src, const char *what, size_t max,
    struct buf *out) USE_RESULT;

/*
 * secret_read_key_file() reads a file of at most max bytes that holds a
 * private key, marked secret.  REFUSED is never given: a regular file that group or others can
 * read is a FAULT, or a warning where loose is true; the mode is that of the
 * opened descriptor.  A file of group 0 with mode 0640 owned by root counts
 * as loose too.
 */
enum status secret_read_key_file(const char *path, bool loose, size_t max,
    struct buf *out) USE_RESULT;

/* secret_random() fills p from the system's generator, or ends in FAULT. */
enum status secret_random(void *p, size_t len) USE_RESULT;

/*
 * 192 random bits, less a fraction of one, as 32 characters of base64url (RFC
 * 4648 section 5); never with a dash in front, so that it may be an argument.
 */
enum status secret_challenge(char out[SECRET_CHALLENGE_TEXT]) USE_RESULT;

/* secret_sha256() is the hash in lower-case hex. */
void secret_sha256(const void *data, size_t len, char out[SECRET_HASH_TEXT]);

/* secret_equal() compares in a time that depends on the lengths only. */
bool secret_equal(const void *a, size_t a_len, const void *b, size_t b_len);

/* secret_env() is getenv(): the environment has one door. */
const char *secret_env(const char *name);

/*
 * secret_path_first() puts a folder in front of PATH, for this process and the
 * programs that it runs.
 */
void secret_path_first(const char *folder);

/*
 * Variables of the environment whose name begins with prefix, in no order of
 * note; it stops at and returns the first status that is not OK.
 */
typedef enum status secret_env_visit(const char *name, const char *value,
    void *arg);
enum status secret_env_each(const char *prefix, secret_env_visit *fn,
    void *arg);

#endif
