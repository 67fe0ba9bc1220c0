/*
 * allow: the list of devices of a site, devices.allow: on each line a UDID or
 * serial number, optionally followed by the only user who may enroll that
 * device.
 */
#ifndef MCFG_PROFILE_ALLOW_H
#define MCFG_PROFILE_ALLOW_H

#include <stdbool.h>

#include "base/diag.h"

/*
 * allow_look() reads the file path and sets *allowed if a line has the UDID or
 * the serial number (either may be NULL) and names no other user.  If the
 * device is listed only for other users, *only is set to one of these, which
 * the caller frees; otherwise it is not changed.
 */
enum status allow_look(const char *path, const char *udid, const char *serial,
    const char *user, bool *allowed, char **only) USE_RESULT;

#endif
