/* The dates of a CA, from its folder.  No key is opened. */
#include <string.h>

#include "overview.h"
#include "sys/io.h"
#include "x509/crl.h"

static void
add_cert(struct overview *o, const char *role, const char *file,
    const X509 *cert)
{
	struct authority *a = &o->ca;
	auto_char *key = cert_key_name(cert_key(cert));
	char sha256[SECRET_HASH_TEXT];
	auto_buf serial = BUF_INIT;
	size_t i;

	cert_sha256(cert, sha256);
	for (i = 0; i < a->n; i++)
		if (strcmp(a->v[i].sha256, sha256) == 0)
			return;		/* already listed: a root that issues by
					 * itself */
	if (a->n == AUTHORITY_MAX)
		return;
	cert_serial_hex(cert, &serial);
	a->v[a->n++] = (struct authority_cert){
		.role = role,
		.file = file,
		.subject = keep_new(o, cert_subject_text(cert)),
		.serial = keep(o, buf_str(&serial)),
		.sha256 = keep(o, sha256),
		.key = keep(o, key),
		.not_before = cert_not_before(cert),
		.not_after = cert_not_after(cert),
	};
}

static enum status
read_certs(struct overview *o, const char *dir, const char *role,
    const char *file)
{
	auto_char *path = io_join(dir, file);
	auto_certs *list = NULL;
	enum status st;
	bool exists;
	int i;

	if ((st = io_exists(path, &exists)) != OK || !exists)
		return st;
	if ((st = cert_load_list(path, &list)) != OK)
		return st;
	for (i = 0; i < sk_X509_num(list); i++)
		add_cert(o, role, file, sk_X509_value(list, i));
	return OK;
}

/* A CRL that cannot be read is a finding, and the report goes on. */
static enum status
read_crl(struct overview *o, const char *dir, X509 *ca)
{
	auto_char *path = io_join(dir, "crl.der");
	auto_X509_CRL *crl = NULL;
	auto_buf number = BUF_INIT;
	struct authority *a = &o->ca;
	struct problem why = { .st = OK };
	char line[PROBLEM_TEXT];
	enum status st;
	int n;

	if ((st = io_exists(path, &a->has_crl)) != OK || !a->has_crl)
		return st;
	if (cert_crl_read(path, ca, &why, &crl) != OK) {
		a->crl_fault = keep(o, problem_line(&why, line));
		return OK;
	}
	if (cert_crl_number(crl, &number))
		a->crl_number = keep(o, buf_str(&number));
	a->crl_from = cert_crl_this(crl);
	a->crl_until = cert_crl_next(crl);
	n = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl));
	a->crl_count = n > 0 ? n : 0;	/* OpenSSL returns -1 for none */
	return OK;
}

/* Reads what a rollover has prepared so far. */
static enum status
read_rollover(struct overview *o, const char *dir)
{
	auto_char *next = io_join(dir, "next-cert.pem");
	auto_char *previous = io_join(dir, "previous-cert.pem");
	enum status st;
	bool exists;

	if ((st = io_exists(next, &o->ca.has_next)) != OK ||
	    (st = io_exists(previous, &exists)) != OK || !exists)
		return st;
	return cert_load(previous, &o->ca.previous);
}

enum status
gather_authority(const char *dir, struct overview *o)
{
	static const struct {
		const char *role, *file;
	} files[] = {
		{ "issuing_ca", "cert.pem" },
		{ "previous_ca", "previous-cert.pem" },
		{ "root", "root.pem" },
		{ "ra", "ra.pem" },
		{ "next_ca", "next-cert.pem" },
		{ "next_ra", "next-ra.pem" },
		{ "previous_ra", "previous-ra.pem" },
	};
	auto_char *path = io_join(dir, files[0].file);
	auto_X509 *ca = NULL;
	enum status st;
	bool exists;
	size_t i;

	if ((st = io_exists(path, &exists)) != OK)
		return st;
	if (!exists)
		return fail(FAULT, "%s: no CA here", path);
	if ((st = cert_load(path, &ca)) != OK)
		return st;
	for (i = 0; i < ARRAY_LEN(files); i++)
		if ((st = read_certs(o, dir, files[i].role,
		    files[i].file)) != OK)
			return st;
	if ((st = read_crl(o, dir, ca)) != OK ||
	    (st = read_rollover(o, dir)) != OK)
		return st;
	o->ca.issuing = STEAL(ca);
	o->has_ca = true;
	return OK;
}
