#include "sys/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/encoding.h"
#include "sys/local.h"

enum {
	SECRET_LINE_MAX = 4096,
	CHUNK = 4096,
};

/*
 * OpenSSL does not always report that memory ran out: it treats it as a bad
 * signature, continues with half a message, or crashes.  Therefore it
 * allocates with these functions, and the process ends if memory runs out.
 * Its clean-up at exit is skipped then, since the process may be in the middle
 * of anything.  If memory runs out during the clean-up of a process that
 * succeeded, that does not matter.
 */
static bool is_exhausted, is_ending, cleans_up;

static void
leave_openssl(void)
{
	if (is_exhausted)
		_exit(FAULT);
	if (!cleans_up)
		return;
	is_ending = true;
	OPENSSL_cleanup();
}

void
secret_clean_up(void)
{
	cleans_up = true;
}

static void *
resize_for_openssl(void *p, size_t size, const char *file, int line)
{
	void *resized;

	(void)file;
	(void)line;
	if (size == 0) {
		free(p);
		return NULL;
	}
	if ((resized = realloc(p, size)) == NULL && !is_ending) {
		is_exhausted = true;
		mem_exhausted();
	}
	return resized;
}

static void *
allocate_for_openssl(size_t size, const char *file, int line)
{
	return resize_for_openssl(NULL, size, file, line);
}

static void
free_for_openssl(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

void
secret_setup(void)
{
	const struct rlimit none = { 0, 0 };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	setrlimit(RLIMIT_CORE, &none);
#ifdef PR_SET_DUMPABLE
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
	sigaction(SIGPIPE, &ignore, NULL);
	CRYPTO_set_mem_functions(allocate_for_openssl, resize_for_openssl,
	    free_for_openssl);
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG |
	    OPENSSL_INIT_NO_ATEXIT, NULL);
	atexit(leave_openssl);
}

