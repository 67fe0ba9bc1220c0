/*
 * unit_readback CERT KEY CHAIN CONTENT [none]: signs the content, with signed
 * attributes unless "none", and runs the check of new messages on the result
 * with each bit changed, each byte left out or repeated, and each end cut off.
 * Prints each change that is accepted ("bit 17.3 of 1200"), then "changes N,
 * signed STATUS": the status of signing if OpenSSL writes one wrong bit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1t.h>

#include "base/diag.h"
#include "cms/local.h"
#include "sys/io.h"

static size_t wrong;		/* the offset of the byte to change, or 0 */

/* Replaces OpenSSL's function in this program. */
int
i2d_CMS_ContentInfo(const CMS_ContentInfo *cms, unsigned char **out)
{
	int len = ASN1_item_i2d((const ASN1_VALUE *)cms, out,
	    ASN1_ITEM_rptr(CMS_ContentInfo));

	if (wrong > 0 && len > (int)wrong)
		(*out)[wrong] ^= 1;
	return len;
}

struct meant {
	struct buf content;
	STACK_OF(X509) *inside;
	long tried;
};

static void
try(struct meant *m, const struct buf *der, const char *what, size_t at,
    int bit)
{
	m->tried++;
	if (cms_reads_back(der, &m->content, m->inside))
		printf("%s %zu.%d of %zu\n", what, at, bit, der->len);
	diag_ssl_clear();
}

static void
try_all(struct meant *m, const struct buf *der)
{
	size_t i;
	int bit;

	for (i = 0; i < der->len; i++) {
		auto_buf less = BUF_INIT, more = BUF_INIT, cut = BUF_INIT;

		for (bit = 0; bit < 8; bit++) {
			der->data[i] ^= (unsigned char)(1 << bit);
			try(m, der, "bit", i, bit);
			der->data[i] ^= (unsigned char)(1 << bit);
		}
		buf_add(&cut, der->data, i);
		try(m, &cut, "cut", i, 0);
		buf_add(&less, der->data, i);
		buf_add(&less, der->data + i + 1, der->len - i - 1);
		try(m, &less, "less", i, 0);
		buf_add(&more, der->data, i + 1);
		buf_add(&more, der->data + i, der->len - i);
		try(m, &more, "more", i, 0);
	}
}

int
main(int argc, char **argv)
{
	auto_identity id = IDENTITY_INIT;
	auto_buf der = BUF_INIT, again = BUF_INIT;
	struct identity_source src = { .cert = NULL };
	struct cms_sign how = { .id = &id, .digest = "sha256" };
	struct meant m = { BUF_INIT, NULL, 0 };
	int i;

	if (argc < 5)
		return USAGE;
	how.no_attributes = argc > 5;
	src.cert = argv[1];
	src.key = argv[2];
	strings_add(&src.chain, argv[3]);
	if (cert_load_identity(&src, &id) != OK ||
	    io_slurp_file(argv[4], IO_KEY_MAX, &m.content) != OK ||
	    cms_sign(&m.content, &how, &der) != OK ||
	    (m.inside = sk_X509_new_null()) == NULL ||
	    sk_X509_push(m.inside, id.cert) <= 0)
		return FAULT;
	for (i = 0; i < sk_X509_num(id.chain); i++)
		sk_X509_push(m.inside, sk_X509_value(id.chain, i));
	if (!cms_reads_back(&der, &m.content, m.inside))
		return FAULT;
	try_all(&m, &der);
	wrong = der.len / 2;
	printf("changes %ld, signed %d\n", m.tried,
	    (int)cms_sign(&m.content, &how, &again));
	strings_free(&src.chain);
	buf_free(&m.content);
	sk_X509_free(m.inside);
	return OK;
}
