/*
 * request: one SCEP request and its answer, without HTTP.  The verbs answer
 * and cgi fill in the one and write out the other.
 */
#ifndef MCFG_REQUEST_H
#define MCFG_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "authority/authority.h"
#include "base/buf.h"

struct request {
	const char *operation;	/* or NULL */
	const char *message;	/* of the query, unescaped; or NULL */
	const struct buf *body;	/* of a POST; or NULL */
	const char *name;	/* in diagnostics */
	int64_t now;
	const char *client;	/* where it came from: an address, or a network
				 * that counts as one; or NULL */
	bool dry_run;		/* judged only */
};

/* What came of it, for the log and the operator. */
struct outcome {
	char *transaction;
	char type[32];		/* "PKCSReq", ... */
	const char *what;	/* "issued", "again", "refused", ...; or NULL */
	struct scep_refusal refusal;	/* where it is refused */
	char *serial;		/* of the certificate, or NULL */
	char remark[160];	/* for the log alone */
};

struct reply {
	const char *content_type;
	struct buf body;
	struct outcome outcome;
};
#define REPLY_INIT { .body = BUF_INIT }
#define auto_reply AUTO(reply_free) struct reply
void reply_free(struct reply *r);

/*
 * request_answer() answers any operation.  A CertRep that refuses is OK, as
 * it is an answer.  MALFORMED is what HTTP calls 400.
 */
enum status request_answer(struct authority *a, const struct request *q,
    struct reply *out) USE_RESULT;

/*
 * request_client() is what counts as one client: an IPv4 address, or the /64
 * of an IPv6 address; yours.  NULL for no address.
 */
char *request_client(const char *address);

/* enroll() answers a message of any type; of enroll/. */
enum status enroll(struct authority *a, const struct request *q,
    const struct scep_message *m, struct scep_answer *answer,
    struct outcome *o) USE_RESULT;

#endif
