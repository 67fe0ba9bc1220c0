/* identify: checks the response to phase 1, and makes the SCEP challenge. */
#include <string.h>

#include "base/clock.h"
#include "enrollment/local.h"

void
enrollment_identified_free(struct enrollment_identified *i)
{
	free(i->id);
	free(i->user);
	free(i->subject);
	buf_free(&i->challenge);
	*i = (struct enrollment_identified)ENROLLMENT_IDENTIFIED_INIT;
}

/* Returns why a challenge is not accepted, or NULL if it is. */
static const char *
objection(const struct ledger_challenge *c, bool found, int64_t now)
{
	if (!found)
		return "unknown";
	if (c->purpose != LEDGER_ENROLL || c->enrollment == NULL)
		return "of another purpose";
	if (c->spent)
		return "used before";
	if (c->expires <= now)
		return "expired";
	if (c->voided)
		return "no longer valid";
	return NULL;
}

/* Finds the enrollment of the challenge. */
static enum status
find(struct ledger *l, const char *hash, const char *name,
    struct ledger_enrollment *e)
{
	auto_ledger_challenge c = LEDGER_CHALLENGE_INIT;
	const char *reason;
	bool found = false;
	enum status st;

	if ((st = ledger_find_challenge(l, hash, &found, &c)) != OK)
		return st;
	if ((reason = objection(&c, found, clock_now())) != NULL)
		return fail(REFUSED, "%s: CHALLENGE: %s", name, reason);
	if ((st = ledger_find_enrollment(l, c.enrollment, &found, e)) != OK)
		return st;
	if (!found || strcmp(e->state, "started") != 0)
		return fail(REFUSED, "%s: enrollment %s: %s", name,
		    c.enrollment, found ? e->state : "no longer in the ledger");
	return OK;
}

/* "/O=A\/B/CN=ID" for an organization "A/B". */
static char *
default_subject(const char *organization, const char *id)
{
	auto_buf dn = BUF_INIT;
	const char *p;

	if (organization != NULL) {
		buf_puts(&dn, "/O=");
		for (p = organization; *p != '\0'; p++) {
			if (*p == '/' || *p == '\\')
				buf_putc(&dn, '\\');
			buf_putc(&dn, *p);
		}
	}
	buf_printf(&dn, "/CN=%s", id);
	return xstrdup(buf_str(&dn));
}

static enum status
make_subject(const struct enrollment_identify *how, const char *id,
    struct buf *der, char **text)
{
	auto_char *dn = how->subject != NULL ? xstrdup(how->subject) :
	    default_subject(how->organization, id);
	auto_X509_NAME *name = NULL;
	const char *reason;

	if ((reason = cert_parse_name(dn, &name)) != NULL)
		return fail(USAGE, "%s: '%s': %s", how->subject != NULL ?
		    "--subject" : "organization", dn, reason);
	cert_name_to_der(name, der);
	*text = cert_name_text(name);
	return OK;
}

static enum status
fill_in(const struct device *d, const char *name, struct ledger_enrollment *e)
{
	e->udid = d->udid != NULL ? xstrdup(d->udid) : NULL;
	e->serial = d->serial != NULL ? xstrdup(d->serial) : NULL;
	e->product = d->product != NULL ? xstrdup(d->product) : NULL;
	return store_plist(d->attributes, name, &e->attributes);
}

static enum status
record(struct ledger *l, const char *spent, const char *name,
    const struct ledger_enrollment *e, const struct ledger_challenge *next)
{
	enum ledger_outcome outcome;
	enum status st;

	if ((st = ledger_identify(l, spent, e, next, clock_now(),
	    &outcome)) != OK)
		return st;
	if (outcome == LEDGER_NO_CHALLENGE)
		return fail(REFUSED, "%s: CHALLENGE: used before", name);
	if (outcome != LEDGER_RECORDED)
		return fail(REFUSED, "%s: enrollment %s: already identified, "
		    "aborted or expired", name, e->id);
	return OK;
}

enum status
enrollment_identify(struct ledger *l, const struct buf *attributes,
    const char *name, const struct enrollment_identify *how,
    struct enrollment_identified *out)
{
	auto_ledger_enrollment e = LEDGER_ENROLLMENT_INIT;
	auto_ledger_challenge next = LEDGER_CHALLENGE_INIT;
	char spent[SECRET_HASH_TEXT];
	auto_device d = DEVICE_INIT;
	enum status st;

	if ((st = device_read(attributes, name, &d)) != OK ||
	    (st = device_challenge(&d, name, spent)) != OK)
		return st;
	if ((st = find(l, spent, name, &e)) != OK)
		return st;
	out->id = xstrdup(e.id);
	out->user = xstrdup(e.user);
	if ((st = device_allowed(&d, how->allow, e.user, name)) != OK)
		return st;

	if ((st = new_challenge(LEDGER_IDENTITY, e.id, how->ttl,
	    &out->challenge, &next)) != OK ||
	    (st = make_subject(how, e.id, &next.name.subject,
	    &out->subject)) != OK)
		return st;
	next.bound = true;
	out->expires = next.expires;
	if ((st = fill_in(&d, name, &e)) != OK)
		return st;
	/* From here on only the ledger can fail. */
	if (how->ready != NULL && (st = how->ready(how->arg, out)) != OK)
		return st;
	memcpy(out->spent, spent, sizeof out->spent);
	memcpy(out->next, next.hash, sizeof out->next);
	return record(l, spent, name, &e, &next);
}

enum status
enrollment_find_identified(struct ledger *l, const struct buf *attributes,
    const char *name, const struct buf *challenge,
    struct enrollment_identified *out)
{
	auto_ledger_challenge c = LEDGER_CHALLENGE_INIT;
	auto_device d = DEVICE_INIT;
	bool found = false;
	enum status st;

	secret_sha256(challenge->data, challenge->len, out->next);
	if ((st = device_read(attributes, name, &d)) != OK ||
	    (st = device_challenge(&d, name, out->spent)) != OK ||
	    (st = ledger_find_challenge(l, out->next, &found, &c)) != OK)
		return st;
	if (!found || c.purpose != LEDGER_IDENTITY || c.enrollment == NULL)
		return fail(REFUSED, "the challenge was not given for an "
		    "identity");
	out->id = xstrdup(c.enrollment);
	return OK;
}

enum status
enrollment_unidentify(struct ledger *l, const struct enrollment_identified *i)
{
	return ledger_unidentify(l, i->id, i->spent, i->next, clock_now());
}