static const char *
after(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

bool
secret_is_source(const char *text)
{
	return after(text, "env:") != NULL || after(text, "file:") != NULL ||
	    after(text, "fd:") != NULL;
}

const char *
secret_check_source(const char *text)
{
	int fd;

	if (after(text, "env:") != NULL || after(text, "file:") != NULL ||
	    io_parse_fd(text, &fd))
		return NULL;
	return "not of the form env:NAME, file:PATH or fd:N";
}

/* Every buffer must be wiped, so this does not use io. */
static enum status
read_fd(int fd, const char *name, size_t max, struct buf *out)
{
	out->secret = true;
	for (;;) {
		ssize_t n = read(fd, buf_reserve(out, CHUNK), CHUNK);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return fail_errno(FAULT, "%s: cannot read", name);
		if (n == 0)
			return OK;
		buf_end(out, (size_t)n);
		if (out->len > max)
			return fail(MALFORMED, "%s: larger than the limit of "
			    "%zu bytes", name, max);
	}
}

static enum status
read_file(const char *path, size_t max, struct buf *out)
{
	struct problem why = { .name = path };
	enum status st;
	int fd;

	if (io_open(path, false, &why, &fd) != OK)
		return problem_print(&why);
	st = read_fd(fd, path, max, out);
	close(fd);
	return st;
}

static enum status
read_env(const char *name, const char *what, size_t max, struct buf *out)
{
	const char *value = getenv(name);

	if (value == NULL)
		return fail(USAGE, "%s: environment variable %s is not set",
		    what, name);
	if (strlen(value) > max)
		return fail(MALFORMED, "%s: environment variable %s is larger "
		    "than the limit of %zu bytes", what, name, max);
	out->secret = true;
	buf_puts(out, value);
	return OK;
}

enum status
secret_read_all(const char *src, const char *what, size_t max,
    struct buf *out)
{
	const char *rest;
	int fd;

	if ((rest = after(src, "env:")) != NULL)
		return read_env(rest, what, max, out);
	if ((rest = after(src, "file:")) != NULL)
		return read_file(rest, max, out);
	if (io_parse_fd(src, &fd))
		return read_fd(fd, src, max, out);
	/* The value is not shown, since it may be the secret itself. */
	return fail(USAGE, "%s: %s", what, secret_check_source(src));
}

enum status
secret_read(const char *src, const char *what, struct buf *out)
{
	auto_buf all = BUF_SECRET;
	const unsigned char *end;
	size_t len;
	enum status st;

	if ((st = secret_read_all(src, what, SECRET_LINE_MAX, &all)) != OK)
		return st;
	end = all.len > 0 ? memchr(all.data, '\n', all.len) : NULL;
	len = end != NULL ? (size_t)(end - all.data) : all.len;
	if (len > 0 && all.data[len - 1] == '\r')
		len--;
	if (len == 0)
		return fail(MALFORMED, "%s: the first line is empty", what);
	if (memchr(all.data, '\0', len) != NULL)
		return fail(MALFORMED, "%s: a NUL byte in it", what);
	out->secret = true;
	buf_add(out, all.data, len);
	return OK;
}

enum status
secret_read_key_file(const char *path, bool loose, size_t max,
    struct buf *out)
{
	struct problem why = { .name = path };
	struct stat sb;
	enum status st = OK;
	int fd;

	if (io_open(path, false, &why, &fd) != OK)
		return problem_print(&why);
	if (fstat(fd, &sb) == -1)
		st = fail_errno(FAULT, "%s: cannot look at its mode", path);
	else if (S_ISREG(sb.st_mode) && (sb.st_mode & 077) != 0 && !loose)
		st = fail(FAULT, "%s: key can be read by others: mode %04o "
		    "(chmod 600, or --loose-key)", path,
		    (unsigned)sb.st_mode & 07777);
	else if (S_ISREG(sb.st_mode) && (sb.st_mode & 077) != 0)
		warning("%s: key can be read by others: mode %04o", path,
		    (unsigned)sb.st_mode & 07777);
	if (st == OK)
		st = read_fd(fd, path, max, out);
	close(fd);
	return st;
}

enum status
secret_random(void *p, size_t len)
{
	if (len > INT32_MAX || RAND_bytes(p, (int)len) != 1)
		return fail_ssl(FAULT, "no random bytes");
	return OK;
}

/* 24 random bytes as 32 characters. */
static enum status
random_text(char out[SECRET_CHALLENGE_TEXT])
{
	unsigned char raw[24];
	auto_buf text = BUF_SECRET;
	enum status st;
	size_t i;

	if ((st = secret_random(raw, sizeof raw)) != OK)
		return st;
	encode_base64(&text, raw, sizeof raw);
	for (i = 0; i < text.len; i++) {
		if (text.data[i] == '+')
			text.data[i] = '-';
		else if (text.data[i] == '/')
			text.data[i] = '_';
	}
	memcpy(out, text.data, SECRET_CHALLENGE_TEXT);
	buf_wipe(raw, sizeof raw);
	return OK;
}

/* A challenge that begins with '-' could be taken for an option. */
enum status
secret_challenge(char out[SECRET_CHALLENGE_TEXT])
{
	enum status st;

	do
		st = random_text(out);
	while (st == OK && out[0] == '-');
	return st;
}

void
secret_sha256(const void *data, size_t len, char out[SECRET_HASH_TEXT])
{
	unsigned char md[EVP_MAX_MD_SIZE];
	unsigned int n = 0;
	auto_buf hex = BUF_INIT;

	if (EVP_Digest(data, len, md, &n, EVP_sha256(), NULL) != 1 || n != 32)
		exit((int)fail_ssl(FAULT, "SHA-256 is not available"));
	encode_hex(&hex, md, n);
	memcpy(out, hex.data, SECRET_HASH_TEXT);
}

bool
secret_equal(const void *a, size_t a_len, const void *b, size_t b_len)
{
	return a_len == b_len && CRYPTO_memcmp(a, b, a_len) == 0;
}

const char *
secret_env(const char *name)
{
	return getenv(name);
}

void
secret_path_first(const char *folder)
{
	const char *path = getenv("PATH");
	auto_char *longer = xasprintf("%s:%s", folder, path != NULL ? path :
	    "/usr/local/bin:/usr/bin:/bin");

	if (setenv("PATH", longer, 1) == -1)
		mem_exhausted();
}

enum status
secret_env_each(const char *prefix, secret_env_visit *fn, void *arg)
{
	extern char **environ;
	enum status st = OK;
	char **p;

	for (p = environ; p != NULL && *p != NULL && st == OK; p++) {
		const char *eq = strchr(*p, '=');
		auto_char *name = NULL;

		if (eq == NULL || after(*p, prefix) == NULL)
			continue;
		name = xstrndup(*p, (size_t)(eq - *p));
		st = fn(name, eq + 1, arg);
	}
	return st;
}
