/*
 * Phases 2 and 3: /profile.  A device proves its identity by a signature in
 * each phase.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cms/cms.h"
#include "plist/device_attributes.h"
#include "profile/template.h"
#include "service.h"

#define TYPE		"application/x-apple-aspen-config"

enum { WHAT_MAX = 600 };

/* ---- the response ---- */

static enum status
sign(struct visit *v, const struct tree *profile, struct buf *der)
{
	struct cms_sign how = { .signing_time = clock_written() };
	auto_buf xml = BUF_SECRET;
	enum status st;

	if ((st = service_site(v->s)) != OK ||
	    (st = service_signer(v->s)) != OK ||
	    (st = profile_signer_check(&v->s->signer, false)) != OK)
		return st;
	how.id = &v->s->signer.id;
	how.digest = v->s->settings.digest;
	tree_to_xml(profile, &xml);
	return cms_sign(&xml, &how, der);
}

int
send_profile(struct visit *v, const struct tree *profile, const char *file,
    const char *fmt, ...)
{
	char what[WHAT_MAX];
	va_list ap;
	int code;

	step_begin(v, "mcfg-sign");
	if ((code = step_end(v, WEB_SITE, sign(v, profile, &v->body))) != 0)
		return code;
	web_put_attachment(&v->header, file, TYPE, v->body.len);
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	return refuse(v, 200, "%s", what);
}

/* ---- who signed ---- */

static enum status
verify(struct visit *v, const struct buf *message, struct trust_verdict *out)
{
	struct trust_policy policy = { .allow_sha1 = true,
	    .want_plist = true, .now = clock_now() };
	const char *reason;
	enum status st;

	policy.anchors = v->s->anchors;
	if ((st = trust_judge(message, "stdin", &policy, out)) != OK)
		return fail(st, "stdin: %s", out->reason);
	if ((reason = trust_check_text(&out->message.content)) != NULL)
		return fail(MALFORMED, "stdin: %s", reason);
	return OK;
}

/* Sets *allow to the list of devices, or to NULL if the site has none. */
static enum status
find_list(const char **allow)
{
	bool exists;
	enum status st;

	*allow = NULL;
	if ((st = io_exists(ENROLLMENT_DEVICES, &exists)) == OK && exists)
		*allow = ENROLLMENT_DEVICES;
	return st;
}

/* Sets what the log shows about a device: its own claims. */
static void
name_device(struct visit *v, const struct trust_verdict *who)
{
	v->udid = device_claim(who->plist, "UDID");
	v->serial = device_claim(who->plist, "SERIAL");
}

/* ---- phase 2: a SCEP payload ---- */

enum status
service_scep_settings(struct service *s)
{
	struct settings *t = &s->settings;
	const struct opt rows[] = {
		{ .name = "url", .value = &t->scep_url,
		    .check = text_check_url, .config = "scep.url" },
		{ .name = "name", .value = &t->scep_name,
		    .check = profile_check_text, .config = "scep.name" },
		{ .name = "challenge", .value = &t->scep_challenge,
		    .config = "scep.challenge" },
		{ .name = "key-size", .number = &t->key_size, .min = 1024,
		    .max = 4096, .config = "scep.key_size" },
		{ .name = "key-usage", .value = &t->key_usage,
		    .config = "scep.key_usage" },
		{ .name = "fingerprint", .value = &t->fingerprint,
		    .config = "scep.fingerprint" },
		OPT_PAYLOAD(t->scep_id, "scep"),
		{ 0 },
	};
	enum status st;

	if ((st = site_apply(s->site, rows)) != OK)
		return st;
	if (t->scep_url == NULL)
		return opts_missing("--url", "of the SCEP server");
	if (t->scep_id.identifier == NULL)
		return opts_missing("--identifier", "the name of the profile, "
		    "never changed");
	return OK;
}

/*
 * The site's fixed challenge for an outside CA; its path is relative to
 * site.yaml.
 */
static enum status
read_fixed_challenge(const struct service *s, struct buf *out)
{
	return s->settings.scep_challenge == NULL ? OK :
	    secret_read(s->settings.scep_challenge, "--challenge", out);
}

static enum status
make_scep(struct service *s, const char *subject, struct buf *challenge,
    struct tree **out)
{
	const char *ca_name = s->is_outside ? TRUST_SITE_OUTSIDE : TRUST_SITE_CA;
	struct settings *t = &s->settings;
	struct profile_scep p = { .retries = -1, .retry_delay = -1 };
	auto_buf fingerprint = BUF_INIT;
	auto_tree *dn = NULL;
	const X509 *ca = service_ca(s, ca_name);
	const char *reason;
	enum status st;

