/* Private to common/plist. */
#ifndef MCFG_PLIST_LOCAL_H
#define MCFG_PLIST_LOCAL_H

#include "plist/node.h"

/*
 * plist_scalar() reads the text of an XML element: TREE_INT, TREE_REAL,
 * TREE_DATE or TREE_DATA.  White space at both ends is cut off text.  Returns
 * NULL, or the reason.  *padded is set for data in base64 that has more '='
 * than it needs.
 */
const char *plist_scalar(enum tree_kind kind, struct buf *text,
    struct tree **out, bool *padded);

/* Why expat could not go on (its error) at this byte. */
const char *plist_xml_words(int error, const struct buf *in, size_t at);

#endif
