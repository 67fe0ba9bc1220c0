/* Checks keys of site.yaml that depend on each other. */
#include <string.h>
#include <strings.h>

#include "site/local.h"

/* Traffic that never leaves this machine needs no secrecy. */
static bool
is_loopback(const char *url)
{
	const char *host = strstr(url, "//") + 2;
	size_t n = strcspn(host, ":/");

	/* Before an "@", it would be a user's name and password. */
	if (memchr(host, '@', strcspn(host, "/?#")) != NULL)
		return false;
	if (host[0] == '[')
		return strncmp(host, "[::1]", 5) == 0 &&
		    strchr(":/?#", host[5]) != NULL;
	if (strncmp(host, "127.", 4) == 0)
		return strspn(host, "0123456789.") == n;
	return n == strlen("localhost") && strncmp(host, "localhost", n) == 0;
}

/*
 * Phase 3 recognises an identity from an outside CA by the enrollment's ID in
 * its subject, which a request over http reveals to the network.  Unless each
 * device gets a challenge for its own subject, another device could get a
 * certificate for that subject.
 */
enum status
site_check_outside(const struct config *c)
{
	const struct config_value *scep = config_find(c, "scep.url");

	if (config_find(c, "url") == NULL || scep == NULL ||
	    strncmp(scep->text, "http://", 7) != 0 ||
	    is_loopback(scep->text) ||
	    config_find(c, "scep.challenge_program") != NULL)
		return OK;
	return fail(MALFORMED, "%s: scep.url: '%s': over http, anyone on "
	    "the network learns which certificate to ask for: use https, or "
	    "scep.challenge_program with challenges for one subject each",
	    scep->where, scep->text);
}

/*
 * A password crosses the network only under TLS: by default, ldap:// to
 * another machine uses StartTLS.
 */
static enum status
check_starttls(struct config *c)
{
	const struct config_value *url = config_find(c, "auth.ldap.url");
	const struct config_value *said = config_find(c, "auth.ldap.starttls");
	bool is_tls = strncmp(url->text, "ldaps:", 6) == 0;
	bool wanted = said != NULL && strcmp(said->text, "true") == 0;
	struct config_value *v;

	if (is_tls && wanted)
		return fail(MALFORMED, "%s: auth.ldap.starttls: ldaps:// is "
		    "TLS already", said->where);
	if (said != NULL && !wanted && !is_tls && !is_loopback(url->text))
		return fail(MALFORMED, "%s: auth.ldap.starttls: without it "
		    "passwords would cross the network in clear",
		    said->where);
	if (said != NULL)
		return OK;
	wanted = !is_tls && !is_loopback(url->text);
	v = config_add(c, "auth.ldap.starttls", url->where);
	v->text = xstrdup(wanted ? "true" : "false");
	return OK;
}

/*
 * True if the filter compares the user's name with one attribute only, so that
 * no other attribute of an entry can be taken for it.  Anything that cannot be
 * parsed counts as another attribute.  Parentheses in an item are escaped (RFC
 * 4515 3).
 */
static bool
compares_one_attribute(const char *filter)
{
	const char *first = NULL, *item = NULL, *p;
	size_t first_len = 0;

	for (p = filter; *p != '\0'; p++) {
		size_t len;

		if (*p == '(')
			item = p + 1;
		else if (*p == ')')
			item = NULL;
		if (*p != '?' && *p != '$')
			continue;
		if (item == NULL || (len = site_ldap_name(item)) == 0 ||
		    item + len >= p)
			return false;
		if (first == NULL) {
			first = item;
			first_len = len;
		} else if (first_len != len ||
		    strncasecmp(first, item, len) != 0) {
			return false;
		}
	}
	return true;
}

static enum status
check_user_attribute(const struct config *c)
{
	const struct config_value *filter = config_find(c, "auth.ldap.filter");

	if (config_find(c, "auth.ldap.user") != NULL ||
	    compares_one_attribute(filter->text))
		return OK;
	return fail(MALFORMED, "%s: auth.ldap.filter: '%s' compares more than "
	    "one attribute with the name: auth.ldap.user has to name the "
	    "attribute that is the user's name", filter->where, filter->text);
}

static enum status
check_ldap(struct config *c, const struct config_value *any)
{
	static const char *const needed[] = {
		"auth.ldap.url", "auth.ldap.base", "auth.ldap.filter",
	};
	const struct config_value *dn = config_find(c, "auth.ldap.bind_dn");
	const struct config_value *password = config_find(c,
	    "auth.ldap.password");
	enum status st;
	size_t i;

	for (i = 0; i < ARRAY_LEN(needed); i++)
		if (config_find(c, needed[i]) == NULL)
			return fail(MALFORMED, "%s: %s is missing",
			    any->where, needed[i]);
	if ((st = check_user_attribute(c)) != OK)
		return st;
	if ((dn == NULL) != (password == NULL))
		return fail(MALFORMED, "%s: auth.ldap.bind_dn and "
		    "auth.ldap.password need each other",
		    dn != NULL ? dn->where : password->where);
	return check_starttls(c);
}

enum status
site_check_auth(struct config *c)
{
	static const char group[] = "auth.ldap.";
	const struct config_value *any = NULL;
	auto_char *where = NULL;
	struct config_value *v;
	enum status st;
	size_t i;

	for (i = 0; i < c->n && any == NULL; i++)
		if (strncmp(c->v[i].key, group, sizeof group - 1) == 0)
			any = &c->v[i];
	if (config_find(c, "auth") != NULL)
		return OK;
	where = xstrdup(any != NULL ? any->where : "");
	if (any != NULL && (st = check_ldap(c, any)) != OK)
		return st;
	v = config_add(c, "auth", where);
	v->text = xstrdup(any != NULL ? "ldap" : "htpasswd");
	return OK;
}
