/* Profiles, and the payloads in them. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/words.h"
#include "plist.h"

enum {
	PAYLOADS_NAMED = 4,	/* in the summary */
	DOUBLES_MAX = 500,	/* payloads whose UUIDs are compared */
};

/* The keys of every payload, and their names in a report. */
static const struct {
	const char *key, *name;
} common_keys[] = {
	{ "PayloadType", "type" },
	{ "PayloadIdentifier", "identifier" },
	{ "PayloadUUID", "uuid" },
	{ "PayloadVersion", "version" },
	{ "PayloadDisplayName", "display_name" },
	{ "PayloadOrganization", "organization" },
	{ "PayloadDescription", "description" },
};

static bool
is_common(const char *key)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(common_keys); i++)
		if (strcmp(common_keys[i].key, key) == 0)
			return true;
	return false;
}

/* ---- payloads ---- */

struct walk {
	struct layer *l;
	const char *where;
	const struct tree *dict;
	struct report *r;
	struct report *settings;
};

static const char *
type_of(const struct tree *dict)
{
	const char *type = tree_get_string(dict, "PayloadType");

	return type != NULL ? type : "";
}

static bool
holds_certificate(const char *type)
{
	return words_choose("com.apple.security.root|com.apple.security.pkcs1|"
	    "com.apple.security.pem", type);
}

/* Adds the contents of a payload's certificate or PKCS #12. */
static bool
add_payload_data(struct layer *l, const char *where, const char *type,
    const struct tree *node, struct report *r)
{
	size_t len;
	const unsigned char *p = tree_data_of(node, &len);
	auto_report *inner = NULL;
	auto_buf data = BUF_INIT;

	if (!holds_certificate(type) &&
	    strcmp(type, "com.apple.security.pkcs12") != 0)
		return false;
	buf_add(&data, p, len);
	if (len > 10 && memcmp(p, "-----BEGIN", 10) == 0 &&
	    strcmp(type, "com.apple.security.pem") != 0)
		facts_note(&l->f, "pem_in_data", where, "the certificate is "
		    "PEM text; devices require DER");
	inner = layer_inspect(l->in, &data, l->depth + 1);
	if (inner == NULL) {
		facts_note(&l->f, "bad_certificate", where, "has no readable "
		    "certificate: %s", l->in->why);
		return false;
	}
	report_add(r, "content", STEAL(inner));
	return true;
}

static enum status
add_setting(const char *key, struct tree *node, void *arg)
{
	struct walk *w = arg;

	if (is_common(key))
		return OK;
	if (strcmp(key, "PayloadContent") == 0 &&
	    tree_kind(node) == TREE_DATA && add_payload_data(w->l, w->where,
	    type_of(w->dict), node, w->r))
		return OK;
	if (w->settings == NULL)
		w->settings = report_object();
	settings_add(w->l, w->where, key, node, w->settings);
	return OK;
}

static void
add_common(struct layer *l, const char *where, const struct tree *dict,
    struct report *r)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(common_keys); i++) {
		const struct tree *v = tree_get(dict, common_keys[i].key);

		if (v != NULL && (tree_kind(v) == TREE_DICT ||
		    tree_kind(v) == TREE_ARRAY)) {
			report_null(r, common_keys[i].name);
			facts_note(&l->f, "bad_type", where, "%s is a %s",
			    common_keys[i].key, tree_kind_name(tree_kind(v)));
		} else if (v != NULL)
			settings_add(l, where, common_keys[i].name, v, r);
		else if (i < 4) {
			report_null(r, common_keys[i].name);
			facts_note(&l->f, "missing_key", where, "%s is missing",
			    common_keys[i].key);
		}
	}
}

