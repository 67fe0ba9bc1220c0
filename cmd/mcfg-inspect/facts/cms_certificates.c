/* The certificates in a message, and which one an identifier refers to. */
#include <string.h>

#include "facts/cms_local.h"

enum { CHAIN_MAX = 16 };

/* [0] IMPLICIT CertificateSet. */
void
cms_facts_certificates(struct cms_look *l, struct ber in)
{
	struct report *list = report_add_array(l->r, "certificates");
	struct ber_item item;

	while (in.len > 0 && ber_next(&in, &item) == NULL) {
		auto_char *where = xasprintf("certificates[%zu]", l->n);
		struct report *c;

		l->view->certs++;
		if (l->n == CMS_CERTS_MAX)
			continue;
		c = report_add_object(list, NULL);
		if (ber_is(&item, BER_SEQUENCE) &&
		    cert_from_der(item.start, item.size, &l->certs[l->n]) ==
		    NULL)
			facts_certificate(l->f, where, l->certs[l->n], c);
		else {
			l->certs[l->n] = NULL;
			report_str(c, "error", "not an X.509 certificate");
			facts_note(l->f, "bad_certificate", where, "cannot be "
			    "read as an X.509 certificate");
		}
		l->n++;
	}
	report_int(l->cms, "certificates", (int64_t)l->view->certs);
}

void
cms_facts_crls(struct cms_look *l, struct ber in)
{
	struct report *list = report_add_array(l->r, "crls");
	struct ber_item item;

	while (in.len > 0 && ber_next(&in, &item) == NULL) {
		auto_char *where = xasprintf("crls[%zu]", l->view->crls);
		struct report *c;

		if (l->view->crls++ >= CMS_CERTS_MAX)
			continue;
		c = report_add_object(list, NULL);
		if (facts_crl(l->f, where, item.start, item.size, c) != NULL)
			report_str(c, "error", "not a CRL");
	}
}

/*
 * The index of the certificate that issued which, or l->n if the message does
 * not include it.
 */
static size_t
issuer_of(const struct cms_look *l, size_t which)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (i != which && l->certs[i] != NULL &&
		    cert_issued_by(l->certs[which], l->certs[i]) == NULL)
			return i;
	return l->n;
}

/* The path from the signer upwards, through the certificates in the message. */
void
cms_facts_chain(const struct cms_look *l, const char *where, size_t leaf,
    struct report *r)
{
	struct report *chain = report_add_array(r, "chain");
	auto_char *missing = NULL;
	size_t at = leaf, n, up;

	for (n = 0; n < CHAIN_MAX; n++) {
		report_int(chain, NULL, (int64_t)at);
		if (cert_is_self_signed(l->certs[at]))
			break;
		if ((up = issuer_of(l, at)) == l->n) {
			missing = cert_name_text(
			    X509_get_issuer_name(l->certs[at]));
			break;
		}
		at = up;
	}
	report_str(r, "chain_needs", missing);
	if (missing != NULL && at == leaf)
		facts_note(l->f, "no_intermediates", where, "the issuer of the "
		    "signer's certificate is not included: %s", missing);
}

static size_t
find_by_key_id(const struct cms_look *l, const struct buf *id)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		const ASN1_OCTET_STRING *ski;

		if (l->certs[i] == NULL ||
		    (ski = X509_get0_subject_key_id(l->certs[i])) == NULL)
			continue;
		if ((size_t)ASN1_STRING_length(ski) == id->len &&
		    memcmp(ASN1_STRING_get0_data(ski), buf_str(id),
		    id->len) == 0)
			return i;
	}
	return l->n;
}

static size_t
find_by_issuer(const struct cms_look *l, const struct ber_item *issuer,
    const char *serial)
{
	auto_X509_NAME *name = NULL;
	size_t i;

	if (cert_name_from_der(issuer->start, issuer->size, &name) != NULL)
		return l->n;
	for (i = 0; i < l->n; i++) {
		auto_buf own = BUF_INIT;

		if (l->certs[i] == NULL)
			continue;
		cert_serial_hex(l->certs[i], &own);
		if (strcmp(buf_str(&own), serial) == 0 && cert_name_equal(name,
		    X509_get_issuer_name(l->certs[i])))
			return i;
	}
	return l->n;
}

/*
 * Adds issuer and serial, or subject_key_id, of a SignerIdentifier or
 * RecipientIdentifier.  Returns the index of that certificate in the message,
 * or l->n.
 */
size_t
cms_facts_identifier(const struct cms_look *l, const struct ber_item *id,
    struct report *r)
{
	struct ber in = id->body;
	struct ber_item issuer, serial;
	auto_char *name = NULL;
	auto_buf hex = BUF_INIT, key_id = BUF_INIT;

	if (ber_is_context(id, 0)) {
		/* In BER it may be split into several segments. */
		if (ber_octets(id, &key_id) != NULL) {
			report_str(r, "error", "unreadable identifier");
			return l->n;
		}
		report_hex(r, "subject_key_id", key_id.data, key_id.len);
		return find_by_key_id(l, &key_id);
	}
	if (!ber_is(id, BER_SEQUENCE) || !ber_want(&in, BER_SEQUENCE,
	    &issuer) || !ber_want(&in, BER_INTEGER, &serial)) {
		report_str(r, "error", "unreadable identifier");
		return l->n;
	}
	name = facts_name(&issuer);
	facts_serial(&serial, &hex);
	report_str(r, "issuer", name);
	report_str(r, "serial", buf_str(&hex));
	return find_by_issuer(l, &issuer, buf_str(&hex));
}
