/*
 * plist: what the files that look at property lists share.  around is the
 * SignedData that a plist was in, or NULL.
 */
#ifndef MCFG_PLIST_H
#define MCFG_PLIST_H

#include "inspect.h"

/* ", signed by CN=x" for what was in SignedData, else nothing. */
void plist_signature(const struct cms_view *around, char *out, size_t size);

/* ---- profiles ---- */

/* One payload, as a separate object. */
struct report *payload_report(struct layer *l, const char *where,
    const struct tree *dict);

/* Adds "payloads". */
void payloads_add(struct layer *l, const struct tree *array);

/* Their types as words: "com.apple.a, com.apple.b and 3 more". */
void payloads_name(const struct report *list, struct buf *out);

void profile_configuration(struct layer *l, const struct tree *dict,
    const struct cms_view *around);

/* Phase 1: what the device is asked for. */
void profile_service(struct layer *l, const struct tree *dict,
    const struct cms_view *around);

/* ---- devices ---- */

/* True for the attributes of a device, which device_answer() tells. */
bool device_looks_like(const struct tree *dict);
void device_answer(struct layer *l, const struct tree *dict,
    const struct cms_view *around);

/* A message of MDM; false if it is something else. */
bool device_message(struct layer *l, const struct tree *dict,
    const struct cms_view *around);

#endif
