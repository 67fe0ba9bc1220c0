/* Builds and checks certificate chains. */
#include <openssl/x509_vfy.h>

#include "x509/cert.h"

#define auto_X509_STORE AUTO(auto_free_X509_STORE) X509_STORE
#define auto_X509_STORE_CTX AUTO(auto_free_X509_STORE_CTX) X509_STORE_CTX
DEFINE_AUTO(X509_STORE, X509_STORE, X509_STORE_free);
DEFINE_AUTO(X509_STORE_CTX, X509_STORE_CTX, X509_STORE_CTX_free);

enum {
	CHAIN_MAX = 10,		/* certificates between leaf and anchor */
	TRIES_MAX = 1000,	/* signatures checked to sort certificates */
	VERIFY_TRIES_MAX = 50,	/* or to verify an untrusted one */
	SECURITY_LEVEL = 2,	/* 112 bits: no RSA-1024, no SHA-1 */
};

const char *
cert_signed_by_key(X509 *cert, X509 *holder)
{
	EVP_PKEY *key = X509_get0_pubkey(holder);

	if (key == NULL) {
		diag_ssl_clear();
		return "the issuer's key cannot be read";
	}
	if (X509_verify(cert, key) != 1) {
		diag_ssl_clear();
		return "its signature was not made by the issuer's key";
	}
	return NULL;
}

const char *
cert_issued_by(X509 *cert, X509 *issuer)
{
	if (!cert_name_equal(X509_get_issuer_name(cert),
	    X509_get_subject_name(issuer)))
		return "its issuer has another name";
	return cert_signed_by_key(cert, issuer);
}

bool
cert_is_self_signed(X509 *cert)
{
	return cert_name_equal(X509_get_subject_name(cert),
	    X509_get_issuer_name(cert)) && cert_issued_by(cert, cert) == NULL;
}

/* ---- sorting the given certificates ---- */

struct path {
	X509 *v[CHAIN_MAX];	/* borrowed; each issued the previous one */
	size_t n;
	bool is_whole;		/* it ends in a root or an anchor */
	bool is_good;		/* all are CAs, and valid now */
};

struct search {
	X509 *leaf;
	STACK_OF(X509) *given;
	const STACK_OF(X509) *anchors;	/* where to end; NULL: in a root */
	int64_t now;
	size_t tries;		/* attempts left */
	struct path best;
	bool is_found;
};

bool
cert_is_among(const STACK_OF(X509) *list, const X509 *cert)
{
	int i;

	for (i = 0; i < sk_X509_num(list); i++)
		if (X509_cmp(sk_X509_value(list, i), cert) == 0)
			return true;
	return false;
}

static bool
is_in(const struct search *s, const struct path *p, const X509 *cert)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		if (X509_cmp(p->v[i], cert) == 0)
			return true;
	return X509_cmp(s->leaf, cert) == 0;
}

/* Those that are valid longer come first, whatever their given order. */
static int
compare_issuers(const X509 *const *a, const X509 *const *b)
{
	int64_t x = cert_not_after(*a), y = cert_not_after(*b);

	if (x != y)
		return x > y ? -1 : 1;
	return X509_cmp(*a, *b);
}

static STACK_OF(X509) *
list_issuers(struct search *s, const struct path *p, X509 *cert)
{
	STACK_OF(X509) *list = sk_X509_new(compare_issuers);
	int i;

	if (list == NULL)
		mem_exhausted();
	for (i = 0; i < sk_X509_num(s->given) && s->tries > 0; i++) {
		X509 *c = sk_X509_value(s->given, i);

		if (is_in(s, p, c) || !cert_name_equal(
		    X509_get_issuer_name(cert), X509_get_subject_name(c)))
			continue;
		s->tries--;
		if (cert_signed_by_key(cert, c) == NULL &&
		    sk_X509_push(list, c) <= 0)
			mem_exhausted();
	}
	sk_X509_sort(list);
	return list;
}

