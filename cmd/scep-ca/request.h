/*
 * request: one SCEP request and its response, without HTTP.  The verbs answer
 * and cgi fill in struct request and write out struct reply.
 */
#ifndef MCFG_REQUEST_H
#define MCFG_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "authority/authority.h"
#include "base/buf.h"

struct request {
	const char *operation;	/* or NULL */
	const char *message;	/* of the query, decoded; or NULL */
	const struct buf *body;	/* of a POST; or NULL */
	const char *name;	/* for messages */
	int64_t now;
	const char *client;	/* where it came from: an address, or a network
				 * that counts as one client; or NULL */
	bool dry_run;		/* decide only, change nothing */
};

/* The result, for the log and the operator. */
struct outcome {
	char *transaction;
	char type[32];		/* "PKCSReq", ... */
	const char *what;	/* "issued", "again", "refused", ...; or NULL */
	struct scep_refusal refusal;	/* if it is refused */
	char *serial;		/* of the certificate, or NULL */
	char remark[160];	/* only for the log */
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
 * request_answer() answers any operation.  A CertRep that refuses is a
 * response, so the status is OK.  MALFORMED stands for HTTP 400.
 */
enum status request_answer(struct authority *a, const struct request *q,
    struct reply *out) USE_RESULT;

/*
 * request_client() returns what counts as one client: an IPv4 address, or the
 * /64 of an IPv6 address; the caller frees it.  NULL if address is not an
 * address.
 */
char *request_client(const char *address);

/* enroll() answers a PKIOperation of any type; see enroll/. */
enum status enroll(struct authority *a, const struct request *q,
    const struct scep_message *m, struct scep_answer *answer,
    struct outcome *o) USE_RESULT;

#endif
