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
	char challenge[SECRET_HASH_TEXT];	/* its hash; "": not needed */
	int64_t now;
};

static void
work_free(struct work *w)
{
	scep_csr_free(&w->csr);
	issue_wish_free(&w->wish);
	ledger_certificate_free(&w->old);
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

static enum status
other_key(struct scep_refusal *no)
{
	return scep_refuse(no, SCEP_BADREQUEST,
	    "the transactionID belongs to another key");
}

/* Looks for an earlier answer; *done where there is one. */
static enum status
look_back(struct work *w, struct scep_answer *answer, struct outcome *o,
    bool *done)
{
	auto_ledger_certificate earlier = LEDGER_CERTIFICATE_INIT;
	enum ledger_outcome found;
	enum status st;

	if ((st = ledger_retry(w->a->ledger, w->m->transaction, w->key_hash,
	    w->signer_hash, &found, &earlier)) != OK)
		return st;
	*done = found == LEDGER_RETRY;
	if (found == LEDGER_RETRY)
		return give_again(&earlier, answer, o);
	return found == LEDGER_OTHER_KEY ? other_key(&answer->refusal) : OK;
}

/*
 * The challenge, by its hash.  Only its binding is looked at here; that it is
 * spent once is decided by the ledger, together with the certificate.
 */
static enum status
judge_challenge(struct work *w, struct scep_refusal *no)
{
	auto_ledger_challenge c = LEDGER_CHALLENGE_INIT;
	auto_X509_NAME *bound = NULL;
	enum status st;
	bool found;

	if (w->csr.challenge.len == 0)
		return scep_refuse(no, SCEP_BADREQUEST,
		    "a challengePassword is needed");
	secret_sha256(w->csr.challenge.data, w->csr.challenge.len,
	    w->challenge);
	if ((st = ledger_find_challenge(w->a->ledger, w->challenge, &found,
	    &c)) != OK)
		return st;
	if (!found || c.spent || c.voided || c.expires <= w->now)
		return scep_refuse(no, SCEP_BADREQUEST,
		    "the challengePassword is not valid");
	if (c.subject.len == 0)
		return OK;
	if (cert_name_from_der(c.subject.data, c.subject.len, &bound) != NULL ||
	    !cert_name_equal(bound, w->wish.subject))
		return scep_refuse(no, SCEP_BADREQUEST,
		    "the challengePassword is for another subject");
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

/* One certificate, made outside of the database's transaction. */
static enum status
make(struct work *w, X509 **cert, struct ledger_certificate *c)
{
	const struct issue_order order = {
		.profile = ISSUE_SCEP,
		.subject = w->wish.subject,
		.key = w->wish.key,
		.names = w->wish.names,
		.ca = &w->a->now.ca,
		.policy = &w->a->policy,
		.now = w->now,
		.validity = w->a->policy.validity,
	};
	enum status st;

	if ((st = issue_certificate(&order, cert)) != OK)
		return st;
	authority_record(*cert, "scep", w->now, c);
	c->transaction = xstrdup(w->m->transaction);
	memcpy(c->signer_hash, w->signer_hash, sizeof c->signer_hash);
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
	enum ledger_outcome found;
	enum status st;

	*taken = false;
	if ((st = make(w, &cert, &c)) != OK ||
	    (st = ledger_certify(w->a->ledger, &c,
	    w->challenge[0] != '\0' ? w->challenge : NULL, w->now, &found,
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
	case LEDGER_OTHER_KEY:
		return other_key(&answer->refusal);
	case LEDGER_TAKEN:
		*taken = true;
		return OK;
	case LEDGER_CLOSED:
		return scep_refuse(&answer->refusal, SCEP_BADREQUEST,
		    "the enrollment of this challengePassword has ended");
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
wait_for(struct work *w, struct scep_answer *answer, struct outcome *o,
    struct ledger_request *earlier, enum ledger_state *state)
{
	auto_ledger_request r = LEDGER_REQUEST_INIT;
	enum ledger_outcome found;
	enum status st;

	r.transaction = xstrdup(w->m->transaction);
	memcpy(r.key_hash, w->key_hash, sizeof r.key_hash);
	memcpy(r.signer_hash, w->signer_hash, sizeof r.signer_hash);
	scep_csr_to_der(&w->csr, &r.csr);
	r.subject = cert_name_text(w->wish.subject);
	if ((st = ledger_put_request(w->a->ledger, &r, w->now, &found,
	    earlier)) != OK)
		return st;
	switch (found) {
	case LEDGER_RECORDED:
		*state = LEDGER_PENDING;
		break;
	case LEDGER_RETRY:
		*state = earlier->state;
		break;
	case LEDGER_OTHER_KEY:
		return other_key(&answer->refusal);
	default:
		return scep_refuse(&answer->refusal, SCEP_BADREQUEST,
		    "too many requests are pending");
	}
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

/* What was pending is approved before it is issued without a challenge. */
static enum status
approve(struct work *w)
{
	bool done;

	return w->challenge[0] != '\0' ? OK : ledger_decide(w->a->ledger,
	    w->m->transaction, true, w->now, &done);
}

static enum status
by_state(struct work *w, struct scep_answer *answer, struct outcome *o)
{
	auto_ledger_request earlier = LEDGER_REQUEST_INIT;
	enum ledger_state state = LEDGER_PENDING;
	enum status st;

	if ((st = wait_for(w, answer, o, &earlier, &state)) != OK ||
	    state == LEDGER_PENDING)
		return st;
	if (state == LEDGER_REJECTED)
		return scep_refuse(&answer->refusal, SCEP_BADREQUEST,
		    "the operator rejected it");
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
	if ((st = approve(w)) != OK)
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

/* From the request in w to the answer. */
static enum status
conclude(struct work *w, struct scep_answer *answer, struct outcome *o)
{
	const char *reason;
	enum status st;
	bool done;

	if ((st = look_back(w, answer, o, &done)) != OK || done ||
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
	return conclude(&w, answer, o);
}

/* ---- CertPoll ---- */

/* The poll is of the same key, or of the same certificate, as the request. */
static bool
is_same_asker(const struct scep_message *m, const struct ledger_request *r)
{
	char key[SECRET_HASH_TEXT], cert[SECRET_HASH_TEXT];

	authority_key_hash(X509_get0_pubkey(m->signer), key);
	cert_sha256(m->signer, cert);
	return strcmp(key, r->key_hash) == 0 ||
	    strcmp(cert, r->signer_hash) == 0;
}

static enum status
take_request(struct work *w, const struct scep_query *q,
    const struct ledger_request *r, struct scep_refusal *no)
{
	const char *reason;

	if (!is_same_asker(w->m, r))
		return scep_refuse(no, SCEP_BADCERTID,
		    "no such request of this key is known");
	if ((reason = scep_csr_from_der(&r->csr, &w->csr)) != NULL)
		return fail(FAULT, "the request of transaction %s in the "
		    "ledger: %s", r->transaction, reason);
	if (!authority_is_issuer(w->a, q->issuer) ||
	    !cert_name_equal(q->subject,
	    X509_REQ_get_subject_name(w->csr.req)))
		return scep_refuse(no, SCEP_BADCERTID,
		    "issuer or subject are not those of the request");
	memcpy(w->key_hash, r->key_hash, sizeof w->key_hash);
	memcpy(w->signer_hash, r->signer_hash, sizeof w->signer_hash);
	return OK;
}

/* Issued at once, and the answer was lost: the poll gets it. */
static enum status
poll_issued(struct work *w, struct scep_answer *answer, struct outcome *o)
{
	enum status st;
	bool done;

	authority_key_hash(X509_get0_pubkey(w->m->signer), w->key_hash);
	cert_sha256(w->m->signer, w->signer_hash);
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
	enum status st;
	bool found;

	if ((st = authority_need(a, NEED_KEYS | NEED_LEDGER)) != OK ||
	    (st = scep_open_query(m, a->to, a->to_count, &q, no)) != OK ||
	    (st = ledger_find_request(a->ledger, m->transaction, &found,
	    &r)) != OK)
		return st;
	if (!found)
		return poll_issued(&w, answer, o);
	if ((st = take_request(&w, &q, &r, no)) != OK)
		return st;
	return conclude(&w, answer, o);
}
