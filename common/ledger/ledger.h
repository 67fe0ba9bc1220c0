/*
 * ledger: everything that must be remembered: challenges (only their SHA-256),
 * certificates, enrollments, and an append-only log of events.  It is the only
 * state.  Every function is one transaction, which is durable when it returns;
 * several processes may use a ledger at the same time.
 *
 * The states of an enrollment: started -> identified -> certified ->
 * configured; aborted and superseded end it.
 *
 * Times are seconds since 1970; hashes and serial numbers are lower-case
 * hexadecimal; plists are XML.  Whether something was found is returned by an
 * enum or a bool.  A status other than OK means that the ledger itself failed;
 * the function has printed the reason.
 */
#ifndef MCFG_LEDGER_LEDGER_H
#define MCFG_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "sys/secret.h"

struct ledger;
#define auto_ledger AUTO(auto_free_ledger) struct ledger

enum ledger_mode {
	LEDGER_USE,	/* it must exist */
	LEDGER_CREATE,	/* create it if it is missing, with mode 0600 */
	LEDGER_READ,	/* it must exist; nothing is written, and all reads
			 * until it is closed see one moment */
};

/* Checks the form of a URI for ledger_open().  Returns NULL, or the reason. */
const char *ledger_check_uri(const char *uri);

/*
 * ledger_open() opens "sqlite:PATH" or "postgresql://...".  A relative PATH is
 * relative to the file base (site.yaml, scep-ca.yaml), if that is not NULL.
 * Returns USAGE for a URI with a password in it.  A ledger of an older version
 * is upgraded in one transaction; LEDGER_READ returns FAULT instead, with a
 * message that it has to be upgraded.  A ledger of a newer version is a FAULT.
 * If the database is busy, ledger_open() waits, and then returns FAULT, never
 * LATER.  The caller closes *out.
 */
enum status ledger_open(const char *uri, const char *base,
    enum ledger_mode mode, struct ledger **out) USE_RESULT;
void ledger_close(struct ledger *l);
DEFINE_AUTO(ledger, struct ledger, ledger_close);

/*
 * ledger_is_current() returns false if the file that was opened has been
 * replaced by another, so that the ledger should be opened again.
 */
bool ledger_is_current(const struct ledger *l);

/*
 * ledger_hurry() lets what follows be recorded without waiting for the disk,
 * or, with on false, no longer.  A power failure can undo that, but nothing
 * that was recorded before, or after it while waiting.  Not all databases can
 * do it; then nothing changes.  After an error with on false, the caller has to
 * close the ledger.
 */
enum status ledger_hurry(struct ledger *l, bool on) USE_RESULT;

/*
 * ledger_check() lets the database check its integrity; errors are appended to
 * trouble as text.
 */
enum status ledger_check(struct ledger *l, struct buf *trouble) USE_RESULT;

/* ---- names ---- */

/*
 * A whole name: the subject and the set of alternative names.  They are
 * compared by RFC 5280 7.1 and 7.2, in any order.
 */
struct ledger_name {
	struct buf subject;	/* DER of the Name */
	struct buf names;	/* DER of the GeneralNames; empty: none */
};
#define LEDGER_NAME_INIT	{ BUF_INIT, BUF_INIT }
void ledger_name_free(struct ledger_name *n);
#define auto_ledger_name	AUTO(ledger_name_free) struct ledger_name
void ledger_name_copy(const struct ledger_name *from, struct ledger_name *to);
bool ledger_name_equal(const struct ledger_name *a,
    const struct ledger_name *b);

/* ---- challenges ---- */

/*
 * A challenge is bound to a whole name.  Only a challenge of purpose MANUAL,
 * made by the operator, may be unbound, which allows any name.
 */
enum ledger_purpose {
	LEDGER_ENROLL,		/* phase 1: sent to the device, spent by its
				 * response */
	LEDGER_IDENTITY,	/* phase 2: for the certificate that signs phase
				 * 3 */
	LEDGER_CLIENT,		/* in the final configuration; its certificate
				 * never signs phase 3 */
	LEDGER_MANUAL,		/* scep-ca challenge: no enrollment */
};
const char *ledger_purpose_name(enum ledger_purpose p);

