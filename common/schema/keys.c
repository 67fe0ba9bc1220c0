/* Finds the key of a schema that a name in a profile refers to. */
#include "schema/local.h"

const struct spec_node *
schema_find_key(const struct spec_node *list, const char *name)
{
	size_t i, n = spec_node_count(list);

	for (i = 0; i < n; i++)
		if (spec_node_says(spec_node_at(list, i), "key", name))
			return spec_node_at(list, i);
	return NULL;
}

/*
 * Keys that stand for any name: "ANY" and, if they are alone in their
 * dictionary, two that only describe its keys.
 */
bool
schema_is_wildcard(const struct spec_node *key, size_t beside)
{
	if (spec_node_says(key, "key", "ANY"))
		return true;
	return beside == 1 && (spec_node_says(key, "key", "Realm") ||
	    spec_node_says(key, "key", "Printer"));
}

static const struct spec_node *
find_wildcard(const struct spec_node *list)
{
	size_t i, n = spec_node_count(list);

	for (i = 0; i < n; i++)
		if (schema_is_wildcard(spec_node_at(list, i), n))
			return spec_node_at(list, i);
	return NULL;
}

/*
 * A dictionary with a single key, which is a dictionary of ANY: the key only
 * describes the contents (ConsentTextItem) and does not occur in profiles.
 */
const struct spec_node *
schema_open_placeholder(const struct spec_node *list, const struct tree *dict)
{
	const struct spec_node *only = spec_node_at(list, 0);
	const struct spec_node *inner = spec_node_get(only, "subkeys");
	const char *name = spec_node_get_text(only, "key");

	if (spec_node_count(list) != 1 || name == NULL ||
	    !spec_node_says(only, "type", "<dictionary>") ||
	    spec_node_count(inner) != 1 ||
	    !schema_is_wildcard(spec_node_at(inner, 0), 1) ||
	    tree_get(dict, name) != NULL)
		return list;
	return inner;
}

/* Collects the key from every list, or else the wildcards. */
size_t
schema_find_keys(const struct schema_lists *l, const char *name,
    const struct spec_node *out[SCHEMA_ALTERNATIVES])
{
	size_t i, n = 0;

	for (i = 0; i < l->n; i++)
		if ((out[n] = schema_find_key(l->any[i], name)) != NULL)
			n++;
	for (i = 0; n == 0 && l->more[i] != NULL; i++)
		if ((out[n] = schema_find_key(l->more[i], name)) != NULL)
			n++;
	for (i = 0; n == 0 && i < l->n; i++)
		if ((out[n] = find_wildcard(l->any[i])) != NULL)
			n++;
	return n;
}
