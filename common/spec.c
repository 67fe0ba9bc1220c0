#include "spec.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <yaml.h>

#include "io.h"
#include "spec_local.h"

/*
 * The events of the parser are recorded first and built into a tree then, so
 * an alias is nothing but a walk over the same events again.  libyaml's own
 * documents cannot be used: they do not tell no from "no".
 */

enum { EVENTS_MAX = 2 * TREE_NODES_MAX + 64 };

static const char yaml_tags[] = "tag:yaml.org,2002:";

struct event {
	yaml_event_type_t type;
	unsigned long line, column;
	size_t text;		/* in text, of a scalar or an anchor's name */
	size_t len;
	size_t tag;		/* in text; 0: none */
	bool is_plain;
	bool is_open;		/* being built: an alias to it is a cycle */
	size_t target;		/* of an alias: the event it stands for */
	size_t end;		/* behind the whole node */
};

struct anchor {
	size_t name;		/* in text */
	size_t event;
};

struct reading {
	const char *name;
	const struct spec_how *how;
	struct event *v;
	size_t n, room;
	struct buf text;
	struct anchor anchors[SPEC_ANCHORS_MAX];
	size_t anchor_count;
	size_t opened[TREE_DEPTH_MAX + 1];
	size_t depth;
	/* building */
	size_t nodes, bytes;
};

static void
reading_free(struct reading *r)
{
	free(r->v);
	buf_free(&r->text);
}

#define auto_reading AUTO(reading_free) struct reading

static const char *
text_at(const struct reading *r, size_t at)
{
	return (const char *)r->text.data + at;
}

static enum status fail_at(const struct reading *r, const struct event *e,
    const struct spec_step *step, const char *fmt, ...) PRINTF_LIKE(4, 5);

static enum status
fail_at(const struct reading *r, const struct event *e,
    const struct spec_step *step, const char *fmt, ...)
{
	auto_buf path = BUF_INIT;
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	spec_path_text(step, &path);
	return fail(MALFORMED, "%s:%lu:%lu: %s%s", r->name, e->line, e->column,
	    buf_str(&path), line);
}

void
spec_path_text(const struct spec_step *step, struct buf *out)
{
	const struct spec_step *steps[TREE_DEPTH_MAX + 1];
	size_t n = 0;
	const char *p;

	for (; step != NULL && n < ARRAY_LEN(steps); step = step->up)
		steps[n++] = step;
	if (n == 0)
		return;
	while (n-- > 0) {
		if (steps[n]->key == NULL)
			buf_printf(out, "%zu", steps[n]->index);
		for (p = steps[n]->key; p != NULL && *p != '\0'; p++) {
			if (*p == '.')
				buf_putc(out, '\\');
			buf_putc(out, *p);
		}
		if (n > 0)
			buf_putc(out, '.');
	}
	buf_puts(out, ": ");
}

/*
 * The steps to what comes next while events are recorded; they lie in steps.
 * A key that is still to come, or is no scalar, ends them.
 */
static const struct spec_step *
steps_so_far(const struct reading *r, struct spec_step steps[TREE_DEPTH_MAX])
{
	const struct spec_step *last = NULL;
	size_t i, at, n, key, inside;
	bool is_mapping;

	for (i = 0; i < r->depth; i++) {
		inside = i + 1 < r->depth ? r->opened[i + 1] : r->n;
		for (n = 0, key = 0, at = r->opened[i] + 1; at < inside; n++) {
			key = at;
			at = r->v[at].end;
		}
		is_mapping = r->v[r->opened[i]].type ==
		    YAML_MAPPING_START_EVENT;
		if (is_mapping && (n % 2 == 0 ||
		    r->v[key].type != YAML_SCALAR_EVENT))
			break;
		steps[i] = (struct spec_step){ last,
		    is_mapping ? text_at(r, r->v[key].text) : NULL, n };
		last = &steps[i];
	}
	return last;
}

/* ---- uuids ---- */

void
spec_uuids_free(struct spec_uuids *u)
{
	size_t i;

	for (i = 0; i < u->n; i++)
		free(u->v[i].name);
	free(u->v);
	u->v = NULL;
	u->n = 0;
}

static int
compare_uuids(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)((const struct spec_uuid *)a)->node;
	uintptr_t y = (uintptr_t)((const struct spec_uuid *)b)->node;

	return x < y ? -1 : x > y;
}