struct ledger_challenge {
	char hash[SECRET_HASH_TEXT];	/* SHA-256 of the challenge, hex */
	enum ledger_purpose purpose;
	char *enrollment;		/* id, or NULL */
	bool bound;			/* to the name below */
	struct ledger_name name;
	char *note;			/* from the operator, or NULL */
	int64_t created, expires;
	bool spent;			/* used for a certificate */
	bool voided;			/* replaced, aborted or withdrawn */
};
#define LEDGER_CHALLENGE_INIT	{ .purpose = LEDGER_MANUAL }
void ledger_challenge_free(struct ledger_challenge *c);
#define auto_ledger_challenge	AUTO(ledger_challenge_free) \
				struct ledger_challenge

/* Adds a challenge without an enrollment, of purpose MANUAL. */
enum status ledger_add_challenge(struct ledger *l,
    const struct ledger_challenge *c, int64_t now) USE_RESULT;

/*
 * Calls fn for all challenges, latest first, including spent and voided ones.
 */
typedef enum status ledger_each_challenge(const struct ledger_challenge *c,
    void *arg);
enum status ledger_challenges(struct ledger *l, ledger_each_challenge *fn,
    void *arg) USE_RESULT;

enum {
	LEDGER_ID_TEXT = 12,	/* digits of a hash that are shown as its ID */
	LEDGER_ID_LEAST = 6,	/* fewest digits that are accepted */
};

/*
 * ledger_void_challenge() voids the challenge whose hash begins with id, in
 * lower-case hexadecimal.  *matches is the number of such challenges: unless
 * it is 1, nothing is changed.  *done is false if the challenge was spent or
 * voided before.
 */
enum status ledger_void_challenge(struct ledger *l, const char *id,
    int64_t now, size_t *matches, bool *done) USE_RESULT;

/*
 * ledger_purge_challenges() deletes challenges of purpose MANUAL that expired
 * unused before a time, except those that a stored request refers to.
 */
enum status ledger_purge_challenges(struct ledger *l, int64_t before,
    size_t *count) USE_RESULT;

/* *found is false if the hash is unknown. */
enum status ledger_find_challenge(struct ledger *l, const char *hash,
    bool *found, struct ledger_challenge *out) USE_RESULT;

/* Finds the challenge of purpose IDENTITY of an enrollment, if not voided. */
enum status ledger_find_identity(struct ledger *l, const char *enrollment,
    bool *found, struct ledger_challenge *out) USE_RESULT;

/* ---- certificates ---- */

/*
 * The ground of a request is what it is based on: the certificate of ours that
 * signed it, or its challenge, or nothing.  As text it is "" or the result of
 * one of these functions, which the caller frees:
 */
char *ledger_ground_challenge(const char *hash);
char *ledger_ground_certificate(const char *serial);

struct ledger_certificate {
	char *serial;			/* hex, of even length */
	struct buf der;
	char *subject;			/* RFC 4514, for people */
	int64_t not_before, not_after;
	char *profile;			/* "scep", "tls", "signer", "client",
					 * "ca", "ra" */
	char *purpose;			/* of the challenge that was spent on
					 * it, or NULL */
	char *enrollment;		/* id, or NULL */
	char *transaction;		/* SCEP transactionID, or NULL */
	char key_hash[SECRET_HASH_TEXT];	/* SHA-256 of its SPKI */
	char *ground;			/* of the request; NULL means "" */
	char *challenge;		/* hash of the challenge that was spent
					 * on it, or NULL; not read back */
	struct ledger_name asked;	/* as requested; empty: as issued */
	bool unbound;			/* issued for an unbound challenge */
	char *decider;			/* who approved the request, or NULL */
	int64_t decided;		/* when; 0: no decision was needed */
	int64_t issued;
	int64_t revoked;		/* 0: not revoked */
	int reason;			/* RFC 5280 5.3.1, if revoked */
};
#define LEDGER_CERTIFICATE_INIT	{ 0 }
void ledger_certificate_free(struct ledger_certificate *c);
#define auto_ledger_certificate	AUTO(ledger_certificate_free) \
				struct ledger_certificate

