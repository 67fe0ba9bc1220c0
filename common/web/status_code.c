/* The code of the response, if a step has failed. */
#include <string.h>

#include "web/web.h"

static const struct {
	enum web_blame blame;
	int status, code;
} codes[] = {
	{ WEB_DEVICE, REFUSED, 403 },
	{ WEB_DEVICE, MALFORMED, 400 },
	{ WEB_DEVICE, LATER, 301 },
	{ WEB_USER, REFUSED, 403 },
	{ WEB_NAME, REFUSED, 403 },
	{ WEB_NAME, USAGE, 403 },
	{ WEB_LOGIN, REFUSED, 401 },
	{ WEB_SCEP, REFUSED, 400 },
	{ WEB_SCEP, MALFORMED, 400 },
};

int
web_code(enum web_blame blame, int status, const char *reason)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(codes); i++)
		if (codes[i].blame == blame && codes[i].status == status)
			return codes[i].code;
	return status == LATER || strstr(reason, "busy") != NULL ||
	    strstr(reason, "locked") != NULL ? 503 : 500;
}
