/*
 * invitation: a link by which a user enrolls one device without a password.
 * Only the SHA-256 of its token is stored.
 *
 * The first request with the link begins an enrollment.  Later requests get
 * another phase-1 challenge of the same enrollment, so that a lost response
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
	int64_t used;			/* when a device identified itself; 0:
					 * unused */
	int64_t voided;			/* when it was revoked; 0: it is not */
};
#define LEDGER_INVITATION_INIT	{ .used = 0 }
void ledger_invitation_free(struct ledger_invitation *i);
#define auto_ledger_invitation	AUTO(ledger_invitation_free) \
				struct ledger_invitation

/*
 * ledger_invite() records an invitation; it reads hash, user, facts and
 * expires.
 */
enum status ledger_invite(struct ledger *l,
    const struct ledger_invitation *i, int64_t now) USE_RESULT;

/* *found is false if the hash is unknown. */
enum status ledger_find_invitation(struct ledger *l, const char *hash,
    bool *found, struct ledger_invitation *out) USE_RESULT;

/*
 * Returns NULL if the link can be used, otherwise why not.  found is the
 * result of ledger_find_invitation().
 */
const char *ledger_invitation_objection(const struct ledger_invitation *i,
    bool found, int64_t now);

/*
 * Calls fn for all invitations, latest first, including used and revoked ones.
 */
typedef enum status ledger_each_invitation(const struct ledger_invitation *i,
    void *arg);
enum status ledger_invitations(struct ledger *l, ledger_each_invitation *fn,
    void *arg) USE_RESULT;

/*
 * ledger_accept() handles a request with the link.  The first request begins
 * the enrollment e->id; for later ones, e->id is replaced by that enrollment's
 * ID.  e->user and e->facts are recorded, and a phase-1 challenge with this
 * hash that is valid until expires.  *outcome is LEDGER_RECORDED or, if the
 * link can no longer be used, LEDGER_CLOSED; then nothing is changed.
 */
enum status ledger_accept(struct ledger *l, const char *hash,
    struct ledger_enrollment *e, const char *challenge, int64_t expires,
    int64_t now, enum ledger_outcome *outcome) USE_RESULT;

/*
 * ledger_revoke_invitation() revokes the invitation whose hash begins with id,
 * in lower-case hexadecimal, and voids its challenges.  *matches is the number
 * of such invitations: unless it is 1, nothing is changed.  *done is false if
 * the invitation was used or revoked before.
 */
enum status ledger_revoke_invitation(struct ledger *l, const char *id,
    int64_t now, size_t *matches, bool *done) USE_RESULT;

#endif