	if ((st = service_scep_settings(s)) != OK ||
	    (challenge->len == 0 && s->is_outside &&
	    (st = read_fixed_challenge(s, challenge)) != OK) ||
	    (st = profile_fingerprint(t->fingerprint, ca, ca_name,
	    &fingerprint)) != OK)
		return st;
	if ((reason = profile_subject(subject, &dn)) != NULL)
		return fail(USAGE, "--subject: %s", reason);
	if ((reason = profile_key_usage(t->key_usage, &p.key_usage)) != NULL)
		return fail(USAGE, "site.yaml: scep.key_usage: %s", reason);
	p.url = t->scep_url;
	p.name = t->scep_name;
	p.subject = dn;
	p.challenge = challenge->len > 0 ? challenge : NULL;
	p.fingerprint = &fingerprint;
	p.key_size = t->key_size;
	return profile_scep_configuration(&t->scep_id, &p, out);
}

/* Asks the site's program for the outside CA's challenge for this subject. */
static int
ask_challenge(struct visit *v, const char *subject, struct buf *challenge)
{
	const char *program = v->s->settings.challenge_program;
	const struct site_place place = visit_place(v);

	buf_cut(challenge, 0);
	if (program == NULL)
		return 0;
	step_begin(v, "mcfg-scep-payload");
	return step_end(v, WEB_SITE, site_ask_challenge(&place, program,
	    subject, challenge));
}

static int
send_scep(struct visit *v, const struct enrollment_identified *e)
{
	auto_buf challenge = BUF_SECRET;
	auto_tree *payload = NULL;
	int code;

	if (!v->s->is_outside)
		buf_add_buf(&challenge, &e->challenge);
	else if ((code = ask_challenge(v, e->subject, &challenge)) != 0)
		return code;
	step_begin(v, "mcfg-scep-payload");
	code = step_end(v, WEB_SITE, make_scep(v->s, e->subject, &challenge,
	    &payload));
	return code != 0 ? code : send_profile(v, payload,
	    "identity.mobileconfig", "identity payload (phase 2)");
}

struct answer {
	struct visit *v;
	int code;		/* 0: not begun; 200: made; or a failure */
};

/*
 * Called before the ledger is written, so that a failure spends no challenge.
 */
static enum status
make_answer(void *arg, const struct enrollment_identified *e)
{
	struct answer *a = arg;

	if ((a->code = send_scep(a->v, e)) != 200)
		return FAULT;
	step_begin(a->v, "mcfg-enrollment");
	return OK;
}

/* The ledger did not take it: another process may have been faster. */
static void
drop_response(struct visit *v)
{
	buf_cut(&v->header, 0);
	buf_cut(&v->body, 0);
}

static int
phase2(struct visit *v, const struct buf *attributes, const char *allow)
{
	auto_enrollment_identified e = ENROLLMENT_IDENTIFIED_INIT;
	const struct enrollment_identified *i;
	struct answer a = { v, 0 };
	struct enrollment_identify how = { .allow = allow,
	    .ready = make_answer, .arg = &a };
	enum status st;
	int code;

	step_begin(v, "mcfg-enrollment");
	if ((st = service_ledger(v->s, LEDGER_USE)) == OK) {
		how.organization = v->s->settings.organization;
		how.ttl = v->s->settings.challenge_ttl;
		st = enrollment_identify(v->s->ledger, attributes, "stdin",
		    &how, &e);
	}
	if (st == OK)
		visit_spent(v, &e);
	i = st == OK ? &v->identified : &e;
	if (i->id != NULL) {
		v->enrollment = xstrdup(i->id);
		v->user = xstrdup(i->user);
	}
	if (a.code != 0 && a.code != 200)
		return a.code;
	if ((code = step_end(v, WEB_DEVICE, st)) == 0)
		return 200;
	drop_response(v);
	return code;
}

/* ---- phase 3: the configuration ---- */

static enum status
fill(const struct tree *variables, struct tree **profile)
{
	static const char *const here[] = { "." };
	const struct strings folders = { (const char **)(uintptr_t)here, 1 };
	const struct identities none = { .given = { .uuid = NULL } };
	auto_template template = TEMPLATE_INIT;
	struct io_input in = { NULL, NULL };
	auto_char *path = NULL;
	enum status st;

	if ((st = template_choose(".", variables, &path)) != OK)
		return st;
	in.path = path;
	if ((st = template_read(&in, &template)) != OK)
		return st;
	return template_fill(&template, variables, &none, &folders, profile);
}

static enum status
encrypt(struct tree *profile, X509 *to)
{
	STACK_OF(X509) *one = sk_X509_new_null();
	auto_buf der = BUF_INIT;
	enum status st;

	if (one == NULL || sk_X509_push(one, to) <= 0)
		mem_exhausted();
	if ((st = profile_check_plain(profile, "stdin")) == OK &&
	    (st = profile_encrypt_payloads(profile, one, "aes-256-cbc",
	    &der)) == OK)
		profile_set_encrypted(profile, &der);
	sk_X509_free(one);	/* the certificate is borrowed */
	return st;
}

static int
make_configuration(struct visit *v, X509 *device,
    struct enrollment_completed *c, struct tree **profile)
{
	auto_issue_policy policy = ISSUE_POLICY_INIT;
	bool found = false;
	enum status st;
	int code;

