/*
 * invite: makes a link that lets a user enroll one device without a password.
 */
#include <string.h>

#include "base/clock.h"
#include "enrollment.h"
#include "page/qr.h"
#include "site/site.h"
#include "text/text.h"

enum { INVITE_TTL = 3 * CLOCK_DAY };

static struct args {
	struct source source;
	const char *url, *user, *auth, *attribute, *revoke;
	const char *report;
	struct strings set, vars;
	int64_t ttl;
	bool qr;
	struct io_output out;
} args = { .ttl = INVITE_TTL, .out = { .is_private = true } };

static const struct opt options[] = {
	OPT_USER(args.user),
	{ 0, "set", "NAME=VALUE", "set a fact about the user",
	    .values = &args.set, .check = spec_check_setting },
	{ 0, "vars", "FILE", "read facts from a plist, JSON or YAML",
	    .values = &args.vars, .is_file = true },
	{ 0, "ttl", "TIME", "lifetime of the link (3d)",
	    .duration = &args.ttl },
	{ 0, "qr", NULL, "also print the link as a QR code", .flag = &args.qr },
	{ 0, "revoke", "ID", "revoke the link with this ID from the list",
	    .value = &args.revoke },
	OPT_SOURCE(args.source),
	OPT_REPORT(args.report),
	OPT_OUTPUT(args.out),
	OPT_AT,
	SITE_AUTH(args.auth, args.attribute),
	{ .name = "url", .value = &args.url, .config = "url" },
	{ 0 },
};

enum status
invitation_find(struct ledger *l, const char *src,
    struct ledger_invitation *i)
{
	auto_buf token = BUF_SECRET;
	enum status st;

	if ((st = secret_read(src, "--invitation", &token)) != OK)
		return st;
	return enrollment_invitation(l, buf_str(&token), i);
}

/* ---- creating one ---- */

static enum status
write_report(const struct args *a, const struct enrollment_invited *i)
{
	auto_report *r = report_object();
	auto_char *id = xstrndup(i->hash, LEDGER_ID_TEXT);

	report_str(r, "id", id);
	report_time(r, "expires", i->expires);
	return report_write(r, a->report);
}

/* Checked before anything is recorded. */
static bool
can_show_qr(const char *url)
{
	auto_qr q = QR_INIT;
	auto_char *link = xasprintf("%s/i/%32s", url, "");

	return qr_make(link, &q);
}

static enum status
add_qr(struct buf *out, const char *link)
{
	auto_qr q = QR_INIT;

	if (!qr_make(link, &q))
		return fail(FAULT, "--qr: no QR code can be made");
	qr_to_terminal(&q, out);
	return OK;
}

struct answer {
	const struct args *args;
	struct ledger *ledger;
	struct enrollment_invited invited;
	struct buf text;		/* the output */
};

static void
answer_free(struct answer *w)
{
	enrollment_invited_free(&w->invited);
	buf_free(&w->text);
}

static enum status
make_answer(void *arg, const struct enrollment_invited *i)
{
	struct answer *w = arg;
	const struct args *a = w->args;
	auto_buf link = BUF_SECRET;
	enum status st;

	buf_printf(&link, "%s/i/%s", a->url, buf_str(&i->token));
	buf_printf(&w->text, "%s\n", buf_str(&link));
	if (a->qr && (st = add_qr(&w->text, buf_str(&link))) != OK)
		return st;
	return write_report(a, i);
}

/* The link was not delivered, so the invitation is revoked. */
static enum status
undo(void *arg)
{
	const struct answer *w = arg;
	size_t matches = 0;
	bool done = false;

	return ledger_revoke_invitation(w->ledger, w->invited.hash,
	    clock_now(), &matches, &done);
}

static enum status
invite(struct ledger *l, const struct args *a)
{
	AUTO(answer_free) struct answer w = { .args = a, .ledger = l,
	    .invited = ENROLLMENT_INVITED_INIT, .text = BUF_SECRET };
	auto_tree *facts = tree_dict();
	auto_char *user = NULL;
	enum status st;

	if ((st = enrollment_user_name(a->user, a->auth, a->attribute,
	    &user)) != OK ||
	    (st = facts_read(&a->vars, &a->set, facts)) != OK ||
	    (st = enrollment_invite(l, user, facts, a->ttl, make_answer, &w,
	    &w.invited)) != OK)
		return st;

	return io_hand_over(&a->out, &w.text, undo, &w);
}

/* ---- revoking one ---- */

static enum status
revoke(struct ledger *l, const char *id)
{
	size_t matches = 0, len = strlen(id);
	bool done = false;
	enum status st;

	if (len < LEDGER_ID_LEAST || strspn(id, "0123456789abcdef") != len)
		return fail(USAGE, "--revoke: '%s': not the ID of an "
		    "invitation", id);
	if ((st = ledger_revoke_invitation(l, id, clock_now(), &matches,
	    &done)) != OK)
		return st;
	if (matches == 0)
		return fail(REFUSED, "invitation %s: unknown", id);
	if (matches > 1)
		return fail(REFUSED, "invitation %s: %zu begin with this: give "
		    "more digits", id, matches);
	return done ? OK : fail(REFUSED, "invitation %s: was used or revoked "
	    "before; abort ends the enrollment of a device", id);
}

static enum status
check(const struct args *a)
{
	if (a->revoke != NULL && (a->user != NULL || a->qr ||
	    a->set.n + a->vars.n > 0 || a->report != NULL))
		return fail(USAGE, "--revoke cannot be used with options of a "
		    "new invitation");
	if (a->revoke == NULL && a->user == NULL)
		return opts_missing("--user", "who is invited");
	if (a->revoke == NULL && a->url == NULL)
		return opts_missing("--config", "the site, whose url the link "
		    "begins with");
	if (a->qr && !can_show_qr(a->url))
		return fail(FAULT, "--qr: no QR code of the link can be made "
		    "(built without libqrencode, or url is too long)");
	return OK;
}

static enum status
run(const struct args *a)
{
	auto_ledger *l = NULL;
	enum status st;

	if ((st = site_defaults(a->source.config, options)) != OK ||
	    (st = check(a)) != OK ||
	    (st = open_ledger(&a->source, a->revoke != NULL ? LEDGER_USE :
	    LEDGER_CREATE, &l)) != OK)
		return st;
	return a->revoke != NULL ? revoke(l, a->revoke) : invite(l, a);
}

const struct tool verb_invite = {
	.name = "invite",
	.summary = "Print a link for a user to enroll one device without a "
	    "password.",
	.example = "mcfg-enrollment invite --config site.yaml --user=jane --qr",
	.options = options,
	.args = &args,
	.run = run,
};
