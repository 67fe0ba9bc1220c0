/* Private to site/. */
#ifndef MCFG_SITE_LOCAL_H
#define MCFG_SITE_LOCAL_H

#include "config/config.h"
#include "site/site.h"

struct site {
	struct config config;
};

/*
 * site_ldap_name() returns the length of the attribute name (RFC 4512 2.5) at
 * the beginning of s, or 0.
 */
size_t site_ldap_name(const char *s);

/*
 * site_check_outside() refuses an outside CA over http on another machine,
 * unless each device gets a challenge for one subject.
 */
enum status site_check_outside(const struct config *c) USE_RESULT;

/* site_check_auth() checks how users log in, and adds derived keys. */
enum status site_check_auth(struct config *c) USE_RESULT;

#endif
