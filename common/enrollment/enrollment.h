/*
 * enrollment: the steps of over-the-air enrollment, each of them one
 * transaction of the ledger.  mcfg-enrollment and mcfg-service are made of
 * them.
 *
 *	start -> (device answers) -> identify -> (SCEP) -> complete -> bind ->
 *	sent
 *
 * A step prints the reason of a status that is not OK: REFUSED or MALFORMED is
 * the user's or the device's fault, LATER means that the device has to enroll
 * again, and anything else is the site's.  name is what diagnostics call the
 * input.  Text and certificates of a device may be passed as they came.
 */
#ifndef MCFG_ENROLLMENT_ENROLLMENT_H
#define MCFG_ENROLLMENT_ENROLLMENT_H

#include "issue/issue.h"
#include "ledger/invitation.h"
#include "ledger/ledger.h"
#include "plist/node.h"
#include "site/program.h"
#include "x509/cert.h"

enum {
	ENROLLMENT_CHALLENGE_TTL = 3600,	/* of SCEP challenges, if the
						 * site does not say */
	ENROLLMENT_START_TTL = 900,		/* of phase-1 challenges */
};

/* The list of devices in a site's folder, if it has one. */
#define ENROLLMENT_DEVICES	"devices.allow"

/* ---- users ---- */

/* The check of a user's name: NULL, or the reason why it cannot be one. */
const char *enrollment_user_check(const char *name);

/*
 * enrollment_user_name() is the name under which the ledger keeps a user.  If
 * auth is "ldap" it is in lower case, since the directory accepts either, and
 * REFUSED if the directory may know more spellings than that.  If the site
 * names the attribute that is the user's name (else NULL), given is a value of
 * it, and stays as the directory spells it.  *out is yours.
 */
enum status enrollment_user_name(const char *given, const char *auth,
    const char *attribute, char **out) USE_RESULT;

/*
 * enrollment_user_known() is that for a name that was typed.  A directory that
 * has an attribute for it is asked about everybody, unless given is its value
 * already (is_resolved), any other about names that are not all printable
 * ASCII: such names have several forms, and the directory says which is its
 * own.  USAGE if the name cannot be one.
 */
enum status enrollment_user_known(const struct site_place *p,
    const char *given, bool is_resolved, const char *auth,
    const char *attribute, char **out) USE_RESULT;

/*
 * enrollment_user_facts() is what the site's program says about a user, with
 * the name that the ledger has: a dict, yours.  REFUSED for a name that the
 * program could take for an option.
 */
enum status enrollment_user_facts(const struct site_place *p,
    const char *program, const char *user, struct tree **out) USE_RESULT;

/* ---- phase 1 ---- */

struct enrollment_started {
	char *id;
	struct buf challenge;		/* secret: for the device, once */
	int64_t expires;
};
#define ENROLLMENT_STARTED_INIT	{ NULL, BUF_SECRET, 0 }
#define auto_enrollment_started						\
	AUTO(enrollment_started_free) struct enrollment_started

void enrollment_started_free(struct enrollment_started *s);

/* What must be ready before it is recorded.  Its failure records nothing. */
typedef enum status enrollment_start_ready(void *arg,
    const struct enrollment_started *s);

/*
 * enrollment_start() records that a user, whose name is one of
 * enrollment_user_name(), enrolls; facts is a dict of what the site knows about
 * that user.  MALFORMED if they are larger than the ledger keeps.  ready may be
 * NULL.
 */
enum status enrollment_start(struct ledger *l, const char *user,
    const struct tree *facts, int64_t ttl, enrollment_start_ready *ready,
    void *arg, struct enrollment_started *out) USE_RESULT;

/* ---- invitations: phase 1 without a password ---- */

struct enrollment_invited {
	char hash[SECRET_HASH_TEXT];	/* whose first digits are the ID */
	struct buf token;		/* secret: the end of the link */
	int64_t expires;
};
#define ENROLLMENT_INVITED_INIT	{ "", BUF_SECRET, 0 }
#define auto_enrollment_invited						\
	AUTO(enrollment_invited_free) struct enrollment_invited

void enrollment_invited_free(struct enrollment_invited *i);

typedef enum status enrollment_invite_ready(void *arg,
    const struct enrollment_invited *i);

/* enrollment_invite() records an invitation, as enrollment_start() a user. */
enum status enrollment_invite(struct ledger *l, const char *user,
    const struct tree *facts, int64_t ttl, enrollment_invite_ready *ready,
    void *arg, struct enrollment_invited *out) USE_RESULT;

/* The invitation of a token: REFUSED, with the reason, if it cannot be used. */
enum status enrollment_invitation(struct ledger *l, const char *token,
    struct ledger_invitation *out) USE_RESULT;

/*
 * enrollment_accept() is enrollment_start() for whom an invitation names.  All
 * requests with one invitation get challenges of one enrollment.  What the
 * invitation says about the user wins over facts.
 */
enum status enrollment_accept(struct ledger *l,
    const struct ledger_invitation *i, const struct tree *facts, int64_t ttl,
    struct enrollment_started *out) USE_RESULT;

