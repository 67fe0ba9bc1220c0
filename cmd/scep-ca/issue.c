/* issue: makes the operator's own certificates. */
#include <string.h>

#include "authority/authority.h"
#include "authority/listing.h"
#include "base/clock.h"
#include "crl.h"
#include "verbs.h"

struct args {
	struct authority_source source;
	struct io_output out;
	const char *csr;
	const char *profile;
	struct strings san;
	long days;
};

static struct args args;

static const struct opt options[] = {
	OPT_DIR(args.source),
	OPT_LEDGER(args.source),
	{ 0, "csr", "FILE", "certification request, PEM or DER",
	    .is_file = true,
	    .value = &args.csr },
	{ 0, "profile", "NAME", "profile of the certificate",
	    .choices = "tls|signer|client", .value = &args.profile },
	{ 0, "san", "TYPE:VALUE", "alternative name, replaces those of the "
	    "request: dns, ip, email, uri, upn", .values = &args.san,
	    .check = cert_check_san },
	{ 0, "days", "N", "lifetime of the certificate", .number = &args.days,
	    .min = 1, .max = 36500 },
	OPT_OUTPUT(args.out),
	OPT_KEY_ACCESS(args.source.key),
	OPT_AT,
	{ 0 },
};

enum { SERIAL_TRIES = 4 };

static enum status
check_args(const struct args *a)
{
	if (a->csr == NULL)
		return opts_missing("--csr", "the certification request");
	if (a->profile == NULL)
		return opts_missing("--profile", "tls, signer or client");
	if (strcmp(a->profile, "tls") == 0 && a->days > ISSUE_TLS_DAYS)
		return fail(USAGE, "--days %ld: a TLS certificate lasts at "
		    "most %d days", a->days,
		    ISSUE_TLS_DAYS);
	return OK;
}

static enum status
load_request(const struct args *a, X509_REQ **out)
{
	auto_buf in = BUF_INIT;
	const char *reason;
	enum status st;

	if ((st = io_slurp_file(a->csr, IO_KEY_MAX, &in)) != OK)
		return st;
	if ((reason = cert_parse_request(&in, out)) != NULL)
		return fail(MALFORMED, "%s: %s", io_name(a->csr), reason);
	return OK;
}

static enum status
set_names(const struct args *a, struct issue_wish *w)
{
	const char *reason;
	size_t i;

	if (a->san.n > 0) {
		GENERAL_NAMES_free(w->names);
		w->names = NULL;
	}
	for (i = 0; i < a->san.n; i++)
		if ((reason = cert_add_san(a->san.v[i], &w->names)) != NULL)
			return fail(USAGE, "--san %s: %s", a->san.v[i],
			    reason);
	return OK;
}

/* A TLS certificate must name a host. */
static enum status
check_names(const struct args *a, const struct issue_wish *w)
{
	int i;

	if (strcmp(a->profile, "tls") != 0)
		return OK;
	for (i = 0; w->names != NULL && i < sk_GENERAL_NAME_num(w->names);
	    i++) {
		int type = sk_GENERAL_NAME_value(w->names, i)->type;

		if (type == GEN_DNS || type == GEN_IPADD)
			return OK;
	}
	return fail(REFUSED, "%s: profile tls needs a subjectAltName of dns "
	    "or ip (--san dns:HOST)", io_name(a->csr));
}

static struct issue_order
order_of(const struct args *a, const struct authority *ca,
    const struct issue_wish *w)
{
	struct issue_order o = { .subject = w->subject, .key = w->key,
	    .names = w->names, .ca = &ca->now.ca, .policy = &ca->policy,
	    .now = clock_now() };
	long days = 365;

	o.profile = ISSUE_CLIENT;
	if (strcmp(a->profile, "tls") == 0) {
		o.profile = ISSUE_TLS;
		days = ISSUE_TLS_DAYS;
	} else if (strcmp(a->profile, "signer") == 0) {
		o.profile = ISSUE_SIGNER;
	}
	if (a->days != 0)
		days = a->days;
	o.validity = (int64_t)days * CLOCK_DAY;
	return o;
}

struct answer {
	struct authority *ca;
	struct ledger_certificate record;
	struct buf pem;			/* the output */
};

static void
answer_free(struct answer *w)
{
	ledger_certificate_free(&w->record);
	buf_free(&w->pem);
}

static enum status
make_one(const struct issue_order *o, const char *profile, struct answer *w,
    bool *taken)
{
	auto_ledger_certificate earlier = LEDGER_CERTIFICATE_INIT;
	auto_X509 *cert = NULL;
	enum ledger_outcome found;
	enum status st;

	answer_free(w);
	if ((st = issue_certificate(o, &cert)) != OK)
		return st;
	cert_to_pem(cert, &w->pem);
	authority_record(cert, profile, o->now, &w->record);
	/* From here on only the ledger can fail. */
	if ((st = ledger_certify(w->ca->ledger, &w->record, NULL, o->now,
	    &found, &earlier)) != OK)
		return st;
	*taken = found != LEDGER_RECORDED;
	return OK;
}

static enum status
make(const struct issue_order *o, const char *profile, struct answer *w)
{
	enum status st;
	bool taken;
	int i;

	for (i = 0; i < SERIAL_TRIES; i++)
		if ((st = make_one(o, profile, w, &taken)) != OK || !taken)
			return st;
	return fail(FAULT, "no free serial number in %d tries", SERIAL_TRIES);
}

/* The certificate was not delivered completely, so it is revoked. */
static enum status
undo(void *arg)
{
	const struct answer *w = arg;
	int reason = listing_reason_number("cessationOfOperation");
	auto_X509_CRL *crl = NULL;
	int64_t now = clock_now();
	bool done = false;
	enum status st;

	if ((st = ledger_revoke(w->ca->ledger, w->record.serial, reason, now,
	    &done)) != OK)
		return st;
	return crl_make(w->ca, now, &crl);
}

static enum status
run(const struct args *a)
{
	auto_issue_wish wish = ISSUE_WISH_INIT;
	auto_authority ca = AUTHORITY_INIT;
	auto_X509_REQ *req = NULL;
	AUTO(answer_free) struct answer w = { .ca = &ca,
	    .record = LEDGER_CERTIFICATE_INIT, .pem = BUF_INIT };
	struct issue_refusal no;
	struct issue_order order;
	const char *reason;
	enum status st;

	if ((st = check_args(a)) != OK || (st = load_request(a, &req)) != OK)
		return st;

	if ((st = authority_open(&a->source, NEED_KEYS | NEED_LEDGER,
	    &ca)) != OK)
		return st;

	if ((reason = issue_out_of_date(ca.now.ca.cert, clock_now())) != NULL)
		return fail(REFUSED, "%s/" CA_CERT ": %s", ca.dir, reason);
	st = issue_judge_operator(req, ca.now.ca.cert, &wish, &no);
	if (st == REFUSED)
		return fail(REFUSED, "%s: %s", io_name(a->csr), no.text);
	if (st != OK || (st = set_names(a, &wish)) != OK ||
	    (st = check_names(a, &wish)) != OK)
		return st;
	order = order_of(a, &ca, &wish);
	return (st = make(&order, a->profile, &w)) != OK ? st :
	    io_hand_over(&a->out, &w.pem, undo, &w);
}

const struct tool verb_issue = {
	.name = "issue",
	.summary = "Issue a certificate for the operator, in PEM.",
	.example = "scep-ca issue --dir ca --csr tls.csr --profile tls "
	    "--san dns:ca.example.com",
	.options = options,
	.args = &args,
	.run = run,
};
