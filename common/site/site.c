/* Reads site.yaml, and derives values from it. */
#include <string.h>

#include "base/buf.h"
#include "site/local.h"
#include "text/text.h"

static const char *
check_https(const char *s)
{
	static const char scheme[] = "https://";
	const char *host = s + sizeof scheme - 1, *p;

	if (strncmp(s, scheme, sizeof scheme - 1) != 0)
		return "devices want https://";
	if (*host == '\0' || *host == '/' || *host == ':')
		return "no host in it";
	for (p = s; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7F ||
		    *p == '?' || *p == '#')
			return "not the base of an address";
	return p[-1] == '/' ? "no slash at the end: /profile and the like are "
	    "added" : NULL;
}

static const char *
check_identifier(const char *s)
{
	const char *p;

	for (p = s; *p != '\0'; p++)
		if (*p == '/' || *p == ' ' || (*p >= '\t' && *p <= '\r'))
			return "an identifier has no space and no slash";
	return p[-1] == '.' ? "no dot at the end: it is added" : NULL;
}

/* libldap and the server would also accept a list, or a URL with more parts. */
static const char *
check_ldap_url(const char *s)
{
	const char *host;

	if (strncmp(s, "ldap://", 7) == 0)
		host = s + 7;
	else if (strncmp(s, "ldaps://", 8) == 0)
		host = s + 8;
	else
		return "neither ldap:// nor ldaps://";
	if (*host == '\0' || *host == ':')
		return "no host in it";
	return host[strspn(host, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]")] == '\0' ? NULL :
	    "not one host, with a port or without";
}

/* The filter needs a place for the user's name: ? or $. */
static const char *
check_ldap_filter(const char *s)
{
	size_t len = strlen(s);

	if (len < 2 || s[0] != '(' || s[len - 1] != ')')
		return "a filter stands in parentheses";
	return strpbrk(s, "?$") != NULL ? NULL : "no ? in it, which stands "
	    "for the user's name";
}

/* A server of a site has no descriptors to pass on. */
static const char *
check_source(const char *s)
{
	if (strncmp(s, "env:", 4) == 0 && s[4] != '\0')
		return NULL;
	return strncmp(s, "file:", 5) == 0 && s[5] != '\0' ? NULL :
	    "neither env:NAME nor file:PATH";
}

/* The length of the attribute name at the beginning of s; 0 without one. */
size_t
site_ldap_name(const char *s)
{
	if (*s == '\0' || strchr("-0123456789", *s) != NULL)
		return 0;
	return strspn(s, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");
}

static const char *
check_ldap_name(const char *s)
{
	size_t n = site_ldap_name(s);

	return n > 0 && s[n] == '\0' ? NULL : "not the name of an attribute";
}

/* A name, followed by ? if a user may lack it, or * for all values. */
static const char *
check_ldap_attribute(const char *s)
{
	size_t n = site_ldap_name(s);

	if (n == 0)
		return "not the name of an attribute";
	return s[n] == '\0' || strcmp(s + n, "?") == 0 ||
	    strcmp(s + n, "*") == 0 ? NULL : "not the name of an attribute, "
	    "with ? or * behind it or without";
}

/* One line of text, or a URL. */
static const char *
check_help(const char *s)
{
	return diag_is_visible(s, strlen(s)) ? NULL :
	    "control or invisible characters in it";
}

static const struct config_rule rules[] = {
	{ "url", CONFIG_TEXT, NULL, check_https, 0, 0 },
	{ "organization", CONFIG_TEXT, NULL, NULL, 0, 0 },
	{ "identifier", CONFIG_TEXT, NULL, check_identifier, 0, 0 },
	{ "display_name", CONFIG_TEXT, NULL, NULL, 0, 0 },
	{ "description", CONFIG_TEXT, NULL, NULL, 0, 0 },
	{ "attributes", CONFIG_WORDS, NULL, NULL, 0, 0 },
	{ "enroll_ttl", CONFIG_DURATION, NULL, NULL, 1, 0 },
	/*
	 * An outside CA may be reached over http: CAFingerprint identifies it.
	 */
	{ "scep.url", CONFIG_TEXT, NULL, text_check_url, 0, 0 },
	{ "scep.name", CONFIG_TEXT, NULL, NULL, 0, 0 },
	{ "scep.subject", CONFIG_TEXT, NULL, NULL, 0, 0 },
	{ "scep.key_size", CONFIG_NUMBER, NULL, NULL, 0, 0 },
	{ "scep.key_usage", CONFIG_WORDS, "sign|encrypt", NULL, 0, 0 },
	{ "scep.challenge_ttl", CONFIG_DURATION, NULL, NULL, 1, 0 },
	{ "scep.fingerprint", CONFIG_TEXT, NULL,
	    text_check_fingerprint, 0, 0 },
	{ "scep.challenge", CONFIG_SOURCE, NULL, check_source, 0, 0 },
	{ "scep.challenge_program", CONFIG_TEXT, NULL, NULL, 0, 0 },
	{ "repeat", CONFIG_TEXT, "reissue|reenroll", NULL, 0, 0 },
	{ "ledger", CONFIG_TEXT, NULL, NULL, 0, 0 },
	{ "digest", CONFIG_TEXT, "sha256|sha384|sha512", NULL, 0, 0 },
	{ "auth", CONFIG_TEXT, "htpasswd", NULL, 0, 0 },
	{ "auth.ldap.url", CONFIG_TEXT, NULL, check_ldap_url, 0, 0 },
	{ "auth.ldap.base", CONFIG_TEXT, NULL, NULL, 0, 0 },
	{ "auth.ldap.filter", CONFIG_TEXT, NULL, check_ldap_filter, 0, 0 },
	{ "auth.ldap.user", CONFIG_TEXT, NULL, check_ldap_name, 0, 0 },
	{ "auth.ldap.starttls", CONFIG_FLAG, NULL, NULL, 0, 0 },
	{ "auth.ldap.ca", CONFIG_TEXT, NULL, NULL, 0, 0 },
	{ "auth.ldap.bind_dn", CONFIG_TEXT, NULL, NULL, 0, 0 },
	{ "auth.ldap.password", CONFIG_SOURCE, NULL, check_source, 0, 0 },
	{ "auth.ldap.attributes", CONFIG_WORDS, NULL,
	    check_ldap_attribute, 0, 0 },
	{ "facts", CONFIG_TEXT, NULL, NULL, 0, 0 },
	{ "help", CONFIG_TEXT, NULL, check_help, 0, 0 },
	{ "logo", CONFIG_TEXT, NULL, NULL, 0, 0 },
	{ "trust", CONFIG_TEXT, "own|public", NULL, 0, 0 },
};

void
site_free(struct site *s)
{
	config_free(&s->config);
	free(s);
}

/* ---- derived keys ---- */

static void
derive(struct config *c, const char *from, const char *key, const char *tail)
{
	const struct config_value *base = config_find(c, from);
	struct config_value *v;
	char *text;

	if (base == NULL || config_find(c, key) != NULL)
		return;
	text = xasprintf("%s%s", base->text, tail);
	v = config_add(c, key, base->where);
	v->text = text;
}

static enum status
parse(struct config *c, const struct buf *in, const char *name)
{
	enum status st;

	if ((st = config_read(in, name, rules, ARRAY_LEN(rules), c)) != OK ||
	    (st = site_check_outside(c)) != OK)
		return st;
	derive(c, "url", "profile_url", "/profile");
	derive(c, "url", "scep.url", "/scep");
	derive(c, "identifier", "identifier.profile-service",
	    ".profile-service");
	derive(c, "identifier", "identifier.scep", ".scep");
	derive(c, "identifier", "identifier.profile", ".profile");
	return site_check_auth(c);
}

enum status
site_load(const char *path, struct site **out)
{
	auto_site *s = xcalloc(1, sizeof *s);
	auto_buf in = BUF_INIT;
	enum status st;

	if ((st = io_slurp_file(path, IO_TEXT_MAX, &in)) != OK ||
	    (st = parse(&s->config, &in, io_name(path))) != OK)
		return st;
	*out = STEAL(s);
	return OK;
}

/* ---- reading ---- */

const char *
site_get(const struct site *s, const char *key)
{
	return config_text(&s->config, key);
}

const char *
site_where(const struct site *s, const char *key)
{
	const struct config_value *v = config_find(&s->config, key);

	return v != NULL ? v->where : "";
}

/* ---- defaults ---- */

static const void *
target_of(const struct opt *row)
{
	return row->value != NULL ? (const void *)row->value :
	    row->values != NULL ? (const void *)row->values :
	    row->number != NULL ? (const void *)row->number :
	    (const void *)row->duration;
}

static enum status
set_row(const struct opt *row, const struct config_value *v)
{
	auto_char *of = xasprintf("%s: %s", v->where, v->key);
	enum status st = OK;
	size_t i;

	if (row->values == NULL || v->list.n == 0)
		st = opts_set(row, of, v->text);
	else
		for (i = 0; i < v->list.n && st == OK; i++)
			st = opts_set(row, of, v->list.v[i]);
	/* The error is not on the command line. */
	return st == USAGE ? MALFORMED : st;
}

enum status
site_apply(const struct site *s, const struct opt *rows)
{
	const struct config_value *v;
	enum status st;

	for (; rows->name != NULL; rows++) {
		if (rows->config == NULL || opts_given(target_of(rows)) ||
		    (v = config_find(&s->config, rows->config)) == NULL)
			continue;
		if ((st = set_row(rows, v)) != OK)
			return st;
	}
	return OK;
}

enum status
site_defaults(const char *path, const struct opt *rows)
{
	static struct site *kept;
	enum status st;

	if (path == NULL)
		return OK;
	if (kept == NULL && (st = site_load(path, &kept)) != OK)
		return st;
	return site_apply(kept, rows);
}
