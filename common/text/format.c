/* The format of URLs and fingerprints in options and in site.yaml. */
#include <string.h>

#include "base/buf.h"
#include "base/encoding.h"
#include "text/text.h"

const char *
text_check_url(const char *value)
{
	size_t n = strncmp(value, "https://", 8) == 0 ? 8 :
	    strncmp(value, "http://", 7) == 0 ? 7 : 0;
	const char *p;

	if (n == 0)
		return "an address begins with https:// or http://";
	if (value[n] == '\0' || value[n] == '/' || value[n] == ':')
		return "an address names a host";
	for (p = value; *p != '\0'; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7F)
			return "an address has neither spaces nor characters "
			    "beyond ASCII: escape them";
	return NULL;
}

const char *
text_check_fingerprint(const char *s)
{
	auto_buf raw = BUF_INIT;

	if (strcmp(s, "sha256") == 0)
		return NULL;
	if (decode_hex(s, &raw) != NULL)
		return "neither sha256 nor a fingerprint in hexadecimal";
	return raw.len == 20 || raw.len == 32 || raw.len == 48 ||
	    raw.len == 64 ? NULL : "no hash has that length";
}
