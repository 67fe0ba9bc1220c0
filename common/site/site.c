#include "base/words.h"
#include "site/site.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "site/local.h"
#include "text/text.h"

static const char *
check_text(const char *s)
{
	return *s != '\0' ? NULL : "cannot be empty";
}

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

/* An outside authority may be reached over http: CAFingerprint tells it. */
static const char *
check_scep_url(const char *s)
{
	const char *p;

	if (strncmp(s, "https://", 8) != 0 && strncmp(s, "http://", 7) != 0)
		return "neither https:// nor http://";
	for (p = s; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7F)
			return "not an address";
	return NULL;
}

static const char *
check_identifier(const char *s)
{
	const char *p;

	if (*s == '\0')
		return "cannot be empty";
	for (p = s; *p != '\0'; p++)
		if (*p == '/' || *p == ' ' || (*p >= '\t' && *p <= '\r'))
			return "an identifier has no space and no slash";
	return p[-1] == '.' ? "no dot at the end: it is added" : NULL;
}

static const char *
check_fingerprint(const char *s)
{
	auto_buf raw = BUF_INIT;

	if (strcmp(s, "sha256") == 0)
		return NULL;
	if (buf_from_hex(s, &raw) != NULL)
		return "neither sha256 nor a fingerprint in hexadecimal";
	return raw.len == 20 || raw.len == 32 || raw.len == 48 ||
	    raw.len == 64 ? NULL : "no hash has that length";
}

/* Both libldap and the server would take a list, or an address with more. */
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

/* Where the name of the user goes, ? or $, there has to be a place. */
static const char *
check_ldap_filter(const char *s)
{
	size_t len = strlen(s);

	if (len < 2 || s[0] != '(' || s[len - 1] != ')')
		return "a filter stands in parentheses";
	return strpbrk(s, "?$") != NULL ? NULL : "no ? in it, which stands "
	    "for the user's name";
}

/* Who serves a site has no descriptors to hand on. */
static const char *
check_source(const char *s)
{
	if (strncmp(s, "env:", 4) == 0 && s[4] != '\0')
		return NULL;
	return strncmp(s, "file:", 5) == 0 && s[5] != '\0' ? NULL :
	    "neither env:NAME nor file:PATH";
}

/* The length of the attribute's name at the beginning of s; 0: no name. */
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

/* A name, behind it ? where a user may be without, * for all values. */
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

/* One line for people, or an address. */
static const char *
check_help(const char *s)
{
	if (*s == '\0')
		return "cannot be empty";
	return diag_is_visible(s, strlen(s)) ? NULL :
	    "control or invisible characters in it";
}

static const struct rule rules[] = {
	{ "url", TEXT, NULL, check_https },
	{ "organization", TEXT, NULL, check_text },
	{ "identifier", TEXT, NULL, check_identifier },
	{ "display_name", TEXT, NULL, check_text },
	{ "description", TEXT, NULL, check_text },
	{ "attributes", LIST, NULL, check_text },
	{ "enroll_ttl", DURATION, NULL, NULL },
	{ "scep.url", TEXT, NULL, check_scep_url },
	{ "scep.name", TEXT, NULL, check_text },
	{ "scep.subject", TEXT, NULL, check_text },
	{ "scep.key_size", NUMBER, NULL, NULL },
	{ "scep.key_usage", LIST, "sign|encrypt", NULL },
	{ "scep.challenge_ttl", DURATION, NULL, NULL },
	{ "scep.fingerprint", TEXT, NULL, check_fingerprint },
	{ "scep.challenge", TEXT, NULL, check_source },
	{ "scep.challenge_program", TEXT, NULL, check_text },
	{ "repeat", TEXT, "reissue|reenroll", NULL },
	{ "ledger", TEXT, NULL, check_text },
	{ "digest", TEXT, "sha256|sha384|sha512", NULL },
	{ "auth", TEXT, "htpasswd", NULL },
	{ "auth.ldap.url", TEXT, NULL, check_ldap_url },
	{ "auth.ldap.base", TEXT, NULL, check_text },
	{ "auth.ldap.filter", TEXT, NULL, check_ldap_filter },
	{ "auth.ldap.user", TEXT, NULL, check_ldap_name },
	{ "auth.ldap.starttls", FLAG, NULL, NULL },
	{ "auth.ldap.ca", TEXT, NULL, check_text },
	{ "auth.ldap.bind_dn", TEXT, NULL, check_text },
	{ "auth.ldap.password", TEXT, NULL, check_source },
	{ "auth.ldap.attributes", LIST, NULL, check_ldap_attribute },
	{ "facts", TEXT, NULL, check_text },
	{ "help", TEXT, NULL, check_help },
	{ "logo", TEXT, NULL, check_text },
	{ "trust", TEXT, "own|public", NULL },
};

