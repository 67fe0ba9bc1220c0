/* Checks a whole profile against the schemas of its payloads. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plist/device_attributes.h"
#include "schema/local.h"
#include "schema/schema.h"

static const struct schema_span nowhere;

static const struct spec_node *
keys_of(const struct schema_run *r, const char *name)
{
	const struct schema_type *found[SCHEMA_ALTERNATIVES];

	return schema_find(r->schema, name, found) > 0 ? found[0]->keys : NULL;
}

/* "com.apple.*,com.example.a": names, or prefixes before a star. */
static bool
is_allowed(const char *list, const char *type)
{
	const char *p = list;
	size_t n;

	while (*p != '\0') {
		n = strcspn(p, ",");
		if (n > 0 && p[n - 1] == '*' ?
		    strncmp(p, type, n - 1) == 0 :
		    strlen(type) == n && strncmp(p, type, n) == 0)
			return true;
		p += n;
		p += *p == ',';
	}
	return false;
}

/* True for a payload of a type that the schema has only for macOS. */
static bool
is_macs_only(struct schema_run *r, const struct tree *payload)
{
	const char *type = tree_get_string(payload, "PayloadType");
	const struct schema_type *found[SCHEMA_ALTERNATIVES];
	const struct spec_node *os;
	const char *text;
	size_t i, n = type == NULL ? 0 : schema_find(r->schema, type, found);

	while (n-- > 0) {
		os = spec_node_get(found[n]->payload, "supportedOS");
		if (spec_node_get(os, "macOS") == NULL)
			return false;
		for (i = 0; i < spec_node_count(os); i++) {
			text = spec_node_get_text(spec_node_value(os, i),
			    "introduced");
			if ((text == NULL || strcmp(text, "n/a") != 0) !=
			    (strcmp(spec_node_key(os, i), "macOS") == 0))
				return false;
		}
		if (n == 0)
			return true;
	}
	return false;
}

/* True for a profile if this applies to all its payloads. */
static bool
is_for_macs(struct schema_run *r, const struct tree *dict)
{
	const struct tree *content = tree_get_kind(dict, "PayloadContent",
	    TREE_ARRAY);
	const char *type = tree_get_string(dict, "PayloadType");
	size_t i;

	if (r->opts->platform != NULL)
		return strcmp(r->opts->platform, "macOS") == 0;
	if (type == NULL || strcmp(type, "Configuration") != 0)
		return is_macs_only(r, dict);
	for (i = 0; content != NULL && i < tree_count(content); i++)
		if (!is_macs_only(r, tree_at(content, i)))
			return false;
	return i > 0;
}

/*
 * iOS refuses payloads without PayloadVersion (mosen/profiledocs pull request
 * 8); so does Apple Business Manager.  macOS does not (microsoft/mdatp-xplat
 * issue 257), and Apple's example of com.apple.servicemanagement has none.
 * macOS also accepts versions other than 1 (munki/munki issue 527).
 */
static void
check_missing_version(struct schema_run *r, const struct tree *dict)
{
	if (is_for_macs(r, dict))
		schema_warn(r, dict, RULE_PAYLOAD_VERSION, "'PayloadVersion' "
		    "is missing, should be 1 (macOS accepts the profile, Apple "
		    "Business Manager does not)");
	else
		schema_say(r, dict, RULE_PAYLOAD_VERSION, "'PayloadVersion' is "
		    "missing: it should be 1");
}

static void
check_version(struct schema_run *r, const struct tree *dict)
{
	const struct tree *v = tree_get(dict, "PayloadVersion");
	char shown[SCHEMA_VALUE_SHOWN];
	size_t before;

	if (v == NULL) {
		check_missing_version(r, dict);
		return;
	}
	if ((tree_kind(v) == TREE_INT && tree_int_of(v) == 1) ||
	    schema_is_variable(v))
		return;
	before = schema_push(r, "PayloadVersion");
	schema_show(v, shown);
	if (tree_kind(v) == TREE_REAL && !(tree_real_of(v) < 1) &&
	    !(tree_real_of(v) > 1))
		schema_say(r, v, RULE_REAL_AS_INTEGER, "is a real, must be "
		    "the integer 1");
	else if (tree_kind(v) == TREE_INT && is_for_macs(r, dict))
		schema_warn(r, v, RULE_PAYLOAD_VERSION, "%s, should be 1 "
		    "(macOS accepts the profile)", shown);
	else if (tree_kind(v) == TREE_INT)
		schema_say(r, v, RULE_PAYLOAD_VERSION, "%s, must be 1", shown);
	else
		schema_say(r, v, RULE_PAYLOAD_VERSION, "the %s '%s', must be "
		    "the integer 1", tree_kind_name(tree_kind(v)), shown);
	buf_cut(&r->path, before);
}

