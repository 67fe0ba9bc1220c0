/*
 * program: the programs that belong to a site: those that site.yaml names, and
 * the script that asks its directory.  mcfg-service and the tools that mcfg.cgi
 * runs ask them here.
 *
 * A program that site.yaml names gets one argument and a fixed list of
 * variables: PATH, LC_ALL, MCFG_SITE, MCFG_BIN, HOME, TMPDIR, TZ, and the one
 * that auth.ldap.password names.  What it writes to standard error becomes
 * diagnostics.
 *
 * REFUSED if it ends with status 1, LATER if it was killed because it took too
 * long or wrote too much, and FAULT for everything else.
 */
#ifndef MCFG_SITE_PROGRAM_H
#define MCFG_SITE_PROGRAM_H

#include "base/buf.h"

/* The site whose programs they are; everything is borrowed. */
struct site_place {
	const char *folder;	/* where they work; NULL: this process's */
	const char *path;	/* MCFG_SITE; NULL: the absolute path of folder */
	const char *password;	/* auth.ldap.password, or NULL */
};

/* site_ask() appends what the program prints that site.yaml names under key. */
enum status site_ask(const struct site_place *p, const char *key,
    const char *program, const char *argument, struct buf *out) USE_RESULT;

/*
 * site_ask_challenge() is what scep.challenge_program says for a certificate of
 * this subject, the first line: FAULT if that is empty, or if it refuses.
 */
enum status site_ask_challenge(const struct site_place *p,
    const char *program, const char *subject, struct buf *out) USE_RESULT;

/*
 * site_ask_directory() runs scripts/web/directory with a verb and an argument
 * (NULL: none), and input (NULL: none) as its standard input.
 */
enum status site_ask_directory(const struct site_place *p, const char *verb,
    const char *argument, const struct buf *input, struct buf *out)
    USE_RESULT;

/* ---- variables for a program ---- */

/* NAME=VALUE up to NULL. */
struct site_variables {
	char **v;
	size_t n;
};
#define auto_site_variables AUTO(site_variables_free) struct site_variables

void site_variables_free(struct site_variables *l);
void site_variables_add(struct site_variables *l, const char *name,
    const char *value);

/* Those of this process that are not a request's (RFC 3875), or may be. */
void site_variables_add_own(struct site_variables *l);

#endif
