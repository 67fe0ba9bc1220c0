/*
 * authority: the folder DIR of a CA with its certificates, keys, policy and
 * ledger.  Shared by all verbs of scep-ca.
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

/* Files of DIR.  Those of a rollover have the same names after a prefix. */
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

/* Options that say where the CA is. */
struct authority_source {
	const char *dir;
	const char *ledger;
	struct identity_source key;	/* passphrase, loose */
};

#define OPT_DIR(s)							\
	{ 0, "dir", "DIR", "folder of the CA", .value = &(s).dir }
#define OPT_LEDGER(s)							\
	{ 0, "ledger", "URI", "ledger, instead of that of DIR",		\
	    .value = &(s).ledger, .check = ledger_check_uri,		\
	    .is_secret = true }

/* The parts that a verb needs. */
enum {
	NEED_CERTS = 1 << 0,
	NEED_KEYS = 1 << 1,
	NEED_LEDGER = 1 << 2,	/* to write; root is refused if another user
				 * owns DIR */
	NEED_READ = 1 << 3,	/* to read; not with NEED_LEDGER */
};

/* A CA, and the certificate that answers SCEP for it. */
struct generation {
	struct identity ca;
	struct identity ra;	/* an RA, or a borrowed copy of ca */
	bool has_ra;
	bool there;
};

struct authority {
	const struct authority_source *source;
	char *dir;
	struct issue_policy policy;
	struct generation now, old;	/* old: the CA before a rollover */
	X509 *next;			/* CA prepared by rollover, or NULL */
	struct scep_recipient to[2];	/* requests may be encrypted to these */
	size_t to_count;
	X509 *issuers[2];		/* borrowed: CAs whose certificates
					 * count as ours */
	size_t issuer_count;
	struct ledger *ledger;
	unsigned loaded;		/* NEED_* that are loaded */
	struct buf stamp;		/* stamp of the files when they were
					 * read */
};
#define AUTHORITY_INIT { 0 }
#define auto_authority AUTO(authority_close) struct authority

/*
 * authority_open() loads the parts in needs.  Returns FAULT if a file is
 * missing.
 */
enum status authority_open(const struct authority_source *source,
    unsigned needs, struct authority *out) USE_RESULT;

/* authority_need() loads more parts of an open authority. */
enum status authority_need(struct authority *a, unsigned needs) USE_RESULT;

void authority_close(struct authority *a);

/*
 * authority_changed() returns true if a file was replaced since it was read,
 * by a rollover or because the policy was edited.
 */
bool authority_changed(const struct authority *a);

/*
 * authority_load_key() loads a key of DIR; policy may say that the CA's key is
 * elsewhere.  The caller frees *out.
 */
enum status authority_load_key(const struct authority *a, const char *name,
    EVP_PKEY **out) USE_RESULT;

/* Returns the path of a file in DIR; the caller frees it. */
char *authority_path(const struct authority *a, const char *name);

/* What is known about the certificate that signed a message. */
struct authority_verdict {
	bool ours;		/* issued by a CA of this folder */
	bool recorded;		/* and recorded in the ledger */
	bool revoked;
	bool may_renew;		/* issued to a client, not to the operator */
	const char *reason;	/* why it is not ours, recorded and valid; NULL
				 * if it is */
};

/*
 * authority_know() finds out about a certificate.  If the ledger has it,
 * *known gets the record; the caller frees it.
 */
enum status authority_know(struct authority *a, X509 *cert, int64_t now,
    struct authority_verdict *v, struct ledger_certificate *known)
    USE_RESULT;

/* Returns true for the name of a CA of this folder. */
bool authority_is_issuer(const struct authority *a, const X509_NAME *name);

/*
 * Fills in the ledger's record of a certificate: serial, DER, subject and so
 * on.
 */
void authority_record(X509 *cert, const char *profile, int64_t now,
    struct ledger_certificate *out);

/* The SHA-256 of the public key, as it is in the ledger. */
void authority_key_hash(const EVP_PKEY *key, char out[SECRET_HASH_TEXT]);

#endif
