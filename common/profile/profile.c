/* Builds, checks and completes profiles. */
#include "profile/profile.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/uuid.h"
#include "plist/device_attributes.h"
#include "plist/secrets.h"

const char *
profile_check_text(const char *value)
{
	return tree_text_fault(value, strlen(value));
}

const char *
profile_check_identifier(const char *value)
{
	const char *p;

	if (*value == '\0')
		return "an identifier cannot be empty";
	for (p = value; *p != '\0'; p++)
		if (*p == '/' || *p == ' ' || (*p >= '\t' && *p <= '\r'))
			return "an identifier has no space and no slash";
	return profile_check_text(value);
}

const char *
profile_check_uuid(const char *value)
{
	return ident_is_uuid(value) ? NULL : "not a UUID";
}

static void
set(struct tree *dict, const char *key, const char *value, bool only_missing)
{
	if (value != NULL && (!only_missing || tree_get(dict, key) == NULL))
		tree_set_string(dict, key, value);
}

void
profile_identify(struct tree *payload, const struct profile_identity *id,
    bool only_missing)
{
	char uuid[IDENT_TEXT];
	size_t i;

	set(payload, "PayloadIdentifier", id->identifier, only_missing);
	if (id->uuid != NULL) {
		/*
		 * Devices compare UUIDs as text, so all are written in upper
		 * case.
		 */
		for (i = 0; i < sizeof uuid - 1; i++)
			uuid[i] = (char)(id->uuid[i] >= 'a' &&
			    id->uuid[i] <= 'f' ? id->uuid[i] - 'a' + 'A' :
			    id->uuid[i]);
		uuid[i] = '\0';
		set(payload, "PayloadUUID", uuid, only_missing);
	}
	set(payload, "PayloadDisplayName", id->display_name, only_missing);
	set(payload, "PayloadDescription", id->description, only_missing);
	set(payload, "PayloadOrganization", id->organization, only_missing);
}

struct tree *
profile_payload(const char *type, const struct profile_identity *id,
    const char *path)
{
	struct tree *t = tree_dict();
	char uuid[IDENT_TEXT];

	tree_set_string(t, "PayloadType", type);
	tree_set_int(t, "PayloadVersion", 1);
	profile_identify(t, id, false);
	if (id->uuid == NULL) {
		ident_make(id->seed, path, uuid);
		tree_set_string(t, "PayloadUUID", uuid);
	}
	return t;
}

static struct tree *
attributes_of(const struct strings *given)
{
	const struct strings *l = given->n > 0 ? given :
	    &device_usual_attributes;
	struct tree *array = tree_array();
	size_t i;

	for (i = 0; i < l->n; i++) {
		if ((device_attribute(l->v[i]) & DEVICE_DOCUMENTED) == 0)
			warning("attribute '%s' is not one that Apple "
			    "documents", l->v[i]);
		tree_append(array, tree_string(l->v[i]));
	}
	return array;
}

struct tree *
profile_service(const struct profile_identity *id,
    const struct profile_service *s)
{
	struct tree *t = profile_payload("Profile Service", id, id->identifier);
	struct tree *content = tree_dict();

	tree_set_string(content, "URL", s->url);
	tree_set(content, "DeviceAttributes", attributes_of(s->attributes));
	if (s->challenge != NULL)
		tree_set(content, "Challenge", s->challenge_is_data ?
		    tree_data(s->challenge->data, s->challenge->len) :
		    tree_string(buf_str(s->challenge)));
	tree_set(t, "PayloadContent", content);
	return t;
}

struct tree *
profile_configuration(const struct profile_identity *id,
    struct tree *payloads)
{
	struct tree *t = profile_payload("Configuration", id, id->identifier);

	tree_set(t, "PayloadContent", payloads);
	return t;
}

/* ---- completing ---- */

struct completing {
	const struct profile_source *src;
	const struct spec_uuids *uuids;
	struct tree *made;	/* UUIDs by PATH#NAME, or by group */
	struct problem *why;
};

/* A payload of a profile, or one in its dicts. */
struct place {
	struct completing *c;
	const char *path;	/* identifiers from the top */
	struct tree *container;
	size_t index;
};

static bool
is_profile_type(const char *type)
{
	return type != NULL && (strcmp(type, "Configuration") == 0 ||
	    strcmp(type, "Profile Service") == 0);
}

/* Refuses a profile for a node of it, with its place if that is known. */
static enum status refuse(const struct tree_marks *, const struct tree *,
    struct problem *, const char *, ...) PRINTF_LIKE(4, 5);

static enum status
refuse(const struct tree_marks *marks, const struct tree *at,
    struct problem *why, const char *fmt, ...)
{
	unsigned long line = 0, column = 0;
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (marks != NULL)
		tree_marks_get(marks, at, &line, &column);
	return problem_at(why, REFUSED, line, column, "%s", text);
}

enum status
profile_check(const struct tree *t, const struct tree_marks *marks,
    struct problem *why)
{
	const struct tree *type = tree_get(t, "PayloadType");
	const char *id = tree_get_string(t, "PayloadIdentifier");

	if (tree_kind(t) != TREE_DICT)
		return refuse(marks, t, why, "not a profile, but %s %s",
		    tree_kind(t) == TREE_ARRAY ? "an" : "a",
		    tree_kind_name(tree_kind(t)));
	if (!is_profile_type(tree_get_string(t, "PayloadType")))
		return refuse(marks, type != NULL ? type : t, why, "not a "
		    "profile: its PayloadType must be Configuration");
	if (id == NULL || *id == '\0')
		return refuse(marks, t, why, "no PayloadIdentifier at the top "
		    "(it is never made up: devices know a profile by it)");
	return OK;
}

