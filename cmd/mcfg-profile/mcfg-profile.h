/* What the parts of mcfg-profile share. */
#ifndef MCFG_PROFILE_TOOL_H
#define MCFG_PROFILE_TOOL_H

#include "cli/opts.h"
#include "plist/node.h"
#include "profile/profile.h"

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

/* What the command line says wins over the template, it over the site. */
struct identities {
	struct profile_identity given;
	struct profile_identity site;
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

struct template {
	char *path;		/* of the file, or NULL for standard input */
	struct buf in;		/* YAML, or a plist without its signature */
	bool is_plist;
	bool is_fixed;		/* a plist for which no variables were given:
				 * it passes as it is */
};
#define TEMPLATE_INIT	{ NULL, BUF_INIT, false, false }
#define auto_template	AUTO(template_free) struct template

void template_free(struct template *t);

/*
 * The path of the template in dir for the variable PRODUCT; yours.  FAULT if it
 * is uncertain whether there is one for the model or its family.
 */
enum status pick_template(const char *dir, const struct tree *vars,
    char **out) USE_RESULT;

enum status read_template(const struct io_input *in, struct template *t)
    USE_RESULT;

/* The complete profile, with its variables. */
enum status make_profile(const struct template *t, const struct tree *vars,
    const struct identities *id, const struct strings *folders,
    struct tree **out) USE_RESULT;

/* XML of the profile, or of its payloads alone. */
enum status write_xml(const struct args *a, const struct tree *profile,
    const char *name, struct buf *xml) USE_RESULT;

/* --each: a profile a row. */
enum status run_each(const struct args *a, const struct identities *id);

/* --to-yaml: the way back. */
enum status run_to_yaml(const struct args *a, const struct identities *id);

#endif
