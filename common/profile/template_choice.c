/*
 * Chooses the template for a device.  Text from devices and users becomes part
 * of a path only if it is a plain name.
 */
#include <string.h>

#include "profile/allow.h"
#include "profile/template.h"

enum { NAME_MAX_LEN = 200 };

static size_t
count_of(const char *s, const char *set, size_t max)
{
	size_t n = strspn(s, set);

	return n <= max ? n : 0;
}

/*
 * The length of the family in "iPhone12,1", or 0 for another form: the text
 * comes from a device and becomes part of a path.
 */
static size_t
family_of(const char *product)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz";
	size_t family = count_of(product, letters, 32), n;
	const char *p = product + family;

	if (family == 0 || (n = count_of(p, "0123456789", 3)) == 0 ||
	    p[n] != ',')
		return 0;
	p += n + 1;
	if ((n = count_of(p, "0123456789", 3)) == 0 || p[n] != '\0')
		return 0;
	return family;
}

static bool
is_name(const char *s)
{
	static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789";
	static const char more[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789._@+-";

	return s != NULL && strspn(s, first) > 0 &&
	    strlen(s) <= NAME_MAX_LEN && s[strspn(s, more)] == '\0';
}

/*
 * Sets *out to DIR/profile.d/PREFIX NAME.yaml if that exists, otherwise to
 * NULL.
 */
static enum status
look(const char *dir, const char *prefix, const char *name, size_t len,
    char **out)
{
	auto_char *path = xasprintf("%s/profile.d/%s%.*s.yaml", dir, prefix,
	    (int)len, name);
	bool exists = false;
	enum status st;

	if ((st = io_exists(path, &exists)) == OK && exists)
		*out = STEAL(path);
	return st;
}

/*
 * The serial number is the device's own claim: its template is used only if
 * the site lists the device for this user.
 */
static enum status
look_for_serial(const char *dir, const char *serial, const char *user,
    char **out)
{
	auto_char *list = io_join(dir, "devices.allow"), *found = NULL;
	auto_char *only = NULL;
	bool has_list = false, allowed = false;
	enum status st;

	if (!is_name(serial))
		return OK;
	if ((st = look(dir, "serial-", serial, strlen(serial), &found)) != OK ||
	    found == NULL)
		return st;
	if ((st = io_exists(list, &has_list)) != OK ||
	    (has_list && (st = allow_look(list, NULL, serial, user, &allowed,
	    &only)) != OK))
		return st;
	if (allowed)
		*out = STEAL(found);
	else if (only != NULL)
		warning("%s: not used for user '%s': devices.allow lists this "
		    "serial number only for '%s'", found, user != NULL ? user :
		    "", only);
	else
		warning("%s: not used: devices.allow does not list this serial "
		    "number", found);
	return OK;
}

enum status
template_choose(const char *dir, const struct tree *vars, char **out)
{
	const char *product = tree_get_string(vars, "PRODUCT");
	const char *user = tree_get_string(vars, "USER");
	size_t family = product != NULL ? family_of(product) : 0;
	auto_char *found = NULL;
	enum status st;

	st = look_for_serial(dir, tree_get_string(vars, "SERIAL"), user,
	    &found);
	if (st == OK && found == NULL && is_name(user))
		st = look(dir, "user-", user, strlen(user), &found);
	if (st == OK && found == NULL && family > 0)
		st = look(dir, "", product, strlen(product), &found);
	if (st == OK && found == NULL && family > 0)
		st = look(dir, "", product, family, &found);
	if (st != OK)
		return st;
	*out = found != NULL ? STEAL(found) : io_join(dir, "profile.yaml");
	return OK;
}
