/* Loads the anchors in a site's folder. */
#include <string.h>

#include "sys/io.h"
#include "trust/trust.h"

static enum status
add(struct trust_anchors *l, enum trust_kind kind, const char *dir,
    const char *file)
{
	auto_char *path = io_inside(dir, file);

	return trust_add_anchor(l, kind, path);
}

static enum status
add_if_there(struct trust_anchors *l, const char *dir, const char *file,
    bool *there)
{
	auto_char *path = io_inside(dir, file);
	enum status st;

	if ((st = io_exists(path, there)) != OK || !*there)
		return st;
	return trust_add_anchor(l, TRUST_CA, path);
}

/*
 * After a rollover, devices of the previous CA can continue; so can those of
 * an outside CA that was replaced.
 */
enum status
trust_add_site(struct trust_anchors *l, const char *dir, bool *is_outside)
{
	bool any;
	enum status st;

	if ((st = add(l, TRUST_CA, dir, TRUST_SITE_CA)) != OK ||
	    (st = add_if_there(l, dir, TRUST_SITE_PREVIOUS, &any)) != OK ||
	    (st = add_if_there(l, dir, TRUST_SITE_OUTSIDE, is_outside)) !=
	    OK ||
	    (st = add_if_there(l, dir, TRUST_SITE_OUTSIDE_PREVIOUS, &any)) !=
	    OK)
		return st;
	return add(l, TRUST_DEVICE, dir, TRUST_SITE_DEVICE);
}
