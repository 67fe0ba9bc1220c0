/* Private to page/. */
#ifndef MCFG_PAGE_LOCAL_H
#define MCFG_PAGE_LOCAL_H

#include <stddef.h>

/* The files of scripts/pages, which are built into the programs. */
struct page_file {
	const char *name;		/* "welcome.de.html"; NULL: the end */
	const unsigned char *data;
	size_t len;
};
extern const struct page_file page_installed[];

#endif
