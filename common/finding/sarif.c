/* Writes findings as SARIF 2.1.0 (OASIS), which code hosts display. */
#include <ctype.h>
#include <string.h>

#include "cli/opts.h"
#include "finding/finding.h"
#include "json/report.h"

static const char sarif_schema[] =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
    "sarif-schema-2.1.0.json";

/* Apple's documentation of payloads and keys, which the rules are about. */
static const char rules_uri[] =
    "https://developer.apple.com/documentation/devicemanagement/"
    "profile-specific-payload-keys";

static void
add_message(struct report *r, const char *key, const char *text)
{
	report_str(report_add_object(r, key), "text", text);
}

static void
add_rule(struct report *list, const struct finding_rule_info *info)
{
	struct report *r = report_add_object(list, NULL);
	auto_buf text = BUF_INIT;

	report_str(r, "id", info->name);
	buf_printf(&text, "%s.", info->text);
	add_message(r, "shortDescription", buf_str(&text));
	add_message(r, "fullDescription", buf_str(&text));
	buf_printf(&text, " %s", info->help);
	add_message(r, "help", buf_str(&text));
	report_str(r, "helpUri", rules_uri);
	report_str(report_add_object(r, "defaultConfiguration"), "level",
	    finding_severity_name(info->severity));
}

static void
add_tool(struct report *run)
{
	struct report *driver, *rules;
	size_t i;

	driver = report_add_object(report_add_object(run, "tool"), "driver");
	report_str(driver, "name", "mcfg-lint");
	report_str(driver, "version", MCFG_VERSION);
	report_str(driver, "informationUri", rules_uri);
	rules = report_add_array(driver, "rules");
	for (i = 0; i < FINDING_RULES; i++)
		add_rule(rules, &finding_rules[i]);
}

/* A path as a relative or absolute reference by RFC 3986. */
static void
uri_of(const char *path, struct buf *out)
{
	const char *safe = "-._~/!$&'()*+,;=@";
	const unsigned char *p = (const unsigned char *)path;

	if (path[0] == '/')
		buf_puts(out, "file://");
	for (; *p != '\0'; p++)
		if (isalnum(*p) || strchr(safe, *p) != NULL)
			buf_putc(out, (char)*p);
		else
			buf_printf(out, "%%%02X", *p);
}

/* A place both in the file and in the property list. */
static void
add_location(struct report *list, const struct finding *f)
{
	struct report *one = report_add_object(list, NULL);
	struct report *place = report_add_object(one, "physicalLocation");
	struct report *names = report_add_array(one, "logicalLocations");
	auto_buf uri = BUF_INIT, path = BUF_INIT;
	struct report *region;

	uri_of(f->file, &uri);
	report_str(report_add_object(place, "artifactLocation"), "uri",
	    buf_str(&uri));
	region = report_add_object(place, "region");
	report_int(region, "startLine", f->line > 0 ? (int64_t)f->line : 1);
	report_int(region, "startColumn",
	    f->column > 0 ? (int64_t)f->column : 1);
	finding_path_name(f->path, NULL, &path);
	report_str(report_add_object(names, NULL), "fullyQualifiedName",
	    buf_str(&path));
}

static void
add_result(struct report *list, const struct finding *f)
{
	struct report *r = report_add_object(list, NULL);

	report_str(r, "ruleId", finding_rules[f->rule].name);
	report_int(r, "ruleIndex", (int64_t)f->rule);
	report_str(r, "level", finding_severity_name(f->severity));
	add_message(r, "message", f->text);
	add_location(report_add_array(r, "locations"), f);
}

void
findings_to_sarif(const struct findings *f, struct buf *out)
{
	auto_report *top = report_object();
	struct report *run, *results;
	size_t i;

	report_str(top, "$schema", sarif_schema);
	report_str(top, "version", "2.1.0");
	run = report_add_object(report_add_array(top, "runs"), NULL);
	add_tool(run);
	report_str(report_add_object(run, "properties"), "schema", f->schema);
	report_str(run, "columnKind", "unicodeCodePoints");
	results = report_add_array(run, "results");
	for (i = 0; i < f->n; i++)
		add_result(results, &f->v[i]);
	report_render(top, out);
}
