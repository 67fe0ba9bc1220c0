#include "authority.h"

#include <string.h>

char *
authority_path(const struct authority *a, const char *name)
{
	return io_join(a->dir, name);
}

void
authority_close(struct authority *a)
{
	if (a->ledger != NULL)
		ledger_close(a->ledger);
	identity_free(&a->ca);
	if (a->has_ra)
		identity_free(&a->ra);
	issue_policy_free(&a->policy);
	free(a->dir);
	*a = (struct authority)AUTHORITY_INIT;
}

static enum status
load_policy(struct authority *a)
{
	auto_char *path = authority_path(a, CA_POLICY);
	auto_buf yaml = BUF_INIT;
	enum status st;

	if (!io_exists(path)) {
		issue_policy_default(&a->policy);
		return OK;
	}
	if ((st = io_slurp_file(path, IO_TEXT_MAX, &yaml)) != OK)
		return st;
	return issue_policy_read(&yaml, path, &a->policy);
}

static enum status
load_certs(struct authority *a)
{
	auto_char *ca = authority_path(a, CA_CERT);
	auto_char *ra = authority_path(a, CA_RA_CERT);
	enum status st;

	if (!io_exists(ca))
		return fail(FAULT, "%s: no CA here (scep-ca init makes one)",
		    ca);
	if ((st = cert_load(ca, &a->ca.cert)) != OK)
		return st;
	a->has_ra = io_exists(ra);
	if (a->has_ra && (st = cert_load(ra, &a->ra.cert)) != OK)
		return st;
	if (!a->has_ra)
		a->ra = a->ca;
	a->issuers[0] = a->ca.cert;
	a->issuer_count = 1;
	return OK;
}

static enum status
load_key(const struct authority *a, const char *name, X509 *cert,
    EVP_PKEY **out)
{
	auto_char *path = authority_path(a, name);
	struct identity_source src = a->source->key;
	enum status st;

	src.key = path;
	if ((st = cert_load_key(&src, path, out)) != OK)
		return st;
	if (!cert_key_equal(X509_get0_pubkey(cert), *out))
		return fail(FAULT, "%s: not the key of its certificate", path);
	return OK;
}

static enum status
load_keys(struct authority *a)
{
	enum status st;

	if ((st = load_key(a, CA_KEY, a->ca.cert, &a->ca.key)) != OK)
		return st;
	if (!a->has_ra)
		a->ra = a->ca;
	else if ((st = load_key(a, CA_RA_KEY, a->ra.cert, &a->ra.key)) != OK)
		return st;
	a->to[0] = (struct scep_recipient){ a->ra.cert, a->ra.key };
	a->to_count = 1;
	return OK;
}

static enum status
load_ledger(struct authority *a)
{
	auto_char *policy = authority_path(a, CA_POLICY);
	const char *uri = a->source->ledger;

	if (uri != NULL)
		return ledger_open(uri, NULL, LEDGER_CREATE, &a->ledger);
	uri = a->policy.ledger != NULL ? a->policy.ledger : CA_LEDGER;
	return ledger_open(uri, policy, LEDGER_CREATE, &a->ledger);
}

enum status
authority_need(struct authority *a, unsigned needs)
{
	enum status st;

	needs &= ~a->loaded;
	if ((needs & NEED_KEYS) != 0)
		needs |= NEED_CERTS & ~a->loaded;
	if ((needs & NEED_CERTS) != 0 && (st = load_certs(a)) != OK)
		return st;
	if ((needs & NEED_KEYS) != 0 && (st = load_keys(a)) != OK)
		return st;
	if ((needs & NEED_LEDGER) != 0 && (st = load_ledger(a)) != OK)
		return st;
	a->loaded |= needs;
	return OK;
}

enum status
authority_open(const struct authority_source *source, unsigned needs,
    struct authority *out)
{
	auto_authority a = AUTHORITY_INIT;
	enum status st;

	if (source->dir == NULL)
		return opts_missing("--dir", "the folder of the CA");
	a.source = source;
	a.dir = xstrdup(source->dir);
	if (!io_is_dir(a.dir))
		return fail(FAULT, "%s: no such folder", a.dir);
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
	auto_buf serial = BUF_INIT;

	cert_serial_hex(cert, &serial);
	c.serial = xstrdup(buf_str(&serial));
	cert_to_der(cert, &c.der);
	c.subject = cert_name_text(X509_get_subject_name(cert));
	c.not_before = cert_not_before(cert);
	c.not_after = cert_not_after(cert);
	c.profile = xstrdup(profile);
	authority_key_hash(X509_get0_pubkey(cert), c.key_hash);
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

/* Verified by key: a name is anybody's to take. */
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
		out.revoked = found && known->revoked != 0;
		out.may_renew = found && (strcmp(known->profile, "scep") == 0 ||
		    strcmp(known->profile, "client") == 0);
		if (out.reason == NULL && !out.may_renew)
			out.reason = "it is no client's";
	}
	*v = out;
	return OK;
}
