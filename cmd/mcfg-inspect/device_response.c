/* Messages between devices and the servers that manage them. */
#include <string.h>

#include "plist.h"
#include "plist/device_attributes.h"

struct device {
	struct layer *l;
	struct report *r;
	bool is_machine_info;
	bool has_challenge;
};

static enum status
add_attribute(const char *key, struct tree *node, void *arg)
{
	unsigned what = device_attribute(key);
	struct device *d = arg;

	settings_add(d->l, "device", key, node, d->r);
	if (strcmp(key, "CHALLENGE") == 0)
		d->has_challenge = true;
	if ((what & DEVICE_MACHINE_INFO) != 0)
		d->is_machine_info = true;
	if (what == 0)
		facts_note(&d->l->f, "unknown_attribute", "device", "the "
		    "device sent %s, which is not a known attribute", key);
	return OK;
}

/* Apple's factory CAs have such names, but a name proves nothing. */
static bool
looks_like_factory(const struct cms_view *v)
{
	return v != NULL && v->signer_issuer != NULL &&
	    strstr(v->signer_issuer, "Device CA") != NULL;
}

void
device_answer(struct layer *l, const struct tree *dict,
    const struct cms_view *around)
{
	const char *product = tree_get_string(dict, "PRODUCT");
	const char *udid = tree_get_string(dict, "UDID");
	const char *serial = tree_get_string(dict, "SERIAL");
	struct device d = { l, report_object(), false, false };
	const char *phase, *words;
	char by[300];

	(void)tree_each(dict, add_attribute, &d);
	if (d.is_machine_info) {
		phase = "machine_info";
		words = "MachineInfo of a managed enrollment";
	} else if (around == NULL) {
		phase = "unsigned";
		words = "not signed, as written by mcfg-verify";
	} else if (looks_like_factory(around) || d.has_challenge) {
		phase = "phase2";
		words = "probably phase 2";
	} else {
		phase = "phase3";
		words = "probably phase 3";
	}
	report_str(l->r, "phase", phase);
	report_add(l->r, "device", d.r);
	plist_signature(around, by, sizeof by);
	layer_is(l, "device_response", "a device's %s (%s): %s%s%.80s%s%s",
	    around != NULL ? "answer" : "attributes", words,
	    product != NULL ? product : "no PRODUCT", udid != NULL ?
	    ", UDID " : serial != NULL ? ", serial " : "", udid != NULL ?
	    udid : serial != NULL ? serial : "", d.has_challenge ?
	    ", with a challenge" : "", by);
}

static bool
is_scalar_dict(const struct tree *dict)
{
	const char *name;
	size_t i;

	for (i = 0; (name = device_attribute_at(i)) != NULL; i++) {
		const struct tree *v = tree_get(dict, name);

		if (v != NULL && tree_count(v) > 0)
			return false;
	}
	return true;
}

bool
device_looks_like(const struct tree *dict)
{
	const char *name;
	size_t i;

	if (tree_get(dict, "MessageType") != NULL ||
	    tree_get(dict, "CommandUUID") != NULL || !is_scalar_dict(dict))
		return false;
	for (i = 0; (name = device_attribute_at(i)) != NULL; i++)
		if ((device_attribute(name) & DEVICE_TELLING) != 0 &&
		    tree_get(dict, name) != NULL)
			return true;
	return false;
}

/* ---- MDM ---- */

bool
device_message(struct layer *l, const struct tree *dict,
    const struct cms_view *around)
{
	const char *type = tree_get_string(dict, "MessageType");
	const char *status = tree_get_string(dict, "Status");
	const char *uuid = tree_get_string(dict, "CommandUUID");
	const char *udid = tree_get_string(dict, "UDID");
	const char *kind = around != NULL ? "cms" : "mdm";
	char by[300];

	plist_signature(around, by, sizeof by);
	if (type != NULL)
		layer_is(l, kind, "an MDM check-in message %.40s of %.80s%s",
		    type, udid != NULL ? udid : "no UDID", by);
	else if (status != NULL && tree_get(dict, "Command") == NULL &&
	    (uuid != NULL || udid != NULL))
		layer_is(l, kind, "an MDM device's report %.40s of %.80s%s",
		    status, udid != NULL ? udid : "no UDID", by);
	else if (uuid != NULL && tree_get(dict, "Command") != NULL)
		layer_is(l, kind, "an MDM command %.60s%s", uuid, by);
	else
		return false;
	settings_add(l, NULL, "message", dict, l->r);
	return true;
}
