/* SARIF 2.1.0 (OASIS), the form in which code hosting shows findings. */
#include <string.h>

#include "cli/opts.h"
#include "finding/finding.h"
#include "json/json.h"

static const char sarif_schema[] =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/"
    "sarif-schema-2.1.0.json";

/* Apple's own words about payloads and keys, which the rules are about. */
static const char rules_uri[] =
    "https://developer.apple.com/documentation/devicemanagement/"
    "profile-specific-payload-keys";

static struct report *
message(const char *text)
{
	struct report *r = report_object();

	report_str(r, "text", text);
	return r;
}

static struct report *
one_rule(const struct finding_rule_info *info)
{
	struct report *r = report_object(), *level = report_object();
	auto_buf help = BUF_INIT;

	report_str(r, "id", info->name);
	report_add(r, "shortDescription", message(info->text));
	report_add(r, "fullDescription", message(info->text));
	buf_printf(&help, "%s. %s", info->text, info->help);
	report_add(r, "help", message(buf_str(&help)));
	report_str(r, "helpUri", rules_uri);
	report_str(level, "level", finding_severity_name(info->severity));
	report_add(r, "defaultConfiguration", level);
	return r;
}

static struct report *
tool(void)
{
	struct report *r = report_object(), *driver = report_object();
	struct report *rules = report_array();
	size_t i;

	for (i = 0; i < FINDING_RULES; i++)
		report_add(rules, NULL, one_rule(&finding_rules[i]));
	report_str(driver, "name", "mcfg-lint");
	report_str(driver, "version", MCFG_VERSION);
	report_str(driver, "informationUri", rules_uri);
	report_add(driver, "rules", rules);
	report_add(r, "driver", driver);
	return r;
}

/* A path as a relative or absolute reference of RFC 3986. */
static void
uri_of(const char *path, struct buf *out)
{
	const char *safe = "-._~/!$&'()*+,;=@";
	const unsigned char *p = (const unsigned char *)path;

	if (path[0] == '/')
		buf_puts(out, "file://");
	for (; *p != '\0'; p++)
		if ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= '0' && *p <= '9') || strchr(safe, *p) != NULL)
			buf_putc(out, (char)*p);
		else
			buf_printf(out, "%%%02X", *p);
}

static struct report *
physical(const struct finding *f)
{
	struct report *r = report_object(), *file = report_object();
	struct report *region = report_object();
	auto_buf uri = BUF_INIT;

	uri_of(f->file, &uri);
	report_str(file, "uri", buf_str(&uri));
	report_int(region, "startLine", f->line > 0 ? (int64_t)f->line : 1);
	report_int(region, "startColumn",
	    f->column > 0 ? (int64_t)f->column : 1);
	report_add(r, "artifactLocation", file);
	report_add(r, "region", region);
	return r;
}

static struct report *
locations(const struct finding *f)
{
	struct report *list = report_array(), *one = report_object();
	struct report *names = report_array(), *name = report_object();
	auto_buf path = BUF_INIT;

	finding_path_name(f->path, NULL, &path);
	report_str(name, "fullyQualifiedName", buf_str(&path));
	report_add(names, NULL, name);
	report_add(one, "physicalLocation", physical(f));
	report_add(one, "logicalLocations", names);
	report_add(list, NULL, one);
	return list;
}

static struct report *
result(const struct finding *f)
{
	struct report *r = report_object();

	report_str(r, "ruleId", finding_rules[f->rule].name);
	report_int(r, "ruleIndex", (int64_t)f->rule);
	report_str(r, "level", finding_severity_name(f->severity));
	report_add(r, "message", message(f->text));
	report_add(r, "locations", locations(f));
	return r;
}

void
findings_to_sarif(const struct findings *f, struct buf *out)
{
	auto_report *top = report_object();
	struct report *runs = report_array(), *run = report_object();
	struct report *results = report_array(), *schema = report_object();
	size_t i;

	for (i = 0; i < f->n; i++)
		report_add(results, NULL, result(&f->v[i]));
	report_str(top, "$schema", sarif_schema);
	report_str(top, "version", "2.1.0");
	report_add(run, "tool", tool());
	report_str(schema, "schema", f->schema);
	report_add(run, "properties", schema);
	report_str(run, "columnKind", "unicodeCodePoints");
	report_add(run, "results", results);
	report_add(runs, NULL, run);
	report_add(top, "runs", runs);
	report_render(top, out);
}
