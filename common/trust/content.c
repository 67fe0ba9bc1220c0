/* Checks the content that was signed, and its attributes. */
#include <string.h>

#include "trust/local.h"

/* Returns NULL if the content is a plist, otherwise why it is not. */
static const char *
read_plist(struct trust_case *j, char line[PROBLEM_TEXT])
{
	struct problem why = { .name = NULL };

	if (!tree_looks_like_plist(&j->v->message.content))
		return "not a property list";
	return tree_read(&j->v->message.content, NULL, &why,
	    &j->v->plist) == OK ? NULL : problem_phrase(&why, line);
}

static enum status
check_form(struct trust_case *j)
{
	const struct trust_policy *p = j->policy;
	char line[PROBLEM_TEXT];
	const char *reason;

	if (!p->want_plist && p->challenge == NULL && p->require.n == 0 &&
	    j->v->kind != TRUST_DEVICE) {
		trust_passed(j, "content", "%zu bytes",
		    j->v->message.content.len);
		return OK;
	}
	if ((reason = read_plist(j, line)) == NULL) {
		trust_passed(j, "content", "a property list of %zu bytes",
		    j->v->message.content.len);
		return OK;
	}
	if (j->v->kind == TRUST_DEVICE)
		return trust_failed(j, "content", MALFORMED, NULL,
		    "the signed content is not a device's answer: %s", reason);
	trust_passed(j, "content", "%zu bytes: %s", j->v->message.content.len,
	    reason);
	return OK;
}

static enum status
check_challenge(struct trust_case *j)
{
	const struct buf *want = j->policy->challenge;
	const struct tree *t;
	const void *has = NULL;
	size_t len = 0;

	if (want == NULL) {
		trust_skipped(j, "challenge", "no --challenge");
		return OK;
	}
	t = j->v->plist != NULL ? tree_get(j->v->plist, "CHALLENGE") : NULL;
	if (t != NULL && tree_kind(t) == TREE_STRING) {
		has = tree_string_of(t);
		len = strlen(has);
	} else if (t != NULL && tree_kind(t) == TREE_DATA)
		has = tree_data_of(t, &len);
	if (has == NULL)
		return trust_failed(j, "challenge", REFUSED,
		    "the profile that the device answers must carry a "
		    "challenge", "no CHALLENGE in the signed content");
	if (!secret_equal(has, len, want->data, want->len))
		return trust_failed(j, "challenge", REFUSED,
		    "the device must use the profile that was made for it",
		    "CHALLENGE in the signed content is not the expected one");
	j->v->challenge_matched = true;
	trust_passed(j, "challenge", "matches");
	return OK;
}

static enum status
check_one_attribute(struct trust_case *j, const char *want)
{
	const char *eq = strchr(want, '=');
	auto_char *key = xstrndup(want, (size_t)(eq - want));
	const struct tree *t = j->v->plist != NULL ?
	    tree_get(j->v->plist, key) : NULL;
	auto_buf text = BUF_INIT;

	if (t == NULL || !tree_scalar_text(t, &text))
		return trust_failed(j, "required attributes", REFUSED, NULL,
		    "no %s in the signed content", key);
	if (strlen(eq + 1) == text.len &&
	    memcmp(buf_str(&text), eq + 1, text.len) == 0) {
		trust_passed(j, "required attributes", "%s is as required",
		    key);
		return OK;
	}
	if (strcmp(key, "CHALLENGE") == 0)
		return trust_failed(j, "required attributes", REFUSED, NULL,
		    "CHALLENGE in the signed content is not the expected one");
	return trust_failed(j, "required attributes", REFUSED, NULL,
	    "%s is '%s', not '%s'", key, buf_str(&text), eq + 1);
}

static enum status
check_required(struct trust_case *j)
{
	const struct strings *l = &j->policy->require;
	enum status st = OK;
	size_t i;

	for (i = 0; i < l->n && (st == OK || j->policy->all); i++)
		st = trust_first(st, check_one_attribute(j, l->v[i]));
	if (l->n == 0)
		trust_skipped(j, "required attributes", "no --require");
	return st;
}

enum status
trust_check_content(struct trust_case *j)
{
	bool all = j->policy->all;
	enum status st;

	st = check_form(j);
	if (st == OK || all)
		st = trust_first(st, check_challenge(j));
	if (st == OK || all)
		st = trust_first(st, check_required(j));
	return st;
}

const char *
trust_check_text(const struct buf *content)
{
	return content->len > 0 &&
	    memchr(content->data, '\0', content->len) != NULL ?
	    "a NUL byte in the content, which should be XML in UTF-8" : NULL;
}
