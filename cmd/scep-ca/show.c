/* show: one certificate. */
#include <string.h>

#include "authority/authority.h"
#include "authority/listing.h"
#include "base/clock.h"
#include "verbs.h"

struct args {
	struct authority_source source;
	struct io_output out;
	struct strings serials;
	bool json, pem;
};

static struct args args;

static const struct opt options[] = {
	OPT_DIR(args.source),
	OPT_LEDGER(args.source),
	{ 0, "json", NULL, "write a JSON object", .flag = &args.json },
	{ 0, "pem", NULL, "write the certificate in PEM", .flag = &args.pem },
	OPT_OUTPUT(args.out),
	OPT_AT,
	{ 0 },
};

static void
add_line(struct buf *out, const char *what, const char *value)
{
	if (value == NULL)
		return;
	buf_printf(out, "%-12s ", what);
	listing_text(value, out);
	buf_putc(out, '\n');
}

static void
add_names(struct buf *out, const X509 *cert)
{
	auto_GENERAL_NAMES *names = cert_names_of(cert);
	auto_report *list = NULL;
	auto_buf line = BUF_INIT;

	if (names == NULL)
		return;
	list = report_array();
	cert_names_report(names, list);
	report_render_line(list, &line);
	add_line(out, "names", buf_str(&line));
}

static void
describe(const struct ledger_certificate *c, const X509 *cert,
    const char *csr, struct buf *out)
{
	auto_char *issuer = cert_name_text(X509_get_issuer_name(cert));
	auto_char *key = cert_key_name(X509_get0_pubkey(cert));
	char hash[SECRET_HASH_TEXT], t[CLOCK_TEXT];

	cert_sha256(cert, hash);
	add_line(out, "serial", c->serial);
	add_line(out, "subject", c->subject);
	add_names(out, cert);
	add_line(out, "issuer", issuer);
	add_line(out, "state", listing_state(c, clock_now()));
	add_line(out, "not before", clock_format(c->not_before, t));
	add_line(out, "not after", clock_format(c->not_after, t));
	add_line(out, "key", key);
	add_line(out, "sha256", hash);
	add_line(out, "profile", c->profile);
	add_line(out, "purpose", c->purpose);
	add_line(out, "enrollment", c->enrollment);
	add_line(out, "transaction", c->transaction);
	add_line(out, "csr", *csr != '\0' ? csr : NULL);
	if (c->unbound)
		add_line(out, "challenge", "bound to no name");
	if (c->decided != 0) {
		add_line(out, "approved by", c->decider);
		add_line(out, "approved", clock_format(c->decided, t));
	}
	if (c->revoked == 0)
		return;
	add_line(out, "revoked", clock_format(c->revoked, t));
	add_line(out, "reason", cert_reason_name(c->reason));
}

static void
to_json(const struct ledger_certificate *c, const X509 *cert, const char *csr,
    struct buf *out)
{
	auto_report *r = report_object();
	struct report *list = report_array();
	auto_GENERAL_NAMES *names = cert_names_of(cert);
	auto_char *issuer = cert_name_text(X509_get_issuer_name(cert));
	auto_char *key = cert_key_name(X509_get0_pubkey(cert));
	char hash[SECRET_HASH_TEXT];

	cert_sha256(cert, hash);
	listing_report(c, clock_now(), r);
	report_str(r, "issuer", issuer);
	report_str(r, "key", key);
	report_str(r, "sha256", hash);
	report_str(r, "csr_sha256", *csr != '\0' ? csr : NULL);
	cert_names_report(names, list);
	report_add(r, "names", list);
	report_render(r, out);
}

/* The SHA-256 of the request that waited for it; "" if the ledger has none. */
static enum status
find_csr(struct ledger *l, const struct ledger_certificate *c,
    char csr[SECRET_HASH_TEXT])
{
	auto_ledger_request r = LEDGER_REQUEST_INIT;
	bool found = false;
	enum status st;

	csr[0] = '\0';
	if (c->transaction == NULL)
		return OK;
	if ((st = ledger_find_request(l, c->transaction, c->key_hash, &found,
	    &r)) != OK)
		return st;
	if (found && r.serial != NULL && strcmp(r.serial, c->serial) == 0)
		secret_sha256(r.csr.data, r.csr.len, csr);
	return OK;
}

static enum status
find(const struct args *a, struct ledger_certificate *c,
    char csr[SECRET_HASH_TEXT])
{
	auto_authority ca = AUTHORITY_INIT;
	auto_buf serial = BUF_INIT;
	enum status st;
	bool found;

	if (a->serials.n != 1)
		return opts_missing("SERIAL", "of one certificate");
	if ((st = listing_serial(a->serials.v[0], &serial)) != OK ||
	    (st = authority_open(&a->source, NEED_READ, &ca)) != OK ||
	    (st = ledger_find_certificate(ca.ledger, buf_str(&serial), &found,
	    c)) != OK)
		return st;
	if (!found)
		return fail(REFUSED, "%s: no such certificate",
		    buf_str(&serial));
	return find_csr(ca.ledger, c, csr);
}

static enum status
run(const struct args *a)
{
	auto_ledger_certificate c = LEDGER_CERTIFICATE_INIT;
	char csr[SECRET_HASH_TEXT] = "";
	auto_X509 *cert = NULL;
	auto_buf out = BUF_INIT;
	const char *reason;
	enum status st;

	if ((st = find(a, &c, csr)) != OK)
		return st;
	if ((reason = cert_from_der(c.der.data, c.der.len, &cert)) != NULL)
		return fail(FAULT, "certificate %s in the ledger: %s",
		    c.serial, reason);
	if (a->pem)
		cert_to_pem(cert, &out);
	else if (a->json)
		to_json(&c, cert, csr, &out);
	else
		describe(&c, cert, csr, &out);
	return io_spill(&a->out, &out);
}

const struct tool verb_show = {
	.name = "show",
	.summary = "Show one certificate by its serial number.",
	.operands = "SERIAL",
	.example = "scep-ca show --dir ca 6efab40c0c16c974c8949454dedfc303",
	.options = options,
	.args = &args,
	.inputs = &args.serials,
	.run = run,
};
