/* Private to schema/. */
#ifndef MCFG_SCHEMA_LOCAL_H
#define MCFG_SCHEMA_LOCAL_H

#include "schema/schema.h"
#include "text/doc.h"

enum {
	SCHEMA_ALTERNATIVES = 8,	/* files for one payload type, at
					 * most */
	SCHEMA_PLATFORM_COUNT = 5,
	SCHEMA_BYTES_MAX = 64 << 20,	/* bytes of all files together, at
					 * most */
	SCHEMA_VALUE_SHOWN = 64,	/* bytes of a value in a finding */
};

/* The file of a payload type: where it is supported, and its keys. */
struct schema_type {
	char *name;
	char *path;
	struct buf text;	/* until it is used for the first time ... */
	struct spec_doc *doc;	/* ... and parsed */
	const struct spec_node *payload;
	const struct spec_node *keys;
	bool built_in;
};

struct schema {
	struct schema_type *types;
	size_t n;
	size_t bytes;		/* read so far */
	char *newest[SCHEMA_PLATFORM_COUNT];	/* latest versions in the
						 * files */
	bool complete;		/* false: an unknown type is not reported */
	enum status st;		/* FAULT after a file could not be read */
};

/* Our own descriptions, in Apple's format, NULL-terminated. */
extern const char *const schema_built_in[];

/*
 * Finds the types that are described as name, at most SCHEMA_ALTERNATIVES, and
 * returns their number.
 */
size_t schema_find(struct schema *s, const char *name,
    const struct schema_type *out[SCHEMA_ALTERNATIVES]);

/* How a platform supports something; unknown members are NULL. */
struct schema_span {
	const char *introduced, *deprecated, *removed;
	/* "true", "false", "forbidden" ... as in the schema. */
	const char *supervised, *enrolled, *approved, *by_hand;
	const char *user_enrollment;
	const char *usual;	/* default of a key, or NULL */
	bool is_inside;		/* of a key, not of a payload */
};

/* A payload to which a reference may point: see references.c. */
struct schema_target;

/* The check of one profile. */
struct schema_run {
	struct schema *schema;
	const struct schema_options *opts;
	const struct schema_source *src;
	struct findings *out;
	struct buf path;
	const struct spec_node *payload;	/* of the file in use */
	const char *type;	/* of the payload */
	const struct tree *near;	/* nearest node with a known place */
	bool is_apples;		/* Apple defines the keys of this payload */
	struct schema_target *targets;	/* of references, sorted by UUID */
	size_t target_count;
	size_t opened;		/* PKCS #12 files opened so far */
	size_t lower;		/* lower-case UUIDs so far */
};

/* Records the versions in a file of the schema. */
void schema_note_versions(struct schema *s, const struct buf *text);

/*
 * Reads from a node how a payload or key may reach a device, with our
 * corrections.
 */
void schema_read_installation(const struct schema_run *r,
    const struct spec_node *own, const char *key, struct schema_span *span);

/*
 * Reports what the chosen way does not allow; arguments as in
 * schema_check_span().
 */
void schema_check_installation(struct schema_run *r, const struct tree *at,
    const struct schema_span *span, const struct schema_span *parent);


/*
 * Extend the path by a key or an index; return the old length, for buf_cut().
 */
size_t schema_push(struct schema_run *r, const char *key);
size_t schema_push_index(struct schema_run *r, size_t i);
size_t schema_push_payload(struct schema_run *r, size_t i);

