/* Property lists: profiles, payloads, a device's answers, messages of MDM. */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "inspect.h"

enum {
	PAYLOADS_NAMED = 4,	/* in the summary */
	DOUBLES_MAX = 500,	/* payloads whose UUIDs are compared */
};

/* The keys that every payload has, and what they are called in a report. */
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

/* What a device tells about itself; other names are noted as unknown. */
static const char *const attributes[] = {
	"UDID", "VERSION", "PRODUCT", "SERIAL", "MEID", "IMEI", "ICCID",
	"MAC_ADDRESS_EN0", "DEVICE_NAME", "COMPROMISED", "IMSI", "ECID",
	"CHALLENGE", "NotOnConsole", "UserID", "UserLongName",
	"UserShortName", "LANGUAGE", "OS_VERSION",
	"MDM_CAN_REQUEST_SOFTWARE_UPDATE", "MDM_CAN_REQUEST_PSSO_CONFIG",
	"SOFTWARE_UPDATE_DEVICE_ID", "SUPPLEMENTAL_BUILD_VERSION",
	"SUPPLEMENTAL_OS_VERSION_EXTRA", "PAIRING_TOKEN",
};

/* Those that only the MachineInfo of a managed enrollment has. */
static const char *const machine_info[] = {
	"LANGUAGE", "OS_VERSION", "MDM_CAN_REQUEST_SOFTWARE_UPDATE",
	"MDM_CAN_REQUEST_PSSO_CONFIG", "SOFTWARE_UPDATE_DEVICE_ID",
	"SUPPLEMENTAL_BUILD_VERSION", "SUPPLEMENTAL_OS_VERSION_EXTRA",
	"PAIRING_TOKEN",
};

static bool
is_in(const char *name, const char *const *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

static bool
is_common(const char *key)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(common_keys); i++)
		if (strcmp(common_keys[i].key, key) == 0)
			return true;
	return false;
}

/* ", signed by CN=x" for what was in SignedData. */
static void
signature(const struct cms_view *v, char *out, size_t size)
{
	if (v == NULL)
		out[0] = '\0';
	else if (v->signers == 0)
		snprintf(out, size, ", in a message that nobody signed");
	else if (v->signers > 1)
		snprintf(out, size, ", signed by %zu signers", v->signers);
	else
		snprintf(out, size, ", signed by %s", v->signer_name != NULL ?
		    v->signer_name : "a certificate that is not inside");
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
	return strcmp(type, "com.apple.security.root") == 0 ||
	    strcmp(type, "com.apple.security.pkcs1") == 0 ||
	    strcmp(type, "com.apple.security.pem") == 0;
}

/* The certificate or PKCS #12 of a payload, looked into. */
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
		    "PEM text; devices want DER");
	inner = layer_inspect(l->in, &data, l->depth + 1);
	if (inner == NULL) {
		facts_note(&l->f, "bad_certificate", where, "holds no "
		    "certificate that can be read: %s", l->in->why);
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
			facts_note(&l->f, "missing_key", where, "%s is not "
			    "there", common_keys[i].key);
		}
	}
}

