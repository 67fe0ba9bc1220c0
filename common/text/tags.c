/* Our own YAML tags, for what profiles need and YAML lacks. */
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "sys/io.h"
#include "sys/secret.h"
#include "text/local.h"
#include "x509/pem.h"

/* Messages begin with the tag, so a reason appended here follows it. */

/* ---- files of the YAML ---- */

/* Appends a PEM certificate as bytes; nothing if the file has none. */
static const char *
unarmour(const struct buf *file, struct buf *out)
{
	const char *at = buf_str(file), *end = at + file->len, *reason;
	struct pem_block b;
	bool found;

	if (memchr(at, '\0', file->len) != NULL || file->len == 0)
		return NULL;
	do {
		reason = pem_next(&at, end, &found, &b);
		if (reason != NULL)
			return b.label_len > 0 && pem_is(&b, "CERTIFICATE") ?
			    "a certificate in PEM that does not end" : NULL;
		if (!found)
			return NULL;
		if (!pem_is(&b, "CERTIFICATE"))
			continue;
		if (out->len > 0)
			return "several certificates: one payload holds one";
		if ((reason = pem_decode(&b, out)) != NULL)
			return reason;
	} while (at < end);
	return NULL;
}

/* The folder of path. */
static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return xstrdup(".");
	return slash == path ? xstrdup("/") :
	    xstrndup(path, (size_t)(slash - path));
}

static enum status
slurp(const char *s, const struct spec_how *how, const char *path,
    struct problem *why, struct buf *out)
{
	auto_char *own = folder_of(how->path);
	auto_strings folders = { NULL, 0 };
	size_t i;

	if (*s == '\0')
		return problem_set(why, MALFORMED, "no name of a file");
	if (*s == '/')
		return problem_set(why, REFUSED, "%s: a file is named by its "
		    "way from %s, not from /", s, own);
	strings_add(&folders, own);
	for (i = 0; how->files != NULL && i < how->files->n; i++)
		strings_add(&folders, how->files->v[i]);
	return io_read_below(&folders, path, IO_PROFILE_MAX, why, out);
}

/* Reads a file; a certificate in PEM becomes DER. */
static enum status
read_beside(const char *s, const struct spec_how *how, struct buf *reason,
    struct buf *out)
{
	auto_buf file = BUF_INIT, der = BUF_INIT;
	auto_char *path = NULL;
	struct problem why = { .name = NULL };
	char line[PROBLEM_TEXT];
	const char *fault;
	enum status st;

	if (how->path == NULL) {
		buf_puts(reason, " is not taken here");
		return MALFORMED;
	}
	if ((how->vars != NULL || how->keeps_variables) &&
	    strstr(s, "${") != NULL) {
		buf_puts(reason, ": variables are not expanded in the name of "
		    "a file");
		return MALFORMED;
	}
	path = io_beside(how->path, s);
	if ((st = slurp(s, how, path, &why, &file)) != OK) {
		buf_printf(reason, ": %s", problem_line(&why, line));
		return st;
	}
	if ((fault = unarmour(&file, &der)) != NULL) {
		buf_printf(reason, ": %s: %s", path, fault);
		return MALFORMED;
	}
	buf_add_buf(out, der.len > 0 ? &der : &file);
	return OK;
}

static enum status
file(const char *s, const struct spec_how *how, struct buf *reason,
    size_t *read, struct tree **out)
{
	auto_buf content = BUF_INIT;
	enum status st;

	(void)read;
	if ((st = read_beside(s, how, reason, &content)) == OK)
		*out = tree_data(content.data, content.len);
	return st;
}

/* For a certificate this is its fingerprint. */
static enum status
sha256(const char *s, const struct spec_how *how, struct buf *reason,
    size_t *read, struct tree **out)
{
	auto_buf content = BUF_INIT, hash = BUF_INIT;
	char hex[SECRET_HASH_TEXT];
	const char *fault;
	enum status st;

	if ((st = read_beside(s, how, reason, &content)) != OK)
		return st;
	*read += content.len;
	secret_sha256(content.data, content.len, hex);
	if ((fault = decode_hex(hex, &hash)) != NULL) {
		buf_printf(reason, ": %s", fault);
		return FAULT;
	}
	*out = tree_data(hash.data, hash.len);
	return OK;
}

/* ---- dates and names ---- */

static enum status
after(const char *s, const struct spec_how *how, struct buf *reason,
    size_t *read, struct tree **out)
{
	const char *fault;
	int64_t seconds;

	(void)read;
	if ((fault = clock_duration(s, &seconds)) != NULL)
		buf_printf(reason, " '%s': %s", s, fault);
	else if ((*out = tree_date(how->at + seconds)) == NULL)
		buf_printf(reason, " '%s': after the year 9999", s);
	else
		return OK;
	return MALFORMED;
}

/* The value is the name until the path of identifiers is known. */
static enum status
uuid(const char *s, const struct spec_how *how, struct buf *reason,
    size_t *read, struct tree **out)
{
	(void)read;
	if (how->uuids == NULL)
		buf_puts(reason, " is not taken here");
	else if (*s == '\0')
		buf_puts(reason, " needs a name");
	else {
		*out = tree_string(s);
		return OK;
	}
	return MALFORMED;
}

/* ---- list of tags ---- */

static const struct own_tag {
	const char *name;
	bool names_file;
	enum status (*make)(const char *s, const struct spec_how *how,
	    struct buf *reason, size_t *read, struct tree **out);
} tags[] = {
	{ "!file", true, file },
	{ "!sha256", true, sha256 },
	{ "!after", false, after },
	{ "!uuid", false, uuid },
};

static const struct own_tag *
find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(tags); i++)
		if (strcmp(tags[i].name, name) == 0)
			return &tags[i];
	return NULL;
}

bool
spec_is_own_tag(const char *tag)
{
	return find(tag) != NULL;
}

bool
spec_names_file(const char *tag)
{
	const struct own_tag *t = find(tag);

	return t != NULL && t->names_file;
}

enum status
spec_own_tag(const char *tag, const char *s, const struct spec_how *how,
    struct buf *reason, size_t *read, struct tree **out)
{
	const struct own_tag *t = find(tag);

	buf_puts(reason, tag);
	return t->make(s, how, reason, read, out);
}