enum ledger_outcome {
	LEDGER_RECORDED,	/* recorded now */
	LEDGER_RETRY,		/* the same request was answered before */
	LEDGER_NO_CHALLENGE,	/* the challenge is unknown, unbound, bound to
				 * another name, spent, voided or expired */
	LEDGER_CLOSED,		/* the enrollment was aborted or superseded, or
				 * is at another step */
	LEDGER_REVOKED,		/* the certificate to renew was revoked */
	LEDGER_UNDECIDED,	/* this very request is not approved */
	LEDGER_OVERTAKEN,	/* since the decision, the request was answered
				 * or its challenge became invalid */
	LEDGER_OTHER_NAMES,	/* another request of this transaction and key
				 * is waiting */
	LEDGER_DECLINED,	/* it was rejected, which is forgotten now */
	LEDGER_TAKEN,		/* the serial number is in use: make another */
};

/*
 * What identifies a request: its key, the whole name that it asks for, its
 * transaction and its ground.  All members are borrowed.
 */
struct ledger_identity {
	const char *transaction;
	const char *key_hash;		/* SHA-256 of the SPKI */
	const struct ledger_name *name;
	const char *challenge;		/* hash of its challenge if the ledger
					 * has that, or NULL */
	bool fresh;			/* the challenge is valid, so this is a
					 * new request */
	const char *signer;		/* serial number of the certificate of
					 * ours that signed it, if that may
					 * renew; or NULL */
	const char *signer_hash;	/* SHA-256 of the certificate that
					 * signed it, whichever it is, for
					 * records of older versions */
};

/*
 * ledger_find_repeat() looks for a certificate that was issued for the same
 * request before, and is neither revoked nor expired.
 */
enum status ledger_find_repeat(struct ledger *l,
    const struct ledger_identity *q, int64_t now, bool *found,
    struct ledger_certificate *out) USE_RESULT;

/*
 * ledger_find_polled() does the same for a poll, which has no challenge: by
 * transaction, and by key or signer.  It returns the latest certificate, with
 * this subject (DER) unless subject is NULL.
 */
enum status ledger_find_polled(struct ledger *l,
    const struct ledger_identity *q, const struct buf *subject, int64_t now,
    bool *found,
    struct ledger_certificate *out) USE_RESULT;

/*
 * What entitles a request to a certificate.  All of it is checked again in the
 * transaction that records the certificate.
 */
struct ledger_entitlement {
	struct ledger_identity request;
	const char *challenge;	/* hash of the challenge to spend, or NULL */
	int64_t presented;	/* when it came, for its expiry */
	const char *renews;	/* serial number of the certificate to renew, or
				 * NULL */
	bool needs_decision;	/* the waiting request must be approved */
	const struct buf *csr;	/* of the waiting request, or NULL */
	const char *decider;	/* who approves it now; NULL: it is approved
				 * already */
};

/*
 * ledger_certify() spends the challenge, completes the waiting request, and
 * records the certificate, in one transaction.  The certificate gets purpose
 * and enrollment of the challenge; without one, those of c.  An identity
 * certificate makes its enrollment certified.  e is NULL for certificates of
 * the operator and the CA.
 *
 * For every outcome other than LEDGER_RECORDED nothing is changed.
 * LEDGER_RETRY fills earlier with the certificate of the same request.
 */
enum status ledger_certify(struct ledger *l,
    const struct ledger_certificate *c, const struct ledger_entitlement *e,
    int64_t now, enum ledger_outcome *outcome,
    struct ledger_certificate *earlier) USE_RESULT;

enum status ledger_find_certificate(struct ledger *l, const char *serial,
    bool *found, struct ledger_certificate *out) USE_RESULT;

/*
 * Calls fn for all certificates, newest first, until it returns a status other
 * than OK.
 */
typedef enum status ledger_each_certificate(
    const struct ledger_certificate *c, void *arg);
enum status ledger_certificates(struct ledger *l,
    ledger_each_certificate *fn, void *arg) USE_RESULT;

/* The same for revoked certificates only, by an index. */
enum status ledger_revoked(struct ledger *l, ledger_each_certificate *fn,
    void *arg) USE_RESULT;

