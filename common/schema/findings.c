/* The list of findings, and the forms in which it is shown. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/json.h"
#include "schema/local.h"
#include "schema/schema.h"

enum {
	PATH_SHOWN = 512,
	TEXT_SHOWN = 1024,
};

#define E SCHEMA_ERROR
#define W SCHEMA_WARNING
#define N SCHEMA_NOTE
const struct schema_rule_info schema_rules[SCHEMA_RULES] = {
	[RULE_NOT_A_PLIST] = { "not-a-plist", E,
	    "the file cannot be read as a property list or as its YAML" },
	[RULE_NOT_A_PROFILE] = { "not-a-profile", E,
	    "the property list is no profile" },
	[RULE_WRONG_TYPE] = { "wrong-type", E,
	    "a value has another type than the schema says" },
	[RULE_BOOL_AS_INTEGER] = { "bool-as-integer", E,
	    "a boolean is written as an integer" },
	[RULE_REAL_AS_INTEGER] = { "real-as-integer", W,
	    "an integer is written as a real" },
	[RULE_INTEGER_AS_BOOL] = { "integer-as-bool", W,
	    "an integer that is 0 or 1 is written as a boolean" },
	[RULE_MISSING_KEY] = { "missing-key", E,
	    "a key that must be there is missing" },
	[RULE_UNKNOWN_VALUE] = { "unknown-value", E,
	    "a value is none of those that the schema lists" },
	[RULE_BAD_RANGE] = { "bad-range", E,
	    "a number is outside the range of the schema" },
	[RULE_BAD_FORMAT] = { "bad-format", E,
	    "a value does not have the form that the schema asks for" },
	[RULE_BAD_COUNT] = { "bad-count", E,
	    "an array has too few or too many items" },
	[RULE_PAYLOAD_VERSION] = { "payload-version", E,
	    "PayloadVersion is missing or not 1" },
	[RULE_DUPLICATE_UUID] = { "duplicate-uuid", E,
	    "a PayloadUUID is used twice in a profile" },
	[RULE_DUPLICATE_IDENTIFIER] = { "duplicate-identifier", W,
	    "a PayloadIdentifier is used twice in a profile" },
	[RULE_BAD_UUID] = { "bad-uuid", W,
	    "a PayloadUUID does not have the form of a UUID" },
	[RULE_LOWER_CASE_UUID] = { "lower-case-uuid", N,
	    "a PayloadUUID is not written in capitals" },
	[RULE_SHARED_IDENTIFIER] = { "shared-identifier", W,
	    "two files have the same PayloadIdentifier" },
	[RULE_SHARED_UUID] = { "shared-uuid", W,
	    "two files have the same PayloadUUID" },
	[RULE_DANGLING_REFERENCE] = { "dangling-reference", W,
	    "a payload is named by its UUID and is not in the profile" },
	[RULE_MULTIPLE_PAYLOADS] = { "multiple-payloads", W,
	    "a payload type that may be there once is there twice" },
	[RULE_PEM_IN_DATA] = { "pem-in-data", E,
	    "data holds PEM text where DER is expected" },
	[RULE_BAD_CERTIFICATE] = { "bad-certificate", E,
	    "a certificate payload does not parse" },
	[RULE_EXPIRED_CERTIFICATE] = { "expired-certificate", W,
	    "a certificate in a payload has expired" },
	[RULE_CERTIFICATE_EXPIRES_SOON] = { "certificate-expires-soon", W,
	    "a certificate in a payload expires within 30 days" },
	[RULE_CERTIFICATE_NOT_YET_VALID] = { "certificate-not-yet-valid", W,
	    "a certificate in a payload is not valid yet" },
	[RULE_CERTIFICATE] = { "certificate", N,
	    "whose a certificate in a payload is, and when it expires" },
	[RULE_WEAK_KEY] = { "weak-key", W,
	    "an RSA key has less than 2048 bits" },
	[RULE_CLEAR_TEXT_SECRET] = { "clear-text-secret", W,
	    "a password or challenge stands in the profile in clear text" },
	[RULE_PLAIN_HTTP] = { "plain-http", W,
	    "an address that devices take only with https" },
	[RULE_UNSUPPORTED] = { "unsupported", W,
	    "the chosen platform does not know a payload or key" },
	[RULE_TOO_NEW] = { "too-new", W,
	    "a payload or key is newer than the chosen version" },
	[RULE_DEPRECATED] = { "deprecated", W,
	    "a payload or key is deprecated in the chosen version" },
	[RULE_REMOVED] = { "removed", W,
	    "a payload or key was removed from the chosen version" },
	[RULE_TYPE_NOT_ALLOWED] = { "type-not-allowed", E,
	    "a payload type is not in the list of --allow-types" },
	[RULE_UNKNOWN_TYPE] = { "unknown-type", N,
	    "the schema does not know a payload type" },
	[RULE_UNKNOWN_KEY] = { "unknown-key", N,
	    "the schema does not know a key" },
	[RULE_ENCRYPTED] = { "encrypted", N,
	    "the content is encrypted and was not looked at" },
	[RULE_SIGNED] = { "signed", N,
	    "the signature was taken off and not verified" },
};
#undef E
#undef W
#undef N

static const char *const severity_names[] = { "note", "warning", "error" };

const char *
schema_severity_name(enum schema_severity s)
{
	return severity_names[s];
}

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

/* What --strict makes of a rule. */
static enum schema_severity
severity_of(const struct schema_options *o, enum schema_rule rule)
{
	enum schema_severity s = schema_rules[rule].severity;

	if (o->strict && (s == SCHEMA_WARNING || rule == RULE_UNKNOWN_TYPE ||
	    rule == RULE_UNKNOWN_KEY))
		return SCHEMA_ERROR;
	return s;
}

