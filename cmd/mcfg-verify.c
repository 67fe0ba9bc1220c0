/*
 * mcfg-verify: reads CMS SignedData and writes the signed bytes if the signer
 * is trusted; or writes the list of all checks.
 */
#include <string.h>

#include "base/clock.h"
#include "cli/opts.h"
#include "plist/device_attributes.h"
#include "profile/profile.h"
#include "trust/trust.h"

static struct args {
	struct io_input in;
	struct io_output out;
	struct strings ca, device_ca, require;
	const char *signer_out, *anchor_out, *names_out, *report;
	const char *challenge, *purpose, *detached, *site;
	bool no_trust, allow_sha1, explain;
} args;

static const char *
check_require(const char *value)
{
	return value[0] != '=' && strchr(value, '=') != NULL ? NULL :
	    "not of the form NAME=VALUE";
}

static const struct opt options[] = {
	OPT_OUTPUT(args.out),
	OPT_LENGTH(args.in),
	{ 0, "ca", "FILE", "anchors: every certificate in FILE",
	    .values = &args.ca, .is_file = true },
	{ 0, "device-ca", "FILE", "anchors of factory device identities",
	    .values = &args.device_ca, .is_file = true },
	{ 0, "site", "DIR", "use the anchors of the site in DIR: its CA, an "
	    "outside CA, their predecessors, and the device CA",
	    .value = &args.site },
	{ 0, "no-trust", NULL, "check the signature, but accept any signer",
	    .flag = &args.no_trust },
	{ 0, "allow-sha1", NULL, "also accept SHA-1 signatures under --ca",
	    .flag = &args.allow_sha1 },
	{ 0, "purpose", "NAME", "purpose that the signer's certificate must "
	    "have",
	    .value = &args.purpose,
	    .choices = "signer|smime|codesign|client|server" },
	{ 0, "challenge", "SRC", "CHALLENGE must equal this: env:NAME, "
	    "file:PATH or fd:N", .value = &args.challenge,
	    .check = secret_check_source, .is_secret = true },
	{ 0, "require", "NAME=VALUE", "NAME in the signed plist must have this "
	    "value",
	    .values = &args.require, .check = check_require },
	{ 0, "detached", "FILE", "content of a detached signature",
	    .value = &args.detached, .is_file = true },
	{ 0, "explain", NULL, "write a list of all checks instead of the "
	    "content",
	    .flag = &args.explain },
	{ 0, "signer-out", "FILE", "write the signer's certificate in PEM",
	    .value = &args.signer_out },
	{ 0, "anchor-out", "FILE", "write the word ca, device or none",
	    .value = &args.anchor_out },
	{ 0, "names-out", "FILE", "write UDID and SERIAL of the signed "
	    "plist to FILE or fd:N, each before a unit separator (0x1f)",
	    .value = &args.names_out },
	OPT_REPORT(args.report),
	OPT_AT,
	{ 0 },
};

static const struct tool tool = {
	.name = "mcfg-verify",
	.summary = "Read CMS SignedData and write its content if the signer is "
	    "trusted.",
	.operands = "[FILE]",
	.example = "mcfg-verify --device-ca AppleiPhoneDeviceCA.pem "
	    "answer.p7s > attributes.plist",
	.options = options,
	.args = &args,
	.input = &args.in,
};

/* True if some of the anchors are CAs. */
static bool
has_ca(const struct args *a)
{
	return a->ca.n > 0 || a->site != NULL;
}

/* With --length --site reads what a device sends to the site's service. */
static size_t
input_limit(const struct args *a)
{
	bool is_of_device = a->site != NULL && a->in.length != NULL;

	return (has_ca(a) || a->no_trust) && !is_of_device ? IO_PROFILE_MAX :
	    IO_MESSAGE_MAX;
}

static enum status
check_usage(const struct args *a)
{
	bool anchored = has_ca(a) || a->device_ca.n > 0;

	if (!anchored && !a->no_trust)
		return opts_missing("--ca or --device-ca", "whom to trust, or "
		    "--site or --no-trust");
	if (anchored && a->no_trust)
		return fail(USAGE, "--no-trust cannot be used with --ca, "
		    "--device-ca or --site");
	if (!has_ca(a) && (a->allow_sha1 || a->purpose != NULL))
		return fail(USAGE, "%s needs --ca or --site", a->allow_sha1 ?
		    "--allow-sha1" : "--purpose");
	return OK;
}

static enum status
load_anchors(const struct args *a, struct trust_anchors *l)
{
	bool is_outside;
	enum status st;
	size_t i;

	if (a->site != NULL &&
	    (st = trust_add_site(l, a->site, &is_outside)) != OK)
		return st;
	for (i = 0; i < a->ca.n; i++)
		if ((st = trust_add_anchor(l, TRUST_CA, a->ca.v[i])) != OK)
			return st;
	for (i = 0; i < a->device_ca.n; i++)
		if ((st = trust_add_anchor(l, TRUST_DEVICE,
		    a->device_ca.v[i])) != OK)
			return st;
	return OK;
}

