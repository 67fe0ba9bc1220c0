/* rollover: prepares the next CA, and changes over to it. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "authority/folder.h"
#include "base/clock.h"
#include "crl.h"
#include "verbs.h"

struct args {
	struct authority_source source;
	const char *key_type;
	long days;
	bool activate;
};

static struct args args = {
	.days = 3650,
};

static const struct opt options[] = {
	OPT_DIR(args.source),
	OPT_LEDGER(args.source),
	{ 0, "key-type", "KIND", "type of the next CA's key (default: as now)",
	    .choices = "rsa:2048|rsa:3072|rsa:4096|ec:P-256|ec:P-384",
	    .value = &args.key_type },
	{ 0, "days", "N", "lifetime of the next CA",
	    .number = &args.days, .min = 1, .max = 36500 },
	{ 0, "activate", NULL, "change to the next CA",
	    .flag = &args.activate },
	OPT_KEY_ACCESS(args.source.key),
	OPT_AT,
	{ 0 },
};

/* ---- preparation ---- */

struct next {
	struct identity ca;
	EVP_PKEY *ra_key;
	X509 *ra;
};

static void
next_free(struct next *n)
{
	identity_free(&n->ca);
	EVP_PKEY_free(n->ra_key);
	X509_free(n->ra);
}

static enum status
make(const struct args *a, const struct authority *ca, struct next *n,
    int64_t now)
{
	X509 *cert = ca->now.ca.cert;
	auto_char *today = cert_key_name(X509_get0_pubkey(cert));
	const char *kind = a->key_type != NULL ? a->key_type : today;
	enum status st;

	if ((st = cert_make_key(kind, &n->ca.key)) != OK)
		return st;
	if (!ca->now.has_ra && !cert_key_is_rsa(n->ca.key))
		return fail(REFUSED, "--key-type %s: SCEP needs an RSA key to "
		    "answer with, and this CA has no RA", kind);
	if ((st = issue_root(X509_get_subject_name(cert), n->ca.key,
	    !ca->now.has_ra, now, (int64_t)a->days * CLOCK_DAY,
	    &n->ca.cert)) != OK || !ca->now.has_ra)
		return st;
	if ((st = cert_make_key("rsa:2048", &n->ra_key)) != OK)
		return st;
	return folder_make_ra(&n->ca, n->ra_key, now, &n->ra);
}

static enum status
prepare(const struct args *a, struct authority *ca)
{
	AUTO(next_free) struct next n = { .ca = IDENTITY_INIT };
	int64_t now = clock_now();
	enum status st;

	if (!cert_is_self_signed(ca->now.ca.cert))
		return fail(REFUSED, "%s: a subordinate CA: its next "
		    "certificate comes from above (init --csr in another "
		    "folder)", ca->dir);
	if (ca->policy.key != NULL)
		return fail(REFUSED, "%s: its key is elsewhere: make the next "
		    "CA there and import it into another folder", ca->dir);
	if (ca->next != NULL)
		return fail(REFUSED, "%s/%s%s: already exists; put it "
		    "to use with rollover --activate", ca->dir, CA_NEXT,
		    CA_CERT);
	if ((st = make(a, ca, &n, now)) != OK ||
	    (st = folder_put_key(ca->dir, CA_NEXT CA_KEY, n.ca.key)) != OK)
		return st;
	if (n.ra != NULL && ((st = folder_put_key(ca->dir, CA_NEXT CA_RA_KEY,
	    n.ra_key)) != OK ||
	    (st = folder_put_cert(ca->dir, CA_NEXT CA_RA_CERT, n.ra)) != OK ||
	    (st = folder_record(ca->ledger, n.ra, "ra", now)) != OK))
		return st;
	return folder_put_cert(ca->dir, CA_NEXT CA_CERT, n.ca.cert);
}

/* ---- change-over ---- */

