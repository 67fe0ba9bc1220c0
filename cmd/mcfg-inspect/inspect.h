/*
 * Shared by the files of mcfg-inspect: they build one tree of facts, which is
 * rendered once, as JSON or as text.
 *
 * A layer is one thing that is examined: the input, or something inside
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
	LAYERS_MAX = 8,		/* layers within layers */
	WHY_MAX = 500,		/* bytes of a reason */
};

/* Settings and state of the whole run. */
struct inspect {
	EVP_PKEY *opener;		/* --key, or NULL */
	const char *phrase;		/* password of a PKCS #12, or NULL */
	const struct buf *detached;	/* --content, or the part before a
					 * detached signature */
	const char *detached_name;
	int64_t at;
	bool show_secrets;
	char why[WHY_MAX];		/* why the input is not recognised */
};

struct layer {
	struct inspect *in;
	struct report *r;
	struct facts f;			/* f.notes is this layer's */
	struct report *form;		/* r's "form": its encoding */
	const char *media_type;		/* of the HTTP message, or NULL */
	bool is_answer;			/* it is a server's response */
	unsigned depth;
};

/*
 * layer_inspect() returns a new report about the bytes, or NULL with the
 * reason in in->why.  depth is 0 for the input itself.
 */
struct report *layer_inspect(struct inspect *in, const struct buf *bytes,
    unsigned depth);

/*
 * recognise() finds out from the content what the bytes are, and fills in the
 * layer.  Returns false if it does not know; in->why then has the reason.
 */
bool recognise(struct layer *l, const struct buf *bytes);

/*
 * recognise_der() is recognise() for bytes that PEM or base64 was removed
 * from.
 */
bool recognise_der(struct layer *l, const struct buf *der);

/* Sets "kind" and "summary" of the layer. */
void layer_is(struct layer *l, const char *kind, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* Stores a reason in in->why; returns false. */
bool layer_unknown(struct layer *l, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Adds "content": the layer inside, or its first bytes if they are unknown. */
struct report *layer_content(struct layer *l, const struct buf *bytes);

/* The kind of a finished layer, never NULL. */
const char *layer_kind(const struct report *r);

/* ---- one file for each kind ---- */

/* An HTTP message or a query string; *done is set to false if it is neither. */
bool inspect_http(struct layer *l, const struct buf *bytes, bool *done);
bool inspect_caps(struct layer *l, const struct buf *bytes, bool *done);

/* PEM blocks, and bare base64. */
bool inspect_pem(struct layer *l, const struct buf *bytes, bool *done);
bool inspect_base64(struct layer *l, const struct buf *bytes, bool *done);

/*
 * A plist, recognised by its first bytes.  around is the CMS message that it
 * was in, or NULL.
 */
bool inspect_plist(struct layer *l, const struct buf *bytes,
    const struct cms_view *around);

bool inspect_cms(struct layer *l, const struct buf *der);

/* A pkiMessage, whose CMS facts are in l->r already. */
void inspect_scep(struct layer *l, const struct cms_view *v);
bool scep_looks_like(const struct report *r);

/* Certificates, requests, revocation lists, keys: all other kinds of DER. */
bool inspect_object(struct layer *l, const struct buf *der);
void inspect_certificates(struct layer *l, const struct buf *ders, size_t n);
void inspect_certs_only(struct layer *l, const struct cms_view *v);

/* ---- settings of profiles ---- */

/* Adds a node; secrets are masked, and long data is replaced by its digest. */
void settings_add(struct layer *l, const char *where, const char *key,
    const struct tree *node, struct report *r);

/* ---- text ---- */

void render_text(const struct report *r, bool colour, struct buf *out);

/*
 * One of several files: its name is put before the summary; if is_brief, only
 * that line is written.
 */
void render_file(const struct report *r, const char *name, bool is_brief,
    bool colour, struct buf *out);

#endif
