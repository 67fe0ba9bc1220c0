/* Identifies the client of a request, for the limits. */
#include <arpa/inet.h>
#include <string.h>

#include "request.h"

enum { NETWORK = 8 };	/* bytes of an IPv6 address: a client has a /64 */

char *
request_client(const char *address)
{
	static const unsigned char mapped[12] = { [10] = 0xFF, [11] = 0xFF };
	char text[INET6_ADDRSTRLEN];
	unsigned char raw[16];

	if (address == NULL)
		return NULL;
	if (inet_pton(AF_INET, address, raw) == 1)
		return xstrdup(address);
	if (inet_pton(AF_INET6, address, raw) != 1)
		return NULL;
	if (memcmp(raw, mapped, sizeof mapped) == 0)
		return inet_ntop(AF_INET, raw + sizeof mapped, text,
		    sizeof text) != NULL ? xstrdup(text) : NULL;
	memset(raw + NETWORK, 0, sizeof raw - NETWORK);
	return inet_ntop(AF_INET6, raw, text, sizeof text) != NULL ?
	    xasprintf("%s/64", text) : NULL;
}
