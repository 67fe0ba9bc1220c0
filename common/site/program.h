/*
 * program: runs the programs of a site: those that site.yaml names, and the
 * script that queries its directory, for mcfg-service and the tools that
 * mcfg.cgi runs.
 *
 * A program in site.yaml gets one argument and a fixed list of variables:
 * PATH, LC_ALL, MCFG_SITE, MCFG_BIN, HOME, TMPDIR, TZ, and the one that
 * auth.ldap.password names.  What it writes to standard error is printed as
 * messages.
 *
 * The functions return REFUSED if the program exits with status 1, LATER if it
 * was killed because it took too long or wrote too much, and FAULT for any
 * other failure.
 */
#ifndef MCFG_SITE_PROGRAM_H
#define MCFG_SITE_PROGRAM_H

#include "base/buf.h"

/* The site of the programs; everything is borrowed. */
struct site_place {
	const char *folder;	/* working directory; NULL: the process's */
	const char *path;	/* MCFG_SITE; NULL: absolute path of folder */
	const char *password;	/* auth.ldap.password, or NULL */
};

/*
 * site_ask() runs the program that site.yaml names as key, and appends its
 * output.
 */
enum status site_ask(const struct site_place *p, const char *key,
    const char *program, const char *argument, struct buf *out) USE_RESULT;

/*
 * site_ask_challenge() asks scep.challenge_program for a challenge for this
 * subject, and appends the first line of its output.  Returns FAULT if that
 * line is empty, or if the program refuses.
 */
enum status site_ask_challenge(const struct site_place *p,
    const char *program, const char *subject, struct buf *out) USE_RESULT;

/*
 * site_ask_directory() runs scripts/web/directory with a verb and an argument
 * (or NULL), and with input (or NULL) on its standard input.
 */
enum status site_ask_directory(const struct site_place *p, const char *verb,
    const char *argument, const struct buf *input, struct buf *out)
    USE_RESULT;

/* ---- variables of a program ---- */

/* NAME=VALUE, terminated by NULL. */
struct site_variables {
	char **v;
	size_t n;
};
#define auto_site_variables AUTO(site_variables_free) struct site_variables

void site_variables_free(struct site_variables *l);
void site_variables_add(struct site_variables *l, const char *name,
    const char *value);

/*
 * Adds the variables of this process, except those of a request (RFC 3875) and
 * those that may be.
 */
void site_variables_add_own(struct site_variables *l);

#endif
