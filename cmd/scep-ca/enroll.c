/* PKCSReq, RenewalReq, CertPoll: who may have a certificate, and which. */
#include <stdio.h>
#include <string.h>

#include "approval.h"
#include "request.h"

enum { SERIAL_TRIES = 4 };

/* One request on its way. */
struct work {
	struct authority *a;
	const struct scep_message *m;
	struct scep_csr csr;
	struct issue_wish wish;
	struct ledger_certificate old;	/* what a renewal replaces */
	bool renews;
	bool polls;			/* what was pending before */
	char key_hash[SECRET_HASH_TEXT];
	char signer_hash[SECRET_HASH_TEXT];
	struct ledger_name name;
	char known[SECRET_HASH_TEXT];	/* hash of a challenge that the ledger
					 * knows, or "" */
	bool fresh;			/* which is good */
	char challenge[SECRET_HASH_TEXT];	/* its hash; "": not needed */
	int64_t presented;
	struct ledger_request waiting;	/* state PENDING or APPROVED, or
					 * nothing */
	const char *decider;
	int64_t now;
};

static void
work_free(struct work *w)
{
	scep_csr_free(&w->csr);
	issue_wish_free(&w->wish);
	ledger_certificate_free(&w->old);
	ledger_name_free(&w->name);
	ledger_request_free(&w->waiting);
}

static struct ledger_identity
identity(const struct work *w)
{
	return (struct ledger_identity){
		.transaction = w->m->transaction,
		.key_hash = w->key_hash,
		.name = &w->name,
		.challenge = w->known[0] != '\0' ? w->known : NULL,
		.fresh = w->fresh,
		.signer = w->old.serial,
		.signer_hash = w->signer_hash,
	};
}

static char *
ground(const struct work *w)
{
	if (w->renews)
		return ledger_ground_certificate(w->old.serial);
	return w->known[0] != '\0' ? ledger_ground_challenge(w->known) :
	    xstrdup("");
}

/* The certificate that was issued for the same request before. */
static enum status
give_again(const struct ledger_certificate *earlier,
    struct scep_answer *answer, struct outcome *o)
{
	const char *reason;

	if (earlier->revoked != 0)
		return scep_refuse(&answer->refusal, SCEP_BADREQUEST,
		    "its certificate was revoked");
	reason = cert_from_der(earlier->der.data, earlier->der.len,
	    &answer->cert);
	if (reason != NULL)
		return fail(FAULT, "certificate %s in the ledger: %s",
		    earlier->serial, reason);
	answer->outcome = SCEP_SUCCESS;
	o->what = "again";
	o->serial = xstrdup(earlier->serial);
	return OK;
}

/* Looks for an earlier answer; *done where there is one. */
static enum status
look_back(struct work *w, struct scep_answer *answer, struct outcome *o,
    bool *done)
{
	auto_ledger_certificate earlier = LEDGER_CERTIFICATE_INIT;
	const struct ledger_identity q = identity(w);
	enum status st;

	st = w->polls ? ledger_find_polled(w->a->ledger, &q, w->now, done,
	    &earlier) : ledger_find_repeat(w->a->ledger, &q, w->now, done,
	    &earlier);
	return st != OK || !*done ? st : give_again(&earlier, answer, o);
}

/* Its challenge, by its hash; that it is spent once is decided later. */
static enum status
know_challenge(struct work *w, const char **objection)
{
	auto_ledger_challenge c = LEDGER_CHALLENGE_INIT;
	char hash[SECRET_HASH_TEXT];
	enum status st;
	bool found;

	*objection = "a challengePassword is needed";
	if (w->csr.challenge.len == 0)
		return OK;
	secret_sha256(w->csr.challenge.data, w->csr.challenge.len, hash);
	if ((st = ledger_find_challenge(w->a->ledger, hash, &found, &c)) != OK)
		return st;
	*objection = "the challengePassword is not valid";
	if (!found || c.purpose == LEDGER_ENROLL)
		return OK;
	memcpy(w->known, hash, sizeof w->known);
	if (c.spent || c.voided || c.expires <= w->now ||
	    (!c.bound && c.purpose != LEDGER_MANUAL))
		return OK;
	*objection = "the challengePassword is for another subject";
	if (c.bound && !ledger_name_equal(&c.name, &w->name))
		return OK;
	w->fresh = true;
	*objection = NULL;
	return OK;
}

static enum status
judge_challenge(struct work *w, struct scep_refusal *no)
{
	const char *objection;
	enum status st;

	if ((st = know_challenge(w, &objection)) != OK)
		return st;
	if (objection != NULL)
		return scep_refuse(no, SCEP_BADREQUEST, "%s", objection);
	memcpy(w->challenge, w->known, sizeof w->challenge);
	w->presented = w->now;
	return OK;
}

