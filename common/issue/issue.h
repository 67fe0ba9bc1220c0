/*
 * issue: makes certificates from certification requests and a policy.  It has
 * no state: serial numbers are random, and the time is an argument.
 */
#ifndef MCFG_ISSUE_ISSUE_H
#define MCFG_ISSUE_ISSUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "x509/cert.h"

enum {
	ISSUE_REASON = 200,
	ISSUE_TLS_DAYS = 825,	/* maximum for a tls certificate */
	ISSUE_SERIAL = 16,	/* bytes; the first bit is 0 */
	ISSUE_VALUE_MAX = 256,	/* bytes of one attribute of a subject, at
				 * most */
};

enum issue_approval {
	ISSUE_BY_CHALLENGE,	/* a valid challenge gets a certificate */
	ISSUE_BY_HAND,		/* pending until "scep-ca approve" */
	ISSUE_BY_COMMAND,	/* the operator's program decides */
};

/* One "san: {dns: ['*.example.com']}". */
struct issue_pattern {
	char *type;		/* "dns", "email", "uri", "upn", "ip" */
	char *glob;
};

/*
 * issue_pattern_fits() returns true if a name of that type matches a pattern,
 * both in lower case.  "*" alone matches every name.  Otherwise a star matches
 * any bytes within one part (a label of a host or a domain, the local part of
 * an e-mail address, a segment of a path), and two stars any number of labels
 * of a host or of segments of a path, but not across the two.  In an IP
 * address a star matches anything.
 */
bool issue_pattern_fits(const char *type, const char *glob, const char *text);

/* DIR/scep-ca.yaml.  The struct owns everything. */
struct issue_policy {
	char *ledger;		/* URI, or NULL */
	char *key;		/* of the CA, if it is not key.pem: a file,
				 * env:NAME or pkcs11:...; or NULL */
	char *passphrase;	/* source of its passphrase, or NULL */
	enum issue_approval approval;
	char *command;		/* for ISSUE_BY_COMMAND */
	int64_t validity;	/* seconds */
	int64_t renew_window;	/* seconds before the end; 0: any time */
	bool renew_same_key;
	int64_t pending_ttl;	/* seconds that a request may wait for a
				 * decision */
	int64_t time_window;	/* seconds, for signingTime; 0: not checked */
	long rsa_min, rsa_max;	/* bits allowed for a client's key */
	bool allow_sha1, allow_des;
	char **subject;		/* attributes that a subject may have */
	size_t subject_count;
	bool take_san;		/* false: policy has no "san", so no alternative
				 * names are allowed */
	struct issue_pattern *san;
	size_t san_count;
	uint32_t usage;		/* KU_* of OpenSSL */
	char **eku;		/* names or OIDs */
	size_t eku_count;
	char *crl_url, *issuer_url;	/* or NULL */
	int64_t crl_validity;
};
#define auto_issue_policy AUTO(issue_policy_free) struct issue_policy
#define ISSUE_POLICY_INIT { 0 }
void issue_policy_free(struct issue_policy *p);

/* issue_policy_default() sets the defaults, which apply without a file. */
void issue_policy_default(struct issue_policy *out);

/*
 * issue_policy_read() reads YAML; name is the file's name in messages.
 * Missing keys get their defaults.
 */
enum status issue_policy_read(const struct buf *yaml, const char *name,
    struct issue_policy *out) USE_RESULT;

/* issue_policy_load() reads a file; a missing file means all defaults. */
enum status issue_policy_load(const char *path, struct issue_policy *out)
    USE_RESULT;

/* Why a request is refused. */
struct issue_refusal {
	bool weak;		/* because of a key or an algorithm */
	char text[ISSUE_REASON];
};

/* The contents of a future certificate, taken from a request. */
struct issue_wish {
	X509_NAME *subject;	/* owned */
	EVP_PKEY *key;		/* owned */
	GENERAL_NAMES *names;	/* owned; NULL: none */
	bool names_left_out;	/* names were requested, but policy allows
				 * none */
};
#define ISSUE_WISH_INIT { NULL, NULL, NULL, false }
#define auto_issue_wish AUTO(issue_wish_free) struct issue_wish
void issue_wish_free(struct issue_wish *w);

