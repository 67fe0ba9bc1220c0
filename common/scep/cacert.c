/* Verifies the response to GetCACert: which certificates the client trusts. */
#include "scep/cacert.h"

#include <string.h>

#include <openssl/objects.h>

#include "base/encoding.h"
#include "base/words.h"
#include "cli/opts.h"
#include "sys/io.h"

/* Usages that mark an RA: id-kp-cmcRA and szOID_ENROLLMENT_AGENT. */
static const char *const ra_marks[] = {
	"1.3.6.1.5.5.7.3.28", "1.3.6.1.4.1.311.20.2.1",
};

/* The response that is being verified. */
struct bag {
	const char *name;
	const struct scep_cacert_source *src;
	STACK_OF(X509) *certs;
	STACK_OF(X509) *anchors;	/* borrowed */
	int64_t now;
	const char *reason;	/* why the first certificate was left out */
	bool any;		/* some certificates remain */
};

static void
bag_free(struct bag *b)
{
	cert_list_free(b->certs);
}

void
scep_cacert_free(struct scep_cacert *t)
{
	sk_X509_free(t->known);
	cert_list_free(t->anchors);
	cert_list_free(t->cas);
	cert_list_free(t->ras);
	*t = (struct scep_cacert)SCEP_CACERT_INIT;
}

/* ---- fingerprints ---- */

static const EVP_MD *
digest_of_length(size_t len)
{
	switch (len) {
	case 16:
		return EVP_md5();
	case 20:
		return EVP_sha1();
	case 32:
		return EVP_sha256();
	case 48:
		return EVP_sha384();
	case 64:
		return EVP_sha512();
	default:
		return NULL;
	}
}

/* Blanks are skipped like colons, because people copy what is printed. */
static const char *
read_print(const char *value, struct buf *out)
{
	auto_buf text = BUF_INIT;
	const char *p;

	for (p = value; *p != '\0'; p++)
		if (*p != ' ')
			buf_putc(&text, *p);
	return decode_hex(buf_str(&text), out);
}

const char *
scep_cacert_check_print(const char *value)
{
	auto_buf raw = BUF_INIT;

	if (read_print(value, &raw) != NULL)
		return "not a hexadecimal number";
	return digest_of_length(raw.len) != NULL ? NULL :
	    "the wrong length: SHA-256 has 64 digits, SHA-1 40, SHA-512 128";
}

static bool
has_print(const X509 *cert, const char *print)
{
	unsigned char md[EVP_MAX_MD_SIZE];
	auto_buf want = BUF_INIT;
	const EVP_MD *digest;
	unsigned int len;

	if (read_print(print, &want) != NULL ||
	    (digest = digest_of_length(want.len)) == NULL ||
	    X509_digest(cert, digest, md, &len) != 1) {
		diag_ssl_clear();
		return false;
	}
	return len == want.len && memcmp(md, want.data, len) == 0;
}

/* ---- lists ---- */

static void
add(STACK_OF(X509) **l, X509 *cert)
{
	if (cert_is_among(*l, cert))
		return;
	if ((*l == NULL && (*l = sk_X509_new_null()) == NULL) ||
	    X509_up_ref(cert) != 1 || sk_X509_push(*l, cert) <= 0)
		mem_exhausted();
}

/* ---- reading ---- */

static bool
is_verified(const struct scep_cacert_source *src)
{
	return src->anchor != NULL || src->fingerprint != NULL ||
	    src->no_trust;
}

enum status
scep_cacert_check(const struct scep_cacert_source *src)
{
	if (src->ca == NULL)
		return opts_missing("--ca", "what GetCACert answered");
	if ((src->anchor != NULL) + (src->fingerprint != NULL) +
	    src->no_trust > 1)
		return fail(USAGE, "--anchor, --fingerprint or --no-trust: "
		    "only one of them");
	return OK;
}

