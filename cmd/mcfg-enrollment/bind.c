/*
 * bind: binds each challenge in a configuration to the names that are written
 * next to it, so that it is accepted for no other names.
 */
#include "cms/cms.h"
#include "enrollment.h"
#include "site/site.h"

static struct args {
	struct source source;
	const char *signer, *id, *policy;
	int64_t ttl;
	struct io_input in;
	struct io_output out;
} args = { .ttl = ENROLLMENT_CHALLENGE_TTL, .out = { .is_private = true } };

static const struct opt options[] = {
	{ 0, "signer", "FILE", "certificate that signed the attributes, from "
	    "mcfg-verify --signer-out", .value = &args.signer, .is_file = true },
	{ 0, "id", "ID", "ID of the enrollment, instead of its certificate",
	    .value = &args.id },
	{ 0, "policy", "FILE", "scep-ca.yaml of the CA (default: in ca/ beside "
	    "the site file)", .value = &args.policy, .is_file = true },
	{ 0, "ttl", "TIME", "lifetime of a new challenge (60m)",
	    .duration = &args.ttl, .config = "scep.challenge_ttl" },
	OPT_SOURCE(args.source),
	OPT_OUTPUT(args.out),
	OPT_LENGTH(args.in),
	OPT_AT,
	{ 0 },
};

static enum status
parse(const struct buf *in, const char *name, struct tree **out)
{
	auto_tree *t = NULL;
	enum status st;

	if (cms_looks_like(in))
		return fail(MALFORMED, "%s: already signed or encrypted: run "
		    "bind before mcfg-encrypt and mcfg-sign", name);
	if ((st = tree_parse(in, name, NULL, &t)) != OK)
		return st;
	if (tree_get(t, "EncryptedPayloadContent") != NULL)
		return fail(MALFORMED, "%s: already encrypted: run bind before "
		    "mcfg-encrypt", name);
	if (tree_kind(t) != TREE_ARRAY && (tree_kind(t) != TREE_DICT ||
	    tree_get_kind(t, "PayloadContent", TREE_ARRAY) == NULL))
		return fail(REFUSED, "%s: not a profile: no PayloadContent "
		    "array", name);
	*out = STEAL(t);
	return OK;
}

static enum status
which(const struct args *a)
{
	if (a->signer == NULL && a->id == NULL)
		return opts_missing("--signer", "the certificate that signed "
		    "the attributes, or --id");
	if (a->signer != NULL && a->id != NULL)
		return fail(USAGE, "--signer and --id: one says which "
		    "enrollment");
	return OK;
}

static enum status
find_id(struct ledger *l, const struct args *a, char **id)
{
	auto_X509 *signer = NULL;
	enum status st;

	if (a->id != NULL) {
		*id = xstrdup(a->id);
		return OK;
	}
	if ((st = cert_load(a->signer, &signer)) != OK)
		return st;
	return enrollment_find(l, signer, signer_name(a->signer), id);
}

static enum status
find_policy(const struct args *a, bool *found, struct issue_policy *p)
{
	auto_buf yaml = BUF_INIT;
	enum status st;

	*found = false;
	if (a->policy == NULL)
		return a->source.config == NULL ? OK :
		    enrollment_policy(a->source.config, found, p);
	if ((st = io_slurp_file(a->policy, IO_TEXT_MAX, &yaml)) != OK)
		return st;
	*found = true;
	return issue_policy_read(&yaml, a->policy, p);
}

static enum status
run(const struct args *a)
{
	auto_issue_policy policy = ISSUE_POLICY_INIT;
	auto_buf in = BUF_SECRET, out = BUF_SECRET;
	const char *name = io_name(a->in.path);
	auto_tree *profile = NULL;
	auto_ledger *l = NULL;
	auto_char *id = NULL;
	bool changed = false, found = false;
	enum status st;

	if ((st = site_defaults(a->source.config, options)) != OK ||
	    (st = which(a)) != OK ||
	    (st = find_policy(a, &found, &policy)) != OK)
		return st;
	if ((st = io_slurp(&a->in, IO_PROFILE_MAX, &in)) != OK)
		return st;

	if ((st = parse(&in, name, &profile)) != OK ||
	    (st = open_ledger(&a->source, LEDGER_USE, &l)) != OK ||
	    (st = find_id(l, a, &id)) != OK ||
	    (st = enrollment_bind(l, id, profile, name,
	    found ? &policy : NULL, a->ttl, &changed)) != OK)
		return st;

	if (changed)
		tree_to_xml(profile, &out);
	return io_spill(&a->out, changed ? &out : &in);
}

const struct tool verb_bind = {
	.name = "bind",
	.summary = "Bind the challenges in a profile to the names beside them.",
	.operands = "[PROFILE]",
	.example = "mcfg-profile --vars vars.plist profile.yaml | "
	    "mcfg-enrollment bind --config site.yaml --signer signer.pem",
	.options = options,
	.args = &args,
	.input = &args.in,
	.run = run,
};