/* ---- renewal ---- */

/*
 * A renewal keeps subject and names; one that asks for no names keeps those
 * that it had.
 */
static enum status
keep_names(struct work *w, struct scep_refusal *no)
{
	X509 *signer = w->m->signer;
	auto_GENERAL_NAMES *had = issue_names_of(signer);

	if (!cert_name_equal(w->wish.subject, X509_get_subject_name(signer)))
		return scep_refuse(no, SCEP_BADREQUEST, "a renewal cannot "
		    "change the subject");
	if (w->wish.names == NULL)
		w->wish.names = STEAL(had);
	else if (!issue_same_names(w->wish.names, had))
		return scep_refuse(no, SCEP_BADREQUEST, "a renewal cannot "
		    "change the subjectAltName");
	return OK;
}

static enum status
judge_renewal(struct work *w, struct scep_refusal *no)
{
	const struct issue_policy *p = &w->a->policy;
	int64_t end = w->old.not_after;

	if (p->renew_window > 0 && w->now < end - p->renew_window)
		return scep_refuse(no, SCEP_BADREQUEST, "it is too early to "
		    "renew this certificate");
	if (!p->renew_same_key && strcmp(w->old.key_hash, w->key_hash) == 0)
		return scep_refuse(no, SCEP_BADREQUEST, "a renewal needs a new "
		    "key");
	w->renews = true;
	return keep_names(w, no);
}

/*
 * A first request: the signer's key is that of the request.  Where a challenge
 * decides, it has to be right; where others do, it is a fact for them.
 */
static enum status
judge_first(struct work *w, struct scep_refusal *no)
{
	struct scep_refusal why;
	enum status st;

	if (!cert_key_equal(w->csr.key, X509_get0_pubkey(w->m->signer)))
		return scep_refuse(no, SCEP_BADREQUEST, "the message is not "
		    "signed by the key of the certification request");
	if (w->a->policy.approval == ISSUE_BY_CHALLENGE)
		return judge_challenge(w, no);
	st = judge_challenge(w, &why);
	if (st == REFUSED)
		w->challenge[0] = '\0';
	return st == REFUSED ? OK : st;
}

/* The keys of this folder, of both generations, are nobody's to certify. */
static enum status
judge_key(const struct work *w, struct scep_refusal *no)
{
	const struct authority *a = w->a;
	size_t i;

	for (i = 0; i < a->to_count; i++)
		if (cert_key_equal(w->csr.key,
		    X509_get0_pubkey(a->to[i].cert)))
			return scep_refuse(no, SCEP_BADREQUEST,
			    "the key is the CA's own");
	for (i = 0; i < a->issuer_count; i++)
		if (cert_key_equal(w->csr.key,
		    X509_get0_pubkey(a->issuers[i])))
			return scep_refuse(no, SCEP_BADREQUEST,
			    "the key is the CA's own");
	return OK;
}

/*
 * Who asks: a certificate of ours renews; one that is no longer good for that
 * may still buy another with a challenge, if it was not revoked.
 */
static enum status
judge(struct work *w, struct scep_refusal *no)
{
	struct issue_refusal why;
	struct authority_verdict v;
	enum status st;

	st = issue_judge(&w->a->policy, w->csr.req, w->a->now.ca.cert, &w->wish,
	    &why);
	if (st == REFUSED)
		return scep_refuse(no, why.weak ? SCEP_BADALG :
		    SCEP_BADREQUEST, "%s", why.text);
	if (st != OK || (st = judge_key(w, no)) != OK ||
	    (st = authority_know(w->a, w->m->signer, w->now, &v,
	    &w->old)) != OK)
		return st;
	if (v.reason == NULL && v.may_renew)
		return judge_renewal(w, no);
	if (v.revoked || (v.ours && w->csr.challenge.len == 0))
		return scep_refuse(no, SCEP_BADREQUEST, "the signer's "
		    "certificate cannot renew: %s", v.reason);
	return judge_first(w, no);
}

/* What an enrollment gets is for its device, whatever the policy says. */
static enum status
choose_profile(struct work *w, enum issue_profile *out)
{
	auto_ledger_challenge c = LEDGER_CHALLENGE_INIT;
	const char *of = w->renews ? w->old.purpose : NULL;
	enum status st;
	bool found;

	if (!w->renews && w->known[0] != '\0') {
		if ((st = ledger_find_challenge(w->a->ledger, w->known, &found,
		    &c)) != OK)
			return st;
		of = found ? ledger_purpose_name(c.purpose) : NULL;
	}
	*out = of != NULL && strcmp(of, ledger_purpose_name(LEDGER_MANUAL)) !=
	    0 ? ISSUE_IDENTITY : ISSUE_SCEP;
	return OK;
}