static enum status
read_response(struct bag *b)
{
	auto_buf in = BUF_INIT;
	const char *reason;
	enum status st;

	if (!is_verified(b->src))
		return cert_load_list(b->src->ca, &b->certs);
	if ((st = io_slurp_file(b->src->ca, IO_KEY_MAX, &in)) != OK)
		return st;
	if ((reason = cert_list_from_der(&in, &b->certs)) != NULL)
		return fail(MALFORMED, "%s: %s (RFC 8894 4.2.1.1)", b->name,
		    reason);
	return OK;
}

static enum status
find_by_print(struct bag *b, STACK_OF(X509) **anchors)
{
	char first[SECRET_HASH_TEXT];
	int i;

	for (i = 0; i < sk_X509_num(b->certs); i++) {
		X509 *one = sk_X509_value(b->certs, i);

		if (!has_print(one, b->src->fingerprint))
			continue;
		if (X509_check_ca(one) == 0)
			return fail(REFUSED, "%s: the certificate with that "
			    "fingerprint is not a CA: --fingerprint takes the "
			    "CA's, --ra-fingerprint an RA's", b->name);
		add(anchors, one);
		return OK;
	}
	cert_sha256(sk_X509_value(b->certs, 0), first);
	return fail(REFUSED, "%s: no certificate there has the fingerprint "
	    "%s; the SHA-256 of the first is %s", b->name,
	    b->src->fingerprint, first);
}

static enum status
find_anchors(struct bag *b, STACK_OF(X509) **anchors)
{
	int i;

	if (b->src->anchor != NULL)
		return cert_load_list(b->src->anchor, anchors);
	if (b->src->fingerprint != NULL)
		return find_by_print(b, anchors);
	for (i = 0; i < sk_X509_num(b->certs); i++)
		if (X509_check_ca(sk_X509_value(b->certs, i)) != 0)
			add(anchors, sk_X509_value(b->certs, i));
	return OK;
}

/* ---- verifying ---- */

static const char *
chain_reason(const struct bag *b, X509 *cert)
{
	auto_certs *chain = NULL;
	X509 *bad;

	return cert_build_chain(cert, b->certs, b->anchors, b->now, &chain,
	    &bad);
}

/*
 * True if a certificate that leads to an anchor may issue certificates.  An
 * anchor of the user's may be a root from before version 3.
 */
static bool
is_ca(const struct bag *b, X509 *cert)
{
	auto_certs *chain = NULL;
	int kind = X509_check_ca(cert);
	X509 *bad;

	if (kind != 1 && (kind == 0 || !cert_is_among(b->anchors, cert)))
		return false;
	return cert_build_chain(cert, b->certs, b->anchors, b->now, &chain,
	    &bad) == NULL && cert_check_depth(chain) == NULL;
}

static bool
has_mark(const EXTENDED_KEY_USAGE *eku)
{
	char oid[64];
	int i;

	for (i = 0; i < sk_ASN1_OBJECT_num(eku); i++) {
		OBJ_obj2txt(oid, sizeof oid, sk_ASN1_OBJECT_value(eku, i), 1);
		if (words_place(ra_marks, ARRAY_LEN(ra_marks), oid) <
		    ARRAY_LEN(ra_marks))
			return true;
	}
	return false;
}

/* True if the issuer marked it as an RA, and not for other uses. */
static bool
is_marked(X509 *cert)
{
	EXTENDED_KEY_USAGE *eku = X509_get_ext_d2i(cert, NID_ext_key_usage,
	    NULL, NULL);
	bool marked = has_mark(eku);

	EXTENDED_KEY_USAGE_free(eku);
	return marked && (X509_get_extended_key_usage(cert) &
	    (XKU_SSL_CLIENT | XKU_SSL_SERVER | XKU_ANYEKU)) == 0;
}

static bool
is_named(const struct bag *b, const X509 *cert)
{
	size_t i;

	for (i = 0; i < b->src->ra.n; i++)
		if (has_print(cert, b->src->ra.v[i]))
			return true;
	return false;
}