const struct spec_uuid *
spec_uuids_find(const struct spec_uuids *u, const struct tree *node)
{
	const struct spec_uuid want = { node, NULL, 0 };
	const struct spec_uuid *found;

	if (u == NULL || u->n == 0 || tree_kind(node) != TREE_STRING)
		return NULL;
	found = bsearch(&want, u->v, u->n, sizeof *u->v, compare_uuids);
	/* A node of the same address that came later holds something else. */
	if (found == NULL || strcmp(found->name, tree_string_of(node)) != 0)
		return NULL;
	return found;
}

static void
add_uuid(struct spec_uuids *u, const struct tree *node, const char *name,
    size_t group)
{
	if ((u->n & (u->n - 1)) == 0)
		u->v = xreallocarray(u->v, u->n == 0 ? 1 : 2 * u->n,
		    sizeof *u->v);
	u->v[u->n++] = (struct spec_uuid){ node, xstrdup(name), group };
}

/* ---- recording ---- */

static size_t
keep_text(struct reading *r, const void *p, size_t len)
{
	size_t at = r->text.len;

	buf_add(&r->text, p, len);
	buf_putc(&r->text, '\0');
	return at;
}

static enum status
keep_anchor(struct reading *r, const struct event *e, const yaml_char_t *name)
{
	if (name == NULL)
		return OK;
	if (r->anchor_count == ARRAY_LEN(r->anchors))
		return fail_at(r, e, NULL, "more than %d anchors",
		    SPEC_ANCHORS_MAX);
	r->anchors[r->anchor_count++] = (struct anchor){
	    keep_text(r, name, strlen((const char *)name)), r->n };
	return OK;
}

/* The latest anchor of that name counts (YAML 1.2.2, 7.1). */
static enum status
find_anchor(struct reading *r, struct event *e, const yaml_char_t *name)
{
	struct spec_step steps[TREE_DEPTH_MAX];
	const char *want = (const char *)name;
	size_t i = r->anchor_count;

	while (i-- > 0) {
		if (strcmp(text_at(r, r->anchors[i].name), want) != 0)
			continue;
		e->target = r->anchors[i].event;
		e->text = r->anchors[i].name;
		return OK;
	}
	return fail_at(r, e, steps_so_far(r, steps), "alias '*%s' has no "
	    "anchor before it: quote it for text", want);
}

static enum status
push(struct reading *r, const struct event *e)
{
	if (r->n == EVENTS_MAX)
		return fail_at(r, e, NULL, "more than %d values",
		    TREE_NODES_MAX);
	if (r->n == r->room) {
		r->room = r->room == 0 ? 256 : 2 * r->room;
		r->v = xreallocarray(r->v, r->room, sizeof *r->v);
	}
	r->v[r->n++] = *e;
	r->v[r->n - 1].end = r->n;
	return OK;
}

static enum status
record_open(struct reading *r, struct event *e, const yaml_char_t *anchor,
    const yaml_char_t *tag)
{
	enum status st;

	if (r->depth == TREE_DEPTH_MAX)
		return fail_at(r, e, NULL, "nested deeper than %d",
		    TREE_DEPTH_MAX);
	if (tag != NULL)
		e->tag = keep_text(r, tag, strlen((const char *)tag));
	if ((st = keep_anchor(r, e, anchor)) != OK)
		return st;
	r->opened[r->depth++] = r->n;
	return push(r, e);
}

static enum status
record_close(struct reading *r, const struct event *e)
{
	size_t opened = r->opened[--r->depth];
	enum status st = push(r, e);

	r->v[opened].end = r->n;
	return st;
}

static enum status
record_scalar(struct reading *r, struct event *e, const yaml_event_t *ev)
{
	const yaml_char_t *tag = ev->data.scalar.tag;
	struct spec_step steps[TREE_DEPTH_MAX];
	const char *fault;
	enum status st;

	e->len = ev->data.scalar.length;
	e->is_plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	fault = tree_text_fault((const char *)ev->data.scalar.value, e->len);
	if (fault != NULL)
		return fail_at(r, e, steps_so_far(r, steps), "%s, which no "
		    "plist can hold: take it out, or write !!binary before "
		    "base64", fault);
	e->text = keep_text(r, ev->data.scalar.value, e->len);
	if (tag != NULL)
		e->tag = keep_text(r, tag, strlen((const char *)tag));
	if ((st = keep_anchor(r, e, ev->data.scalar.anchor)) != OK)
		return st;
	return push(r, e);
}

static enum status
record(struct reading *r, const yaml_event_t *ev)
{
	struct event e = { .type = ev->type,
	    .line = ev->start_mark.line + 1,
	    .column = ev->start_mark.column + 1 };
	enum status st;

