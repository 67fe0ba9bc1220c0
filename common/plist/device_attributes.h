/*
 * device: the attributes that a device sends to the profile service, and the
 * MachineInfo of a managed enrollment.
 */
#ifndef MCFG_PLIST_DEVICE_ATTRIBUTES_H
#define MCFG_PLIST_DEVICE_ATTRIBUTES_H

#include "plist/node.h"

/* What is known about an attribute; 0: nothing. */
enum {
	DEVICE_KNOWN = 1,
	DEVICE_DOCUMENTED = 2,	/* in Apple's document about the service */
	DEVICE_TELLING = 4,	/* marks a dict as coming from a device */
	DEVICE_MACHINE_INFO = 8, /* only in MachineInfo */
};
unsigned device_attribute(const char *name);

/* Returns the n-th known name, counting from 0; NULL after the last one. */
const char *device_attribute_at(size_t n);

/* Attributes that a device is asked for by default. */
extern const struct strings device_usual_attributes;

/*
 * device_claim() returns what a device says of itself under a name, for a log:
 * that string up to a unit separator (U+001F), which XML cannot contain; "" if
 * t is NULL or has no such string.  The caller frees it.
 */
enum { DEVICE_CLAIM_END = 0x1f };
char *device_claim(const struct tree *t, const char *name);

#endif
