/*
 * ledger: what must be remembered, and the only state: challenges, of which
 * only the SHA-256 is kept, certificates, enrollments, and an append-only log
 * of events.  Every function is one transaction that is durable when it
 * returns; processes may share a ledger without knowing of each other.
 *
 * An enrollment's life: started -> identified -> certified -> configured;
 * aborted and superseded end it.
 *
 * Times are seconds since 1970; hashes and serials lower-case hex; plists
 * XML.  What a function finds in the ledger is answered by an enum; a status
 * that is not OK was printed and means that the ledger itself failed.
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
	LEDGER_USE,	/* it must be there */
	LEDGER_CREATE,	/* made where it is not: mode 0600 */
	LEDGER_READ,	/* it must be there; nothing is written, and all that
			 * is read until it is closed is of one moment */
};

/*
 * ledger_open() takes "sqlite:PATH" or "postgresql://...".  base is a file
 * that a relative PATH is relative to (site.yaml, scep-ca.yaml), or NULL.  A
 * URI with a password in it is USAGE.  A ledger of an older program is
 * upgraded in one transaction, except by LEDGER_READ, which says that an
 * upgrade is due (FAULT); that of a newer program is FAULT.  LATER is never
 * returned for a busy database: ledger_open() waits, then FAULT.
 */
enum status ledger_open(const char *uri, const char *base,
    enum ledger_mode mode, struct ledger **out) USE_RESULT;
void ledger_close(struct ledger *l);
DEFINE_AUTO(ledger, struct ledger, ledger_close);

/*
 * ledger_is_current() is false if another file has taken the place of the one
 * that was opened, which is to be opened anew then.
 */
bool ledger_is_current(const struct ledger *l);

/*
 * ledger_check() asks the database about its own integrity; what is wrong is
 * appended to trouble as text.
 */
enum status ledger_check(struct ledger *l, struct buf *trouble) USE_RESULT;

/* ---- names ---- */

/*
 * A whole name: the subject and the set of alternative names, compared as
 * RFC 5280 7.1 and 7.2 say, in any order.
 */
struct ledger_name {
	struct buf subject;	/* DER of the Name */
	struct buf names;	/* DER of the GeneralNames; empty: the empty
				 * set */
};
#define LEDGER_NAME_INIT	{ BUF_INIT, BUF_INIT }
void ledger_name_free(struct ledger_name *n);
#define auto_ledger_name	AUTO(ledger_name_free) struct ledger_name
void ledger_name_copy(const struct ledger_name *from, struct ledger_name *to);
bool ledger_name_equal(const struct ledger_name *a,
    const struct ledger_name *b);

/* ---- challenges ---- */

/*
 * A challenge is bound to a whole name.  One that is not buys any name, and
 * only if its purpose is MANUAL: an operator made it on purpose.
 */
enum ledger_purpose {
	LEDGER_ENROLL,		/* phase 1: handed to the device, spent by its
				 * answer */
	LEDGER_IDENTITY,	/* phase 2: buys the certificate that signs
				 * phase 3 */
	LEDGER_CLIENT,		/* in the final configuration; such a
				 * certificate never signs phase 3 */
	LEDGER_MANUAL,		/* scep-ca challenge: belongs to no enrollment */
};
const char *ledger_purpose_name(enum ledger_purpose p);

struct ledger_challenge {
	char hash[SECRET_HASH_TEXT];	/* SHA-256 of the challenge, hex */
	enum ledger_purpose purpose;
	char *enrollment;		/* id, or NULL */
	bool bound;			/* to name */
	struct ledger_name name;
	char *note;			/* the operator's, or NULL */
	int64_t created, expires;
	bool spent;			/* it has bought a certificate */
	bool voided;			/* replaced, aborted or withdrawn */
};
#define LEDGER_CHALLENGE_INIT	{ .purpose = LEDGER_MANUAL }
void ledger_challenge_free(struct ledger_challenge *c);
#define auto_ledger_challenge	AUTO(ledger_challenge_free) \
				struct ledger_challenge

/* Adds a challenge that belongs to no enrollment: of purpose MANUAL. */
enum status ledger_add_challenge(struct ledger *l,
    const struct ledger_challenge *c, int64_t now) USE_RESULT;

/* The latest first, spent and voided ones too. */
typedef enum status ledger_each_challenge(const struct ledger_challenge *c,
    void *arg);
enum status ledger_challenges(struct ledger *l, ledger_each_challenge *fn,
    void *arg) USE_RESULT;

