/*
 * secret: keeps secrets off command lines and wipes them from memory, and sets
 * up the process for that.
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
 * An identity of ours, from the options of a command line;
 * cert_load_identity() opens it.  Members that are not given are NULL.
 */
struct identity_source {
	const char *cert;		/* FILE */
	const char *key;		/* FILE, env:NAME, fd:N or pkcs11:... */
	const char *option;		/* name of that option, "--...key";
					 * NULL: --key */
	struct strings chain;		/* FILEs */
	const char *passphrase;		/* SRC */
	const struct buf *phrase;	/* passphrase, if it has been read
					 * already: a descriptor can be read
					 * only once */
	bool loose;			/* accept a key file that others can
					 * read */
};

/*
 * secret_setup() prepares the process: no core dumps, no openssl.cnf, SIGPIPE
 * ignored.
 */
void secret_setup(void);

/*
 * secret_clean_up() makes OpenSSL clean up when the process ends, as modules of
 * others may need: providers, and tokens with their sessions.  Without them it
 * would only give back memory, which takes a million instructions.
 */
void secret_clean_up(void);

/* secret_is_source() returns true if text has the form of a SRC. */
bool secret_is_source(const char *text);

/*
 * secret_check_source() returns NULL for a SRC, or the reason why text is not
 * one.
 */
const char *secret_check_source(const char *text);

/*
 * secret_read() reads the first line of a SRC without its newline, and marks
 * out as secret.  what is the name of the option in messages ("--challenge").
 * Returns USAGE if src is not a SRC or the variable is not set, MALFORMED for
 * an empty line or one with a NUL byte, FAULT if it cannot be read.
 */
enum status secret_read(const char *src, const char *what, struct buf *out)
    USE_RESULT;

/*
 * secret_read_all() reads all bytes of a SRC, at most max, and marks out as
 * secret.  It does not check the mode of a "file:".
 */
enum status secret_read_all(const char *src, const char *what, size_t max,
    struct buf *out) USE_RESULT;

/*
 * secret_read_key_file() reads a file with a private key, at most max bytes,
 * and marks out as secret.  A regular file that group or others can read is a
 * FAULT, or only gets a warning if loose is true; the mode is that of the
 * opened descriptor.  A file with mode 0640, owned by root, and of group 0 is
 * accessible to others, too.  It never returns REFUSED.
 */
enum status secret_read_key_file(const char *path, bool loose, size_t max,
    struct buf *out) USE_RESULT;

/* secret_random() fills p with random bytes; FAULT if it cannot. */
enum status secret_random(void *p, size_t len) USE_RESULT;

/*
 * Makes a challenge: almost 192 random bits as 32 characters of base64url (RFC
 * 4648 section 5), which never begin with '-', so that it can be an argument.
 */
enum status secret_challenge(char out[SECRET_CHALLENGE_TEXT]) USE_RESULT;

/* secret_sha256() writes the hash in lower-case hexadecimal. */
void secret_sha256(const void *data, size_t len, char out[SECRET_HASH_TEXT]);

/* secret_equal() compares in a time that depends only on the lengths. */
bool secret_equal(const void *a, size_t a_len, const void *b, size_t b_len);

/* secret_env() is getenv(); no other code reads the environment. */
const char *secret_env(const char *name);

/*
 * secret_path_first() puts a folder at the front of PATH, for this process and
 * the programs that it runs.
 */
void secret_path_first(const char *folder);

/*
 * Calls fn for the variables of the environment whose names begin with prefix,
 * in no particular order.  Stops at the first status other than OK, and
 * returns it.
 */
typedef enum status secret_env_visit(const char *name, const char *value,
    void *arg);
enum status secret_env_each(const char *prefix, secret_env_visit *fn,
    void *arg);

#endif
