/* challenge: one-time passwords, each good for one certificate. */
#include <string.h>

#include "authority/authority.h"
#include "authority/listing.h"
#include "base/clock.h"
#include "base/encoding.h"
#include "base/words.h"
#include "verbs.h"

struct args {
	struct authority_source source;
	struct io_output out;
	int64_t ttl;
	const char *subject;
	struct strings san;
	const char *note;
	bool list, json;
	const char *void_id;
};

static struct args args;

enum { TTL_DEFAULT = 60 * CLOCK_MINUTE };

static const struct opt options[] = {
	OPT_DIR(args.source),
	OPT_LEDGER(args.source),
	{ 0, "ttl", "TIME", "lifetime: 15m, 24h, 7d (default: 60m)",
	    .duration = &args.ttl },
	{ 0, "subject", "DN", "the only subject for which it is valid",
	    .value = &args.subject, .check = cert_check_name },
	{ 0, "san", "TYPE:VALUE", "alternative name that the request must have "
	    "(default: none)", .values = &args.san,
	    .check = cert_check_san },
	{ 0, "note", "TEXT", "note for the operator",
	    .value = &args.note },
	{ 0, "list", NULL, "list the challenges made by this verb",
	    .flag = &args.list },
	{ 0, "json", NULL, "with --list: write a JSON array",
	    .flag = &args.json },
	{ 0, "void", "ID", "void the challenge with this ID from the list",
	    .value = &args.void_id },
	OPT_OUTPUT(args.out),
	OPT_AT,
	{ 0 },
};

/* ---- creating a challenge ---- */

/* Binds it to a name, if policy accepts that name. */
static enum status
bind(const struct args *a, const struct authority *ca,
    struct ledger_challenge *c)
{
	auto_X509_NAME *subject = NULL;
	auto_GENERAL_NAMES *names = NULL;
	struct issue_refusal no;
	const char *reason;
	enum status st;
	size_t i;

	if (a->subject == NULL)
		return OK;
	if ((reason = cert_parse_name(a->subject, &subject)) != NULL)
		return fail(USAGE, "--subject: %s", reason);
	for (i = 0; i < a->san.n; i++)
		if ((reason = cert_add_san(a->san.v[i], &names)) != NULL)
			return fail(USAGE, "--san %s: %s", a->san.v[i],
			    reason);
	st = issue_judge_name(&ca->policy, subject, names, ca->now.ca.cert,
	    &no);
	if (st == REFUSED)
		return fail(REFUSED, "%s: no certificate could be issued for "
		    "it: %s", a->subject, no.text);
	if (st != OK)
		return st;
	c->bound = true;
	cert_name_to_der(subject, &c->name.subject);
	cert_names_to_der(names, &c->name.names);
	return OK;
}

struct answer {
	struct ledger *ledger;
	struct ledger_challenge record;
	struct buf text;		/* the output */
};

static void
answer_free(struct answer *w)
{
	ledger_challenge_free(&w->record);
	buf_free(&w->text);
}

static enum status
fill(const struct args *a, struct authority *ca, int64_t now,
    struct answer *w)
{
	struct ledger_challenge *c = &w->record;
	char text[SECRET_CHALLENGE_TEXT];
	enum status st;

	if ((st = bind(a, ca, c)) != OK ||
	    (st = secret_challenge(text)) != OK)
		return st;
	secret_sha256(text, sizeof text - 1, c->hash);
	buf_printf(&w->text, "%s\n", text);
	buf_wipe(text, sizeof text);
	c->purpose = LEDGER_MANUAL;
	c->note = a->note != NULL ? xstrdup(a->note) : NULL;
	c->expires = now + (a->ttl > 0 ? a->ttl : TTL_DEFAULT);
	return OK;
}

/* The challenge was not delivered, so it is voided. */
static enum status
undo(void *arg)
{
	const struct answer *w = arg;
	size_t matches = 0;
	bool done = false;

	return ledger_void_challenge(w->ledger, w->record.hash, clock_now(),
	    &matches, &done);
}

static enum status
make(const struct args *a)
{
	AUTO(answer_free) struct answer w = {
	    .record = LEDGER_CHALLENGE_INIT, .text = BUF_SECRET };
	const struct io_output to = { a->out.path, a->out.http, true };
	auto_authority ca = AUTHORITY_INIT;
	int64_t now = clock_now();
	enum status st;

	if ((st = authority_open(&a->source, NEED_CERTS | NEED_LEDGER,
	    &ca)) != OK || (st = fill(a, &ca, now, &w)) != OK)
		return st;
	w.ledger = ca.ledger;
	if ((st = ledger_add_challenge(ca.ledger, &w.record, now)) != OK)
		return st;

	return io_hand_over(&to, &w.text, undo, &w);
}

/* ---- listing challenges ---- */

struct challenges {
	int64_t now;
	struct report *json;
	struct buf *text;
};

