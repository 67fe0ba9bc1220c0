/*
 * finding: what is wrong with files: the rules, the list of findings, the
 * names that files may share, and the forms in which findings are written.
 */
#ifndef MCFG_FINDING_FINDING_H
#define MCFG_FINDING_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/mem.h"

enum finding_severity {
	FINDING_NOTE,
	FINDING_WARNING,
	FINDING_ERROR,
};

/* The rules; finding_rules[] has the name, severity and text of each. */
enum finding_rule {
	RULE_NOT_A_PLIST,
	RULE_NOT_A_PROFILE,
	RULE_UNREADABLE,
	RULE_DUPLICATE_KEY,
	RULE_BAD_VALUE,
	RULE_STRAY_BYTES,
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
	RULE_BAD_COMBINATION,
	RULE_WRONG_REFERENCE,
	RULE_PAST_DATE,
	RULE_WHITE_SPACE,
	RULE_EMPTY_SUBJECT,
	RULE_EXCESS_PADDING,
	FINDING_RULES,		/* how many there are */
};

struct finding_rule_info {
	const char *name;
	enum finding_severity severity;
	const char *text;	/* a sentence without its period */
	const char *help;	/* what to do about it, in sentences */
};
extern const struct finding_rule_info finding_rules[FINDING_RULES];

const char *finding_severity_name(enum finding_severity s);

struct finding {
	const char *file;	/* borrowed */
	unsigned long line, column;	/* 0 if unknown */
	char *path;		/* for finding_path_text() and its like */
	enum finding_rule rule;
	enum finding_severity severity;
	char *text;
};

/* An identifier or UUID of a profile or payload, for the rules across files. */
struct finding_name {
	bool is_uuid;
	char *value;
	char *path;
	const char *file;
	unsigned long line, column;
	size_t order;
};

/*
 * A list of findings.  Starts as zeros; the caller may set strict, errors and
 * schema.
 */
struct findings {
	struct finding *v;
	size_t n;
	struct finding_name *names;
	size_t name_count;
	const char **files;			/* in the order in which they
						 * were begun */
	size_t file_count;
	size_t count[FINDING_ERROR + 1];	/* by severity */
	bool strict;		/* treat warnings, unknown keys and types as
				 * errors */
	const struct strings *errors;	/* lists of rules that are errors, or
					 * NULL; borrowed */
	size_t silenced;			/* set by the caller */
	const char *schema;			/* version of the schema, or
						 * NULL */
};
#define FINDINGS_INIT	{ 0 }
#define auto_findings	AUTO(findings_free) struct findings

void findings_free(struct findings *f);

/* The place of a finding. */
struct finding_place {
	const char *file;	/* borrowed as long as the findings exist */
	unsigned long line, column;
	const char *path;	/* copied, truncated to 1,024 bytes */
};

/*
 * findings_begin() records that a file is being checked: findings_sort() keeps
 * the order of these calls, and they are counted.
 */
void findings_begin(struct findings *f, const char *file);

/* findings_put() adds a finding; strict and errors may make it an error. */
void findings_put(struct findings *f, const struct finding_place *at,
    enum finding_rule rule, enum finding_severity severity, const char *text);

/* Begins a file and adds a finding about all of it; line 0 means unknown. */
void findings_add(struct findings *f, const char *file, unsigned long line,
    unsigned long column, enum finding_rule rule, const char *fmt, ...)
    PRINTF_LIKE(6, 7);

/* Removes the findings from index n on. */
void findings_cut(struct findings *f, size_t n);

/*
 * findings_remember() stores a PayloadIdentifier or PayloadUUID.
 * findings_say_doubled() adds a finding for each that occurs twice among those
 * from index first on.  findings_across(), called once at the end, adds one
 * for each that several files have.
 */
void findings_remember(struct findings *f, const struct finding_place *at,
    bool is_uuid, const char *value);
void findings_say_doubled(struct findings *f, size_t first);
void findings_across(struct findings *f);

/*
 * findings_sort() sorts by file, in the order in which they were begun, then
 * by line and column.
 */
void findings_sort(struct findings *f);

/*
 * findings_drop() removes the findings for which is_dropped returns true, and
 * returns their number; counts are not changed.  findings_count() counts
 * again.
 */
typedef bool findings_judge(const struct finding *f, void *arg);
size_t findings_drop(struct findings *f, findings_judge *is_dropped,
    void *arg);
void findings_count(struct findings *f);

/* Append a step to a finding's path. */
void finding_path_key(struct buf *path, const char *key);
void finding_path_index(struct buf *path, size_t i);

/*
 * A finding's path in three forms: for people, "PayloadContent[0].Key"; for
 * the JSON member "path", "payload[0].Key", with payload instead of the index
 * unless it is NULL; and as a JSON pointer.
 */
void finding_path_text(const char *path, struct buf *out);
void finding_path_name(const char *path, const char *payload,
    struct buf *out);
void finding_path_pointer(const char *path, struct buf *out);

/*
 * "file:line:col: path: severity: text [rule]", one finding on each line,
 * escaped.
 */
void findings_to_text(const struct findings *f, struct buf *out);

/* One JSON object; or SARIF 2.1.0, for code hosting. */
void findings_to_json(const struct findings *f, struct buf *out);
void findings_to_sarif(const struct findings *f, struct buf *out);

/*
 * Checks a list of rules, "weak-key,plain-http".  Returns NULL, or the reason
 * why it is invalid.
 */
const char *finding_check_rules(const char *list);

/* True if such a list names the rule. */
bool finding_list_has(const char *list, enum finding_rule rule);

/* The rule with this name (len bytes); false if there is none. */
bool finding_find_rule(const char *name, size_t len, enum finding_rule *out);

#endif