	switch (ev->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (r->n > 0)
			return fail_at(r, &e, NULL, "a second document begins "
			    "here: one file holds one");
		return OK;
	case YAML_ALIAS_EVENT:
		if ((st = find_anchor(r, &e, ev->data.alias.anchor)) != OK)
			return st;
		return push(r, &e);
	case YAML_SCALAR_EVENT:
		return record_scalar(r, &e, ev);
	case YAML_SEQUENCE_START_EVENT:
		return record_open(r, &e, ev->data.sequence_start.anchor,
		    ev->data.sequence_start.tag);
	case YAML_MAPPING_START_EVENT:
		return record_open(r, &e, ev->data.mapping_start.anchor,
		    ev->data.mapping_start.tag);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return record_close(r, &e);
	default:
		return OK;
	}
}

/* The place of a byte, for faults that come before there are marks. */
static void
place_of(const struct buf *in, size_t offset, struct event *e)
{
	size_t i;

	e->line = 1;
	e->column = 1;
	for (i = 0; i < offset && i < in->len; i++) {
		if (in->data[i] == '\n') {
			e->line++;
			e->column = 1;
		} else if ((in->data[i] & 0xC0) != 0x80) {
			e->column++;
		}
	}
}

static bool
is_tab_at(const struct buf *in, size_t line, size_t column)
{
	size_t i = 0;

	while (line > 0 && i < in->len)
		line -= in->data[i++] == '\n';
	return i + column < in->len && in->data[i + column] == '\t';
}

static enum status
fail_parser(const struct reading *r, const yaml_parser_t *p,
    const struct buf *in)
{
	struct event e = { .line = p->problem_mark.line + 1,
	    .column = p->problem_mark.column + 1 };
	const char *problem = p->problem != NULL ? p->problem : "not YAML";

	if (p->error == YAML_MEMORY_ERROR)
		mem_exhausted();
	if (p->error == YAML_READER_ERROR) {
		place_of(in, p->problem_offset, &e);
		return fail_at(r, &e, NULL, "not UTF-8 text: %s", problem);
	}
	if (is_tab_at(in, p->problem_mark.line, p->problem_mark.column))
		return fail_at(r, &e, NULL, "a tab where YAML wants spaces");
	if (p->context != NULL)
		return fail_at(r, &e, NULL, "%s (%s that began in line %zu)",
		    problem, p->context, p->context_mark.line + 1);
	return fail_at(r, &e, NULL, "%s", problem);
}

static enum status
record_all(struct reading *r, yaml_parser_t *p, const struct buf *in)
{
	enum status st = OK;
	bool done = false;

	while (st == OK && !done) {
		yaml_event_t ev;

		if (!yaml_parser_parse(p, &ev))
			return fail_parser(r, p, in);
		st = record(r, &ev);
		done = ev.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&ev);
	}
	return st;
}

/*
 * The library compares each tag directive with all before it, which is
 * quadratic, and no tag of ours needs one.  A directive begins a line; line
 * breaks of YAML 1.1 end in one of these bytes, as a byte order mark does.
 */
static enum status
refuse_directives(struct reading *r, const struct buf *in)
{
	static const char directive[] = "%TAG";
	const unsigned char *p = (const unsigned char *)buf_str(in);
	const unsigned char *end = p + in->len, *start = p;
	struct event e = { .line = 1, .column = 1 };

	for (; p < end && (p = memchr(p, '%', (size_t)(end - p))) != NULL;
	    p++) {
		if (strncmp((const char *)p, directive,
		    sizeof directive - 1) != 0 ||
		    (p > start && strchr("\n\r\x85\xA8\xA9\xBF",
		    p[-1]) == NULL))
			continue;
		place_of(in, (size_t)(p - start), &e);
		return fail_at(r, &e, NULL, "directives for tags are not "
		    "taken");
	}
	return OK;
}

static enum status
read_events(struct reading *r, const struct buf *in)
{
	/* With a given encoding the library takes a mark for text. */
	size_t skip = buf_has_prefix(in, "\xEF\xBB\xBF") ? 3 : 0;
	yaml_parser_t parser;
	enum status st;

	if ((st = refuse_directives(r, in)) != OK)
		return st;
	if (!yaml_parser_initialize(&parser))
		mem_exhausted();
	/* Any other encoding would be taken at its byte order mark. */
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser,
	    (const unsigned char *)buf_str(in) + skip, in->len - skip);
	st = record_all(r, &parser, in);
	yaml_parser_delete(&parser);
	return st;
}