/*
 * ledger_crl() takes the next CRL number, which is higher than above and all
 * earlier numbers, and calls fn for each entry of that CRL: the revoked
 * certificates, by serial number.  This is one transaction, so a CRL with a
 * higher number is never missing an entry.  fn must not use the ledger.
 */
enum status ledger_crl(struct ledger *l, int64_t above,
    ledger_each_certificate *fn, void *arg, int64_t *number) USE_RESULT;

/* ledger_crl_number() returns the last number that was taken, or 0. */
enum status ledger_crl_number(struct ledger *l, int64_t *number) USE_RESULT;

/* *done is false if the certificate is unknown or was revoked before. */
enum status ledger_revoke(struct ledger *l, const char *serial, int reason,
    int64_t now, bool *done) USE_RESULT;

/* ---- requests that wait for a decision ---- */

/*
 * Limits for requests that wait without a valid challenge and are not
 * renewals, since anybody can send them.  One request for each challenge or
 * certificate does not count.
 */
enum {
	LEDGER_WAIT_CLIENT = 20,	/* from one address */
	LEDGER_WAIT_KEY = 5,		/* with one key */
	LEDGER_WAIT_ALL = 1000,
	LEDGER_CSR_MAX = 4096,		/* bytes of a request that is stored */
};

enum ledger_state {
	LEDGER_PENDING,
	LEDGER_APPROVED,	/* its next poll gets a certificate */
	LEDGER_REJECTED,	/* its next message is told so */
	LEDGER_ISSUED,		/* serial is its certificate */
};
const char *ledger_state_name(enum ledger_state s);

/* A request.  A transaction may have several, each with a different key. */
struct ledger_request {
	char *transaction;
	char key_hash[SECRET_HASH_TEXT];
	struct buf csr;			/* DER, without its challenge */
	struct ledger_name name;	/* as requested */
	char *subject;			/* RFC 4514, for people */
	char *ground;			/* as in a certificate */
	char *challenge;		/* hash of the challenge that came with
					 * it and was valid then, or NULL */
	int64_t presented;		/* when that challenge came */
	char *client;			/* address, or NULL */
	enum ledger_state state;
	char *serial;			/* or NULL */
	int64_t received, decided;	/* 0: not yet */
	char *decider;			/* or NULL */
};
#define LEDGER_REQUEST_INIT	{ 0 }
void ledger_request_free(struct ledger_request *r);
#define auto_ledger_request	AUTO(ledger_request_free) struct ledger_request

/*
 * ledger_put_request() records the pending request that q identifies, and
 * deletes requests that were received before oldest.  *outcome is
 * LEDGER_RECORDED; LEDGER_RETRY if the same request is waiting or approved
 * (earlier has it, and a valid challenge of r is added to it);
 * LEDGER_OTHER_NAMES; LEDGER_DECLINED; or LEDGER_OVERTAKEN, in which case
 * nothing is changed and the request must be judged again.  If there are too
 * many requests without entitlement, the oldest one of the same address or key
 * is dropped, or the oldest one of the address with the most.
 */
enum status ledger_put_request(struct ledger *l,
    const struct ledger_request *r, const struct ledger_identity *q,
    int64_t oldest, int64_t now, enum ledger_outcome *outcome,
    struct ledger_request *earlier) USE_RESULT;

/*
 * ledger_find_request() finds the request of a transaction and a key.
 * ledger_find_polled_request() is for a poll, which may be signed by the
 * certificate that is renewed: it looks by transaction, and by key or signer
 * of q.
 */
enum status ledger_find_request(struct ledger *l, const char *transaction,
    const char *key_hash, bool *found, struct ledger_request *out) USE_RESULT;
enum status ledger_find_polled_request(struct ledger *l,
    const struct ledger_identity *q, bool *found,
    struct ledger_request *out) USE_RESULT;

/*
 * ledger_forget_rejection() deletes a rejected request, once its client has
 * been told.
 */
enum status ledger_forget_rejection(struct ledger *l, const char *transaction,
    const char *key_hash) USE_RESULT;

/* Calls fn for all requests, in any state, oldest first. */
typedef enum status ledger_each_request(const struct ledger_request *r,
    void *arg);
