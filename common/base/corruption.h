/*
 * damage: what became of bytes on their way.  Binary messages go through
 * editors, mail and web forms that take them for text; each leaves a trace.
 */
#ifndef MCFG_BASE_CORRUPTION_H
#define MCFG_BASE_CORRUPTION_H

#include "base/buf.h"

/*
 * damage_name() appends what was done to a DER message, a binary or an XML
 * property list, and what to do about it: "binary that went through text: 12
 * times U+FFFD stands for bytes".  False, and nothing appended, for bytes
 * without such a trace.  It is a guess: ask it only about what could not be
 * read.
 */
bool damage_name(const struct buf *in, struct buf *out);

/* damage_add() is damage_name() with ": " before it. */
void damage_add(const struct buf *in, struct buf *out);

#endif
