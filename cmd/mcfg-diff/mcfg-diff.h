/* What the parts of mcfg-diff share. */
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
	char *name;			/* of the place: "payload[TYPE].KEY" */
	const char *type;		/* of the payload, or NULL */
	const struct tree *old, *new;	/* NULL: it was added, removed */
	char *key;			/* the nearest one, or NULL */
	size_t place;			/* in the order of finding */
};

/* One payload of a profile, with its fellow on the other side. */
struct side {
	const struct tree *payload;
	const char *identifier, *type, *uuid;
	char *content;			/* all but its names, or NULL */
	size_t fellow;			/* NONE until it is found */
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

/* Two profiles, and what was found between them. */
struct comparing {
	const struct args *a;
	struct tree *old_top, *new_top;	/* without their payloads */
	struct sides old, new;
	struct uuid_list old_uuids, new_uuids;
	struct strings common;		/* types that do not tell payloads
					 * apart, sorted */
	struct buf path;		/* where we are, for finding_path_*() */
	struct buf payload;		/* what tells this payload from others */
	const char *type;		/* its PayloadType, or NULL */
	char *key;			/* the nearest one, or NULL */
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

/* Finds for each payload its fellow on the other side. */
void match_payloads(struct comparing *c, const struct tree *old,
    const struct tree *new);

/*
 * Pairs those of one type that have no fellow yet, the ones with the most
 * equal members first.
 */
void match_nearest(struct comparing *c);

void sides_free(struct sides *s);

/* Both name the same payload, which only has a new UUID. */
bool same_payload(const struct comparing *c, const struct tree *a,
    const struct tree *b);

/*
 * The payload that is compared: its path, with that index, and its name: its
 * type, with its identifier if others have that type; its own index without a
 * type.
 */
void name_payload(struct comparing *c, const struct side *s, size_t index);

/* Fills in the changes; NULL stands for no profile at all. */
void compare_profiles(struct comparing *c, const struct tree *old,
    const struct tree *new);

/* One line a change, or one a value; one JSON object. */
void show_text(struct comparing *c, struct buf *out);
void show_json(const struct comparing *c, struct buf *out);

#endif
