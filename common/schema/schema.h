/*
 * schema: what a profile may hold, and what is found wrong with one.
 *
 * A schema is Apple's published description of every payload (a checkout of
 * its device-management repository), or without one a small description of
 * our own, in the same dialect, of the profile itself, of SCEP and
 * certificate payloads and of the Profile Service, which Apple's lacks.
 */
#ifndef MCFG_SCHEMA_SCHEMA_H
#define MCFG_SCHEMA_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "plist/node.h"

/* ---- findings ---- */

enum schema_severity {
	SCHEMA_NOTE,
	SCHEMA_WARNING,
	SCHEMA_ERROR,
};

/* Every rule; its name, severity and sentence are in schema_rules[]. */
enum schema_rule {
	RULE_NOT_A_PLIST,
	RULE_NOT_A_PROFILE,
	RULE_UNREADABLE,
	RULE_DUPLICATE_KEY,
	RULE_WRONG_TYPE,
	RULE_BOOL_AS_INTEGER,
	RULE_REAL_AS_INTEGER,
	RULE_INTEGER_AS_BOOL,
	RULE_MISSING_KEY,
	RULE_UNKNOWN_VALUE,
	RULE_BAD_RANGE,
	RULE_BAD_FORMAT,
	RULE_BAD_COUNT,
	RULE_PAYLOAD_VERSION,
	RULE_DUPLICATE_UUID,
	RULE_DUPLICATE_IDENTIFIER,
	RULE_BAD_UUID,
	RULE_LOWER_CASE_UUID,
	RULE_SHARED_IDENTIFIER,
	RULE_SHARED_UUID,
	RULE_DANGLING_REFERENCE,
	RULE_MULTIPLE_PAYLOADS,
	RULE_PEM_IN_DATA,
	RULE_BAD_CERTIFICATE,
	RULE_EXPIRED_CERTIFICATE,
	RULE_CERTIFICATE_EXPIRES_SOON,
	RULE_CERTIFICATE_NOT_YET_VALID,
	RULE_CERTIFICATE,
	RULE_WEAK_KEY,
	RULE_CLEAR_TEXT_SECRET,
	RULE_PLAIN_HTTP,
	RULE_UNSUPPORTED,
	RULE_TOO_NEW,
	RULE_DEPRECATED,
	RULE_REMOVED,
	RULE_TYPE_NOT_ALLOWED,
	RULE_UNKNOWN_TYPE,
	RULE_UNKNOWN_KEY,
	RULE_ENCRYPTED,
	RULE_SIGNED,
	RULE_NOT_BY_HAND,
	RULE_NEEDS_SUPERVISION,
	RULE_NEEDS_APPROVED_MDM,
	RULE_NOT_IN_USER_ENROLLMENT,
	RULE_SCHEMA_TOO_OLD,
	RULE_WRONG_PASSWORD,
	RULE_PKCS12_WITHOUT_MAC,
	RULE_PKCS12_TOO_NEW,
	SCHEMA_RULES,		/* how many there are */
};

struct schema_rule_info {
	const char *name;
	enum schema_severity severity;
	const char *text;
	const char *help;	/* what to do about it */
};
extern const struct schema_rule_info schema_rules[SCHEMA_RULES];

const char *schema_severity_name(enum schema_severity s);

struct schema_finding {
	const char *file;	/* borrowed from the caller of schema_lint() */
	unsigned long line, column;	/* 0 where it is not known */
	char *path;		/* for schema_path_text() and its like */
	enum schema_rule rule;
	enum schema_severity severity;
	char *text;
};

/* An identifier or UUID of a profile or payload, for the rules across files. */
struct schema_name {
	bool is_uuid;
	char *value;
	char *path;
	const char *file;
	unsigned long line, column;
	size_t order;
};

struct schema_findings {
	struct schema_finding *v;
	size_t n;
	struct schema_name *names;
	size_t name_count;
	const char **files;			/* in the order they came */
	size_t file_count;
	size_t count[SCHEMA_ERROR + 1];		/* by severity */
	size_t silenced;			/* set by the caller */
	const char *schema;			/* schema_version(), or NULL;
						 * set by the caller */
};
#define SCHEMA_FINDINGS_INIT	{ 0 }
#define auto_schema_findings	AUTO(schema_findings_free) struct schema_findings

void schema_findings_free(struct schema_findings *f);

/* schema_sort() orders them by file as given, line, column. */
void schema_sort(struct schema_findings *f);

