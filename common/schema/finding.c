/* Adds a finding about a node: its path, its place and the message. */
#include <stdarg.h>
#include <stdio.h>

#include "schema/local.h"

enum { TEXT_SHOWN = 1024 };

size_t
schema_push(struct schema_run *r, const char *key)
{
	size_t before = r->path.len;

	finding_path_key(&r->path, key);
	return before;
}

size_t
schema_push_index(struct schema_run *r, size_t i)
{
	size_t before = r->path.len;

	finding_path_index(&r->path, i);
	return before;
}

size_t
schema_push_payload(struct schema_run *r, size_t i)
{
	size_t before = r->path.len;

	finding_path_key(&r->path, "PayloadContent");
	finding_path_index(&r->path, i);
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

static struct finding_place
place_of(const struct schema_run *r, const struct tree *at)
{
	struct finding_place p = { r->src->file, 0, 0, buf_str(&r->path) };

	if (r->src->marks != NULL && at != NULL)
		tree_marks_get(r->src->marks, at, &p.line, &p.column);
	if (p.line == 0 && r->src->marks != NULL && r->near != NULL)
		tree_marks_get(r->src->marks, r->near, &p.line, &p.column);
	return p;
}

static void PRINTF_LIKE(5, 0)
say(struct schema_run *r, const struct finding_place *at,
    enum finding_rule rule, enum finding_severity severity, const char *fmt,
    va_list ap)
{
	char text[TEXT_SHOWN];

	vsnprintf(text, sizeof text, fmt, ap);
	findings_put(r->out, at, rule, severity, text);
}

void
schema_say(struct schema_run *r, const struct tree *at, enum finding_rule rule,
    const char *fmt, ...)
{
	const struct finding_place p = place_of(r, at);
	va_list ap;

	va_start(ap, fmt);
	say(r, &p, rule, finding_rules[rule].severity, fmt, ap);
	va_end(ap);
}

void
schema_warn(struct schema_run *r, const struct tree *at,
    enum finding_rule rule, const char *fmt, ...)
{
	const struct finding_place p = place_of(r, at);
	va_list ap;

	va_start(ap, fmt);
	say(r, &p, rule, FINDING_WARNING, fmt, ap);
	va_end(ap);
}

void
schema_say_at(struct schema_run *r, unsigned long line, unsigned long column,
    enum finding_rule rule, const char *fmt, ...)
{
	const struct finding_place p = { r->src->file, line, column,
	    buf_str(&r->path) };
	va_list ap;

	va_start(ap, fmt);
	say(r, &p, rule, finding_rules[rule].severity, fmt, ap);
	va_end(ap);
}

void
schema_remember(struct schema_run *r, const struct tree *at, bool is_uuid,
    const char *value)
{
	const struct finding_place p = place_of(r, at);

	findings_remember(r->out, &p, is_uuid, value);
}
