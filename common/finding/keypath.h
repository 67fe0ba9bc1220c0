/*
 * keypath: a place in a property list, as people read it in every tool:
 * "PayloadContent[0].SSID_STR".  A bracket in a key is "\[".
 */
#ifndef MCFG_FINDING_KEYPATH_H
#define MCFG_FINDING_KEYPATH_H

#include "base/buf.h"

/* Append one step: a member of a dict, or an item of an array. */
void keypath_add_key(struct buf *path, const char *key);
void keypath_add_index(struct buf *path, size_t i);

#endif
