/* Makes all checks of a message, in their order. */
#include "trust/trust.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "trust/local.h"

/* All checks in their order. */
static const char *const check_names[] = {
	"structure", "one signer", "digest", "signature",
	"signer certificate", "chain", "dates", "anchor", "content",
	"challenge", "required attributes",
};

static const char signature_hint[] = "it was changed after it was signed, or "
    "lacks the signer's certificate: get it again in binary";

void
trust_anchors_free(struct trust_anchors *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		cert_list_free(l->v[i].certs);
		free(l->v[i].file);
	}
	free(l->v);
	l->v = NULL;
	l->n = 0;
}

enum status
trust_add_anchor(struct trust_anchors *l, enum trust_kind kind,
    const char *file)
{
	STACK_OF(X509) *certs = NULL;
	enum status st;

	if ((st = cert_load_list(file, &certs)) != OK)
		return st;
	*GROW(l->v, l->n) = (struct trust_anchor){ kind, xstrdup(file),
	    certs };
	return OK;
}

static void
cut_checks(struct trust_verdict *v, size_t n)
{
	while (v->n_checks > n)
		free(v->checks[--v->n_checks].text);
}

void
trust_verdict_free(struct trust_verdict *v)
{
	cut_checks(v, 0);
	free(v->checks);
	free(v->reason);
	cms_signed_free(&v->message);
	tree_free(v->plist);
	*v = (struct trust_verdict)TRUST_VERDICT_INIT;
}

const char *
trust_kind_name(enum trust_kind k)
{
	switch (k) {
	case TRUST_CA:
		return "ca";
	case TRUST_DEVICE:
		return "device";
	default:
		return "none";
	}
}

/* ---- the list of checks ---- */

static void
add_check(struct trust_case *j, const char *check, enum trust_outcome outcome,
    const char *hint, const char *text)
{
	struct trust_verdict *v = j->v;

	*GROW(v->checks, v->n_checks) = (struct trust_check){ check, outcome,
	    xstrdup(text), hint };
}

void
trust_passed(struct trust_case *j, const char *check, const char *fmt, ...)
{
	char text[TRUST_REASON_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	add_check(j, check, TRUST_PASS, NULL, text);
}

void
trust_skipped(struct trust_case *j, const char *check, const char *why)
{
	add_check(j, check, TRUST_NOT_CHECKED, NULL, why);
}

enum status
trust_failed(struct trust_case *j, const char *check, enum status st,
    const char *hint, const char *fmt, ...)
{
	char text[2 * TRUST_REASON_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	add_check(j, check, TRUST_FAIL, hint, text);
	if (j->policy->all && j->v->reason != NULL)
		return st;
	free(j->v->reason);
	j->v->reason = xstrdup(text);
	return st;
}

static bool
was_made(const struct trust_verdict *v, const char *check)
{
	size_t i;

	for (i = 0; i < v->n_checks; i++)
		if (strcmp(v->checks[i].name, check) == 0)
			return true;
	return false;
}

static void
put_in_order(struct trust_verdict *v)
{
	struct trust_check *sorted = xcalloc(v->n_checks + 1, sizeof *sorted);
	size_t i, k, n = 0;

	for (i = 0; i < ARRAY_LEN(check_names); i++)
		for (k = 0; k < v->n_checks; k++)
			if (strcmp(v->checks[k].name, check_names[i]) == 0)
				sorted[n++] = v->checks[k];
	free(v->checks);
	v->checks = sorted;
}

/*
 * Checks that were not reached are listed, too, so that the list is complete.
 */
static void
list_the_rest(struct trust_case *j)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(check_names); i++)
		if (!was_made(j->v, check_names[i]))
			add_check(j, check_names[i], TRUST_NOT_REACHED, NULL,
			    "not reached");
	put_in_order(j->v);
}

/* ---- the verdict ---- */

