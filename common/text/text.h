/*
 * spec: what people write, YAML and JSON, read into the plist tree.  Nothing
 * above this module knows that either exists.
 *
 * YAML is taken by strict rules (mcfg-profile.5): one document, UTF-8, a
 * mapping at the top, keys that are strings, no key twice; a plain scalar
 * that YAML 1.1, YAML 1.2 or a reader in a hurry could take for something
 * else is refused with the way to mend it.  Every failure is one line,
 * "name:line:column: path: reason", and MALFORMED, but for a file of !file
 * or !sha256 that cannot be read, which is FAULT, or may not be, which is
 * REFUSED.
 */
#ifndef MCFG_TEXT_TEXT_H
#define MCFG_TEXT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "plist/node.h"

/* Limits besides those of tree.h and IO_TEXT_MAX, after aliases. */
enum {
	SPEC_ANCHORS_MAX = 1000,
	SPEC_BYTES_MAX = 16 << 20,	/* of all text and data together */
};

/*
 * The nodes of !uuid, which get their values when the path of identifiers is
 * known.  An alias of one shares its value.
 */
struct spec_uuid {
	const struct tree *node;	/* a string that holds name until then */
	char *name;			/* what was behind !uuid */
	size_t group;			/* the same for all that share a value */
};

struct spec_uuids {
	struct spec_uuid *v;		/* by address of node */
	size_t n;
};
#define SPEC_UUIDS_INIT	{ NULL, 0 }
#define auto_spec_uuids	AUTO(spec_uuids_free) struct spec_uuids

void spec_uuids_free(struct spec_uuids *u);

/* The entry of a node, or NULL where it is not one of them. */
const struct spec_uuid *spec_uuids_find(const struct spec_uuids *u,
    const struct tree *node);

/* How YAML is read.  Zeros are the plain rules: no !file, no !sha256, no
 * !uuid, no variables. */
struct spec_how {
	const char *path;		/* files are beside this one; "-" is
					 * the current folder; NULL: refused */
	const struct strings *files;	/* folders whose files !file may name
					 * besides its own; or NULL */
	const struct tree *vars;	/* dict for ${NAME}; NULL: ${ is text */
	bool keeps_variables;		/* a template is looked at, not filled
					 * in: what has a ${ is text, whatever
					 * its tag */
	int64_t at;			/* where !after counts from */
	bool lenient;			/* for files of others: no scalar is
					 * refused, doubtful ones are strings,
					 * null is left out, a cyclic alias is
					 * the string "*NAME" */
	struct tree_marks *marks;	/* or NULL; a member of a mapping is
					 * where its key is */
	struct spec_uuids *uuids;	/* NULL: !uuid is refused */
};

/*
 * spec_from_yaml() reads one document.  how may be NULL.
 */
enum status spec_from_yaml(const struct buf *in, const char *name,
    const struct spec_how *how, struct tree **out) USE_RESULT;

/*
 * spec_from_json() reads one object or array; a doubled key is refused, a
 * null member of an object is left out.
 */
enum status spec_from_json(const struct buf *in, const char *name,
    struct tree **out) USE_RESULT;

/* True where the first character is that of a JSON object or array. */
bool spec_looks_like_json(const struct buf *in);

/*
 * spec_values() reads a dict of values from a plist (XML or binary), JSON or
 * YAML, told by content; for --vars.
 */
enum status spec_values(const struct buf *in, const char *name,
    struct tree **out) USE_RESULT;

/*
 * spec_expand() expands ${NAME} in every string of a tree that was not read
 * from YAML, a template in XML; *t is replaced where it is itself one.
 */
enum status spec_expand(struct tree **t, const char *name,
    const struct tree *vars, const struct tree_marks *marks) USE_RESULT;

/*
 * spec_to_yaml() writes a dict such that spec_from_yaml() with variables gives
 * the same dict.  For data of path it asks files, if there is one, for the
 * name of a file that holds them; NULL leaves them where they are.  The name
 * is freed here.  Comments that marks (or NULL) keep are written as "# ...".
 */
typedef char *spec_files(const char *path, const struct tree *data, void *arg);
void spec_to_yaml(const struct tree *t, const struct tree_marks *marks,
    spec_files *files, void *arg, struct buf *out);

/*
 * Rows of named values: JSON lines where the first character is that of an
 * object, else comma-separated values (RFC 4180) with a line of names first.
 */
struct spec_rows {
	const struct buf *in;
	const char *name;	/* in diagnostics, with the line of the row */
	size_t at;
	unsigned long next_line;
	unsigned long line;	/* where the latest row began */
	struct tree *columns;	/* NULL: JSON */
};
#define auto_spec_rows	AUTO(spec_rows_free) struct spec_rows

/* in and name are borrowed; MALFORMED for no rows, doubled or empty names. */
enum status spec_rows_open(const struct buf *in, const char *name,
    struct spec_rows *out) USE_RESULT;

/* The next row, a dict, or NULL behind the last. */
enum status spec_rows_next(struct spec_rows *r, struct tree **out) USE_RESULT;
void spec_rows_free(struct spec_rows *r);

/* True for a name that ${NAME} can mean: letters, digits, _, - and dots. */
bool spec_is_name(const char *s, size_t len);

/*
 * text_check_url() says what is wrong with an address of a web server, which
 * names a host and is printable ASCII, or NULL.
 */
const char *text_check_url(const char *value);

/*
 * text_check_fingerprint() takes "sha256", the hash of the authority's
 * certificate, or a fingerprint in hex; NULL, or why not.
 */
const char *text_check_fingerprint(const char *s);

#endif