void
site_free(struct site *s)
{
	size_t i;

	for (i = 0; i < s->n; i++) {
		free(s->v[i].key);
		free(s->v[i].text);
		free(s->v[i].where);
		strings_free(&s->v[i].list);
	}
	free(s->v);
	if (s->tree != NULL)
		tree_free(s->tree);
	free(s);
}

const struct value *
site_find(const struct site *s, const char *key)
{
	size_t i;

	for (i = 0; i < s->n; i++)
		if (strcmp(s->v[i].key, key) == 0)
			return &s->v[i];
	return NULL;
}

static const struct rule *
find_rule(const char *key)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(rules); i++)
		if (strcmp(rules[i].key, key) == 0)
			return &rules[i];
	return NULL;
}

struct value *
site_add(struct site *s, const struct rule *rule, const char *key,
    const char *where)
{
	s->v = xreallocarray(s->v, s->n + 1, sizeof *s->v);
	s->v[s->n] = (struct value){ .rule = rule, .key = xstrdup(key),
	    .where = xstrdup(where) };
	return &s->v[s->n++];
}

/* ---- reading ---- */

struct walk {
	struct site *site;
	const char *name;
	const struct tree_marks *marks;
	const char *prefix;	/* "scep.", or "" */
};

static char *
place(const struct walk *w, const struct tree *t)
{
	unsigned long line, column;

	tree_marks_get(w->marks, t, &line, &column);
	return xasprintf("%s:%lu:%lu", w->name, line, column);
}

static enum status
check_one(const struct rule *rule, const char *where, const char *text)
{
	const char *reason;

	if (rule->choices != NULL && !words_choose(rule->choices, text))
		return fail(MALFORMED, "%s: %s: '%s' is not one of %s", where,
		    rule->key, text, rule->choices);
	if (rule->check != NULL && (reason = rule->check(text)) != NULL)
		return fail(MALFORMED, "%s: %s: '%s': %s", where, rule->key,
		    text, reason);
	return OK;
}

static enum status
wrong_kind(const struct rule *rule, const char *where, const char *want,
    const struct tree *t)
{
	return fail(MALFORMED, "%s: %s: must be %s, not %s", where, rule->key,
	    want, tree_kind_name(tree_kind(t)));
}

/* The words of a list that stands in one text; choices are the option's. */
static enum status
check_words(const struct rule *rule, const char *where, const char *text)
{
	const char *reason, *p;
	size_t n;

	for (p = text; rule->check != NULL; p += n + 1) {
		auto_char *word = xstrndup(p, n = strcspn(p, ","));

		if ((reason = rule->check(word)) != NULL)
			return fail(MALFORMED, "%s: %s: '%s': %s", where,
			    rule->key, word, reason);
		if (p[n] == '\0')
			break;
	}
	return OK;
}

static enum status
take_list(const struct walk *w, const struct rule *rule, const struct tree *t,
    const char *where)
{
	struct value *v = site_add(w->site, rule, rule->key, where);
	auto_buf text = BUF_INIT;
	size_t i;
	enum status st;

	if (tree_kind(t) == TREE_STRING) {
		/* One word, or words with commas, as on the command line. */
		v->text = xstrdup(tree_string_of(t));
		return check_words(rule, where, v->text);
	}
	if (tree_kind(t) != TREE_ARRAY)
		return wrong_kind(rule, where, "a list of texts", t);
	for (i = 0; i < tree_count(t); i++) {
		const struct tree *item = tree_at(t, i);
		auto_char *at = place(w, item);

		if (tree_kind(item) != TREE_STRING)
			return wrong_kind(rule, at, "a list of texts", item);
		if ((st = check_one(rule, at, tree_string_of(item))) != OK)
			return st;
		strings_add(&v->list, tree_string_of(item));
		buf_printf(&text, "%s%s", i > 0 ? "," : "",
		    tree_string_of(item));
	}
	if (i == 0)
		return fail(MALFORMED, "%s: %s: an empty list (leave the key "
		    "out for the default)", where, rule->key);
	v->text = xstrdup(buf_str(&text));
	return OK;
}

/* What a scalar of each kind is in YAML. */
static const struct {
	enum tree_kind tree;
	const char *what;
} kinds[] = {
	[TEXT] = { TREE_STRING, "text" },
	[NUMBER] = { TREE_INT, "a number" },
	[DURATION] = { TREE_STRING, "a duration as 15m" },
	[FLAG] = { TREE_BOOL, "true or false" },
};

