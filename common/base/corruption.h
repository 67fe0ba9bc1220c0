/*
 * corruption: what happened to bytes in transfer.  Editors, mail and web forms
 * that treat a binary message as text each change it in a recognisable way.
 */
#ifndef MCFG_BASE_CORRUPTION_H
#define MCFG_BASE_CORRUPTION_H

#include "base/buf.h"

/*
 * corruption_name() appends how a DER message, a binary or an XML property list
 * was damaged, and how to avoid that: "binary that went through text: 12 times
 * U+FFFD stands for bytes".  Returns false, and appends nothing, if the bytes
 * show no sign of damage.  It is a guess: call it only for input that could
 * not be read.
 */
bool corruption_name(const struct buf *in, struct buf *out);

/* corruption_add() is corruption_name() with ": " before its text. */
void corruption_add(const struct buf *in, struct buf *out);

#endif