/* ---- building ---- */

static enum status build(struct reading *r, size_t at,
    const struct spec_step *step, size_t depth, struct tree **out);

/* Counts what a node adds; it is at depth steps below the top. */
static enum status
count(struct reading *r, const struct event *e, const struct spec_step *step,
    const struct spec_size *size, size_t depth)
{
	r->nodes += size->nodes;
	r->bytes += size->bytes;
	if (r->nodes > TREE_NODES_MAX)
		return fail_at(r, e, step, "more than %d values, aliases "
		    "included", TREE_NODES_MAX);
	if (r->bytes > SPEC_BYTES_MAX)
		return fail_at(r, e, step, "more than %d bytes of text, "
		    "aliases included", SPEC_BYTES_MAX);
	if (depth + size->depth > TREE_DEPTH_MAX)
		return fail_at(r, e, step, "nested deeper than %d",
		    TREE_DEPTH_MAX);
	return OK;
}

static enum status
build_tagged(struct reading *r, const struct event *e,
    const struct spec_step *step, const char *s, struct tree **out)
{
	const char *tag = text_at(r, e->tag), *fault = NULL;
	auto_buf reason = BUF_INIT;
	enum status st;

	if (spec_is_own_tag(tag)) {
		if ((st = spec_own_tag(tag, s, r->how, &reason, out)) != OK)
			fail_at(r, e, step, "%s", buf_str(&reason));
		return st;
	}
	tag += sizeof yaml_tags - 1;
	if ((*out = spec_tagged(tag, s, &fault)) == NULL)
		return fail_at(r, e, step, "!!%s '%.64s': %s", tag, s, fault);
	return OK;
}

static bool
is_known_tag(const char *tag)
{
	size_t n = sizeof yaml_tags - 1;

	if (strncmp(tag, yaml_tags, n) == 0)
		return spec_is_tag(tag + n);
	return spec_is_own_tag(tag);
}

static enum status
fail_tag(const struct reading *r, const struct event *e,
    const struct spec_step *step)
{
	const char *tag = text_at(r, e->tag);
	size_t n = sizeof yaml_tags - 1;
	bool is_short = strncmp(tag, yaml_tags, n) == 0;

	return fail_at(r, e, step, "unknown tag '%s%s' (there are !!str !!int "
	    "!!float !!bool !!binary !!timestamp !file !sha256 !uuid !after)",
	    is_short ? "!!" : "", is_short ? tag + n : tag);
}

/* What a plain scalar is, or why it is refused. */
static enum status
build_plain(struct reading *r, const struct event *e,
    const struct spec_step *step, const char *s, struct tree **out)
{
	const char *hint;

	if (spec_type_of(s, &hint) != SPEC_DOUBTFUL)
		*out = spec_scalar(s);
	else if (r->how->lenient)
		*out = tree_string(s);
	else if (*s == '\0')
		return fail_at(r, e, step, "%s", hint);
	else
		return fail_at(r, e, step, "'%s': %s", s, hint);
	return OK;
}

/*
 * ${NAME} alone keeps the variable's type where nothing says that it is text;
 * a tag asserts the type of a value that came as text.
 */
static enum status
build_variable(struct reading *r, const struct event *e,
    const struct spec_step *step, const char *name, struct tree **out)
{
	auto_tree *value = spec_variable(r->how->vars, name);
	enum status st;

	if (value == NULL)
		return fail_at(r, e, step, "variable '%s' is not set (--set "
		    "%s=VALUE sets it; write $${ for a literal ${)", name,
		    name);
	if (e->tag == 0) {
		*out = STEAL(value);
		return OK;
	}
	if (tree_kind(value) == TREE_STRING)
		return build_tagged(r, e, step, tree_string_of(value), out);
	if (strcmp(text_at(r, e->tag), "tag:yaml.org,2002:str") != 0) {
		auto_buf text = BUF_INIT;

		if (!tree_scalar_text(value, &text))
			return fail_at(r, e, step, "variable '%s' is of type %s, "
			    "not what the tag says", name,
			    tree_kind_name(tree_kind(value)));
		if ((st = build_tagged(r, e, step, buf_str(&text),
		    out)) != OK)
			return st;
		if (tree_kind(*out) == tree_kind(value) ||
		    (tree_kind(*out) == TREE_REAL &&
		    tree_kind(value) == TREE_INT))
			return OK;
		tree_free(STEAL(*out));
		return fail_at(r, e, step, "variable '%s' is of type %s, not what "
		    "the tag says", name, tree_kind_name(tree_kind(value)));
	} else {
		auto_buf text = BUF_INIT;

		if (!tree_scalar_text(value, &text))
			return fail_at(r, e, step, "variable '%s' is of type %s, "
			    "not text", name,
			    tree_kind_name(tree_kind(value)));
		*out = tree_string(buf_str(&text));
		return OK;
	}
}

