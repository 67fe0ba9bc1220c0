/*
 * The ways to install a profile: by hand or by MDM, supervised, or in a User
 * Enrollment; and the versions that a schema contains.
 */
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "schema/local.h"

/*
 * Corrections: cases in which the schema says one thing, but Apple's text or
 * devices another.  The sources are in mcfg-lint(1).
 */
static const struct erratum {
	const char *type, *key;		/* key is NULL for the payload */
	const char *platform;
	const char *since;		/* first version, or NULL */
	const char *by_hand, *supervised;	/* or NULL */
} errata[] = {
	/*
	 * "an MDM is required":
	 * github.com/usnistgov/macos_security/issues/628, macOS 15.7.3; the
	 * schema: allowmanualinstall.
	 */
	{ "com.apple.mobiledevice.passwordpolicy", NULL, "macOS", "15",
	    "false", NULL },
	/*
	 * "requires UAMDM to enable FileVault" since 10.15, says the payload's
	 * text; the schema: allowmanualinstall.
	 */
	{ "com.apple.MCX.FileVault2", NULL, "macOS", "10.15", "false",
	    NULL },
	/*
	 * "must be installed via MDM or by Apple Configurator 2", says the
	 * payload's text; the schema: allowmanualinstall.
	 */
	{ "com.apple.google-oauth", NULL, "iOS", NULL, "false", NULL },
	{ "com.apple.google-oauth", NULL, "visionOS", NULL, "false", NULL },
	/*
	 * "Requires a supervised device", says the key's text; the schema does
	 * not mention it.
	 */
	{ "com.apple.applicationaccess", "forceDelayedAppSoftwareUpdates",
	    "macOS", NULL, NULL, "true" },
};

static bool
is_same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void
correct(const struct schema_run *r, const char *key, struct schema_span *span)
{
	const struct schema_options *o = r->opts;
	size_t i;

	for (i = 0; i < ARRAY_LEN(errata); i++) {
		if (!is_same(errata[i].type, r->type) ||
		    !is_same(errata[i].key, key) ||
		    !is_same(errata[i].platform, o->platform) ||
		    (errata[i].since != NULL && o->os != NULL &&
		    schema_compare_versions(o->os, errata[i].since) < 0))
			continue;
		if (errata[i].by_hand != NULL)
			span->by_hand = errata[i].by_hand;
		if (errata[i].supervised != NULL)
			span->supervised = errata[i].supervised;
	}
}

void
schema_read_installation(const struct schema_run *r,
    const struct spec_node *own, const char *key, struct schema_span *span)
{
	const struct spec_node *user = spec_node_get(own, "userenrollment");
	const char *text;

	if ((text = spec_node_get_text(own, "supervised")) != NULL)
		span->supervised = text;
	if ((text = spec_node_get_text(own, "requiresdep")) != NULL)
		span->enrolled = text;
	if ((text = spec_node_get_text(own, "userapprovedmdm")) != NULL)
		span->approved = text;
	if ((text = spec_node_get_text(own, "allowmanualinstall")) != NULL)
		span->by_hand = text;
	if ((text = spec_node_get_text(user, "mode")) != NULL)
		span->user_enrollment = text;
	if (!r->opts->no_errata)
		correct(r, key, span);
}

static bool
is_true(const char *text)
{
	return is_same(text, "true");
}

/* True if a rule about the way applies to something with this span. */
static bool
is_against(enum finding_rule rule, const char *via,
    const struct schema_span *s)
{
	bool by_hand = strcmp(via, "manual") == 0;
	bool supervised = strcmp(via, "supervised") == 0;
	bool as_user = strcmp(via, "user-enrollment") == 0;
	bool is_refused = is_same(s->by_hand, "false") ||
	    is_same(s->user_enrollment, "required");

	if (is_same(s->introduced, "n/a"))
		return false;
	switch (rule) {
	case RULE_NOT_BY_HAND:
		return by_hand && is_refused;
	case RULE_NEEDS_SUPERVISION:
		return !by_hand && !supervised &&
		    (is_true(s->supervised) || is_true(s->enrolled));
	case RULE_NEEDS_APPROVED_MDM:
		return is_true(s->approved) && !supervised && !as_user &&
		    !(by_hand && is_refused);
	case RULE_NOT_IN_USER_ENROLLMENT:
		return as_user && (is_same(s->user_enrollment, "forbidden") ||
		    is_same(s->user_enrollment, "ignored"));
	default:
		return false;
	}
}

