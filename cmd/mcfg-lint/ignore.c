/* --ignore RULE[:GLOB],... */
#include <fnmatch.h>
#include <string.h>

#include "suppression.h"

struct item {
	const char *rule, *glob;
	size_t rule_len, glob_len;	/* glob is NULL if there is none */
};

/*
 * Takes the next item of the list at *p.  Returns false at its end or for an
 * empty item.
 */
static bool
next_item(const char **p, struct item *out)
{
	size_t n = strcspn(*p, ",");
	const char *colon = memchr(*p, ':', n);

	*out = (struct item){ .rule = *p, .rule_len = n };
	if (colon != NULL) {
		out->rule_len = (size_t)(colon - *p);
		out->glob = colon + 1;
		out->glob_len = n - out->rule_len - 1;
	}
	*p += n;
	if (**p == ',')
		(*p)++;
	return n > 0;
}

const char *
ignore_check(const char *list)
{
	struct item item;
	enum finding_rule rule;

	if (*list == '\0')
		return "no rule";
	while (next_item(&list, &item)) {
		if (!finding_find_rule(item.rule, item.rule_len, &rule))
			return "not a rule (mcfg-lint(1) lists them)";
		if (rule == RULE_NOT_A_PLIST || rule == RULE_NOT_A_PROFILE ||
		    rule == RULE_UNREADABLE)
			return "rules for files that are not profiles cannot "
			    "be ignored";
		if (item.glob != NULL && item.glob_len == 0)
			return "a rule with an empty pattern";
	}
	return *list == '\0' ? NULL : "a rule without a name";
}

static bool
fits(const struct item *item, const char *file)
{
	auto_char *glob = NULL;
	const char *slash = strrchr(file, '/');

	if (item->glob == NULL)
		return true;
	glob = xstrndup(item->glob, item->glob_len);
	if (fnmatch(glob, file, 0) == 0)
		return true;
	return strchr(glob, '/') == NULL && slash != NULL &&
	    fnmatch(glob, slash + 1, 0) == 0;
}

bool
ignore_has(const struct strings *lists, const struct finding *f)
{
	struct item item;
	enum finding_rule rule;
	const char *p;
	size_t i;

	for (i = 0; i < lists->n; i++)
		for (p = lists->v[i]; next_item(&p, &item);)
			if (finding_find_rule(item.rule, item.rule_len,
			    &rule) && rule == f->rule && fits(&item, f->file))
				return true;
	return false;
}