enum status ledger_requests(struct ledger *l, ledger_each_request *fn,
    void *arg) USE_RESULT;

enum ledger_verdict { LEDGER_APPROVE, LEDGER_REJECT, LEDGER_UNDO };

/*
 * Selects a request.  key and csr are the first digits of the SHA-256 of its
 * key and CSR, in lower-case hexadecimal; "" matches any.
 */
struct ledger_choice {
	const char *transaction, *key, *csr;
};

/*
 * ledger_decide() approves or rejects the pending request of a transaction, or
 * makes an approved one pending again if its certificate has not been
 * collected.  *matches is the number of requests with that transaction and
 * key: unless it is 1, nothing is changed.  If that request has a different
 * CSR, *same is false, and nothing is changed.
 */
enum status ledger_decide(struct ledger *l, const struct ledger_choice *c,
    enum ledger_verdict verdict, const char *decider, int64_t now,
    size_t *matches, bool *same) USE_RESULT;

/*
 * ledger_reject_all() rejects all pending requests that were received before a
 * time.
 */
enum status ledger_reject_all(struct ledger *l, int64_t before,
    const char *decider, int64_t now, size_t *count) USE_RESULT;

/*
 * ledger_purge_requests() deletes requests that were not decided or not
 * collected since a time, and what is stored about issued ones.
 */
enum status ledger_purge_requests(struct ledger *l, int64_t before,
    size_t *count) USE_RESULT;

/* ---- enrollments ---- */

struct ledger_enrollment {
	char *id;		/* 22 characters of base64url */
	char *user;
	char *state;		/* "started", "identified", "certified",
				 * "configured", "aborted", "superseded" */
	char *facts;		/* plist of facts about the user */
	char *attributes;	/* plist from the device in phase 2, or NULL */
	char *udid, *serial, *product;	/* from the device, or NULL */
	char *certificate;	/* serial number of the identity, SHA-256 of an
				 * outside CA's certificate, or NULL */
	int64_t started, identified, certified, configured;	/* 0: not yet */
	int64_t first_sent;	/* when the first configuration was sent */
	int64_t repeats;	/* configurations sent after the first */
};
#define LEDGER_ENROLLMENT_INIT	{ 0 }
void ledger_enrollment_free(struct ledger_enrollment *e);
#define auto_ledger_enrollment	AUTO(ledger_enrollment_free) \
				struct ledger_enrollment

enum { LEDGER_OPEN_MAX = 5 };	/* open phase-1 challenges of one user */

/*
 * ledger_start() records a new enrollment (it reads id, user and facts) and
 * its phase-1 challenge.  It voids the oldest open challenges of the user
 * until at most LEDGER_OPEN_MAX remain.
 */
enum status ledger_start(struct ledger *l, const struct ledger_enrollment *e,
    const char *challenge, int64_t expires, int64_t now) USE_RESULT;

/*
 * ledger_identify() spends the phase-1 challenge with the hash spent, records
 * the device (attributes, udid, serial and product of e, whose id is the
 * challenge's enrollment) and the SCEP challenge next, of purpose IDENTITY.
 * *outcome is LEDGER_RECORDED, LEDGER_NO_CHALLENGE or LEDGER_CLOSED.
 */
enum status ledger_identify(struct ledger *l, const char *spent,
    const struct ledger_enrollment *e, const struct ledger_challenge *next,
    int64_t now, enum ledger_outcome *outcome) USE_RESULT;

/*
 * ledger_unidentify() undoes ledger_identify() for enrollment id, whose
 * response was not delivered: the challenge spent can be used again, and the
 * challenge with the hash next and the event are deleted.  If the enrollment
 * has gone on meanwhile, nothing is changed.
 */
enum status ledger_unidentify(struct ledger *l, const char *id,
    const char *spent, const char *next, int64_t now) USE_RESULT;

/*
 * ledger_adopt() makes a certificate of an outside CA, given by its SHA-256,
 * the identity of an enrollment that is identified and whose IDENTITY
 * challenge is still open; the enrollment is then certified.  *outcome is
 * LEDGER_RECORDED, once, or LEDGER_CLOSED.
 */
