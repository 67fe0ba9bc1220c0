/* What the files of spec share among themselves. */
#ifndef MCFG_TEXT_LOCAL_H
#define MCFG_TEXT_LOCAL_H

#include "text/text.h"

/* One step of the path to a node; key NULL in an array. */
struct spec_step {
	const struct spec_step *up;
	const char *key;
	size_t index;
};

/* Fills in "PayloadContent[0].URL: ", or nothing at the top. */
void spec_path_text(const struct spec_step *step, struct buf *out);

/* A place in a file; a line or column that is not known is 0. */
struct spec_place {
	const char *name;
	unsigned long line, column;
};

/* MALFORMED, "name:line:column: path: reason"; step NULL at the top. */
enum status spec_fail_at(const struct spec_place *at,
    const struct spec_step *step, const char *fmt, ...) PRINTF_LIKE(3, 4);

enum spec_type {
	SPEC_TEXT,
	SPEC_INT,
	SPEC_REAL,
	SPEC_BOOL,
	SPEC_DOUBTFUL,
};

/*
 * The type of a plain scalar; for SPEC_DOUBTFUL *hint says why and how to
 * mend it.
 */
enum spec_type spec_type_of(const char *s, const char **hint);

/* The value of a plain scalar; NULL for one that is doubtful. */
struct tree *spec_scalar(const char *s);

/*
 * spec_tagged() makes the value of text that has a tag (the part after "!!");
 * NULL with *reason if the text does not fit the tag.
 */
struct tree *spec_tagged(const char *tag, const char *s, const char **reason);
bool spec_is_tag(const char *tag);

/*
 * The tags of our own, with their "!".  spec_own_tag() makes the value that
 * one says of s: MALFORMED, or for a file FAULT if it cannot be read and
 * REFUSED if it may not be, with the reason appended.  The bytes that were
 * read and are not in the value are added to *read.
 */
bool spec_is_own_tag(const char *tag);
enum status spec_own_tag(const char *tag, const char *s,
    const struct spec_how *how, struct buf *reason, size_t *read,
    struct tree **out) USE_RESULT;

/* A tag whose scalar is the name of a file. */
bool spec_names_file(const char *tag);

/* ${NAME} and nothing else: the name, which the caller frees; or NULL. */
char *spec_only_variable(const char *s);

/*
 * spec_fill() appends text with its variables in their places.  NULL, or the
 * reason, which may lie in *reason.
 */
const char *spec_fill(const char *s, const struct tree *vars, struct buf *out,
    struct buf *reason);

/* A copy of a variable's value; NULL where it is not set. */
struct tree *spec_variable(const struct tree *vars, const char *name);

/* Adds a string that !uuid made; spec_uuids_find() needs them sorted. */
void spec_uuids_add(struct spec_uuids *u, const struct tree *node,
    size_t group);
void spec_uuids_sort(struct spec_uuids *u);

/* spec_from_json() for a part of name that begins in the given line. */
enum status spec_json_at(const void *p, size_t len, const char *name,
    unsigned long line, struct tree **out) USE_RESULT;

/* Nodes of a tree, how deep its containers are nested, bytes of its text. */
struct spec_size {
	size_t nodes, depth, bytes;
};
void spec_measure(const struct tree *t, struct spec_size *out);

#endif