static enum status
take_scalar(const struct walk *w, const struct rule *rule,
    const struct tree *t, const char *where)
{
	struct value *v = site_add(w->site, rule, rule->key, where);
	auto_buf text = BUF_INIT;
	const char *reason;

	if (tree_kind(t) != kinds[rule->kind].tree)
		return wrong_kind(rule, where, kinds[rule->kind].what, t);
	tree_scalar_text(t, &text);
	v->text = xstrdup(buf_str(&text));
	if (rule->kind == DURATION &&
	    (reason = clock_duration(v->text, &v->seconds)) != NULL)
		return fail(MALFORMED, "%s: %s: '%s': %s", where, rule->key,
		    v->text, reason);
	return check_one(rule, where, v->text);
}

/* True for "scep" and "auth.ldap", which only hold others. */
static bool
is_group(const char *key)
{
	size_t i, n = strlen(key);

	for (i = 0; i < ARRAY_LEN(rules); i++)
		if (strncmp(rules[i].key, key, n) == 0 &&
		    rules[i].key[n] == '.')
			return true;
	return false;
}

static enum status
take(const char *key, struct tree *t, void *arg)
{
	const struct walk *w = arg;
	auto_char *whole = xasprintf("%s%s", w->prefix, key);
	auto_char *prefix = xasprintf("%s.", whole);
	auto_char *where = place(w, t);
	const struct rule *rule = find_rule(whole);
	struct walk inner = *w;

	if (is_group(whole) && tree_kind(t) == TREE_DICT) {
		inner.prefix = prefix;
		return tree_each(t, take, &inner);
	}
	if (rule == NULL && is_group(whole))
		return fail(MALFORMED, "%s: %s: must be a mapping, not %s",
		    where, whole, tree_kind_name(tree_kind(t)));
	if (rule == NULL)
		return fail(MALFORMED, "%s: unknown key '%s'", where, whole);
	if (rule->kind == LIST)
		return take_list(w, rule, t, where);
	return take_scalar(w, rule, t, where);
}

/* ---- what follows from what is there ---- */

static void
derive(struct site *s, const char *from, const char *key, const char *tail)
{
	const struct value *base = site_find(s, from);
	struct value *v;
	char *text;

	if (base == NULL || site_find(s, key) != NULL)
		return;
	text = xasprintf("%s%s", base->text, tail);
	v = site_add(s, NULL, key, base->where);
	v->text = text;
}

static enum status
parse(struct site *s, const struct buf *in, const char *name)
{
	auto_tree_marks *marks = tree_marks_new();
	const struct spec_how how = { .marks = marks };
	struct walk w = { s, name, marks, "" };
	enum status st;

	if ((st = spec_from_yaml(in, name, &how, &s->tree)) != OK ||
	    (st = tree_each(s->tree, take, &w)) != OK)
		return st;
	if ((st = site_check_outside(s)) != OK)
		return st;
	derive(s, "url", "profile_url", "/profile");
	derive(s, "url", "scep.url", "/scep");
	derive(s, "identifier", "identifier.profile-service",
	    ".profile-service");
	derive(s, "identifier", "identifier.scep", ".scep");
	derive(s, "identifier", "identifier.profile", ".profile");
	return site_check_auth(s);
}

enum status
site_load(const char *path, struct site **out)
{
	auto_site *s = xcalloc(1, sizeof *s);
	auto_buf in = BUF_INIT;
	enum status st;

	if ((st = io_slurp_file(path, IO_TEXT_MAX, &in)) != OK ||
	    (st = parse(s, &in, io_name(path))) != OK)
		return st;
	*out = STEAL(s);
	return OK;
}

/* ---- looking ---- */

const char *
site_get(const struct site *s, const char *key)
{
	const struct value *v = site_find(s, key);

	return v != NULL ? v->text : NULL;
}

const struct strings *
site_list(const struct site *s, const char *key)
{
	static const struct strings none;
	const struct value *v = site_find(s, key);

	return v != NULL ? &v->list : &none;
}

int64_t
site_duration(const struct site *s, const char *key, int64_t otherwise)
{
	const struct value *v = site_find(s, key);

	return v != NULL && v->rule != NULL && v->rule->kind == DURATION ?
	    v->seconds : otherwise;
}

const char *
site_where(const struct site *s, const char *key)
{
	const struct value *v = site_find(s, key);

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
set_row(const struct opt *row, const struct value *v)
{
	auto_char *of = xasprintf("%s: %s", v->where, v->key);
	enum status st = OK;
	size_t i;

	if (row->values == NULL || v->list.n == 0)
		st = opts_set(row, of, v->text);
	else
		for (i = 0; i < v->list.n && st == OK; i++)
			st = opts_set(row, of, v->list.v[i]);
	/* The command line is not to blame. */
	return st == USAGE ? MALFORMED : st;
}

enum status
site_apply(const struct site *s, const struct opt *rows)
{
	const struct value *v;
	enum status st;

	for (; rows->name != NULL; rows++) {
		if (rows->config == NULL || opts_given(target_of(rows)) ||
		    (v = site_find(s, rows->config)) == NULL)
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
