/*
 * authority: the folder DIR of a CA, loaded: certificates, keys, policy and
 * ledger.  What all verbs of scep-ca share.
 */
#ifndef MCFG_SCEP_CA_AUTHORITY_AUTHORITY_H
#define MCFG_SCEP_CA_AUTHORITY_AUTHORITY_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/opts.h"
#include "issue/issue.h"
#include "ledger/ledger.h"
#include "scep/scep.h"
#include "sys/io.h"
#include "x509/cert.h"

/* Files of DIR.  Those of a rollover have the same names behind a prefix. */
#define CA_CERT		"cert.pem"
#define CA_KEY		"key.pem"
#define CA_ROOT		"root.pem"
#define CA_CHAIN	"chain.pem"
#define CA_RA_CERT	"ra.pem"
#define CA_RA_KEY	"ra-key.pem"
#define CA_POLICY	"scep-ca.yaml"
#define CA_UNFINISHED	"init.unfinished"	/* only while init runs */
#define CA_CRL		"crl.der"
#define CA_CRL_LOCK	"crl.lock"
#define CA_LEDGER	"sqlite:ledger.db"
#define CA_NEXT		"next-"
#define CA_OLD		"previous-"

/* What the command line says about it. */
struct authority_source {
	const char *dir;
	const char *ledger;
	struct identity_source key;	/* passphrase, loose */
};

#define OPT_DIR(s)							\
	{ 0, "dir", "DIR", "the folder of the CA", .value = &(s).dir }
#define OPT_LEDGER(s)							\
	{ 0, "ledger", "URI", "the ledger, in place of that of DIR",	\
	    .value = &(s).ledger }

/* What a verb needs of it. */
enum {
	NEED_CERTS = 1 << 0,
	NEED_KEYS = 1 << 1,
	NEED_LEDGER = 1 << 2,	/* to write; root is refused if DIR is not
				 * root's */
	NEED_READ = 1 << 3,	/* of the ledger; not with NEED_LEDGER */
};

/* A CA and who answers SCEP for it. */
struct generation {
	struct identity ca;
	struct identity ra;	/* an RA, or borrowed: the CA itself */
	bool has_ra;
	bool there;
};

struct authority {
	const struct authority_source *source;
	char *dir;
	struct issue_policy policy;
	struct generation now, old;	/* old: before a rollover */
	X509 *next;			/* prepared by rollover, or NULL */
	struct scep_recipient to[2];	/* whom requests may be sealed for */
	size_t to_count;
	X509 *issuers[2];		/* borrowed: whose certificates are
					 * ours */
	size_t issuer_count;
	struct ledger *ledger;
	unsigned loaded;		/* NEED_* */
	char *stamp;			/* of the files, when they were read */
};
#define AUTHORITY_INIT { 0 }
#define auto_authority AUTO(authority_close) struct authority

/* authority_open() loads what is needed; what is missing is a FAULT. */
enum status authority_open(const struct authority_source *source,
    unsigned needs, struct authority *out) USE_RESULT;

/* authority_need() loads more of one that is open. */
enum status authority_need(struct authority *a, unsigned needs) USE_RESULT;

void authority_close(struct authority *a);

/*
 * authority_changed() is true if a file of it has been replaced: by a
 * rollover, or because the policy was edited.
 */
bool authority_changed(const struct authority *a);

/* A key of DIR; that of the CA may be elsewhere by policy. */
enum status authority_load_key(const struct authority *a, const char *name,
    EVP_PKEY **out) USE_RESULT;

/* The path of a file in DIR; the caller frees it. */
char *authority_path(const struct authority *a, const char *name);

/* What is known of a certificate that signed a message. */
struct authority_verdict {
	bool ours;		/* a CA of this folder made it */
	bool recorded;		/* and it is in the ledger */
	bool revoked;
	bool may_renew;		/* a client's, not the operator's */
	const char *reason;	/* NULL: ours, in the ledger, current */
};

/*
 * authority_know() judges one; where it is in the ledger, known gets the
 * record.
 */
enum status authority_know(struct authority *a, X509 *cert, int64_t now,
    struct authority_verdict *v, struct ledger_certificate *known)
    USE_RESULT;

/* True for the name of a CA of this folder. */
bool authority_is_issuer(const struct authority *a, const X509_NAME *name);

/* What the ledger records of a certificate; serial, der, subject ... */
void authority_record(X509 *cert, const char *profile, int64_t now,
    struct ledger_certificate *out);

/* SHA-256 of the public key, as in the ledger. */
void authority_key_hash(const EVP_PKEY *key, char out[SECRET_HASH_TEXT]);

#endif
