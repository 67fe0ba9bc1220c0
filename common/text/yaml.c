/* Reads YAML. */
#include "text/text.h"

#include <string.h>

#include "sys/io.h"
#include "text/events.h"

static const char yaml_tags[] = "tag:yaml.org,2002:";

struct building {
	struct spec_events *events;
	const struct spec_how *how;
	size_t nodes, bytes;	/* so far, including aliases */
};

static enum status build(struct building *b, struct spec_event *e,
    const struct spec_step *step, size_t depth, struct tree **out);

static const char *
text_of(const struct building *b, const struct spec_event *e)
{
	return spec_event_text(b->events, e);
}

static const char *
tag_of(const struct building *b, const struct spec_event *e)
{
	return spec_event_tag(b->events, e);
}

/* Counts what a node adds; it is depth steps below the top. */
static enum status
count(struct building *b, const struct spec_event *e,
    const struct spec_step *step, const struct spec_size *size, size_t depth)
{
	b->nodes += size->nodes;
	b->bytes += size->bytes;
	if (b->nodes > TREE_NODES_MAX)
		return spec_fail_at(&e->at, step, "more than %d values, "
		    "aliases included", TREE_NODES_MAX);
	if (b->bytes > SPEC_BYTES_MAX)
		return spec_fail_at(&e->at, step, "more than %d bytes of "
		    "text, aliases included", SPEC_BYTES_MAX);
	if (depth + size->depth > TREE_DEPTH_MAX)
		return spec_fail_at(&e->at, step, "nested deeper than %d",
		    TREE_DEPTH_MAX);
	return OK;
}

static void
mark(const struct building *b, const struct tree *t,
    const struct spec_event *e)
{
	if (b->how->marks != NULL)
		tree_marks_add(b->how->marks, t, e->at.line, e->at.column);
}

/* ---- tags ---- */

/* The name after "!!" of YAML's own tags; NULL for any other tag. */
static const char *
short_tag(const char *tag)
{
	size_t n = sizeof yaml_tags - 1;

	return strncmp(tag, yaml_tags, n) == 0 ? tag + n : NULL;
}

static bool
is_known_tag(const char *tag)
{
	const char *name = short_tag(tag);

	return name != NULL ? spec_is_tag(name) : spec_is_own_tag(tag);
}

/* True for the tag that makes a scalar text. */
static bool
is_text_tag(const char *tag)
{
	const char *name = short_tag(tag);

	return name != NULL && strcmp(name, "str") == 0;
}

static enum status
fail_tag(const struct building *b, const struct spec_event *e,
    const struct spec_step *step)
{
	const char *tag = tag_of(b, e), *name = short_tag(tag);

	return spec_fail_at(&e->at, step, "unknown tag '%s%s' (there are "
	    "!!str !!int !!float !!bool !!binary !!timestamp !file !sha256 "
	    "!uuid !after)", name != NULL ? "!!" : "",
	    name != NULL ? name : tag);
}

static enum status
build_tagged(struct building *b, const struct spec_event *e,
    const struct spec_step *step, const char *s, struct tree **out)
{
	const char *tag = tag_of(b, e), *fault = NULL;
	auto_buf reason = BUF_INIT;
	enum status st;

	if (spec_is_own_tag(tag)) {
		if ((st = spec_own_tag(tag, s, b->how, &reason,
		    &b->bytes, out)) != OK) {
			spec_fail_at(&e->at, step, "%s", buf_str(&reason));
			e->at.why->st = st;
		}
		return st;
	}
	tag = short_tag(tag);
	if ((*out = spec_tagged(tag, s, &fault)) == NULL)
		return spec_fail_at(&e->at, step, "!!%s '%.64s': %s", tag, s,
		    fault);
	return OK;
}

/* ---- scalars ---- */

