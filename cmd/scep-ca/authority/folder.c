#include "authority/folder.h"
#include "base/clock.h"

enum status
folder_put(const char *dir, const char *name, bool is_private,
    const struct buf *b)
{
	auto_char *path = io_join(dir, name);
	const struct io_output out = { path, NULL, is_private };
	enum status st;

	if ((st = io_check_root(dir)) != OK ||
	    (st = io_spill(&out, b)) != OK)
		return st;
	return io_sync(path);
}

enum status
folder_put_key(const char *dir, const char *name, const EVP_PKEY *key)
{
	auto_buf pem = BUF_SECRET;

	cert_key_to_pem(key, &pem);
	return folder_put(dir, name, true, &pem);
}

enum status
folder_put_certs(const char *dir, const char *name, const X509 *first,
    const STACK_OF(X509) *rest)
{
	auto_buf pem = BUF_INIT;

	if (first != NULL)
		cert_to_pem(first, &pem);
	if (rest != NULL)
		cert_list_to_pem(rest, &pem);
	return folder_put(dir, name, false, &pem);
}

enum status
folder_put_cert(const char *dir, const char *name, const X509 *cert)
{
	return folder_put_certs(dir, name, cert, NULL);
}

enum status
folder_has(const char *dir, const char *name, bool *has)
{
	auto_char *path = io_join(dir, name);

	return io_exists(path, has);
}

/*
 * The RA's name is the CA's name with one more CN.  It is made from the
 * encoded name, as another program may have made the CA with values that our
 * parser of names would refuse (C=USA).
 */
static X509_NAME *
ra_subject(const X509 *ca)
{
	X509_NAME *name = X509_NAME_dup(X509_get_subject_name(ca));

	if (name == NULL || X509_NAME_add_entry_by_NID(name, NID_commonName,
	    MBSTRING_UTF8, (const unsigned char *)"SCEP RA", -1, -1, 0) != 1)
		mem_exhausted();
	return name;
}

enum status
folder_make_ra(const struct identity *ca, EVP_PKEY *key, int64_t now,
    X509 **out)
{
	struct issue_order order = { .profile = ISSUE_RA, .ca = ca,
	    .key = key, .now = now,
	    .validity = cert_not_after(ca->cert) - now };
	auto_X509_NAME *subject = ra_subject(ca->cert);

	order.subject = subject;
	return issue_certificate(&order, out);
}

enum status
folder_record(struct ledger *l, X509 *cert, const char *profile, int64_t now)
{
	auto_ledger_certificate c = LEDGER_CERTIFICATE_INIT;
	auto_ledger_certificate earlier = LEDGER_CERTIFICATE_INIT;
	enum ledger_outcome found;

	authority_record(cert, profile, now, &c);
	return ledger_certify(l, &c, NULL, now, &found, &earlier);
}

enum status
folder_put_chain(const char *dir, X509 *ca, STACK_OF(X509) *given)
{
	auto_certs *chain = NULL;
	X509 *gap = NULL, *top = ca;
	enum status st;

	if (given != NULL && !cert_is_self_signed(ca)) {
		cert_order_chain(ca, given, clock_now(), &chain, &gap);
		if (chain != NULL && sk_X509_num(chain) > 0)
			top = sk_X509_value(chain, sk_X509_num(chain) - 1);
	}
	if (!cert_is_self_signed(top))
		warning("%s: the root of the chain is not among the "
		    "certificates given", dir);
	if ((st = folder_put_certs(dir, CA_CHAIN, ca, chain)) != OK)
		return st;
	return folder_put_cert(dir, CA_ROOT, top);
}
