/* Private to text/. */
#ifndef MCFG_TEXT_LOCAL_H
#define MCFG_TEXT_LOCAL_H

#include "text/text.h"

/* One step of the path to a node; key is NULL in an array. */
struct spec_step {
	const struct spec_step *up;
	const char *key;
	size_t index;
};

/* Appends "PayloadContent[0].URL: ", or nothing at the top. */
void spec_path_text(const struct spec_step *step, struct buf *out);

/*
 * A place in a file, and the problem to fill in if something is wrong there;
 * an unknown line or column is 0.
 */
struct spec_place {
	struct problem *why;
	unsigned long line, column;
};

/*
 * Fills in at->why with MALFORMED, which it returns, and "path: reason"; step
 * is NULL at the top.
 */
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
 * Returns the type of a plain scalar.  For SPEC_DOUBTFUL, *hint says why, and
 * how to fix it.
 */
enum spec_type spec_type_of(const char *s, const char **hint);

/* Returns the value of a plain scalar, or NULL if its type is doubtful. */
struct tree *spec_scalar(const char *s);

/*
 * spec_tagged() returns the value of text with a tag (the part after "!!");
 * NULL, with the reason in *reason, if the text does not match the tag.
 */
struct tree *spec_tagged(const char *tag, const char *s, const char **reason);
bool spec_is_tag(const char *tag);

/*
 * Our own tags, with their "!".  spec_own_tag() sets *out to the value of a
 * tag and the text s.  Returns MALFORMED; for a file, FAULT if it cannot be
 * read and REFUSED if it may not be; the reason is appended.  Bytes that were
 * read but are not in the value are added to *read.
 */
bool spec_is_own_tag(const char *tag);
enum status spec_own_tag(const char *tag, const char *s,
    const struct spec_how *how, struct buf *reason, size_t *read,
    struct tree **out) USE_RESULT;

/* True for a tag whose scalar is the name of a file. */
bool spec_names_file(const char *tag);

/*
 * If s is ${NAME} and nothing else, returns the name, which the caller frees;
 * otherwise NULL.
 */
char *spec_only_variable(const char *s);

/*
 * spec_fill() appends text with its variables replaced.  Returns NULL, or the
 * reason why it cannot, which may be stored in *reason.
 */
const char *spec_fill(const char *s, const struct tree *vars, struct buf *out,
    struct buf *reason);

/* Returns a copy of a variable's value, or NULL if it is not set. */
struct tree *spec_variable(const struct tree *vars, const char *name);

/* Adds a string that !uuid made; sort them before spec_uuids_find(). */
void spec_uuids_add(struct spec_uuids *u, const struct tree *node,
    size_t group);
void spec_uuids_sort(struct spec_uuids *u);

/* Reads JSON that begins at this line of its input; 0 if it is all of it. */
enum status spec_json_at(const void *p, size_t len, unsigned long line,
    struct problem *why, struct tree **out) USE_RESULT;

/*
 * spec_measure() counts the nodes of a tree, how deep its containers nest, and
 * the bytes of its text.
 */
struct spec_size {
	size_t nodes, depth, bytes;
};
void spec_measure(const struct tree *t, struct spec_size *out);

#endif