/* Converts a plain scalar, or refuses it with the reason. */
static enum status
build_plain(struct building *b, const struct spec_event *e,
    const struct spec_step *step, const char *s, struct tree **out)
{
	const char *hint;

	if (spec_type_of(s, &hint) != SPEC_DOUBTFUL)
		*out = spec_scalar(s);
	else if (b->how->lenient)
		*out = tree_string(s);
	else if (*s == '\0')
		return spec_fail_at(&e->at, step, "%s", hint);
	else
		return spec_fail_at(&e->at, step, "'%s': %s", s, hint);
	return OK;
}

/*
 * A scalar that is only ${NAME} keeps the variable's type, unless it is marked
 * as text; a tag asserts the type of a value that is text.
 */
static enum status
build_variable(struct building *b, const struct spec_event *e,
    const struct spec_step *step, const char *name, struct tree **out)
{
	auto_tree *value = spec_variable(b->how->vars, name);
	auto_tree *made = NULL;
	auto_buf text = BUF_INIT;
	const char *asserted;
	enum tree_kind kind;
	enum status st;

	if (value == NULL)
		return spec_fail_at(&e->at, step, "variable '%s' is not set "
		    "(--set %s=VALUE sets it; write $${ for a literal ${)",
		    name, name);
	if (e->tag == 0) {
		*out = STEAL(value);
		return OK;
	}
	if ((kind = tree_kind(value)) == TREE_STRING)
		return build_tagged(b, e, step, tree_string_of(value), out);
	asserted = is_text_tag(tag_of(b, e)) ? "text" : "what the tag says";
	if (tree_scalar_text(value, &text)) {
		if ((st = build_tagged(b, e, step, buf_str(&text),
		    &made)) != OK)
			return st;
		if (is_text_tag(tag_of(b, e)) || tree_kind(made) == kind ||
		    (tree_kind(made) == TREE_REAL && kind == TREE_INT)) {
			*out = STEAL(made);
			return OK;
		}
	}
	return spec_fail_at(&e->at, step, "variable '%s' is of type %s, not "
	    "%s", name, tree_kind_name(kind), asserted);
}

/* Makes a scalar with its variables replaced; *out is not counted yet. */
static enum status
make_scalar(struct building *b, const struct spec_event *e,
    const struct spec_step *step, struct tree **out)
{
	const char *s = text_of(b, e), *fault;
	auto_buf text = BUF_INIT, reason = BUF_INIT;
	auto_char *only = NULL;
	bool is_file = e->tag != 0 && spec_names_file(tag_of(b, e));
	bool has_some = !is_file && strstr(s, "${") != NULL;
	bool fills = b->how->vars != NULL && has_some;

	if (fills && (e->is_plain || e->tag != 0) &&
	    (only = spec_only_variable(s)) != NULL)
		return build_variable(b, e, step, only, out);
	if (fills) {
		fault = spec_fill(s, b->how->vars, &text, &reason);
		if (fault != NULL)
			return spec_fail_at(&e->at, step, "%s", fault);
		s = buf_str(&text);
	}
	if (e->tag != 0 && !(b->how->keeps_variables && has_some))
		return build_tagged(b, e, step, s, out);
	if (e->tag == 0 && e->is_plain && !fills)
		return build_plain(b, e, step, s, out);
	*out = tree_string(s);
	return OK;
}

static enum status
build_scalar(struct building *b, const struct spec_event *e,
    const struct spec_step *step, size_t depth, struct tree **out)
{
	auto_tree *made = NULL;
	struct spec_size size = { 0, 0, 0 };
	enum status st;

	if (e->tag != 0 && !is_known_tag(tag_of(b, e)))
		return fail_tag(b, e, step);
	if ((st = make_scalar(b, e, step, &made)) != OK)
		return st;
	spec_measure(made, &size);
	if ((st = count(b, e, step, &size, depth)) != OK)
		return st;
	/* All aliases of a node have the same event. */
	if (e->tag != 0 && strcmp(tag_of(b, e), "!uuid") == 0)
		spec_uuids_add(b->how->uuids, made,
		    (size_t)(e - b->events->v));
	*out = STEAL(made);
	return OK;
}

