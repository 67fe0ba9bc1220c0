/* Rules that are not in Apple's schema: names, secrets, and text in YAML. */
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "base/words.h"
#include "plist/secrets.h"
#include "schema/local.h"

/* ---- identifiers and UUIDs ---- */

static void
check_uuid(struct schema_run *r, const struct tree *dict)
{
	const struct tree *t = tree_get_kind(dict, "PayloadUUID", TREE_STRING);
	const char *uuid;
	size_t before;

	if (t == NULL)
		return;
	uuid = tree_string_of(t);
	before = schema_push(r, "PayloadUUID");
	if (!schema_has_variable(uuid)) {
		schema_remember(r, t, true, uuid);
		if (!ident_is_uuid(uuid))
			schema_say(r, t, RULE_BAD_UUID, "'%.100s' is not a "
			    "UUID (8-4-4-4-12 hexadecimal digits)", uuid);
		else if (strpbrk(uuid, "abcdef") != NULL && r->lower++ == 0)
			schema_say(r, t, RULE_LOWER_CASE_UUID, "devices and "
			    "servers write UUIDs in upper case (reported once "
			    "for each file)");
	}
	buf_cut(&r->path, before);
}

static void
check_identifier(struct schema_run *r, const struct tree *dict)
{
	const struct tree *t = tree_get_kind(dict, "PayloadIdentifier",
	    TREE_STRING);
	size_t before;

	if (t == NULL)
		return;
	before = schema_push(r, "PayloadIdentifier");
	if (tree_string_of(t)[0] == '\0')
		schema_say(r, t, RULE_BAD_FORMAT, "is empty");
	else if (!schema_has_variable(tree_string_of(t)))
		schema_remember(r, t, false, tree_string_of(t));
	buf_cut(&r->path, before);
}

static void
check_dict_names(struct schema_run *r, const struct tree *dict)
{
	check_identifier(r, dict);
	check_uuid(r, dict);
}

/* Devices remove the profile at this time, and refuse it afterwards. */
static void
check_removal_date(struct schema_run *r, const struct tree *profile)
{
	const struct tree *t = tree_get_kind(profile, "RemovalDate",
	    TREE_DATE);
	char text[CLOCK_TEXT];
	size_t before;

	if (t == NULL || tree_date_of(t) > r->opts->now)
		return;
	before = schema_push(r, "RemovalDate");
	schema_say(r, t, RULE_PAST_DATE, "the RemovalDate %s has passed",
	    clock_format(tree_date_of(t), text));
	buf_cut(&r->path, before);
}

void
schema_check_names(struct schema_run *r, const struct tree *profile)
{
	const struct tree *content = tree_get_kind(profile, "PayloadContent",
	    TREE_ARRAY);
	size_t i, first = r->out->name_count;

	schema_collect_targets(r, content);
	check_dict_names(r, profile);
	check_removal_date(r, profile);
	for (i = 0; i < tree_count(content); i++) {
		buf_cut(&r->path, 0);
		schema_push_payload(r, i);
		check_dict_names(r, tree_at(content, i));
	}
	buf_cut(&r->path, 0);
	findings_say_doubled(r->out, first);
}

/* ---- keys anywhere in a payload ---- */

/* Keys that are text (or data) wherever Apple's schema has them. */
static bool
is_text_key(const char *key)
{
	return words_choose("Password|UserPassword|AuthPassword|XAuthPassword|"
	    "ProxyPassword|SharedSecret|Challenge|SSID_STR|HESSID|UserName|"
	    "AuthName|XAuthName|ProxyUsername|ProxyServer|ServerName|HostName",
	    key);
}

/*
 * In YAML, an unquoted password of digits becomes a number, and true and false
 * become booleans.  Apple's schema finds this by the type.
 */
