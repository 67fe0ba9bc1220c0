/* check: are the folder and the ledger in order? */
#include <stdarg.h>
#include <stdio.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "check/check.h"
#include "verbs.h"

struct args {
	struct authority_source source;
	struct io_output out;
	bool json;
	int64_t warn;
};

static struct args args = {
	.warn = (int64_t)30 * CLOCK_DAY,
};

static const struct opt options[] = {
	OPT_DIR(args.source),
	OPT_LEDGER(args.source),
	{ 0, "json", NULL, "write a JSON object", .flag = &args.json },
	{ 0, "expires", "TIME", "report a CA that expires within TIME",
	    .duration = &args.warn },
	OPT_OUTPUT(args.out),
	OPT_KEY_ACCESS(args.source.key),
	OPT_AT,
	{ 0 },
};

void
check_found(struct findings *f, const char *what, const char *fmt, ...)
{
	struct report *one = report_add_object(f->list, NULL);
	char raw[500], shown[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	diag_escape(raw, strlen(raw), shown, sizeof shown);
	buf_printf(&f->text, "%s: %s\n", what, shown);
	report_str(one, "what", what);
	report_str(one, "text", shown);
	f->count++;
}

enum status
check_failed(struct findings *f, const char *what, const struct problem *why)
{
	char line[PROBLEM_TEXT];

	if (why->st == FAULT && why->error != 0 && why->error != ENOENT &&
	    why->error != ENOTDIR)
		return problem_print(why);
	check_found(f, what, "%s", problem_line(why, line));
	return OK;
}

/* ---- the folder ---- */

static enum status
check_mode(struct findings *f, const char *name)
{
	auto_char *path = *name != '\0' ? authority_path(f->ca, name) :
	    xstrdup(f->ca->dir);
	struct stat sb;

	if (stat(path, &sb) == -1)
		return errno == ENOENT || errno == ENOTDIR ? OK :
		    fail_errno(FAULT, "%s: cannot check whether it "
		    "exists", path);
	if ((sb.st_mode & 077) != 0)
		check_found(f, *name != '\0' ? name : "folder",
		    "others have access to it: mode %04o",
		    (unsigned)sb.st_mode & 07777);
	return OK;
}

static enum status
check_modes(struct findings *f)
{
	static const char *const names[] = {
		"", CA_KEY, CA_RA_KEY, "ledger.db", CA_NEXT CA_KEY,
		CA_NEXT CA_RA_KEY, CA_OLD CA_KEY, CA_OLD CA_RA_KEY,
	};
	enum status st = OK;
	size_t i;

	for (i = 0; st == OK && i < ARRAY_LEN(names); i++)
		st = check_mode(f, names[i]);
	return st;
}

/* A key that cannot be used is a finding, and the checks go on. */
static enum status
check_keys(struct findings *f)
{
	struct problem why = { .st = OK };
	enum status st;

	problem_keep(&why);
	st = authority_need(f->ca, NEED_KEYS);
	problem_release(&why);
	return st == OK ? OK : check_failed(f, "keys", &why);
}

static void
check_end(struct findings *f, const char *name, const X509 *cert,
    int64_t warn)
{
	int64_t end = cert_not_after(cert);
	char t[CLOCK_TEXT];

	if (end == CERT_NO_TIME || cert_not_before(cert) == CERT_NO_TIME)
		check_found(f, name, "has an unreadable date");
	else if (end < f->now)
		check_found(f, name, "expired at %s", clock_format(end, t));
	else if (end < f->now + warn)
		check_found(f, name, "ends soon, at %s", clock_format(end, t));
}

static void
check_authority(struct findings *f, int64_t warn)
{
	const struct authority *ca = f->ca;
	const struct generation *g = &ca->now;
	const char *reason;

	check_end(f, CA_CERT, g->ca.cert, warn);
	if (!g->has_ra)
		return;
	check_end(f, CA_RA_CERT, g->ra.cert, warn);
	if ((reason = cert_issued_by(g->ra.cert, g->ca.cert)) != NULL &&
	    (!ca->old.there ||
	    cert_issued_by(g->ra.cert, ca->old.ca.cert) != NULL))
		check_found(f, CA_RA_CERT, "not of this CA: %s", reason);
}

/* The certificates in a file; if there are none, that is a finding. */
static enum status
load_list(struct findings *f, const char *name, STACK_OF(X509) **out)
{
	auto_char *path = authority_path(f->ca, name);
	struct problem why = { .st = OK };

	return cert_read_list(path, &why, out) == OK ? OK :
	    check_failed(f, name, &why);
}

/* Checks the files with which clients and servers verify. */
static enum status
check_chain(struct findings *f, int64_t warn)
{
	X509 *ca = f->ca->now.ca.cert, *bad = NULL;
	auto_certs *chain = NULL, *roots = NULL, *way = NULL;
	const char *reason;
	enum status st;
	int i;

	if ((st = load_list(f, CA_CHAIN, &chain)) != OK ||
	    (st = load_list(f, CA_ROOT, &roots)) != OK)
		return st;
	if (chain == NULL || roots == NULL)
		return OK;
	if ((reason = cert_build_chain(ca, chain, roots, f->now, &way,
	    &bad)) != NULL)
		check_found(f, CA_ROOT, "the CA does not lead to it by "
		    CA_CHAIN ": %s", reason);
	for (i = 1; i < sk_X509_num(way); i++)
		check_end(f, CA_CHAIN, sk_X509_value(way, i), warn);
	return OK;
}

/* ---- the ledger ---- */

static bool
is_ours(const struct authority *ca, X509 *cert)
{
	size_t i;

	for (i = 0; i < ca->issuer_count; i++)
		if (cert_issued_by(cert, ca->issuers[i]) == NULL)
			return true;
	diag_ssl_clear();
	return ca->next != NULL && cert_issued_by(cert, ca->next) == NULL;
}

static void
check_record(struct findings *f, const struct ledger_certificate *c,
    X509 *cert)
{
	char hash[SECRET_HASH_TEXT];
	auto_buf serial = BUF_INIT;

	/*
	 * The ledger stores no serial number twice: it is the key of the
	 * table.
	 */
	cert_serial_hex(cert, &serial);
	if (strcmp(buf_str(&serial), c->serial) != 0)
		check_found(f, c->serial, "its serial number is %s",
		    buf_str(&serial));
	authority_key_hash(X509_get0_pubkey(cert), hash);
	if (strcmp(hash, c->key_hash) != 0)
		check_found(f, c->serial, "it holds another key than is "
		    "recorded");
	if (cert_not_after(cert) != c->not_after ||
	    cert_not_before(cert) != c->not_before)
		check_found(f, c->serial, "its dates are not those recorded");
	/* The CA of an expired certificate may have been removed. */
	if (c->not_after >= f->now && !is_ours(f->ca, cert))
		check_found(f, c->serial, "no CA of this folder made it");
}

static enum status
check_certificate(const struct ledger_certificate *c, void *arg)
{
	struct findings *f = arg;
	auto_X509 *cert = NULL;
	const char *reason;

	f->certificates++;
	f->unbound += c->unbound ? 1 : 0;
	if (c->revoked != 0)
		f->revoked++;
	else if (c->not_after < f->now)
		f->expired++;
	else
		f->valid++;
	if ((reason = cert_from_der(c->der.data, c->der.len, &cert)) != NULL)
		check_found(f, c->serial, "%s", reason);
	else {
		check_record(f, c, cert);
		check_note_signer(f, c, cert);
	}
	return OK;
}

static enum status
count_request(const struct ledger_request *r, void *arg)
{
	struct findings *f = arg;

	if (r->state == LEDGER_PENDING)
		f->pending++;
	return OK;
}

static enum status
check_ledger(struct findings *f)
{
	struct ledger *l = f->ca->ledger;
	auto_buf trouble = BUF_INIT;
	enum status st;

	if ((st = ledger_check(l, &trouble)) != OK)
		return st;
	if (trouble.len > 0)
		check_found(f, "ledger", "%s", buf_str(&trouble));
	if ((st = ledger_certificates(l, check_certificate, f)) != OK)
		return st;
	return ledger_requests(l, count_request, f);
}

/* ---- output ---- */

static void
to_json(struct findings *f, struct buf *out)
{
	auto_report *r = report_object();

	report_bool(r, "ok", f->count == 0);
	report_int(r, "certificates", f->certificates);
	report_int(r, "valid", f->valid);
	report_int(r, "expired", f->expired);
	report_int(r, "revoked", f->revoked);
	report_int(r, "pending", f->pending);
	report_int(r, "unbound", f->unbound);
	if (cert_not_after(f->ca->now.ca.cert) == CERT_NO_TIME)
		report_null(r, "not_after");
	else
		report_time(r, "not_after",
		    cert_not_after(f->ca->now.ca.cert));
	report_add(r, "findings", STEAL(f->list));
	report_render(r, out);
}

static void
to_text(struct findings *f, struct buf *out)
{
	buf_printf(out, "%s%lld certificates (%lld valid, %lld expired, %lld "
	    "revoked)", buf_str(&f->text), (long long)f->certificates,
	    (long long)f->valid, (long long)f->expired,
	    (long long)f->revoked);
	if (f->unbound > 0)
		buf_printf(out, ", %lld by challenges that any name could "
		    "use", (long long)f->unbound);
	buf_printf(out, ", %lld pending: %s\n", (long long)f->pending,
	    f->count == 0 ? "good" : "not good");
}

static void
findings_free(struct findings *f)
{
	if (f->list != NULL)
		report_free(f->list);
	buf_free(&f->text);
	free(f->old_signer);
}

static enum status
run(const struct args *a)
{
	auto_authority ca = AUTHORITY_INIT;
	AUTO(findings_free) struct findings f = { .ca = &ca,
	    .now = clock_now(), .list = report_array() };
	auto_check_crls lists = { NULL, NULL };
	auto_buf out = BUF_INIT;
	enum status st;

	if ((st = authority_open(&a->source, NEED_CERTS, &ca)) != OK)
		return st;
	if ((st = check_load_crls(&f, &lists)) != OK ||
	    (st = authority_need(&ca, NEED_READ)) != OK)
		return st;
	if ((st = check_modes(&f)) != OK || (st = check_keys(&f)) != OK)
		return st;
	check_authority(&f, a->warn);
	if ((st = check_chain(&f, a->warn)) != OK ||
	    (st = check_ledger(&f)) != OK || (st = check_crls(&f,
	    &lists)) != OK)
		return st;
	check_signer(&f);

	if (a->json)
		to_json(&f, &out);
	else
		to_text(&f, &out);
	if ((st = io_spill(&a->out, &out)) != OK || f.count == 0)
		return st;
	return fail(REFUSED, "%s: %zu finding%s", ca.dir, f.count,
	    f.count == 1 ? "" : "s");
}

const struct tool verb_check = {
	.name = "check",
	.summary = "Check keys, dates, the ledger and every certificate.",
	.example = "scep-ca check --dir ca --json",
	.options = options,
	.args = &args,
	.run = run,
};
