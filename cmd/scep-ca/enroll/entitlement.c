/* The entitlement to a certificate: another certificate, or a challenge. */
#include <stdio.h>
#include <string.h>

#include "decision.h"

/* Copies what is needed from the record of the certificate that is renewed. */
static void
take_old(const struct ledger_certificate *from, struct decision *d)
{
	struct ledger_certificate *to = &d->old;

	d->for_device = from->purpose != NULL && strcmp(from->purpose,
	    ledger_purpose_name(LEDGER_MANUAL)) != 0;
	to->serial = xstrdup(from->serial);
	to->purpose = from->purpose != NULL ? xstrdup(from->purpose) : NULL;
	to->enrollment = from->enrollment != NULL ?
	    xstrdup(from->enrollment) : NULL;
}

/* ---- a new request ---- */

static enum status
take_challenge(struct operation *op, struct scep_refusal *no)
{
	const struct ledger_challenge *c = &op->earlier.challenge;
	struct decision *d = &op->decision;

	memcpy(d->challenge, op->content.challenge, sizeof d->challenge);
	d->presented = op->q->now;
	d->for_device = c->purpose != LEDGER_MANUAL;
	return c->bound ? names_as_bound(op, &c->name, no) : OK;
}

static enum status
refuse_challenge(const struct operation *op, struct scep_refusal *no)
{
	const struct earlier *e = &op->earlier;

	(void)scep_refuse(no, SCEP_BADREQUEST, "%s", e->objection);
	if (e->cause != NULL)
		scep_cause(no, "%s", e->cause);
	return REFUSED;
}

/* Neither the renewal nor the challenge is valid; the log has both reasons. */
static enum status
refuse_renewal(const struct operation *op, const char *renewal,
    struct scep_refusal *no)
{
	const struct earlier *e = &op->earlier;

	(void)scep_refuse(no, SCEP_BADREQUEST, "%s", renewal);
	if (op->content.has_challenge)
		scep_cause(no, "%s, and %s", renewal,
		    e->cause != NULL ? e->cause : e->objection);
	return REFUSED;
}

/*
 * The signer's certificate does not entitle.  If the policy decides by
 * challenge, only the challenge counts; otherwise it is a fact for the
 * decision.
 */
static enum status
by_challenge(struct operation *op, const char *renewal,
    struct scep_refusal *no)
{
	const struct requester *who = &op->who;
	const struct earlier *e = &op->earlier;

	if (op->content.has_challenge && e->objection == NULL)
		return take_challenge(op, no);
	if (renewal != NULL)
		return refuse_renewal(op, renewal, no);
	if (who->verdict.ours && !op->content.has_challenge)
		return scep_refuse(no, SCEP_BADREQUEST, "the signer's "
		    "certificate cannot renew: %s", who->verdict.reason);
	return op->a->policy.approval == ISSUE_BY_CHALLENGE ?
	    refuse_challenge(op, no) : OK;
}

static char *
ground_of(const struct operation *op)
{
	const struct ledger_identity q = operation_identity(op);

	if (q.signer != NULL)
		return ledger_ground_certificate(q.signer);
	return q.challenge != NULL ? ledger_ground_challenge(q.challenge) :
	    xstrdup("");
}

enum status
entitlement_find(struct operation *op, struct scep_refusal *no)
{
	struct decision *d = &op->decision;

	d->ground = ground_of(op);
	if (!op->content.renews) {
		d->says_why = op->content.says_why;
		return by_challenge(op, op->content.unfit, no);
	}
	/* The challenge in it, if any, is not needed and is not spent. */
	take_old(&op->who.record, d);
	return names_as_renewed(op, op->m->signer);
}

/* ---- a request that waits ---- */

static enum status
renew_before(struct operation *op, const char *serial,
    struct scep_refusal *no)
{
	auto_ledger_certificate old = LEDGER_CERTIFICATE_INIT;
	auto_X509 *cert = NULL;
	bool found = false;
	enum status st;

	if ((st = ledger_find_certificate(op->a->ledger, serial, &found,
	    &old)) != OK)
		return st;
	if (!found || old.revoked != 0)
		return scep_refuse(no, SCEP_BADREQUEST, "the signer's "
		    "certificate cannot renew: it was revoked");
	if (cert_from_der(old.der.data, old.der.len, &cert) != NULL)
		return fail(FAULT, "certificate %s in the ledger: not a "
		    "certificate", serial);
	take_old(&old, &op->decision);
	return names_as_renewed(op, cert);
}

/*
 * The challenge must have been valid when the request came, and not be spent
 * or voided since.
 */
static enum status
pay_before(struct operation *op, const char *hash, struct scep_refusal *no)
{
	const struct ledger_request *r = &op->earlier.request;
	struct decision *d = &op->decision;
	auto_ledger_challenge c = LEDGER_CHALLENGE_INIT;
	bool found = false;
	enum status st;

	if ((st = ledger_find_challenge(op->a->ledger, hash, &found,
	    &c)) != OK)
		return st;
	if (!found || c.spent || c.voided || c.expires <= r->presented) {
		(void)scep_refuse(no, SCEP_BADREQUEST,
		    "the challengePassword is not valid");
		scep_cause(no, "the challengePassword of the request that "
		    "waits was used or voided meanwhile");
		return REFUSED;
	}
	snprintf(d->challenge, sizeof d->challenge, "%s", hash);
	d->presented = r->presented;
	d->for_device = c.purpose != LEDGER_MANUAL;
	return c.bound ? names_as_bound(op, &c.name, no) : OK;
}

enum status
entitlement_recheck(struct operation *op, struct scep_refusal *no)
{
	static const char certificate[] = "certificate:";
	const struct ledger_request *r = &op->earlier.request;
	const char *ground = r->ground != NULL ? r->ground : "";
	bool renews = strncmp(ground, certificate,
	    sizeof certificate - 1) == 0;

	/*
	 * The message that collects the certificate may have another
	 * challenge, by which it must be found if it is repeated; the original
	 * request is found by the challenge that is spent.
	 */
	op->decision.ground = !renews && op->content.has_challenge ?
	    ground_of(op) : xstrdup(ground);
	if (r->challenge != NULL)
		return pay_before(op, r->challenge, no);
	if (renews)
		return renew_before(op, ground + sizeof certificate - 1, no);
	return OK;
}
