/* Reads the schema: Apple's files, or the built-in one. */
#include "schema/schema.h"

#include <stdlib.h>
#include <string.h>

#include "schema/local.h"
#include "sys/io.h"

void
schema_free(struct schema *s)
{
	size_t i;

	if (s == NULL)
		return;
	for (i = 0; i < s->n; i++) {
		free(s->types[i].name);
		free(s->types[i].path);
		buf_free(&s->types[i].text);
		spec_doc_free(s->types[i].doc);
	}
	free(s->types);
	for (i = 0; i < SCHEMA_PLATFORM_COUNT; i++)
		free(s->newest[i]);
	free(s);
}

/*
 * Parses a file that has only been scanned so far; false, after a message, if
 * it cannot.
 */
static bool
open_type(struct schema *s, struct schema_type *t)
{
	const struct spec_node *root;

	if (t->doc != NULL)
		return true;
	if (s->st != OK)
		return false;
	if (spec_doc_parse(&t->text, t->path, &t->doc) != OK) {
		s->st = FAULT;
		return false;
	}
	buf_free(&t->text);
	root = spec_doc_root(t->doc);
	t->payload = spec_node_get(root, "payload");
	t->keys = spec_node_get(root, "payloadkeys");
	return true;
}

/*
 * Finds the payload type of a file without parsing it, which would take most
 * of the time: by the line " payloadtype: TYPE", which all of Apple's files
 * have after "payload:".  NULL if it is written differently.
 */
static char *
glance(const struct buf *text)
{
	static const char block[] = "\npayload:\n  payloadtype:";
	const char *p = strstr(buf_str(text), block);
	size_t n;

	if (p == NULL)
		return NULL;
	p += sizeof block - 1;
	p += strspn(p, " ");
	n = strcspn(p, "\r\n");
	if (n == 0 || strcspn(p, "'\"#&*!|> ") < n)
		return NULL;
	return xstrndup(p, n);
}

/*
 * Other files may be in the folder: one without a payload type is not used.
 * Takes ownership of path and text.
 */
static enum status
add_type(struct schema *s, char *path, struct buf *text, bool built_in)
{
	struct schema_type t = { .path = path, .text = MOVE(*text) };
	const char *name;

	t.built_in = built_in;
	if ((t.name = glance(&t.text)) == NULL && open_type(s, &t) &&
	    (name = spec_node_get_text(t.payload, "payloadtype")) != NULL)
		t.name = xstrdup(name);
	if (t.name == NULL) {
		free(t.path);
		buf_free(&t.text);
		spec_doc_free(t.doc);
		return s->st;
	}
	*GROW(s->types, s->n) = t;
	return OK;
}

static enum status
load_file(struct schema *s, const char *dir, const char *name)
{
	auto_char *path = io_join(dir, name);
	auto_buf in = BUF_INIT;

	if (io_slurp_regular(path, IO_TEXT_MAX, &in) != OK)
		return FAULT;
	if ((s->bytes += in.len) > SCHEMA_BYTES_MAX)
		return fail(FAULT, "%s: the schema is larger than the limit of "
		    "%d bytes", dir, SCHEMA_BYTES_MAX);
	schema_note_versions(s, &in);
	return add_type(s, STEAL(path), &in, false);
}

static enum status
load_dir(struct schema *s, const char *dir)
{
	auto_char *inner = io_join(dir, "mdm/profiles");
	const char *from = dir;
	auto_io_names names = IO_NAMES_INIT;
	const struct schema_type *found[SCHEMA_ALTERNATIVES];
	enum status st;
	bool is_checkout;
	size_t i;

	if ((st = io_is_dir(inner, &is_checkout)) != OK)
		return st;
	if (is_checkout)
		from = inner;
	if ((st = io_list_dir(from, ".yaml", &names)) != OK)
		return st;
	for (i = 0; i < names.n; i++)
		if ((st = load_file(s, from, names.v[i])) != OK)
			return st;
	if (schema_find(s, "TopLevel", found) > 0 &&
	    schema_find(s, "CommonPayloadKeys", found) > 0) {
		s->complete = true;
		return OK;
	}
	if (s->st != OK)
		return s->st;
	return fail(FAULT, "%s: not a checkout of Apple's device-management: "
	    "no mdm/profiles/TopLevel.yaml and CommonPayloadKeys.yaml", dir);
}

static enum status
load_built_in(struct schema *s)
{
	const char *const *text;
	enum status st;

	for (text = schema_built_in; *text != NULL; text++) {
		auto_buf in = BUF_INIT;

		buf_puts(&in, *text);
		if ((st = add_type(s, xstrdup("built-in schema"), &in, true))
		    != OK)
			return st;
	}
	return OK;
}

enum status
schema_load(const char *dir, struct schema **out)
{
	auto_schema *s = xcalloc(1, sizeof *s);
	enum status st;

	if (dir != NULL && (st = load_dir(s, dir)) != OK)
		return st;
	if ((st = load_built_in(s)) != OK)
		return st;
	*out = STEAL(s);
	return OK;
}

/* Our descriptions come after Apple's, and are used only if Apple has none. */
size_t
schema_find(struct schema *s, const char *name,
    const struct schema_type *out[SCHEMA_ALTERNATIVES])
{
	size_t i, n = 0;

	for (i = 0; i < s->n && n < SCHEMA_ALTERNATIVES; i++) {
		if (strcmp(s->types[i].name, name) != 0)
			continue;
		if (s->types[i].built_in && n > 0)
			break;
		if (open_type(s, &s->types[i]))
			out[n++] = &s->types[i];
	}
	return n;
}
