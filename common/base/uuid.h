/* ident: UUIDs, random or name-based, always in upper case. */
#ifndef MCFG_BASE_UUID_H
#define MCFG_BASE_UUID_H

#include <stdbool.h>

enum { IDENT_TEXT = 37 };	/* bytes of a UUID as text, with its NUL */

/*
 * ident_make() writes a UUID.  With a seed it is uuid5(uuid5(NameSpace_OID,
 * seed), path), RFC 4122 4.3; without (NULL) it is random (version 4).  If
 * OpenSSL fails, the process ends with FAULT.
 */
void ident_make(const char *seed, const char *path, char out[IDENT_TEXT]);

/* ident_is_uuid() returns true for the 36-character form, in either case. */
bool ident_is_uuid(const char *text);

#endif
