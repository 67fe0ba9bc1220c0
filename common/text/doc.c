#include "text/doc.h"

#include <stdlib.h>
#include <string.h>

#include "text/parser.h"

enum {
	DEPTH_MAX = 64,
	NODES_MAX = 100000,
	KEYS_MAX = 1000,	/* of one map: they are searched one by one */
	BLOCK = 64 << 10,	/* bytes of a block of memory */
};

struct spec_node {
	enum spec_node_kind kind;
	const char *text;	/* of a scalar */
	const char **keys;	/* of a map */
	struct spec_node **items;
	size_t n, cap;
};

/* A document is freed as a whole, so its nodes are allocated in blocks. */
struct block {
	struct block *next;
	max_align_t data[];
};

struct anchor {
	const char *name;
	struct spec_node *node;
};

struct spec_doc {
	struct block *blocks;
	size_t used, size;	/* of the first block */
	struct spec_node *root;
	struct anchor *anchors;
	size_t anchor_count;
	size_t nodes;
};

/* An open container, and the key for its next value. */
struct level {
	struct spec_node *node;
	const char *key;
};

struct reader {
	yaml_parser_t parser;
	struct spec_doc *doc;
	const char *name;
	struct level stack[DEPTH_MAX];
	size_t depth;
};

static void *
take(struct spec_doc *d, size_t size)
{
	const size_t align = sizeof(max_align_t);
	struct block *b;
	void *p;

	size = (size + align - 1) / align * align;
	if (d->blocks == NULL || d->size - d->used < size) {
		d->size = size > BLOCK ? size : BLOCK;
		d->used = 0;
		b = xmalloc(sizeof *b + d->size);
		b->next = d->blocks;
		d->blocks = b;
	}
	p = (char *)d->blocks->data + d->used;
	d->used += size;
	return p;
}

static const char *
take_text(struct spec_doc *d, const void *text, size_t len)
{
	char *s = take(d, len + 1);

	memcpy(s, text, len);
	s[len] = '\0';
	return s;
}

void
spec_doc_free(struct spec_doc *d)
{
	struct block *b;

	if (d == NULL)
		return;
	while ((b = d->blocks) != NULL) {
		d->blocks = b->next;
		free(b);
	}
	free(d->anchors);
	free(d);
}

static enum status
fail_at(const struct reader *r, yaml_mark_t mark, const char *reason)
{
	return fail(MALFORMED, "%s:%zu:%zu: %s", r->name, mark.line + 1,
	    mark.column + 1, reason);
}

static struct spec_node *
new_node(struct spec_doc *d, enum spec_node_kind kind)
{
	struct spec_node *n = take(d, sizeof *n);

	memset(n, 0, sizeof *n);
	n->kind = kind;
	d->nodes++;
	return n;
}

/* Moves an array to a larger place; the old one remains in its block. */
static void *
regrow(struct spec_doc *d, const void *old, size_t have, size_t size)
{
	void *p = take(d, size);

	if (have > 0)
		memcpy(p, old, have);
	return p;
}

static void
grow(struct spec_doc *d, struct spec_node *n)
{
	const size_t one = sizeof(void *);

	if (n->n < n->cap)
		return;
	n->cap = n->cap == 0 ? 4 : n->cap * 2;
	n->items = regrow(d, n->items, n->n * one, n->cap * one);
	if (n->kind == SPEC_MAP)
		n->keys = regrow(d, n->keys, n->n * one, n->cap * one);
}

/* Adds a node to the open container. */
static enum status
place(struct reader *r, struct spec_node *n, yaml_mark_t mark)
{
	struct level *top;

	if (r->depth == 0) {
		r->doc->root = n;
		return OK;
	}
	top = &r->stack[r->depth - 1];
	if (top->node->kind == SPEC_MAP && top->key == NULL) {
		if (n->kind != SPEC_SCALAR)
			return fail_at(r, mark, "a key must be a scalar");
		if (spec_node_get(top->node, n->text) != NULL)
			return fail_at(r, mark, "doubled key");
		if (top->node->n == KEYS_MAX)
			return fail_at(r, mark, "too many keys");
		top->key = n->text;
		return OK;
	}
	grow(r->doc, top->node);
	if (top->node->kind == SPEC_MAP)
		top->node->keys[top->node->n] = top->key;
	top->node->items[top->node->n++] = n;
	top->key = NULL;
	return OK;
}

static void
remember(struct spec_doc *d, const yaml_char_t *name, struct spec_node *n)
{
	struct anchor *a;

	if (name == NULL)
		return;
	a = GROW(d->anchors, d->anchor_count);
	a->name = take_text(d, name, strlen((const char *)name));
	a->node = n;
}

/* YAML allows an anchor to be redefined: the last one counts. */
static struct spec_node *
find_anchor(const struct spec_doc *d, const yaml_char_t *name)
{
	size_t i;

	for (i = d->anchor_count; i > 0; i--)
		if (strcmp(d->anchors[i - 1].name, (const char *)name) == 0)
			return d->anchors[i - 1].node;
	return NULL;
}

