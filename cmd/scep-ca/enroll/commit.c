/*
 * The last stage: carries out the decision in one transaction of the ledger,
 * which first checks the entitlement again.  A dry run stops before that.
 */
#include <string.h>

#include "stages.h"

enum { SERIAL_TRIES = 4 };

static enum status
again(struct operation *op, const struct ledger_certificate *c)
{
	const char *reason = cert_from_der(c->der.data, c->der.len,
	    &op->answer->cert);

	if (reason != NULL)
		return fail(FAULT, "certificate %s in the ledger: %s",
		    c->serial, reason);
	op->answer->outcome = SCEP_SUCCESS;
	op->outcome->what = "again";
	op->outcome->serial = xstrdup(c->serial);
	return OK;
}

static enum status
pending(struct operation *op)
{
	op->answer->outcome = SCEP_PENDING;
	op->outcome->what = "pending";
	return OK;
}

static enum status
rejected(struct scep_refusal *no)
{
	return scep_refuse(no, SCEP_BADREQUEST, "the operator rejected it");
}

/* The client is told about a rejection once. */
static enum status
forget_rejection(struct operation *op, struct scep_refusal *no)
{
	const struct ledger_request *r = &op->earlier.request;
	enum status st;

	if (!op->q->dry_run && (st = ledger_forget_rejection(op->a->ledger,
	    r->transaction, r->key_hash)) != OK)
		return st;
	return rejected(no);
}

/* ---- waiting ---- */

static enum status
put_request(struct operation *op, struct scep_refusal *no)
{
	const struct decision *d = &op->decision;
	auto_ledger_request earlier = LEDGER_REQUEST_INIT;
	auto_ledger_request r = LEDGER_REQUEST_INIT;
	const struct ledger_identity q = operation_identity(op);
	enum ledger_outcome found;
	enum status st;

	r.transaction = xstrdup(op->m->transaction);
	memcpy(r.key_hash, d->key_hash, sizeof r.key_hash);
	buf_add_buf(&r.csr, &d->csr);
	ledger_name_copy(&d->name, &r.name);
	r.subject = cert_name_text(d->wish.subject);
	r.ground = xstrdup(d->ground);
	r.challenge = d->challenge[0] != '\0' ? xstrdup(d->challenge) : NULL;
	r.client = op->q->client != NULL ? xstrdup(op->q->client) : NULL;
	if ((st = ledger_put_request(op->a->ledger, &r, &q, op->q->now -
	    op->a->policy.pending_ttl, op->q->now, &found, &earlier)) != OK)
		return st;
	op->overtaken = found == LEDGER_OVERTAKEN;
	if (found == LEDGER_DECLINED)
		return rejected(no);
	if (found == LEDGER_OTHER_NAMES)
		return scep_refuse(no, SCEP_BADREQUEST,
		    "another request of this transaction is waiting");
	return pending(op);
}

static enum status
wait_for_decision(struct operation *op, struct scep_refusal *no)
{
	return operation_polls(op) || op->q->dry_run ? pending(op) :
	    put_request(op, no);
}

/* ---- issuing ---- */

/*
 * Makes one certificate, outside the database's transaction.  In a dry run it
 * is signed with a temporary key: it looks right, but is not valid.
 */
static enum status
make(struct operation *op, X509 **cert, struct ledger_certificate *c)
{
	struct decision *d = &op->decision;
	struct identity ca = op->a->now.ca;
	auto_EVP_PKEY *nobody = NULL;
	const struct issue_order order = {
		/*
		 * A device gets this profile whatever the policy has for other
		 * clients.
		 */
		.profile = d->for_device ? ISSUE_IDENTITY : ISSUE_SCEP,
		.subject = d->wish.subject,
		.key = d->wish.key,
		.names = d->wish.names,
		.ca = &ca,
		.policy = &op->a->policy,
		.now = op->q->now,
		.validity = op->a->policy.validity,
	};
	enum status st;

	if (op->q->dry_run) {
		if ((st = cert_make_key("rsa:2048", &nobody)) != OK)
			return st;
		ca.key = nobody;
	}
	if ((st = issue_certificate(&order, cert)) != OK)
		return st;
	authority_record(*cert, "scep", op->q->now, c);
	c->transaction = xstrdup(op->m->transaction);
	c->ground = xstrdup(d->ground);
	ledger_name_copy(&d->name, &c->asked);
	c->purpose = d->old.purpose != NULL ? xstrdup(d->old.purpose) : NULL;
	c->enrollment = d->old.enrollment != NULL ?
	    xstrdup(d->old.enrollment) : NULL;
	return OK;
}

