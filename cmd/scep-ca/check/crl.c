/* check: compares the CRLs with the ledger. */
#include "base/clock.h"
#include "check/check.h"
#include "crl.h"

void
check_crls_free(struct check_crls *c)
{
	X509_CRL_free(c->now);
	X509_CRL_free(c->old);
}

static enum status
load(struct findings *f, const char *name, X509 *ca, X509_CRL **out)
{
	auto_char *path = authority_path(f->ca, name);
	struct problem why = { .st = OK };
	bool exists;
	enum status st;

	if ((st = io_exists(path, &exists)) != OK || !exists)
		return st;
	return cert_crl_read(path, ca, &why, out) == OK ? OK :
	    check_failed(f, name, &why);
}

enum status
check_load_crls(struct findings *f, struct check_crls *out)
{
	enum status st;

	if ((st = load(f, CA_CRL, f->ca->now.ca.cert, &out->now)) != OK ||
	    !f->ca->old.there)
		return st;
	return load(f, CA_OLD CA_CRL, f->ca->old.ca.cert, &out->old);
}

static void
check_dates(struct findings *f, const char *name, const X509_CRL *crl)
{
	int64_t from = cert_crl_this(crl), until = cert_crl_next(crl);
	char t[CLOCK_TEXT];

	if (from == CERT_NO_TIME || until == CERT_NO_TIME) {
		check_found(f, name, "has an unreadable date (scep-ca "
		    "crl)");
		return;
	}
	/*
	 * The dates of a CRL without entries only matter if clients are told
	 * to fetch it.
	 */
	if (f->revoked == 0 && f->ca->policy.crl_url == NULL)
		return;
	if (until < f->now)
		check_found(f, name, "expired at %s (scep-ca crl)",
		    clock_format(until, t));
	if (from > f->now)
		check_found(f, name, "is not valid before %s (scep-ca crl)",
		    clock_format(from, t));
}

/* The ledger assigns the numbers: a number that it lacks is from elsewhere. */
static enum status
check_number(struct findings *f, const char *name, const X509_CRL *crl)
{
	int64_t last;
	enum status st;

	if ((st = ledger_crl_number(f->ca->ledger, &last)) != OK)
		return st;
	if (crl_number(crl) > last)
		check_found(f, name, "has number %lld, the ledger's last is "
		    "%lld: was an older ledger restored?",
		    (long long)crl_number(crl), (long long)last);
	return OK;
}

struct comparison {
	struct findings *f;
	const char *name;
	X509_CRL *crl;
	int64_t listed;
};

static enum status
compare(const struct ledger_certificate *c, void *arg)
{
	struct comparison *all = arg;

	if (!cert_crl_lists(all->crl, c->serial))
		check_found(all->f, all->name, "does not list %s, which is "
		    "revoked (scep-ca crl)", c->serial);
	else
		all->listed++;
	return OK;
}

static enum status
check_one(struct findings *f, const char *name, X509_CRL *crl)
{
	auto_char *path = authority_path(f->ca, name);
	struct comparison all = { f, name, crl, 0 };
	bool exists;
	enum status st;

	if (crl == NULL) {
		if ((st = io_exists(path, &exists)) != OK)
			return st;
		if (f->revoked > 0 && !exists)
			check_found(f, name, "missing, and certificates are "
			    "revoked (scep-ca crl)");
		return OK;
	}
	check_dates(f, name, crl);
	if ((st = check_number(f, name, crl)) != OK ||
	    (st = ledger_revoked(f->ca->ledger, compare, &all)) != OK)
		return st;
	if (cert_crl_count(crl) > all.listed)
		check_found(f, name, "lists %lld certificates that are not "
		    "revoked in the ledger",
		    (long long)(cert_crl_count(crl) - all.listed));
	return OK;
}

enum status
check_crls(struct findings *f, const struct check_crls *c)
{
	enum status st;

	if ((st = check_one(f, CA_CRL, c->now)) != OK || !f->ca->old.there)
		return st;
	return check_one(f, CA_OLD CA_CRL, c->old);
}
