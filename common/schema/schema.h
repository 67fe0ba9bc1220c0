/*
 * schema: checks the contents of profiles.
 *
 * A schema is Apple's published description of all payloads, a checkout of its
 * device-management repository.  Without one, a small built-in description in
 * the same format is used, of the profile itself, of SCEP and certificate
 * payloads, and of the Profile Service, which Apple's repository lacks.
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
 * schema_load() reads the names of all files in dir/mdm/profiles, or in dir if
 * they are there; with NULL, it loads the built-in schema.  Returns FAULT if
 * dir is not such a checkout.  The caller frees *out.
 */
enum status schema_load(const char *dir, struct schema **out) USE_RESULT;

/* The platforms in a schema, for the choices of an option. */
#define SCHEMA_PLATFORMS "iOS|macOS|tvOS|visionOS|watchOS"

/* How a profile gets to a device, for the choices of an option. */
#define SCHEMA_WAYS "manual|mdm|supervised|user-enrollment"

/*
 * schema_newest() returns the latest version of a platform in the files of the
 * schema, or NULL; borrowed.  schema_version() appends all of them, such as
 * "iOS 18.1, macOS 15.1"; nothing for the built-in schema.
 */
const char *schema_newest(const struct schema *s, const char *platform);
void schema_version(const struct schema *s, struct buf *out);

/* Compares dotted numbers: negative, 0 or positive. */
int schema_compare_versions(const char *a, const char *b);

/*
 * Checks a version for --os ("17", "10.15.4").  Returns NULL, or the reason
 * why it is invalid.
 */
const char *schema_check_version(const char *text);

/* ---- lint ---- */

struct schema_options {
	const char *platform;	/* one of SCHEMA_PLATFORMS, or NULL */
	const char *os;		/* a version of it; NULL: the latest */
	const char *via;	/* one of SCHEMA_WAYS, or NULL; needs platform */
	bool no_errata;		/* Apple's schema without our corrections */
	const char *allow_types;	/* "com.apple.*,com.example.a", or
					 * NULL */
	int64_t now;		/* validity of certificates is checked for */
};

/* A file, and the places of its nodes (marks may be NULL). */
struct schema_source {
	const char *file;	/* must outlive the findings */
	const struct tree_marks *marks;
};

/*
 * schema_lint() adds the findings about one plist.  Returns FAULT if a file of
 * the schema turns out to be broken: files are read when they are needed.
 */
enum status schema_lint(struct schema *s, const struct schema_options *o,
    const struct schema_source *src, const struct tree *t,
    struct findings *out) USE_RESULT;

/*
 * True for text with a variable that is filled in later: ${NAME}, $NAME,
 * {{name}}, %name%. The form of such a value is not checked.
 */
bool schema_has_variable(const char *text);

#endif