/* A scalar with its variables; *out is not yet counted. */
static enum status
make_scalar(struct reading *r, const struct event *e,
    const struct spec_step *step, struct tree **out)
{
	const char *s = text_at(r, e->text), *fault;
	auto_buf text = BUF_INIT, reason = BUF_INIT;
	auto_char *only = NULL;
	bool is_file = e->tag != 0 && spec_names_file(text_at(r, e->tag));
	bool fills = r->how->vars != NULL && !is_file &&
	    strstr(s, "${") != NULL;

	if (fills && (e->is_plain || e->tag != 0) &&
	    (only = spec_only_variable(s)) != NULL)
		return build_variable(r, e, step, only, out);
	if (fills) {
		fault = spec_fill(s, r->how->vars, &text, &reason);
		if (fault != NULL)
			return fail_at(r, e, step, "%s", fault);
		s = buf_str(&text);
	}
	if (e->tag != 0)
		return build_tagged(r, e, step, s, out);
	if (e->is_plain && !fills)
		return build_plain(r, e, step, s, out);
	*out = tree_string(s);
	return OK;
}

static enum status
build_scalar(struct reading *r, size_t at, const struct spec_step *step,
    size_t depth, size_t group, struct tree **out)
{
	const struct event *e = &r->v[at];
	auto_tree *made = NULL;
	struct spec_size size = { 0, 0, 0 };
	enum status st;

	if (e->tag != 0 && !is_known_tag(text_at(r, e->tag)))
		return fail_tag(r, e, step);
	if ((st = make_scalar(r, e, step, &made)) != OK)
		return st;
	spec_measure(made, &size);
	if ((st = count(r, e, step, &size, depth)) != OK)
		return st;
	if (e->tag != 0 && strcmp(text_at(r, e->tag), "!uuid") == 0)
		add_uuid(r->how->uuids, made, tree_string_of(made), group);
	*out = STEAL(made);
	return OK;
}

/* A key is a scalar that is text and new. */
static enum status
check_key(const struct reading *r, const struct event *e,
    const struct spec_step *step, const struct tree *dict)
{
	const char *s = text_at(r, e->text), *hint;
	enum spec_type type;

	if (e->type != YAML_SCALAR_EVENT)
		return fail_at(r, e, step, "a key must be a string");
	if (e->tag != 0 &&
	    strcmp(text_at(r, e->tag), "tag:yaml.org,2002:str") != 0)
		return fail_at(r, e, step, "a key must be a string");
	if (e->is_plain && e->tag == 0 && strcmp(s, "<<") == 0)
		return fail_at(r, e, step, "merge keys are not taken: write "
		    "the members out, or quote the key");
	if (e->is_plain && e->tag == 0 && !r->how->lenient) {
		type = spec_type_of(s, &hint);
		if (type != SPEC_TEXT)
			return fail_at(r, e, step, "key '%s' is not clearly "
			    "text: quote it", s);
	}
	if (tree_get(dict, s) != NULL)
		return fail_at(r, e, step, "key '%s' is here twice", s);
	if (tree_count(dict) == TREE_KEYS_MAX)
		return fail_at(r, e, step, "more than %d keys in one mapping",
		    TREE_KEYS_MAX);
	return OK;
}

/* Where files of others may say null, a plist says nothing. */
static bool
is_left_out(const struct reading *r, const struct event *e)
{
	const char *s = text_at(r, e->text);

	return r->how->lenient && e->type == YAML_SCALAR_EVENT &&
	    e->is_plain && e->tag == 0 &&
	    (*s == '\0' || strcmp(s, "~") == 0 || strcmp(s, "null") == 0);
}

static void
mark(const struct reading *r, const struct tree *t, const struct event *e)
{
	if (r->how->marks != NULL)
		tree_marks_add(r->how->marks, t, e->line, e->column);
}

