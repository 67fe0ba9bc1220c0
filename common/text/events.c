#include "text/events.h"

#include <string.h>

#include "text/parser.h"

enum { EVENTS_MAX = 2 * TREE_NODES_MAX + 64 };

struct anchor {
	size_t name;		/* in text */
	size_t event;
};

struct recording {
	struct spec_events *to;
	struct anchor anchors[SPEC_ANCHORS_MAX];
	size_t anchor_count;
	size_t opened[TREE_DEPTH_MAX + 1];
	size_t depth;
};

void
spec_events_free(struct spec_events *s)
{
	free(s->v);
	buf_free(&s->text);
}

static const char *
text_at(const struct spec_events *s, size_t at)
{
	return (const char *)s->text.data + at;
}

const char *
spec_event_text(const struct spec_events *s, const struct spec_event *e)
{
	return text_at(s, e->text);
}

const char *
spec_event_tag(const struct spec_events *s, const struct spec_event *e)
{
	return e->tag != 0 ? text_at(s, e->tag) : NULL;
}

/*
 * The path to the next node, written to steps.  It ends before a key that is
 * not read yet, or is not a scalar.
 */
static const struct spec_step *
steps_so_far(const struct recording *r, struct spec_step steps[TREE_DEPTH_MAX])
{
	const struct spec_event *v = r->to->v;
	const struct spec_step *last = NULL;
	size_t i, at, n, key, inside;
	bool is_mapping;

	for (i = 0; i < r->depth; i++) {
		inside = i + 1 < r->depth ? r->opened[i + 1] : r->to->n;
		for (n = 0, key = 0, at = r->opened[i] + 1; at < inside; n++) {
			key = at;
			at = v[at].end;
		}
		is_mapping = v[r->opened[i]].kind == SPEC_EVENT_MAPPING;
		if (is_mapping && (n % 2 == 0 ||
		    v[key].kind != SPEC_EVENT_SCALAR))
			break;
		steps[i] = (struct spec_step){ last,
		    is_mapping ? spec_event_text(r->to, &v[key]) : NULL, n };
		last = &steps[i];
	}
	return last;
}

static size_t
keep_text(struct spec_events *s, const void *p, size_t len)
{
	size_t at = s->text.len;

	buf_add(&s->text, p, len);
	buf_putc(&s->text, '\0');
	return at;
}

static void
keep_tag(struct spec_events *s, struct spec_event *e, const yaml_char_t *tag)
{
	if (tag != NULL)
		e->tag = keep_text(s, tag, strlen((const char *)tag));
}

static enum status
keep_anchor(struct recording *r, const struct spec_event *e,
    const yaml_char_t *name)
{
	if (name == NULL)
		return OK;
	if (r->anchor_count == ARRAY_LEN(r->anchors))
		return spec_fail_at(&e->at, NULL, "more than %d anchors",
		    SPEC_ANCHORS_MAX);
	r->anchors[r->anchor_count++] = (struct anchor){
	    keep_text(r->to, name, strlen((const char *)name)), r->to->n };
	return OK;
}

/* The latest anchor with that name counts (YAML 1.2.2, 7.1). */
static enum status
find_anchor(const struct recording *r, struct spec_event *e,
    const yaml_char_t *name)
{
	struct spec_step steps[TREE_DEPTH_MAX];
	const char *want = (const char *)name;
	size_t i = r->anchor_count;

	while (i-- > 0) {
		if (strcmp(text_at(r->to, r->anchors[i].name), want) != 0)
			continue;
		e->target = r->anchors[i].event;
		e->text = r->anchors[i].name;
		return OK;
	}
	return spec_fail_at(&e->at, steps_so_far(r, steps), "alias '*%s' has "
	    "no anchor before it: quote it for text", want);
}

static enum status
push(struct spec_events *s, const struct spec_event *e)
{
	if (s->n == EVENTS_MAX)
		return spec_fail_at(&e->at, NULL, "more than %d values",
		    TREE_NODES_MAX);
	*GROW(s->v, s->n) = *e;
	s->v[s->n - 1].end = s->n;
	return OK;
}

