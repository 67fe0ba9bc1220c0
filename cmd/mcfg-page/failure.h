/*
 * failure: what HTTP says if a tool of the profile service has failed.
 */
#ifndef MCFG_PAGE_FAILURE_H
#define MCFG_PAGE_FAILURE_H

#include <stdbool.h>
#include <stdint.h>

#include "web/web.h"

struct failure {
	int status;		/* of the tool, not 0 */
	const char *blame;	/* what it judges: "site", "device", "message",
				 * "user", "name" or "login"; NULL: "site" */
	const char *config;	/* the site's file, as the tool names it, or
				 * NULL */
	int64_t length;		/* of the request's body, as web_parse_length()
				 * gives it */
};

/*
 * failure_judge() is the code of the response and the reason for the log, which
 * is borrowed: the one that is given, which the tool has said, or why the tool
 * of a message could not read it.  *is_read is true if that tool has read the
 * body.
 */
struct web_verdict failure_judge(const struct failure *f, const char *reason,
    bool *is_read);

/* The site's own address, yours; NULL if it has none, or is broken. */
char *failure_url(const char *config);

#endif
