/*
 * issue: certification requests and a policy make certificates.  No state:
 * serial numbers are random, time is handed in.
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
	ISSUE_TLS_DAYS = 825,	/* the most that a tls certificate may have */
	ISSUE_SERIAL = 16,	/* bytes; the first bit is 0 */
	ISSUE_VALUE_MAX = 256,	/* bytes of one attribute of a subject */
};

enum issue_approval {
	ISSUE_BY_CHALLENGE,	/* who has a challenge gets a certificate */
	ISSUE_BY_HAND,		/* pending until scep-ca approve */
	ISSUE_BY_COMMAND,	/* a program of the operator decides */
};

/* One "san: {dns: ['*.example.com']}". */
struct issue_pattern {
	char *type;		/* "dns", "email", "uri", "upn", "ip" */
	char *glob;
};

/*
 * issue_pattern_fits() is true if a name of that type fits a pattern, both in
 * lower case.  "*" alone fits every name.  Else a star stands for any bytes of
 * one part: a label of a host or a domain, what is before the @, a part of a
 * path; two stars for any number of labels of the host, or of parts of the
 * path, but never for a part of both.  In an address a star stands for
 * anything.
 */
bool issue_pattern_fits(const char *type, const char *glob, const char *text);

/* DIR/scep-ca.yaml.  Everything belongs to the struct. */
struct issue_policy {
	char *ledger;		/* URI, or NULL */
	char *key;		/* of the CA, if it is not key.pem: a file,
				 * env:NAME or pkcs11:...; or NULL */
	char *passphrase;	/* SRC for it, or NULL */
	enum issue_approval approval;
	char *command;		/* of ISSUE_BY_COMMAND */
	int64_t validity;	/* seconds */
	int64_t renew_window;	/* seconds before the end; 0: any time */
	bool renew_same_key;
	int64_t pending_ttl;	/* how long a request waits for a decision */
	int64_t time_window;	/* of signingTime; 0: not looked at */
	long rsa_min, rsa_max;	/* bits of a client's key */
	bool allow_sha1, allow_des;
	char **subject;		/* attributes that a subject may have */
	size_t subject_count;
	bool take_san;		/* san: is there; else none is taken */
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

/* issue_policy_default() is what holds without a file. */
void issue_policy_default(struct issue_policy *out);

/*
 * issue_policy_read() reads YAML; name is the file in diagnostics.  What it
 * does not say has its default.
 */
enum status issue_policy_read(const struct buf *yaml, const char *name,
    struct issue_policy *out) USE_RESULT;

/* issue_policy_load() reads a file; one that is missing says nothing. */
enum status issue_policy_load(const char *path, struct issue_policy *out)
    USE_RESULT;

/* Why a request is refused. */
struct issue_refusal {
	bool weak;		/* a key or algorithm, not a wish */
	char text[ISSUE_REASON];
};

/* What is taken from a request. */
struct issue_wish {
	X509_NAME *subject;	/* yours */
	EVP_PKEY *key;		/* yours */
	GENERAL_NAMES *names;	/* yours; NULL: none */
	bool names_left_out;	/* it asked for names, policy takes none */
};
#define ISSUE_WISH_INIT { NULL, NULL, NULL, false }
#define auto_issue_wish AUTO(issue_wish_free) struct issue_wish
void issue_wish_free(struct issue_wish *w);

/*
 * issue_judge() holds a client's request against the policy: its key, its
 * subject, its names, and what it must never ask for (a CA, the CA's own name
 * or key, unknown critical extensions).  REFUSED fills *no and prints
 * nothing.
 */
enum status issue_judge(const struct issue_policy *p, X509_REQ *req,
    const X509 *ca, struct issue_wish *out, struct issue_refusal *no)
    USE_RESULT;

/* issue_judge_key() does so with a key alone. */
enum status issue_judge_key(const struct issue_policy *p, EVP_PKEY *key,
    struct issue_refusal *no) USE_RESULT;

/*
 * issue_judge_name() holds a whole name, which a challenge is to be bound to,
 * against the policy.  Names that policy would leave out are refused.  ca may
 * be NULL: its name is not looked at then.
 */
enum status issue_judge_name(const struct issue_policy *p,
    const X509_NAME *subject, const GENERAL_NAMES *names, const X509 *ca,
    struct issue_refusal *no) USE_RESULT;

/*
 * issue_judge_operator() does so for the operator's own request: any subject
 * and any names, but never the CA's name or key, and no weak key.
 */
enum status issue_judge_operator(X509_REQ *req, const X509 *ca,
    struct issue_wish *out, struct issue_refusal *no) USE_RESULT;

/* True if a usage, by name or OID, is that of signers of profiles. */
bool issue_is_signer_usage(const char *usage);

enum issue_profile {
	ISSUE_SCEP,		/* as the policy says */
	ISSUE_IDENTITY,		/* the same, but clientAuth and nothing else */
	ISSUE_TLS,		/* serverAuth, names needed */
	ISSUE_SIGNER,		/* emailProtection: by it mcfg-verify tells
				 * who signs profiles from all others */
	ISSUE_CLIENT,		/* clientAuth */
	ISSUE_RA,		/* both, and the two marks of an RA */
};

struct issue_order {
	enum issue_profile profile;
	const X509_NAME *subject;
	EVP_PKEY *key;			/* the public key certified */
	const GENERAL_NAMES *names;	/* or NULL */
	const struct identity *ca;
	const struct issue_policy *policy;
	int64_t now;
	int64_t validity;		/* cut to that of the CA */
};

/*
 * issue_certificate() makes one with a fresh random serial number.  Its key
 * is to be read by cert_spki_of(), as cert_put_key() says.
 */
enum status issue_certificate(const struct issue_order *o, X509 **out)
    USE_RESULT;

/*
 * issue_root() makes a self-signed CA.  If both is true, it also answers SCEP
 * itself, without an RA.
 */
enum status issue_root(const X509_NAME *subject, EVP_PKEY *key, bool both,
    int64_t now, int64_t validity, X509 **out) USE_RESULT;

/*
 * issue_ca_request() makes the request for a subordinate CA, with the
 * extensions that the certificate should have.
 */
enum status issue_ca_request(const X509_NAME *subject, EVP_PKEY *key,
    bool both, X509_REQ **out) USE_RESULT;

/*
 * issue_out_of_date() says why a CA issues nothing at this time: what it would
 * make could not be valid; NULL where it can.
 */
const char *issue_out_of_date(const X509 *ca, int64_t now);

/* NULL, or the reason why a certificate cannot be that of a CA here. */
const char *issue_unfit_ca(X509 *cert, EVP_PKEY *key, bool with_ra,
    int64_t now);

/* False where nobody would accept a CRL of this CA. */
bool issue_signs_crl(X509 *ca);

/* One line of a CRL. */
struct issue_revoked {
	const char *serial;	/* hex */
	int64_t when;
	int reason;		/* RFC 5280 5.3.1 */
};

enum status issue_crl(const struct identity *ca,
    const struct issue_revoked *list, size_t count, int64_t number,
    int64_t now, int64_t validity, X509_CRL **out) USE_RESULT;

#endif