enum {
	LEDGER_ID_TEXT = 12,	/* digits of a hash that are shown as an ID */
	LEDGER_ID_LEAST = 6,	/* and the fewest that are accepted */
};

/*
 * ledger_void_challenge() voids the one challenge whose hash begins with id,
 * in lower-case hex.  *matches is how many there are: nothing is done unless
 * it is 1.  *done is false if that one was spent or voided before.
 */
enum status ledger_void_challenge(struct ledger *l, const char *id,
    int64_t now, size_t *matches, bool *done) USE_RESULT;

/*
 * ledger_purge_challenges() forgets challenges of purpose MANUAL that expired
 * before a time and bought nothing, unless a request that is kept has one.
 */
enum status ledger_purge_challenges(struct ledger *l, int64_t before,
    size_t *count) USE_RESULT;

/* *found is false where the hash is unknown. */
enum status ledger_find_challenge(struct ledger *l, const char *hash,
    bool *found, struct ledger_challenge *out) USE_RESULT;

/* The challenge of purpose IDENTITY of an enrollment. */
enum status ledger_find_identity(struct ledger *l, const char *enrollment,
    bool *found, struct ledger_challenge *out) USE_RESULT;

/* ---- certificates ---- */

/*
 * The ground of a request is what it was made on: the certificate of ours that
 * signed it, or the challenge that was in it, or nothing.  "", or one of
 * these, yours:
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
	char *purpose;			/* of the challenge that bought it, or
					 * NULL */
	char *enrollment;		/* id, or NULL */
	char *transaction;		/* SCEP transactionID, or NULL */
	char key_hash[SECRET_HASH_TEXT];	/* SHA-256 of its SPKI */
	char *ground;			/* of the request, or NULL: "" */
	char *challenge;		/* hash of the one that was spent on
					 * it, or NULL; not read */
	struct ledger_name asked;	/* in the request; empty: as issued */
	bool unbound;			/* bought by an unbound challenge */
	char *decider;			/* who approved the request, or NULL */
	int64_t decided;		/* and when; 0: nobody had to */
	int64_t issued;
	int64_t revoked;		/* 0: it is not */
	int reason;			/* RFC 5280 5.3.1, where revoked */
};
#define LEDGER_CERTIFICATE_INIT	{ 0 }
void ledger_certificate_free(struct ledger_certificate *c);
#define auto_ledger_certificate	AUTO(ledger_certificate_free) \
				struct ledger_certificate

enum ledger_outcome {
	LEDGER_RECORDED,	/* it is in the ledger now */
	LEDGER_RETRY,		/* the same request was answered before */
	LEDGER_NO_CHALLENGE,	/* unknown, unbound, bound to another name,
				 * spent, voided or expired */
	LEDGER_CLOSED,		/* its enrollment was aborted or superseded, or
				 * is not at the step for this purpose */
	LEDGER_REVOKED,		/* the certificate to be renewed was revoked */
	LEDGER_UNDECIDED,	/* nobody has approved this very request */
	LEDGER_OVERTAKEN,	/* it was answered since it was judged, or its
				 * challenge is not good any more */
	LEDGER_OTHER_NAMES,	/* another request of this transaction and key
				 * waits */
	LEDGER_DECLINED,	/* it was rejected, which is forgotten now */
	LEDGER_TAKEN,		/* the serial number is in use: make another */
};

/*
 * What identifies a request: its key, the whole name that it asks for, its
 * transaction and its ground.  Nothing here belongs to the struct.
 */
struct ledger_identity {
	const char *transaction;
	const char *key_hash;		/* SHA-256 of the SPKI */
	const struct ledger_name *name;
	const char *challenge;		/* the hash of its challenge, if the
					 * ledger knows that, else NULL */
	bool fresh;			/* that challenge is good: the request
					 * is a new one */
	const char *signer;		/* serial of the certificate of ours
					 * that signed it, if it is good for a
					 * renewal, or NULL */
	const char *signer_hash;	/* SHA-256 of whatever signed it, for
					 * what an older program recorded */
};

/*
 * ledger_find_repeat() looks for a certificate that the same request yielded
 * before, and which is neither revoked nor expired.
 */
enum status ledger_find_repeat(struct ledger *l,
    const struct ledger_identity *q, int64_t now, bool *found,
    struct ledger_certificate *out) USE_RESULT;

/*
 * ledger_find_polled() does so for a poll, which has no challenge: by
 * transaction, and by key or signer; the latest, with this subject (DER) if
 * that is not NULL.
 */
enum status ledger_find_polled(struct ledger *l,
    const struct ledger_identity *q, const struct buf *subject, int64_t now,
    bool *found,
    struct ledger_certificate *out) USE_RESULT;

