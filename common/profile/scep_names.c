/* Reads the names in a SCEP payload. */
#include "profile/profile.h"

#include <ctype.h>
#include <string.h>

#include "x509/cert.h"

/* The names in Apple's schema and scep_payload.c, and ours. */
static const struct {
	const char *key, *prefix;
} kinds[] = {
	{ "dNSName", "dns:" },
	{ "rfc822Name", "email:" },
	{ "uniformResourceIdentifier", "uri:" },
	{ "ntPrincipalName", "upn:" },
};

/*
 * "%SerialNumber%" and the like.  A digit after '%' may belong to an escape in
 * a URL, "a%20b%20c".
 */
static bool
is_filled_in(const char *value)
{
	const char *p, *q;

	for (p = strchr(value, '%'); p != NULL; p = strchr(p + 1, '%')) {
		for (q = p + 1; isalpha((unsigned char)*q) || *q == '_' ||
		    (q > p + 1 && isdigit((unsigned char)*q)); q++)
			continue;
		if (*q == '%' && q > p + 1)
			return true;
	}
	return false;
}

/*
 * Returns the text of a name, which must be exactly what the device will
 * request.
 */
static enum status
take_text(const struct tree *t, const char *where, const char **out)
{
	if (t == NULL || tree_kind(t) != TREE_STRING)
		return fail(REFUSED, "%s: must be a string", where);
	*out = tree_string_of(t);
	if (is_filled_in(*out))
		return fail(REFUSED, "%s: '%s': a name that the device fills "
		    "in cannot be known before", where, *out);
	return OK;
}

/* ---- Subject: an array of RDNs, each an array of [type, value] ---- */

enum { PAIRS_MAX = 64 };

struct pairs {
	struct cert_pair v[PAIRS_MAX];
	size_t n;
};

static enum status
take_pair(const struct tree *pair, bool joined, const char *where,
    struct pairs *l)
{
	struct cert_pair *p = &l->v[l->n];
	enum status st;

	if (tree_kind(pair) != TREE_ARRAY || tree_count(pair) != 2)
		return fail(REFUSED, "%s: must be an array of two texts, a "
		    "type and a value", where);
	if (l->n == PAIRS_MAX)
		return fail(REFUSED, "%s: more than %d attributes", where,
		    (int)PAIRS_MAX);
	if ((st = take_text(tree_at(pair, 0), where, &p->type)) != OK ||
	    (st = take_text(tree_at(pair, 1), where, &p->value)) != OK)
		return st;
	p->joined = joined;
	l->n++;
	return OK;
}

static enum status
take_rdn(const struct tree *rdn, const char *where, struct pairs *l)
{
	enum status st;
	size_t i;

	if (tree_kind(rdn) != TREE_ARRAY || tree_count(rdn) == 0)
		return fail(REFUSED, "%s: must be an array of [type, value]",
		    where);
	for (i = 0; i < tree_count(rdn); i++) {
		auto_char *at = xasprintf("%s[%zu]", where, i);

		if ((st = take_pair(tree_at(rdn, i), i > 0, at, l)) != OK)
			return st;
	}
	return OK;
}

static enum status
take_subject(const struct tree *t, const char *where, X509_NAME **out)
{
	struct pairs l = { .n = 0 };
	const char *reason;
	size_t i, bad = 0;
	enum status st;

	if (t == NULL)
		return fail(REFUSED, "%s: missing: the challenge has to be "
		    "bound to it", where);
	if (tree_kind(t) != TREE_ARRAY || tree_count(t) == 0)
		return fail(REFUSED, "%s: must be an array of arrays of "
		    "pairs", where);
	for (i = 0; i < tree_count(t); i++) {
		auto_char *at = xasprintf("%s[%zu]", where, i);

		if ((st = take_rdn(tree_at(t, i), at, &l)) != OK)
			return st;
	}
	if ((reason = cert_name_from_pairs(l.v, l.n, &bad, out)) != NULL)
		return fail(REFUSED, "%s: %s=%s: %s", where, l.v[bad].type,
		    l.v[bad].value, reason);
	return OK;
}

/* ---- SubjectAltName: a dict of texts and arrays of texts ---- */

struct alt {
	const char *where;
	GENERAL_NAMES **names;
};

static enum status
add_alt(const struct tree *t, const char *prefix, const char *where,
    GENERAL_NAMES **names)
{
	auto_char *text = NULL;
	const char *value, *reason;
	enum status st;

	if ((st = take_text(t, where, &value)) != OK)
		return st;
	text = xasprintf("%s%s", prefix, value);
	if ((reason = cert_add_san(text, names)) != NULL)
		return fail(REFUSED, "%s: '%s': %s", where, value, reason);
	return OK;
}

static enum status
take_alt(const char *key, struct tree *t, void *arg)
{
	const struct alt *a = arg;
	auto_char *where = xasprintf("%s.%s", a->where, key);
	enum status st = OK;
	size_t i, k;

	for (k = 0; k < ARRAY_LEN(kinds); k++)
		if (strcmp(kinds[k].key, key) == 0)
			break;
	if (k == ARRAY_LEN(kinds))
		return fail(REFUSED, "%s: unknown kind of name", where);
	if (tree_kind(t) != TREE_ARRAY)
		return add_alt(t, kinds[k].prefix, where, a->names);
	for (i = 0; i < tree_count(t) && st == OK; i++) {
		auto_char *at = xasprintf("%s[%zu]", where, i);

		st = add_alt(tree_at(t, i), kinds[k].prefix, at, a->names);
	}
	return st;
}

static enum status
take_alts(const struct tree *t, const char *where, GENERAL_NAMES **names)
{
	struct alt a = { where, names };

	if (t == NULL)
		return OK;
	if (tree_kind(t) != TREE_DICT)
		return fail(REFUSED, "%s: must be a dictionary", where);
	return tree_each(t, take_alt, &a);
}

enum status
profile_scep_names(const struct tree *scep, const char *where,
    X509_NAME **subject, GENERAL_NAMES **names)
{
	auto_char *at_subject = xasprintf("%s.Subject", where);
	auto_char *at_names = xasprintf("%s.SubjectAltName", where);
	auto_GENERAL_NAMES *alt = NULL;
	auto_X509_NAME *name = NULL;
	enum status st;

	if ((st = take_subject(tree_get(scep, "Subject"), at_subject,
	    &name)) != OK || (st = take_alts(tree_get(scep,
	    "SubjectAltName"), at_names, &alt)) != OK)
		return st;
	*subject = STEAL(name);
	*names = STEAL(alt);
	return OK;
}