/* A path that can be verified is better than one that ends in a root. */
static void
keep_better(struct search *s, const struct path *p)
{
	const struct path *best = &s->best;

	if (s->is_found && (p->is_good != best->is_good ?
	    best->is_good : !p->is_whole || best->is_whole))
		return;
	s->best = *p;
	s->is_found = true;
}

static void
find_paths(struct search *s, struct path *p)
{
	X509 *last = p->n > 0 ? p->v[p->n - 1] : s->leaf;
	STACK_OF(X509) *issuers;
	struct path longer;
	int i;

	p->is_whole = s->anchors != NULL ? cert_is_among(s->anchors, last) :
	    cert_is_self_signed(last);
	if (p->is_whole || p->n == CHAIN_MAX) {
		keep_better(s, p);
		return;
	}
	issuers = list_issuers(s, p, last);
	if (sk_X509_num(issuers) == 0)
		keep_better(s, p);
	for (i = 0; i < sk_X509_num(issuers); i++) {
		X509 *c = sk_X509_value(issuers, i);

		if (s->is_found && s->best.is_good && s->best.is_whole)
			break;
		longer = *p;
		longer.v[longer.n++] = c;
		longer.is_good = p->is_good &&
		    cert_check_dates(c, s->now) == NULL &&
		    cert_check_issuer(c) == NULL;
		find_paths(s, &longer);
	}
	sk_X509_free(issuers);
}

/*
 * The best path after s->leaf; *gap is its last certificate if it is
 * incomplete.
 */
static STACK_OF(X509) *
search(struct search *s, X509 **gap)
{
	struct path start = { .is_good = true };
	auto_certs *chain = sk_X509_new_null();
	size_t i;

	if (chain == NULL)
		mem_exhausted();
	find_paths(s, &start);
	for (i = 0; i < s->best.n; i++)
		if (X509_up_ref(s->best.v[i]) != 1 ||
		    sk_X509_push(chain, s->best.v[i]) <= 0)
			mem_exhausted();
	*gap = s->best.is_whole ? NULL :
	    s->best.n > 0 ? s->best.v[s->best.n - 1] : s->leaf;
	return STEAL(chain);
}

void
cert_order_chain(X509 *leaf, STACK_OF(X509) *given, int64_t now,
    STACK_OF(X509) **out, X509 **gap)
{
	struct search s = { .leaf = leaf, .given = given, .now = now,
	    .tries = TRIES_MAX };

	*out = search(&s, gap);
}

/* ---- verifying ---- */

static X509_STORE *
make_store(const STACK_OF(X509) *anchors)
{
	X509_STORE *store = X509_STORE_new();
	int i;

	if (store == NULL)
		mem_exhausted();
	for (i = 0; i < sk_X509_num(anchors); i++)
		if (X509_STORE_add_cert(store, sk_X509_value(anchors, i)) != 1)
			mem_exhausted();
	return store;
}

/* OpenSSL's text if it is clear, otherwise ours. */
static const char *
chain_reason(int error)
{
	switch (error) {
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		return "no certificate of its issuer";
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		return "it is self-signed, and not an anchor";
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		return "the chain ends in a root that is not an anchor";
	case X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD:
	case X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD:
		return "certificate has an unreadable date";
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		return "its signature was not made by the issuer's key";
	case X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION:
		return "an unknown critical extension";
	case X509_V_ERR_INVALID_CA:
		return "its issuer is not a CA";
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
		return "its key is too small";
	case X509_V_ERR_CA_MD_TOO_WEAK:
		return "it is signed with a weak digest (SHA-1 or MD5)";
	default:
		return X509_verify_cert_error_string(error);
	}
}

/*
 * True if OpenSSL can check the dates: there is a time, and it fits time_t (of
 * 32 bits, until 2038).  Otherwise check_dates() does.
 */
static bool
fits(int64_t now)
{
	return now != CERT_NO_TIME && (int64_t)(time_t)now == now;
}

