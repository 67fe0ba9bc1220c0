/*
 * enrollment: the steps of over-the-air enrollment, each of which is one
 * transaction of the ledger.  mcfg-enrollment and mcfg-service use them.
 *
 *	start -> (device responds) -> identify -> (SCEP) -> complete -> bind ->
 *	sent
 *
 * A program that makes the whole configuration lets complete bind it.
 *
 * A step prints the reason for a status that is not OK.  REFUSED and MALFORMED
 * are the fault of the user or the device, LATER means that the device has to
 * enroll again, and any other status is the site's fault.  name is the input's
 * name in messages.  Text and certificates from a device need no escaping.
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
	ENROLLMENT_CHALLENGE_TTL = 3600,	/* of SCEP challenges, unless
						 * the site sets it */
	ENROLLMENT_START_TTL = 900,		/* of phase-1 challenges */
};

/* The list of devices in a site's folder, if it has one. */
#define ENROLLMENT_DEVICES	"devices.allow"

/* ---- users ---- */

/* Checks a user's name.  Returns NULL, or the reason why it is invalid. */
const char *enrollment_user_check(const char *name);

/*
 * enrollment_user_name() sets *out to the name under which the ledger keeps a
 * user; the caller frees it.  If auth is "ldap", the name is converted to
 * lower case, as the directory ignores case, and a name that the directory may
 * also accept in other spellings is REFUSED.  But if attribute, the site's
 * attribute for the user's name, is not NULL, given is a value of it and
 * remains in the directory's spelling.
 */
enum status enrollment_user_name(const char *given, const char *auth,
    const char *attribute, char **out) USE_RESULT;

/*
 * enrollment_user_known() does this for a name that was typed.  If the site
 * has an attribute for the name, the directory is asked about every user,
 * unless is_resolved says that given is its value.  Otherwise the directory is
 * asked about names that are not all printable ASCII: they have several forms,
 * and the directory knows its own.  Returns USAGE if the name is invalid.
 */
enum status enrollment_user_known(const struct site_place *p,
    const char *given, bool is_resolved, const char *auth,
    const char *attribute, char **out) USE_RESULT;

/*
 * enrollment_user_facts() asks the site's program about a user, by the name
 * that the ledger has; the answer is a dict, which the caller frees.  A name
 * that the program could take for an option is REFUSED.
 */
enum status enrollment_user_facts(const struct site_place *p,
    const char *program, const char *user, struct tree **out) USE_RESULT;

/* ---- phase 1 ---- */

struct enrollment_started {
	char *id;
	struct buf challenge;		/* secret: for the device, shown once */
	int64_t expires;
};
#define ENROLLMENT_STARTED_INIT	{ NULL, BUF_SECRET, 0 }
#define auto_enrollment_started						\
	AUTO(enrollment_started_free) struct enrollment_started

void enrollment_started_free(struct enrollment_started *s);

/* Called before the start is recorded.  If it fails, nothing is recorded. */
typedef enum status enrollment_start_ready(void *arg,
    const struct enrollment_started *s);

/*
 * enrollment_start() records that a user enrolls.  user is a name from
 * enrollment_user_name(); facts is a dict with what the site knows about the
 * user.  Returns MALFORMED if facts are too large for the ledger.  ready may
 * be NULL.
 */
enum status enrollment_start(struct ledger *l, const char *user,
    const struct tree *facts, int64_t ttl, enrollment_start_ready *ready,
    void *arg, struct enrollment_started *out) USE_RESULT;

/* ---- invitations: phase 1 without a password ---- */

struct enrollment_invited {
	char hash[SECRET_HASH_TEXT];	/* its first digits are the ID */
	struct buf token;		/* secret: the last part of the link */
	int64_t expires;
};
#define ENROLLMENT_INVITED_INIT	{ "", BUF_SECRET, 0 }
#define auto_enrollment_invited						\
	AUTO(enrollment_invited_free) struct enrollment_invited

void enrollment_invited_free(struct enrollment_invited *i);

typedef enum status enrollment_invite_ready(void *arg,
    const struct enrollment_invited *i);

/*
 * enrollment_invite() records an invitation; the arguments are those of
 * enrollment_start().
 */
enum status enrollment_invite(struct ledger *l, const char *user,
    const struct tree *facts, int64_t ttl, enrollment_invite_ready *ready,
    void *arg, struct enrollment_invited *out) USE_RESULT;

/*
 * Finds the invitation of a token.  Returns REFUSED, and prints the reason, if
 * it cannot be used.
 */
enum status enrollment_invitation(struct ledger *l, const char *token,
    struct ledger_invitation *out) USE_RESULT;

/*
 * enrollment_accept() is enrollment_start() for the user of an invitation.
 * All requests with one invitation get challenges of the same enrollment.
 * Facts of the invitation override facts.
 */
enum status enrollment_accept(struct ledger *l,
    const struct ledger_invitation *i, const struct tree *facts, int64_t ttl,
    struct enrollment_started *out) USE_RESULT;

/* ---- phase 2 ---- */

struct enrollment_identified;

/*
 * Writes the output, before the challenge is spent.  If it fails, nothing has
 * changed.
 */
typedef enum status enrollment_ready(void *arg,
    const struct enrollment_identified *i);

struct enrollment_identify {
	const char *allow;		/* file with the list of devices; NULL:
					 * all */
	const char *subject;		/* DN of the identity; NULL:
					 * /O=organization/CN=ID */
	const char *organization;	/* or NULL */
	int64_t ttl;			/* seconds, for the SCEP challenge */
	enrollment_ready *ready;	/* or NULL */
	void *arg;			/* for ready */
};

