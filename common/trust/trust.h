/*
 * trust: a signed message against anchors, each check by name.
 *
 * There are three ways to trust a signer: "ca", a chain to a given
 * certificate by the rules of RFC 5280 with dates; "device", a factory
 * identity signed by the key of a given certificate, whatever the dates say;
 * and nobody, which must be asked for.
 */
#ifndef MCFG_TRUST_TRUST_H
#define MCFG_TRUST_TRUST_H

#include "cms/cms.h"
#include "plist/node.h"

enum trust_kind {
	TRUST_NONE,
	TRUST_CA,
	TRUST_DEVICE,
};

/* The certificates of one --ca or --device-ca; every one is an anchor. */
struct trust_anchor {
	enum trust_kind kind;
	char *file;			/* its name in diagnostics */
	STACK_OF(X509) *certs;
};

struct trust_anchors {
	struct trust_anchor *v;
	size_t n;
};
#define auto_trust_anchors AUTO(trust_anchors_free) struct trust_anchors

void trust_anchors_free(struct trust_anchors *l);

/* Reads the certificates of a file; FAULT where there are none. */
enum status trust_add_anchor(struct trust_anchors *l, enum trust_kind kind,
    const char *file) USE_RESULT;

/* The files of a site with its anchors; only the first and the last must exist. */
#define TRUST_SITE_CA			"ca/cert.pem"
#define TRUST_SITE_PREVIOUS		"ca/previous-cert.pem"
#define TRUST_SITE_OUTSIDE		"scep-ca.pem"
#define TRUST_SITE_OUTSIDE_PREVIOUS	"scep-ca-previous.pem"
#define TRUST_SITE_DEVICE		"device-ca.pem"

/*
 * trust_add_site() adds all of them that are in the folder dir.  *is_outside
 * says whether identities come from an outside authority.  FAULT for a file
 * that cannot be read or looked at; those before it have been added then.
 */
enum status trust_add_site(struct trust_anchors *l, const char *dir,
    bool *is_outside) USE_RESULT;

/* What a message is held against. */
struct trust_policy {
	struct trust_anchors anchors;
	bool no_trust;			/* nobody vouches, and that is fine */
	bool allow_sha1;		/* under --ca too */
	const char *purpose;		/* "signer", "smime", "codesign",
					 * "client", "server", or NULL for
					 * any */
	const struct buf *challenge;	/* what CHALLENGE must be, or NULL */
	struct strings require;		/* "NAME=VALUE" of the signed plist */
	const struct buf *detached;	/* the content of a detached
					 * signature, or NULL */
	int64_t now;
	bool want_plist;		/* fill plist where the content is one */
	bool all;			/* make every check that can be made */
};

enum trust_outcome { TRUST_PASS, TRUST_FAIL, TRUST_NOT_REACHED };

/* One check that was made, or would have been. */
struct trust_check {
	const char *name;		/* "structure", "one signer", "digest",
					 * "signature", "signer certificate",
					 * "chain", "dates", "anchor",
					 * "challenge", "required attributes" */
	enum trust_outcome outcome;
	char *text;			/* what was found, or the reason */
	const char *hint;		/* what to do about a failure, or NULL */
};

/* Everything belongs to the struct, but for anchor_file: the anchor's. */
struct trust_verdict {
	enum status status;		/* OK: trusted */
	char *reason;			/* in one line, of the failure */
	struct trust_check *checks;
	size_t n_checks;
	struct cms_signed message;
	enum trust_kind kind;
	const char *anchor_file;	/* that vouched, or NULL */
	struct tree *plist;		/* of the content, or NULL */
	bool challenge_matched;
};
#define TRUST_VERDICT_INIT	{ .status = OK }
#define auto_trust_verdict	AUTO(trust_verdict_free) struct trust_verdict

void trust_verdict_free(struct trust_verdict *v);

/*
 * trust_judge() makes the checks in their order and stops at the first that
 * fails; the rest are listed as not reached.  With policy->all it goes on with
 * those that do not need what failed; status and reason are those of the
 * first failure all the same.  It prints only warnings: the
 * caller prints out->reason, or the list.  The status is out->status.
 */
enum status trust_judge(const struct buf *in, const char *name,
    const struct trust_policy *policy, struct trust_verdict *out);

/* "ca", "device" or "none". */
const char *trust_kind_name(enum trust_kind k);

/*
 * trust_report() adds anchor, anchor_file, signer, digest, signing_time,
 * content_type, challenge, attributes; for a message that is not trusted only
 * what is known without trust.
 */
void trust_report(const struct trust_verdict *v, struct report *r);

/* The list of checks as a JSON array under "checks", with "trusted". */
void trust_report_checks(const struct trust_verdict *v, struct report *r);

/* The list as text, a line a check. */
void trust_explain(const struct trust_verdict *v, struct buf *out);

#endif