/* One certificate, made outside of the database's transaction. */
static enum status
make(struct work *w, X509 **cert, struct ledger_certificate *c)
{
	struct issue_order order = {
		.subject = w->wish.subject,
		.key = w->wish.key,
		.names = w->wish.names,
		.ca = &w->a->now.ca,
		.policy = &w->a->policy,
		.now = w->now,
		.validity = w->a->policy.validity,
	};
	enum status st;

	if ((st = choose_profile(w, &order.profile)) != OK ||
	    (st = issue_certificate(&order, cert)) != OK)
		return st;
	authority_record(*cert, "scep", w->now, c);
	c->transaction = xstrdup(w->m->transaction);
	c->ground = ground(w);
	ledger_name_copy(&w->name, &c->asked);
	if (w->renews) {
		c->purpose = STEAL(w->old.purpose);
		c->enrollment = STEAL(w->old.enrollment);
	}
	return OK;
}

static enum status
record(struct work *w, struct scep_answer *answer, struct outcome *o,
    bool *taken)
{
	auto_ledger_certificate c = LEDGER_CERTIFICATE_INIT;
	auto_ledger_certificate earlier = LEDGER_CERTIFICATE_INIT;
	auto_X509 *cert = NULL;
	const struct ledger_entitlement e = {
		.request = identity(w),
		.challenge = w->challenge[0] != '\0' ? w->challenge : NULL,
		.presented = w->presented,
		.renews = w->renews ? w->old.serial : NULL,
		.needs_decision = !w->renews && (w->decider != NULL ||
		    w->challenge[0] == '\0' || w->waiting.csr.len > 0),
		.csr = w->waiting.csr.len > 0 ? &w->waiting.csr : NULL,
		.decider = w->decider,
	};
	enum ledger_outcome found;
	enum status st;

	*taken = false;
	if ((st = make(w, &cert, &c)) != OK ||
	    (st = ledger_certify(w->a->ledger, &c, &e, w->now, &found,
	    &earlier)) != OK)
		return st;
	switch (found) {
	case LEDGER_RECORDED:
		answer->outcome = SCEP_SUCCESS;
		answer->cert = STEAL(cert);
		o->what = w->renews ? "renewed" : "issued";
		o->serial = xstrdup(c.serial);
		return OK;
	case LEDGER_RETRY:
		return give_again(&earlier, answer, o);
	case LEDGER_TAKEN:
		*taken = true;
		return OK;
	case LEDGER_CLOSED:
		return scep_refuse(&answer->refusal, SCEP_BADREQUEST,
		    "the enrollment of this challengePassword has ended");
	case LEDGER_REVOKED:
		return scep_refuse(&answer->refusal, SCEP_BADREQUEST,
		    "the signer's certificate cannot renew: it was revoked");
	case LEDGER_UNDECIDED:
		answer->outcome = SCEP_PENDING;
		o->what = "pending";
		return OK;
	default:
		return scep_refuse(&answer->refusal, SCEP_BADREQUEST,
		    "the challengePassword is not valid");
	}
}

static enum status
certify(struct work *w, struct scep_answer *answer, struct outcome *o)
{
	enum status st;
	bool taken;
	int i;

	for (i = 0; i < SERIAL_TRIES; i++)
		if ((st = record(w, answer, o, &taken)) != OK || !taken)
			return st;
	return fail(FAULT, "no free serial number in %d tries", SERIAL_TRIES);
}

/* ---- approval ---- */

static enum status
wait_for(struct work *w, struct scep_answer *answer, struct outcome *o)
{
	auto_ledger_request r = LEDGER_REQUEST_INIT;
	enum ledger_outcome found;
	enum status st;

	r.transaction = xstrdup(w->m->transaction);
	memcpy(r.key_hash, w->key_hash, sizeof r.key_hash);
	scep_csr_to_der(&w->csr, &r.csr);
	ledger_name_copy(&w->name, &r.name);
	r.subject = cert_name_text(w->wish.subject);
	r.ground = ground(w);
	r.challenge = w->challenge[0] != '\0' ? xstrdup(w->challenge) : NULL;
	if (r.csr.len > LEDGER_CSR_MAX)
		return scep_refuse(&answer->refusal, SCEP_BADREQUEST, "a "
		    "request of %zu bytes is too large to wait", r.csr.len);
	if ((st = ledger_put_request(w->a->ledger, &r, w->now - w->a->policy.
	    pending_ttl, w->now, &found, &w->waiting)) != OK)
		return st;
	if (found == LEDGER_DECLINED)
		return scep_refuse(&answer->refusal, SCEP_BADREQUEST,
		    "the operator rejected it");
	if (found == LEDGER_OTHER_NAMES)
		return scep_refuse(&answer->refusal, SCEP_BADREQUEST,
		    "another request of this transaction is waiting");
	answer->outcome = SCEP_PENDING;
	o->what = "pending";
	return OK;
}

