/* The overview as JSON; mcfg-report(1) describes the keys. */
#include "overview.h"

#include "json/report.h"
#include "x509/cert.h"

static void
add_steps(struct report *r, const int64_t count[LEDGER_STEPS])
{
	int s;

	for (s = 0; s < LEDGER_STEPS; s++)
		report_int(r, ledger_step_name((enum ledger_step)s), count[s]);
}

/* Adds the keys that "mcfg-enrollment list" also has, then the last event. */
static struct report *
brief(const struct ledger_brief *b)
{
	struct report *r = report_object();

	report_str(r, "id", b->id);
	report_str(r, "user", b->user);
	report_str(r, "state", b->state);
	report_str(r, "udid", b->udid);
	report_str(r, "serial", b->serial);
	report_str(r, "product", b->product);
	report_str(r, "certificate", b->certificate);
	report_time(r, "started", b->started);
	report_int(r, "repeats", b->repeats);
	report_str(r, "last_event", b->event);
	report_moment(r, "last_event_time", b->event_time);
	report_str(r, "last_event_detail", b->event_detail);
	return r;
}

/* The list that a row belongs to, which decides about additional keys. */
enum kind {
	DEVICES,
	STUCK,
	ENDED,
};

static struct report *
briefs(const struct briefs *l, enum kind kind)
{
	struct report *list = report_array(), *r;
	size_t i;

	for (i = 0; i < l->n; i++) {
		r = brief(&l->v[i]);
		if (kind == DEVICES)
			report_moment(r, "certificate_ends", l->v[i].until);
		if (kind == STUCK) {
			report_str(r, "why", ledger_why_name(l->v[i].why));
			report_moment(r, "until", l->v[i].until);
		}
		report_add(list, NULL, r);
	}
	return list;
}

static struct report *
whys(const struct overview *o)
{
	struct report *list = report_array(), *r;
	int s, w;

	for (s = 0; s < LEDGER_STEPS; s++)
		for (w = 0; w < LEDGER_WHYS; w++) {
			if (o->why[s][w] == 0)
				continue;
			r = report_add_object(list, NULL);
			report_str(r, "state",
			    ledger_step_name((enum ledger_step)s));
			report_str(r, "why",
			    ledger_why_name((enum ledger_why)w));
			report_int(r, "count", o->why[s][w]);
		}
	return list;
}

static struct report *
enrollments(const struct overview *o)
{
	struct report *r = report_object(), *states = report_object();
	struct report *periods = report_array(), *one;
	size_t i;

	report_int(r, "total", o->total);
	add_steps(states, o->census.count);
	report_add(r, "states", states);
	report_int(r, "under_way", o->under_way);
	report_int(r, "stuck", o->stuck_count);
	report_int(r, "left_behind", o->left_behind);
	report_int(r, "repeated", o->census.repeated);
	report_int(r, "repeats", o->census.repeats);
	for (i = 0; i < o->bar_count; i++) {
		one = report_add_object(periods, NULL);
		report_time(one, "from", o->bars[i].from);
		add_steps(one, o->bars[i].started);
	}
	report_add(r, "over_time", periods);
	report_add(r, "why_stuck", whys(o));
	report_add(r, "device_list", briefs(&o->devices, DEVICES));
	report_add(r, "stuck_list", briefs(&o->stuck, STUCK));
	report_add(r, "repeated_list", briefs(&o->repeated, ENDED));
	report_add(r, "ended_list", briefs(&o->ended, ENDED));
	return r;
}

/* Adds the keys that "scep-ca list" also has, then those of the enrollment. */
static struct report *
leaves(const struct leaves *l)
{
	struct report *list = report_array(), *r;
	size_t i;

	for (i = 0; i < l->n; i++) {
		const struct ledger_leaf *c = &l->v[i];

		r = report_add_object(list, NULL);
		report_str(r, "serial", c->serial);
		report_str(r, "subject", c->subject);
		report_str(r, "profile", c->profile);
		report_str(r, "purpose", c->purpose);
		report_time(r, "not_before", c->not_before);
		report_time(r, "not_after", c->not_after);
		report_str(r, "enrollment", c->enrollment);
		report_str(r, "user", c->user);
		report_str(r, "device_serial", c->device);
		report_str(r, "product", c->product);
		if (c->revoked != 0) {
			report_time(r, "revoked", c->revoked);
			report_str(r, "reason", cert_reason_name(c->reason));
		}
	}
	return list;
}

static struct report *
certificates(const struct overview *o)
{
	struct report *r = report_object(), *terms = report_object();
	struct report *renewed = report_object(), *reasons = report_array();
	struct report *one;
	size_t i;
	int t;

	report_int(r, "total", o->certificates);
	for (t = 0; t < LEDGER_TERMS; t++)
		report_int(terms, ledger_term_name((enum ledger_term)t),
		    o->term[t]);
	report_add(r, "by_expiry", terms);
	for (t = LEDGER_TERM_7; t < LEDGER_TERMS; t++)
		report_int(renewed, ledger_term_name((enum ledger_term)t),
		    o->renewed[t]);
	report_add(r, "renewed", renewed);
	for (i = 0; i < o->reason_count; i++) {
		one = report_add_object(reasons, NULL);
		report_str(one, "reason",
		    cert_reason_name(o->reasons[i].reason));
		report_int(one, "count", o->reasons[i].count);
	}
	report_add(r, "revocation_reasons", reasons);
	report_add(r, "expiring_list", leaves(&o->expiring));
	report_add(r, "revoked_list", leaves(&o->revoked));
	report_add(r, "own_list", leaves(&o->own));
	return r;
}

