/*
 * config: a YAML mapping that is read by a table of its keys, as site.yaml and
 * scep-ca.yaml are.
 *
 * Keys are written with dots: "url", "scep.key_size", "auth.ldap.url".  An
 * unknown key, or a value that its rule does not allow, is MALFORMED, with
 * "FILE:LINE:COLUMN: KEY: " and the reason.
 */
#ifndef MCFG_CONFIG_CONFIG_H
#define MCFG_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/diag.h"
#include "base/mem.h"
#include "plist/node.h"

enum config_kind {
	CONFIG_TEXT,		/* not empty */
	CONFIG_SOURCE,		/* a text that is not shown in messages, since
				 * it may be the secret itself */
	CONFIG_WORDS,		/* a list that is not empty, or "a,b" */
	CONFIG_LIST,		/* a list of texts, possibly empty */
	CONFIG_NUMBER,
	CONFIG_DURATION,	/* "15m"; 0 only if least is 0 */
	CONFIG_FLAG,
	CONFIG_TREE,		/* anything; the caller reads it */
};

/* Returns NULL, or the reason why a text is not allowed. */
typedef const char *config_check(const char *text);

struct config_rule {
	const char *key;
	enum config_kind kind;
	const char *choices;	/* "a|b", for a text or an item; or NULL */
	config_check *check;	/* for a text or an item; or NULL */
	int64_t least, most;	/* of a number or of seconds; most 0: no
				 * limit */
};

struct config_value {
	const struct config_rule *rule;	/* NULL: added by the caller */
	char *key;
	char *text;			/* as written; items joined by commas */
	struct strings list;		/* borrowed from the tree */
	const struct tree *tree;
	int64_t number;			/* seconds of a duration */
	char *where;			/* "FILE:LINE:COLUMN" */
};

struct config {
	char *name;
	struct tree *tree;
	struct tree_marks *marks;
	struct config_value *v;
	size_t n;
};
#define CONFIG_INIT	{ NULL, NULL, NULL, NULL, 0 }
#define auto_config	AUTO(config_free) struct config

struct buf;

/*
 * config_read() reads yaml by n rules into out; name is its name in messages.
 */
enum status config_read(const struct buf *yaml, const char *name,
    const struct config_rule *rules, size_t n, struct config *out) USE_RESULT;
void config_free(struct config *c);

/* config_find() returns the value of a key, or NULL; borrowed. */
const struct config_value *config_find(const struct config *c,
    const char *key);

/*
 * These return the value of a key, or otherwise if the file does not have it.
 * A text is borrowed.
 */
const char *config_text(const struct config *c, const char *key);
int64_t config_number(const struct config *c, const char *key,
    int64_t otherwise);
bool config_flag(const struct config *c, const char *key, bool otherwise);

/*
 * config_take() sets *out to a new copy of the text, if the file has the key.
 */
void config_take(const struct config *c, const char *key, char **out);

/*
 * config_add() adds a key whose value the caller sets.  key and where are
 * copied.
 */
struct config_value *config_add(struct config *c, const char *key,
    const char *where);

/* config_bad() prints "FILE:LINE:COLUMN: KEY: REASON" and returns MALFORMED. */
enum status config_bad(const struct config *c, const struct tree *t,
    const char *key, const char *reason) USE_RESULT;

#endif