static enum status
check_top(const struct tree *t, const struct completing *c)
{
	const struct tree *id = tree_get(t, "PayloadIdentifier");
	enum status st;

	if ((st = profile_check(t, c->src->marks, c->why)) != OK)
		return st;
	if (spec_uuids_find(c->uuids, id))
		return refuse(c->src->marks, id, c->why, "PayloadIdentifier "
		    "cannot be a !uuid: it must never change");
	return OK;
}

/* Derives the identifier of the i-th payload from its type. */
static enum status
add_identifier(struct tree *payload, const char *outer, size_t i,
    const struct completing *c)
{
	const char *type = tree_get_string(payload, "PayloadType");
	const char *last;
	auto_char *id = NULL;

	if (tree_get(payload, "PayloadIdentifier") != NULL ||
	    (type == NULL && tree_marks_forgives(c->src->marks)))
		return OK;
	if (type == NULL)
		return refuse(c->src->marks, payload, c->why,
		    "PayloadContent[%zu]: neither a PayloadType nor a "
		    "PayloadIdentifier: give it one", i);
	last = strrchr(type, '.');
	id = xasprintf("%s.%s.%zu", outer, last != NULL ? last + 1 : type, i);
	tree_set_string(payload, "PayloadIdentifier", id);
	return OK;
}

static enum status
add_identifiers(struct tree *top, const struct completing *c)
{
	struct tree *payloads = tree_get_kind(top, "PayloadContent",
	    TREE_ARRAY);
	const char *outer = tree_get_string(top, "PayloadIdentifier");
	size_t i, n = tree_count(payloads);
	enum status st;

	for (i = 0; i < n; i++) {
		struct tree *payload = tree_at(payloads, i);

		if (tree_kind(payload) == TREE_DICT &&
		    (st = add_identifier(payload, outer, i, c)) != OK)
			return st;
	}
	return OK;
}

static void
add_uuid(struct tree *payload, const char *path, const char *seed)
{
	char uuid[IDENT_TEXT];

	if (tree_get(payload, "PayloadVersion") == NULL)
		tree_set_int(payload, "PayloadVersion", 1);
	if (tree_get(payload, "PayloadUUID") != NULL)
		return;
	ident_make(seed, path, uuid);
	tree_set_string(payload, "PayloadUUID", uuid);
}

static void
add_uuids(struct tree *top, const struct completing *c)
{
	struct tree *payloads = tree_get_kind(top, "PayloadContent",
	    TREE_ARRAY);
	const char *outer = tree_get_string(top, "PayloadIdentifier");
	size_t i, n = tree_count(payloads);

	add_uuid(top, outer, c->src->seed);
	for (i = 0; i < n; i++) {
		struct tree *payload = tree_at(payloads, i);
		const char *inner = tree_get_string(payload,
		    "PayloadIdentifier");
		auto_char *path = xasprintf("%s/%s", outer,
		    inner != NULL ? inner : "");

		if (tree_kind(payload) == TREE_DICT)
			add_uuid(payload, path, c->src->seed);
	}
}

/*
 * Returns the value of a !uuid, which is the same for its name and its
 * aliases.
 */
static const char *
uuid_of(struct completing *c, const struct spec_uuid *u, const char *path)
{
	auto_char *group = xasprintf("%zu", u->group);
	auto_char *whole = xasprintf("%s#%s", path, u->name);
	const char *known;
	char uuid[IDENT_TEXT];

	if ((known = tree_get_string(c->made, group)) != NULL)
		return known;
	if ((known = tree_get_string(c->made, whole)) == NULL) {
		ident_make(c->src->seed, whole, uuid);
		tree_set_string(c->made, whole, uuid);
		known = uuid;
	}
	tree_set_string(c->made, group, known);
	return tree_get_string(c->made, group);
}

static enum status
resolve(const char *key, struct tree *t, void *arg)
{
	struct place *at = arg;
	struct place here = { at->c, at->path, t, 0 };
	const struct spec_uuid *u = spec_uuids_find(at->c->uuids, t);
	const char *id = tree_get_string(t, "PayloadIdentifier");
	auto_char *path = NULL;
	size_t index = at->index++;

	if (u == NULL) {
		if (id != NULL) {
			path = xasprintf("%s/%s", at->path, id);
			here.path = path;
		}
		return tree_each(t, resolve, &here);
	}
	if (key != NULL)
		tree_set_string(at->container, key, uuid_of(at->c, u,
		    at->path));
	else
		tree_replace_at(at->container, index,
		    tree_string(uuid_of(at->c, u, at->path)));
	return OK;
}

enum status
profile_complete(struct tree *profile, const struct profile_source *src,
    const struct spec_uuids *uuids, struct problem *why)
{
	auto_tree *made = tree_dict();
	struct completing c = { src, uuids, made, why };
	struct place top = { &c, NULL, profile, 0 };
	enum status st;

	if ((st = check_top(profile, &c)) != OK ||
	    (st = add_identifiers(profile, &c)) != OK)
		return st;
	top.path = tree_get_string(profile, "PayloadIdentifier");
	if (uuids != NULL && uuids->n > 0 &&
	    (st = tree_each(profile, resolve, &top)) != OK)
		return st;
	add_uuids(profile, &c);
	return OK;
}

/* ---- secrets ---- */

static enum status
look_for_identity(const char *key, struct tree *t, void *arg)
{
	if (key != NULL && strcmp(key, "PayloadType") == 0 &&
	    tree_kind(t) == TREE_STRING &&
	    strcmp(tree_string_of(t), "com.apple.security.pkcs12") == 0)
		return REFUSED;
	return tree_each(t, look_for_identity, arg);
}

bool
profile_holds_secret(const struct tree *t)
{
	return tree_holds_secret(NULL, t) ||
	    tree_each(t, look_for_identity, NULL) != OK;
}
