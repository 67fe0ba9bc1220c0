/* Reads the ledger. */
#include "overview.h"

static enum status
take_day(int64_t day, enum ledger_step s, int64_t count, void *arg)
{
	struct bar *b = bar_of(arg, day);

	if (b != NULL)
		b->started[s] += count;
	return OK;
}

static enum status
take_why(enum ledger_step s, enum ledger_why w, bool left_behind,
    int64_t count, void *arg)
{
	struct overview *o = arg;

	if (left_behind) {
		o->left_behind += count;
		return OK;
	}
	o->why[s][w] += count;
	o->stuck_count += count;
	return OK;
}

/* A list, and the overview that owns its texts. */
struct into {
	struct overview *o;
	void *list;
};

static enum status
take_brief(const struct ledger_brief *b, void *arg)
{
	const struct into *in = arg;
	struct briefs *l = in->list;
	struct ledger_brief *k = GROW(l->v, l->n);

	*k = *b;
	k->id = keep(in->o, b->id);
	k->user = keep(in->o, b->user);
	k->state = keep(in->o, b->state);
	k->udid = keep(in->o, b->udid);
	k->serial = keep(in->o, b->serial);
	k->product = keep(in->o, b->product);
	k->certificate = keep(in->o, b->certificate);
	k->event = keep(in->o, b->event);
	k->event_detail = keep(in->o, b->event_detail);
	return OK;
}

static enum status
take_leaf(const struct ledger_leaf *c, void *arg)
{
	const struct into *in = arg;
	struct leaves *l = in->list;
	struct ledger_leaf *k = GROW(l->v, l->n);

	*k = *c;
	k->serial = keep(in->o, c->serial);
	k->subject = keep(in->o, c->subject);
	k->profile = keep(in->o, c->profile);
	k->purpose = keep(in->o, c->purpose);
	k->enrollment = keep(in->o, c->enrollment);
	k->user = keep(in->o, c->user);
	k->device = keep(in->o, c->device);
	k->product = keep(in->o, c->product);
	k->der = NULL;		/* freed with its row */
	return OK;
}

/*
 * True if it was issued by the CA before a rollover, and not by the present
 * one.
 */
static bool
is_of_previous(const struct authority *a, const struct ledger_leaf *c)
{
	auto_X509 *cert = NULL;

	return a->previous != NULL &&
	    cert_from_der(c->der, c->der_len, &cert) == NULL &&
	    cert_issued_by(cert, a->issuing) != NULL &&
	    cert_issued_by(cert, a->previous) == NULL;
}

static enum status
take_own(const struct ledger_leaf *c, void *arg)
{
	const struct into *in = arg;
	struct authority *a = &in->o->ca;

	if (is_of_previous(a, c))
		*(c->profile[0] == 't' ? &a->old_tls : &a->old_signer) = true;
	return take_leaf(c, arg);
}

static enum status
take_wait(const struct ledger_wait *w, void *arg)
{
	const struct into *in = arg;
	struct waits *l = in->list;
	struct ledger_wait *k = GROW(l->v, l->n);

	*k = *w;
	k->transaction = keep(in->o, w->transaction);
	k->subject = keep(in->o, w->subject);
	k->key_hash = keep(in->o, w->key_hash);
	return OK;
}

static enum status
gather_enrollments(struct ledger *l, struct overview *o)
{
	int64_t before, open;
	enum status st;
	int s;

	if ((st = ledger_census(l, &o->census)) != OK)
		return st;
	span_bars(o);
	before = o->now - o->stuck_after;
	if ((st = ledger_days(l, o->bars[0].from,
	    o->bars[o->bar_count - 1].until, take_day, o)) != OK ||
	    (st = ledger_count_stuck(l, before, o->now, take_why, o)) != OK ||
	    (st = ledger_devices(l, DEVICES_MAX, take_brief,
	    &(struct into){ o, &o->devices })) != OK ||
	    (st = ledger_stuck(l, before, o->now, o->rows, take_brief,
	    &(struct into){ o, &o->stuck })) != OK ||
	    (st = ledger_repeated(l, o->rows, take_brief,
	    &(struct into){ o, &o->repeated })) != OK ||
	    (st = ledger_ended(l, o->rows, take_brief,
	    &(struct into){ o, &o->ended })) != OK)
		return st;
	for (s = 0; s < LEDGER_STEPS; s++)
		o->total += o->census.count[s];
	open = o->census.count[LEDGER_STARTED] +
	    o->census.count[LEDGER_IDENTIFIED] +
	    o->census.count[LEDGER_CERTIFIED];
	o->under_way = open - o->stuck_count - o->left_behind;
	return OK;
}

static enum status
take_term(enum ledger_term t, int64_t count, int64_t renewed, void *arg)
{
	struct overview *o = arg;

	o->term[t] += count;
	o->renewed[t] += renewed;
	o->certificates += count;
	return OK;
}

static enum status
take_reason(int reason, int64_t count, void *arg)
{
	struct overview *o = arg;

	if (o->reason_count == REVOCATIONS_MAX)
		return OK;
	o->reasons[o->reason_count].reason = reason;
	o->reasons[o->reason_count++].count = count;
	return OK;
}

static enum status
gather_certificates(struct ledger *l, struct overview *o)
{
	enum status st;

	if ((st = ledger_terms(l, o->now, take_term, o)) != OK ||
	    (st = ledger_reasons(l, take_reason, o)) != OK ||
	    (st = ledger_expiring(l, o->now, o->rows, take_leaf,
	    &(struct into){ o, &o->expiring })) != OK ||
	    (st = ledger_last_revoked(l, o->rows, take_leaf,
	    &(struct into){ o, &o->revoked })) != OK)
		return st;
	return ledger_own(l, AUTHORITY_MAX, take_own,
	    &(struct into){ o, &o->own });
}

enum status
gather_ledger(struct ledger *l, struct overview *o)
{
	enum status st;

	if ((st = gather_enrollments(l, o)) != OK ||
	    (st = gather_certificates(l, o)) != OK ||
	    (st = ledger_count_requests(l, o->requests)) != OK)
		return st;
	return ledger_waiting(l, o->rows, take_wait,
	    &(struct into){ o, &o->waiting });
}
