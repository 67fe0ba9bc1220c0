/* complete: a device came back with its identity, and gets its variables. */
#include <string.h>

#include "base/clock.h"
#include "enrollment.h"
#include "site/site.h"
#include "x509/cert.h"

enum { AGAIN = 600 };	/* how long a lost answer may be asked for again */

static struct args {
	const char *ledger, *config, *allow, *signer, *repeat;
	struct strings attributes, outside;
	int64_t ttl;
	struct io_input in;
	struct io_output out;
} args = { .repeat = "reissue", .ttl = CLIENT_TTL,
    .out = { .is_private = true } };

static const struct opt options[] = {
	{ 0, "signer", "FILE", "certificate that signed the attributes, from "
	    "mcfg-verify --signer-out", .value = &args.signer },
	{ 0, "outside-ca", "FILE", "an authority whose identities are not in "
	    "the ledger", .values = &args.outside },
	{ 0, "allow", "FILE", "only devices of this list may go on",
	    .value = &args.allow },
	{ 0, "repeat", "POLICY", "what a device gets that comes again",
	    .value = &args.repeat, .choices = "reissue|reenroll",
	    .config = "repeat" },
	{ 0, "ttl", "TIME", "how long the SCEP challenge is good (60m)",
	    .duration = &args.ttl, .config = "scep.challenge_ttl" },
	OPT_LEDGER(args.ledger),
	OPT_CONFIG(args.config),
	OPT_OUTPUT(args.out),
	OPT_LENGTH(args.in),
	OPT_AT,
	{ 0 },
};

/* What the site gives and no option of this verb. */
static const struct opt of_site[] = {
	{ .name = "attributes", .values = &args.attributes,
	    .config = "attributes" },
	{ 0 },
};

/* An identity of an outside authority that the ledger has not seen before. */
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
	if (!same_text(e->udid, d->udid))
		return fail(REFUSED, "%s: UDID: '%s' is not that of phase 2, "
		    "'%s'", name, d->udid != NULL ? d->udid : "",
		    e->udid != NULL ? e->udid : "");
	if (!same_text(e->serial, d->serial))
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
		return fail(REFUSED, "%s: enrollment %s: gone", name,
		    c->enrollment);
	return judge_enrollment(e, c, d, name);
}

static enum status
record(struct ledger *l, const struct args *a, const char *name,
    const struct ledger_enrollment *e, const struct ledger_challenge *next)
{
	int64_t again = strcmp(a->repeat, "reenroll") == 0 ? AGAIN : 0;
	enum ledger_outcome outcome;
	enum status st;

	if ((st = ledger_complete(l, e, next, again, clock_now(),
	    &outcome)) != OK)
		return st;
	if (outcome == LEDGER_NO_CHALLENGE)
		return fail(LATER, "%s: enrollment %s: was configured before: "
		    "enroll again", name, e->id);
	if (outcome != LEDGER_RECORDED)
		return fail(REFUSED, "%s: enrollment %s: no longer open", name,
		    e->id);
	return OK;
}

/* ---- the variables ---- */

/* Names that a device's attributes never get. */
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
make_variables(const struct args *a, const struct ledger_enrollment *e,
    const struct buf *challenge, const struct device *d, struct buf *out)
{
	static const char *defaults[] = { "UDID", "VERSION", "PRODUCT",
	    "SERIAL" };
	const struct strings by_default = { defaults, ARRAY_LEN(defaults) };
	auto_tree *vars = tree_dict(), *facts = NULL;
	enum status st;

	tree_set_string(vars, "USER", e->user);
	tree_set_string(vars, "ENROLLMENT", e->id);
	tree_set_string(vars, "CHALLENGE", buf_str(challenge));
	add_attributes(vars, a->attributes.n > 0 ? &a->attributes :
	    &by_default, d);
	if ((st = kept_plist(e->facts, &facts)) != OK ||
	    (st = tree_each(facts, add_fact, vars)) != OK)
		return st;
	tree_to_xml(vars, out);
	return OK;
}

static enum status
run(const struct args *a)
{
	auto_ledger_certificate c = LEDGER_CERTIFICATE_INIT;
	auto_ledger_enrollment e = LEDGER_ENROLLMENT_INIT;
	auto_ledger_challenge next = LEDGER_CHALLENGE_INIT;
	auto_buf challenge = BUF_SECRET, out = BUF_SECRET;
	const char *name = io_name(a->in.path);
	auto_device d = DEVICE_INIT;
	auto_ledger *l = NULL;
	enum status st;

	if ((st = site_defaults(a->config, options)) != OK ||
	    (st = site_defaults(a->config, of_site)) != OK)
		return st;
	if (a->signer == NULL)
		return opts_missing("--signer", "the certificate that signed "
		    "the attributes");
	if ((st = open_ledger(a->ledger, opts_given(&args.ledger) ? NULL :
	    a->config, LEDGER_USE, &l)) != OK)
		return st;

	if ((st = device_read(&a->in, &d)) != OK)
		return st;
	if ((st = identity_find(l, a->signer, &a->outside, &c)) != OK ||
	    (st = find_enrollment(l, &c, &d, name, &e)) != OK)
		return st;
	if (is_new(&c, &e) && (st = outside_first(l, &c, a->signer)) != OK)
		return st;
	if ((st = device_allowed(&d, a->allow, e.user, name)) != OK)
		return st;

	if ((st = new_challenge(LEDGER_CLIENT, e.id, a->ttl, &challenge,
	    &next)) != OK ||
	    (st = make_variables(a, &e, &challenge, &d, &out)) != OK)
		return st;
	if (is_new(&c, &e) && (st = outside_adopt(l, &c, a->signer)) != OK)
		return st;
	if ((st = record(l, a, name, &e, &next)) != OK)
		return st;

	return io_spill(&a->out, &out);
}

const struct tool verb_complete = {
	.name = "complete",
	.summary = "read the attributes that an identity signed; print the "
	    "profile's variables",
	.operands = "[FILE]",
	.example = "mcfg-enrollment complete --config site.yaml "
	    "--signer signer.pem attributes.plist",
	.options = options,
	.args = &args,
	.input = &args.in,
	.run = run,
};
