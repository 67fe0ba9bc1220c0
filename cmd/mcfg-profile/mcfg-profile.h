/* Shared by the files of mcfg-profile. */
#ifndef MCFG_PROFILE_TOOL_H
#define MCFG_PROFILE_TOOL_H

#include "cli/opts.h"
#include "plist/node.h"
#include "profile/template.h"

struct args {
	struct io_input in;
	struct io_output out;
	struct profile_identity id;
	struct strings sets;
	struct strings files;
	struct strings folders;	/* of --files, and the folder of --pick */
	struct strings prefixes;
	bool payloads_only;
	const char *pick;
	bool to_yaml;
	const char *extract;
	const char *each;
	const char *out_dir;
	const char *name;
	const char *config;
};

/*
 * Variables are added in this order, later ones overriding earlier ones: from
 * the environment and files by add_outer_vars(), from a row, from
 * --set by add_sets().  takes_vars() is true if any option gives
 * variables.
 */
enum status add_outer_vars(const struct args *a, struct tree *vars)
    USE_RESULT;
bool takes_vars(const struct args *a);
void add_sets(const struct args *a, struct tree *vars);

/*
 * read_template() adds the variables of the command line to vars, chooses the
 * template by them if there is --pick, and reads it.  *name is its name for
 * messages; the caller frees it.
 */
enum status read_template(const struct args *a, struct tree *vars, char **name,
    struct template *out) USE_RESULT;

/*
 * Appends the XML of the profile, or of its payloads alone with
 * --payloads-only.
 */
enum status write_xml(const struct args *a, const struct tree *profile,
    const char *name, struct buf *xml) USE_RESULT;

/* --each: makes one profile for each row. */
enum status run_each(const struct args *a, const struct identities *id);

/* --to-yaml: converts a profile to YAML. */
enum status run_to_yaml(const struct args *a, const struct identities *id);

#endif
