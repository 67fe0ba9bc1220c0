/* Reads profiles: XML, binary, signed, or YAML. */
#include <string.h>

#include "base/words.h"
#include "cms/cms.h"
#include "profile/profile.h"

/*
 * True for text with the keys of a profile in YAML, or a JSON object, which is
 * valid YAML.
 */
static bool
has_yaml_keys(const struct buf *in)
{
	static const char *const keys[] = {
		"PayloadContent:", "PayloadIdentifier:", "PayloadType:",
	};
	const char *p = buf_str(in);
	size_t i;

	if (p[strspn(p, " \t\r\n")] == '{')
		return true;
	for (i = 0; i < ARRAY_LEN(keys); i++)
		for (p = buf_str(in); (p = strstr(p, keys[i])) != NULL; p++)
			if (p == buf_str(in) || p[-1] == '\n')
				return true;
	return false;
}

static bool
is_yaml(const struct buf *in, const char *file)
{
	return words_end_in(file, ".yaml") || words_end_in(file, ".yml") ||
	    has_yaml_keys(in);
}

/*
 * Completes a profile.  If faults are forgiven, a missing identifier is
 * replaced by a temporary one.
 */
static enum status
complete(struct tree *t, const struct profile_source *src,
    const struct spec_uuids *uuids, struct problem *why)
{
	static const char key[] = "PayloadIdentifier";
	bool lacks = tree_marks_forgives(src->marks) &&
	    tree_kind(t) == TREE_DICT && tree_get(t, key) == NULL;
	enum status st;

	if (lacks)
		tree_set_string(t, key, TREE_UNREAD);
	st = profile_complete(t, src, uuids, why);
	if (lacks)
		tree_remove(t, key);
	return st;
}

/* Makes the profile as mcfg-profile would. */
static enum status
read_yaml(const struct buf *in, const struct profile_source *src,
    struct problem *why, struct tree **out)
{
	auto_spec_uuids uuids = SPEC_UUIDS_INIT;
	auto_tree *t = NULL;
	struct spec_how how = {
		.path = src->file, .files = src->files, .at = src->at,
		.marks = src->marks, .uuids = &uuids, .keeps_variables = true,
	};
	enum status st;

	if ((st = spec_read_yaml(in, &how, why, &t)) != OK ||
	    (st = complete(t, src, &uuids, why)) != OK)
		return st;
	*out = STEAL(t);
	return OK;
}

enum status
profile_read(const struct buf *in, const struct profile_source *src,
    bool *is_signed, struct problem *why, struct tree **out)
{
	auto_buf content = BUF_INIT, reason = BUF_INIT;
	enum status st;

	*is_signed = false;
	if (tree_looks_like_plist(in))
		return tree_read(in, src->marks, why, out);
	if (is_yaml(in, src->file))
		return read_yaml(in, src, why, out);
	if (!cms_looks_like(in))
		return tree_read(in, src->marks, why, out);
	if ((st = cms_inside(in, &content, &reason)) != OK)
		return problem_set(why, st, "%s", buf_str(&reason));
	*is_signed = true;
	return tree_read(&content, src->marks, why, out);
}
