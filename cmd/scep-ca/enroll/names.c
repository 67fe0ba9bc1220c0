/* The spelling of the names in a certificate. */
#include "decision.h"

enum status
names_as_bound(struct operation *op, const struct ledger_name *bound,
    struct scep_refusal *no)
{
	struct issue_wish *w = &op->decision.wish;
	auto_GENERAL_NAMES *names = NULL;
	auto_X509_NAME *subject = NULL;

	if (cert_name_from_der(bound->subject.data, bound->subject.len,
	    &subject) != NULL || cert_names_from_der(bound->names.data,
	    bound->names.len, &names) != NULL)
		return fail(FAULT, "a challenge in the ledger is bound to "
		    "something that is not a name");
	if (names != NULL && !op->a->policy.take_san)
		return scep_refuse(no, SCEP_BADREQUEST, "the challengePassword "
		    "is for a subjectAltName, and policy allows none");
	X509_NAME_free(w->subject);
	w->subject = STEAL(subject);
	GENERAL_NAMES_free(w->names);
	w->names = STEAL(names);
	return OK;
}

/*
 * Removes from had the names that are not asked for; keeps all if asked is
 * NULL.
 */
static GENERAL_NAMES *
pick(GENERAL_NAMES *had, const GENERAL_NAMES *asked)
{
	GENERAL_NAMES *one = sk_GENERAL_NAME_new_null();
	int i;

	for (i = sk_GENERAL_NAME_num(had) - 1; asked != NULL && i >= 0; i--) {
		sk_GENERAL_NAME_push(one, sk_GENERAL_NAME_value(had, i));
		if (!cert_names_within(one, asked))
			GENERAL_NAME_free(sk_GENERAL_NAME_delete(had, i));
		(void)sk_GENERAL_NAME_pop(one);
	}
	sk_GENERAL_NAME_free(one);
	return had;
}

enum status
names_as_renewed(struct operation *op, const X509 *old)
{
	struct issue_wish *w = &op->decision.wish;
	auto_GENERAL_NAMES *names = NULL, *asked = NULL;
	auto_X509_NAME *subject = NULL;

	if (cert_names_from_der(op->decision.name.names.data,
	    op->decision.name.names.len, &asked) != NULL)
		return fail(FAULT, "the alternative names of a request "
		    "cannot be read back");
	cert_copy_names(old, &subject, &names);
	if (subject == NULL)
		mem_exhausted();
	X509_NAME_free(w->subject);
	w->subject = STEAL(subject);
	GENERAL_NAMES_free(w->names);
	w->names = names != NULL ? pick(STEAL(names), asked) : NULL;
	w->names_left_out = false;
	op->outcome->remark[0] = '\0';
	return OK;
}