static void
check_is_text(struct schema_run *r, const char *key, const struct tree *t)
{
	enum tree_kind kind = tree_kind(t);
	bool is_number = kind == TREE_INT || kind == TREE_REAL;

	if (key == NULL || r->schema->complete ||
	    !(is_number || kind == TREE_BOOL) || !r->is_apples)
		return;
	if (is_text_key(key) || (is_number && words_end_in(key, "assword")))
		schema_say(r, t, RULE_WRONG_TYPE, "is of type %s, should be "
		    "string (in YAML, put it in quotes)",
		    tree_kind_name(kind));
}

/* An empty value or a variable reveals nothing. */
static void
check_secret(struct schema_run *r, const char *key, const struct tree *t)
{
	size_t len = 1;

	if (!tree_holds_secret(key, t))
		return;
	if (tree_kind(t) == TREE_DATA)
		(void)tree_data_of(t, &len);
	else if (tree_kind(t) == TREE_STRING)
		len = schema_has_variable(tree_string_of(t)) ? 0 :
		    strlen(tree_string_of(t));
	if (len > 0)
		schema_say(r, t, RULE_CLEAR_TEXT_SECRET, "a secret in clear "
		    "text: encrypt the profile, or fill it in for each "
		    "device");
}

struct walk {
	struct schema_run *run;
	const char *key;	/* of the nearest dictionary */
	bool takes_pem;
	bool holds_certificate;	/* PayloadContent has a certificate, which may
				 * be PEM */
	size_t i;
};

static enum status walk(const char *, struct tree *, void *);

/*
 * Devices accept a CA certificate in PEM, although Apple's documentation
 * requires DER.
 */
static void
say_pem(struct schema_run *r, const struct walk *w, const struct tree *t)
{
	if (w->holds_certificate && w->key != NULL &&
	    strcmp(w->key, "PayloadContent") == 0)
		schema_warn(r, t, RULE_PEM_IN_DATA, "PEM text: devices accept "
		    "it, but Apple requires DER (trailofbits/algo)");
	else
		schema_say(r, t, RULE_PEM_IN_DATA, "PEM text, should be DER "
		    "(decode its base64)");
}

static void
look(struct schema_run *r, const struct walk *w, const struct tree *t)
{
	if (tree_kind(t) == TREE_DATA && !w->takes_pem && schema_is_pem(t))
		say_pem(r, w, t);
	check_is_text(r, w->key, t);
	check_secret(r, w->key, t);
	if (w->key != NULL)
		schema_check_reference(r, w->key, t);
}

static enum status
walk(const char *key, struct tree *t, void *arg)
{
	struct walk *w = arg;
	struct walk inner = *w;
	const struct tree *outer = w->run->near;
	size_t before;

	before = key != NULL ? schema_push(w->run, key) :
	    schema_push_index(w->run, w->i++);
	if (key != NULL)
		inner.key = key;
	inner.i = 0;
	if (tree_kind(t) == TREE_DICT || tree_kind(t) == TREE_ARRAY) {
		w->run->near = t;
		(void)tree_each(t, walk, &inner);
		w->run->near = outer;
	} else {
		look(w->run, &inner, t);
	}
	buf_cut(&w->run->path, before);
	return OK;
}

/* False for the settings of other programs, whose keys are unknown. */
static bool
is_apples(const char *type)
{
	return strncmp(type, "com.apple.", 10) == 0 &&
	    strcmp(type, "com.apple.ManagedClient.preferences") != 0;
}

void
schema_check_payload_rules(struct schema_run *r, const struct tree *payload,
    const char *type)
{
	struct walk w = { .run = r };

	w.takes_pem = strncmp(type, "com.apple.", 10) != 0 ||
	    strcmp(type, "com.apple.security.pem") == 0;
	w.holds_certificate = strcmp(type, "com.apple.security.root") == 0 ||
	    strcmp(type, "com.apple.security.pkcs1") == 0;
	r->is_apples = is_apples(type);
	r->near = payload;
	(void)tree_each(payload, walk, &w);
	schema_check_certificates(r, payload, type);
	schema_check_request(r, payload, type);
	schema_check_dependencies(r, payload, type);
}