/* True if a switch has its default value. */
static bool
is_usual(const struct tree *at, const struct schema_span *s)
{
	return s->is_inside && tree_kind(at) == TREE_BOOL &&
	    is_same(s->usual, tree_bool_of(at) ? "true" : "false");
}

/*
 * A payload is refused; a key, or a payload that is ignored, only has no
 * effect.
 */
void
schema_check_installation(struct schema_run *r, const struct tree *at,
    const struct schema_span *span, const struct schema_span *parent)
{
	static const struct {
		enum finding_rule rule;
		const char *text;
	} ways[] = {
		{ RULE_NOT_BY_HAND, "cannot be installed by hand" },
		{ RULE_NEEDS_SUPERVISION, "needs a supervised device" },
		{ RULE_NEEDS_APPROVED_MDM, "needs an MDM that the user "
		    "approved" },
		{ RULE_NOT_IN_USER_ENROLLMENT, "has no effect in a User "
		    "Enrollment" },
	};
	const char *via = r->opts->via;
	size_t i;

	for (i = 0; i < ARRAY_LEN(ways); i++) {
		if (!is_against(ways[i].rule, via, span) ||
		    (span->is_inside &&
		    is_against(ways[i].rule, via, parent)))
			continue;
		if (ways[i].rule == RULE_NEEDS_SUPERVISION &&
		    is_usual(at, span))
			continue;
		if (span->is_inside || (ways[i].rule ==
		    RULE_NOT_IN_USER_ENROLLMENT &&
		    is_same(span->user_enrollment, "ignored")))
			schema_warn(r, at, ways[i].rule, "%s on %s",
			    ways[i].text, r->opts->platform);
		else
			schema_say(r, at, ways[i].rule, "%s on %s",
			    ways[i].text, r->opts->platform);
	}
}

/* ---- versions in a schema ---- */

static const char *const platforms[SCHEMA_PLATFORM_COUNT] = {
	"iOS", "macOS", "tvOS", "visionOS", "watchOS",
};

/*
 * Returns the length of the version after "introduced: " and the like; 0 if p
 * is not at one of them.
 */
static size_t
version_at(const char **p)
{
	static const char *const names[] = {
		"introduced: ", "deprecated: ", "removed: ",
	};
	size_t i, n;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		n = strlen(names[i]);
		if (strncmp(*p, names[i], n) != 0)
			continue;
		*p += n;
		*p += strspn(*p, "'\" ");
		return strspn(*p, "0123456789.");
	}
	return 0;
}

static void
note_version(char **newest, const char *p, size_t n)
{
	auto_char *text = xstrndup(p, n);

	if (*newest != NULL && schema_compare_versions(text, *newest) <= 0)
		return;
	free(*newest);
	*newest = STEAL(text);
}

/*
 * Reads line by line, in Apple's layout, so that not every file need be
 * parsed.
 */
void
schema_note_versions(struct schema *s, const struct buf *text)
{
	const char *p = buf_str(text);
	char **newest = NULL;
	size_t i, n;

	for (; p != NULL && *p != '\0'; p = strchr(p, '\n')) {
		p += strspn(p, " \n");
		for (i = 0; i < SCHEMA_PLATFORM_COUNT; i++) {
			n = strlen(platforms[i]);
			if (strncmp(p, platforms[i], n) == 0 && p[n] == ':')
				newest = &s->newest[i];
		}
		if (newest != NULL && (n = version_at(&p)) > 0 && n < 32)
			note_version(newest, p, n);
	}
}

const char *
schema_newest(const struct schema *s, const char *platform)
{
	size_t i = words_place(platforms, SCHEMA_PLATFORM_COUNT, platform);

	return i < SCHEMA_PLATFORM_COUNT ? s->newest[i] : NULL;
}

void
schema_version(const struct schema *s, struct buf *out)
{
	size_t i;

	for (i = 0; i < SCHEMA_PLATFORM_COUNT; i++)
		if (s->newest[i] != NULL)
			buf_printf(out, "%s%s %s", out->len > 0 ? ", " : "",
			    platforms[i], s->newest[i]);
}