/*
 * schema_drop() removes the findings that is_dropped returns true for, and
 * returns how many these were; the counts stay.  schema_count() counts anew.
 */
typedef bool schema_judge(const struct schema_finding *f, void *arg);
size_t schema_drop(struct schema_findings *f, schema_judge *is_dropped,
    void *arg);
void schema_count(struct schema_findings *f);

/*
 * A finding's path: as people read it, "PayloadContent[0].Key"; as the JSON
 * member "path" has always had it, "payload[0].Key"; as a JSON pointer.
 */
void schema_path_text(const char *path, struct buf *out);
void schema_path_name(const char *path, struct buf *out);
void schema_path_pointer(const char *path, struct buf *out);

/* "file:line:col: path: severity: text [rule]", one a line, escaped. */
void schema_to_text(const struct schema_findings *f, struct buf *out);

/* One JSON object; SARIF 2.1.0, as code hosting reads it. */
void schema_to_json(const struct schema_findings *f, struct buf *out);
void schema_to_sarif(const struct schema_findings *f, struct buf *out);

/* ---- the schema ---- */

struct schema;
#define auto_schema AUTO(auto_free_schema) struct schema

void schema_free(struct schema *s);
DEFINE_AUTO(schema, struct schema, schema_free);

/*
 * schema_load() takes every file of dir/mdm/profiles, or of dir itself where
 * it holds them; NULL gives the built-in one.  FAULT where dir is no such
 * checkout.
 */
enum status schema_load(const char *dir, struct schema **out) USE_RESULT;

/* The platforms that a schema knows, for the choices of an option. */
#define SCHEMA_PLATFORMS "iOS|macOS|tvOS|visionOS|watchOS"

/* How a profile reaches its device, for the choices of an option. */
#define SCHEMA_WAYS "manual|mdm|supervised|user-enrollment"

/*
 * schema_newest() gives the newest version of a platform that the files of
 * the schema name, or NULL.  schema_version() appends all of them, as in
 * "iOS 18.1, macOS 15.1"; nothing for the built-in schema.
 */
const char *schema_newest(const struct schema *s, const char *platform);
void schema_version(const struct schema *s, struct buf *out);

/* Negative, 0, positive, as the dotted numbers compare. */
int schema_compare_versions(const char *a, const char *b);

/* NULL for a version as --os takes it ("17", "10.15.4"), or the reason. */
const char *schema_check_version(const char *text);

/* NULL for a list of rules, "weak-key,plain-http", or the reason. */
const char *schema_check_rules(const char *list);

/* True if such a list names the rule. */
bool schema_list_has(const char *list, enum schema_rule rule);

/* The rule with this name (len bytes); false if there is none. */
bool schema_find_rule(const char *name, size_t len, enum schema_rule *out);

/* ---- lint ---- */

struct schema_options {
	const char *platform;	/* one of SCHEMA_PLATFORMS, or NULL */
	const char *os;		/* a version of it, or NULL: the newest */
	const char *via;	/* one of SCHEMA_WAYS, or NULL; needs platform */
	bool no_errata;		/* the schema as Apple wrote it */
	const char *allow_types;	/* "com.apple.*,com.example.a" or NULL */
	const struct strings *errors;	/* lists of rules that are errors, or
					 * NULL */
	bool strict;		/* warnings, unknown keys and types are errors */
	int64_t now;		/* certificates are judged by */
};

/* A file, and where its nodes stood (marks may be NULL). */
struct schema_source {
	const char *file;	/* kept by the findings, not copied */
	const struct tree_marks *marks;
};

/* Adds a finding about a file as a whole, at a line or 0. */
void schema_add(const struct schema_options *o, const char *file,
    unsigned long line, unsigned long column, enum schema_rule rule,
    struct schema_findings *out, const char *fmt, ...) PRINTF_LIKE(7, 8);

/*
 * schema_lint() adds what is wrong with one plist.  FAULT where a file of the
 * schema turns out to be broken: they are read when they are needed.
 */
enum status schema_lint(struct schema *s, const struct schema_options *o,
    const struct schema_source *src, const struct tree *t,
    struct schema_findings *out) USE_RESULT;

/* schema_lint_across() adds what is wrong between the files, once at the end. */
void schema_lint_across(const struct schema_options *o,
    struct schema_findings *out);

/*
 * True for text with a variable that someone fills in later: ${NAME}, $NAME,
 * {{name}}, %name%.  Nothing is said of the form of such a value.
 */
bool schema_has_variable(const char *text);

#endif
