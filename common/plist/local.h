/* Private to common/plist. */
#ifndef MCFG_PLIST_LOCAL_H
#define MCFG_PLIST_LOCAL_H

#include "plist/node.h"

/*
 * plist_xml_scalar() converts the text of an XML element to TREE_INT,
 * TREE_REAL, TREE_DATE or TREE_DATA, and removes white space at both ends of
 * text.  Returns NULL, or the reason.  *padded is set if base64 has more '='
 * than it needs.
 */
const char *plist_xml_scalar(enum tree_kind kind, struct buf *text,
    struct tree **out, bool *padded);

/* Returns why expat stopped with this error at this byte; static. */
const char *plist_xml_error(int error, const struct buf *in, size_t at);

#endif
