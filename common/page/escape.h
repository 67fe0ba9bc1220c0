/*
 * escape: text in HTML, for every page of every tool.
 */
#ifndef MCFG_PAGE_ESCAPE_H
#define MCFG_PAGE_ESCAPE_H

#include <stddef.h>

#include "base/buf.h"

/*
 * page_escape() appends len bytes of text for use as the content of an element
 * or in a quoted attribute: & < > " ' become references.
 */
void page_escape(struct buf *out, const char *text, size_t len);

/*
 * page_escape_shown() is page_escape() for untrusted text.  The text is first
 * reduced to one line of at most max bytes; control, invisible and
 * bidirectional characters are shown as by diag_escape().
 */
void page_escape_shown(struct buf *out, const char *text, size_t max);

#endif