/* Sorts the certificates into CAs and RAs, or leaves them out. */
static void
sort_bag(struct bag *b, struct scep_cacert *t)
{
	int i;

	for (i = 0; i < sk_X509_num(b->certs); i++) {
		X509 *one = sk_X509_value(b->certs, i);
		const char *reason = chain_reason(b, one);

		if (reason != NULL) {
			if (b->reason == NULL)
				b->reason = reason;
			continue;
		}
		b->any = true;
		if (is_ca(b, one))
			add(&t->cas, one);
		else if (is_named(b, one) || is_marked(one))
			add(&t->ras, one);
	}
}

/* ---- choosing ---- */

static bool
is_rsa(X509 *cert)
{
	const EVP_PKEY *key = cert_key(cert);

	diag_ssl_clear();
	return key != NULL && cert_key_is_rsa(key);
}

static bool
is_fit(X509 *cert)
{
	/* X509_get_key_usage() sets all bits if there is no keyUsage. */
	return (X509_get_key_usage(cert) & KU_KEY_ENCIPHERMENT) != 0 &&
	    is_rsa(cert);
}

static void
choose(const struct bag *b, struct scep_cacert *t)
{
	X509 *one;
	int i;

	for (i = 0; i < sk_X509_num(t->ras) && t->recipient == NULL; i++) {
		one = sk_X509_value(t->ras, i);
		if (is_fit(one) && (b->src->ra.n == 0 || is_named(b, one)))
			t->recipient = one;
	}
	/* If an RA was named, only that one may be the recipient. */
	for (i = 0; i < sk_X509_num(t->cas) && t->recipient == NULL &&
	    b->src->ra.n == 0; i++)
		if (is_fit(sk_X509_value(t->cas, i)))
			t->recipient = sk_X509_value(t->cas, i);
	/*
	 * A single certificate is used whatever its keyUsage says, like
	 * micromdm's.
	 */
	if (t->recipient == NULL && b->src->ra.n == 0 &&
	    sk_X509_num(b->certs) == 1 && t->cas != NULL &&
	    is_rsa(sk_X509_value(t->cas, 0)))
		t->recipient = sk_X509_value(t->cas, 0);
}

static X509 *
issuer_of(X509 *cert, const STACK_OF(X509) *cas)
{
	int i;

	for (i = 0; i < sk_X509_num(cas); i++)
		if (cert_issued_by(cert, sk_X509_value(cas, i)) == NULL)
			return sk_X509_value(cas, i);
	return NULL;
}

/* Explains why there is no recipient, by the certificate that comes closest. */
static enum status
refuse_recipient(const struct bag *b, const struct scep_cacert *t)
{
	char print[SECRET_HASH_TEXT];
	int i;

	if (b->src->ra.n > 0)
		return fail(REFUSED, "%s: no certificate of --ra-fingerprint "
		    "there that leads to the CA and has keyEncipherment",
		    b->name);
	for (i = 0; i < sk_X509_num(b->certs); i++) {
		X509 *one = sk_X509_value(b->certs, i);
		auto_char *subject = cert_subject_text(one);

		if (cert_is_among(t->cas, one) || cert_is_among(t->ras, one) ||
		    !is_fit(one) || chain_reason(b, one) != NULL)
			continue;
		cert_sha256(one, print);
		return fail(REFUSED, "%s: %s is not marked as an RA: ask the "
		    "CA's operator whether its SHA-256 is %s, and give that "
		    "with --ra-fingerprint", b->name, subject, print);
	}
	for (i = 0; i < sk_X509_num(t->cas); i++)
		if (!is_rsa(sk_X509_value(t->cas, i)))
			return fail(REFUSED, "%s: nothing to encrypt to: the "
			    "CA's key is not RSA, and there is no RA", b->name);
	return fail(REFUSED, "%s: no CA or RA there has keyEncipherment",
	    b->name);
}

static enum status
refuse_all(const struct bag *b)
{
	if (sk_X509_num(b->anchors) == 0)
		return fail(REFUSED, "%s: no CA there", b->name);
	return fail(REFUSED, "%s: the server is not of %s: %s", b->name,
	    b->src->anchor != NULL ? b->src->anchor : "this CA", b->reason);
}

