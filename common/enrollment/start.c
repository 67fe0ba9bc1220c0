/* start: begins an enrollment for a user; makes the challenge of phase 1. */
#include <string.h>

#include "base/clock.h"
#include "base/encoding.h"
#include "enrollment/local.h"
#include "sys/secret.h"

enum {
	ID_RAW = 16,
	ID_LEN = 22,
};

void
enrollment_started_free(struct enrollment_started *s)
{
	free(s->id);
	buf_free(&s->challenge);
	*s = (struct enrollment_started)ENROLLMENT_STARTED_INIT;
}

/*
 * 128 random bits as base64url.  The first character is a letter or digit, so
 * that the ID is never taken for an option.
 */
static enum status
make_id(char **out)
{
	auto_buf text = BUF_INIT;
	unsigned char raw[ID_RAW];
	enum status st;
	size_t i;

	do {
		if ((st = secret_random(raw, sizeof raw)) != OK)
			return st;
		buf_cut(&text, 0);
		encode_base64(&text, raw, sizeof raw);
		buf_cut(&text, ID_LEN);
		for (i = 0; i < text.len; i++)
			if (text.data[i] == '+')
				text.data[i] = '-';
			else if (text.data[i] == '/')
				text.data[i] = '_';
	} while (text.data[0] == '-' || text.data[0] == '_');
	*out = xstrdup(buf_str(&text));
	return OK;
}

enum status
enrollment_start(struct ledger *l, const char *user, const struct tree *facts,
    int64_t ttl, enrollment_start_ready *ready, void *arg,
    struct enrollment_started *out)
{
	auto_ledger_enrollment e = LEDGER_ENROLLMENT_INIT;
	auto_ledger_challenge c = LEDGER_CHALLENGE_INIT;
	enum status st;

	e.user = xstrdup(user);
	if ((st = store_plist(facts, "facts of the user", &e.facts)) != OK ||
	    (st = make_id(&e.id)) != OK ||
	    (st = new_challenge(LEDGER_ENROLL, e.id, ttl, &out->challenge,
	    &c)) != OK)
		return st;
	out->id = xstrdup(e.id);
	out->expires = c.expires;
	/* From here on only the ledger can fail. */
	if (ready != NULL && (st = ready(arg, out)) != OK)
		return st;
	return ledger_start(l, &e, c.hash, c.expires, clock_now());
}

/* ---- with an invitation ---- */

static enum status
join_facts(const struct tree *facts, const char *kept, char **out)
{
	auto_tree *all = tree_copy(facts), *more = NULL;
	enum status st;

	if ((st = enrollment_stored(kept, &more)) != OK)
		return st;
	tree_copy_members(more, all);
	return store_plist(all, "facts of the user", out);
}

enum status
enrollment_accept(struct ledger *l, const struct ledger_invitation *i,
    const struct tree *facts, int64_t ttl, struct enrollment_started *out)
{
	auto_ledger_enrollment e = LEDGER_ENROLLMENT_INIT;
	auto_ledger_challenge c = LEDGER_CHALLENGE_INIT;
	enum ledger_outcome outcome;
	enum status st;

	e.user = xstrdup(i->user);
	if ((st = join_facts(facts, i->facts, &e.facts)) != OK ||
	    (st = make_id(&e.id)) != OK ||
	    (st = new_challenge(LEDGER_ENROLL, NULL, ttl, &out->challenge,
	    &c)) != OK ||
	    (st = ledger_accept(l, i->hash, &e, c.hash, c.expires,
	    clock_now(), &outcome)) != OK)
		return st;
	if (outcome != LEDGER_RECORDED)
		return fail(REFUSED, "invitation: used before");
	out->id = STEAL(e.id);
	out->expires = c.expires;
	return OK;
}