/* Adds a finding about a node, with the current path. */
void schema_say(struct schema_run *r, const struct tree *at,
    enum finding_rule rule, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* The same for a known place. */
void schema_say_at(struct schema_run *r, unsigned long line,
    unsigned long column, enum finding_rule rule, const char *fmt, ...)
    PRINTF_LIKE(5, 6);

/* The same as a warning, whatever severity the rule has. */
void schema_warn(struct schema_run *r, const struct tree *at,
    enum finding_rule rule, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Records a name, for the rules across files. */
void schema_remember(struct schema_run *r, const struct tree *at,
    bool is_uuid, const char *value);

/* Formats a scalar for a finding, truncated to SCHEMA_VALUE_SHOWN. */
void schema_show(const struct tree *t, char out[SCHEMA_VALUE_SHOWN]);

/*
 * schema_check_keys() checks a dict against lists of keys: n alternatives, of
 * which each value must match one, and the lists in more (NULL-terminated),
 * which always apply.  skip is a key that the caller checks, or NULL.
 */
struct schema_lists {
	const struct spec_node *any[SCHEMA_ALTERNATIVES];
	size_t n;
	const struct spec_node *more[3];
	const char *skip;
	struct schema_span span;
};
void schema_check_keys(struct schema_run *r, const struct schema_lists *l,
    const struct tree *dict);

/*
 * The description of a key called name: schema_find_key() looks by name in one
 * list, and returns NULL if it is missing.  schema_find_keys() looks in all
 * lists, also for keys that stand for any name, and returns how many it found.
 * The last function returns true if a key stands for any name, given the
 * number of keys in its list.
 */
const struct spec_node *schema_find_key(const struct spec_node *list,
    const char *name);
size_t schema_find_keys(const struct schema_lists *l, const char *name,
    const struct spec_node *out[SCHEMA_ALTERNATIVES]);
bool schema_is_wildcard(const struct spec_node *key, size_t beside);

/*
 * Returns the list against which a dict is checked: the list within, if the
 * only key of list is a placeholder that does not occur in profiles.
 */
const struct spec_node *schema_open_placeholder(const struct spec_node *list,
    const struct tree *dict);

/*
 * Reports that the lists do not have this key, and the key that may have been
 * meant.
 */
void schema_say_unknown_key(struct schema_run *r,
    const struct schema_lists *l, const char *name, const struct tree *dict,
    const struct tree *at);

/* Reports the keys of list, one of the lists in l, that a dict lacks. */
void schema_check_required(struct schema_run *r, const struct schema_lists *l,
    const struct spec_node *list, const struct tree *dict);

/*
 * Returns false if the type is such that the value cannot be checked further.
 */
bool schema_check_type(struct schema_run *r, const struct spec_node *key,
    const struct tree *t);

/*
 * Check the value of a scalar, and the number of items, against a key's
 * description.
 */
void schema_check_scalar(struct schema_run *r, const struct spec_node *key,
    const struct tree *t);
void schema_check_count(struct schema_run *r, const struct spec_node *item,
    const struct tree *array);

/* True for a string with a variable: see schema_has_variable(). */
bool schema_is_variable(const struct tree *t);

/*
 * Reads where a payload or key is supported, in addition to what it inherits.
 */
void schema_read_span(const struct schema_run *r, const struct spec_node *n,
    bool is_payload, struct schema_span *span);

/*
 * Reports what the span means for the chosen OS.  What it shares with parent
 * is reported for the parent.
 */
void schema_check_span(struct schema_run *r, const struct tree *at,
    const struct schema_span *span, const struct schema_span *parent);

/*
 * The rules that need no schema.  schema_check_names() is for the profile, and
 * is called before the payloads are checked; schema_check_payload_rules()
 * calls the others.
 */
void schema_check_names(struct schema_run *r, const struct tree *profile);
void schema_check_payload_rules(struct schema_run *r,
    const struct tree *payload, const char *type);
void schema_check_certificates(struct schema_run *r,
    const struct tree *payload, const char *type);
void schema_check_request(struct schema_run *r, const struct tree *payload,
    const char *type);
void schema_check_dependencies(struct schema_run *r, const struct tree *payload,
    const char *type);

/* Fills in r->targets, which the caller frees. */
void schema_collect_targets(struct schema_run *r, const struct tree *content);

/* Checks that a value points to a payload, if its key is a reference. */
void schema_check_reference(struct schema_run *r, const char *key,
    const struct tree *t);

/* Reports text of a key in dict that begins or ends with white space. */
void schema_check_white_space(struct schema_run *r, const struct tree *dict,
    const char *key);

/* True for data that begins with a line of PEM. */
bool schema_is_pem(const struct tree *t);

#endif
