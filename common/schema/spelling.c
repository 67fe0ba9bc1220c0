/* Suggests the key that a misspelt one is closest to. */
#include <string.h>
#include <strings.h>

#include "schema/local.h"

enum {
	HINTS_MAX = 100,	/* number of findings that get a hint */
	HINT_LENGTH = 48,
};

/*
 * The number of letters to change to turn a into b; more than 2 counts as far.
 */
static size_t
distance(const char *a, const char *b)
{
	size_t row[HINT_LENGTH + 1], n = strlen(a), m = strlen(b), i, j;

	if (n > HINT_LENGTH || m > HINT_LENGTH || n > m + 2 || m > n + 2)
		return 9;
	for (j = 0; j <= m; j++)
		row[j] = j;
	for (i = 1; i <= n; i++) {
		size_t corner = row[0];

		row[0] = i;
		for (j = 1; j <= m; j++) {
			size_t up = row[j], best = corner;

			if (a[i - 1] != b[j - 1])
				best++;
			if (up + 1 < best)
				best = up + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
			corner = up;
		}
	}
	return row[m];
}

/*
 * True if one name contains most of the other, like WiFiPassword for Password:
 * people remember a key with a longer or shorter name.
 */
static bool
is_most_of(const char *key, const char *name)
{
	size_t n = strlen(key), m = strlen(name);

	return n >= 8 && m > n && m - n <= n / 2 &&
	    strcasecmp(name + (m - n), key) == 0;
}

/* True for the first words of the key: SSID for SSID_STR. */
static bool
is_begin_of(const char *key, const char *name)
{
	size_t n = strlen(name);

	return n > 0 && strncasecmp(key, name, n) == 0 && key[n] == '_';
}

/* A key that the dict already has cannot be the one that was meant. */
static const char *
closest(const struct schema_lists *l, const char *name,
    const struct tree *dict)
{
	const char *best = NULL, *key;
	size_t i, k, d, least = strlen(name) < 4 ? 1 : 3;

	for (i = 0; i < l->n; i++)
		for (k = 0; k < spec_node_count(l->any[i]); k++) {
			key = spec_node_get_text(spec_node_at(l->any[i], k),
			    "key");
			if (key == NULL || tree_get(dict, key) != NULL)
				continue;
			d = strcasecmp(key, name) == 0 ? 0 :
			    distance(key, name);
			if (d > 2 && is_most_of(key, name))
				d = 2;
			if (d > 1 && is_begin_of(key, name))
				d = 1;
			if (d < least) {
				least = d;
				best = key;
			}
		}
	return best;
}

void
schema_say_unknown_key(struct schema_run *r, const struct schema_lists *l,
    const char *name, const struct tree *dict, const struct tree *t)
{
	const char *hint = r->out->n < HINTS_MAX ? closest(l, name, dict) :
	    NULL;

	if (hint != NULL)
		schema_warn(r, t, RULE_UNKNOWN_KEY, "the schema has no such "
		    "key: did you mean '%s'?", hint);
	else
		schema_say(r, t, RULE_UNKNOWN_KEY, "the schema has no such "
		    "key");
}
