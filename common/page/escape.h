/*
 * escape: text in HTML, for every page of every tool.
 */
#ifndef MCFG_PAGE_ESCAPE_H
#define MCFG_PAGE_ESCAPE_H

#include <stddef.h>

#include "base/buf.h"

/*
 * page_escape() appends len bytes of text so that they stay text in the content
 * of an element and in a quoted attribute: & < > " ' become references.
 */
void page_escape(struct buf *out, const char *text, size_t len);

/*
 * page_escape_shown() is page_escape() of untrusted text, which first becomes
 * one line of at most max bytes, with control, invisible and bidirectional
 * characters as diag_escape() shows them.
 */
void page_escape_shown(struct buf *out, const char *text, size_t max);

#endif
