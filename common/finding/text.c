/* Writes findings as text and as JSON. */
#include <string.h>

#include "finding/finding.h"
#include "json/report.h"

enum {
	PATH_SHOWN = 512,
	TEXT_SHOWN = 1024,
};

/* Lines and columns start at 1, also if they are unknown. */
static unsigned long
at_least_one(unsigned long n)
{
	return n > 0 ? n : 1;
}

void
findings_to_text(const struct findings *f, struct buf *out)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		const struct finding *v = &f->v[i];
		char file[PATH_SHOWN], path[PATH_SHOWN], text[TEXT_SHOWN];
		auto_buf where = BUF_INIT;

		diag_escape(v->file, strlen(v->file), file, sizeof file);
		finding_path_text(v->path, &where);
		diag_escape(buf_str(&where), where.len, path, sizeof path);
		diag_escape(v->text, strlen(v->text), text, sizeof text);
		buf_printf(out, "%s:%lu:%lu: %s: %s: %s [%s]\n", file,
		    at_least_one(v->line), at_least_one(v->column), path,
		    finding_severity_name(v->severity), text,
		    finding_rules[v->rule].name);
	}
}

void
findings_to_json(const struct findings *f, struct buf *out)
{
	auto_report *top = report_object();
	struct report *list = report_add_array(top, "findings");
	size_t i;

	for (i = 0; i < f->n; i++) {
		const struct finding *v = &f->v[i];
		struct report *r = report_add_object(list, NULL);
		auto_buf path = BUF_INIT, pointer = BUF_INIT;

		finding_path_name(v->path, NULL, &path);
		finding_path_pointer(v->path, &pointer);
		report_str(r, "file", v->file);
		report_int(r, "line", (int64_t)at_least_one(v->line));
		report_int(r, "column", (int64_t)at_least_one(v->column));
		report_str(r, "path", buf_str(&path));
		report_str(r, "pointer", buf_str(&pointer));
		report_str(r, "severity", finding_severity_name(v->severity));
		report_str(r, "rule", finding_rules[v->rule].name);
		report_str(r, "text", v->text);
	}
	report_int(top, "errors", (int64_t)f->count[FINDING_ERROR]);
	report_int(top, "warnings", (int64_t)f->count[FINDING_WARNING]);
	report_int(top, "notes", (int64_t)f->count[FINDING_NOTE]);
	report_int(top, "silenced", (int64_t)f->silenced);
	report_int(top, "files", (int64_t)f->file_count);
	report_str(top, "schema", f->schema);
	report_render(top, out);
}
