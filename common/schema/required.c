/* Checks that required keys are present. */
#include <string.h>

#include "schema/local.h"

/*
 * True if some system does not support a key, or for a shorter time than its
 * payload: a profile without it may be meant for that system, and other
 * systems still accept it.
 */
static bool
came_later(const struct schema_run *r, const struct spec_node *key)
{
	const struct spec_node *os = spec_node_get(key, "supportedOS");
	const struct spec_node *all = spec_node_get(r->payload, "supportedOS");
	size_t i;

	for (i = 0; i < spec_node_count(os); i++) {
		const struct spec_node *own = spec_node_value(os, i);
		const char *first = spec_node_get_text(own, "introduced");
		const char *payload = spec_node_get_text(spec_node_get(all,
		    spec_node_key(os, i)), "introduced");

		if (spec_node_get(own, "removed") != NULL)
			return true;
		if (first == NULL)
			continue;
		if (strcmp(first, "n/a") == 0 || payload == NULL ||
		    schema_compare_versions(first, payload) > 0)
			return true;
	}
	return false;
}

/*
 * Exceptions that Apple's text has but "presence" lacks: one key excuses
 * another.
 */
static const struct excuse {
	const char *key;
	const char *other;
	const char *value;	/* NULL: any */
	bool is_there;		/* excused by its presence, or absence */
} excuses[] = {
	{ "Allowed", "Authorization", NULL, true },
	{ "moduleName", "askForPassword", NULL, true },
	{ "moduleName", "loginWindowIdleTime", NULL, true },
	{ "moduleName", "loginWindowModulePath", NULL, true },
	{ "sharedSecret", "sanAuthMethod", NULL, false },
	{ "Password", "AuthMethod", "Password", false },
	/* Xsan: "required for all Xsan SANs", "required for StorNext SANs" */
	{ "sanConfigURLs", "fsnameservers", NULL, true },
	{ "fsnameservers", "sanConfigURLs", NULL, true },
	/* "Don't set this value in payloads intended to configure the Shared
	 * iPad login screen"; device groups are "for leader/teacher". */
	{ "UserIdentifier", "DeviceGroups", NULL, false },
};

static bool
is_excused(const struct spec_node *list, const char *name,
    const struct tree *dict)
{
	const char *value;
	size_t i;
	bool there;

	for (i = 0; i < ARRAY_LEN(excuses); i++) {
		const struct excuse *e = &excuses[i];

		if (strcmp(e->key, name) != 0 ||
		    schema_find_key(list, e->other) == NULL)
			continue;
		there = tree_get(dict, e->other) != NULL;
		value = tree_get_string(dict, e->other);
		if (e->value != NULL)
			there = value != NULL && strcmp(value, e->value) == 0;
		if (there == e->is_there)
			return true;
	}
	return false;
}

/*
 * Keys that Apple's schema requires but devices do not, according to the given
 * report.  beside is a key of the same list, to identify the dictionary.
 */
static const struct lenient {
	const char *key, *beside, *source;
} lenient[] = {
	{ "LocalIdentifier", "ExtendedAuthEnabled",
	    "jawj/IKEv2-setup issue 30" },
};

static void
say_missing(struct schema_run *r, const struct spec_node *list,
    const char *name, const struct tree *dict)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(lenient); i++) {
		if (strcmp(lenient[i].key, name) != 0 ||
		    schema_find_key(list, lenient[i].beside) == NULL)
			continue;
		schema_warn(r, dict, RULE_MISSING_KEY, "'%s' is missing; "
		    "devices accept the profile without it (%s)", name,
		    lenient[i].source);
		return;
	}
	schema_say(r, dict, RULE_MISSING_KEY, "'%s' is missing", name);
}

static bool
is_required(const struct schema_run *r, const struct spec_node *key,
    const struct schema_span *parent)
{
	struct schema_span span = *parent;

	if (!spec_node_says(key, "presence", "required") ||
	    schema_is_wildcard(key, 1))
		return false;
	if (r->opts->platform == NULL)
		return !came_later(r, key);
	schema_read_span(r, key, false, &span);
	if (span.removed != NULL || (span.introduced != NULL &&
	    strcmp(span.introduced, "n/a") == 0))
		return false;
	if (r->opts->os == NULL)
		return !came_later(r, key);
	return span.introduced == NULL ||
	    schema_compare_versions(span.introduced, r->opts->os) <= 0;
}

void
schema_check_required(struct schema_run *r, const struct schema_lists *l,
    const struct spec_node *list, const struct tree *dict)
{
	size_t i, k;

	for (i = 0; i < spec_node_count(list); i++) {
		const struct spec_node *key = spec_node_at(list, i);
		const char *name = spec_node_get_text(key, "key");

		if (name == NULL || tree_get(dict, name) != NULL ||
		    strcmp(name, "PayloadVersion") == 0 ||
		    (l->skip != NULL && strcmp(name, l->skip) == 0) ||
		    is_excused(list, name, dict) ||
		    !is_required(r, key, &l->span))
			continue;
		for (k = 1; k < l->n && list == l->any[0]; k++)
			if (!is_required(r, schema_find_key(l->any[k], name),
			    &l->span))
				break;
		if (k < l->n && list == l->any[0])
			continue;
		say_missing(r, list, name, dict);
	}
}
