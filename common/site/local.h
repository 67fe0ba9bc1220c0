/* Private to site/. */
#ifndef MCFG_SITE_LOCAL_H
#define MCFG_SITE_LOCAL_H

#include "plist/node.h"
#include "site/site.h"

/* Checks of single values: NULL, or the reason why not. */
typedef const char *site_check(const char *value);

enum kind {
	TEXT,
	LIST,
	NUMBER,
	DURATION,
	FLAG,
};

struct rule {
	const char *key;
	enum kind kind;
	const char *choices;	/* "a|b", of text */
	site_check *check;
};

struct value {
	const struct rule *rule;	/* NULL: derived */
	char *key;
	char *text;
	struct strings list;		/* of borrowed parts of the tree */
	int64_t seconds;
	char *where;
};

struct site {
	struct tree *tree;
	struct value *v;
	size_t n;
};

/* site_find() returns the value of a key, or NULL; borrowed. */
const struct value *site_find(const struct site *s, const char *key);

/*
 * site_add() adds a value without text.  rule is NULL for a derived key; key
 * and where ("FILE:LINE:COLUMN") are copied.
 */
struct value *site_add(struct site *s, const struct rule *rule,
    const char *key, const char *where);

/*
 * site_ldap_name() returns the length of the attribute name (RFC 4512 2.5)
 * that s begins with, or 0.
 */
size_t site_ldap_name(const char *s);

/*
 * site_check_outside() refuses an outside authority over http to another
 * machine, unless each device gets a challenge for one subject.
 */
enum status site_check_outside(const struct site *s) USE_RESULT;

/* site_check_auth() checks how users log in, and adds what follows from it. */
enum status site_check_auth(struct site *s) USE_RESULT;

#endif
