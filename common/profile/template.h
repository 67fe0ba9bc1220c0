/*
 * template: a profile with variables in it, in YAML (mcfg-profile.5) or as a
 * plist, chosen for a device and filled in.
 */
#ifndef MCFG_PROFILE_TEMPLATE_H
#define MCFG_PROFILE_TEMPLATE_H

#include "profile/profile.h"
#include "sys/io.h"

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

/* What is given wins over the template, the template over the site. */
struct identities {
	struct profile_identity given;
	struct profile_identity site;
};

/*
 * template_pick() is the path of the template in the folder dir for a device,
 * by its variables; yours.  The first that exists of, in profile.d:
 * serial-SERIAL.yaml, if devices.allow lists the serial number for this user;
 * user-USER.yaml; PRODUCT.yaml; the family's, such as iPad.yaml; and then
 * profile.yaml.  FAULT if it is uncertain whether one exists.
 */
enum status template_pick(const char *dir, const struct tree *vars,
    char **out) USE_RESULT;

/* template_read() reads one; a signature is taken off, unverified. */
enum status template_read(const struct io_input *in, struct template *t)
    USE_RESULT;

/*
 * template_fill() makes the complete profile with its variables.  folders are
 * those below which !file may name files, besides the template's own.
 */
enum status template_fill(const struct template *t, const struct tree *vars,
    const struct identities *id, const struct strings *folders,
    struct tree **out) USE_RESULT;

#endif
