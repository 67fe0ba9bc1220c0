#include "base/uuid.h"

#include <string.h>
#include <uuid/uuid.h>

void
ident_make(const char *seed, const char *path, char out[IDENT_TEXT])
{
	uuid_t ns, id;

	if (seed != NULL) {
		uuid_generate_sha1(ns, *uuid_get_template("oid"), seed,
		    strlen(seed));
		uuid_generate_sha1(id, ns, path, strlen(path));
	} else {
		uuid_generate_random(id);
	}
	uuid_unparse_upper(id, out);
}

bool
ident_is_uuid(const char *text)
{
	uuid_t id;

	return strlen(text) == IDENT_TEXT - 1 && uuid_parse(text, id) == 0;
}