static void
set_time(X509_VERIFY_PARAM *param, int64_t now)
{
	if (fits(now))
		X509_VERIFY_PARAM_set_time(param, (time_t)now);
	else
		X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME);
}

/*
 * Returns X509_V_OK, or why a certificate of the chain, *bad, is not valid
 * now.
 */
static int
check_dates(STACK_OF(X509) *chain, int64_t now, X509 **bad)
{
	int i;

	for (i = 0; i < sk_X509_num(chain); i++) {
		X509 *cert = sk_X509_value(chain, i);

		if (cert_check_dates(cert, now) == NULL)
			continue;
		*bad = cert;
		if (cert_not_before(cert) == CERT_NO_TIME)
			return X509_V_ERR_ERROR_IN_CERT_NOT_BEFORE_FIELD;
		if (cert_not_after(cert) == CERT_NO_TIME)
			return X509_V_ERR_ERROR_IN_CERT_NOT_AFTER_FIELD;
		return now < cert_not_before(cert) ?
		    X509_V_ERR_CERT_NOT_YET_VALID :
		    X509_V_ERR_CERT_HAS_EXPIRED;
	}
	return X509_V_OK;
}

static int
verify(X509 *leaf, STACK_OF(X509) *untrusted, const STACK_OF(X509) *anchors,
    int64_t now, int level, STACK_OF(X509) **chain, X509 **bad)
{
	auto_X509_STORE *store = make_store(anchors);
	auto_X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	int error;

	if (ctx == NULL ||
	    X509_STORE_CTX_init(ctx, store, leaf, untrusted) != 1)
		mem_exhausted();
	param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_ANY);
	X509_VERIFY_PARAM_set_auth_level(param, level);
	X509_VERIFY_PARAM_set_depth(param, CHAIN_MAX);
	X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	set_time(param, now);
	error = X509_verify_cert(ctx) == 1 ? X509_V_OK :
	    X509_STORE_CTX_get_error(ctx);
	/* A failure without an error code must not look like success. */
	if (error == X509_V_OK && X509_STORE_CTX_get_error(ctx) != X509_V_OK)
		error = X509_V_ERR_UNSPECIFIED;
	*chain = X509_STORE_CTX_get1_chain(ctx);
	*bad = error == X509_V_OK ? NULL :
	    sk_X509_value(*chain, X509_STORE_CTX_get_error_depth(ctx));
	if (error == X509_V_OK && now != CERT_NO_TIME && !fits(now))
		error = check_dates(*chain, now, bad);
	diag_ssl_clear();
	return error;
}

static void
append(STACK_OF(X509) *to, const STACK_OF(X509) *from)
{
	int i;

	for (i = 0; i < sk_X509_num(from); i++)
		if (sk_X509_push(to, sk_X509_value(from, i)) <= 0)
			mem_exhausted();
}

/* The anchors that occur in the path; borrowed. */
static STACK_OF(X509) *
anchors_in(const STACK_OF(X509) *anchors, const STACK_OF(X509) *path)
{
	STACK_OF(X509) *few = sk_X509_new_null();
	int i;

	if (few == NULL)
		mem_exhausted();
	for (i = 0; i < sk_X509_num(anchors); i++)
		if (cert_is_among(path, sk_X509_value(anchors, i)) &&
		    sk_X509_push(few, sk_X509_value(anchors, i)) <= 0)
			mem_exhausted();
	return few;
}

/*
 * OpenSSL takes the first issuer that matches and does not try another one: of
 * two CAs with the same name without key identifiers, or two certificates of
 * one CA.  So it is offered one path at a time, of certificates that signed
 * each other.
 */