/* A scalar that cannot be read; if that is forgiven, a text stands for it. */
static enum status
build_or_forgive(struct building *b, const struct spec_event *e,
    const struct spec_step *step, size_t depth, struct tree **out)
{
	struct problem *why = e->at.why;
	struct tree_fault fault = { .kind = TREE_FAULT_VALUE,
	    .line = e->at.line, .column = e->at.column };
	enum status st;

	if ((st = build_scalar(b, e, step, depth, out)) != MALFORMED ||
	    !tree_marks_forgives(b->how->marks))
		return st;
	fault.text = why->text + why->reason;
	fault.node = *out = tree_string(TREE_UNREAD);
	if (tree_marks_add_fault(b->how->marks, &fault)) {
		problem_clear(why);
		return OK;
	}
	tree_free(*out);
	return st;
}

/* ---- containers ---- */

static bool
forgive_key(const struct building *b, const struct spec_event *e,
    const struct tree *dict)
{
	auto_char *text = xasprintf("duplicate key '%.200s'",
	    text_of(b, e));
	const struct tree_fault fault = { TREE_FAULT_DOUBLED, dict,
	    e->at.line, e->at.column, text };

	return b->how->marks != NULL &&
	    tree_marks_add_fault(b->how->marks, &fault);
}

/* A key must be a scalar, text, and new. */
static enum status
check_key(const struct building *b, const struct spec_event *e,
    const struct spec_step *step, const struct tree *dict)
{
	const char *s = text_of(b, e), *hint;
	bool is_untagged = e->is_plain && e->tag == 0;

	if (e->kind != SPEC_EVENT_SCALAR ||
	    (e->tag != 0 && !is_text_tag(tag_of(b, e))))
		return spec_fail_at(&e->at, step, "a key must be a string");
	if (is_untagged && strcmp(s, "<<") == 0)
		return spec_fail_at(&e->at, step, "merge keys are not "
		    "supported: write the members out, or quote the key");
	if (is_untagged && !b->how->lenient &&
	    spec_type_of(s, &hint) != SPEC_TEXT)
		return spec_fail_at(&e->at, step, "key '%s' is not clearly "
		    "text: quote it", s);
	if (tree_get(dict, s) != NULL && !forgive_key(b, e, dict))
		return spec_fail_at(&e->at, step, "duplicate key '%s'", s);
	if (tree_count(dict) == TREE_KEYS_MAX)
		return spec_fail_at(&e->at, step, "more than %d keys in one "
		    "mapping", TREE_KEYS_MAX);
	return OK;
}

/*
 * Files of others may contain null, which a plist cannot express: it is left
 * out.
 */
static bool
is_left_out(const struct building *b, const struct spec_event *e)
{
	const char *s = text_of(b, e);

	return b->how->lenient && e->kind == SPEC_EVENT_SCALAR &&
	    e->is_plain && e->tag == 0 &&
	    (*s == '\0' || strcmp(s, "~") == 0 || strcmp(s, "null") == 0);
}

static enum status
build_mapping(struct building *b, const struct spec_event *e,
    const struct spec_step *step, size_t depth, struct tree **out)
{
	struct spec_event *v = b->events->v, *value;
	auto_tree *dict = tree_dict();
	const struct spec_size size = { 1, 1, 0 };
	const struct spec_event *key;
	enum status st;

	if ((st = count(b, e, step, &size, depth)) != OK)
		return st;
	for (key = e + 1; key->kind != SPEC_EVENT_END; key = &v[value->end]) {
		struct spec_step here = { step, text_of(b, key), 0 };
		struct tree *made = NULL;

		if ((st = check_key(b, key, step, dict)) != OK)
			return st;
		b->bytes += key->len;
		value = &v[key->end];
		if (is_left_out(b, value))
			continue;
		if ((st = build(b, value, &here, depth + 1, &made)) != OK)
			return st;
		mark(b, made, key);
		tree_set(dict, here.key, made);
	}
	*out = STEAL(dict);
	return OK;
}