static enum status
take_scalar(struct reader *r, const yaml_event_t *e)
{
	struct spec_node *n = new_node(r->doc, SPEC_SCALAR);

	if (memchr(e->data.scalar.value, '\0', e->data.scalar.length) != NULL)
		return fail_at(r, e->start_mark, "NUL in a scalar");
	n->text = take_text(r->doc, e->data.scalar.value,
	    e->data.scalar.length);
	remember(r->doc, e->data.scalar.anchor, n);
	return place(r, n, e->start_mark);
}

static enum status
take_alias(struct reader *r, const yaml_event_t *e)
{
	struct spec_node *n = find_anchor(r->doc, e->data.alias.anchor);

	if (n == NULL)
		return fail_at(r, e->start_mark, "alias without its anchor");
	return place(r, n, e->start_mark);
}

static enum status
take_start(struct reader *r, const yaml_event_t *e, enum spec_node_kind kind,
    const yaml_char_t *anchor)
{
	struct spec_node *n = new_node(r->doc, kind);
	enum status st;

	remember(r->doc, anchor, n);
	if ((st = place(r, n, e->start_mark)) != OK)
		return st;
	if (r->depth == DEPTH_MAX)
		return fail_at(r, e->start_mark, "nested too deep");
	r->stack[r->depth].node = n;
	r->stack[r->depth++].key = NULL;
	return OK;
}

static enum status
take_event(struct reader *r, const yaml_event_t *e)
{
	if (r->doc->nodes >= NODES_MAX)
		return fail_at(r, e->start_mark, "too many nodes");
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return take_scalar(r, e);
	case YAML_ALIAS_EVENT:
		return take_alias(r, e);
	case YAML_SEQUENCE_START_EVENT:
		return take_start(r, e, SPEC_LIST,
		    e->data.sequence_start.anchor);
	case YAML_MAPPING_START_EVENT:
		return take_start(r, e, SPEC_MAP, e->data.mapping_start.anchor);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		r->depth--;
		return OK;
	case YAML_DOCUMENT_START_EVENT:
		if (r->doc->root != NULL)
			return fail_at(r, e->start_mark,
			    "more than one document");
		return OK;
	default:
		return OK;
	}
}

static enum status
read_events(struct reader *r)
{
	yaml_event_t e;
	yaml_event_type_t type;
	enum status st;

	do {
		if (!yaml_parser_parse(&r->parser, &e))
			return fail_at(r, r->parser.problem_mark,
			    r->parser.problem != NULL ? r->parser.problem :
			    "not YAML");
		type = e.type;
		st = take_event(r, &e);
		yaml_event_delete(&e);
		if (st != OK)
			return st;
	} while (type != YAML_STREAM_END_EVENT);
	return OK;
}

enum status
spec_doc_parse(const struct buf *in, const char *name, struct spec_doc **out)
{
	auto_spec_doc *d = xcalloc(1, sizeof *d);
	struct reader r = { .doc = d, .name = name };
	enum status st;

	spec_parser_open(&r.parser, in);
	st = read_events(&r);
	yaml_parser_delete(&r.parser);
	if (st == OK)
		*out = STEAL(d);
	return st;
}

const struct spec_node *
spec_doc_root(const struct spec_doc *d)
{
	return d->root;
}

bool
spec_node_is(const struct spec_node *n, enum spec_node_kind kind)
{
	return n != NULL && n->kind == kind;
}

size_t
spec_node_count(const struct spec_node *n)
{
	return n != NULL ? n->n : 0;
}

const struct spec_node *
spec_node_at(const struct spec_node *list, size_t i)
{
	return spec_node_is(list, SPEC_LIST) && i < list->n ?
	    list->items[i] : NULL;
}

const struct spec_node *
spec_node_get(const struct spec_node *map, const char *key)
{
	size_t i;

	if (!spec_node_is(map, SPEC_MAP))
		return NULL;
	for (i = 0; i < map->n; i++)
		if (strcmp(map->keys[i], key) == 0)
			return map->items[i];
	return NULL;
}

const char *
spec_node_key(const struct spec_node *map, size_t i)
{
	return spec_node_is(map, SPEC_MAP) && i < map->n ? map->keys[i] : NULL;
}

const struct spec_node *
spec_node_value(const struct spec_node *map, size_t i)
{
	return spec_node_is(map, SPEC_MAP) && i < map->n ?
	    map->items[i] : NULL;
}

const char *
spec_node_text(const struct spec_node *n)
{
	return spec_node_is(n, SPEC_SCALAR) ? n->text : NULL;
}

const char *
spec_node_get_text(const struct spec_node *map, const char *key)
{
	return spec_node_text(spec_node_get(map, key));
}

bool
spec_node_says(const struct spec_node *map, const char *key, const char *text)
{
	const char *said = spec_node_get_text(map, key);

	return said != NULL && strcmp(said, text) == 0;
}