static enum status
build_mapping(struct reading *r, size_t at, const struct spec_step *step,
    size_t depth, struct tree **out)
{
	auto_tree *dict = tree_dict();
	const struct spec_size size = { 1, 1, 0 };
	enum status st;
	size_t i = at + 1;

	if ((st = count(r, &r->v[at], step, &size, depth)) != OK)
		return st;
	while (r->v[i].type != YAML_MAPPING_END_EVENT) {
		const struct event *key = &r->v[i];
		struct spec_step here = { step, NULL, 0 };
		struct tree *value = NULL;

		if ((st = check_key(r, key, step, dict)) != OK)
			return st;
		here.key = text_at(r, key->text);
		r->bytes += key->len;
		i = key->end;
		if (!is_left_out(r, &r->v[i])) {
			if ((st = build(r, i, &here, depth + 1, &value)) != OK)
				return st;
			mark(r, value, key);
			tree_set(dict, here.key, value);
		}
		i = r->v[i].end;
	}
	*out = STEAL(dict);
	return OK;
}

static enum status
build_sequence(struct reading *r, size_t at, const struct spec_step *step,
    size_t depth, struct tree **out)
{
	auto_tree *array = tree_array();
	const struct spec_size size = { 1, 1, 0 };
	struct spec_step here = { step, NULL, 0 };
	enum status st;
	size_t i = at + 1;

	if ((st = count(r, &r->v[at], step, &size, depth)) != OK)
		return st;
	while (r->v[i].type != YAML_SEQUENCE_END_EVENT) {
		struct tree *value = NULL;

		if ((st = build(r, i, &here, depth + 1, &value)) != OK)
			return st;
		mark(r, value, &r->v[i]);
		tree_append(array, value);
		here.index++;
		i = r->v[i].end;
	}
	*out = STEAL(array);
	return OK;
}

static enum status
build_container(struct reading *r, size_t at, const struct spec_step *step,
    size_t depth, struct tree **out)
{
	struct event *e = &r->v[at];
	enum status st;

	if (e->tag != 0)
		return fail_tag(r, e, step);
	e->is_open = true;
	st = e->type == YAML_MAPPING_START_EVENT ?
	    build_mapping(r, at, step, depth, out) :
	    build_sequence(r, at, step, depth, out);
	r->v[at].is_open = false;
	return st;
}

static enum status
build_alias(struct reading *r, size_t at, const struct spec_step *step,
    size_t depth, struct tree **out)
{
	const struct event *e = &r->v[at];
	auto_buf name = BUF_INIT;

	if (!r->v[e->target].is_open &&
	    r->v[e->target].type == YAML_SCALAR_EVENT)
		return build_scalar(r, e->target, step, depth, e->target, out);
	if (!r->v[e->target].is_open)
		return build_container(r, e->target, step, depth, out);
	buf_printf(&name, "*%s", text_at(r, e->text));
	if (!r->how->lenient)
		return fail_at(r, e, step, "alias '%s' stands inside of what "
		    "it means", buf_str(&name));
	*out = tree_string(buf_str(&name));
	return OK;
}

static enum status
build(struct reading *r, size_t at, const struct spec_step *step, size_t depth,
    struct tree **out)
{
	switch (r->v[at].type) {
	case YAML_ALIAS_EVENT:
		return build_alias(r, at, step, depth, out);
	case YAML_SCALAR_EVENT:
		return build_scalar(r, at, step, depth, at, out);
	default:
		return build_container(r, at, step, depth, out);
	}
}

enum status
spec_from_yaml(const struct buf *in, const char *name,
    const struct spec_how *how, struct tree **out)
{
	static const struct spec_how plain;
	auto_reading r = { .name = name, .how = how != NULL ? how : &plain };
	struct event top = { .line = 1, .column = 1 };
	enum status st;

	if (in->len > IO_TEXT_MAX)
		return fail(MALFORMED, "%s: larger than the limit of %d bytes",
		    name, IO_TEXT_MAX);
	/* Offset 0 of the text means that there is none. */
	buf_putc(&r.text, '\0');
	if ((st = read_events(&r, in)) != OK)
		return st;
	if (r.n == 0)
		return fail_at(&r, &top, NULL, "no document: the file is "
		    "empty");
	if (r.v[0].type != YAML_MAPPING_START_EVENT)
		return fail_at(&r, &r.v[0], NULL, "the top must be a mapping, "
		    "KEY: VALUE");
	if ((st = build(&r, 0, NULL, 0, out)) != OK)
		return st;
	mark(&r, *out, &r.v[0]);
	if (r.how->uuids != NULL && r.how->uuids->n > 0)
		qsort(r.how->uuids->v, r.how->uuids->n,
		    sizeof *r.how->uuids->v, compare_uuids);
	return OK;
}