/*
 * issue_judge() checks a client's request against the policy: its key, subject
 * and alternative names, and what is never allowed (being a CA, the CA's own
 * name or key, unknown critical extensions).  If it returns REFUSED, the
 * reason is in *no, and nothing is printed.
 */
enum status issue_judge(const struct issue_policy *p, X509_REQ *req,
    const X509 *ca, struct issue_wish *out, struct issue_refusal *no)
    USE_RESULT;

/* issue_judge_key() checks only a key. */
enum status issue_judge_key(const struct issue_policy *p, EVP_PKEY *key,
    struct issue_refusal *no) USE_RESULT;

/*
 * issue_judge_name() checks a whole name to which a challenge will be bound.
 * A name that policy would leave out is refused.  If ca is NULL, the name is
 * not compared with the CA's.
 */
enum status issue_judge_name(const struct issue_policy *p,
    const X509_NAME *subject, const GENERAL_NAMES *names, const X509 *ca,
    struct issue_refusal *no) USE_RESULT;

/*
 * issue_judge_operator() checks the operator's own request: any subject and
 * any names are allowed, but not the CA's name or key, nor a weak key.
 */
enum status issue_judge_operator(X509_REQ *req, const X509 *ca,
    struct issue_wish *out, struct issue_refusal *no) USE_RESULT;

/* True for the key usage, by name or OID, of profile signers. */
bool issue_is_signer_usage(const char *usage);

enum issue_profile {
	ISSUE_SCEP,		/* as in the policy */
	ISSUE_IDENTITY,		/* the same, but only with clientAuth */
	ISSUE_TLS,		/* serverAuth; needs a name */
	ISSUE_SIGNER,		/* emailProtection, by which mcfg-verify tells
				 * profile signers from devices */
	ISSUE_CLIENT,		/* clientAuth */
	ISSUE_RA,		/* both usages, and those that mark an RA */
};

struct issue_order {
	enum issue_profile profile;
	const X509_NAME *subject;
	EVP_PKEY *key;			/* public key to certify */
	const GENERAL_NAMES *names;	/* or NULL */
	const struct identity *ca;
	const struct issue_policy *policy;
	int64_t now;
	int64_t validity;		/* seconds, at most until the CA ends */
};

/*
 * issue_certificate() makes a certificate with a new random serial number.
 * Read its key with cert_spki_of(): see cert_put_key().
 */
enum status issue_certificate(const struct issue_order *o, X509 **out)
    USE_RESULT;

/*
 * issue_root() makes a self-signed CA.  If both is true, the certificate also
 * answers SCEP itself, without an RA.
 */
enum status issue_root(const X509_NAME *subject, EVP_PKEY *key, bool both,
    int64_t now, int64_t validity, X509 **out) USE_RESULT;

/*
 * issue_ca_request() makes the request for a subordinate CA, with the
 * extensions that the certificate needs.
 */
enum status issue_ca_request(const X509_NAME *subject, EVP_PKEY *key,
    bool both, X509_REQ **out) USE_RESULT;

/*
 * issue_out_of_date() returns why a CA cannot issue valid certificates at this
 * time, or NULL if it can.
 */
const char *issue_out_of_date(const X509 *ca, int64_t now);

/* Returns NULL, or why a certificate cannot be a CA here. */
const char *issue_unfit_ca(X509 *cert, EVP_PKEY *key, bool with_ra,
    int64_t now);

/* False if clients would not accept a CRL of this CA. */
bool issue_signs_crl(X509 *ca);

/* One entry of a CRL. */
struct issue_revoked {
	const char *serial;	/* hex */
	int64_t when;
	int reason;		/* RFC 5280 5.3.1 */
};

enum status issue_crl(const struct identity *ca,
    const struct issue_revoked *list, size_t count, int64_t number,
    int64_t now, int64_t validity, X509_CRL **out) USE_RESULT;

#endif
