/*
 * site: the file that describes a site (mcfg-site.5) and gives defaults to
 * the options of the tools.
 *
 * Keys are written with dots: "organization", "scep.key_size",
 * "auth.ldap.url".  An unknown key, a value of another type, an address that
 * is not https are MALFORMED with line and column.
 *
 * Derived keys, which no file holds: "profile_url" is url and "/profile";
 * "scep.url", if it is not given, is url and "/scep"; "identifier.NAME" is
 * identifier, a dot and NAME; "auth" is "htpasswd" if no file says so, "ldap"
 * if there is a directory, and then "auth.ldap.starttls" is there.
 */
#ifndef MCFG_SITE_SITE_H
#define MCFG_SITE_SITE_H

#include <stddef.h>
#include <stdint.h>

#include "cli/opts.h"

struct site;
#define auto_site AUTO(auto_free_site) struct site

/* site_load() reads and checks the file. */
enum status site_load(const char *path, struct site **out) USE_RESULT;
void site_free(struct site *s);
DEFINE_AUTO(site, struct site, site_free);

/*
 * site_get() is the value of a key as text (numbers in decimal, a list of one
 * per comma), or NULL if it is missing.  Borrowed.
 *
 * "facts" and "scep.challenge_program" are programs, "ledger" a URI,
 * "auth.ldap.ca" a file, "scep.challenge" and "auth.ldap.password" are sources,
 * all as written: relative to the file's folder where they are relative.
 */
const char *site_get(const struct site *s, const char *key);

/* "site.yaml:3:5" of a key, or of the key that it is derived from. */
const char *site_where(const struct site *s, const char *key);

/*
 * site_defaults() gives every row of a tool's table that has a .config key
 * and was not on the command line the value of the site file; path NULL
 * leaves all as it is.  Values stay for the life of the process.  Where the
 * row of a relative path or URI got its value so (opts_given() is false), it
 * is relative to the file at path.
 */
enum status site_defaults(const char *path, const struct opt *rows) USE_RESULT;

/*
 * site_apply() does that with a site that has been loaded; its values stay
 * until the site is freed.
 */
enum status site_apply(const struct site *s, const struct opt *rows)
    USE_RESULT;

#endif
