/* crl: signs the list of revoked certificates (CRL). */
#include "crl.h"

#include <stdlib.h>

#include "base/clock.h"
#include "verbs.h"
#include "x509/crl.h"

struct args {
	struct authority_source source;
	struct io_output out;
	bool pem, current;
};

static struct args args;

static const struct opt options[] = {
	OPT_DIR(args.source),
	OPT_LEDGER(args.source),
	{ 0, "current", NULL, "write the existing CRL while it is valid",
	    .flag = &args.current },
	OPT_PEM(args.pem),
	OPT_OUTPUT(args.out),
	OPT_KEY_ACCESS(args.source.key),
	OPT_AT,
	{ 0 },
};

/* The revoked certificates; no serial number occurs twice. */
struct revoked {
	struct issue_revoked *v;
	size_t n;
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

	*GROW(r->v, r->n) = (struct issue_revoked){ xstrdup(c->serial),
	    c->revoked, c->reason };
	return OK;
}

/* Loads a CRL; *out is NULL if it is missing or not signed by ca. */
static enum status
load(const struct authority *a, const char *name, X509 *ca, X509_CRL **out)
{
	auto_char *path = authority_path(a, name);
	auto_buf der = BUF_INIT;
	bool exists;
	enum status st;

	*out = NULL;
	if ((st = io_exists(path, &exists)) != OK || !exists)
		return st;
	if ((st = io_slurp_file(path, IO_PROFILE_MAX, &der)) != OK)
		return st;
	if (cert_crl_from_der(&der, ca, out) != NULL)
		*out = NULL;
	return OK;
}

int64_t
crl_number(const X509_CRL *crl)
{
	enum { DIGITS = 15 };	/* more digits are not ours */
	auto_buf hex = BUF_INIT;

	if (crl == NULL || !cert_crl_number(crl, &hex) || hex.len > DIGITS)
		return 0;
	return strtoll(buf_str(&hex), NULL, 16);
}

/*
 * The number of a CRL on disk, or 0.  It does not matter which generation of
 * the CA signed it, since they share the ledger's numbers.
 */
static enum status
number_of(const struct authority *a, const char *name, int64_t *number)
{
	auto_X509_CRL *crl = NULL;
	enum status st;

	if ((st = load(a, name, NULL, &crl)) == OK)
		*number = crl_number(crl);
	return st;
}

/* A new CRL, and its file. */
struct made {
	const char *name;
	const struct generation *by;
	X509_CRL *crl;
};

static void
made_free(struct made *m)
{
	X509_CRL_free(m->crl);
}

/*
 * Writes a CRL, unless the file has one with a higher number, which is then
 * returned instead.  The caller holds the lock.
 */
static enum status
put(const struct authority *a, struct made *m)
{
	auto_char *path = authority_path(a, m->name);
	const struct io_output to = { path, NULL, false };
	auto_X509_CRL *newer = NULL;
	auto_buf der = BUF_INIT;
	int64_t there;
	enum status st;

	if ((st = number_of(a, m->name, &there)) != OK)
		return st;
	if (there <= crl_number(m->crl)) {
		cert_crl_to_der(m->crl, &der);
		return io_spill(&to, &der);
	}
	if ((st = load(a, m->name, m->by->ca.cert, &newer)) != OK ||
	    newer == NULL)
		return st;
	X509_CRL_free(m->crl);
	m->crl = STEAL(newer);
	return OK;
}

static enum status
put_both(const struct authority *a, struct made *now, struct made *old)
{
	AUTO(io_unlock) int lock = IO_UNLOCKED;
	auto_char *path = authority_path(a, CA_CRL_LOCK);
	enum status st;

	if ((st = io_lock(path, &lock)) != OK || (st = put(a, now)) != OK)
		return st;
	return old->by->there ? put(a, old) : OK;
}

/*
 * The number must be higher than those on disk: a ledger that was restored
 * from a backup may be behind them.
 */
static enum status
next_list(struct authority *a, struct revoked *r, int64_t *number)
{
	int64_t now, old;
	enum status st;

	if ((st = number_of(a, CA_CRL, &now)) != OK ||
	    (st = number_of(a, CA_OLD CA_CRL, &old)) != OK)
		return st;
	return ledger_crl(a->ledger, now > old ? now : old, collect, r,
	    number);
}

/*
 * Serial numbers are distinct over both generations of a rollover, so both
 * CRLs have all entries; each is signed by the key of its generation.
 */
enum status
crl_make(struct authority *a, int64_t now, X509_CRL **out)
{
	AUTO(revoked_free) struct revoked r = { NULL, 0 };
	AUTO(made_free) struct made new = { CA_CRL, &a->now, NULL };
	AUTO(made_free) struct made old = { CA_OLD CA_CRL, &a->old, NULL };
	int64_t validity = a->policy.crl_validity, number;
	enum status st;

	if ((st = io_check_root(a->dir)) != OK ||
	    (st = next_list(a, &r, &number)) != OK ||
	    (st = issue_crl(&a->now.ca, r.v, r.n, number, now, validity,
	    &new.crl)) != OK ||
	    (a->old.there && (st = issue_crl(&a->old.ca, r.v, r.n, number, now,
	    validity, &old.crl)) != OK) ||
	    (st = put_both(a, &new, &old)) != OK)
		return st;
	*out = STEAL(new.crl);
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

/* A clock that was ahead may have made a CRL that is not valid yet. */
static bool
is_valid(const X509_CRL *crl, int64_t now)
{
	int64_t from = cert_crl_this(crl);

	return from != CERT_NO_TIME && from <= now &&
	    cert_crl_next(crl) > now;
}

enum status
crl_kept(struct authority *a, int64_t now, X509_CRL **out)
{
	auto_X509_CRL *crl = NULL;
	enum status st;

	if ((st = load(a, CA_CRL, a->now.ca.cert, &crl)) != OK)
		return st;
	*out = crl != NULL && is_valid(crl, now) ? STEAL(crl) : NULL;
	return OK;
}

enum status
crl_current(struct authority *a, int64_t now, X509_CRL **out)
{
	enum status st;

	if ((st = crl_kept(a, now, out)) != OK || *out != NULL)
		return st;
	return (st = authority_need(a, NEED_KEYS | NEED_LEDGER)) != OK ? st :
	    crl_make(a, now, out);
}

enum status
crl_show(struct authority *a, int64_t now, X509_CRL **out)
{
	AUTO(revoked_free) struct revoked r = { NULL, 0 };
	struct identity ca = a->now.ca;
	auto_EVP_PKEY *nobody = NULL;
	int64_t number;
	enum status st;

	if ((st = ledger_crl_number(a->ledger, &number)) != OK ||
	    (st = ledger_revoked(a->ledger, collect, &r)) != OK ||
	    (st = cert_make_key("rsa:2048", &nobody)) != OK)
		return st;
	ca.key = nobody;
	return issue_crl(&ca, r.v, r.n, number + 1, now,
	    a->policy.crl_validity, out);
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
	.summary = "Sign a new CRL and write it.",
	.example = "scep-ca crl --dir ca > crl.der",
	.options = options,
	.args = &args,
	.run = run,
};