static enum status
issued(struct operation *op, X509 *cert, const char *serial)
{
	op->answer->outcome = SCEP_SUCCESS;
	op->answer->cert = cert;
	op->outcome->what = op->decision.old.serial != NULL &&
	    op->decision.challenge[0] == '\0' ? "renewed" : "issued";
	op->outcome->serial = xstrdup(serial);
	return OK;
}

/*
 * The ledger has changed since the decision.  If deciding again could have
 * another result, op->overtaken is set and this response is used only after
 * several tries.
 */
static enum status
overtaken(struct operation *op, enum ledger_outcome found,
    struct scep_refusal *no)
{
	op->overtaken = found == LEDGER_UNDECIDED ||
	    found == LEDGER_NO_CHALLENGE;
	switch (found) {
	case LEDGER_UNDECIDED:
		return pending(op);
	case LEDGER_OTHER_NAMES:
		return scep_refuse(no, SCEP_BADREQUEST,
		    "another request of this transaction is waiting");
	case LEDGER_REVOKED:
		return scep_refuse(no, SCEP_BADREQUEST, "the signer's "
		    "certificate cannot renew: it was revoked");
	case LEDGER_CLOSED:
		return scep_refuse(no, SCEP_BADREQUEST,
		    "the enrollment has ended");
	default:
		(void)scep_refuse(no, SCEP_BADREQUEST,
		    "the challengePassword is not valid");
		scep_cause(no, "the challengePassword was used or voided "
		    "meanwhile");
		return REFUSED;
	}
}

/*
 * What the ledger checks before it records the certificate.  For a poll, the
 * certificate that is renewed comes from the waiting request, not from the
 * message.
 */
static struct ledger_entitlement
entitlement(const struct operation *op)
{
	const struct decision *d = &op->decision;
	struct ledger_entitlement e = {
		.request = operation_identity(op),
		.challenge = d->challenge[0] != '\0' ? d->challenge : NULL,
		.presented = d->presented,
		.renews = d->old.serial,
		.needs_decision = d->needs_decision,
		.csr = d->waits ? &d->csr : NULL,
		.decider = d->decider,
	};

	e.request.key_hash = d->key_hash;
	e.request.name = &d->name;
	if (e.challenge != NULL)
		e.request.challenge = e.challenge;
	e.request.fresh = e.challenge != NULL;
	if (operation_polls(op))
		e.request.signer = e.renews;
	return e;
}

static enum status
record(struct operation *op, struct scep_refusal *no, bool *taken)
{
	const struct ledger_entitlement e = entitlement(op);
	auto_ledger_certificate c = LEDGER_CERTIFICATE_INIT;
	auto_ledger_certificate earlier = LEDGER_CERTIFICATE_INIT;
	auto_X509 *cert = NULL;
	enum ledger_outcome found = LEDGER_RECORDED;
	enum status st;

	*taken = false;
	if ((st = make(op, &cert, &c)) != OK ||
	    (!op->q->dry_run && (st = ledger_certify(op->a->ledger, &c, &e,
	    op->q->now, &found, &earlier)) != OK))
		return st;
	if (found == LEDGER_RECORDED)
		return issued(op, STEAL(cert), c.serial);
	if (found == LEDGER_RETRY)
		return again(op, &earlier);
	*taken = found == LEDGER_TAKEN;
	return *taken ? OK : overtaken(op, found, no);
}

static enum status
issue(struct operation *op, struct scep_refusal *no)
{
	enum status st;
	bool taken;
	int i;

	for (i = 0; i < SERIAL_TRIES; i++)
		if ((st = record(op, no, &taken)) != OK || !taken)
			return st;
	return fail(FAULT, "no free serial number in %d tries", SERIAL_TRIES);
}

enum status
commit(struct operation *op, struct scep_refusal *no)
{
	switch (op->decision.verdict) {
	case VERDICT_AGAIN:
		return again(op, &op->earlier.issued);
	case VERDICT_REJECTED:
		return forget_rejection(op, no);
	case VERDICT_WAIT:
		return wait_for_decision(op, no);
	default:
		return issue(op, no);
	}
}