/*
 * What entitles a request to a certificate, all of it checked again in the
 * transaction that records the certificate.
 */
struct ledger_entitlement {
	struct ledger_identity request;
	const char *challenge;	/* hash of the one that is spent, or NULL */
	int64_t presented;	/* when it came: it is judged as of then */
	const char *renews;	/* serial of the certificate that is renewed,
				 * or NULL */
	bool needs_decision;	/* the request that waits must be approved */
	const struct buf *csr;	/* the one that waits, or NULL */
	const char *decider;	/* who approves it herewith, or NULL: it is
				 * approved already */
};

/*
 * ledger_certify() spends the challenge, settles the request that waits, and
 * records the certificate in one transaction.  Purpose and enrollment of the
 * certificate are those of the challenge (without one, those of c); an
 * identity certificate makes its enrollment certified.  e is NULL for the
 * operator's own certificates and those of the CA.
 *
 * LEDGER_RETRY fills earlier with the certificate of the same request, and
 * nothing is recorded; so for every outcome but LEDGER_RECORDED.
 */
enum status ledger_certify(struct ledger *l,
    const struct ledger_certificate *c, const struct ledger_entitlement *e,
    int64_t now, enum ledger_outcome *outcome,
    struct ledger_certificate *earlier) USE_RESULT;

enum status ledger_find_certificate(struct ledger *l, const char *serial,
    bool *found, struct ledger_certificate *out) USE_RESULT;

/* The newest first; fn stops by a status that is not OK. */
typedef enum status ledger_each_certificate(
    const struct ledger_certificate *c, void *arg);
enum status ledger_certificates(struct ledger *l,
    ledger_each_certificate *fn, void *arg) USE_RESULT;

/* The revoked ones alone, by an index. */
enum status ledger_revoked(struct ledger *l, ledger_each_certificate *fn,
    void *arg) USE_RESULT;

/*
 * ledger_crl() takes the next number of a CRL, higher than above and than all
 * before, and hands fn what that list holds: the revoked certificates, by
 * serial number.  Both are one transaction, so a list with a higher number
 * never holds less.  fn calls nothing of the ledger.
 */
enum status ledger_crl(struct ledger *l, int64_t above,
    ledger_each_certificate *fn, void *arg, int64_t *number) USE_RESULT;

/* ledger_crl_number() reads the last number taken, or 0. */
enum status ledger_crl_number(struct ledger *l, int64_t *number) USE_RESULT;

/* *done is false where it is unknown or was revoked before. */
enum status ledger_revoke(struct ledger *l, const char *serial, int reason,
    int64_t now, bool *done) USE_RESULT;

/* ---- requests that wait for a decision ---- */

/*
 * What strangers can fill: requests that wait without a valid challenge and
 * do not renew anything.  Of a challenge or a certificate, one request is exempt.
 */
enum {
	LEDGER_WAIT_CLIENT = 20,	/* of one address */
	LEDGER_WAIT_KEY = 5,		/* of one key */
	LEDGER_WAIT_ALL = 1000,
	LEDGER_CSR_MAX = 4096,		/* bytes of what is kept of each */
};

enum ledger_state {
	LEDGER_PENDING,
	LEDGER_APPROVED,	/* its next poll gets a certificate */
	LEDGER_REJECTED,	/* its next message is told so */
	LEDGER_ISSUED,		/* serial is that of the certificate */
};
const char *ledger_state_name(enum ledger_state s);