static int
verify_path(X509 *leaf, STACK_OF(X509) *untrusted,
    const STACK_OF(X509) *anchors, int64_t now, int level,
    STACK_OF(X509) **chain, X509 **bad)
{
	STACK_OF(X509) *all = sk_X509_new_null(), *few;
	struct search s = { .leaf = leaf, .given = all, .anchors = anchors,
	    .now = now, .tries = VERIFY_TRIES_MAX };
	auto_certs *path = NULL;
	X509 *gap;
	int error;

	if (all == NULL)
		mem_exhausted();
	append(all, anchors);
	append(all, untrusted);
	path = search(&s, &gap);
	sk_X509_free(all);
	few = anchors_in(anchors, path);
	error = verify(leaf, path, few, now, level, chain, bad);
	sk_X509_free(few);
	return error;
}

/*
 * A certificate of version 3 is a CA only if basicConstraints says so (RFC
 * 5280 6.1.4 (k)); OpenSSL also accepts others that may sign certificates.
 */
static X509 *
find_no_ca(const STACK_OF(X509) *chain, const STACK_OF(X509) *anchors)
{
	int i;

	for (i = 1; i < sk_X509_num(chain); i++) {
		X509 *one = sk_X509_value(chain, i);

		if (X509_check_ca(one) != 1 && !cert_is_among(anchors, one))
			return one;
	}
	return NULL;
}

static const char *
build_chain(X509 *leaf, STACK_OF(X509) *untrusted, STACK_OF(X509) *anchors,
    int64_t now, int level, STACK_OF(X509) **chain, X509 **bad)
{
	auto_certs *other = NULL;
	X509 *other_bad;
	int error;

	/* Certificates above an anchor do not matter. */
	if (cert_is_among(anchors, leaf))
		untrusted = NULL;
	error = verify(leaf, untrusted, anchors, now, level, chain, bad);
	if (error != X509_V_OK && error != X509_V_ERR_UNSPECIFIED &&
	    verify_path(leaf, untrusted, anchors, now, level, &other,
	    &other_bad) == X509_V_OK) {
		cert_list_free(*chain);
		*chain = STEAL(other);
		error = X509_V_OK;
	}
	if (error == X509_V_OK) {
		*bad = find_no_ca(*chain, anchors);
		return *bad == NULL ? NULL :
		    chain_reason(X509_V_ERR_INVALID_CA);
	}
	if (error == X509_V_ERR_UNSPECIFIED)
		return "the chain cannot be verified";
	return chain_reason(error);
}

const char *
cert_build_chain(X509 *leaf, STACK_OF(X509) *untrusted,
    STACK_OF(X509) *anchors, int64_t now, STACK_OF(X509) **chain, X509 **bad)
{
	return build_chain(leaf, untrusted, anchors, now, SECURITY_LEVEL,
	    chain, bad);
}

const char *
cert_check_issued(X509 *leaf, STACK_OF(X509) *untrusted,
    STACK_OF(X509) *anchors, int64_t now)
{
	auto_certs *chain = NULL, *rest = NULL;
	const char *reason;
	X509 *bad;

	if ((reason = build_chain(leaf, untrusted, anchors, now, 0, &chain,
	    &bad)) != NULL)
		return reason;
	if (sk_X509_num(chain) < 2)
		return "it is a CA's own certificate";
	return build_chain(sk_X509_value(chain, 1), untrusted, anchors, now,
	    SECURITY_LEVEL, &rest, &bad);
}

/* A self-issued certificate does not count. */
static bool
counts(const X509 *cert)
{
	return !cert_name_equal(X509_get_subject_name(cert),
	    X509_get_issuer_name(cert));
}

const char *
cert_check_depth(STACK_OF(X509) *chain)
{
	long below = 0, limit;
	int i;

	for (i = 1; i < sk_X509_num(chain); i++) {
		if (counts(sk_X509_value(chain, i - 1)))
			below++;
		limit = X509_get_pathlen(sk_X509_value(chain, i));
		if (limit >= 0 && below > limit)
			return "a CA above it allows no CA there "
			    "(pathLenConstraint)";
	}
	return NULL;
}