/* ---- phase 2 ---- */

struct enrollment_identified;

/*
 * What must be written before the challenge is spent, which nobody gets back:
 * files that describe the outcome.  Its failure leaves everything as it was.
 */
typedef enum status enrollment_ready(void *arg,
    const struct enrollment_identified *i);

struct enrollment_identify {
	const char *allow;		/* file of devices, or NULL: all */
	const char *subject;		/* DN of the identity; NULL:
					 * /O=organization/CN=ID */
	const char *organization;	/* or NULL */
	int64_t ttl;			/* of the SCEP challenge, in seconds */
	enrollment_ready *ready;	/* or NULL */
	void *arg;			/* for ready */
};

struct enrollment_identified {
	char *id, *user;
	char *subject;			/* RFC 4514 */
	struct buf challenge;		/* secret: buys that subject */
	int64_t expires;
	char spent[SECRET_HASH_TEXT];	/* hash of the CHALLENGE, and ... */
	char next[SECRET_HASH_TEXT];	/* ... of the one above */
};
#define ENROLLMENT_IDENTIFIED_INIT					\
	{ NULL, NULL, NULL, BUF_SECRET, 0, "", "" }
#define auto_enrollment_identified					\
	AUTO(enrollment_identified_free) struct enrollment_identified

void enrollment_identified_free(struct enrollment_identified *i);

/*
 * enrollment_identify() reads the attributes that a factory identity signed and
 * spends their CHALLENGE.  out may be filled in part after a failure, as far as
 * it became known whose enrollment that is.
 */
enum status enrollment_identify(struct ledger *l, const struct buf *attributes,
    const char *name, const struct enrollment_identify *how,
    struct enrollment_identified *out) USE_RESULT;

/*
 * enrollment_unidentify() undoes that if nobody got the challenge, so that the
 * device can send its answer again.  enrollment_find_identified() sets what it
 * needs of out, for an identification by another process: from the attributes
 * that it read and the challenge that it gave; REFUSED if it gave none such.
 */
enum status enrollment_find_identified(struct ledger *l,
    const struct buf *attributes, const char *name,
    const struct buf *challenge, struct enrollment_identified *out) USE_RESULT;
enum status enrollment_unidentify(struct ledger *l,
    const struct enrollment_identified *i) USE_RESULT;

/* ---- phase 3 ---- */

struct enrollment_complete {
	X509 *signer;			/* who signed the attributes */
	const char *signer_name;	/* in diagnostics */
	const struct strings *outside;	/* files of authorities whose
					 * identities are not in the ledger */
	const char *allow;		/* as in phase 2 */
	const char *repeat;		/* "reissue", "reenroll" */
	const struct strings *attributes;	/* that become variables;
						 * none: the usual four */
	int64_t ttl;			/* of the challenge in the profile */
};

struct enrollment_completed {
	char *id, *user;
	struct tree *variables;		/* of the profile: secret */
};
#define ENROLLMENT_COMPLETED_INIT	{ NULL, NULL, NULL }
#define auto_enrollment_completed					\
	AUTO(enrollment_completed_free) struct enrollment_completed

void enrollment_completed_free(struct enrollment_completed *c);

/*
 * enrollment_complete() reads the attributes that an identity signed.  LATER if
 * that identity has expired, or the site lets a device have its configuration
 * once only.  out as in phase 2.
 */
enum status enrollment_complete(struct ledger *l,
    const struct buf *attributes, const char *name,
    const struct enrollment_complete *how, struct enrollment_completed *out)
    USE_RESULT;

/*
 * enrollment_find() is the id of the enrollment whose current identity signer
 * is; yours.
 */
enum status enrollment_find(struct ledger *l, X509 *signer,
    const char *signer_name, char **id) USE_RESULT;

/*
 * enrollment_policy() reads the policy of the authority in the folder ca
 * beside site.yaml, whose path is site; *found is false if there is none.
 */
enum status enrollment_policy(const char *site, bool *found,
    struct issue_policy *out) USE_RESULT;

/*
 * enrollment_bind() makes the challenges of an enrollment in a profile (or an
 * array of payloads) good for the names beside them, and for no others.  With
 * a policy (else NULL), names that it does not take are REFUSED.  A payload with the challenge of another payload gets a fresh one, good for ttl
 * seconds; *changed says whether there was one.
 */
enum status enrollment_bind(struct ledger *l, const char *id,
    struct tree *profile, const char *name,
    const struct issue_policy *policy, int64_t ttl, bool *changed) USE_RESULT;

/*
 * enrollment_sent() records that the configuration was made and handed to the
 * web server; with failed, that it was not, and why.  REFUSED if the enrollment
 * is not one that has a configuration.
 */
enum status enrollment_sent(struct ledger *l, const char *id,
    const char *failed) USE_RESULT;

/*
 * Equal without regard to the case of ASCII letters, as UDIDs and serial
 * numbers are; NULL is like NULL.
 */
bool enrollment_same_text(const char *a, const char *b);

/* A plist out of the ledger: facts of a user, attributes of a device. */
enum status enrollment_kept(const char *text, struct tree **out) USE_RESULT;

#endif
