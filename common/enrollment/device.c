/* Reads the attributes that a device sends, and decides if it may enroll. */
#include <string.h>
#include <strings.h>

#include "enrollment/local.h"
#include "profile/allow.h"

void
device_free(struct device *d)
{
	if (d->attributes != NULL)
		tree_free(d->attributes);
	*d = (struct device)DEVICE_INIT;
}

/* If the hardware lacks a value, it is an empty string or missing. */
static enum status
name_of(const struct tree *attributes, const char *key, const char *name,
    const char **out)
{
	const struct tree *t = tree_get(attributes, key);

	if (t == NULL)
		return OK;
	if (tree_kind(t) != TREE_STRING)
		return fail(MALFORMED, "%s: %s: not a string", name, key);
	*out = tree_string_of(t);
	if (**out == '\0')
		*out = NULL;
	return OK;
}

enum status
device_read(const struct buf *raw, const char *name, struct device *out)
{
	auto_device d = DEVICE_INIT;
	enum status st;

	if ((st = tree_parse(raw, name, NULL, &d.attributes)) != OK)
		return st;
	if (tree_kind(d.attributes) != TREE_DICT)
		return fail(MALFORMED, "%s: not a dict of attributes", name);
	if ((st = name_of(d.attributes, "UDID", name, &d.udid)) != OK ||
	    (st = name_of(d.attributes, "SERIAL", name, &d.serial)) != OK ||
	    (st = name_of(d.attributes, "PRODUCT", name, &d.product)) != OK)
		return st;
	*out = MOVE(d);
	return OK;
}

enum status
device_challenge(struct device *d, const char *name,
    char hash[SECRET_HASH_TEXT])
{
	const struct tree *t = tree_get(d->attributes, "CHALLENGE");
	const void *p;
	size_t len;

	if (t == NULL)
		return fail(REFUSED, "%s: CHALLENGE: missing", name);
	if (tree_kind(t) == TREE_STRING) {
		p = tree_string_of(t);
		len = strlen(p);
	} else if (tree_kind(t) == TREE_DATA) {
		p = tree_data_of(t, &len);
	} else {
		return fail(MALFORMED, "%s: CHALLENGE: neither a string nor "
		    "data", name);
	}
	secret_sha256(p, len, hash);
	tree_remove(d->attributes, "CHALLENGE");
	return OK;
}

bool
enrollment_same_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcasecmp(a, b) == 0;
}

/* "serial S, UDID U", if the device says so. */
static char *
describe(const struct device *d)
{
	if (d->serial != NULL && d->udid != NULL)
		return xasprintf("serial %s, UDID %s", d->serial, d->udid);
	if (d->serial == NULL && d->udid == NULL)
		return xstrdup("without UDID and SERIAL");
	return d->serial != NULL ? xasprintf("serial %s", d->serial) :
	    xasprintf("UDID %s", d->udid);
}

enum status
device_allowed(const struct device *d, const char *path, const char *user,
    const char *name)
{
	auto_char *which = describe(d), *only = NULL;
	bool allowed = false;
	enum status st;

	if (path == NULL)
		return OK;
	if ((st = allow_look(path, d->udid, d->serial, user, &allowed,
	    &only)) != OK || allowed)
		return st;
	if (only == NULL)
		return fail(REFUSED, "%s: device %s, of user '%s': not in %s",
		    name, which, user, path);
	return fail(REFUSED, "%s: device %s: %s allows it only for user "
	    "'%s', not for '%s'", name, which, path, only, user);
}
