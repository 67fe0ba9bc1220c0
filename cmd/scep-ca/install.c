/*
 * install: installs the certificate of a subordinate CA that another CA
 * issued.
 */
#include "authority/folder.h"
#include "base/clock.h"
#include "crl.h"
#include "verbs.h"

struct args {
	struct authority_source source;
	struct io_input in;
};

static struct args args;

static const struct opt options[] = {
	OPT_DIR(args.source),
	OPT_LEDGER(args.source),
	OPT_KEY_ACCESS(args.source.key),
	OPT_AT,
	{ 0 },
};

/* The certificate for our key among those that were given. */
static X509 *
find_own(STACK_OF(X509) *given, const EVP_PKEY *key)
{
	int i;

	for (i = 0; i < sk_X509_num(given); i++)
		if (cert_key_equal(X509_get0_pubkey(sk_X509_value(given, i)),
		    key))
			return sk_X509_value(given, i);
	return NULL;
}

static enum status
load_given(const struct args *a, STACK_OF(X509) **out)
{
	auto_buf in = BUF_INIT;
	const char *reason;
	enum status st;

	if ((st = io_slurp(&a->in, IO_KEY_MAX, &in)) != OK)
		return st;
	if ((reason = cert_parse_list(&in, out)) != NULL)
		return fail(MALFORMED, "%s: %s", io_name(a->in.path), reason);
	return OK;
}

static enum status
put_ra(const struct authority *ca, const struct identity *own,
    const struct identity_source *access, int64_t now)
{
	auto_char *path = authority_path(ca, CA_RA_KEY);
	struct identity_source src = *access;
	auto_EVP_PKEY *key = NULL;
	auto_X509 *cert = NULL;
	enum status st;

	src.key = path;
	if ((st = cert_load_key(&src, path, &key)) != OK ||
	    (st = folder_make_ra(own, key, now, &cert)) != OK ||
	    (st = folder_record(ca->ledger, cert, "ra", now)) != OK)
		return st;
	return folder_put_cert(ca->dir, CA_RA_CERT, cert);
}

static enum status
run(const struct args *a)
{
	auto_authority ca = AUTHORITY_INIT;
	auto_certs *given = NULL;
	struct identity own = IDENTITY_INIT;
	auto_EVP_PKEY *key = NULL;
	const char *reason;
	int64_t now = clock_now();
	enum status st;
	bool installed, ra;

	if ((st = load_given(a, &given)) != OK ||
	    (st = authority_open(&a->source, NEED_LEDGER, &ca)) != OK ||
	    (st = authority_load_key(&ca, CA_KEY, &key)) != OK ||
	    (st = folder_has(ca.dir, CA_CERT, &installed)) != OK ||
	    (st = folder_has(ca.dir, CA_RA_KEY, &ra)) != OK)
		return st;
	if (installed)
		return fail(REFUSED, "%s/%s: already exists: the CA has its "
		    "certificate", ca.dir, CA_CERT);

	own.key = key;
	if ((own.cert = find_own(given, key)) == NULL)
		return fail(REFUSED, "%s: no certificate in it is for the key "
		    "of %s", io_name(a->in.path), ca.dir);
	if ((reason = issue_unfit_ca(own.cert, key, ra, now)) != NULL)
		return fail(REFUSED, "%s: %s", io_name(a->in.path), reason);

	if ((ra && (st = put_ra(&ca, &own, &a->source.key, now)) != OK) ||
	    (st = folder_put_chain(ca.dir, own.cert, given)) != OK)
		return st;
	if ((st = folder_put_cert(ca.dir, CA_CERT, own.cert)) != OK)
		return st;
	return crl_first(&a->source, now);
}

const struct tool verb_install = {
	.name = "install",
	.summary = "Install the certificate and chain of a subordinate CA.",
	.operands = "[FILE]",
	.example = "scep-ca install --dir ca issued.pem",
	.options = options,
	.args = &args,
	.input = &args.in,
	.run = run,
};
