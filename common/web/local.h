/* Private to web/. */
#ifndef MCFG_WEB_LOCAL_H
#define MCFG_WEB_LOCAL_H

#include "web/web.h"

/* One request of any kind: how its parts are got at. */
struct web_exchange {
	const char *(*variable)(struct web_exchange *x, const char *name);
	/* Bytes read, 0 at the end, -1 for a failure. */
	long (*read)(struct web_exchange *x, void *p, size_t len);
	bool (*write)(struct web_exchange *x, const void *p, size_t len);
	void *of;		/* what they are got from */
	size_t taken;		/* of its body */
	bool ended;		/* the body, or the connection */
};

/* Bytes read, which are counted; 0 at the end, -1 for a failure. */
long web_read(struct web_exchange *x, void *p, size_t len);

#endif
