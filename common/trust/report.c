/* Reports a verdict: the facts, and the list of checks. */
#include <string.h>

#include "trust/trust.h"

static enum status
add_attribute(const char *key, struct tree *node, void *arg)
{
	/* Payloads may contain secrets, and a challenge always is one. */
	if (tree_kind(node) != TREE_DICT && tree_kind(node) != TREE_ARRAY &&
	    strcmp(key, "CHALLENGE") != 0)
		tree_add_to_report(node, arg, key);
	return OK;
}

static struct report *
attributes(const struct trust_verdict *v)
{
	struct report *r = report_object();

	if (v->plist != NULL && tree_kind(v->plist) == TREE_DICT)
		(void)!tree_each(v->plist, add_attribute, r);
	return r;
}

static const char *
challenge_word(const struct trust_verdict *v)
{
	if (v->challenge_matched)
		return "match";
	if (v->plist != NULL && tree_get(v->plist, "CHALLENGE") != NULL)
		return "unchecked";
	return "absent";
}

void
trust_report(const struct trust_verdict *v, struct report *r)
{
	bool trusted = v->status == OK;
	const struct cms_signed *m = &v->message;
	struct report *signer = NULL;

	report_str(r, "anchor", trusted && v->kind != TRUST_NONE ?
	    trust_kind_name(v->kind) : NULL);
	report_str(r, "anchor_file", trusted ? v->anchor_file : NULL);
	if (m->signer != NULL) {
		signer = report_add_object(r, "signer");
		cert_report(m->signer, signer);
	} else
		report_null(r, "signer");
	report_str(r, "digest", m->digest[0] != '\0' ? m->digest : NULL);
	if (m->has_signing_time)
		report_time(r, "signing_time", m->signing_time);
	else
		report_null(r, "signing_time");
	if (!trusted) {
		report_null(r, "content_type");
		report_null(r, "challenge");
		return;
	}
	report_str(r, "content_type", v->plist != NULL ? "plist" : "data");
	report_str(r, "challenge", challenge_word(v));
	report_add(r, "attributes", attributes(v));
}

static const char *
outcome_word(enum trust_outcome o)
{
	switch (o) {
	case TRUST_PASS:
		return "pass";
	case TRUST_FAIL:
		return "fail";
	case TRUST_NOT_CHECKED:
		return "not checked";
	default:
		return "not reached";
	}
}

void
trust_report_checks(const struct trust_verdict *v, struct report *r)
{
	struct report *list;
	size_t i;

	report_bool(r, "trusted", v->status == OK && v->kind != TRUST_NONE);
	list = report_add_array(r, "checks");
	for (i = 0; i < v->n_checks; i++) {
		struct report *one = report_add_object(list, NULL);

		report_str(one, "check", v->checks[i].name);
		report_str(one, "outcome",
		    outcome_word(v->checks[i].outcome));
		report_str(one, "text", v->checks[i].text);
		report_str(one, "hint", v->checks[i].hint);
	}
}

void
trust_explain(const struct trust_verdict *v, struct buf *out)
{
	char shown[1024];
	size_t i;

	for (i = 0; i < v->n_checks; i++) {
		const struct trust_check *c = &v->checks[i];

		if (c->outcome == TRUST_NOT_REACHED) {
			buf_printf(out, "-     %s: not reached\n", c->name);
			continue;
		}
		if (c->outcome == TRUST_NOT_CHECKED) {
			buf_printf(out, "-     %s: not checked (%s)\n",
			    c->name, c->text);
			continue;
		}
		buf_printf(out, "%s  %s: %s", outcome_word(c->outcome),
		    c->name, diag_escape(c->text, strlen(c->text), shown,
		    sizeof shown));
		if (c->hint != NULL)
			buf_printf(out, ": %s", c->hint);
		buf_putc(out, '\n');
	}
}