/* The operator's program: issue, refuse, or wait. */
static enum status
ask_command(struct work *w, struct scep_refusal *no,
    enum approval_verdict *verdict)
{
	const struct approval_facts f = {
		.transaction = w->m->transaction,
		.type = scep_type_name(w->m->type),
		.renewal = w->renews,
		.challenge = w->challenge[0] != '\0' ? "valid" :
		    w->csr.challenge.len > 0 ? "invalid" : "absent",
		.wish = &w->wish,
		.signer = w->m->signer,
		.key_hash = w->key_hash,
		.now = w->now,
	};
	enum status st;

	if ((st = approval_ask(w->a, &f, verdict)) != OK)
		return st;
	return *verdict != APPROVAL_NO ? OK : scep_refuse(no,
	    SCEP_BADREQUEST, "the operator's program refused it");
}

/* The request that is in the ledger is what was decided about. */
static enum status
take_waiting(struct work *w)
{
	const struct ledger_request *r = &w->waiting;
	auto_scep_csr csr = SCEP_CSR_INIT;
	struct issue_refusal why;
	const char *reason;
	enum status st;

	if ((reason = scep_csr_from_der(&r->csr, &csr)) != NULL)
		return fail(FAULT, "the request of transaction %s in the "
		    "ledger: %s", r->transaction, reason);
	issue_wish_free(&w->wish);
	st = issue_judge(&w->a->policy, csr.req, w->a->now.ca.cert, &w->wish,
	    &why);
	if (st == REFUSED)
		return fail(FAULT, "the request of transaction %s in the "
		    "ledger: %s", r->transaction, why.text);
	w->challenge[0] = '\0';
	if (r->challenge != NULL) {
		snprintf(w->challenge, sizeof w->challenge, "%s",
		    r->challenge);
		memcpy(w->known, w->challenge, sizeof w->known);
		w->presented = r->presented;
	}
	return st;
}

static enum status
by_state(struct work *w, struct scep_answer *answer, struct outcome *o)
{
	enum status st;

	if ((st = wait_for(w, answer, o)) != OK || w->waiting.csr.len == 0 ||
	    w->waiting.state != LEDGER_APPROVED)
		return st;
	if ((st = take_waiting(w)) != OK)
		return st;
	return certify(w, answer, o);
}

static enum status
by_command(struct work *w, struct scep_answer *answer, struct outcome *o)
{
	enum approval_verdict verdict;
	enum status st;

	if ((st = ask_command(w, &answer->refusal, &verdict)) != OK)
		return st;
	if (verdict == APPROVAL_LATER)
		return by_state(w, answer, o);
	w->decider = "command";
	if (w->waiting.csr.len > 0 && (st = take_waiting(w)) != OK)
		return st;
	return certify(w, answer, o);
}

static enum status
decide(struct work *w, struct scep_answer *answer, struct outcome *o)
{
	enum issue_approval how = w->a->policy.approval;

	if (how == ISSUE_BY_COMMAND)
		return by_command(w, answer, o);
	/* Who holds a good certificate of ours needs no second approval. */
	if (w->polls || (how == ISSUE_BY_HAND && !w->renews))
		return by_state(w, answer, o);
	return certify(w, answer, o);
}

/* What it asks for, as it came. */
static enum status
take_name(struct work *w, struct scep_refusal *no)
{
	auto_GENERAL_NAMES *names = NULL;
	const char *reason = cert_request_names(w->csr.req, &names);

	if (reason != NULL)
		return scep_refuse(no, SCEP_BADREQUEST, "%s", reason);
	cert_name_to_der(X509_REQ_get_subject_name(w->csr.req),
	    &w->name.subject);
	cert_names_to_der(names, &w->name.names);
	return OK;
}

static enum status
know_signer(struct work *w)
{
	struct authority_verdict v;

	return authority_know(w->a, w->m->signer, w->now, &v, &w->old);
}