/* The next name of a comma-separated list at *list; false behind the last. */
static bool
next_name(const char **list, const char **name, size_t *len)
{
	*name = *list;
	*len = strcspn(*list, ",");
	*list += *len;
	if (**list == ',')
		(*list)++;
	return *len > 0;
}

static bool
is_name_of(enum schema_rule rule, const char *name, size_t len)
{
	return strlen(schema_rules[rule].name) == len &&
	    strncmp(schema_rules[rule].name, name, len) == 0;
}

const char *
schema_check_ignore(const char *list)
{
	const char *name;
	size_t len;
	int rule;

	if (*list == '\0')
		return "no rule";
	while (next_name(&list, &name, &len)) {
		for (rule = 0; rule < SCHEMA_RULES; rule++)
			if (is_name_of((enum schema_rule)rule, name, len))
				break;
		if (rule == SCHEMA_RULES)
			return "a rule that there is not (the manual page "
			    "lists them)";
		if (rule == RULE_NOT_A_PLIST || rule == RULE_NOT_A_PROFILE)
			return "what is no profile cannot be ignored";
	}
	return *list == '\0' ? NULL : "a rule without a name";
}

static bool
is_ignored(const struct schema_options *o, enum schema_rule rule)
{
	const char *list = o->ignore != NULL ? o->ignore : "", *name;
	size_t len;

	while (next_name(&list, &name, &len))
		if (is_name_of(rule, name, len))
			return true;
	return false;
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
    const char *text, const char *path)
{
	struct schema_finding *f;

	if (is_ignored(o, rule))
		return;
	out->v = room_for_one(out->v, out->n, sizeof *out->v);
	f = &out->v[out->n++];
	f->file = file;
	f->line = line;
	f->column = column;
	f->path = xstrndup(path, PATH_SHOWN);
	f->rule = rule;
	f->severity = severity_of(o, rule);
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
	add(o, file, line, column, rule, out, text, "profile");
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

void
schema_say(struct schema_run *r, const struct tree *at, enum schema_rule rule,
    const char *fmt, ...)
{
	unsigned long line, column;
	char text[TEXT_SHOWN];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	marks_of(r, at, &line, &column);
	add(r->opts, r->src->file, line, column, rule, r->out, text,
	    buf_str(&r->path));
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
	n->path = xstrndup(buf_str(&r->path), PATH_SHOWN);
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
	add(o, n->file, n->line, n->column, rule, out, text, n->path);
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
	for (i = 1; i < n; i++)
		if (compare_value(&v[i - 1], &v[i]) == 0)
			say_of_name(r->opts, f, v[i].is_uuid ?
			    RULE_DUPLICATE_UUID : RULE_DUPLICATE_IDENTIFIER,
			    &v[i], "'%.200s' is also that of %s", v[i].value,
			    v[i - 1].path);
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

		if (compare_value(a, b) != 0) {
			first = i;
			continue;
		}
		/* Within one file it is a rule of its own; a file's second
		 * use would only repeat its first. */
		if (a->file == b->file || b[-1].file == b->file)
			continue;
		say_of_name(o, out, b->is_uuid ? RULE_SHARED_UUID :
		    RULE_SHARED_IDENTIFIER, b, "'%.200s' is also that of "
		    "%s: %s", b->value, a->file, a->path);
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

/* Lines and columns start at 1, also where nobody knows them. */
static unsigned long
at_least_one(unsigned long n)
{
	return n > 0 ? n : 1;
}

void
schema_to_text(const struct schema_findings *f, struct buf *out)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		const struct schema_finding *v = &f->v[i];
		char file[PATH_SHOWN], path[PATH_SHOWN], text[TEXT_SHOWN];

		diag_escape(v->file, strlen(v->file), file, sizeof file);
		diag_escape(v->path, strlen(v->path), path, sizeof path);
		diag_escape(v->text, strlen(v->text), text, sizeof text);
		buf_printf(out, "%s:%lu:%lu: %s: %s: %s [%s]\n", file,
		    at_least_one(v->line), at_least_one(v->column), path,
		    severity_names[v->severity], text,
		    schema_rules[v->rule].name);
	}
}

void
schema_to_json(const struct schema_findings *f, struct buf *out)
{
	auto_report *top = report_object();
	struct report *list = report_array();
	size_t i;

	for (i = 0; i < f->n; i++) {
		const struct schema_finding *v = &f->v[i];
		struct report *r = report_object();

		report_str(r, "file", v->file);
		report_int(r, "line", (int64_t)at_least_one(v->line));
		report_int(r, "column", (int64_t)at_least_one(v->column));
		report_str(r, "path", v->path);
		report_str(r, "severity", severity_names[v->severity]);
		report_str(r, "rule", schema_rules[v->rule].name);
		report_str(r, "text", v->text);
		report_add(list, NULL, r);
	}
	report_add(top, "findings", list);
	report_int(top, "errors", (int64_t)f->count[SCHEMA_ERROR]);
	report_int(top, "warnings", (int64_t)f->count[SCHEMA_WARNING]);
	report_int(top, "notes", (int64_t)f->count[SCHEMA_NOTE]);
	report_render(top, out);
}