static struct report *
requests(const struct overview *o)
{
	struct report *r = report_object(), *list = report_array(), *one;
	size_t i;
	int s;

	for (s = LEDGER_PENDING; s <= LEDGER_ISSUED; s++)
		report_int(r, ledger_state_name((enum ledger_state)s),
		    o->requests[s]);
	for (i = 0; i < o->waiting.n; i++) {
		const struct ledger_wait *w = &o->waiting.v[i];

		one = report_add_object(list, NULL);
		report_str(one, "transaction", w->transaction);
		report_str(one, "subject", w->subject);
		report_time(one, "received", w->received);
		report_str(one, "key_sha256", w->key_hash);
	}
	report_add(r, "pending_list", list);
	return r;
}

static struct report *
crl(const struct authority *a)
{
	struct report *r = report_object();

	report_bool(r, "usable", a->crl_fault == NULL);
	report_str(r, "fault", a->crl_fault);
	report_str(r, "number", a->crl_number);
	report_moment(r, "this_update", a->crl_from);
	report_moment(r, "next_update", a->crl_until);
	report_int(r, "revoked", a->crl_count);
	return r;
}

/* Null for a date that cannot be read. */
static void
report_end(struct report *r, const char *key, int64_t t)
{
	if (t == CERT_NO_TIME)
		report_null(r, key);
	else
		report_moment(r, key, t);
}

static struct report *
authority(const struct authority *a)
{
	struct report *r = report_object(), *one;
	struct report *list = report_add_array(r, "certificates");
	size_t i;

	for (i = 0; i < a->n; i++) {
		one = report_add_object(list, NULL);
		report_str(one, "role", a->v[i].role);
		report_str(one, "file", a->v[i].file);
		report_str(one, "subject", a->v[i].subject);
		report_str(one, "serial", a->v[i].serial);
		report_str(one, "sha256", a->v[i].sha256);
		report_str(one, "key", a->v[i].key);
		report_end(one, "not_before", a->v[i].not_before);
		report_end(one, "not_after", a->v[i].not_after);
	}
	if (a->has_crl)
		report_add(r, "crl", crl(a));
	else
		report_null(r, "crl");
	return r;
}

static struct report *
refusals(const struct overview *o)
{
	struct report *r = report_object(), *reasons = report_array();
	struct report *periods = report_array(), *one;
	const struct refusals *l = &o->log;
	size_t i;

	report_int(r, "requests", l->requests);
	report_int(r, "refused", l->refused);
	report_int(r, "faults", l->faults);
	report_int(r, "other_reasons", l->other);
	report_int(r, "undated", l->undated);
	report_int(r, "older", l->older);
	report_bool(r, "cut", l->cut);
	for (i = 0; i < l->n; i++) {
		one = report_add_object(reasons, NULL);
		report_str(one, "program", l->v[i].program);
		report_str(one, "answer", l->v[i].answer);
		report_str(one, "reason", l->v[i].reason);
		report_bool(one, "fault", l->v[i].is_fault);
		report_int(one, "count", l->v[i].count);
		report_moment(one, "last_day", l->v[i].last);
	}
	report_add(r, "reasons", reasons);
	for (i = 0; i < o->bar_count; i++) {
		one = report_add_object(periods, NULL);
		report_time(one, "from", o->bars[i].from);
		report_int(one, "refused", o->bars[i].refused);
	}
	report_add(r, "over_time", periods);
	return r;
}

static struct report *
attention(const struct overview *o)
{
	struct report *list = report_array(), *one;
	size_t i;

	for (i = 0; i < o->finding_count; i++) {
		one = report_add_object(list, NULL);
		report_str(one, "what", o->findings[i].what);
		report_bool(one, "urgent", o->findings[i].urgency == URGENT);
		report_str(one, "text", o->findings[i].text);
	}
	return list;
}

void
write_json(const struct overview *o, struct buf *out)
{
	auto_report *r = report_object();

	report_time(r, "at", o->now);
	report_str(r, "organization", o->organization);
	report_int(r, "stuck_after", o->stuck_after);
	report_str(r, "period", unit_name(o->unit));
	report_add(r, "attention", attention(o));
	report_add(r, "enrollments", enrollments(o));
	report_add(r, "certificates", certificates(o));
	report_add(r, "requests", requests(o));
	if (o->has_ca)
		report_add(r, "ca", authority(&o->ca));
	else
		report_null(r, "ca");
	if (o->has_log)
		report_add(r, "refusals", refusals(o));
	else
		report_null(r, "refusals");
	report_render(r, out);
}