struct report *
payload_report(struct layer *l, const char *where, const struct tree *dict)
{
	struct walk w = { l, where, dict, report_object(), NULL };

	if (tree_kind(dict) != TREE_DICT) {
		report_null(w.r, "type");
		facts_note(&l->f, "bad_payload", where, "must be a dict, not "
		    "a %s", tree_kind_name(tree_kind(dict)));
		return w.r;
	}
	add_common(l, where, dict, w.r);
	(void)tree_each(dict, add_setting, &w);
	if (w.settings != NULL)
		report_add(w.r, "settings", w.settings);
	return w.r;
}

static void
note_doubles(struct layer *l, const struct report *list)
{
	size_t i, k, n = report_count(list);

	for (i = 0; i < n && i < DOUBLES_MAX; i++)
		for (k = 0; k < i; k++) {
			const char *a = report_get_text(report_at(list, i),
			    "uuid");
			const char *b = report_get_text(report_at(list, k),
			    "uuid");

			if (a == NULL || b == NULL || strcmp(a, b) != 0)
				continue;
			facts_note(&l->f, "same_uuid", NULL, "payloads[%zu] "
			    "and payloads[%zu] have the same PayloadUUID; "
			    "devices refuse that", k, i);
			break;
		}
}

void
payloads_add(struct layer *l, const struct tree *array)
{
	struct report *list = report_add_array(l->r, "payloads");
	size_t i;

	for (i = 0; i < tree_count(array); i++) {
		char where[40];

		snprintf(where, sizeof where, "payloads[%zu]", i);
		report_add(list, NULL, payload_report(l, where,
		    tree_at(array, i)));
	}
	note_doubles(l, list);
}

void
payloads_name(const struct report *list, struct buf *out)
{
	size_t i, n = report_count(list);

	for (i = 0; i < n && i < PAYLOADS_NAMED; i++) {
		const char *type = report_get_text(report_at(list, i), "type");

		buf_printf(out, "%s%s", i > 0 ? ", " : "", type != NULL ?
		    type : "?");
	}
	if (n > PAYLOADS_NAMED)
		buf_printf(out, " and %zu more", n - PAYLOADS_NAMED);
}

/* ---- profiles ---- */

static bool
is_profile_key(const char *key)
{
	return strcmp(key, "PayloadContent") == 0 ||
	    strcmp(key, "EncryptedPayloadContent") == 0;
}

static enum status
add_profile_setting(const char *key, struct tree *node, void *arg)
{
	struct walk *w = arg;

	if (is_common(key) || is_profile_key(key))
		return OK;
	if (w->settings == NULL)
		w->settings = report_object();
	settings_add(w->l, w->where, key, node, w->settings);
	return OK;
}

static void
note_profile(struct layer *l, const struct tree *dict)
{
	static const char *const dates[] = {
		"PayloadExpirationDate", "RemovalDate"
	};
	char text[CLOCK_TEXT];
	size_t i;

	for (i = 0; i < ARRAY_LEN(dates); i++) {
		const struct tree *d = tree_get_kind(dict, dates[i], TREE_DATE);

		if (d != NULL && tree_date_of(d) < l->in->at)
			facts_note(&l->f, "expired", "profile", "%s is %s",
			    dates[i], clock_format(tree_date_of(d), text));
	}
	if (tree_get(dict, "EncryptedPayloadContent") != NULL &&
	    tree_get(dict, "PayloadContent") != NULL)
		facts_note(&l->f, "both_contents", "profile", "there are both "
		    "PayloadContent and EncryptedPayloadContent");
	if (tree_get(dict, "EncryptedPayloadContent") == NULL &&
	    tree_get(dict, "PayloadContent") == NULL)
		facts_note(&l->f, "missing_key", "profile", "PayloadContent is "
		    "missing");
}

static void
add_profile(struct layer *l, const struct tree *dict)
{
	struct walk w = { l, "profile", dict, report_object(), NULL };

	add_common(l, "profile", dict, w.r);
	(void)tree_each(dict, add_profile_setting, &w);
	if (w.settings != NULL)
		report_add(w.r, "settings", w.settings);
	report_add(l->r, "profile", w.r);
	note_profile(l, dict);
}

