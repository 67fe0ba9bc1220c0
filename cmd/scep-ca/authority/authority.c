#include "authority/authority.h"

#include <string.h>

char *
authority_path(const struct authority *a, const char *name)
{
	return io_join(a->dir, name);
}

static void
generation_free(struct generation *g)
{
	identity_free(&g->ca);
	if (g->has_ra)
		identity_free(&g->ra);
}

void
authority_close(struct authority *a)
{
	if (a->ledger != NULL)
		ledger_close(a->ledger);
	generation_free(&a->now);
	generation_free(&a->old);
	X509_free(a->next);
	issue_policy_free(&a->policy);
	buf_free(&a->stamp);
	free(a->dir);
	*a = (struct authority)AUTHORITY_INIT;
}

/* ---- files ---- */

#ifdef __APPLE__
#define st_mtim	st_mtimespec
#endif

/*
 * Identifies the files, so that a file that was replaced by rename is noticed.
 */
static void
put_stamp(const struct authority *a, struct buf *stamp)
{
	static const char *const names[] = {
		CA_CERT, CA_KEY, CA_RA_CERT, CA_RA_KEY, CA_POLICY,
		CA_NEXT CA_CERT, CA_OLD CA_CERT, CA_OLD CA_KEY,
		CA_OLD CA_RA_CERT, CA_OLD CA_RA_KEY,
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		auto_char *path = authority_path(a, names[i]);

		io_file_state(path, stamp);
	}
}

bool
authority_changed(const struct authority *a)
{
	auto_buf stamp = BUF_INIT;

	put_stamp(a, &stamp);
	return !buf_equal(&stamp, &a->stamp);
}

static enum status
load_policy(struct authority *a)
{
	auto_char *path = authority_path(a, CA_POLICY);

	return issue_policy_load(path, &a->policy);
}

/* ---- certificates ---- */

/* Loads one certificate of a generation; *out stays NULL if there is none. */
static enum status
load_cert(const struct authority *a, const char *prefix, const char *name,
    X509 **out)
{
	auto_char *file = xasprintf("%s%s", prefix, name);
	auto_char *path = authority_path(a, file);
	bool exists;
	enum status st;

	*out = NULL;
	if ((st = io_exists(path, &exists)) != OK || !exists)
		return st;
	return cert_load(path, out);
}

static enum status
load_generation(const struct authority *a, const char *prefix,
    struct generation *g)
{
	enum status st;

	if ((st = load_cert(a, prefix, CA_CERT, &g->ca.cert)) != OK ||
	    g->ca.cert == NULL)
		return st;
	if ((st = load_cert(a, prefix, CA_RA_CERT, &g->ra.cert)) != OK)
		return st;
	g->there = true;
	g->has_ra = g->ra.cert != NULL;
	if (!g->has_ra)
		g->ra = g->ca;
	return OK;
}

static enum status
load_certs(struct authority *a)
{
	enum status st;

	if ((st = load_generation(a, "", &a->now)) != OK ||
	    (st = load_generation(a, CA_OLD, &a->old)) != OK ||
	    (st = load_cert(a, CA_NEXT, CA_CERT, &a->next)) != OK)
		return st;
	if (!a->now.there)
		return fail(FAULT, "%s/%s: no CA here (scep-ca init makes "
		    "one)", a->dir, CA_CERT);
	a->issuers[a->issuer_count++] = a->now.ca.cert;
	if (a->old.there)
		a->issuers[a->issuer_count++] = a->old.ca.cert;
	return OK;
}

/* ---- keys ---- */

static bool
is_elsewhere(const char *key)
{
	return strncmp(key, "pkcs11:", 7) == 0 || secret_is_source(key);
}

