/*
 * spec_doc: a YAML document as it was written, for files whose types are not
 * those of a property list: Apple's payload schemas.
 *
 * Scalars stay text.  An alias is the very node of its anchor, so a document
 * may contain itself: walk it along something finite, never for its own sake.
 * One document, UTF-8, depth 64, 100,000 nodes, 1,000 keys in a map, none
 * doubled.
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

/* MALFORMED, "name:line:column: reason", for what is not such a document. */
enum status spec_doc_parse(const struct buf *in, const char *name,
    struct spec_doc **out) USE_RESULT;

/* Borrowed from the document, as everything below; NULL for an empty one. */
const struct spec_node *spec_doc_root(const struct spec_doc *d);

/* Every function takes NULL, for a missing node. */
bool spec_node_is(const struct spec_node *n, enum spec_node_kind kind);
size_t spec_node_count(const struct spec_node *n);	/* items or members */

const struct spec_node *spec_node_at(const struct spec_node *list, size_t i);
const struct spec_node *spec_node_get(const struct spec_node *map,
    const char *key);
const char *spec_node_key(const struct spec_node *map, size_t i);
const struct spec_node *spec_node_value(const struct spec_node *map, size_t i);

/* The text of a scalar, NULL for any other node. */
const char *spec_node_text(const struct spec_node *n);
const char *spec_node_get_text(const struct spec_node *map, const char *key);

/* True where a map has this text for a key. */
bool spec_node_says(const struct spec_node *map, const char *key,
    const char *text);

#endif