/* Both roots remain anchors while certificates of both CAs are in use. */
static enum status
put_roots(struct authority *ca)
{
	STACK_OF(X509) *both = sk_X509_new_null();
	enum status st;

	if (sk_X509_push(both, ca->next) <= 0 ||
	    sk_X509_push(both, ca->now.ca.cert) <= 0)
		st = fail_ssl(FAULT, "%s: cannot list the roots", ca->dir);
	else
		st = folder_put_certs(ca->dir, CA_ROOT, NULL, both);
	if (st == OK)
		st = folder_put_certs(ca->dir, CA_CHAIN, NULL, both);
	sk_X509_free(both);
	return st;
}

static enum status
keep_old(struct authority *ca)
{
	const struct generation *g = &ca->now;
	enum status st;

	if ((st = folder_put_key(ca->dir, CA_OLD CA_KEY, g->ca.key)) != OK ||
	    (g->has_ra && ((st = folder_put_key(ca->dir, CA_OLD CA_RA_KEY,
	    g->ra.key)) != OK ||
	    (st = folder_put_cert(ca->dir, CA_OLD CA_RA_CERT,
	    g->ra.cert)) != OK)))
		return st;
	return folder_put_cert(ca->dir, CA_OLD CA_CERT, g->ca.cert);
}

static enum status
move(const struct authority *ca, const char *name)
{
	auto_char *next = xasprintf("%s%s", CA_NEXT, name);
	auto_char *from = authority_path(ca, next);
	auto_char *to = authority_path(ca, name);
	bool exists;
	enum status st;

	if ((st = io_exists(from, &exists)) != OK || !exists)
		return st;
	if (rename(from, to) == -1)
		return fail_errno(FAULT, "%s: cannot rename into place", to);
	return OK;
}

/*
 * Keeps the old generation first.  Certificates are moved before their keys: a
 * process that opens the folder in between still finds the key under its old
 * name.
 */
static enum status
activate(struct authority *ca)
{
	static const char *const order[] = {
		CA_CERT, CA_KEY, CA_RA_CERT, CA_RA_KEY,
	};
	auto_authority fresh = AUTHORITY_INIT;
	auto_X509_CRL *crl = NULL;
	bool key, ra_key;
	enum status st;
	size_t i;

	if ((st = folder_has(ca->dir, CA_NEXT CA_KEY, &key)) != OK ||
	    (st = folder_has(ca->dir, CA_NEXT CA_RA_KEY, &ra_key)) != OK)
		return st;
	if (ca->next == NULL && !key && !ra_key)
		return fail(REFUSED, "%s: no next CA is prepared (run rollover "
		    "without --activate first)", ca->dir);
	if (ca->next != NULL && ((st = keep_old(ca)) != OK ||
	    (st = put_roots(ca)) != OK))
		return st;
	for (i = 0; i < ARRAY_LEN(order); i++)
		if ((st = move(ca, order[i])) != OK)
			return st;
	if ((st = authority_open(ca->source, NEED_KEYS | NEED_LEDGER,
	    &fresh)) != OK)
		return st;
	return crl_make(&fresh, clock_now(), &crl);
}

/* Tells the operator what remains to be done by hand. */
static void
say_what_is_next(const struct args *a, const struct authority *ca)
{
	if (a->activate)
		note("%s/%s is the new root: give it to users, and renew what "
		    "the previous CA issued for servers and signers "
		    "(mcfg-site DIR --renew tls, --renew signer)", ca->dir,
		    CA_CERT);
	else
		note("%s/%s%s: give it to all who verify certificates of "
		    "devices, then change over (scep-ca rollover --activate)",
		    ca->dir, CA_NEXT, CA_CERT);
}

static enum status
run(const struct args *a)
{
	auto_authority ca = AUTHORITY_INIT;
	enum status st;

	if ((st = authority_open(&a->source, NEED_KEYS | NEED_LEDGER,
	    &ca)) != OK)
		return st;
	if ((st = a->activate ? activate(&ca) : prepare(a, &ca)) == OK)
		say_what_is_next(a, &ca);
	return st;
}

const struct tool verb_rollover = {
	.name = "rollover",
	.summary = "Prepare the next CA, or change to it.",
	.example = "scep-ca rollover --dir ca; scep-ca rollover --dir ca "
	    "--activate",
	.options = options,
	.args = &args,
	.run = run,
};
