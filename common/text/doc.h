/*
 * spec_doc: a YAML document as it is written, for files whose types are not
 * those of a property list: Apple's payload schemas.
 *
 * Scalars are text.  An alias is the same node as its anchor, so a document
 * may contain itself: a walk through it must be bound by something finite.  A
 * document is UTF-8 with a depth of at most 64, 100,000 nodes, 1,000 keys in a
 * map, and no duplicate keys.
 */
#ifndef MCFG_TEXT_DOC_H
#define MCFG_TEXT_DOC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct spec_doc;
struct spec_node;
#define auto_spec_doc AUTO(auto_free_spec_doc) struct spec_doc

enum spec_node_kind {
	SPEC_SCALAR,
	SPEC_LIST,
	SPEC_MAP,
};

void spec_doc_free(struct spec_doc *d);
DEFINE_AUTO(spec_doc, struct spec_doc, spec_doc_free);

/*
 * Parses a document.  Returns MALFORMED, with "name:line:column: reason", if
 * it cannot.  The caller frees *out.
 */
enum status spec_doc_parse(const struct buf *in, const char *name,
    struct spec_doc **out) USE_RESULT;

/*
 * Returns the top node, or NULL if the document is empty.  It is borrowed from
 * the document; so is everything below.
 */
const struct spec_node *spec_doc_root(const struct spec_doc *d);

/* These functions accept NULL as a missing node. */
bool spec_node_is(const struct spec_node *n, enum spec_node_kind kind);
size_t spec_node_count(const struct spec_node *n);	/* items or members */

const struct spec_node *spec_node_at(const struct spec_node *list, size_t i);
const struct spec_node *spec_node_get(const struct spec_node *map,
    const char *key);
const char *spec_node_key(const struct spec_node *map, size_t i);
const struct spec_node *spec_node_value(const struct spec_node *map, size_t i);

/* Return the text of a scalar, or NULL for any other node. */
const char *spec_node_text(const struct spec_node *n);
const char *spec_node_get_text(const struct spec_node *map, const char *key);

/* Returns true if a map has this text as the value of key. */
bool spec_node_says(const struct spec_node *map, const char *key,
    const char *text);

#endif
