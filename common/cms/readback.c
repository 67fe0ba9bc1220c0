/*
 * Checks a message that was just made by reading it back.  If one allocation
 * fails, some versions of OpenSSL sort or encode attributes wrongly and still
 * report success.
 *
 * Certificates are compared, not decoded, because OpenSSL needs a tenth of a
 * millisecond to decode one.
 */
#include <string.h>

#include "base/ber.h"
#include "cms/local.h"

/* SignedData (RFC 5652 5.1) in three parts, and the type of the message. */
struct pieces {
	struct ber_item type;
	struct ber front;	/* version, digest algorithms, content */
	struct ber bag;		/* the certificates, without their tag */
	struct ber back;	/* the signer; there are no CRLs */
};

/* Moves into the element that in consists of; false if it has others. */
static bool
enter_only(struct ber *in, bool is_context)
{
	struct ber_item item;

	if (!(is_context ? ber_want_context(in, 0, &item) :
	    ber_want(in, BER_SEQUENCE, &item)) || in->len != 0)
		return false;
	*in = item.body;
	return true;
}

static bool
take_apart(const struct buf *der, struct pieces *out)
{
	struct ber at = { der->data, der->len }, rest;
	struct ber_item item;

	if (!enter_only(&at, false) || !ber_want(&at, BER_OID, &out->type) ||
	    !enter_only(&at, true) || !enter_only(&at, false))
		return false;
	out->front.p = at.p;
	if (!ber_want(&at, BER_INTEGER, &item) ||
	    !ber_want(&at, BER_SET, &item) ||
	    !ber_want(&at, BER_SEQUENCE, &item))
		return false;
	out->front.len = (size_t)(at.p - out->front.p);
	if (!ber_want_context(&at, 0, &item))
		return false;
	out->bag = item.body;
	out->back = rest = at;
	return ber_want(&rest, BER_SET, &item) && rest.len == 0;
}

/* Puts the message together again, in DER, with or without certificates. */
static void
put_together(const struct pieces *p, bool with_bag, struct buf *out)
{
	auto_buf data = BUF_INIT, wrapped = BUF_INIT, whole = BUF_INIT;
	auto_buf bag = BUF_INIT;

	buf_add(&bag, p->bag.p, p->bag.len);
	buf_add(&data, p->front.p, p->front.len);
	if (with_bag)
		ber_put(&data, BER_CONTEXT(0), &bag);
	buf_add(&data, p->back.p, p->back.len);
	ber_put(&wrapped, BER_CONSTRUCTED(BER_SEQUENCE), &data);
	buf_add(&whole, p->type.start, p->type.size);
	ber_put(&whole, BER_CONTEXT(0), &wrapped);
	ber_put(out, BER_CONSTRUCTED(BER_SEQUENCE), &whole);
}

/* True if one of the elements is this certificate, byte for byte. */
static bool
has_cert(struct ber bag, const X509 *cert)
{
	auto_buf der = BUF_INIT;
	struct ber_item item;

	cert_to_der(cert, &der);
	while (ber_want(&bag, BER_SEQUENCE, &item))
		if (item.size == der.len &&
		    memcmp(item.start, der.data, der.len) == 0)
			return true;
	return false;
}

/* Compares in any order, because DER sorts them; the list has no duplicates. */
static bool
has_certs(struct ber bag, const STACK_OF(X509) *inside)
{
	struct ber at = bag;
	struct ber_item item;
	int i, n = 0;

	while (ber_want(&at, BER_SEQUENCE, &item))
		n++;
	if (at.len != 0 || n != sk_X509_num(inside))
		return false;
	for (i = 0; i < n; i++)
		if (!has_cert(bag, sk_X509_value(inside, i)))
			return false;
	return true;
}

static bool
is_version_1(struct ber *at)
{
	struct ber_item item;
	long n;

	return ber_want(at, BER_INTEGER, &item) && ber_number(&item, &n) &&
	    n == 1;
}

/*
 * Checks the versions, and that issuer and serial number of the signer are
 * those of its certificate; OpenSSL compares names without regard to case.
 */
static bool
has_names(const struct pieces *p, const X509 *signer)
{
	struct ber front = p->front, at = p->back;
	auto_buf names = BUF_INIT, id = BUF_INIT;
	unsigned char *serial = NULL;
	struct ber_item item;
	int len = i2d_ASN1_INTEGER(X509_get0_serialNumber(signer), &serial);

	if (len <= 0)
		mem_exhausted();
	cert_name_to_der(X509_get_issuer_name(signer), &names);
	buf_add(&names, serial, (size_t)len);
	OPENSSL_free(serial);
	ber_put(&id, BER_CONSTRUCTED(BER_SEQUENCE), &names);
	return is_version_1(&front) && ber_enter(&at, BER_SET) &&
	    ber_enter(&at, BER_SEQUENCE) && is_version_1(&at) &&
	    ber_want(&at, BER_SEQUENCE, &item) && item.size == id.len &&
	    memcmp(item.start, id.data, id.len) == 0;
}

/* True if it has exactly the content that was to be signed. */
static bool
has_content(CMS_ContentInfo *cms, const struct buf *content)
{
	ASN1_OCTET_STRING **inside = CMS_get0_content(cms);

	return inside != NULL && *inside != NULL &&
	    (size_t)ASN1_STRING_length(*inside) == content->len &&
	    (content->len == 0 || memcmp(ASN1_STRING_get0_data(*inside),
	    content->data, content->len) == 0);
}

/* NULL if it is not DER. */
static CMS_ContentInfo *
decode(const struct buf *der)
{
	const unsigned char *at = der->data;
	auto_CMS *cms = d2i_CMS_ContentInfo(NULL, &at, (long)der->len);
	auto_buf again = BUF_INIT;

	if (cms == NULL)
		return NULL;
	cms_write(cms, &again);
	return buf_equal(der, &again) ? STEAL(cms) : NULL;
}

bool
cms_reads_back(const struct buf *der, const struct buf *content,
    STACK_OF(X509) *inside)
{
	auto_buf bare = BUF_INIT, again = BUF_INIT;
	auto_CMS *cms = NULL;
	auto_BIO *nowhere = BIO_new(BIO_s_null());
	struct pieces pieces;

	if (nowhere == NULL)
		mem_exhausted();
	if (!take_apart(der, &pieces) || !has_certs(pieces.bag, inside) ||
	    !has_names(&pieces, sk_X509_value(inside, 0)))
		return false;
	put_together(&pieces, true, &again);
	if (!buf_equal(der, &again))
		return false;
	put_together(&pieces, false, &bare);
	return (cms = decode(&bare)) != NULL && cms_is_proper(cms) &&
	    has_content(cms, content) && CMS_verify(cms, inside, NULL, NULL,
	    nowhere, CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) == 1;
}
