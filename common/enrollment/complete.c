/* complete: recognises a device by its new identity; makes its variables. */
#include <string.h>

#include "base/clock.h"
#include "enrollment/local.h"
#include "plist/device_attributes.h"

enum { AGAIN = 600 };	/* seconds in which a lost response may be requested
			 * again */

void
enrollment_completed_free(struct enrollment_completed *c)
{
	size_t i;

	free(c->id);
	free(c->user);
	if (c->variables != NULL)
		tree_free(c->variables);
	for (i = 0; i < c->n_challenges; i++)
		ledger_challenge_free(&c->challenges[i]);
	free(c->challenges);
	*c = (struct enrollment_completed)ENROLLMENT_COMPLETED_INIT;
}

/* True for an identity from an outside CA that the ledger does not have yet. */
static bool
is_new(const struct ledger_certificate *c, const struct ledger_enrollment *e)
{
	return strlen(c->serial) == SECRET_HASH_TEXT - 1 &&
	    strcmp(e->state, "identified") == 0;
}

/* ---- the enrollment ---- */

static enum status
judge_enrollment(const struct ledger_enrollment *e,
    const struct ledger_certificate *c, const struct device *d,
    const char *name)
{
	if (!is_new(c, e) && strcmp(e->state, "certified") != 0 &&
	    strcmp(e->state, "configured") != 0)
		return fail(REFUSED, "%s: enrollment %s: %s", name, e->id,
		    e->state);
	if (!is_new(c, e) && (e->certificate == NULL ||
	    strcmp(e->certificate, c->serial) != 0))
		return fail(REFUSED, "%s: enrollment %s: has another identity "
		    "than %s", name, e->id, c->serial);
	if (!enrollment_same_text(e->udid, d->udid))
		return fail(REFUSED, "%s: UDID: '%s' is not that of phase 2, "
		    "'%s'", name, d->udid != NULL ? d->udid : "",
		    e->udid != NULL ? e->udid : "");
	if (!enrollment_same_text(e->serial, d->serial))
		return fail(REFUSED, "%s: SERIAL: '%s' is not that of phase 2, "
		    "'%s'", name, d->serial != NULL ? d->serial : "",
		    e->serial != NULL ? e->serial : "");
	return OK;
}

static enum status
find_enrollment(struct ledger *l, const struct ledger_certificate *c,
    const struct device *d, const char *name, struct ledger_enrollment *e)
{
	bool found = false;
	enum status st;

	if ((st = ledger_find_enrollment(l, c->enrollment, &found, e)) != OK)
		return st;
	if (!found)
		return fail(REFUSED, "%s: enrollment %s: no longer in the "
		    "ledger", name, c->enrollment);
	return judge_enrollment(e, c, d, name);
}

/* How long a configuration may be asked for again; 0: for ever. */
static int64_t
again_of(const struct enrollment_complete *how)
{
	return strcmp(how->repeat, "reenroll") == 0 ? AGAIN : 0;
}

static enum status
fail_again(const struct ledger_enrollment *e, const char *name)
{
	return fail(LATER, "%s: enrollment %s: was configured before: enroll "
	    "again", name, e->id);
}

/* Nothing is made for a device that will not get it. */
static enum status
check_again(const struct enrollment_complete *how,
    const struct ledger_enrollment *e, const char *name)
{
	int64_t again = again_of(how);

	return again != 0 && strcmp(e->state, "configured") == 0 &&
	    clock_now() > e->first_sent + again ? fail_again(e, name) : OK;
}

static enum status
record(struct ledger *l, const struct enrollment_complete *how,
    const char *name, const struct ledger_enrollment *e,
    const struct enrollment_completed *c)
{
	enum ledger_outcome outcome;
	enum status st;

	if ((st = ledger_complete(l, e, c->challenges, c->n_challenges,
	    again_of(how), clock_now(), &outcome)) != OK)
		return st;
	if (outcome == LEDGER_NO_CHALLENGE)
		return fail_again(e, name);
	if (outcome == LEDGER_REVOKED)
		return fail(REFUSED, "%s: certificate %s: has been revoked",
		    name, e->certificate);
	if (outcome != LEDGER_RECORDED)
		return fail(REFUSED, "%s: enrollment %s: already completed, "
		    "aborted or expired", name, e->id);
	return OK;
}

