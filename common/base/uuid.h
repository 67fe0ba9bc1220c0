/*
 * ident: UUIDs, random or name-based, always upper case.
 */
#ifndef MCFG_BASE_UUID_H
#define MCFG_BASE_UUID_H

#include <stdbool.h>

enum { IDENT_TEXT = 37 };	/* a UUID as text, with its NUL */

/*
 * ident_make() writes a UUID.  With a seed it is
 * uuid5(uuid5(NameSpace_OID, seed), path), RFC 4122 4.3; with seed NULL it is
 * random (version 4).  If OpenSSL cannot, the process ends with FAULT.
 */
void ident_make(const char *seed, const char *path, char out[IDENT_TEXT]);

/* ident_is_uuid() is true for the 36-character form, either case. */
bool ident_is_uuid(const char *text);

#endif