/* CAs that the user named may issue and sign, even if the server omits them. */
static void
add_anchors(const struct bag *b, struct scep_cacert *t)
{
	int i;

	for (i = 0; i < sk_X509_num(b->anchors); i++) {
		X509 *one = sk_X509_value(b->anchors, i);

		if (is_ca(b, one))
			add(&t->cas, one);
	}
}

static void
list_known(struct scep_cacert *t)
{
	STACK_OF(X509) *const both[] = { t->cas, t->ras };
	size_t k;
	int i;

	if ((t->known = sk_X509_new_null()) == NULL)
		mem_exhausted();
	for (k = 0; k < ARRAY_LEN(both); k++)
		for (i = 0; i < sk_X509_num(both[k]); i++)
			if (sk_X509_push(t->known,
			    sk_X509_value(both[k], i)) <= 0)
				mem_exhausted();
}

/*
 * The recipient must be in the response, because only the server has its key.
 */
static enum status
find_recipient(const struct bag *b, struct scep_cacert *t)
{
	choose(b, t);
	if (t->recipient == NULL)
		return refuse_recipient(b, t);
	add_anchors(b, t);
	t->ca = cert_is_among(t->cas, t->recipient) ? t->recipient :
	    issuer_of(t->recipient, t->cas);
	if (t->ca == NULL)
		return fail(REFUSED, "%s: the CA that issued the RA is "
		    "missing", b->name);
	return OK;
}

enum status
scep_cacert_load(const struct scep_cacert_source *src, int64_t now,
    bool want_recipient, struct scep_cacert *out)
{
	AUTO(bag_free) struct bag b = { .name = io_name(src->ca), .src = src,
	    .now = now };
	auto_scep_cacert t = SCEP_CACERT_INIT;
	enum status st;

	if ((st = read_response(&b)) != OK)
		return st;
	if (sk_X509_num(b.certs) > SCEP_CACERT_MAX)
		return fail(MALFORMED, "%s: %d certificates, more than the %d "
		    "that are accepted", b.name, sk_X509_num(b.certs),
		    SCEP_CACERT_MAX);
	if ((st = find_anchors(&b, &t.anchors)) != OK)
		return st;
	b.anchors = t.anchors;
	sort_bag(&b, &t);
	if (!b.any)
		return refuse_all(&b);
	if (want_recipient && (st = find_recipient(&b, &t)) != OK)
		return st;
	add_anchors(&b, &t);
	list_known(&t);
	*out = MOVE(t);
	return OK;
}

/* ---- using ---- */

bool
scep_cacert_signs(const struct scep_cacert *t, const X509 *cert)
{
	return cert_is_among(t->cas, cert) || cert_is_among(t->ras, cert);
}

/* Intermediate certificates to an anchor; borrowed. */
static STACK_OF(X509) *
list_between(const struct scep_cacert *t, const STACK_OF(X509) *untrusted)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	int i;

	if (all == NULL)
		mem_exhausted();
	for (i = 0; i < sk_X509_num(t->cas); i++)
		if (sk_X509_push(all, sk_X509_value(t->cas, i)) <= 0)
			mem_exhausted();
	for (i = 0; i < sk_X509_num(untrusted); i++)
		if (sk_X509_push(all, sk_X509_value(untrusted, i)) <= 0)
			mem_exhausted();
	return all;
}

const char *
scep_cacert_issued(const struct scep_cacert *t, X509 *cert,
    const STACK_OF(X509) *untrusted, int64_t now)
{
	STACK_OF(X509) *between = list_between(t, untrusted);
	int64_t from = cert_not_before(cert);
	const char *reason;

	/* A clock that is ahead of ours is left to the caller. */
	reason = cert_check_issued(cert, between, t->anchors,
	    from != CERT_NO_TIME && from > now ? from : now);
	sk_X509_free(between);
	return reason;
}