	step_begin(v, "mcfg-profile");
	if ((code = step_end(v, WEB_SITE, fill(c->variables, profile))) != 0)
		return code;
	step_begin(v, "mcfg-enrollment");
	if ((st = enrollment_policy("site.yaml", &found, &policy)) == OK)
		st = enrollment_tie(v->s->ledger, c, *profile, "stdin",
		    found ? &policy : NULL, v->s->settings.challenge_ttl);
	if ((code = step_end(v, WEB_SITE, st)) != 0)
		return code;
	step_begin(v, "mcfg-encrypt");
	return step_end(v, WEB_SITE, encrypt(*profile, device));
}

struct configuration {
	struct visit *v;
	X509 *device;
	int code;		/* as that of struct answer */
};

/* As in phase 2, all but the ledger. */
static enum status
configure(void *arg, struct enrollment_completed *c)
{
	struct configuration *a = arg;
	auto_tree *profile = NULL;

	/* The enrollment counts as configured once the web server has all of
	 * the response.  A failure from here on is recorded, too. */
	a->v->sent = xstrdup(c->id);
	memcpy(a->v->completed, c->challenges[0].hash,
	    sizeof a->v->completed);
	if ((a->code = step_end(a->v, WEB_DEVICE, OK)) == 0 &&
	    (a->code = make_configuration(a->v, a->device, c,
	    &profile)) == 0)
		a->code = send_profile(a->v, profile,
		    "configuration.mobileconfig", "configuration (phase 3)");
	if (a->code != 200)
		return FAULT;
	step_begin(a->v, "mcfg-enrollment");
	return OK;
}

static int
phase3(struct visit *v, const struct trust_verdict *who, const char *allow)
{
	static const char *const outside[] = { TRUST_SITE_OUTSIDE };
	struct strings files = { (const char **)(uintptr_t)outside,
	    v->s->is_outside ? 1 : 0 };
	auto_enrollment_completed c = ENROLLMENT_COMPLETED_INIT;
	struct configuration a = { v, who->message.signer, 0 };
	struct enrollment_complete how = { .signer = who->message.signer,
	    .signer_name = "signer", .outside = &files, .allow = allow,
	    .ready = configure, .arg = &a };
	enum status st;
	int code;

	step_begin(v, "mcfg-enrollment");
	if ((st = service_ledger(v->s, LEDGER_USE)) == OK) {
		how.repeat = v->s->settings.repeat;
		how.attributes = &v->s->settings.attributes;
		how.ttl = v->s->settings.challenge_ttl;
		st = enrollment_complete(v->s->ledger, &who->message.content,
		    "stdin", &how, &c);
	}
	if (c.id != NULL) {
		v->enrollment = xstrdup(c.id);
		v->user = xstrdup(c.user);
	}
	if (a.code != 0 && a.code != 200)
		return a.code;
	if ((code = step_end(v, WEB_DEVICE, st)) == 0)
		return 200;
	drop_response(v);
	free(STEAL(v->sent));
	return code;
}

/* A body that cannot be read is reported as mcfg-verify reports it. */
static int
read_message(struct visit *v, struct buf *message)
{
	struct web_verdict got = web_read_body(v->x, IO_MESSAGE_MAX, false,
	    message);
	struct problem why = { .name = "stdin" };
	int64_t length = web_length(v->x);

	if (got.code == 0)
		return 0;
	if (got.code == 500)
		(void)problem_errno(&why, FAULT, "cannot read");
	else if (got.code == 400 && length > 0)
		(void)io_ends_early(&why, message->len, (size_t)length);
	else
		return refuse(v, got.code, "%s", got.reason);
	step_begin(v, "mcfg-verify");
	return step_end(v, WEB_DEVICE, problem_print(&why));
}

int
answer_profile(struct visit *v)
{
	auto_trust_verdict who = TRUST_VERDICT_INIT;
	auto_buf message = BUF_INIT;
	const char *allow = NULL;
	int code;

	if ((code = read_message(v, &message)) != 0)
		return code;
	step_begin(v, "mcfg-verify");
	if ((code = step_end(v, WEB_SITE, service_anchors(v->s))) != 0)
		return code;
	step_begin(v, "mcfg-verify");
	if ((code = step_end(v, WEB_DEVICE, verify(v, &message, &who))) != 0)
		return code;
	name_device(v, &who);
	/* A broken site.yaml is not the device's fault. */
	step_begin(v, "mcfg-enrollment");
	if ((code = step_end(v, WEB_SITE, service_ledger_uri(v->s))) != 0)
		return code;
	step_begin(v, "mcfg-enrollment");
	if ((code = step_end(v, WEB_SITE, find_list(&allow))) != 0)
		return code;
	return who.kind == TRUST_DEVICE ?
	    phase2(v, &who.message.content, allow) : phase3(v, &who, allow);
}
