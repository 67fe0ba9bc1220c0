/* Between the files of the schema module; nobody else's business. */
#ifndef MCFG_SCHEMA_LOCAL_H
#define MCFG_SCHEMA_LOCAL_H

#include "schema/schema.h"
#include "text/doc.h"

enum {
	SCHEMA_ALTERNATIVES = 8,	/* files for one payload type */
	SCHEMA_PLATFORM_COUNT = 5,
	SCHEMA_BYTES_MAX = 64 << 20,	/* of all files together */
	SCHEMA_VALUE_SHOWN = 64,	/* bytes of a value in a finding */
};

/* A payload type's file: its own support, and its keys. */
struct schema_type {
	char *name;
	char *path;
	struct buf text;	/* until it is first asked for ... */
	struct spec_doc *doc;	/* ... and read */
	const struct spec_node *payload;
	const struct spec_node *keys;
	bool built_in;
};

struct schema {
	struct schema_type *types;
	size_t n;
	size_t bytes;		/* of the files read so far */
	char *newest[SCHEMA_PLATFORM_COUNT];	/* versions it names */
	bool complete;		/* an unknown type is worth a note */
	enum status st;		/* FAULT once a file could not be read */
};

/* The descriptions of our own, NULL-terminated, in Apple's dialect. */
extern const char *const schema_built_in[];

/* What types are described for name; at most SCHEMA_ALTERNATIVES. */
size_t schema_find(struct schema *s, const char *name,
    const struct schema_type *out[SCHEMA_ALTERNATIVES]);

/* How a platform supports something; NULL members are not known. */
struct schema_span {
	const char *introduced, *deprecated, *removed;
	/* "true", "false", "forbidden" ... as the schema has them. */
	const char *supervised, *enrolled, *approved, *by_hand, *user_enrollment;
	const char *usual;	/* the default of a key, or NULL */
	bool is_inside;		/* of a key, not of a payload */
};

/* A payload that a reference may name: see references.c. */
struct schema_target;

/* One run over one profile. */
struct schema_run {
	struct schema *schema;
	const struct schema_options *opts;
	const struct schema_source *src;
	struct findings *out;
	struct buf path;
	const struct spec_node *payload;	/* of the file being used */
	const char *type;	/* of the payload */
	const struct tree *near;	/* marked, for a node that is not */
	bool is_apples;		/* the payload's keys are Apple's to define */
	struct schema_target *targets;	/* of references, sorted by UUID */
	size_t target_count;
	size_t opened;		/* PKCS #12 files so far */
	size_t lower;		/* UUIDs in lower case so far */
};

/* Notes the versions that a file of the schema names. */
void schema_note_versions(struct schema *s, const struct buf *text);

/* Reads what a node says of the ways to a device, and our corrections. */
void schema_read_ways(const struct schema_run *r, const struct spec_node *own,
    const char *key, struct schema_span *span);

/* Says what speaks against the chosen way; as schema_check_span(). */
void schema_check_via(struct schema_run *r, const struct tree *at,
    const struct schema_span *span, const struct schema_span *parent);


/* The path grows by a key or an index, and is cut back with buf_cut(). */
size_t schema_push(struct schema_run *r, const char *key);
size_t schema_push_index(struct schema_run *r, size_t i);
size_t schema_push_payload(struct schema_run *r, size_t i);

/* Adds a finding at a node, under the present path. */
void schema_say(struct schema_run *r, const struct tree *at,
    enum finding_rule rule, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* The same at a place that is known. */
void schema_say_at(struct schema_run *r, unsigned long line,
    unsigned long column, enum finding_rule rule, const char *fmt, ...)
    PRINTF_LIKE(5, 6);

/* The same as a warning, whatever the rule's severity is. */
void schema_warn(struct schema_run *r, const struct tree *at,
    enum finding_rule rule, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Remembers a name for the rules across files. */
void schema_remember(struct schema_run *r, const struct tree *at,
    bool is_uuid, const char *value);

/* A scalar as a finding shows it, cut to SCHEMA_VALUE_SHOWN. */
void schema_show(const struct tree *t, char out[SCHEMA_VALUE_SHOWN]);

/*
 * schema_check_keys() holds a dict against key lists: n alternatives, of
 * which each value needs to fit one, and the lists of more, which always
 * count (NULL-terminated).  skip names a key that the caller looks at.
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
 * Which key a name means: by its own name in a list, or NULL; in all of the
 * lists, else by a key that stands for any name (how many were found); and
 * whether a key is such a one, given how many are beside it in its list.
 */
const struct spec_node *schema_find_key(const struct spec_node *list,
    const char *name);
size_t schema_find_keys(const struct schema_lists *l, const char *name,
    const struct spec_node *out[SCHEMA_ALTERNATIVES]);
bool schema_is_wildcard(const struct spec_node *key, size_t beside);

/*
 * The list that a dict is really checked against: the list inside, if the one
 * key of list only describes what is inside and does not appear in a profile.
 */
const struct spec_node *schema_open_placeholder(const struct spec_node *list,
    const struct tree *dict);

/* Says that the lists have no such key, and which it may have meant. */
void schema_say_unknown_key(struct schema_run *r,
    const struct schema_lists *l, const char *name, const struct tree *dict,
    const struct tree *at);

/* Says which keys of list, one of l's, a dict lacks. */
void schema_check_required(struct schema_run *r, const struct schema_lists *l,
    const struct spec_node *list, const struct tree *dict);

/* False where the type is such that the value cannot be looked at further. */
bool schema_check_type(struct schema_run *r, const struct spec_node *key,
    const struct tree *t);

/* What a key says of a scalar's value, and an item of how many there are. */
void schema_check_scalar(struct schema_run *r, const struct spec_node *key,
    const struct tree *t);
void schema_check_count(struct schema_run *r, const struct spec_node *item,
    const struct tree *array);

/* True for a string with a variable: schema_has_variable(). */
bool schema_is_variable(const struct tree *t);

/* The support that a payload or key states, on top of what it inherits. */
void schema_read_span(const struct schema_run *r, const struct spec_node *n,
    bool is_payload, struct schema_span *span);

/* Says what the span means for the chosen OS; what it shares with parent is
 * said there. */
void schema_check_span(struct schema_run *r, const struct tree *at,
    const struct schema_span *span, const struct schema_span *parent);

/*
 * The rules that need no schema.  schema_check_names() is for the profile and
 * comes before the payloads; schema_check_payload_rules() calls the others.
 */
void schema_check_names(struct schema_run *r, const struct tree *profile);
void schema_check_payload_rules(struct schema_run *r,
    const struct tree *payload, const char *type);
void schema_check_certificates(struct schema_run *r,
    const struct tree *payload, const char *type);
void schema_check_request(struct schema_run *r, const struct tree *payload,
    const char *type);
void schema_check_between(struct schema_run *r, const struct tree *payload,
    const char *type);

/* Sets r->targets, which the caller frees. */
void schema_collect_targets(struct schema_run *r, const struct tree *content);

/* Follows a value if its key is one that names payloads. */
void schema_check_reference(struct schema_run *r, const char *key,
    const struct tree *t);

/* Says that the text of a key in dict begins or ends with white space. */
void schema_check_white_space(struct schema_run *r, const struct tree *dict,
    const char *key);

/* True for data that begins with a line of PEM. */
bool schema_is_pem(const struct tree *t);

#endif
