/* Shared by the files of mcfg-diff. */
#ifndef MCFG_DIFF_TOOL_H
#define MCFG_DIFF_TOOL_H

#include "cli/opts.h"
#include "finding/finding.h"
#include "plist/node.h"

struct args {
	struct io_input in;
	struct io_output out;
	struct strings files, folders;
	bool uuids, full, text, json, show_secrets;
};

struct change {
	char *path;			/* for finding_path_text() */
	char *name;			/* of the value: "payload[TYPE].KEY" */
	const char *type;		/* of the payload, or NULL */
	const struct tree *old, *new;	/* NULL: it was added or removed */
	char *key;			/* nearest key on the path, or NULL */
	size_t place;			/* position in the order of discovery */
};

/* A payload of one profile, and its match in the other. */
struct side {
	const struct tree *payload;
	const char *identifier, *type, *uuid;
	char *content;			/* all members but its names, or NULL */
	size_t fellow;			/* index of its match, or NONE */
	size_t index;
};

#define NONE ((size_t)-1)

struct sides {
	struct side *v;
	size_t n;
};

struct uuid_at {
	const char *uuid;
	size_t index;
};

struct uuid_list {
	struct uuid_at *v;
	size_t n;
};

/* Two profiles, and the changes between them. */
struct comparing {
	const struct args *a;
	struct tree *old_top, *new_top;	/* without their payloads */
	struct sides old, new;
	struct uuid_list old_uuids, new_uuids;
	struct strings common;		/* types that occur more than once in a
					 * profile, sorted */
	struct buf path;		/* of the current value, for
					 * finding_path_*() */
	struct buf payload;		/* names the current payload */
	const char *type;		/* PayloadType of that payload, or
					 * NULL */
	char *key;			/* nearest key on the path, or NULL */
	struct change *changes;
	size_t n;
};
#define auto_comparing	AUTO(comparing_free) struct comparing

void comparing_free(struct comparing *c);

static inline bool
is_container(const struct tree *t)
{
	return tree_kind(t) == TREE_DICT || tree_kind(t) == TREE_ARRAY;
}

/* Finds for each payload its match in the other profile. */
void match_payloads(struct comparing *c, const struct tree *old,
    const struct tree *new);

/*
 * Matches the remaining payloads of equal type, those with the most equal
 * members first.
 */
void match_nearest(struct comparing *c);

void sides_free(struct sides *s);

/*
 * True if both values are a reference to the same payload, of which only the
 * UUID has changed.
 */
bool same_payload(const struct comparing *c, const struct tree *a,
    const struct tree *b);

/*
 * Sets c->path and c->payload for a payload.  The path ends with index.  The
 * name is the payload's type, followed by its identifier if other payloads
 * have that type; without a type it is the payload's own index.
 */
void name_payload(struct comparing *c, const struct side *s, size_t index);

/* Fills in the changes.  NULL stands for a missing profile. */
void compare_profiles(struct comparing *c, const struct tree *old,
    const struct tree *new);

/*
 * Text has one line for each change, or for each value with --full; JSON is
 * one object.
 */
void show_text(struct comparing *c, struct buf *out);
void show_json(const struct comparing *c, struct buf *out);

#endif
