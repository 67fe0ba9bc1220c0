/* crl: signs the list of revoked certificates. */
#include "crl.h"

#include <string.h>

#include "cert_crl.h"
#include "clock.h"
#include "verbs.h"

struct args {
	struct authority_source source;
	struct io_output out;
	bool pem, current;
};

static struct args args;

static const struct opt options[] = {
	OPT_DIR(args.source),
	OPT_LEDGER(args.source),
	{ 0, "current", NULL, "write the one that is there until its time is "
	    "over", .flag = &args.current },
	OPT_PEM(args.pem),
	OPT_OUTPUT(args.out),
	OPT_KEY_ACCESS(args.source.key),
	OPT_AT,
	{ 0 },
};

/* The revoked ones, of which each has a serial of its own. */
struct revoked {
	struct issue_revoked *v;
	size_t n, room;
};

static void
revoked_free(struct revoked *r)
{
	size_t i;

	for (i = 0; i < r->n; i++)
		free((void *)(uintptr_t)r->v[i].serial);
	free(r->v);
}

static enum status
collect(const struct ledger_certificate *c, void *arg)
{
	struct revoked *r = arg;

	if (r->n == r->room) {
		r->room = r->room * 2 + 16;
		r->v = xreallocarray(r->v, r->room, sizeof *r->v);
	}
	r->v[r->n++] = (struct issue_revoked){ xstrdup(c->serial), c->revoked,
	    c->reason };
	return OK;
}

/* The one on disk, or NULL. */
static enum status
load(const struct authority *a, X509_CRL **out)
{
	auto_char *path = authority_path(a, CA_CRL);
	auto_buf der = BUF_INIT;
	enum status st;

	*out = NULL;
	if (!io_exists(path))
		return OK;
	if ((st = io_slurp_file(path, IO_PROFILE_MAX, &der)) != OK)
		return st;
	if (cert_crl_from_der(&der, a->now.ca.cert, out) != NULL)
		*out = NULL;
	return OK;
}

static enum status
sign(const struct authority *a, const struct generation *g,
    const struct revoked *r, int64_t number, int64_t now, const char *name,
    X509_CRL **out)
{
	auto_char *path = authority_path(a, name);
	const struct io_output to = { path, NULL, false };
	auto_X509_CRL *crl = NULL;
	auto_buf der = BUF_INIT;
	enum status st;

	if ((st = issue_crl(&g->ca, r->v, r->n, number, now,
	    a->policy.crl_validity, &crl)) != OK)
		return st;
	cert_crl_to_der(crl, &der);
	if ((st = io_spill(&to, &der)) != OK)
		return st;
	*out = STEAL(crl);
	return OK;
}

/*
 * Serial numbers are distinct over both generations of a rollover, so both
 * lists hold all; each is signed by the key that its certificates chain to.
 */
enum status
crl_make(struct authority *a, int64_t now, X509_CRL **out)
{
	AUTO(revoked_free) struct revoked r = { NULL, 0, 0 };
	auto_X509_CRL *crl = NULL, *old = NULL;
	int64_t number;
	enum status st;

	if ((st = ledger_revoked(a->ledger, collect, &r)) != OK ||
	    (st = ledger_next(a->ledger, "crl", &number)) != OK ||
	    (st = sign(a, &a->now, &r, number, now, CA_CRL, &crl)) != OK)
		return st;
	if (a->old.there && (st = sign(a, &a->old, &r, number, now,
	    CA_OLD CA_CRL, &old)) != OK)
		return st;
	*out = STEAL(crl);
	return OK;
}

enum status
crl_first(const struct authority_source *source, int64_t now)
{
	auto_authority a = AUTHORITY_INIT;
	auto_X509_CRL *crl = NULL;
	enum status st;

	if ((st = authority_open(source, NEED_KEYS | NEED_LEDGER, &a)) != OK)
		return st;
	return issue_signs_crl(a.now.ca.cert) ? crl_make(&a, now, &crl) : OK;
}

enum status
crl_current(struct authority *a, int64_t now, X509_CRL **out)
{
	auto_X509_CRL *crl = NULL;
	enum status st;

	if ((st = load(a, &crl)) != OK)
		return st;
	if (crl == NULL || cert_crl_next(crl) <= now)
		return (st = authority_need(a, NEED_KEYS | NEED_LEDGER)) !=
		    OK ? st : crl_make(a, now, out);
	*out = STEAL(crl);
	return OK;
}

static enum status
run(const struct args *a)
{
	auto_authority ca = AUTHORITY_INIT;
	auto_X509_CRL *crl = NULL;
	auto_buf der = BUF_INIT, out = BUF_INIT;
	int64_t now = clock_now();
	enum status st;

	if ((st = authority_open(&a->source, a->current ? NEED_CERTS :
	    NEED_KEYS | NEED_LEDGER, &ca)) != OK)
		return st;
	st = a->current ? crl_current(&ca, now, &crl) :
	    crl_make(&ca, now, &crl);
	if (st != OK)
		return st;
	cert_crl_to_der(crl, &der);
	if (a->pem)
		cert_armour("X509 CRL", &der, &out);
	else
		buf_add_buf(&out, &der);
	return io_spill(&a->out, &out);
}

const struct tool verb_crl = {
	.name = "crl",
	.summary = "Signs the list of revoked certificates anew and writes it.",
	.example = "scep-ca crl --dir ca > crl.der",
	.options = options,
	.args = &args,
	.run = run,
};
