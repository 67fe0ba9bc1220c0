/*
 * Finds the request that a poll asks for.  If a key has several requests in
 * one transaction, one that waits comes first.
 */
#include "stages.h"

enum status
poll_find(struct operation *op)
{
	const struct ledger_identity q = operation_identity(op);
	struct earlier *e = &op->earlier;
	enum status st;

	if ((st = ledger_find_polled_request(op->a->ledger, &q, &e->waits,
	    &e->request)) != OK)
		return st;
	e->waits = e->waits && e->request.state != LEDGER_ISSUED;
	return ledger_find_polled(op->a->ledger, &q, NULL, op->q->now,
	    &e->is_issued, &e->issued);
}

static bool
is_subject(const struct buf *subject, const struct ledger_name *name)
{
	auto_X509_NAME *asked = NULL, *other = NULL;

	return cert_name_from_der(subject->data, subject->len,
	    &asked) == NULL && cert_name_from_der(name->subject.data,
	    name->subject.len, &other) == NULL &&
	    cert_name_equal(asked, other);
}

enum status
poll_match(struct operation *op)
{
	const struct ledger_identity q = operation_identity(op);
	const struct buf *subject = &op->content.subject;
	struct earlier *e = &op->earlier;

	e->is_issued = false;
	e->waits = e->waits && is_subject(subject, &e->request.name);
	return e->waits ? OK : ledger_find_polled(op->a->ledger, &q, subject,
	    op->q->now, &e->is_issued, &e->issued);
}
