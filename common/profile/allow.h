/*
 * allow: devices.allow of a site: a device a line, its UDID or serial number,
 * and perhaps the only user who may enroll it.
 */
#ifndef MCFG_PROFILE_ALLOW_H
#define MCFG_PROFILE_ALLOW_H

#include <stdbool.h>

#include "base/diag.h"

/*
 * allow_look() reads the file path and sets *allowed if a line of it names the
 * UDID or the serial number, either of which may be NULL, and no other user.
 * If lines name the device for others only, *only is one of these users, yours;
 * it stays what it is otherwise.
 */
enum status allow_look(const char *path, const char *udid, const char *serial,
    const char *user, bool *allowed, char **only) USE_RESULT;

#endif
