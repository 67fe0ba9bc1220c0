/*
 * invitation: a link by which a user enrolls one device without a password.
 * Only the SHA-256 of its token is kept.
 *
 * The first request that uses the link begins an enrollment, and later ones
 * get another phase-1 challenge of the same enrollment, so that a lost response
 * can be repeated.  The link is used up when a device identifies itself.
 */
#ifndef MCFG_LEDGER_INVITATION_H
#define MCFG_LEDGER_INVITATION_H

#include "ledger/ledger.h"

struct ledger_invitation {
	char hash[SECRET_HASH_TEXT];	/* SHA-256 of the token, hex */
	char *user;
	char *facts;			/* plist, XML */
	char *enrollment;		/* id, or NULL until the first request */
	int64_t created, expires;
	int64_t used;			/* when a device identified; 0: not */
	int64_t voided;			/* when it was revoked; 0: not */
};
#define LEDGER_INVITATION_INIT	{ .used = 0 }
void ledger_invitation_free(struct ledger_invitation *i);
#define auto_ledger_invitation	AUTO(ledger_invitation_free) \
				struct ledger_invitation

/* ledger_invite() records one: hash, user, facts and expires are read. */
enum status ledger_invite(struct ledger *l,
    const struct ledger_invitation *i, int64_t now) USE_RESULT;

/* *found is false if the hash is unknown. */
enum status ledger_find_invitation(struct ledger *l, const char *hash,
    bool *found, struct ledger_invitation *out) USE_RESULT;

/*
 * NULL if the link can be used, or why not.  found is what
 * ledger_find_invitation() said.
 */
const char *ledger_invitation_objection(const struct ledger_invitation *i,
    bool found, int64_t now);

/* The latest first, used and revoked ones too. */
typedef enum status ledger_each_invitation(const struct ledger_invitation *i,
    void *arg);
enum status ledger_invitations(struct ledger *l, ledger_each_invitation *fn,
    void *arg) USE_RESULT;

/*
 * ledger_accept() is what a request with the link does.  e->id, a new one, becomes
 * that of the enrollment, or is replaced by that of the one that the invitation
 * has already; e->user and e->facts are recorded, with a phase-1 challenge of
 * this hash that lives until expires.  *outcome is LEDGER_RECORDED, or LEDGER_CLOSED if the
 * link can no longer be used, and then nothing is changed.
 */
enum status ledger_accept(struct ledger *l, const char *hash,
    struct ledger_enrollment *e, const char *challenge, int64_t expires,
    int64_t now, enum ledger_outcome *outcome) USE_RESULT;

/*
 * ledger_revoke_invitation() revokes the one whose hash begins with id, in
 * lower-case hex, and voids the challenges that it yielded.  *matches is how
 * many there are: nothing is done unless it is 1.  *done is false if that one
 * was used or revoked before.
 */
enum status ledger_revoke_invitation(struct ledger *l, const char *id,
    int64_t now, size_t *matches, bool *done) USE_RESULT;

#endif
