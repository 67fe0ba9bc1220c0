/*
 * device: the attributes that a device sends to the profile service, and the
 * MachineInfo of a managed enrollment.
 */
#ifndef MCFG_PLIST_DEVICE_ATTRIBUTES_H
#define MCFG_PLIST_DEVICE_ATTRIBUTES_H

#include "plist/node.h"

/* What is known of an attribute; 0 is nothing. */
enum {
	DEVICE_KNOWN = 1,
	DEVICE_DOCUMENTED = 2,	/* in Apple's document on the service */
	DEVICE_TELLING = 4,	/* a dict that has it comes from a device */
	DEVICE_MACHINE_INFO = 8, /* only MachineInfo has it */
};
unsigned device_attribute(const char *name);

/* The n-th known name from 0; NULL behind the last one. */
const char *device_attribute_at(size_t n);

/* Those that a device is asked for if a site does not name others. */
extern const struct strings device_usual_attributes;

#endif
