/*
 * stages: the life of one PKIOperation, a file for each stage, in this order.
 * Private to enroll/.
 *
 *   message    it is a message that can be answered; nothing is decrypted
 *   requester  who signed it, and what may be decrypted for them
 *   content    what it asks for, proved to come from the signer
 *   earlier    whether it was answered before, or waits
 *   judge      what is to be done: a value; nothing is changed
 *   commit     it is done, in one transaction of the ledger
 *
 * A stage fills in its part of struct operation and returns OK; REFUSED, with
 * the refusal in *no; or a failure of ours, which was printed.  It is entered
 * once; but if commit finds that what was judged does not hold any more, the
 * ledger is looked at once more, from earlier on.
 */
#ifndef MCFG_ENROLL_STAGES_H
#define MCFG_ENROLL_STAGES_H

#include "request.h"

/* ---- what the stages find out ---- */

struct requester {
	struct authority_verdict verdict;
	struct ledger_certificate record;	/* of the signer's certificate,
						 * if it is in the ledger */
	const char *serial;	/* of that record, or NULL: a stranger */
	bool may_renew;		/* good for a renewal: its key may be another
				 * than that of the request */
	char key_hash[SECRET_HASH_TEXT];
	char signer_hash[SECRET_HASH_TEXT];
};

struct content {
	struct scep_csr csr;
	struct ledger_name name;	/* what it asks for, as it came */
	char key_hash[SECRET_HASH_TEXT];
	bool other_key;			/* than the signer's */
	bool has_challenge;
	char challenge[SECRET_HASH_TEXT];	/* its hash */
	bool renews;			/* it fits the certificate of ours that
					 * signed it, which entitles to it */
	const char *unfit;		/* else why not, if there is one */
	bool says_why;			/* that tells nothing of the request */
	struct buf subject;		/* that a poll asks for, DER */
};

struct earlier {
	bool is_issued, waits;
	struct ledger_certificate issued;	/* the same request yielded it */
	struct ledger_request request;		/* of this transaction and key,
						 * not issued */
	bool is_known;				/* the challenge */
	struct ledger_challenge challenge;
	const char *objection, *cause;		/* why it is not valid; or NULL
						 * and NULL */
};

enum verdict {
	VERDICT_AGAIN,		/* the certificate of earlier */
	VERDICT_ISSUE,
	VERDICT_WAIT,		/* for somebody's decision */
	VERDICT_REJECTED,	/* somebody said no */
};

/* What commit needs for VERDICT_ISSUE and VERDICT_WAIT. */
struct judgement {
	enum verdict verdict;
	struct issue_wish wish;		/* what is certified */
	struct ledger_name name;	/* what was asked for */
	char key_hash[SECRET_HASH_TEXT];
	char challenge[SECRET_HASH_TEXT];	/* to be spent, or "" */
	int64_t presented;
	struct ledger_certificate old;	/* what is renewed, or no serial */
	struct buf csr;			/* that waits, or will wait */
	bool waits;			/* it is in the ledger */
	bool needs_decision;
	const char *decider;		/* who says yes herewith, or NULL */
	bool for_device;		/* of an enrollment */
	char *ground;
	bool says_why;		/* a refusal tells nothing of the request */
};

struct operation {
	struct authority *a;
	const struct request *q;
	const struct scep_message *m;
	struct requester who;
	struct content content;
	struct earlier earlier;
	struct judgement judgement;
	bool overtaken;		/* commit found that it does not hold */
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

enum status judge(struct operation *op, struct scep_refusal *no) USE_RESULT;

enum status commit(struct operation *op, struct scep_refusal *no) USE_RESULT;

/*
 * What a poll can be about, by transaction and signer: what waits, else what
 * was issued; and which of these has the subject that it names.  Both leave
 * waits and is_issued of op->earlier false if there is nothing.
 */
enum status poll_find(struct operation *op) USE_RESULT;
enum status poll_match(struct operation *op) USE_RESULT;

/* Fills in renews, unfit and says_why of op->content. */
void renewal_weigh(struct operation *op);

/* ---- what several of them need ---- */

/* True for a poll: it has no request in it, only the names of one. */
bool operation_polls(const struct operation *op);

/*
 * A certificate of ours may have signed a request for another key: that its
 * holder wrote that request is not proved, and no word may come from it.  So
 * a refusal of such a request becomes the one that all have.
 */
enum status operation_hush(const struct operation *op, enum status st,
    struct scep_refusal *no) USE_RESULT;

/* What identifies the request; borrowed from op. */
struct ledger_identity operation_identity(const struct operation *op);

/* answer_query() answers GetCert and GetCRL, from their second stage on. */
enum status answer_query(struct operation *op, struct scep_refusal *no)
    USE_RESULT;

#endif