/* From the request in w to the answer. */
static enum status
conclude(struct work *w, struct scep_answer *answer, struct outcome *o)
{
	const char *reason;
	enum status st;
	bool done;

	if ((st = know_challenge(w, &reason)) != OK ||
	    (st = know_signer(w)) != OK ||
	    (st = look_back(w, answer, o, &done)) != OK || done ||
	    (st = judge(w, &answer->refusal)) != OK)
		return st;
	reason = issue_out_of_date(w->a->now.ca.cert, w->now);
	if (reason != NULL)
		return scep_refuse(&answer->refusal, SCEP_BADREQUEST,
		    "the CA can issue nothing: %s", reason);
	if (w->wish.names_left_out)
		snprintf(o->remark, sizeof o->remark,
		    "subjectAltName left out: policy has no san");
	return decide(w, answer, o);
}

enum status
enroll(struct authority *a, const struct scep_message *m, int64_t now,
    struct scep_answer *answer, struct outcome *o)
{
	AUTO(work_free) struct work w = { .a = a, .m = m,
	    .csr = SCEP_CSR_INIT, .wish = ISSUE_WISH_INIT,
	    .old = LEDGER_CERTIFICATE_INIT, .now = now };
	struct scep_refusal *no = &answer->refusal;
	enum status st;

	if ((st = authority_need(a, NEED_KEYS)) != OK ||
	    (st = scep_open_request(m, a->to, a->to_count, &w.csr, no)) != OK ||
	    (st = scep_check_csr(&w.csr, a->policy.allow_sha1, no)) != OK ||
	    (st = authority_need(a, NEED_LEDGER)) != OK)
		return st;
	authority_key_hash(w.csr.key, w.key_hash);
	cert_sha256(m->signer, w.signer_hash);
	if ((st = take_name(&w, no)) != OK)
		return st;
	return conclude(&w, answer, o);
}

/* ---- CertPoll ---- */

static enum status
take_request(struct work *w, const struct scep_query *q,
    const struct ledger_request *r, struct scep_refusal *no)
{
	const char *reason;

	if ((reason = scep_csr_from_der(&r->csr, &w->csr)) != NULL)
		return fail(FAULT, "the request of transaction %s in the "
		    "ledger: %s", r->transaction, reason);
	if (!authority_is_issuer(w->a, q->issuer) ||
	    !cert_name_equal(q->subject,
	    X509_REQ_get_subject_name(w->csr.req)))
		return scep_refuse(no, SCEP_BADCERTID,
		    "issuer or subject are not those of the request");
	memcpy(w->key_hash, r->key_hash, sizeof w->key_hash);
	ledger_name_copy(&r->name, &w->name);
	if (r->challenge != NULL) {
		snprintf(w->known, sizeof w->known, "%s", r->challenge);
		memcpy(w->challenge, w->known, sizeof w->challenge);
		w->presented = r->presented;
	}
	return OK;
}

/* Issued at once, and the answer was lost: the poll gets it. */
static enum status
poll_issued(struct work *w, struct scep_answer *answer, struct outcome *o)
{
	enum status st;
	bool done;

	if ((st = look_back(w, answer, o, &done)) != OK || done)
		return st;
	return scep_refuse(&answer->refusal, SCEP_BADCERTID,
	    "no such request of this key is known");
}

enum status
certpoll(struct authority *a, const struct scep_message *m, int64_t now,
    struct scep_answer *answer, struct outcome *o)
{
	AUTO(work_free) struct work w = { .a = a, .m = m,
	    .csr = SCEP_CSR_INIT, .wish = ISSUE_WISH_INIT,
	    .old = LEDGER_CERTIFICATE_INIT, .polls = true, .now = now };
	auto_ledger_request r = LEDGER_REQUEST_INIT;
	auto_scep_query q = SCEP_QUERY_INIT;
	struct scep_refusal *no = &answer->refusal;
	struct ledger_identity id;
	enum status st;
	bool found;

	if ((st = authority_need(a, NEED_KEYS | NEED_LEDGER)) != OK ||
	    (st = scep_open_query(m, a->to, a->to_count, &q, no)) != OK ||
	    (st = know_signer(&w)) != OK)
		return st;
	authority_key_hash(X509_get0_pubkey(m->signer), w.key_hash);
	cert_sha256(m->signer, w.signer_hash);
	id = identity(&w);
	if ((st = ledger_find_polled_request(a->ledger, &id, &found,
	    &r)) != OK)
		return st;
	found = found && r.state != LEDGER_ISSUED;
	if (!found)
		return poll_issued(&w, answer, o);
	if ((st = take_request(&w, &q, &r, no)) != OK)
		return st;
	w.waiting = MOVE(r);
	return conclude(&w, answer, o);
}
