/* Reads a template and fills in its variables. */
#include <string.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "cms/cms.h"
#include "profile/template.h"
#include "text/text.h"

void
template_free(struct template *t)
{
	free(t->path);
	buf_free(&t->in);
}

enum status
template_read(const struct io_input *in, struct template *t)
{
	auto_buf content = BUF_INIT;
	const char *name = io_name(in->path);
	enum status st;

	t->path = in->path != NULL ? xstrdup(in->path) : NULL;
	if ((st = io_slurp(in, IO_PROFILE_MAX, &t->in)) != OK)
		return st;
	t->is_plist = tree_looks_like_plist(&t->in);
	if (t->is_plist || !cms_looks_like(&t->in))
		return OK;
	if ((st = cms_unwrap(&t->in, name, &content)) != OK)
		return st;
	detail("%s: the signature was dropped, unverified", name);
	buf_free(&t->in);
	t->in = MOVE(content);
	t->is_plist = true;
	return OK;
}

static enum status
look_for_variable(const char *key, struct tree *t, void *arg)
{
	const char **found = arg;

	(void)key;
	if (tree_kind(t) != TREE_STRING)
		return tree_each(t, look_for_variable, arg);
	*found = strstr(tree_string_of(t), "${");
	return *found == NULL ? OK : REFUSED;
}

/* Warns of a variable that was not replaced. */
static void
warn_of_variable(const struct tree *t, const char *name)
{
	const char *found = NULL;

	(void)tree_each(t, look_for_variable, &found);
	if (found != NULL)
		warning("%s: '%.40s' stays as it is: no variables were given "
		    "(--set, --vars, --env)", name, found);
}

static enum status
parse_plist(const struct template *t, const struct tree *vars,
    struct tree_marks *marks, struct tree **out)
{
	const char *name = io_name(t->path);
	auto_tree *tree = NULL;
	enum status st;

	if ((st = tree_parse(&t->in, name, marks, &tree)) != OK)
		return st;
	if (t->is_fixed)
		warn_of_variable(tree, name);
	else if ((st = spec_expand(&tree, name, vars, marks)) != OK)
		return st;
	*out = STEAL(tree);
	return OK;
}

/*
 * With a seed, payloads with the same identifier get the same UUID, by which
 * devices tell payloads apart.
 */
static void
warn_of_same_uuids(const struct tree *profile, const char *seed,
    const char *name)
{
	const struct tree *payloads = tree_get_kind(profile, "PayloadContent",
	    TREE_ARRAY);
	const char *outer = tree_get_string(profile, "PayloadIdentifier");
	auto_tree *seen = tree_dict();
	char made[IDENT_TEXT];
	size_t i;

	for (i = 0; seed != NULL && i < tree_count(payloads); i++) {
		const struct tree *t = tree_at(payloads, i);
		const char *id = tree_get_string(t, "PayloadIdentifier");
		const char *uuid = tree_get_string(t, "PayloadUUID");
		auto_char *path = NULL;

		if (id == NULL || uuid == NULL)
			continue;
		path = xasprintf("%s/%s", outer, id);
		ident_make(seed, path, made);
		if (strcmp(uuid, made) != 0)
			continue;
		if (tree_get(seen, id) != NULL)
			warning("%s: PayloadContent[%zu]: the "
			    "PayloadIdentifier %.200s is that of another payload, and so is the "
			    "PayloadUUID made from it", name, i, id);
		tree_set(seen, id, tree_bool(true));
	}
}

enum status
template_fill(const struct template *t, const struct tree *vars,
    const struct identities *id, const struct strings *folders,
    struct tree **out)
{
	auto_spec_uuids uuids = SPEC_UUIDS_INIT;
	auto_tree_marks *marks = tree_marks_new();
	const struct profile_source src = { io_name(t->path), id->given.seed,
	    clock_written(), marks, folders };
	const struct spec_how how = {
		.path = t->path != NULL ? t->path : "-",
		.files = folders, .vars = vars, .at = src.at, .uuids = &uuids,
		.marks = marks,
	};
	struct problem why = { .name = src.file };
	auto_tree *tree = NULL;
	enum status st;

	st = t->is_plist ? parse_plist(t, vars, marks, &tree) :
	    spec_from_yaml(&t->in, src.file, &how, &tree);
	if (st != OK)
		return st;
	if (tree_kind(tree) == TREE_DICT) {
		profile_identify(tree, &id->given, false);
		profile_identify(tree, &id->site, true);
	}
	if (profile_complete(tree, &src, &uuids, &why) != OK)
		return problem_print(&why);
	warn_of_same_uuids(tree, src.seed, src.file);
	*out = STEAL(tree);
	return OK;
}