/*
 * Finds the files that describe a type, and checks what they say about the
 * chosen system.
 */
static void
check_type_support(struct schema_run *r, const struct tree *payload,
    const char *type, struct schema_lists *l)
{
	const struct schema_type *found[SCHEMA_ALTERNATIVES];
	size_t i;

	r->type = type;
	l->n = schema_find(r->schema, type, found);
	for (i = 0; i < l->n; i++)
		l->any[i] = found[i]->keys;
	if (l->n > 0) {
		r->payload = found[0]->payload;
		schema_read_span(r, found[0]->payload, true, &l->span);
		schema_check_span(r, payload, &l->span, &nowhere);
		return;
	}
	if (r->schema->complete && r->opts->allow_types == NULL &&
	    !schema_has_variable(type))
		schema_say(r, payload, RULE_UNKNOWN_TYPE, "the type '%.100s' "
		    "is not in the schema", type);
}

/*
 * Apple's own tools put the settings of an access point into an array that the
 * schema lacks.
 */
static const struct tree *
find_settings(const struct tree *payload, const char *type)
{
	return type != NULL && strcmp(type, "com.apple.apn.managed") == 0 ?
	    tree_get_kind(payload, "PayloadContent", TREE_ARRAY) : NULL;
}

/* Checks each item of array against the lists of the payload's type. */
static void
check_settings(struct schema_run *r, struct schema_lists *l,
    const struct tree *array)
{
	const struct schema_lists inner = *l;
	size_t i, before = schema_push(r, "PayloadContent");

	for (i = 0; i < tree_count(array); i++) {
		size_t at = schema_push_index(r, i);

		schema_check_keys(r, &inner, tree_at(array, i));
		buf_cut(&r->path, at);
	}
	buf_cut(&r->path, before);
	l->n = 0;
}

static void
lint_payload(struct schema_run *r, const struct tree *payload)
{
	struct schema_lists l = { .n = 0 };
	const struct tree *settings;
	const char *type;

	r->payload = NULL;
	r->type = NULL;
	if (schema_is_variable(payload))
		return;
	if (tree_kind(payload) != TREE_DICT) {
		schema_say(r, payload, RULE_WRONG_TYPE, "is of type %s, "
		    "should be dictionary",
		    tree_kind_name(tree_kind(payload)));
		return;
	}
	if ((type = tree_get_string(payload, "PayloadType")) != NULL) {
		if (r->opts->allow_types != NULL &&
		    !is_allowed(r->opts->allow_types, type))
			schema_say(r, payload, RULE_TYPE_NOT_ALLOWED, "the "
			    "payload type '%.100s' is not allowed here", type);
		check_type_support(r, payload, type, &l);
	}
	if ((settings = find_settings(payload, type)) != NULL)
		check_settings(r, &l, settings);
	l.more[0] = keys_of(r, "CommonPayloadKeys");
	l.more[1] = keys_of(r, "Tolerated");
	check_version(r, payload);
	schema_check_keys(r, &l, payload);
	schema_check_payload_rules(r, payload, type != NULL ? type : "");
}

/* True if the schema allows only one payload of this type. */
static bool
is_single(const struct schema_run *r, const char *type)
{
	const struct schema_type *found[SCHEMA_ALTERNATIVES];
	const struct spec_node *os;
	const char *text;
	size_t i;

	if (schema_find(r->schema, type, found) != 1)
		return false;
	os = spec_node_get(found[0]->payload, "supportedOS");
	for (i = 0; i < spec_node_count(os); i++) {
		if (r->opts->platform != NULL &&
		    strcmp(spec_node_key(os, i), r->opts->platform) != 0)
			continue;
		text = spec_node_get_text(spec_node_value(os, i), "multiple");
		if (text == NULL || strcmp(text, "false") != 0)
			return false;
	}
	return spec_node_count(os) > 0;
}

