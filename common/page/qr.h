/*
 * qr: QR codes, made by libqrencode.
 */
#ifndef MCFG_PAGE_QR_H
#define MCFG_PAGE_QR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct qr {
	size_t width;		/* modules in a row, as many as rows */
	struct buf dark;	/* a byte for each module, row by row */
};
#define QR_INIT	{ 0, BUF_INIT }
#define auto_qr	AUTO(qr_free) struct qr

void qr_free(struct qr *q);

/*
 * qr_make() encodes text, error correction level M; *out starts as QR_INIT.
 * False if it is too long for any QR code, or if the program was built without
 * the library.
 */
bool qr_make(const char *text, struct qr *out);

/* qr_to_svg() appends an svg element, one unit a module, with its margin. */
void qr_to_svg(const struct qr *q, struct buf *out);

/* qr_to_terminal() appends UTF-8 lines with the escape sequences of colors. */
void qr_to_terminal(const struct qr *q, struct buf *out);

#endif