static const char *
state_of(const struct ledger_challenge *c, int64_t now)
{
	if (c->spent)
		return "spent";
	if (c->voided)
		return "voided";
	return c->expires <= now ? "expired" : "open";
}

static char *
subject_of(const struct ledger_challenge *c)
{
	auto_X509_NAME *name = NULL;

	if (!c->bound || cert_name_from_der(c->name.subject.data,
	    c->name.subject.len, &name) != NULL)
		return NULL;
	return cert_name_text(name);
}

static void
report_challenge(const struct ledger_challenge *c, const char *id,
    const struct challenges *l)
{
	struct report *one = report_add_object(l->json, NULL);
	auto_char *subject = subject_of(c);

	report_str(one, "id", id);
	report_str(one, "state", state_of(c, l->now));
	report_bool(one, "bound", c->bound);
	report_str(one, "subject", subject);
	listing_names(&c->name, one);
	report_str(one, "note", c->note);
	report_time(one, "created", c->created);
	report_time(one, "expires", c->expires);
}

static void
print_challenge(const struct ledger_challenge *c, const char *id,
    const struct challenges *l)
{
	auto_char *subject = subject_of(c);
	char until[CLOCK_TEXT], note[300];

	buf_printf(l->text, "%s  %-7s  %s  ", id, state_of(c, l->now),
	    clock_format(c->expires, until));
	if (c->bound)
		listing_name(subject != NULL ? subject : "?", &c->name,
		    l->text);
	else
		buf_puts(l->text, "any name");
	if (c->note != NULL) {
		diag_escape(c->note, strlen(c->note), note, sizeof note);
		buf_printf(l->text, "  (%s)", note);
	}
	buf_putc(l->text, '\n');
}

static enum status
add(const struct ledger_challenge *c, void *arg)
{
	const struct challenges *l = arg;
	auto_char *id = xstrndup(c->hash, LEDGER_ID_TEXT);

	if (c->purpose != LEDGER_MANUAL)
		return OK;
	if (l->json != NULL)
		report_challenge(c, id, l);
	else
		print_challenge(c, id, l);
	return OK;
}

static enum status
list(const struct args *a)
{
	auto_authority ca = AUTHORITY_INIT;
	auto_report *json = a->json ? report_array() : NULL;
	auto_buf out = BUF_INIT;
	struct challenges l = { clock_now(), json, &out };
	enum status st;

	if (json == NULL)
		buf_printf(&out, "%-12s  %-7s  %-20s  %s\n", "ID", "STATE",
		    "EXPIRES", "FOR");
	if ((st = authority_open(&a->source, NEED_READ, &ca)) != OK ||
	    (st = ledger_challenges(ca.ledger, add, &l)) != OK)
		return st;
	if (json != NULL)
		report_render(json, &out);
	return io_spill(&a->out, &out);
}

/* ---- voiding a challenge ---- */

static enum status
make_void(const struct args *a)
{
	auto_authority ca = AUTHORITY_INIT;
	auto_char *id = xstrdup(a->void_id);
	size_t matches, i;
	enum status st;
	bool done;

	for (i = 0; id[i] != '\0'; i++)
		if (hex_digit(id[i]) < 0)
			return fail(USAGE, "--void %s: not an ID of "
			    "challenge --list", id);
	words_lower(id);
	if (i < LEDGER_ID_LEAST)
		return fail(USAGE, "--void %s: at least %d digits of an ID",
		    id, (int)LEDGER_ID_LEAST);
	if ((st = authority_open(&a->source, NEED_LEDGER, &ca)) != OK ||
	    (st = ledger_void_challenge(ca.ledger, id, clock_now(), &matches,
	    &done)) != OK)
		return st;
	if (matches == 0)
		return fail(REFUSED, "%s: no such challenge", id);
	if (matches > 1)
		return fail(REFUSED, "%s: %zu challenges begin with it: use "
		    "more digits", id, matches);
	return done ? OK : fail(REFUSED, "%s: was spent or voided before",
	    id);
}

static enum status
run(const struct args *a)
{
	bool makes = a->subject != NULL || a->san.n > 0 || a->note != NULL ||
	    a->ttl > 0;

	if (a->list && (makes || a->void_id != NULL))
		return fail(USAGE, "--list cannot be used with --subject, "
		    "--san, --note, --ttl or --void");
	if (a->void_id != NULL && makes)
		return fail(USAGE, "--void cannot be used with --subject, "
		    "--san, --note or --ttl");
	if (a->json && !a->list)
		return fail(USAGE, "--json: needs --list");
	if (a->san.n > 0 && a->subject == NULL)
		return opts_missing("--subject", "the subject that goes with "
		    "--san");
	if (a->list)
		return list(a);
	return a->void_id != NULL ? make_void(a) : make(a);
}

const struct tool verb_challenge = {
	.name = "challenge",
	.summary = "Write a new one-time challenge, or list or void "
	    "challenges.",
	.example = "scep-ca challenge --dir ca --subject /O=Example/CN=printer",
	.options = options,
	.args = &args,
	.run = run,
};