struct typed {
	const char *type;
	const struct tree *payload;
	size_t i;
};

static int
compare_types(const void *va, const void *vb)
{
	const struct typed *a = va, *b = vb;
	int c = strcmp(a->type, b->type);

	if (c != 0)
		return c;
	return a->i < b->i ? -1 : a->i > b->i;
}

static void
check_multiple(struct schema_run *r, const struct tree *payloads)
{
	size_t i, n = 0, count = tree_count(payloads);
	struct typed *v = xcalloc(count + 1, sizeof *v);
	bool single = false;

	for (i = 0; i < count; i++) {
		v[n].payload = tree_at(payloads, i);
		v[n].i = i;
		v[n].type = tree_get_string(v[n].payload, "PayloadType");
		if (v[n].type != NULL)
			n++;
	}
	qsort(v, n, sizeof *v, compare_types);
	for (i = 1; i < n; i++) {
		if (strcmp(v[i].type, v[i - 1].type) != 0) {
			single = false;
			continue;
		}
		if (!single && !is_single(r, v[i].type))
			continue;
		single = true;
		buf_cut(&r->path, 0);
		schema_push_payload(r, v[i].i);
		schema_say(r, v[i].payload, RULE_MULTIPLE_PAYLOADS, "the "
		    "type '%.100s' is allowed only once, and is also that of "
		    "PayloadContent[%zu]", v[i].type, v[i - 1].i);
	}
	free(v);
	buf_cut(&r->path, 0);
	}

static void
lint_content(struct schema_run *r, const struct tree *profile)
{
	const struct tree *content = tree_get(profile, "PayloadContent");
	const struct tree *sealed = tree_get_kind(profile,
	    "EncryptedPayloadContent", TREE_DATA);
	size_t i;

	if (sealed != NULL)
		schema_say(r, sealed, RULE_ENCRYPTED, "the payloads are "
		    "encrypted and were not checked");
	if (content == NULL) {
		if (sealed == NULL)
			schema_say(r, profile, RULE_MISSING_KEY,
			    "'PayloadContent' is missing");
		return;
	}
	if (schema_is_variable(content))
		return;
	if (tree_kind(content) != TREE_ARRAY) {
		schema_say(r, content, RULE_WRONG_TYPE, "PayloadContent is "
		    "of type %s, must be an array",
		    tree_kind_name(tree_kind(content)));
		return;
	}
	for (i = 0; i < tree_count(content); i++) {
		buf_cut(&r->path, 0);
		schema_push_payload(r, i);
		lint_payload(r, tree_at(content, i));
	}
	buf_cut(&r->path, 0);
		check_multiple(r, content);
}

static void
lint_configuration(struct schema_run *r, const struct tree *profile)
{
	struct schema_lists l = { .n = 1, .skip = "PayloadContent" };

	l.any[0] = keys_of(r, "TopLevel");
	l.more[0] = keys_of(r, "Tolerated");
	check_version(r, profile);
	schema_check_keys(r, &l, profile);
	schema_check_names(r, profile);
	lint_content(r, profile);
}

static void
check_attribute(struct schema_run *r, const struct tree *t)
{
	if (t == NULL || tree_kind(t) != TREE_STRING ||
	    schema_has_variable(tree_string_of(t)) ||
	    (device_attribute(tree_string_of(t)) & DEVICE_DOCUMENTED) != 0)
		return;
	schema_say(r, t, RULE_UNKNOWN_KEY, "Apple documents no attribute "
	    "'%.100s'", tree_string_of(t));
}

