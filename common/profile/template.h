/*
 * template: a profile with variables, in YAML (mcfg-profile.5) or as a plist,
 * which is chosen for a device and filled in.
 */
#ifndef MCFG_PROFILE_TEMPLATE_H
#define MCFG_PROFILE_TEMPLATE_H

#include "profile/profile.h"
#include "sys/io.h"

struct template {
	char *path;		/* NULL for standard input */
	struct buf in;		/* YAML, or a plist without its signature */
	bool is_plist;
	bool is_fixed;		/* a plist, and no variables were given: it is
				 * not changed */
};
#define TEMPLATE_INIT	{ NULL, BUF_INIT, false, false }
#define auto_template	AUTO(template_free) struct template

void template_free(struct template *t);

/* Options override the template, which overrides the site. */
struct identities {
	struct profile_identity given;
	struct profile_identity site;
};

/*
 * template_choose() sets *out to the path of the template in the folder dir for
 * a device with these variables; the caller frees it.  It is the first of
 * these that exists, in profile.d: serial-SERIAL.yaml, if devices.allow has
 * the serial number for this user; user-USER.yaml; PRODUCT.yaml; that of the
 * family, such as iPad.yaml; then profile.yaml.  Returns FAULT if it is
 * unknown whether one exists.
 */
enum status template_choose(const char *dir, const struct tree *vars,
    char **out) USE_RESULT;

/*
 * template_read() reads a template; a signature is removed without verifying
 * it.
 */
enum status template_read(const struct io_input *in, struct template *t)
    USE_RESULT;

/*
 * template_fill() creates the complete profile with its variables filled in.
 * !file may name files below folders, and below the template's own folder.
 * The caller frees *out.
 */
enum status template_fill(const struct template *t, const struct tree *vars,
    const struct identities *id, const struct strings *folders,
    struct tree **out) USE_RESULT;

#endif
