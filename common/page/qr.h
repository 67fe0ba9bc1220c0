/*
 * qr: QR codes, made by libqrencode.
 */
#ifndef MCFG_PAGE_QR_H
#define MCFG_PAGE_QR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct qr {
	size_t width;		/* modules in a row; equal to the number of
				 * rows */
	struct buf dark;	/* one byte for each module, row by row */
};
#define QR_INIT	{ 0, BUF_INIT }
#define auto_qr	AUTO(qr_free) struct qr

void qr_free(struct qr *q);

/*
 * qr_make() encodes text with error correction level M; *out must be QR_INIT.
 * Returns false if text is too long for a QR code, or if the program was built
 * without libqrencode.
 */
bool qr_make(const char *text, struct qr *out);

/*
 * qr_to_svg() appends an svg element with one unit for each module, including
 * the margin.
 */
void qr_to_svg(const struct qr *q, struct buf *out);

/* qr_to_terminal() appends lines of UTF-8 with escape sequences for colours. */
void qr_to_terminal(const struct qr *q, struct buf *out);

#endif
