#include "schema.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io.h"
#include "schema_int.h"

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
	free(s);
}

/* Reads what was only looked at so far; false after a line about it. */
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
 * The payload type of a file without reading all of it, which would take
 * most of the time: the line "  payloadtype: TYPE", as every one of Apple's
 * files has it behind "payload:".  NULL where it is written in another way.
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
 * Files of other kinds may lie beside; what names no payload type is none of
 * ours.  Takes path and text.
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
	s->types = xreallocarray(s->types, s->n + 1, sizeof *s->types);
	s->types[s->n++] = t;
	return OK;
}

static enum status
load_file(struct schema *s, const char *dir, const char *name)
{
	auto_char *path = io_join(dir, name);
	auto_buf in = BUF_INIT;

	if (io_slurp_file(path, IO_TEXT_MAX, &in) != OK)
		return FAULT;
	return add_type(s, STEAL(path), &in, false);
}

static enum status
load_dir(struct schema *s, const char *dir)
{
	auto_char *inner = io_join(dir, "mdm/profiles");
	const char *from = io_is_dir(inner) ? inner : dir;
	auto_io_names names = IO_NAMES_INIT;
	const struct schema_type *found[SCHEMA_ALTERNATIVES];
	enum status st;
	size_t i;

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

/* Ours are behind Apple's, and count only where Apple has none. */
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

const char *
schema_check_version(const char *text)
{
	const char *p;
	bool digit = false;

	for (p = text; *p != '\0'; p++) {
		if (*p == '.' && !digit)
			break;
		if (*p != '.' && (*p < '0' || *p > '9'))
			break;
		digit = *p != '.';
	}
	if (*p != '\0' || !digit || strlen(text) > 32)
		return "not a version like 17 or 10.15.4";
	return NULL;
}

/* The number at *p, which is moved over it and its dot; 0 at the end. */
static unsigned long
next_number(const char **p)
{
	unsigned long v = 0;

	for (; **p >= '0' && **p <= '9'; (*p)++)
		v = v > 100000000 ? v : v * 10 + (unsigned long)(**p - '0');
	if (**p == '.')
		(*p)++;
	return v;
}

int
schema_compare_versions(const char *a, const char *b)
{
	while ((*a >= '0' && *a <= '9') || (*b >= '0' && *b <= '9')) {
		unsigned long x = next_number(&a), y = next_number(&b);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

size_t
schema_push(struct schema_run *r, const char *key)
{
	size_t before = r->path.len;

	if (before > 0)
		buf_putc(&r->path, '.');
	buf_puts(&r->path, key);
	return before;
}

size_t
schema_push_index(struct schema_run *r, size_t i)
{
	size_t before = r->path.len;

	buf_printf(&r->path, "[%zu]", i);
	return before;
}

void
schema_show(const struct tree *t, char out[SCHEMA_VALUE_SHOWN])
{
	auto_buf text = BUF_INIT;

	if (!tree_scalar_text(t, &text)) {
		snprintf(out, SCHEMA_VALUE_SHOWN, "%s",
		    tree_kind_name(tree_kind(t)));
		return;
	}
	diag_escape(buf_str(&text), text.len, out, SCHEMA_VALUE_SHOWN);
}

/* What people call things that hold a secret, as Apple's schema names them. */
static const char *const secret_words[] = {
	"Challenge", "SharedSecret", "sharedSecret", "RegistrationToken",
};

bool
schema_is_secret(const char *key)
{
	const char *tail = "assword";
	size_t i, n = strlen(key), m = strlen(tail);

	for (i = 0; i < ARRAY_LEN(secret_words); i++)
		if (strcmp(key, secret_words[i]) == 0)
			return true;
	if (n < m + 1 || strcmp(key + n - m, tail) != 0)
		return false;
	return key[n - m - 1] == 'P' || (n == m + 1 && key[0] == 'p');
}

static bool
is_name_char(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	    (c >= '0' && c <= '9') || c == '_';
}

bool
schema_has_variable(const char *text)
{
	const char *p, *q;

	for (p = text; *p != '\0'; p++) {
		if (p[0] == '$' && (p[1] == '{' || (p[1] >= 'A' &&
		    p[1] <= 'Z')))
			return true;
		if (p[0] == '{' && p[1] == '{')
			return true;
		if (p[0] != '%')
			continue;
		for (q = p + 1; is_name_char(*q); q++)
			;
		if (*q == '%' && q - p > 3)
			return true;
	}
	return false;
}
