/* Where a form was sent from. */
#include <string.h>

#include "web/web.h"

enum { HTTPS_PORT_LENGTH = sizeof ":443" - 1 };

/* The length of "https://host:port" of an address, without the usual port. */
static size_t
origin_length(const char *url)
{
	size_t n = sizeof "https://" - 1;

	if (strlen(url) < n)
		return strlen(url);
	n += strcspn(url + n, "/");
	if (strncmp(url + n - HTTPS_PORT_LENGTH, ":443",
	    HTTPS_PORT_LENGTH) == 0)
		n -= HTTPS_PORT_LENGTH;
	return n;
}

bool
web_is_own_page(const char *url, const char *origin, const char *fetch_site)
{
	size_t n;

	if (fetch_site != NULL && *fetch_site != '\0' &&
	    strcmp(fetch_site, "same-origin") != 0 &&
	    strcmp(fetch_site, "none") != 0)
		return false;
	if (origin == NULL || *origin == '\0' || strcmp(origin, "null") == 0)
		return true;
	if ((n = origin_length(url)) != origin_length(origin))
		return false;
	return memcmp(url, origin, n) == 0 &&
	    (origin[n] == '\0' || strcmp(origin + n, ":443") == 0);
}