enum status
authority_load_key(const struct authority *a, const char *name,
    EVP_PKEY **out)
{
	const struct issue_policy *p = &a->policy;
	auto_char *path = authority_path(a, name);
	auto_char *policy = authority_path(a, CA_POLICY);
	struct identity_source src = a->source->key;

	if (strcmp(name, CA_KEY) == 0 && p->key != NULL) {
		free(path);
		path = is_elsewhere(p->key) ? xstrdup(p->key) :
		    io_beside(policy, p->key);
	}
	if (src.passphrase == NULL)
		src.passphrase = p->passphrase;
	src.key = path;
	return cert_load_key(&src, path, out);
}

/*
 * Loads the key of a certificate.  An interrupted rollover may have moved the
 * next certificate into place, but not yet its key.
 */
static enum status
load_key(const struct authority *a, const char *prefix, const char *name,
    X509 *cert, EVP_PKEY **out)
{
	auto_char *file = xasprintf("%s%s", prefix, name);
	auto_char *next = xasprintf("%s%s", CA_NEXT, name);
	auto_char *next_path = authority_path(a, next);
	auto_EVP_PKEY *key = NULL;
	bool interrupted = false;
	enum status st;

	if ((st = authority_load_key(a, file, &key)) != OK)
		return st;
	if (!cert_key_equal(X509_get0_pubkey(cert), key) &&
	    *prefix == '\0' &&
	    (st = io_exists(next_path, &interrupted)) != OK)
		return st;
	if (interrupted) {
		EVP_PKEY_free(STEAL(key));
		if ((st = authority_load_key(a, next, &key)) != OK)
			return st;
	}
	if (!cert_key_equal(X509_get0_pubkey(cert), key))
		return fail(FAULT, "%s/%s: not the key of its certificate",
		    a->dir, file);
	*out = STEAL(key);
	return OK;
}

static enum status
load_generation_keys(struct authority *a, const char *prefix,
    struct generation *g)
{
	enum status st;

	if ((st = load_key(a, prefix, CA_KEY, g->ca.cert, &g->ca.key)) != OK)
		return st;
	if (!g->has_ra)
		g->ra = g->ca;
	else if ((st = load_key(a, prefix, CA_RA_KEY, g->ra.cert,
	    &g->ra.key)) != OK)
		return st;
	a->to[a->to_count++] = (struct scep_recipient){ g->ra.cert,
	    g->ra.key };
	return OK;
}

static enum status
load_keys(struct authority *a)
{
	enum status st;

	if ((st = load_generation_keys(a, "", &a->now)) != OK || !a->old.there)
		return st;
	return load_generation_keys(a, CA_OLD, &a->old);
}

static enum status
load_ledger(struct authority *a, enum ledger_mode mode)
{
	auto_char *policy = authority_path(a, CA_POLICY);
	auto_char *cert = authority_path(a, CA_CERT);
	const char *uri = a->source->ledger;
	bool is_ca;
	enum status st;

	if (mode != LEDGER_READ && ((st = io_check_root(a->dir)) != OK ||
	    (st = io_exists(cert, &is_ca)) != OK))
		return st;
	/*
	 * Creating an empty ledger in place of a lost one would forget
	 * everything.
	 */
	if (mode == LEDGER_CREATE && is_ca)
		mode = LEDGER_USE;
	if (uri != NULL)
		return ledger_open(uri, NULL, mode, &a->ledger);
	uri = a->policy.ledger != NULL ? a->policy.ledger : CA_LEDGER;
	return ledger_open(uri, policy, mode, &a->ledger);
}

enum status
authority_need(struct authority *a, unsigned needs)
{
	enum status st;

	if ((needs & NEED_KEYS) != 0)
		needs |= NEED_CERTS;
	needs &= ~a->loaded;
	if ((needs & NEED_CERTS) != 0 && (st = load_certs(a)) != OK)
		return st;
	a->loaded |= needs & NEED_CERTS;
	if ((needs & NEED_KEYS) != 0 && (st = load_keys(a)) != OK)
		return st;
	a->loaded |= needs & NEED_KEYS;
	if ((needs & (NEED_LEDGER | NEED_READ)) != 0 && (st = load_ledger(a,
	    (needs & NEED_READ) != 0 ? LEDGER_READ : LEDGER_CREATE)) != OK)
		return st;
	a->loaded |= needs;
	return OK;
}