enum status ledger_adopt(struct ledger *l, const char *id,
    const char *certificate, int64_t now, enum ledger_outcome *outcome)
    USE_RESULT;

/*
 * ledger_complete() prepares a configuration for the enrollment e->id, which
 * must be certified or configured: it voids unspent CLIENT challenges and
 * records the n CLIENT challenges next.  The state does not change:
 * ledger_sent() records that the device got the configuration.  If again_until
 * is not 0, a repeat more than that many seconds after the first configuration
 * is LEDGER_NO_CHALLENGE.  *outcome is LEDGER_CLOSED if the enrollment was
 * aborted or superseded meanwhile, LEDGER_REVOKED if its certificate was
 * revoked.
 */
enum status ledger_complete(struct ledger *l,
    const struct ledger_enrollment *e, const struct ledger_challenge *next,
    size_t n, int64_t again_until, int64_t now, enum ledger_outcome *outcome)
    USE_RESULT;

/*
 * ledger_sent() marks an enrollment as configured, or counts a repeat, and
 * supersedes older configured enrollments of the same user and UDID.
 * ledger_not_sent() records only an event with the reason, and undoes the
 * completion with this challenge, a hash or NULL: its challenges are deleted,
 * and those that it voided are valid again.  *outcome is LEDGER_RECORDED, or
 * LEDGER_CLOSED if the enrollment is neither certified nor configured.
 */
enum status ledger_sent(struct ledger *l, const char *id, int64_t now,
    enum ledger_outcome *outcome) USE_RESULT;
enum status ledger_not_sent(struct ledger *l, const char *id,
    const char *challenge, const char *reason, int64_t now,
    enum ledger_outcome *outcome) USE_RESULT;

/*
 * ledger_bind() binds a CLIENT challenge of an enrollment to a whole name.
 * *outcome is LEDGER_RECORDED, also if it was bound to that name before;
 * LEDGER_NO_CHALLENGE if the challenge belongs to another enrollment, or is
 * spent, voided, expired or bound to another name; LEDGER_CLOSED if the
 * enrollment was aborted or superseded.
 */
enum status ledger_bind(struct ledger *l, const char *hash,
    const char *enrollment, const struct ledger_name *name, int64_t now,
    enum ledger_outcome *outcome) USE_RESULT;

/*
 * ledger_add_client() records another CLIENT challenge, already bound, of an
 * open enrollment.  *outcome is LEDGER_RECORDED or LEDGER_CLOSED.
 */
enum status ledger_add_client(struct ledger *l,
    const struct ledger_challenge *c, int64_t now,
    enum ledger_outcome *outcome) USE_RESULT;

enum status ledger_find_enrollment(struct ledger *l, const char *id,
    bool *found, struct ledger_enrollment *out) USE_RESULT;

typedef enum status ledger_each_enrollment(
    const struct ledger_enrollment *e, void *arg);
enum status ledger_enrollments(struct ledger *l, ledger_each_enrollment *fn,
    void *arg) USE_RESULT;

/*
 * ledger_abort() ends an enrollment, voids its challenges, and revokes its
 * certificates (cessationOfOperation).  *done is false if there is nothing to
 * do.
 */
enum status ledger_abort(struct ledger *l, const char *id, int64_t now,
    bool *done) USE_RESULT;

/*
 * ledger_purge() deletes the enrollments that ended before a time, or whose
 * last step was before it and which are not configured: the record, its
 * challenges and its events.  It also deletes invitations that were used,
 * revoked or expired before that time, which are not counted.  Certificates
 * are never deleted.
 */
enum status ledger_purge(struct ledger *l, int64_t before, int64_t now,
    size_t *count) USE_RESULT;

/* ---- events ---- */

struct ledger_event {
	int64_t time;
	const char *what;	/* "started", "identified", ... */
	const char *enrollment;	/* or NULL */
	const char *certificate;	/* serial, or NULL */
	const char *detail;	/* or NULL */
};

/* Calls fn for the events of one enrollment, oldest first. */
typedef enum status ledger_each_event(const struct ledger_event *e,
    void *arg);
enum status ledger_events(struct ledger *l, const char *enrollment,
    ledger_each_event *fn, void *arg) USE_RESULT;

#endif