/*
 * Encrypted payloads are reported in "content".  If a key decrypted them, they
 * are reported in the same place as those of a plain profile.
 */
static bool
add_sealed(struct layer *l, const struct tree *dict)
{
	const struct tree *sealed = tree_get_kind(dict,
	    "EncryptedPayloadContent", TREE_DATA);
	struct report *inner, *plain;
	auto_buf der = BUF_INIT;
	const unsigned char *p;
	size_t len;

	if (sealed == NULL)
		return false;
	p = tree_data_of(sealed, &len);
	buf_add(&der, p, len);
	inner = layer_content(l, &der);
	plain = report_get(inner, "content");
	if (plain != NULL && report_get(plain, "payloads") != NULL) {
		report_add(l->r, "payloads", report_take(plain, "payloads"));
		return true;
	}
	return true;
}

static void
name_profile(const struct tree *dict, char *out, size_t size)
{
	const char *name = tree_get_string(dict, "PayloadDisplayName");
	const char *id = tree_get_string(dict, "PayloadIdentifier");

	snprintf(out, size, "%s%.100s%s(%.100s)", name != NULL ? "\"" : "",
	    name != NULL ? name : "", name != NULL ? "\" " : "",
	    id != NULL ? id : "without PayloadIdentifier");
}

static void
summarise_profile(struct layer *l, const struct tree *dict, bool sealed,
    const struct cms_view *around)
{
	const struct report *list = report_get(l->r, "payloads");
	auto_buf types = BUF_INIT;
	char name[260], by[300];

	name_profile(dict, name, sizeof name);
	plist_signature(around, by, sizeof by);
	if (list != NULL)
		payloads_name(list, &types);
	if (sealed)
		layer_is(l, around != NULL ? "signed_profile" :
		    "encrypted_profile", "a%s profile with encrypted payloads "
		    "%s%s%s%s", around != NULL ? " signed" : "n encrypted",
		    name, list != NULL ? ": " : "", buf_str(&types), by);
	else if (list == NULL)
		layer_is(l, around != NULL ? "signed_profile" : "profile",
		    "a%s profile %s without a list of payloads%s",
		    around != NULL ? " signed" : "", name, by);
	else
		layer_is(l, around != NULL ? "signed_profile" : "profile",
		    "a%s profile %s with %zu payload%s%s%s%s",
		    around != NULL ? " signed" : "", name, report_count(list),
		    report_count(list) == 1 ? "" : "s", types.len > 0 ? ": " :
		    "", buf_str(&types), by);
}

void
profile_configuration(struct layer *l, const struct tree *dict,
    const struct cms_view *around)
{
	const struct tree *content = tree_get_kind(dict, "PayloadContent",
	    TREE_ARRAY);
	bool sealed;

	add_profile(l, dict);
	if (content != NULL)
		payloads_add(l, content);
	sealed = add_sealed(l, dict);
	if (l->is_answer && l->media_type != NULL && strcmp(l->media_type,
	    "application/x-apple-aspen-config") != 0)
		facts_note(&l->f, "media_type", "http", "the Content-Type is "
		    "'%s'; devices require 'application/x-apple-aspen-config'",
		    l->media_type);
	summarise_profile(l, dict, sealed, around);
}

void
profile_service(struct layer *l, const struct tree *dict,
    const struct cms_view *around)
{
	const struct tree *content = tree_get_kind(dict, "PayloadContent",
	    TREE_DICT);
	const char *url = content != NULL ? tree_get_string(content, "URL") :
	    NULL;
	char by[300];

	add_profile(l, dict);
	if (content != NULL)
		settings_add(l, "profile_service", "profile_service", content,
		    l->r);
	plist_signature(around, by, sizeof by);
	layer_is(l, around != NULL ? "signed_profile" : "profile", "a%s "
	    "Profile Service profile (phase 1), which asks a device to reply "
	    "to %s%s", around != NULL ? " signed" : "", url != NULL ?
	    url : "no URL", by);
}
