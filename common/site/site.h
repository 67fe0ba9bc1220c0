/*
 * site: the file that describes a site (mcfg-site.5), with defaults for
 * options of the tools.
 *
 * Keys are written with dots: "organization", "scep.key_size",
 * "auth.ldap.url".  An unknown key, a value of another type, or a URL that is
 * not https is MALFORMED, with line and column.
 *
 * Derived keys, which are not in the file: "profile_url" is url and
 * "/profile"; "scep.url", if it is not given, is url and "/scep";
 * "identifier.NAME" is identifier, a dot and NAME; "auth", if it is not given,
 * is "ldap" if there is a directory, otherwise "htpasswd"; with a directory,
 * "auth.ldap.starttls" always has a value.
 */
#ifndef MCFG_SITE_SITE_H
#define MCFG_SITE_SITE_H

#include <stddef.h>
#include <stdint.h>

#include "cli/opts.h"

struct site;
#define auto_site AUTO(auto_free_site) struct site

/* site_load() reads and checks the file.  The caller frees *out. */
enum status site_load(const char *path, struct site **out) USE_RESULT;
void site_free(struct site *s);
DEFINE_AUTO(site, struct site, site_free);

/*
 * site_get() returns the value of a key as text (a number in decimal, a list
 * with commas between its items), or NULL if it is missing.  Borrowed.
 *
 * "facts" and "scep.challenge_program" are programs, "ledger" is a URI,
 * "auth.ldap.ca" is a file, "scep.challenge" and "auth.ldap.password" are
 * sources.  They are returned as written: a relative path is relative to the
 * file's folder.
 */
const char *site_get(const struct site *s, const char *key);

/*
 * Returns the place, "site.yaml:3:5", of a key, or of the key from which it is
 * derived.
 */
const char *site_where(const struct site *s, const char *key);

/*
 * site_defaults() sets the rows of a tool's table that have a .config key and
 * were not on the command line to their values in the site's file.  If path is
 * NULL, it does nothing.  Values stay valid until the process ends.  A
 * relative path or URI that was set like this (opts_given() is false) is
 * relative to the file at path.
 */
enum status site_defaults(const char *path, const struct opt *rows) USE_RESULT;

/*
 * site_apply() does this with a site that is loaded; the values stay valid
 * until the site is freed.
 */
enum status site_apply(const struct site *s, const struct opt *rows)
    USE_RESULT;

#endif
