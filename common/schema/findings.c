/* The list of findings: how it grows, and its order. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "schema/local.h"
#include "schema/schema.h"

enum {
	PATH_KEPT = 1024,
	TEXT_SHOWN = 1024,
};

static void
free_finding(struct schema_finding *f)
{
	free(f->path);
	free(f->text);
}

void
schema_findings_free(struct schema_findings *f)
{
	size_t i;

	schema_cut(f, 0);
	free(f->v);
	for (i = 0; i < f->name_count; i++) {
		free(f->names[i].value);
		free(f->names[i].path);
	}
	free(f->names);
	free(f->files);
	*f = (struct schema_findings)SCHEMA_FINDINGS_INIT;
}

void
schema_cut(struct schema_findings *f, size_t n)
{
	for (; f->n > n; f->n--) {
		f->count[f->v[f->n - 1].severity]--;
		free_finding(&f->v[f->n - 1]);
	}
}

/* What --strict and --error make of a rule that has this severity. */
static enum schema_severity
severity_of(const struct schema_options *o, enum schema_rule rule,
    enum schema_severity s)
{
	size_t i;

	if (o->strict && (s == SCHEMA_WARNING || rule == RULE_UNKNOWN_TYPE ||
	    rule == RULE_UNKNOWN_KEY))
		return SCHEMA_ERROR;
	for (i = 0; o->errors != NULL && i < o->errors->n; i++)
		if (schema_list_has(o->errors->v[i], rule))
			return SCHEMA_ERROR;
	return s;
}

size_t
schema_drop(struct schema_findings *f, schema_judge *is_dropped, void *arg)
{
	size_t i, n = 0;

	for (i = 0; i < f->n; i++)
		if (is_dropped(&f->v[i], arg))
			free_finding(&f->v[i]);
		else
			f->v[n++] = f->v[i];
	i = f->n - n;
	f->n = n;
	return i;
}

void
schema_count(struct schema_findings *f)
{
	size_t i;

	memset(f->count, 0, sizeof f->count);
	for (i = 0; i < f->n; i++)
		f->count[f->v[i].severity]++;
}

/* The list doubles: n is its length and, as a power of two, its room. */
static void *
room_for_one(void *v, size_t n, size_t size)
{
	if (n == 0)
		return xreallocarray(v, 1, size);
	return (n & (n - 1)) == 0 ? xreallocarray(v, n * 2, size) : v;
}

static void
add(const struct schema_options *o, const char *file, unsigned long line,
    unsigned long column, enum schema_rule rule, struct schema_findings *out,
    const char *text, const char *path, enum schema_severity severity)
{
	struct schema_finding *f;

	out->v = room_for_one(out->v, out->n, sizeof *out->v);
	f = &out->v[out->n++];
	f->file = file;
	f->line = line;
	f->column = column;
	f->path = xstrndup(path, PATH_KEPT);
	f->rule = rule;
	f->severity = severity_of(o, rule, severity);
	f->text = xstrdup(text);
	out->count[f->severity]++;
}