/* The profile of phase 1, whose content is one dictionary. */
static void
lint_service(struct schema_run *r, const struct tree *profile)
{
	struct schema_lists l = { .n = 1 };
	const struct tree *content, *list;
	const char *url;
	size_t i, before, inner;

	l.any[0] = keys_of(r, "Profile Service");
	l.more[0] = keys_of(r, "Tolerated");
	check_version(r, profile);
	schema_check_keys(r, &l, profile);
	schema_check_names(r, profile);
	content = tree_get_kind(profile, "PayloadContent", TREE_DICT);
	before = schema_push(r, "PayloadContent");
	list = tree_get_kind(content, "DeviceAttributes", TREE_ARRAY);
	for (i = 0; list != NULL && i < tree_count(list); i++) {
		inner = schema_push(r, "DeviceAttributes");
		schema_push_index(r, i);
		check_attribute(r, tree_at(list, i));
		buf_cut(&r->path, inner);
	}
	schema_check_white_space(r, content, "URL");
	schema_check_white_space(r, content, "Challenge");
	url = tree_get_string(content, "URL");
	if (url != NULL && strncasecmp(url, "http://", 7) == 0) {
		schema_push(r, "URL");
		schema_say(r, tree_get(content, "URL"), RULE_PLAIN_HTTP,
		    "devices have required https since iOS 12");
	}
	buf_cut(&r->path, before);
}

/* ---- faults that the reader ignored ---- */

static void
say_fault(struct schema_run *r, const struct tree_fault *f)
{
	static const enum finding_rule rules[] = {
		[TREE_FAULT_DOUBLED] = RULE_DUPLICATE_KEY,
		[TREE_FAULT_VALUE] = RULE_BAD_VALUE,
		[TREE_FAULT_STRAY] = RULE_STRAY_BYTES,
	};

	schema_say_at(r, f->line, f->column, rules[f->kind], "%s", f->text);
}

/* Reports those of one node; NULL for the file as a whole. */
static void
say_faults_of(struct schema_run *r, const struct tree *t)
{
	const struct tree_fault *f;
	size_t i;

	for (i = 0; (f = tree_marks_fault(r->src->marks, i)) != NULL; i++)
		if (f->node == t)
			say_fault(r, f);
	if (t != NULL && tree_marks_is_padded(r->src->marks, t))
		schema_say(r, t, RULE_EXCESS_PADDING, "base64 with more '=' "
		    "at its end than it needs");
}

struct fault_walk {
	struct schema_run *run;
	size_t i;		/* index of an array's item */
};

static enum status
find_faults(const char *name, struct tree *t, void *arg)
{
	struct fault_walk *w = arg, inner = { w->run, 0 };
	size_t before;

	before = name != NULL ? schema_push(w->run, name) :
	    schema_push_index(w->run, w->i++);
	say_faults_of(w->run, t);
	(void)tree_each(t, find_faults, &inner);
	buf_cut(&w->run->path, before);
	return OK;
}

/* Walks through the tree only if there are any, which is rare. */
static void
say_faults(struct schema_run *r, const struct tree *t)
{
	const struct tree_marks *m = r->src->marks;
	struct fault_walk w = { r, 0 };

	if (m == NULL || (!tree_marks_has_padded(m) &&
	    tree_marks_fault(m, 0) == NULL))
		return;
	say_faults_of(r, NULL);
	say_faults_of(r, t);
	(void)tree_each(t, find_faults, &w);
}

enum status
schema_lint(struct schema *s, const struct schema_options *o,
    const struct schema_source *src, const struct tree *t,
    struct findings *out)
{
	struct schema_run r = {
		.schema = s, .opts = o, .src = src, .out = out,
	};
	const char *type = tree_get_string(t, "PayloadType");

	findings_begin(out, src->file);
	say_faults(&r, t);
	if (tree_kind(t) != TREE_DICT)
		schema_say(&r, t, RULE_NOT_A_PROFILE, "the property list is of "
		    "type %s, a profile must be a dictionary",
		    tree_kind_name(tree_kind(t)));
	else if (type == NULL)
		schema_say(&r, t, RULE_NOT_A_PROFILE, "PayloadType is missing");
	else if (strcmp(type, "Configuration") == 0)
		lint_configuration(&r, t);
	else if (strcmp(type, "Profile Service") == 0)
		lint_service(&r, t);
	else
		schema_say(&r, tree_get(t, "PayloadType"), RULE_NOT_A_PROFILE,
		    "PayloadType is '%.100s', not Configuration or Profile "
		    "Service", type);
	buf_free(&r.path);
	free(r.targets);
	return s->st;
}
