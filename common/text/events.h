/*
 * spec_events: one YAML document as a list of its events.
 *
 * Events are recorded first and then built into a tree, so that an alias is
 * just another walk over the same events.  libyaml's own documents cannot be
 * used: they do not distinguish no from "no".
 */
#ifndef MCFG_TEXT_EVENTS_H
#define MCFG_TEXT_EVENTS_H

#include "text/local.h"

enum spec_event_kind {
	SPEC_EVENT_SCALAR,
	SPEC_EVENT_ALIAS,
	SPEC_EVENT_SEQUENCE,	/* followed by its items and its end */
	SPEC_EVENT_MAPPING,	/* followed by keys and values in turn, and its
				 * end */
	SPEC_EVENT_END,
};

struct spec_event {
	enum spec_event_kind kind;
	struct spec_place at;
	size_t text;		/* offset of a scalar or an anchor's name */
	size_t len;
	size_t tag;		/* offset; 0: none */
	bool is_plain;
	bool is_open;		/* for the builder: an alias to it is a cycle */
	size_t target;		/* of an alias: the event of its anchor */
	size_t end;		/* index after the whole node */
};

struct spec_events {
	struct spec_event *v;
	size_t n;
	struct buf text;	/* of all events, each with its NUL */
};
#define SPEC_EVENTS_INIT { NULL, 0, BUF_INIT }
#define auto_spec_events AUTO(spec_events_free) struct spec_events

/*
 * spec_events_read() records a document; empty input has no events.  It
 * refuses a second document, an alias without an anchor, text that a plist
 * cannot contain, and documents that are nested too deep or too large.  why is
 * borrowed: each event's place refers to it.
 */
enum status spec_events_read(const struct buf *in, struct problem *why,
    struct spec_events *out) USE_RESULT;

void spec_events_free(struct spec_events *s);

/* Returns the text of a scalar, or the name of an alias's anchor; borrowed. */
const char *spec_event_text(const struct spec_events *s,
    const struct spec_event *e);

/* Returns the tag in its long form, or NULL if there is none; borrowed. */
const char *spec_event_tag(const struct spec_events *s,
    const struct spec_event *e);

#endif