void
schema_add(const struct schema_options *o, const char *file,
    unsigned long line, unsigned long column, enum schema_rule rule,
    struct schema_findings *out, const char *fmt, ...)
{
	char text[TEXT_SHOWN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	schema_begin(out, file);
	add(o, file, line, column, rule, out, text, "",
	    schema_rules[rule].severity);
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

static void
marks_of(const struct schema_run *r, const struct tree *at,
    unsigned long *line, unsigned long *column)
{
	*line = *column = 0;
	if (r->src->marks != NULL && at != NULL)
		tree_marks_get(r->src->marks, at, line, column);
	if (*line == 0 && r->src->marks != NULL && r->near != NULL)
		tree_marks_get(r->src->marks, r->near, line, column);
}

static void PRINTF_LIKE(5, 0)
say(struct schema_run *r, const struct tree *at, enum schema_rule rule,
    enum schema_severity severity, const char *fmt, va_list ap)
{
	unsigned long line, column;
	char text[TEXT_SHOWN];

	vsnprintf(text, sizeof text, fmt, ap);
	marks_of(r, at, &line, &column);
	add(r->opts, r->src->file, line, column, rule, r->out, text,
	    buf_str(&r->path), severity);
}

void
schema_say(struct schema_run *r, const struct tree *at, enum schema_rule rule,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(r, at, rule, schema_rules[rule].severity, fmt, ap);
	va_end(ap);
}

void
schema_warn(struct schema_run *r, const struct tree *at,
    enum schema_rule rule, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(r, at, rule, SCHEMA_WARNING, fmt, ap);
	va_end(ap);
}

void
schema_say_at(struct schema_run *r, unsigned long line, unsigned long column,
    enum schema_rule rule, const char *fmt, ...)
{
	char text[TEXT_SHOWN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	add(r->opts, r->src->file, line, column, rule, r->out, text,
	    buf_str(&r->path), schema_rules[rule].severity);
}

void
schema_remember(struct schema_run *r, const struct tree *at, bool is_uuid,
    const char *value)
{
	struct schema_findings *f = r->out;
	struct schema_name *n;

	f->names = room_for_one(f->names, f->name_count, sizeof *f->names);
	n = &f->names[f->name_count];
	n->is_uuid = is_uuid;
	n->value = xstrdup(value);
	n->path = xstrndup(buf_str(&r->path), PATH_KEPT);
	n->file = r->src->file;
	n->order = f->name_count++;
	marks_of(r, at, &n->line, &n->column);
}

/* UUIDs are the same in either case; identifiers are not. */
static int
compare_value(const struct schema_name *a, const struct schema_name *b)
{
	if (a->is_uuid != b->is_uuid)
		return a->is_uuid ? 1 : -1;
	return a->is_uuid ? strcasecmp(a->value, b->value) :
	    strcmp(a->value, b->value);
}

static int
compare_names(const void *va, const void *vb)
{
	const struct schema_name *a = va, *b = vb;
	int c = compare_value(a, b);

	if (c != 0)
		return c;
	return a->order < b->order ? -1 : a->order > b->order;
}

static void PRINTF_LIKE(5, 6)
say_of_name(const struct schema_options *o, struct schema_findings *out,
    enum schema_rule rule, const struct schema_name *n, const char *fmt, ...)
{
	char text[TEXT_SHOWN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	add(o, n->file, n->line, n->column, rule, out, text, n->path,
	    schema_rules[rule].severity);
}

void
schema_say_doubled(struct schema_run *r, size_t first)
{
	struct schema_findings *f = r->out;
	size_t i, n = f->name_count - first;
	struct schema_name *v = xcalloc(n + 1, sizeof *v);

	if (n > 0)
		memcpy(v, f->names + first, n * sizeof *v);
	qsort(v, n, sizeof *v, compare_names);
	for (i = 1; i < n; i++) {
		auto_buf other = BUF_INIT;

		if (compare_value(&v[i - 1], &v[i]) != 0)
			continue;
		schema_path_text(v[i - 1].path, &other);
		say_of_name(r->opts, f, v[i].is_uuid ? RULE_DUPLICATE_UUID :
		    RULE_DUPLICATE_IDENTIFIER, &v[i], "'%.200s' is also that "
		    "of %s", v[i].value, buf_str(&other));
	}
	free(v);
}

void
schema_lint_across(const struct schema_options *o, struct schema_findings *out)
{
	size_t i, first = 0;

	if (out->name_count > 1)
		qsort(out->names, out->name_count, sizeof *out->names,
		    compare_names);
	for (i = 1; i < out->name_count; i++) {
		const struct schema_name *a = &out->names[first];
		const struct schema_name *b = &out->names[i];
		auto_buf other = BUF_INIT;

		if (compare_value(a, b) != 0) {
			first = i;
			continue;
		}
		/* Within one file it is a separate rule; a file's second
		 * use would only repeat its first. */
		if (a->file == b->file || b[-1].file == b->file)
			continue;
		schema_path_text(a->path, &other);
		say_of_name(o, out, b->is_uuid ? RULE_SHARED_UUID :
		    RULE_SHARED_IDENTIFIER, b, "'%.200s' is also that of "
		    "%s: %s", b->value, a->file, buf_str(&other));
	}
}

struct order {
	struct schema_finding f;
	size_t file, place;
};

static int
compare_findings(const void *va, const void *vb)
{
	const struct order *a = va, *b = vb;

	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	if (a->f.line != b->f.line)
		return a->f.line < b->f.line ? -1 : 1;
	if (a->f.column != b->f.column)
		return a->f.column < b->f.column ? -1 : 1;
	return a->place < b->place ? -1 : a->place > b->place;
}

void
schema_begin(struct schema_findings *f, const char *file)
{
	if (f->file_count > 0 && f->files[f->file_count - 1] == file)
		return;
	f->files = room_for_one(f->files, f->file_count, sizeof *f->files);
	f->files[f->file_count++] = file;
}

static size_t
file_place(const struct schema_findings *f, const char *file)
{
	size_t i;

	for (i = 0; i < f->file_count && f->files[i] != file; i++)
		;
	return i;
}

void
schema_sort(struct schema_findings *f)
{
	struct order *o = xcalloc(f->n + 1, sizeof *o);
	size_t i;

	for (i = 0; i < f->n; i++) {
		o[i].f = f->v[i];
		o[i].place = i;
		o[i].file = i > 0 && f->v[i].file == f->v[i - 1].file ?
		    o[i - 1].file : file_place(f, f->v[i].file);
	}
	qsort(o, f->n, sizeof *o, compare_findings);
	for (i = 0; i < f->n; i++)
		f->v[i] = o[i].f;
	free(o);
}
