/*
 * schema: what a profile may hold.
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
#include "finding/finding.h"
#include "plist/node.h"

/* ---- the schema ---- */

struct schema;
#define auto_schema AUTO(auto_free_schema) struct schema

void schema_free(struct schema *s);
DEFINE_AUTO(schema, struct schema, schema_free);

/*
 * schema_load() takes every file of dir/mdm/profiles, or of dir itself where
 * it holds them; NULL gives the built-in one.  FAULT if dir is not such a
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

/* ---- lint ---- */

struct schema_options {
	const char *platform;	/* one of SCHEMA_PLATFORMS, or NULL */
	const char *os;		/* a version of it, or NULL: the newest */
	const char *via;	/* one of SCHEMA_WAYS, or NULL; needs platform */
	bool no_errata;		/* the schema as Apple wrote it */
	const char *allow_types;	/* "com.apple.*,com.example.a" or NULL */
	int64_t now;		/* certificates are judged by */
};

/* A file, and where its nodes stood (marks may be NULL). */
struct schema_source {
	const char *file;	/* kept by the findings, not copied */
	const struct tree_marks *marks;
};

/*
 * schema_lint() adds what is wrong with one plist.  FAULT where a file of the
 * schema turns out to be broken: they are read when they are needed.
 */
enum status schema_lint(struct schema *s, const struct schema_options *o,
    const struct schema_source *src, const struct tree *t,
    struct findings *out) USE_RESULT;

/*
 * True for text with a variable that someone fills in later: ${NAME}, $NAME,
 * {{name}}, %name%.  Nothing is said of the form of such a value.
 */
bool schema_has_variable(const char *text);

#endif