static enum status
write_report(const struct args *a, const struct trust_verdict *v)
{
	auto_report *r = report_object();
	enum status st;

	trust_report(v, r);
	if (a->explain)
		trust_report_checks(v, r);
	st = report_write(r, a->report);
	if (a->explain)		/* whatever the status is */
		io_keep_sides();
	return st;
}

/* A shell would drop NUL bytes, and read another plist than was signed. */
static enum status
check_text(const struct args *a, const struct buf *content)
{
	const char *reason = trust_check_text(content);

	return reason == NULL ? OK : fail(MALFORMED, "%s: %s",
	    io_name(a->in.path), reason);
}

/* Writes what the device says of itself. */
static enum status
write_names(const struct args *a, const struct trust_verdict *v)
{
	auto_char *udid = device_claim(v->plist, "UDID");
	auto_char *serial = device_claim(v->plist, "SERIAL");
	auto_buf text = BUF_INIT;

	buf_printf(&text, "%s%c%s%c", udid, DEVICE_CLAIM_END, serial,
	    DEVICE_CLAIM_END);
	return io_side(a->names_out, false, &text);
}

/* Writes the other outputs of a trusted message. */
static enum status
write_sides(const struct args *a, const struct trust_verdict *v)
{
	auto_buf signer = BUF_INIT, anchor = BUF_INIT;
	enum status st;

	if (a->report != NULL && (st = write_report(a, v)) != OK)
		return st;
	if (a->signer_out != NULL) {
		cert_to_pem(v->message.signer, &signer);
		if ((st = io_side(a->signer_out, false, &signer)) != OK)
			return st;
	}
	if (a->anchor_out != NULL) {
		buf_printf(&anchor, "%s\n", trust_kind_name(v->kind));
		if ((st = io_side(a->anchor_out, false, &anchor)) != OK)
			return st;
	}
	return a->names_out != NULL ? write_names(a, v) : OK;
}

/* Writes the list of checks, whatever the verdict is. */
static enum status
explain(const struct args *a, const struct trust_verdict *v)
{
	auto_buf list = BUF_INIT;
	enum status st;

	st = v->status == OK ? write_sides(a, v) :
	    a->report != NULL ? write_report(a, v) : OK;
	if (st != OK)
		return st;
	if (v->status == MALFORMED)
		return fail(MALFORMED, "%s: %s", io_name(a->in.path),
		    v->reason);
	trust_explain(v, &list);
	if ((st = io_spill(&a->out, &list)) != OK)
		return st;
	return v->status;
}

static enum status
run(const struct args *a)
{
	auto_buf in = BUF_INIT, challenge = BUF_SECRET, detached = BUF_INIT;
	auto_trust_anchors anchors = { NULL, 0 };
	auto_trust_verdict v = TRUST_VERDICT_INIT;
	struct trust_policy policy = { .no_trust = a->no_trust,
	    .allow_sha1 = a->allow_sha1, .purpose = a->purpose,
	    .require = a->require, .now = clock_now(),
	    .want_plist = a->report != NULL || a->names_out != NULL ||
	    a->out.path != NULL };
	struct io_output out = a->out;
	enum status st;
	size_t i;

	if ((st = check_usage(a)) != OK ||
	    (st = load_anchors(a, &anchors)) != OK ||
	    (a->challenge != NULL &&
	    (st = secret_read(a->challenge, "--challenge", &challenge)) !=
	    OK))
		return st;

	if ((a->detached != NULL &&
	    (st = io_slurp_file(a->detached, IO_PROFILE_MAX, &detached)) !=
	    OK) ||
	    (st = io_slurp(&a->in, input_limit(a), &in)) != OK)
		return st;

	policy.all = a->explain;
	policy.anchors = anchors;
	policy.challenge = a->challenge != NULL ? &challenge : NULL;
	policy.detached = a->detached != NULL ? &detached : NULL;
	st = trust_judge(&in, io_name(a->in.path), &policy, &v);
	for (i = 0; i < v.n_checks; i++)
		if (v.checks[i].outcome != TRUST_NOT_REACHED)
			detail("%s: %s", v.checks[i].name, v.checks[i].text);
	if (a->explain)
		return explain(a, &v);
	if (st != OK)
		return fail(st, "%s: %s", io_name(a->in.path), v.reason);

	if (a->names_out != NULL &&
	    (st = check_text(a, &v.message.content)) != OK)
		return st;
	out.is_private = v.plist != NULL && profile_holds_secret(v.plist);
	if ((st = write_sides(a, &v)) != OK)
		return st;
	return io_spill(&out, &v.message.content);
}

int
main(int argc, char **argv)
{
	return (int)opts_main(&tool, argc, argv, run);
}
