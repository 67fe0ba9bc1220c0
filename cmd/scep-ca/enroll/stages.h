/*
 * stages: the stages of one PKIOperation, each in its own file, in this order.
 * Private to enroll/.
 *
 *   message    checks that it can be answered; nothing is decrypted
 *   requester  who signed it, and what may be decrypted for them
 *   content    what it asks for, proved to come from the signer
 *   earlier    whether it was answered before, or is waiting
 *   decision   what to do; it changes nothing
 *   commit     carries it out, in one transaction of the ledger
 *
 * A stage fills in its part of struct operation and returns OK; REFUSED, with
 * the refusal in *no; or another status after printing the error.  Each stage
 * runs once.  Only if commit finds that the decision no longer holds, the
 * stages from earlier onwards run again.
 */
#ifndef MCFG_ENROLL_STAGES_H
#define MCFG_ENROLL_STAGES_H

#include "request.h"

/* ---- the results of the stages ---- */

struct requester {
	struct authority_verdict verdict;
	struct ledger_certificate record;	/* of the signer's certificate,
						 * if the ledger has it */
	const char *serial;	/* from that record, or NULL */
	bool may_renew;		/* the signer may renew, also with another
				 * key */
	char key_hash[SECRET_HASH_TEXT];
	char signer_hash[SECRET_HASH_TEXT];
};

struct content {
	struct scep_csr csr;
	struct ledger_name name;	/* the names as requested */
	char key_hash[SECRET_HASH_TEXT];
	bool other_key;			/* not the signer's key */
	bool has_challenge;
	char challenge[SECRET_HASH_TEXT];	/* hash of the challenge */
	bool renews;			/* it is a valid renewal of the
					 * certificate that signed it */
	const char *unfit;		/* why it is not a valid renewal, or
					 * NULL */
	bool says_why;			/* unfit reveals nothing about the
					 * request */
	struct buf subject;		/* subject that a poll asks for, DER */
};

struct earlier {
	bool is_issued, waits;
	struct ledger_certificate issued;	/* for the same request
						 * before */
	struct ledger_request request;		/* of this transaction and key,
						 * not issued yet */
	bool is_known;				/* the ledger has the
						 * challenge */
	struct ledger_challenge challenge;
	const char *objection, *cause;		/* why the challenge is not
						 * valid (for the client, for
						 * the log), or NULL */
};

enum verdict {
	VERDICT_AGAIN,		/* the certificate in earlier */
	VERDICT_ISSUE,
	VERDICT_WAIT,		/* until somebody decides */
	VERDICT_REJECTED,	/* by the operator */
};

/* What commit needs for VERDICT_ISSUE and VERDICT_WAIT. */
struct decision {
	enum verdict verdict;
	struct issue_wish wish;		/* what to certify */
	struct ledger_name name;	/* the names that were requested */
	char key_hash[SECRET_HASH_TEXT];
	char challenge[SECRET_HASH_TEXT];	/* hash of the challenge to
						 * spend, or "" */
	int64_t presented;
	struct ledger_certificate old;	/* the certificate to renew; without
					 * serial if it is not a renewal */
	struct buf csr;			/* of a request that waits or will
					 * wait */
	bool waits;			/* the ledger has the request */
	bool needs_decision;
	const char *decider;		/* who approves now, or NULL */
	bool for_device;		/* it belongs to an enrollment */
	char *ground;
	bool says_why;		/* a refusal reveals nothing about the
				 * request */
};

struct operation {
	struct authority *a;
	const struct request *q;
	const struct scep_message *m;
	struct requester who;
	struct content content;
	struct earlier earlier;
	struct decision decision;
	bool overtaken;		/* commit found that the decision no longer
				 * holds */
	struct scep_answer *answer;
	struct outcome *outcome;
};

/* ---- the stages ---- */

enum status message_read(const struct authority *a, const struct request *q,
    const struct scep_message *m, struct scep_refusal *no) USE_RESULT;

enum status requester_identify(struct operation *op, struct scep_refusal *no)
    USE_RESULT;

enum status content_prove(struct operation *op, struct scep_refusal *no)
    USE_RESULT;

enum status earlier_find(struct operation *op) USE_RESULT;

enum status decision_make(struct operation *op, struct scep_refusal *no)
    USE_RESULT;

enum status commit(struct operation *op, struct scep_refusal *no) USE_RESULT;

/*
 * The possible subjects of a poll.  poll_find() looks by transaction and
 * signer for a waiting request, otherwise for an issued certificate;
 * poll_match() keeps those with the subject that the poll names.  If nothing
 * is found, waits and is_issued of op->earlier are false.
 */
enum status poll_find(struct operation *op) USE_RESULT;
enum status poll_match(struct operation *op) USE_RESULT;

/* Sets renews, unfit and says_why of op->content. */
void renewal_weigh(struct operation *op);

/* ---- functions for several stages ---- */

/* True for a poll, which has no request in it, only the names of one. */
bool operation_polls(const struct operation *op);

/*
 * A message may carry a request for another key than the one that signed it.
 * Then it is not proved that the signer wrote the request, and the response
 * must not reveal anything about it: operation_hush() replaces the reason of a
 * refusal with a general one, and keeps the actual reason for the log.
 */
enum status operation_hush(const struct operation *op, enum status st,
    struct scep_refusal *no) USE_RESULT;

/* The values that identify the request; borrowed from op. */
struct ledger_identity operation_identity(const struct operation *op);

/* answer_query() answers GetCert and GetCRL, after requester_identify(). */
enum status answer_query(struct operation *op, struct scep_refusal *no)
    USE_RESULT;

#endif
