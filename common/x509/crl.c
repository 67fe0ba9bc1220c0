#include "x509/crl.h"

#include "sys/io.h"
#include "x509/local.h"

const char *
cert_crl_from_der(const struct buf *der, X509 *ca, X509_CRL **out)
{
	const unsigned char *p = der->data;
	auto_X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der->len);

	if (crl == NULL || p != der->data + der->len) {
		diag_ssl_clear();
		return "not a CRL";
	}
	if (ca != NULL && X509_CRL_verify(crl, X509_get0_pubkey(ca)) != 1) {
		diag_ssl_clear();
		return "not signed by the CA";
	}
	*out = STEAL(crl);
	return NULL;
}

enum status
cert_crl_read(const char *path, X509 *ca, struct problem *why, X509_CRL **out)
{
	const struct io_input in = { path, NULL };
	auto_buf der = BUF_INIT;
	const char *reason;
	enum status st;

	if ((st = io_read(&in, IO_PROFILE_MAX, why, &der)) != OK)
		return st;
	why->name = NULL;
	if ((reason = cert_crl_from_der(&der, ca, out)) != NULL)
		return problem_set(why, MALFORMED, "%s", reason);
	return OK;
}

void
cert_crl_to_der(X509_CRL *crl, struct buf *out)
{
	CERT_PUT_DER(i2d_X509_CRL, crl, out);
}

int64_t
cert_crl_this(const X509_CRL *crl)
{
	return cert_time(X509_CRL_get0_lastUpdate(crl));
}

int64_t
cert_crl_next(const X509_CRL *crl)
{
	const ASN1_TIME *t = X509_CRL_get0_nextUpdate(crl);

	return t != NULL ? cert_time(t) : 0;
}

bool
cert_crl_number(const X509_CRL *crl, struct buf *hex)
{
	ASN1_INTEGER *n = X509_CRL_get_ext_d2i(crl, NID_crl_number, NULL, NULL);

	if (n == NULL) {
		diag_ssl_clear();
		return false;
	}
	cert_integer_hex(n, hex);
	ASN1_INTEGER_free(n);
	return true;
}

int64_t
cert_crl_count(X509_CRL *crl)
{
	int n = sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl));

	return n > 0 ? n : 0;
}

bool
cert_crl_lists(X509_CRL *crl, const char *serial)
{
	X509_REVOKED *entry = NULL;
	ASN1_INTEGER *n = NULL;
	BIGNUM *bn = NULL;
	bool found;

	found = BN_hex2bn(&bn, serial) > 0 &&
	    (n = BN_to_ASN1_INTEGER(bn, NULL)) != NULL &&
	    X509_CRL_get0_by_serial(crl, &entry, n) == 1;
	ASN1_INTEGER_free(n);
	BN_free(bn);
	return found;
}
