/* list: the certificates that were issued, or the requests that are pending. */
#include <ctype.h>
#include <string.h>

#include "authority/authority.h"
#include "authority/listing.h"
#include "base/clock.h"
#include "verbs.h"

struct args {
	struct authority_source source;
	struct io_output out;
	bool json, pending;
	const char *state;
	const char *subject;
	int64_t expires;
};

static struct args args;

static const struct opt options[] = {
	OPT_DIR(args.source),
	OPT_LEDGER(args.source),
	{ 0, "json", NULL, "write a JSON array", .flag = &args.json },
	{ 0, "pending", NULL, "list pending requests instead",
	    .flag = &args.pending },
	{ 0, "state", "STATE", "only certificates in this state",
	    .choices = "valid|expired|revoked|not_yet_valid",
	    .value = &args.state },
	{ 0, "subject", "TEXT", "only certificates with TEXT in the subject",
	    .value = &args.subject },
	{ 0, "expires", "TIME", "only valid certificates that expire within "
	    "TIME, such as 30d",
	    .duration = &args.expires },
	OPT_OUTPUT(args.out),
	OPT_AT,
	{ 0 },
};

struct listing {
	const struct args *args;
	int64_t now;
	struct report *json;
	struct buf *text;
};

/* Compares without regard to ASCII case. */
static bool
holds(const char *text, const char *part)
{
	size_t n = strlen(part), i;

	for (; *text != '\0'; text++) {
		for (i = 0; i < n && tolower((unsigned char)text[i]) ==
		    tolower((unsigned char)part[i]); i++)
			;
		if (i == n)
			return true;
	}
	return n == 0;
}

static bool
is_wanted(const struct listing *l, const struct ledger_certificate *c)
{
	const struct args *a = l->args;
	const char *state = listing_state(c, l->now);

	if (a->state != NULL && strcmp(a->state, state) != 0)
		return false;
	if (a->subject != NULL && !holds(c->subject, a->subject))
		return false;
	return a->expires == 0 || (strcmp(state, "valid") == 0 &&
	    c->not_after <= l->now + a->expires);
}

static enum status
add(const struct ledger_certificate *c, void *arg)
{
	struct listing *l = arg;
	char until[CLOCK_TEXT];
	struct report *one;

	if (!is_wanted(l, c))
		return OK;
	if (l->json != NULL) {
		one = report_add_object(l->json, NULL);
		listing_report(c, l->now, one);
		return OK;
	}
	buf_printf(l->text, "%-32s  %-13s  %s  %-6s  ", c->serial,
	    listing_state(c, l->now), clock_format(c->not_after, until),
	    c->profile);
	listing_text(c->subject, l->text);
	buf_putc(l->text, '\n');
	return OK;
}

static void
report_request(const struct ledger_request *r, struct report *one)
{
	char csr[SECRET_HASH_TEXT];

	report_str(one, "transaction", r->transaction);
	report_str(one, "subject", r->subject);
	listing_names(&r->name, one);
	report_str(one, "state", ledger_state_name(r->state));
	report_time(one, "received", r->received);
	report_str(one, "client", r->client);
	report_str(one, "key_sha256", r->key_hash);
	secret_sha256(r->csr.data, r->csr.len, csr);
	report_str(one, "csr_sha256", csr);
	report_bool(one, "challenge", r->challenge != NULL);
	if (r->decided == 0)
		return;
	report_str(one, "decider", r->decider);
	report_time(one, "decided", r->decided);
}

static enum status
add_request(const struct ledger_request *r, void *arg)
{
	struct listing *l = arg;
	char age[LISTING_AGE], csr[SECRET_HASH_TEXT];
	auto_buf transaction = BUF_INIT;
	struct report *one;

	if (r->state != LEDGER_PENDING || (l->args->subject != NULL &&
	    !holds(r->subject, l->args->subject)))
		return OK;
	if (l->json != NULL) {
		one = report_add_object(l->json, NULL);
		report_request(r, one);
		return OK;
	}
	listing_transaction(r->transaction, &transaction);
	secret_sha256(r->csr.data, r->csr.len, csr);
	buf_printf(l->text, "%-32s  %4s  %-15s  %.16s  %.*s  ",
	    buf_str(&transaction), listing_age(r->received, l->now, age),
	    r->client != NULL ? r->client : "-", r->key_hash, LISTING_CSR,
	    csr);
	listing_name(r->subject, &r->name, l->text);
	buf_putc(l->text, '\n');
	return OK;
}

static void
add_header(struct listing *l)
{
	if (l->args->pending)
		buf_printf(l->text, "%-32s  %4s  %-15s  %-16s  %-*s  %s\n",
		    "TRANSACTION", "AGE", "ADDRESS", "KEY (SHA-256)",
		    LISTING_CSR, "CSR (SHA-256)", "SUBJECT");
	else
		buf_printf(l->text, "%-32s  %-13s  %-20s  %-6s  %s\n",
		    "SERIAL", "STATE", "NOT AFTER", "FOR", "SUBJECT");
}

static enum status
run(const struct args *a)
{
	auto_authority ca = AUTHORITY_INIT;
	auto_report *json = a->json ? report_array() : NULL;
	auto_buf out = BUF_INIT;
	struct listing l = { a, clock_now(), json, &out };
	enum status st;

	if (a->pending && (a->state != NULL || a->expires != 0))
		return fail(USAGE, "--pending cannot be used with --state or "
		    "--expires");
	if ((st = authority_open(&a->source, NEED_READ, &ca)) != OK)
		return st;
	if (json == NULL)
		add_header(&l);
	st = a->pending ? ledger_requests(ca.ledger, add_request, &l) :
	    ledger_certificates(ca.ledger, add, &l);
	if (st != OK)
		return st;
	if (json != NULL)
		report_render(json, &out);
	return io_spill(&a->out, &out);
}

const struct tool verb_list = {
	.name = "list",
	.summary = "List certificates, the newest first, or pending requests.",
	.example = "scep-ca list --dir ca --expires 30d --json",
	.options = options,
	.args = &args,
	.run = run,
};
