/* Decides whether a request renews the certificate that signed it. */
#include "stages.h"

/*
 * Checks the policy's conditions, which do not depend on the requested names.
 */
static const char *
weigh_policy(const struct operation *op)
{
	const struct issue_policy *p = &op->a->policy;

	if (p->renew_window > 0 && op->q->now <
	    op->who.record.not_after - p->renew_window)
		return "it is too early to renew this certificate";
	if (!p->renew_same_key && !op->content.other_key)
		return "a renewal needs a new key";
	return NULL;
}

/* Names are compared by RFC 5280 7.2; a renewal may ask for fewer of them. */
static const char *
weigh_names(const struct operation *op)
{
	const X509 *old = op->m->signer;
	X509_REQ *req = op->content.csr.req;
	auto_GENERAL_NAMES *had = cert_names_of(old), *asked = NULL;
	const char *reason = cert_request_names(req, &asked);

	if (!cert_name_equal(X509_REQ_get_subject_name(req),
	    X509_get_subject_name(old)))
		return "a renewal cannot change the subject";
	if (reason != NULL || !cert_names_within(asked, had))
		return "a renewal cannot change the subjectAltName";
	return NULL;
}

void
renewal_weigh(struct operation *op)
{
	struct content *c = &op->content;

	if (!op->who.may_renew)
		return;
	c->unfit = weigh_policy(op);
	c->says_why = c->unfit != NULL;
	if (c->unfit == NULL)
		c->unfit = weigh_names(op);
	c->renews = c->unfit == NULL;
}