static struct report *
payload(struct layer *l, const char *where, const struct tree *dict)
{
	struct walk w = { l, where, dict, report_object(), NULL };

	if (tree_kind(dict) != TREE_DICT) {
		report_null(w.r, "type");
		facts_note(&l->f, "bad_payload", where, "is no dict but a %s",
		    tree_kind_name(tree_kind(dict)));
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

static void
add_payloads(struct layer *l, const struct tree *array)
{
	struct report *list = report_array();
	size_t i;

	for (i = 0; i < tree_count(array); i++) {
		char where[40];

		snprintf(where, sizeof where, "payloads[%zu]", i);
		report_add(list, NULL, payload(l, where, tree_at(array, i)));
	}
	note_doubles(l, list);
	report_add(l->r, "payloads", list);
}

/* "com.apple.a, com.apple.b and 3 more" */
static void
name_payloads(const struct report *list, struct buf *out)
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
		facts_note(&l->f, "missing_key", "profile", "there is no "
		    "PayloadContent");
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
 * What was sealed is found in "content"; payloads that a key opened are told
 * where those of a plain profile are.
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
	signature(around, by, sizeof by);
	if (list != NULL)
		name_payloads(list, &types);
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

static void
profile(struct layer *l, const struct tree *dict,
    const struct cms_view *around)
{
	const struct tree *content = tree_get_kind(dict, "PayloadContent",
	    TREE_ARRAY);
	bool sealed;

	add_profile(l, dict);
	if (content != NULL)
		add_payloads(l, content);
	sealed = add_sealed(l, dict);
	if (l->is_answer && l->media_type != NULL && strcmp(l->media_type,
	    "application/x-apple-aspen-config") != 0)
		facts_note(&l->f, "media_type", "http", "the Content-Type is "
		    "'%s'; devices want 'application/x-apple-aspen-config'",
		    l->media_type);
	summarise_profile(l, dict, sealed, around);
}

/* Phase 1: what the device is asked for. */
static void
service_profile(struct layer *l, const struct tree *dict,
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
	signature(around, by, sizeof by);
	layer_is(l, around != NULL ? "signed_profile" : "profile", "a%s "
	    "Profile Service profile (phase 1), which asks a device to "
	    "answer to %s%s", around != NULL ? " signed" : "", url != NULL ?
	    url : "no URL", by);
}

/* ---- what devices send ---- */

struct device {
	struct layer *l;
	struct report *r;
	bool is_machine_info;
	bool has_challenge;
};

static enum status
add_attribute(const char *key, struct tree *node, void *arg)
{
	struct device *d = arg;

	settings_add(d->l, "device", key, node, d->r);
	if (strcmp(key, "CHALLENGE") == 0)
		d->has_challenge = true;
	if (is_in(key, machine_info, ARRAY_LEN(machine_info)))
		d->is_machine_info = true;
	if (!is_in(key, attributes, ARRAY_LEN(attributes)))
		facts_note(&d->l->f, "unknown_attribute", "device", "the "
		    "device sent %s, which is none that is known", key);
	return OK;
}

/* Apple's factory CAs have such names; a name proves nothing. */
static bool
looks_like_factory(const struct cms_view *v)
{
	return v != NULL && v->signer_issuer != NULL &&
	    strstr(v->signer_issuer, "Device CA") != NULL;
}

static void
device_answer(struct layer *l, const struct tree *dict,
    const struct cms_view *around)
{
	const char *product = tree_get_string(dict, "PRODUCT");
	const char *udid = tree_get_string(dict, "UDID");
	const char *serial = tree_get_string(dict, "SERIAL");
	struct device d = { l, report_object(), false, false };
	const char *phase, *words;
	char by[300];

	(void)tree_each(dict, add_attribute, &d);
	if (d.is_machine_info) {
		phase = "machine_info";
		words = "MachineInfo of a managed enrollment";
	} else if (around == NULL) {
		phase = "unsigned";
		words = "not signed, as mcfg-verify writes them";
	} else if (looks_like_factory(around) || d.has_challenge) {
		phase = "phase2";
		words = "phase 2 by its look";
	} else {
		phase = "phase3";
		words = "phase 3 by its look";
	}
	report_str(l->r, "phase", phase);
	report_add(l->r, "device", d.r);
	signature(around, by, sizeof by);
	layer_is(l, "device_response", "a device's %s (%s): %s%s%.80s%s%s",
	    around != NULL ? "answer" : "attributes", words,
	    product != NULL ? product : "no PRODUCT", udid != NULL ?
	    ", UDID " : serial != NULL ? ", serial " : "", udid != NULL ?
	    udid : serial != NULL ? serial : "", d.has_challenge ?
	    ", with a challenge" : "", by);
}

static bool
is_scalar_dict(const struct tree *dict)
{
	size_t i = 0;

	for (i = 0; i < ARRAY_LEN(attributes); i++) {
		const struct tree *v = tree_get(dict, attributes[i]);

		if (v != NULL && tree_count(v) > 0)
			return false;
	}
	return true;
}

static bool
is_device(const struct tree *dict)
{
	static const char *const telling[] = {
		"UDID", "SERIAL", "PRODUCT", "IMEI", "MEID", "CHALLENGE",
		"ICCID", "MAC_ADDRESS_EN0", "DEVICE_NAME",
	};
	size_t i;

	if (tree_get(dict, "MessageType") != NULL ||
	    tree_get(dict, "CommandUUID") != NULL || !is_scalar_dict(dict))
		return false;
	for (i = 0; i < ARRAY_LEN(telling); i++)
		if (tree_get(dict, telling[i]) != NULL)
			return true;
	return false;
}

/* ---- MDM ---- */

static bool
mdm_message(struct layer *l, const struct tree *dict,
    const struct cms_view *around)
{
	const char *type = tree_get_string(dict, "MessageType");
	const char *status = tree_get_string(dict, "Status");
	const char *uuid = tree_get_string(dict, "CommandUUID");
	const char *udid = tree_get_string(dict, "UDID");
	const char *kind = around != NULL ? "cms" : "mdm";
	char by[300];

	signature(around, by, sizeof by);
	if (type != NULL)
		layer_is(l, kind, "an MDM check-in message %.40s of %.80s%s",
		    type, udid != NULL ? udid : "no UDID", by);
	else if (status != NULL && tree_get(dict, "Command") == NULL &&
	    (uuid != NULL || udid != NULL))
		layer_is(l, kind, "an MDM device's report %.40s of %.80s%s",
		    status, udid != NULL ? udid : "no UDID", by);
	else if (uuid != NULL && tree_get(dict, "Command") != NULL)
		layer_is(l, kind, "an MDM command %.60s%s", uuid, by);
	else
		return false;
	settings_add(l, NULL, "message", dict, l->r);
	return true;
}

/* ---- all of them ---- */

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

	signature(around, by, sizeof by);
	if (tree_kind(t) == TREE_ARRAY && is_payload_list(t)) {
		add_payloads(l, t);
		name_payloads(report_get(l->r, "payloads"), &types);
		layer_is(l, around != NULL ? "cms" : "payloads", "a bare list "
		    "of payloads, as it is encrypted in a profile: %s%s",
		    buf_str(&types), by);
		return;
	}
	settings_add(l, NULL, "plist", t, l->r);
	if (tree_kind(t) == TREE_DICT || tree_kind(t) == TREE_ARRAY)
		snprintf(members, sizeof members, " with %zu member%s",
		    tree_count(t), tree_count(t) == 1 ? "" : "s");
	layer_is(l, around != NULL ? "cms" : "plist", "a property list that "
	    "is no profile: %s%s%s", tree_kind_name(tree_kind(t)), members,
	    by);
}

static void
dict_plist(struct layer *l, const struct tree *dict,
    const struct cms_view *around)
{
	const char *type = tree_get_string(dict, "PayloadType");
	char by[300];

	if (type != NULL && strcmp(type, "Profile Service") == 0)
		service_profile(l, dict, around);
	else if ((type != NULL && strcmp(type, "Configuration") == 0) ||
	    tree_get_kind(dict, "PayloadContent", TREE_ARRAY) != NULL ||
	    tree_get(dict, "EncryptedPayloadContent") != NULL)
		profile(l, dict, around);
	else if (type != NULL) {
		struct report *list = report_array();

		signature(around, by, sizeof by);
		report_add(list, NULL, payload(l, "payloads[0]", dict));
		report_add(l->r, "payloads", list);
		layer_is(l, around != NULL ? "cms" : "payloads", "one payload "
		    "%.80s without a profile around it%s", type, by);
	} else if (!mdm_message(l, dict, around)) {
		if (is_device(dict))
			device_answer(l, dict, around);
		else
			other_plist(l, dict, around);
	}
}

/* A plist in SignedData that cannot be read is still SignedData. */
static bool
broken_plist(struct layer *l, const char *reason,
    const struct cms_view *around)
{
	char by[300];

	if (around == NULL)
		return layer_unknown(l, "begins as a property list, but %s",
		    reason);
	signature(around, by, sizeof by);
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
	char reason[256];
	enum status st;

	diag_capture(reason, sizeof reason);
	st = tree_parse(bytes, "plist", NULL, &t);
	diag_capture(NULL, 0);
	if (st != OK)
		return broken_plist(l, reason, around);
	report_str(l->form, NULL, binary ? "binary_plist" : "xml");
	if (!binary && around == NULL)
		note_lines(l, bytes);
	if (tree_kind(t) == TREE_DICT)
		dict_plist(l, t, around);
	else
		other_plist(l, t, around);
	return true;
}
