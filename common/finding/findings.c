/* The list of findings: adds, counts and sorts them. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "finding/finding.h"

enum {
	PATH_KEPT = 1024,
	TEXT_SHOWN = 1024,
};

static void
free_finding(struct finding *f)
{
	free(f->path);
	free(f->text);
}

void
findings_free(struct findings *f)
{
	size_t i;

	findings_cut(f, 0);
	free(f->v);
	for (i = 0; i < f->name_count; i++) {
		free(f->names[i].value);
		free(f->names[i].path);
	}
	free(f->names);
	free(f->files);
	*f = (struct findings)FINDINGS_INIT;
}

void
findings_cut(struct findings *f, size_t n)
{
	for (; f->n > n; f->n--) {
		f->count[f->v[f->n - 1].severity]--;
		free_finding(&f->v[f->n - 1]);
	}
}

/* The severity of a rule, after strict and errors. */
static enum finding_severity
severity_of(const struct findings *f, enum finding_rule rule,
    enum finding_severity s)
{
	size_t i;

	if (f->strict && (s == FINDING_WARNING || rule == RULE_UNKNOWN_TYPE ||
	    rule == RULE_UNKNOWN_KEY))
		return FINDING_ERROR;
	for (i = 0; f->errors != NULL && i < f->errors->n; i++)
		if (finding_list_has(f->errors->v[i], rule))
			return FINDING_ERROR;
	return s;
}

size_t
findings_drop(struct findings *f, findings_judge *is_dropped, void *arg)
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
findings_count(struct findings *f)
{
	size_t i;

	memset(f->count, 0, sizeof f->count);
	for (i = 0; i < f->n; i++)
		f->count[f->v[i].severity]++;
}

void
findings_put(struct findings *f, const struct finding_place *at,
    enum finding_rule rule, enum finding_severity severity, const char *text)
{
	struct finding *one = GROW(f->v, f->n);

	one->file = at->file;
	one->line = at->line;
	one->column = at->column;
	one->path = xstrndup(at->path, PATH_KEPT);
	one->rule = rule;
	one->severity = severity_of(f, rule, severity);
	one->text = xstrdup(text);
	f->count[one->severity]++;
}

static void PRINTF_LIKE(4, 0)
put(struct findings *f, const struct finding_place *at,
    enum finding_rule rule, const char *fmt, va_list ap)
{
	char text[TEXT_SHOWN];

	vsnprintf(text, sizeof text, fmt, ap);
	findings_put(f, at, rule, finding_rules[rule].severity, text);
}

void
findings_add(struct findings *f, const char *file, unsigned long line,
    unsigned long column, enum finding_rule rule, const char *fmt, ...)
{
	const struct finding_place at = { file, line, column, "" };
	va_list ap;

	findings_begin(f, file);
	va_start(ap, fmt);
	put(f, &at, rule, fmt, ap);
	va_end(ap);
}

void
findings_remember(struct findings *f, const struct finding_place *at,
    bool is_uuid, const char *value)
{
	size_t order = f->name_count;
	struct finding_name *n = GROW(f->names, f->name_count);

	n->is_uuid = is_uuid;
	n->value = xstrdup(value);
	n->path = xstrndup(at->path, PATH_KEPT);
	n->file = at->file;
	n->line = at->line;
	n->column = at->column;
	n->order = order;
}

/* UUIDs are compared without regard to case, identifiers with. */
static int
compare_value(const struct finding_name *a, const struct finding_name *b)
{
	if (a->is_uuid != b->is_uuid)
		return a->is_uuid ? 1 : -1;
	return a->is_uuid ? strcasecmp(a->value, b->value) :
	    strcmp(a->value, b->value);
}

static int
compare_names(const void *va, const void *vb)
{
	const struct finding_name *a = va, *b = vb;
	int c = compare_value(a, b);

	if (c != 0)
		return c;
	return a->order < b->order ? -1 : a->order > b->order;
}

static void PRINTF_LIKE(4, 5)
say_of_name(struct findings *f, enum finding_rule rule,
    const struct finding_name *n, const char *fmt, ...)
{
	const struct finding_place at = { n->file, n->line, n->column,
	    n->path };
	va_list ap;

	va_start(ap, fmt);
	put(f, &at, rule, fmt, ap);
	va_end(ap);
}

void
findings_say_doubled(struct findings *f, size_t first)
{
	size_t i, n = f->name_count - first;
	struct finding_name *v = xcalloc(n + 1, sizeof *v);

	if (n > 0)
		memcpy(v, f->names + first, n * sizeof *v);
	qsort(v, n, sizeof *v, compare_names);
	for (i = 1; i < n; i++) {
		auto_buf other = BUF_INIT;

		if (compare_value(&v[i - 1], &v[i]) != 0)
			continue;
		finding_path_text(v[i - 1].path, &other);
		say_of_name(f, v[i].is_uuid ? RULE_DUPLICATE_UUID :
		    RULE_DUPLICATE_IDENTIFIER, &v[i], "'%.200s' is also used "
		    "by %s", v[i].value, buf_str(&other));
	}
	free(v);
}

void
findings_across(struct findings *f)
{
	size_t i, first = 0;

	if (f->name_count > 1)
		qsort(f->names, f->name_count, sizeof *f->names,
		    compare_names);
	for (i = 1; i < f->name_count; i++) {
		const struct finding_name *a = &f->names[first];
		const struct finding_name *b = &f->names[i];
		auto_buf other = BUF_INIT;

		if (compare_value(a, b) != 0) {
			first = i;
			continue;
		}
		/*
		 * Duplicates in one file have a rule of their kind, and a
		 * file's second use would only repeat its first.
		 */
		if (a->file == b->file || b[-1].file == b->file)
			continue;
		finding_path_text(a->path, &other);
		say_of_name(f, b->is_uuid ? RULE_SHARED_UUID :
		    RULE_SHARED_IDENTIFIER, b, "'%.200s' is also used "
		    "by %s: %s", b->value, a->file, buf_str(&other));
	}
}

struct order {
	struct finding f;
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
findings_begin(struct findings *f, const char *file)
{
	if (f->file_count > 0 && f->files[f->file_count - 1] == file)
		return;
	*GROW(f->files, f->file_count) = file;
}

static size_t
file_place(const struct findings *f, const char *file)
{
	size_t i;

	for (i = 0; i < f->file_count && f->files[i] != file; i++)
		;
	return i;
}

void
findings_sort(struct findings *f)
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