/* A request; a transaction may have several, each of another key. */
struct ledger_request {
	char *transaction;
	char key_hash[SECRET_HASH_TEXT];
	struct buf csr;			/* DER, without its challenge */
	struct ledger_name name;	/* what it asks for */
	char *subject;			/* RFC 4514, for people */
	char *ground;			/* as that of a certificate */
	char *challenge;		/* hash of the one that came with it
					 * and was valid then, or NULL */
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
 * drops those that were received before oldest.  LEDGER_RECORDED; LEDGER_RETRY
 * if the same request waits or is approved (earlier holds it; a valid challenge
 * of r is attached to it); LEDGER_OTHER_NAMES; LEDGER_DECLINED; and
 * LEDGER_OVERTAKEN, with nothing changed: judge it again.  Where strangers' requests are
 * too many, the oldest of the same address or key gives way, or of the address
 * that has the most.
 */
enum status ledger_put_request(struct ledger *l,
    const struct ledger_request *r, const struct ledger_identity *q,
    int64_t oldest, int64_t now, enum ledger_outcome *outcome,
    struct ledger_request *earlier) USE_RESULT;

/*
 * ledger_find_request() finds the request of a transaction and a key.  For a
 * poll, whose signer may be the certificate that is renewed: by transaction,
 * and by key or signer of q.
 */
enum status ledger_find_request(struct ledger *l, const char *transaction,
    const char *key_hash, bool *found, struct ledger_request *out) USE_RESULT;
enum status ledger_find_polled_request(struct ledger *l,
    const struct ledger_identity *q, bool *found,
    struct ledger_request *out) USE_RESULT;

/*
 * ledger_forget_rejection() forgets a request that was rejected, once that
 * was said.
 */
enum status ledger_forget_rejection(struct ledger *l, const char *transaction,
    const char *key_hash) USE_RESULT;

/* All of them, in whatever state, the oldest first. */
typedef enum status ledger_each_request(const struct ledger_request *r,
    void *arg);
enum status ledger_requests(struct ledger *l, ledger_each_request *fn,
    void *arg) USE_RESULT;

enum ledger_verdict { LEDGER_APPROVE, LEDGER_REJECT, LEDGER_UNDO };

/*
 * Which request is decided about.  key and csr are the beginnings of the
 * SHA-256 of its key and of its CSR, in lower-case hex; "" matches any.
 */
struct ledger_choice {
	const char *transaction, *key, *csr;
};

/*
 * ledger_decide() approves or rejects the pending request of a transaction, or
 * makes it pending again if its certificate was not collected.  *matches is
 * the number of requests that transaction and key choose: nothing is done
 * unless it is 1.  *same is false, and nothing is done, if that request has
 * another CSR than csr says.
 */
enum status ledger_decide(struct ledger *l, const struct ledger_choice *c,
    enum ledger_verdict verdict, const char *decider, int64_t now,
    size_t *matches, bool *same) USE_RESULT;

/* ledger_reject_all() rejects all pending requests received before a time. */
enum status ledger_reject_all(struct ledger *l, int64_t before,
    const char *decider, int64_t now, size_t *count) USE_RESULT;

/*
 * ledger_purge_requests() forgets requests that nobody decided about or
 * nobody collected since before, and what is kept of issued ones.
 */
enum status ledger_purge_requests(struct ledger *l, int64_t before,
    size_t *count) USE_RESULT;

/* ---- enrollments ---- */

struct ledger_enrollment {
	char *id;		/* 22 characters of base64url */
	char *user;
	char *state;		/* "started", "identified", "certified",
				 * "configured", "aborted", "superseded" */
	char *facts;		/* plist of the user's facts */
	char *attributes;	/* plist of the device, phase 2; or NULL */
	char *udid, *serial, *product;	/* of the device, or NULL */
	char *certificate;	/* serial of the identity, or SHA-256 of an
				 * outside authority's; or NULL */
	int64_t started, identified, certified, configured;	/* 0: not yet */
	int64_t first_sent;	/* when the first configuration was sent */
	int64_t repeats;	/* configurations sent after the first */
};
#define LEDGER_ENROLLMENT_INIT	{ 0 }
void ledger_enrollment_free(struct ledger_enrollment *e);
#define auto_ledger_enrollment	AUTO(ledger_enrollment_free) \
				struct ledger_enrollment

enum { LEDGER_OPEN_MAX = 5 };	/* open phase-1 challenges a user */

/*
 * ledger_start() records a new enrollment (id, user, facts are read) and its
 * phase-1 challenge; the oldest open ones of the user are voided until no
 * more than LEDGER_OPEN_MAX remain.
 */
enum status ledger_start(struct ledger *l, const struct ledger_enrollment *e,
    const char *challenge, int64_t expires, int64_t now) USE_RESULT;

/*
 * ledger_identify() spends the phase-1 challenge spent, fills in the device
 * (attributes, udid, serial, product of e, whose id is that of the
 * challenge), and records the SCEP challenge next, which is of purpose
 * IDENTITY.  LEDGER_RECORDED, LEDGER_NO_CHALLENGE or LEDGER_CLOSED.
 */
enum status ledger_identify(struct ledger *l, const char *spent,
    const struct ledger_enrollment *e, const struct ledger_challenge *next,
    int64_t now, enum ledger_outcome *outcome) USE_RESULT;

/*
 * ledger_unidentify() undoes ledger_identify() of enrollment id, whose answer
 * reached nobody: the challenge spent can be used again, the one with the hash
 * next is void.  If the enrollment has gone on meanwhile, nothing is done.
 */
enum status ledger_unidentify(struct ledger *l, const char *id,
    const char *spent, const char *next, int64_t now) USE_RESULT;

/*
 * ledger_adopt() makes certificate, the SHA-256 of one that an outside
 * authority issued, the identity of an enrollment that is identified and whose
 * IDENTITY challenge is still open; it is certified then.  LEDGER_RECORDED,
 * once, or LEDGER_CLOSED.
 */
enum status ledger_adopt(struct ledger *l, const char *id,
    const char *certificate, int64_t now, enum ledger_outcome *outcome)
    USE_RESULT;

/*
 * ledger_complete() lets the enrollment of e->id, which is certified or
 * configured, have a configuration: it voids the CLIENT challenges of before
 * that were not spent, and records the CLIENT challenge next.  The state stays
 * as it is: ledger_sent() says that the device got it.  With again_until not 0,
 * a repeat later than that many seconds after the first was sent is
 * LEDGER_NO_CHALLENGE.  LEDGER_CLOSED if it was aborted or superseded
 * meanwhile.
 */
enum status ledger_complete(struct ledger *l,
    const struct ledger_enrollment *e, const struct ledger_challenge *next,
    int64_t again_until, int64_t now, enum ledger_outcome *outcome)
    USE_RESULT;

/*
 * ledger_sent() marks an enrollment configured, or counts a repeat, and
 * supersedes older configured enrollments of the same user and UDID.
 * ledger_not_sent() records an event instead, with the reason.  LEDGER_RECORDED,
 * or LEDGER_CLOSED if it is neither certified nor configured.
 */
enum status ledger_sent(struct ledger *l, const char *id, int64_t now,
    enum ledger_outcome *outcome) USE_RESULT;
enum status ledger_not_sent(struct ledger *l, const char *id,
    const char *reason, int64_t now, enum ledger_outcome *outcome) USE_RESULT;

/*
 * ledger_bind() binds a CLIENT challenge of an enrollment to a whole name:
 * LEDGER_RECORDED, also if it is bound to that name already;
 * LEDGER_NO_CHALLENGE if it is none of that enrollment, spent, voided,
 * expired, or bound to another name; LEDGER_CLOSED if the enrollment was
 * aborted or superseded.
 */
enum status ledger_bind(struct ledger *l, const char *hash,
    const char *enrollment, const struct ledger_name *name, int64_t now,
    enum ledger_outcome *outcome) USE_RESULT;

/*
 * ledger_add_client() records another CLIENT challenge, bound, of an
 * enrollment that is open: LEDGER_RECORDED, or LEDGER_CLOSED.
 */
enum status ledger_add_client(struct ledger *l,
    const struct ledger_challenge *c, int64_t now,
    enum ledger_outcome *outcome) USE_RESULT;

/* ledger_void_client() voids the unspent CLIENT challenges of an enrollment. */
enum status ledger_void_client(struct ledger *l, const char *enrollment,
    int64_t now) USE_RESULT;

enum status ledger_find_enrollment(struct ledger *l, const char *id,
    bool *found, struct ledger_enrollment *out) USE_RESULT;

typedef enum status ledger_each_enrollment(
    const struct ledger_enrollment *e, void *arg);
enum status ledger_enrollments(struct ledger *l, ledger_each_enrollment *fn,
    void *arg) USE_RESULT;

/* Voids its challenges, revokes its certificates (cessationOfOperation). */
enum status ledger_abort(struct ledger *l, const char *id, int64_t now,
    bool *done) USE_RESULT;

/*
 * ledger_purge() forgets the enrollments that ended, or took their last step
 * without being configured, before a time: the record, its challenges and
 * its events.  Invitations that were used, revoked or expired before that time
 * go, too, but are not counted.  Certificates are never forgotten.
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

/* The events of one enrollment, oldest first. */
typedef enum status ledger_each_event(const struct ledger_event *e,
    void *arg);
enum status ledger_events(struct ledger *l, const char *enrollment,
    ledger_each_event *fn, void *arg) USE_RESULT;

/* ---- moving ---- */

struct ledger_table {
	const char *name;
	int64_t rows;
	char hash[SECRET_HASH_TEXT];	/* over all rows, the same for both */
};

/*
 * ledger_copy() copies everything into a ledger that is empty (else REFUSED),
 * reads it back, compares counts and hashes (FAULT) and commits all or
 * nothing.  Nobody writes to the source meanwhile.  fn (or NULL) hears of
 * each table before the commit.
 */
typedef enum status ledger_each_table(const struct ledger_table *t, void *arg);
enum status ledger_copy(struct ledger *from, struct ledger *to,
    ledger_each_table *fn, void *arg) USE_RESULT;

#endif
