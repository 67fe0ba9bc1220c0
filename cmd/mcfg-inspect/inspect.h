/*
 * What the files of mcfg-inspect share: one tree of facts is made and
 * rendered once, as JSON or in words.
 *
 * A layer is one thing that is looked at: the input, or what is inside of
 * another layer.  Its report always begins with "kind" and "summary".
 */
#ifndef MCFG_INSPECT_H
#define MCFG_INSPECT_H

#include "base/buf.h"
#include "facts/cms.h"
#include "facts/facts.h"
#include "json/report.h"
#include "plist/node.h"

enum {
	LAYERS_MAX = 8,		/* things inside of things */
	WHY_MAX = 500,		/* bytes of a reason why nothing is known */
};

/* What holds for the whole run. */
struct inspect {
	EVP_PKEY *opener;		/* --key, or NULL */
	const char *phrase;		/* of a PKCS #12, or NULL */
	const struct buf *detached;	/* --content, or what came beside */
	const char *detached_name;
	int64_t at;
	bool show_secrets;
	char why[WHY_MAX];		/* why the input is nothing known */
};

struct layer {
	struct inspect *in;
	struct report *r;
	struct facts f;			/* f.notes is this layer's */
	struct report *form;		/* r's "form": how it is wrapped */
	const char *media_type;		/* of the HTTP message, or NULL */
	bool is_answer;			/* of a server */
	unsigned depth;
};

/*
 * layer_inspect() makes the report of bytes, or gives NULL and in->why.
 * depth is 0 for the input itself.
 */
struct report *layer_inspect(struct inspect *in, const struct buf *bytes,
    unsigned depth);

/*
 * recognise() tells by content what the bytes are and fills in the layer.
 * false: nothing known, in->why says what speaks against it.
 */
bool recognise(struct layer *l, const struct buf *bytes);

/* recognise_der() is recognise() for what armour was taken from. */
bool recognise_der(struct layer *l, const struct buf *der);

/* Sets "kind" and "summary"; the first form's text is taken as it is. */
void layer_is(struct layer *l, const char *kind, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* Keeps a reason in in->why; returns false. */
bool layer_unknown(struct layer *l, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Adds "content": what is inside, or how it begins where it is unknown. */
struct report *layer_content(struct layer *l, const struct buf *bytes);

/* The kind of a layer that is done, never NULL. */
const char *layer_kind(const struct report *r);

/* ---- one file per kind ---- */

/* An HTTP message or a query string; *done is false if it is neither. */
bool inspect_http(struct layer *l, const struct buf *bytes, bool *done);
bool inspect_caps(struct layer *l, const struct buf *bytes, bool *done);

/* PEM blocks, and bare base64. */
bool inspect_pem(struct layer *l, const struct buf *bytes, bool *done);
bool inspect_base64(struct layer *l, const struct buf *bytes, bool *done);

/* A plist, as the first bytes say.  around is the CMS it was in, or NULL. */
bool inspect_plist(struct layer *l, const struct buf *bytes,
    const struct cms_view *around);

bool inspect_cms(struct layer *l, const struct buf *der);

/* A pkiMessage, its CMS facts already in l->r. */
void inspect_scep(struct layer *l, const struct cms_view *v);
bool scep_looks_like(const struct report *r);

/* Certificates, requests, lists, keys: the rest of DER. */
bool inspect_object(struct layer *l, const struct buf *der);
void inspect_certificates(struct layer *l, const struct buf *ders, size_t n);
void inspect_certs_only(struct layer *l, const struct cms_view *v);

/* ---- settings of profiles ---- */

/* Adds a node, secrets masked and long data cut down to its digest. */
void settings_add(struct layer *l, const char *where, const char *key,
    const struct tree *node, struct report *r);

/* ---- words ---- */

void render_text(const struct report *r, bool colour, struct buf *out);

/* One of several: its name before the summary; if is_brief, nothing else. */
void render_file(const struct report *r, const char *name, bool is_brief,
    bool colour, struct buf *out);

#endif