static enum status
build_sequence(struct building *b, struct spec_event *e,
    const struct spec_step *step, size_t depth, struct tree **out)
{
	auto_tree *array = tree_array();
	const struct spec_size size = { 1, 1, 0 };
	struct spec_step here = { step, NULL, 0 };
	struct spec_event *item;
	enum status st;

	if ((st = count(b, e, step, &size, depth)) != OK)
		return st;
	for (item = e + 1; item->kind != SPEC_EVENT_END;
	    item = &b->events->v[item->end]) {
		struct tree *made = NULL;

		if ((st = build(b, item, &here, depth + 1, &made)) != OK)
			return st;
		mark(b, made, item);
		tree_append(array, made);
		here.index++;
	}
	*out = STEAL(array);
	return OK;
}

static enum status
build_container(struct building *b, struct spec_event *e,
    const struct spec_step *step, size_t depth, struct tree **out)
{
	enum status st;

	if (e->tag != 0)
		return fail_tag(b, e, step);
	e->is_open = true;
	st = e->kind == SPEC_EVENT_MAPPING ?
	    build_mapping(b, e, step, depth, out) :
	    build_sequence(b, e, step, depth, out);
	e->is_open = false;
	return st;
}

static enum status
build_alias(struct building *b, const struct spec_event *e,
    const struct spec_step *step, size_t depth, struct tree **out)
{
	struct spec_event *target = &b->events->v[e->target];
	auto_buf name = BUF_INIT;

	if (!target->is_open)
		return build(b, target, step, depth, out);
	buf_printf(&name, "*%s", text_of(b, e));
	if (!b->how->lenient)
		return spec_fail_at(&e->at, step, "alias '%s' is inside its "
		    "own anchor", buf_str(&name));
	*out = tree_string(buf_str(&name));
	return OK;
}

static enum status
build(struct building *b, struct spec_event *e, const struct spec_step *step,
    size_t depth, struct tree **out)
{
	switch (e->kind) {
	case SPEC_EVENT_ALIAS:
		return build_alias(b, e, step, depth, out);
	case SPEC_EVENT_SCALAR:
		return build_or_forgive(b, e, step, depth, out);
	default:
		return build_container(b, e, step, depth, out);
	}
}

enum status
spec_read_yaml(const struct buf *in, const struct spec_how *how,
    struct problem *why, struct tree **out)
{
	const struct spec_place top = { why, 1, 1 };
	auto_spec_events events = SPEC_EVENTS_INIT;
	struct building b = { &events, how, 0, 0 };
	enum status st;

	if (in->len > IO_TEXT_MAX)
		return problem_set(why, MALFORMED, "larger than the limit of "
		    "%d bytes", IO_TEXT_MAX);
	if ((st = spec_events_read(in, why, &events)) != OK)
		return st;
	if (events.n == 0)
		return spec_fail_at(&top, NULL, "no document: the file is "
		    "empty");
	if (events.v[0].kind != SPEC_EVENT_MAPPING)
		return spec_fail_at(&events.v[0].at, NULL, "the top must be a "
		    "mapping, KEY: VALUE");
	if ((st = build(&b, &events.v[0], NULL, 0, out)) != OK)
		return st;
	mark(&b, *out, &events.v[0]);
	if (how->uuids != NULL)
		spec_uuids_sort(how->uuids);
	return OK;
}

enum status
spec_from_yaml(const struct buf *in, const char *name,
    const struct spec_how *how, struct tree **out)
{
	static const struct spec_how plain;
	struct problem why = { .name = name };

	return spec_read_yaml(in, how != NULL ? how : &plain, &why,
	    out) == OK ? OK : problem_print(&why);
}