enum status
authority_open(const struct authority_source *source, unsigned needs,
    struct authority *out)
{
	auto_authority a = AUTHORITY_INIT;
	bool is_dir;
	enum status st;

	if (source->dir == NULL)
		return opts_missing("--dir", "the folder of the CA");
	a.source = source;
	a.dir = xstrdup(source->dir);
	if ((st = io_is_dir(a.dir, &is_dir)) != OK)
		return st;
	if (!is_dir)
		return fail(FAULT, "%s: not the folder of a CA", a.dir);
	put_stamp(&a, &a.stamp);
	if ((st = load_policy(&a)) != OK ||
	    (st = authority_need(&a, needs)) != OK)
		return st;
	*out = MOVE(a);
	return OK;
}

void
authority_key_hash(const EVP_PKEY *key, char out[SECRET_HASH_TEXT])
{
	auto_buf spki = BUF_INIT;

	cert_spki_to_der(key, &spki);
	secret_sha256(spki.data, spki.len, out);
}

void
authority_record(X509 *cert, const char *profile, int64_t now,
    struct ledger_certificate *out)
{
	struct ledger_certificate c = LEDGER_CERTIFICATE_INIT;
	auto_buf serial = BUF_INIT, spki = BUF_INIT;

	cert_serial_hex(cert, &serial);
	c.serial = xstrdup(buf_str(&serial));
	cert_to_der(cert, &c.der);
	c.subject = cert_name_text(X509_get_subject_name(cert));
	c.not_before = cert_not_before(cert);
	c.not_after = cert_not_after(cert);
	c.profile = xstrdup(profile);
	cert_spki_of(cert, &spki);
	secret_sha256(spki.data, spki.len, c.key_hash);
	c.issued = now;
	*out = c;
}

bool
authority_is_issuer(const struct authority *a, const X509_NAME *name)
{
	size_t i;

	for (i = 0; i < a->issuer_count; i++)
		if (cert_name_equal(X509_get_subject_name(a->issuers[i]),
		    name))
			return true;
	return false;
}

/* Verified with the key: anybody can use a CA's name. */
static bool
is_ours(const struct authority *a, X509 *cert)
{
	size_t i;

	for (i = 0; i < a->issuer_count; i++)
		if (cert_issued_by(cert, a->issuers[i]) == NULL)
			return true;
	diag_ssl_clear();
	return false;
}

static bool
is_recorded(X509 *cert, const struct ledger_certificate *c)
{
	auto_buf der = BUF_INIT;

	cert_to_der(cert, &der);
	return buf_equal(&der, &c->der);
}

static const char *
why_not(X509 *cert, int64_t now, bool found,
    const struct ledger_certificate *c)
{
	if (!found || !is_recorded(cert, c))
		return "it is not in the ledger";
	if (c->revoked != 0)
		return "it was revoked";
	if (now > c->not_after)
		return "it has expired";
	return now < c->not_before ? "it is not valid yet" : NULL;
}

enum status
authority_know(struct authority *a, X509 *cert, int64_t now,
    struct authority_verdict *v, struct ledger_certificate *known)
{
	struct authority_verdict out = { .reason = "another CA made it" };
	auto_buf serial = BUF_INIT;
	bool found = false;
	enum status st;

	out.ours = is_ours(a, cert);
	if (out.ours) {
		cert_serial_hex(cert, &serial);
		if ((st = ledger_find_certificate(a->ledger, buf_str(&serial),
		    &found, known)) != OK)
			return st;
		out.reason = why_not(cert, now, found, known);
		out.recorded = found && is_recorded(cert, known);
		out.revoked = found && known->revoked != 0;
		out.may_renew = found && (strcmp(known->profile, "scep") == 0 ||
		    strcmp(known->profile, "client") == 0);
		if (out.reason == NULL && !out.may_renew)
			out.reason = "it is not a client's";
	}
	*v = out;
	return OK;
}
