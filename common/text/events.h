/*
 * spec_events: one YAML document as the row of its events.
 *
 * They are recorded first and built into a tree then, so an alias is nothing
 * but a walk over the same events again.  libyaml's own documents cannot be
 * used: they do not tell no from "no".
 */
#ifndef MCFG_TEXT_EVENTS_H
#define MCFG_TEXT_EVENTS_H

#include "text/local.h"

enum spec_event_kind {
	SPEC_EVENT_SCALAR,
	SPEC_EVENT_ALIAS,
	SPEC_EVENT_SEQUENCE,	/* its items follow, then its end */
	SPEC_EVENT_MAPPING,	/* keys and values in turn, then its end */
	SPEC_EVENT_END,
};

struct spec_event {
	enum spec_event_kind kind;
	struct spec_place at;
	size_t text;		/* in text, of a scalar or an anchor's name */
	size_t len;
	size_t tag;		/* in text; 0: none */
	bool is_plain;
	bool is_open;		/* for the builder: an alias to it is a cycle */
	size_t target;		/* of an alias: the event it stands for */
	size_t end;		/* behind the whole node */
};

struct spec_events {
	struct spec_event *v;
	size_t n;
	struct buf text;	/* of all, each with its NUL */
};
#define SPEC_EVENTS_INIT { NULL, 0, BUF_INIT }
#define auto_spec_events AUTO(spec_events_free) struct spec_events

/*
 * spec_events_read() records a document; without one there are no events.
 * It refuses a second document, an alias without an anchor, text that no plist
 * can hold, and what is too deep or too large.  name is borrowed.
 */
enum status spec_events_read(const struct buf *in, const char *name,
    struct spec_events *out) USE_RESULT;

void spec_events_free(struct spec_events *s);

/* The text of a scalar, or the anchor's name of an alias. */
const char *spec_event_text(const struct spec_events *s,
    const struct spec_event *e);

/* The tag in its long form, or NULL for none. */
const char *spec_event_tag(const struct spec_events *s,
    const struct spec_event *e);

#endif
