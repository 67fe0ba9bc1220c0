/*
 * trust: judges a signed message by its anchors; each check has a name.
 *
 * There are three ways to trust a signer: "ca", a chain to a given certificate
 * by the rules of RFC 5280, including dates; "device", a factory identity that
 * was signed by the key of a given certificate, whatever its dates; and
 * "none", any signer, if the user asks for that.
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

/* The certificates of one --ca or --device-ca, all of which are anchors. */
struct trust_anchor {
	enum trust_kind kind;
	char *file;			/* its name in messages */
	STACK_OF(X509) *certs;
};

struct trust_anchors {
	struct trust_anchor *v;
	size_t n;
};
#define auto_trust_anchors AUTO(trust_anchors_free) struct trust_anchors

void trust_anchors_free(struct trust_anchors *l);

/* Adds the certificates of a file; FAULT if it has none. */
enum status trust_add_anchor(struct trust_anchors *l, enum trust_kind kind,
    const char *file) USE_RESULT;

/* The anchor files of a site; only the first and the last must exist. */
#define TRUST_SITE_CA			"ca/cert.pem"
#define TRUST_SITE_PREVIOUS		"ca/previous-cert.pem"
#define TRUST_SITE_OUTSIDE		"scep-ca.pem"
#define TRUST_SITE_OUTSIDE_PREVIOUS	"scep-ca-previous.pem"
#define TRUST_SITE_DEVICE		"device-ca.pem"

/*
 * trust_add_site() adds these files from the folder dir; the three in the
 * middle may be missing.
 * *is_outside is set to whether an outside CA issues identities.  Returns
 * FAULT if a file cannot be read or examined; earlier files are added even
 * then.
 */
enum status trust_add_site(struct trust_anchors *l, const char *dir,
    bool *is_outside) USE_RESULT;

/* The conditions for a message. */
struct trust_policy {
	struct trust_anchors anchors;
	bool no_trust;			/* accept any signer */
	bool allow_sha1;		/* with --ca, too */
	const char *purpose;		/* "signer", "smime", "codesign",
					 * "client", "server"; NULL: any */
	const struct buf *challenge;	/* required value of CHALLENGE, or
					 * NULL */
	struct strings require;		/* "NAME=VALUE" in the signed plist */
	const struct buf *detached;	/* content of a detached signature, or
					 * NULL */
	int64_t now;
	bool want_plist;		/* fill in plist if the content is
					 * one */
	bool all;			/* make all checks that are possible */
};

enum trust_outcome {
	TRUST_PASS,
	TRUST_FAIL,
	TRUST_NOT_CHECKED,	/* nobody asked for it, or it does not apply */
	TRUST_NOT_REACHED,
};

/* A check that was made, or why it was not. */
struct trust_check {
	const char *name;		/* "structure", "one signer", "digest",
					 * "signature", "signer certificate",
					 * "chain", "dates", "anchor",
					 * "challenge", "required attributes" */
	enum trust_outcome outcome;
	char *text;			/* the finding, or the reason */
	const char *hint;		/* what to do about a failure, or
					 * NULL */
};

/*
 * The struct owns everything, except anchor_file, which belongs to the
 * anchors.
 */
struct trust_verdict {
	enum status status;		/* OK: trusted */
	char *reason;			/* of the failure, on one line */
	struct trust_check *checks;
	size_t n_checks;
	struct cms_signed message;
	enum trust_kind kind;
	const char *anchor_file;	/* the anchor's file, or NULL */
	struct tree *plist;		/* of the content, or NULL */
	bool challenge_matched;
};
#define TRUST_VERDICT_INIT	{ .status = OK }
#define auto_trust_verdict	AUTO(trust_verdict_free) struct trust_verdict

void trust_verdict_free(struct trust_verdict *v);

/*
 * trust_judge() makes the checks in their order and stops at the first that
 * fails; the rest are listed as not reached.  With policy->all, it continues
 * with checks that do not depend on the failed one; status and reason remain
 * those of the first failure.  Returns out->status.  It prints only warnings:
 * the caller prints out->reason, or the list of checks.
 */
enum status trust_judge(const struct buf *in, const char *name,
    const struct trust_policy *policy, struct trust_verdict *out);

/* "ca", "device" or "none". */
const char *trust_kind_name(enum trust_kind k);

/*
 * trust_report() adds anchor, anchor_file, signer, digest, signing_time,
 * content_type, challenge and attributes; for a message that is not trusted,
 * only what does not depend on trust.
 */
void trust_report(const struct trust_verdict *v, struct report *r);

/* Adds the list of checks as a JSON array, "checks", and "trusted". */
void trust_report_checks(const struct trust_verdict *v, struct report *r);

/* Appends the list as text, one check on each line. */
void trust_explain(const struct trust_verdict *v, struct buf *out);

/*
 * trust_check_text() returns NULL, or the reason why a shell could not keep the
 * content in a variable.  Both forms of the service refuse such content from a
 * device; devices send XML in UTF-8.
 */
const char *trust_check_text(const struct buf *content);

#endif
