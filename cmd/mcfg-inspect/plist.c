/* Property lists: profiles and other kinds. */
#include <stdio.h>
#include <string.h>

#include "plist.h"

void
plist_signature(const struct cms_view *v, char *out, size_t size)
{
	if (v == NULL)
		out[0] = '\0';
	else if (v->signers == 0)
		snprintf(out, size, ", in an unsigned message");
	else if (v->signers > 1)
		snprintf(out, size, ", signed by %zu signers", v->signers);
	else
		snprintf(out, size, ", signed by %s", v->signer_name != NULL ?
		    v->signer_name : "a certificate that is not included");
}

static void
note_lines(struct layer *l, const struct buf *bytes)
{
	const char *p = buf_str(bytes), *end = p + bytes->len;
	size_t n = 0;

	while ((p = memchr(p, '\r', (size_t)(end - p))) != NULL)
		if (*++p == '\n')
			n++;
	if (n > 0)
		facts_note(&l->f, "crlf", NULL, "%zu lines end in CR LF", n);
}

static bool
is_payload_list(const struct tree *array)
{
	const struct tree *first = tree_at(array, 0);

	return first != NULL && tree_kind(first) == TREE_DICT &&
	    tree_get(first, "PayloadType") != NULL;
}

static void
other_plist(struct layer *l, const struct tree *t,
    const struct cms_view *around)
{
	auto_buf types = BUF_INIT;
	char by[300], members[40] = "";

	plist_signature(around, by, sizeof by);
	if (tree_kind(t) == TREE_ARRAY && is_payload_list(t)) {
		payloads_add(l, t);
		payloads_name(report_get(l->r, "payloads"), &types);
		layer_is(l, around != NULL ? "cms" : "payloads", "a list of "
		    "payloads, as encrypted in a profile: %s%s",
		    buf_str(&types), by);
		return;
	}
	settings_add(l, NULL, "plist", t, l->r);
	if (tree_kind(t) == TREE_DICT || tree_kind(t) == TREE_ARRAY)
		snprintf(members, sizeof members, " with %zu member%s",
		    tree_count(t), tree_count(t) == 1 ? "" : "s");
	layer_is(l, around != NULL ? "cms" : "plist", "a property list, "
	    "not a profile: %s%s%s", tree_kind_name(tree_kind(t)), members,
	    by);
}

static void
dict_plist(struct layer *l, const struct tree *dict,
    const struct cms_view *around)
{
	const char *type = tree_get_string(dict, "PayloadType");
	char by[300];

	if (type != NULL && strcmp(type, "Profile Service") == 0)
		profile_service(l, dict, around);
	else if ((type != NULL && strcmp(type, "Configuration") == 0) ||
	    tree_get_kind(dict, "PayloadContent", TREE_ARRAY) != NULL ||
	    tree_get(dict, "EncryptedPayloadContent") != NULL)
		profile_configuration(l, dict, around);
	else if (type != NULL) {
		struct report *list = report_add_array(l->r, "payloads");

		plist_signature(around, by, sizeof by);
		report_add(list, NULL, payload_report(l, "payloads[0]", dict));
		layer_is(l, around != NULL ? "cms" : "payloads", "a payload "
		    "%.80s without a profile%s", type, by);
	} else if (!device_message(l, dict, around)) {
		if (device_looks_like(dict))
			device_answer(l, dict, around);
		else
			other_plist(l, dict, around);
	}
}

/*
 * SignedData with a plist that cannot be read is still reported as SignedData.
 */
static bool
broken_plist(struct layer *l, const char *reason,
    const struct cms_view *around)
{
	char by[300];

	if (around == NULL)
		return layer_unknown(l, "begins as a property list, but %s",
		    reason);
	plist_signature(around, by, sizeof by);
	facts_note(&l->f, "bad_plist", "content", "the signed property list "
	    "cannot be read: %s", reason);
	layer_is(l, "cms", "signedData over a property list that cannot be "
	    "read%s", by);
	return true;
}

bool
inspect_plist(struct layer *l, const struct buf *bytes,
    const struct cms_view *around)
{
	bool binary = buf_has_prefix(bytes, "bplist");
	auto_tree *t = NULL;
	struct problem why = { .name = NULL };
	char line[PROBLEM_TEXT];

	if (tree_read(bytes, NULL, &why, &t) != OK)
		return broken_plist(l, problem_phrase(&why, line), around);
	report_str(l->form, NULL, binary ? "binary_plist" : "xml");
	if (!binary && around == NULL)
		note_lines(l, bytes);
	if (tree_kind(t) == TREE_DICT)
		dict_plist(l, t, around);
	else
		other_plist(l, t, around);
	return true;
}
