/* Makes invitations, and finds them by their token. */
#include <string.h>

#include "base/clock.h"
#include "enrollment/local.h"
#include "sys/secret.h"

void
enrollment_invited_free(struct enrollment_invited *i)
{
	buf_free(&i->token);
}

enum status
enrollment_invite(struct ledger *l, const char *user, const struct tree *facts,
    int64_t ttl, enrollment_invite_ready *ready, void *arg,
    struct enrollment_invited *out)
{
	auto_ledger_invitation i = LEDGER_INVITATION_INIT;
	char token[SECRET_CHALLENGE_TEXT];
	enum status st;

	i.user = xstrdup(user);
	if ((st = store_plist(facts, "facts of the user", &i.facts)) != OK ||
	    (st = secret_challenge(token)) != OK)
		return st;
	secret_sha256(token, strlen(token), i.hash);
	buf_puts(&out->token, token);
	buf_wipe(token, sizeof token);
	i.expires = clock_now() + ttl;
	memcpy(out->hash, i.hash, sizeof out->hash);
	out->expires = i.expires;
	/* From here on only the ledger can fail. */
	if (ready != NULL && (st = ready(arg, out)) != OK)
		return st;
	return ledger_invite(l, &i, clock_now());
}

enum status
enrollment_invitation(struct ledger *l, const char *token,
    struct ledger_invitation *out)
{
	char hash[SECRET_HASH_TEXT];
	const char *reason;
	bool found = false;
	enum status st;

	secret_sha256(token, strlen(token), hash);
	if ((st = ledger_find_invitation(l, hash, &found, out)) != OK)
		return st;
	reason = ledger_invitation_objection(out, found, clock_now());
	return reason == NULL ? OK :
	    fail(REFUSED, "invitation: %s", reason);
}
