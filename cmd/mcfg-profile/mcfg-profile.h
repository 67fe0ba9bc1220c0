/* What the parts of mcfg-profile share. */
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
	struct strings folders;	/* of --files, and that of --pick */
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
 * Variables, the weaker first: add_outer_vars() those of the environment and
 * of files, then a row's, then add_sets() those of --set.  takes_vars() is
 * false where the command line speaks of none.
 */
enum status add_outer_vars(const struct args *a, struct tree *vars)
    USE_RESULT;
bool takes_vars(const struct args *a);
enum status add_members(const struct tree *from, struct tree *vars);
void add_sets(const struct args *a, struct tree *vars);

/*
 * read_template() adds the variables, picks the template by them if --pick
 * says so, and reads it; name is what diagnostics call it, yours.
 */
enum status read_template(const struct args *a, struct tree *vars, char **name,
    struct template *out) USE_RESULT;

/* XML of the profile, or of its payloads alone. */
enum status write_xml(const struct args *a, const struct tree *profile,
    const char *name, struct buf *xml) USE_RESULT;

/* --each: a profile a row. */
enum status run_each(const struct args *a, const struct identities *id);

/* --to-yaml: the way back. */
enum status run_to_yaml(const struct args *a, const struct identities *id);

#endif