/* ---- the variables ---- */

/* Names that attributes of a device cannot set. */
static bool
is_ours(const char *name)
{
	return strcmp(name, "ENROLLMENT") == 0 ||
	    strcmp(name, "CHALLENGE") == 0 || strcmp(name, "USER") == 0 ||
	    strncmp(name, "USER_", 5) == 0;
}

static void
add_attributes(struct tree *vars, const struct strings *names,
    const struct device *d)
{
	size_t i;

	for (i = 0; i < names->n; i++) {
		struct tree *t = tree_get(d->attributes, names->v[i]);

		if (t == NULL || is_ours(names->v[i]) ||
		    tree_kind(t) == TREE_DICT || tree_kind(t) == TREE_ARRAY)
			continue;
		tree_set(vars, names->v[i], tree_copy(t));
	}
}

static enum status
add_fact(const char *key, struct tree *node, void *arg)
{
	auto_char *name = xasprintf("USER_%s", key);

	tree_set(arg, name, tree_copy(node));
	return OK;
}

static enum status
make_variables(const struct enrollment_complete *how,
    const struct ledger_enrollment *e, const struct buf *challenge,
    const struct device *d, struct tree **out)
{
	auto_tree *vars = tree_dict(), *facts = NULL;
	enum status st;

	tree_set_string(vars, "USER", e->user);
	tree_set_string(vars, "ENROLLMENT", e->id);
	tree_set_string(vars, "CHALLENGE", buf_str(challenge));
	add_attributes(vars, how->attributes->n > 0 ? how->attributes :
	    &device_usual_attributes, d);
	if ((st = enrollment_stored(e->facts, &facts)) != OK ||
	    (st = tree_each(facts, add_fact, vars)) != OK)
		return st;
	*out = STEAL(vars);
	return OK;
}

/* Records the completion, after all checks. */
static enum status
let_on(struct ledger *l, const char *name,
    const struct enrollment_complete *how, const struct device *d, const struct ledger_certificate *c,
    const struct ledger_enrollment *e, struct enrollment_completed *out)
{
	struct ledger_challenge *next = GROW(out->challenges,
	    out->n_challenges);
	auto_buf challenge = BUF_SECRET;
	enum status st;

	*next = (struct ledger_challenge)LEDGER_CHALLENGE_INIT;
	if ((st = new_challenge(LEDGER_CLIENT, e->id, how->ttl, &challenge,
	    next)) != OK ||
	    (st = make_variables(how, e, &challenge, d,
	    &out->variables)) != OK)
		return st;
	if (is_new(c, e) &&
	    (st = external_adopt(l, c, how->signer_name)) != OK)
		return st;
	if (how->ready != NULL && (st = how->ready(how->arg, out)) != OK)
		return st;
	return record(l, how, name, e, out);
}

enum status
enrollment_complete(struct ledger *l, const struct buf *attributes,
    const char *name, const struct enrollment_complete *how,
    struct enrollment_completed *out)
{
	auto_ledger_certificate c = LEDGER_CERTIFICATE_INIT;
	auto_ledger_enrollment e = LEDGER_ENROLLMENT_INIT;
	auto_device d = DEVICE_INIT;
	enum status st;

	if ((st = device_read(attributes, name, &d)) != OK)
		return st;
	if ((st = device_certificate(l, how->signer, how->signer_name,
	    how->outside, &c)) != OK ||
	    (st = find_enrollment(l, &c, &d, name, &e)) != OK)
		return st;
	out->id = xstrdup(e.id);
	out->user = xstrdup(e.user);
	if (is_new(&c, &e) &&
	    (st = external_first(l, &c, how->signer_name)) != OK)
		return st;
	if ((st = device_allowed(&d, how->allow, e.user, name)) != OK ||
	    (st = check_again(how, &e, name)) != OK)
		return st;
	return let_on(l, name, how, &d, &c, &e, out);
}
