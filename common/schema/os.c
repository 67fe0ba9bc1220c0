/* Operating systems and versions: when a key was introduced or removed. */
#include <string.h>

#include "schema/local.h"

const char *
schema_check_version(const char *text)
{
	const char *p;
	bool digit = false;

	for (p = text; *p != '\0'; p++) {
		if (*p == '.' && !digit)
			break;
		if (*p != '.' && (*p < '0' || *p > '9'))
			break;
		digit = *p != '.';
	}
	if (*p != '\0' || !digit || strlen(text) > 32)
		return "not a version like 17 or 10.15.4";
	return NULL;
}

/* Returns the number at *p, and moves *p past it and its dot; 0 at the end. */
static unsigned long
next_number(const char **p)
{
	unsigned long v = 0;

	for (; **p >= '0' && **p <= '9'; (*p)++)
		v = v > 100000000 ? v : v * 10 + (unsigned long)(**p - '0');
	if (**p == '.')
		(*p)++;
	return v;
}

int
schema_compare_versions(const char *a, const char *b)
{
	while ((*a >= '0' && *a <= '9') || (*b >= '0' && *b <= '9')) {
		unsigned long x = next_number(&a), y = next_number(&b);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

void
schema_read_span(const struct schema_run *r, const struct spec_node *n,
    bool is_payload, struct schema_span *span)
{
	const struct spec_node *os = spec_node_get(n, "supportedOS");
	const struct spec_node *own;
	const char *text;

	span->is_inside = !is_payload;
	span->usual = is_payload ? NULL : spec_node_get_text(n, "default");
	if (r->opts->platform == NULL || os == NULL)
		return;
	own = spec_node_get(os, r->opts->platform);
	if (own == NULL && is_payload)
		span->introduced = "n/a";
	if ((text = spec_node_get_text(own, "introduced")) != NULL)
		span->introduced = text;
	if ((text = spec_node_get_text(own, "deprecated")) != NULL)
		span->deprecated = text;
	if ((text = spec_node_get_text(own, "removed")) != NULL)
		span->removed = text;
	if (r->opts->via != NULL)
		schema_read_installation(r, own, is_payload ? NULL :
		    spec_node_get_text(n, "key"), span);
}

/* True if the chosen version is this version or later. */
static bool
is_reached(const struct schema_run *r, const char *version)
{
	if (version == NULL || version[0] < '0' || version[0] > '9')
		return false;
	return r->opts->os == NULL ||
	    schema_compare_versions(version, r->opts->os) <= 0;
}

static bool
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

void
schema_check_span(struct schema_run *r, const struct tree *at,
    const struct schema_span *span, const struct schema_span *parent)
{
	const char *platform = r->opts->platform;

	if (platform == NULL)
		return;
	if (r->opts->via != NULL)
		schema_check_installation(r, at, span, parent);
	if (!same_text(span->introduced, parent->introduced) &&
	    span->introduced != NULL) {
		if (strcmp(span->introduced, "n/a") == 0)
			schema_say(r, at, RULE_UNSUPPORTED, "%s does not "
			    "support it", platform);
		else if (!is_reached(r, span->introduced))
			schema_say(r, at, RULE_TOO_NEW, "was introduced in %s "
			    "%s",
			    platform, span->introduced);
	}
	if (is_reached(r, span->removed)) {
		if (!same_text(span->removed, parent->removed))
			schema_say(r, at, RULE_REMOVED, "was removed in %s %s",
			    platform, span->removed);
	} else if (is_reached(r, span->deprecated) &&
	    !same_text(span->deprecated, parent->deprecated)) {
		schema_say(r, at, RULE_DEPRECATED, "has been deprecated since "
		    "%s %s",
		    platform, span->deprecated);
	}
}
