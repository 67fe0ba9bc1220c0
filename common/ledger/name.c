/* Complete names: stored unchanged, compared as RFC 5280 section 7 says. */
#include "ledger/ledger.h"
#include "ledger/local.h"
#include "x509/cert.h"

void
ledger_name_free(struct ledger_name *n)
{
	buf_free(&n->subject);
	buf_free(&n->names);
	*n = (struct ledger_name)LEDGER_NAME_INIT;
}

void
ledger_name_copy(const struct ledger_name *from, struct ledger_name *to)
{
	ledger_name_free(to);
	buf_add_buf(&to->subject, &from->subject);
	buf_add_buf(&to->names, &from->names);
}

static bool
same_subject(const struct buf *a, const struct buf *b)
{
	auto_X509_NAME *one = NULL, *other = NULL;

	return buf_equal(a, b) ||
	    (cert_name_from_der(a->data, a->len, &one) == NULL &&
	    cert_name_from_der(b->data, b->len, &other) == NULL &&
	    cert_name_equal(one, other));
}

static bool
same_names(const struct buf *a, const struct buf *b)
{
	auto_GENERAL_NAMES *one = NULL, *other = NULL;

	return buf_equal(a, b) ||
	    (cert_names_from_der(a->data, a->len, &one) == NULL &&
	    cert_names_from_der(b->data, b->len, &other) == NULL &&
	    cert_names_equal(one, other));
}

bool
ledger_name_equal(const struct ledger_name *a, const struct ledger_name *b)
{
	return same_subject(&a->subject, &b->subject) &&
	    same_names(&a->names, &b->names);
}

void
ledger_take_name(const struct db_row *r, int column, struct ledger_name *out)
{
	const void *p;
	size_t len;

	ledger_name_free(out);
	if ((p = db_row_blob(r, column, &len)) != NULL)
		buf_add(&out->subject, p, len);
	if ((p = db_row_blob(r, column + 1, &len)) != NULL)
		buf_add(&out->names, p, len);
}

bool
ledger_name_of_certificate(const struct buf *der, struct ledger_name *out)
{
	auto_GENERAL_NAMES *names = NULL;
	auto_X509_NAME *subject = NULL;
	auto_X509 *cert = NULL;

	if (cert_from_der(der->data, der->len, &cert) != NULL)
		return false;
	cert_copy_names(cert, &subject, &names);
	if (subject == NULL)
		return false;
	ledger_name_free(out);
	cert_name_to_der(subject, &out->subject);
	cert_names_to_der(names, &out->names);
	return true;
}

bool
ledger_name_of_request(const struct buf *csr, struct ledger_name *out)
{
	auto_GENERAL_NAMES *names = NULL;
	auto_X509_REQ *req = NULL;

	if (cert_parse_request(csr, &req) != NULL ||
	    cert_request_names(req, &names) != NULL)
		return false;
	ledger_name_free(out);
	cert_name_to_der(X509_REQ_get_subject_name(req), &out->subject);
	cert_names_to_der(names, &out->names);
	return true;
}