static enum status
record_open(struct recording *r, struct spec_event *e,
    enum spec_event_kind kind, const yaml_char_t *anchor,
    const yaml_char_t *tag)
{
	enum status st;

	e->kind = kind;
	if (r->depth == TREE_DEPTH_MAX)
		return spec_fail_at(&e->at, NULL, "nested deeper than %d",
		    TREE_DEPTH_MAX);
	keep_tag(r->to, e, tag);
	if ((st = keep_anchor(r, e, anchor)) != OK)
		return st;
	r->opened[r->depth++] = r->to->n;
	return push(r->to, e);
}

static enum status
record_close(struct recording *r, struct spec_event *e)
{
	size_t opened = r->opened[--r->depth];
	enum status st;

	e->kind = SPEC_EVENT_END;
	st = push(r->to, e);
	r->to->v[opened].end = r->to->n;
	return st;
}

static enum status
record_alias(struct recording *r, struct spec_event *e,
    const yaml_char_t *anchor)
{
	enum status st;

	e->kind = SPEC_EVENT_ALIAS;
	if ((st = find_anchor(r, e, anchor)) != OK)
		return st;
	return push(r->to, e);
}

static enum status
record_scalar(struct recording *r, struct spec_event *e,
    const yaml_event_t *ev)
{
	struct spec_step steps[TREE_DEPTH_MAX];
	const char *fault;
	enum status st;

	e->kind = SPEC_EVENT_SCALAR;
	e->len = ev->data.scalar.length;
	e->is_plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	fault = tree_text_fault((const char *)ev->data.scalar.value, e->len);
	if (fault != NULL)
		return spec_fail_at(&e->at, steps_so_far(r, steps), "%s, which "
		    "a property list cannot contain: remove it, or write "
		    "!!binary before base64", fault);
	e->text = keep_text(r->to, ev->data.scalar.value, e->len);
	keep_tag(r->to, e, ev->data.scalar.tag);
	if ((st = keep_anchor(r, e, ev->data.scalar.anchor)) != OK)
		return st;
	return push(r->to, e);
}

static enum status
record(struct recording *r, struct problem *why, const yaml_event_t *ev)
{
	struct spec_event e = { .at = { why, ev->start_mark.line + 1,
	    ev->start_mark.column + 1 } };

	switch (ev->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (r->to->n > 0)
			return spec_fail_at(&e.at, NULL, "a second document "
			    "begins here: one file holds one");
		return OK;
	case YAML_ALIAS_EVENT:
		return record_alias(r, &e, ev->data.alias.anchor);
	case YAML_SCALAR_EVENT:
		return record_scalar(r, &e, ev);
	case YAML_SEQUENCE_START_EVENT:
		return record_open(r, &e, SPEC_EVENT_SEQUENCE,
		    ev->data.sequence_start.anchor,
		    ev->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return record_open(r, &e, SPEC_EVENT_MAPPING,
		    ev->data.mapping_start.anchor, ev->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return record_close(r, &e);
	default:
		return OK;
	}
}

static enum status
record_all(struct recording *r, yaml_parser_t *p, const struct buf *in,
    struct problem *why)
{
	struct spec_step steps[TREE_DEPTH_MAX];
	enum status st = OK;
	bool done = false;

	while (st == OK && !done) {
		yaml_event_t ev;

		if (!yaml_parser_parse(p, &ev))
			return spec_parser_fail(p, in, why,
			    steps_so_far(r, steps));
		st = record(r, why, &ev);
		done = ev.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&ev);
	}
	return st;
}

enum status
spec_events_read(const struct buf *in, struct problem *why,
    struct spec_events *out)
{
	struct recording r = { .to = out };
	yaml_parser_t parser;
	enum status st;

	if ((st = spec_parser_refuse_directives(in, why)) != OK)
		return st;
	/* Offset 0 of the text means "none". */
	buf_putc(&out->text, '\0');
	spec_parser_open(&parser, in);
	st = record_all(&r, &parser, in, why);
	yaml_parser_delete(&parser);
	return st;
}