static void
list_message(struct trust_case *j, enum cms_check upto)
{
	const struct cms_signed *m = &j->v->message;

	if (upto > CMS_STRUCTURE)
		trust_passed(j, "structure", "SignedData");
	if (upto > CMS_ONE_SIGNER)
		trust_passed(j, "one signer", "one");
	if (upto > CMS_DIGEST_ALLOWED)
		trust_passed(j, "digest", "%s", m->digest);
	if (upto > CMS_SIGNATURE)
		trust_passed(j, "signature", "fits the content of %zu bytes, "
		    "%s signed attributes", m->content.len,
		    m->has_attributes ? "with" : "without");
}

static enum status
check_message(struct trust_case *j, const struct buf *in)
{
	static const char *const hints[] = {
		[CMS_STRUCTURE] = "it must be one CMS message with its "
		    "content, and nothing else",
		[CMS_ONE_SIGNER] = "sign it with one certificate only",
		[CMS_DIGEST_ALLOWED] = "sign it with SHA-256",
		[CMS_SIGNATURE] = signature_hint,
	};
	const struct trust_policy *p = j->policy;
	struct cms_examine how = { p->allow_sha1 || p->no_trust, p->detached };
	auto_buf why = BUF_INIT;
	enum cms_check at = CMS_STRUCTURE;
	enum status st;
	size_t i;

	for (i = 0; i < p->anchors.n; i++)
		if (p->anchors.v[i].kind == TRUST_DEVICE)
			how.allow_sha1 = true;
	st = cms_examine(in, &how, &j->v->message, &at, &why);
	list_message(j, at);
	return st == OK ? OK : trust_failed(j, check_names[at], st, hints[at],
	    "%s", buf_str(&why));
}

enum status
trust_first(enum status a, enum status b)
{
	return a != OK ? a : b;
}

/*
 * After a failure of digest or signature, continues with what the message
 * says, for the list only.  False if there is no signer to continue with.
 */
static bool
look_on(struct trust_case *j, const struct buf *in)
{
	struct cms_signed *m = &j->v->message;
	const struct cms_examine any = { true, j->policy->detached };
	auto_buf why = BUF_INIT;
	enum cms_check at;

	j->is_digest_refused = !was_made(j->v, "signature");
	free(j->v->reason);
	j->v->reason = NULL;
	cms_signed_free(m);
	if (cms_examine(in, &any, m, &at, &why) == OK) {
		trust_passed(j, "signature", "fits the content of %zu bytes, "
		    "%s signed attributes", m->content.len,
		    m->has_attributes ? "with" : "without");
		return true;
	}
	if (j->is_digest_refused && at == CMS_SIGNATURE)
		(void)trust_failed(j, "signature", REFUSED, signature_hint,
		    "%s", buf_str(&why));
	cms_signed_free(m);
	return cms_peek(in, j->policy->detached, m);
}

/* Facts that were only needed for the list do not count. */
static void
distrust(struct trust_verdict *v, enum status message)
{
	char digest[sizeof v->message.digest];

	if (message != OK) {
		memcpy(digest, v->message.digest, sizeof digest);
		cms_signed_free(&v->message);
		memcpy(v->message.digest, digest, sizeof digest);
	}
	v->kind = TRUST_NONE;
	v->anchor_file = NULL;
	v->challenge_matched = false;
}

enum status
trust_judge(const struct buf *in, const char *name,
    const struct trust_policy *policy, struct trust_verdict *out)
{
	struct trust_case j = { policy, name, out, false };
	auto_char *reason = NULL;
	enum status st, message;

	message = st = check_message(&j, in);
	reason = STEAL(out->reason);
	if (st == OK || (policy->all && st == REFUSED && look_on(&j, in))) {
		st = trust_first(st, trust_check_anchors(&j));
		if (reason == NULL)
			reason = STEAL(out->reason);
		if (st == OK || policy->all)
			st = trust_first(st, trust_check_content(&j));
	}
	if (reason == NULL)
		reason = STEAL(out->reason);
	free(out->reason);
	out->reason = STEAL(reason);
	list_the_rest(&j);
	if (st != OK)
		distrust(out, message);
	out->status = st;
	return st;
}
