/*
 * plist: shared by the files that handle property lists.  around is the
 * SignedData that a plist was in, or NULL.
 */
#ifndef MCFG_PLIST_H
#define MCFG_PLIST_H

#include "inspect.h"

/* Writes ", signed by CN=x" to out if around is not NULL, otherwise "". */
void plist_signature(const struct cms_view *around, char *out, size_t size);

/* ---- profiles ---- */

/* One payload, as a new object. */
struct report *payload_report(struct layer *l, const char *where,
    const struct tree *dict);

/* Adds "payloads". */
void payloads_add(struct layer *l, const struct tree *array);

/* Appends their types as text: "com.apple.a, com.apple.b and 3 more". */
void payloads_name(const struct report *list, struct buf *out);

void profile_configuration(struct layer *l, const struct tree *dict,
    const struct cms_view *around);

/* Phase 1: what the device is asked to send. */
void profile_service(struct layer *l, const struct tree *dict,
    const struct cms_view *around);

/* ---- devices ---- */

/* True for the attributes of a device, which device_answer() reports. */
bool device_looks_like(const struct tree *dict);
void device_answer(struct layer *l, const struct tree *dict,
    const struct cms_view *around);

/* An MDM message; false if it is something else. */
bool device_message(struct layer *l, const struct tree *dict,
    const struct cms_view *around);

#endif