struct enrollment_identified {
	char *id, *user;
	char *subject;			/* RFC 4514 */
	struct buf challenge;		/* secret: for a certificate with that
					 * subject */
	int64_t expires;
	char spent[SECRET_HASH_TEXT];	/* hash of the CHALLENGE that was
					 * spent */
	char next[SECRET_HASH_TEXT];	/* hash of challenge */
};
#define ENROLLMENT_IDENTIFIED_INIT					\
	{ NULL, NULL, NULL, BUF_SECRET, 0, "", "" }
#define auto_enrollment_identified					\
	AUTO(enrollment_identified_free) struct enrollment_identified

void enrollment_identified_free(struct enrollment_identified *i);

/*
 * enrollment_identify() reads the attributes, which a factory identity has
 * signed, and spends their CHALLENGE.  After a failure, out may be filled in
 * part, if it is known whose enrollment it is.
 */
enum status enrollment_identify(struct ledger *l, const struct buf *attributes,
    const char *name, const struct enrollment_identify *how,
    struct enrollment_identified *out) USE_RESULT;

/*
 * enrollment_unidentify() undoes an identification whose challenge was not
 * delivered, so that the device can send its attributes again.
 * enrollment_find_identified() prepares that for an identification by another
 * process: it fills in the necessary members of out from the attributes that
 * were read and the challenge that was returned.  Returns REFUSED if they do
 * not belong together.
 */
enum status enrollment_find_identified(struct ledger *l,
    const struct buf *attributes, const char *name,
    const struct buf *challenge, struct enrollment_identified *out) USE_RESULT;
enum status enrollment_unidentify(struct ledger *l,
    const struct enrollment_identified *i) USE_RESULT;

/* ---- phase 3 ---- */

struct enrollment_completed;

/*
 * Makes the whole answer from the variables of c.  If it fails, nothing is
 * recorded, except that an identity of an outside CA has been adopted.
 */
typedef enum status enrollment_configure(void *arg,
    struct enrollment_completed *c);

struct enrollment_complete {
	X509 *signer;			/* signer of the attributes */
	const char *signer_name;	/* its name in messages */
	const struct strings *outside;	/* files of outside CAs, whose
					 * identities are not in the ledger */
	const char *allow;		/* as in phase 2 */
	const char *repeat;		/* "reissue" or "reenroll" */
	const struct strings *attributes;	/* that become variables; empty:
						 * the usual four */
	int64_t ttl;			/* seconds, for the challenge in the
					 * profile */
	enrollment_configure *ready;	/* or NULL */
	void *arg;			/* for ready */
};

struct enrollment_completed {
	char *id, *user;
	struct tree *variables;		/* for the profile; secret */
	struct ledger_challenge *challenges;	/* to be recorded; the first
						 * is in the variables */
	size_t n_challenges;
};
#define ENROLLMENT_COMPLETED_INIT	{ NULL, NULL, NULL, NULL, 0 }
#define auto_enrollment_completed					\
	AUTO(enrollment_completed_free) struct enrollment_completed

void enrollment_completed_free(struct enrollment_completed *c);

/*
 * enrollment_complete() reads the attributes, which an identity has signed.
 * Returns LATER if that identity has expired, or if the site allows each
 * device its configuration only once.  After a failure, out is as in phase 2.
 */
enum status enrollment_complete(struct ledger *l,
    const struct buf *attributes, const char *name,
    const struct enrollment_complete *how, struct enrollment_completed *out)
    USE_RESULT;

/*
 * enrollment_find() sets *id to the enrollment whose current identity is
 * signer; the caller frees it.
 */
enum status enrollment_find(struct ledger *l, X509 *signer,
    const char *signer_name, char **id) USE_RESULT;

/*
 * enrollment_policy() reads the policy of the CA in the folder ca beside
 * site.yaml, whose path is site; *found is false if there is none.
 */
enum status enrollment_policy(const char *site, bool *found,
    struct issue_policy *out) USE_RESULT;

/*
 * enrollment_bind() binds the challenges of an enrollment in a profile (or an
 * array of payloads) to the names in the same payload, so that they are good
 * for no others.  If policy is not NULL, names that it does not allow are
 * REFUSED.  A payload with the same challenge as another payload gets a new
 * one, valid for ttl seconds; *changed is set to whether there was one.
 */
enum status enrollment_bind(struct ledger *l, const char *id,
    struct tree *profile, const char *name,
    const struct issue_policy *policy, int64_t ttl, bool *changed) USE_RESULT;

/*
 * enrollment_tie() does the same in ready, to the challenges of c, which are
 * recorded with their names after that.  A challenge that the enrollment got
 * earlier is REFUSED, because enrollment_complete() voids it.
 */
enum status enrollment_tie(struct ledger *l, struct enrollment_completed *c,
    struct tree *profile, const char *name,
    const struct issue_policy *policy, int64_t ttl) USE_RESULT;

/*
 * enrollment_sent() records that the configuration was made and handed to the
 * web server; or, if failed is not NULL, that it was not, and why.  challenge
 * is NULL, or the hash of the challenge in the variables of a completion that
 * failed: what that changed is undone.  Returns REFUSED if the enrollment has
 * no configuration in its state.
 */
enum status enrollment_sent(struct ledger *l, const char *id,
    const char *failed, const char *challenge) USE_RESULT;

/*
 * Returns true if the texts are equal without regard to the case of ASCII
 * letters, as for UDIDs and serial numbers; NULL equals NULL.
 */
bool enrollment_same_text(const char *a, const char *b);

/*
 * Parses a plist that the ledger keeps: facts of a user, attributes of a
 * device.  The caller frees *out.
 */
enum status enrollment_stored(const char *text, struct tree **out) USE_RESULT;

#endif
