/*
 * damage: what became of bytes on their way.  Binary messages go through
 * editors, mail and web forms that take them for text; each leaves a trace.
 */
#ifndef MCFG_BASE_CORRUPTION_H
#define MCFG_BASE_CORRUPTION_H

#include "base/buf.h"

/*
 * damage_name() appends how a DER message, a binary or an XML property list
 * was damaged, and how to avoid that: "binary that went through text: 12 times
 * U+FFFD stands for bytes".  Returns false, and appends nothing, if the bytes
 * show no sign of damage.  It is a guess: call it only for input that could
 * not be read.
 */
bool damage_name(const struct buf *in, struct buf *out);

/* damage_add() is damage_name() with ": " before its text. */
void damage_add(const struct buf *in, struct buf *out);

#endif
