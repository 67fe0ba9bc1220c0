/*
 * spec: reads what people write, YAML and JSON, into a property list.  Only
 * this family handles these formats.
 *
 * YAML is read by strict rules (mcfg-profile.5): one document, UTF-8, a
 * mapping at the top, keys that are strings, no duplicate keys.  A plain
 * scalar that YAML 1.1, YAML 1.2 or a hurried reader could take for something
 * else is refused, with the way to fix it.  An error is one line,
 * "name:line:column: path: reason", and MALFORMED; but for a file in !file or
 * !sha256, FAULT if it cannot be read and REFUSED if it may not be.
 */
#ifndef MCFG_TEXT_TEXT_H
#define MCFG_TEXT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "plist/node.h"

/*
 * Limits in addition to those of tree.h and IO_TEXT_MAX, after aliases are
 * expanded.
 */
enum {
	SPEC_ANCHORS_MAX = 1000,
	SPEC_BYTES_MAX = 16 << 20,	/* all text and data together */
};

/*
 * The nodes of !uuid, whose values are set once the path of identifiers is
 * known.  An alias of a node shares its value.
 */
struct spec_uuid {
	const struct tree *node;	/* a string with name, until then */
	char *name;			/* the text after !uuid */
	size_t group;			/* equal for nodes that share a value */
};

struct spec_uuids {
	struct spec_uuid *v;		/* sorted by address of node */
	size_t n;
};
#define SPEC_UUIDS_INIT	{ NULL, 0 }
#define auto_spec_uuids	AUTO(spec_uuids_free) struct spec_uuids

void spec_uuids_free(struct spec_uuids *u);

/* Returns the entry of a node, or NULL if it has none; borrowed. */
const struct spec_uuid *spec_uuids_find(const struct spec_uuids *u,
    const struct tree *node);

/*
 * How to read YAML.  All zeros means the plain rules: no !file, no !sha256, no
 * !uuid, no variables.
 */
struct spec_how {
	const char *path;		/* files are relative to its folder;
					 * "-": the current folder; NULL: files
					 * are refused */
	const struct strings *files;	/* folders, besides its own, whose files
					 * !file may name; or NULL */
	const struct tree *vars;	/* dict for ${NAME}; NULL: ${ is just
					 * text */
	bool keeps_variables;		/* for a template that is examined, not
					 * filled in: a scalar with ${ is text,
					 * whatever its tag */
	int64_t at;			/* time from which !after counts */
	bool lenient;			/* for files of others: no scalar is
					 * refused, doubtful ones are strings,
					 * null is left out, a cyclic alias is
					 * the string "*NAME" */
	struct tree_marks *marks;	/* or NULL; the place of a member is
					 * that of its key */
	struct spec_uuids *uuids;	/* NULL: !uuid is refused */
};

/*
 * spec_read_yaml() reads one document; if something is wrong, *why says what.
 * spec_from_yaml() prints that for an input called name, and how may be NULL.
 * The caller frees *out.
 */
enum status spec_read_yaml(const struct buf *in, const struct spec_how *how,
    struct problem *why, struct tree **out) USE_RESULT;
enum status spec_from_yaml(const struct buf *in, const char *name,
    const struct spec_how *how, struct tree **out) USE_RESULT;

/*
 * spec_from_json() reads one object or array.  A duplicate key is refused; a
 * member that is null is left out.  The caller frees *out.
 */
enum status spec_from_json(const struct buf *in, const char *name,
    struct tree **out) USE_RESULT;

/* True if the first character begins a JSON object or array. */
bool spec_looks_like_json(const struct buf *in);

/*
 * spec_values() reads a dict of values from a plist (XML or binary), JSON or
 * YAML, recognised by the content; for --vars.
 */
enum status spec_values(const struct buf *in, const char *name,
    struct tree **out) USE_RESULT;

/*
 * spec_expand() replaces ${NAME} in all strings of a tree that was not read
 * from YAML (a template in XML); *t is replaced if it is such a string itself.
 */
enum status spec_expand(struct tree **t, const char *name,
    const struct tree *vars, const struct tree_marks *marks) USE_RESULT;

/*
 * spec_to_yaml() writes a dict so that spec_from_yaml() with variables
 * restores it.  For the data at path, it calls files, unless that is NULL,
 * which returns the name of a file with the data, or NULL to keep it in the
 * YAML; spec_to_yaml() frees the name.  Comments in marks (or NULL) are
 * written as "# ...".
 */
typedef char *spec_files(const char *path, const struct tree *data, void *arg);
void spec_to_yaml(const struct tree *t, const struct tree_marks *marks,
    spec_files *files, void *arg, struct buf *out);

/*
 * Rows of named values: JSON lines if the first character begins an object,
 * otherwise comma-separated values (RFC 4180) that begin with a line of names.
 */
struct spec_rows {
	const struct buf *in;
	const char *name;	/* for messages, with the line of the row */
	size_t at;
	unsigned long next_line;
	unsigned long line;	/* of the beginning of the current row */
	struct tree *columns;	/* NULL for JSON */
	size_t named;		/* how many; those after them are empty */
};
#define auto_spec_rows	AUTO(spec_rows_free) struct spec_rows

/*
 * in and name are borrowed.  Returns MALFORMED if there are no rows, or if
 * names are empty or duplicate.
 */
enum status spec_rows_open(const struct buf *in, const char *name,
    struct spec_rows *out) USE_RESULT;

/*
 * Sets *out to the next row, a dict that the caller frees; NULL after the
 * last.
 */
enum status spec_rows_next(struct spec_rows *r, struct tree **out) USE_RESULT;
void spec_rows_free(struct spec_rows *r);

/* True for a name in ${NAME}: letters, digits, _, - and dots. */
bool spec_is_name(const char *s, size_t len);

/*
 * spec_check_setting() returns NULL for the NAME=VALUE of --set, or the reason
 * why it is not one.
 */
const char *spec_check_setting(const char *value);

/*
 * text_check_url() checks the URL of a web server, which has a host and is
 * printable ASCII.  Returns NULL, or what is wrong with it.
 */
const char *text_check_url(const char *value);

/*
 * text_check_fingerprint() accepts "sha256" (the hash of the CA's certificate)
 * or a fingerprint in hexadecimal.  Returns NULL, or the reason why it is
 * invalid.
 */
const char *text_check_fingerprint(const char *s);

#endif
