/* QR codes: an SVG for pages, half blocks for terminals. */
#if defined MCFG_QR && MCFG_QR
#include <errno.h>
#include <qrencode.h>

#include "base/mem.h"
#endif
#include "page/page.h"
#include "page/qr.h"

enum {
	QUIET = 4,		/* modules of margin that readers need */
	DARK = 1,		/* the bit of a module */
};

void
qr_free(struct qr *q)
{
	buf_free(&q->dark);
	q->width = 0;
}

bool
qr_make(const char *text, struct qr *out)
{
#if defined MCFG_QR && MCFG_QR
	QRcode *code;
	int i;

	errno = 0;
	code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	if (code == NULL && errno == ENOMEM)
		mem_exhausted();
	if (code == NULL)
		return false;
	out->width = (size_t)code->width;
	for (i = 0; i < code->width * code->width; i++)
		buf_putc(&out->dark, (char)(code->data[i] & DARK));
	QRcode_free(code);
	return true;
#else
	(void)text;
	(void)out;
	return false;
#endif
}

/* The margin is light. */
static bool
is_dark(const struct qr *q, size_t x, size_t y)
{
	if (x < QUIET || y < QUIET || x >= q->width + QUIET ||
	    y >= q->width + QUIET)
		return false;
	return q->dark.data[(y - QUIET) * q->width + x - QUIET] != 0;
}

/* Each run of dark modules in a row becomes one rectangle of the path. */
void
qr_to_svg(const struct qr *q, struct buf *out)
{
	size_t size = q->width + 2 * QUIET, x, y, n;

	buf_printf(out, "<svg class=\"qr\" viewBox=\"0 0 %zu %zu\" "
	    "aria-hidden=\"true\" focusable=\"false\" "
	    "shape-rendering=\"crispEdges\">"
	    "<rect width=\"%zu\" height=\"%zu\" fill=\"#fff\"/>"
	    "<path fill=\"#000\" d=\"", size, size, size, size);
	for (y = 0; y < size; y++)
		for (x = 0; x < size; x += n > 0 ? n : 1) {
			for (n = 0; is_dark(q, x + n, y); n++)
				;
			if (n > 0)
				buf_printf(out, "M%zu %zuh%zuv1h-%zuz", x, y,
				    n, n);
		}
	buf_puts(out, "\"/></svg>");
}

/* Two rows on each line, black on white whatever the terminal's colours. */
void
qr_to_terminal(const struct qr *q, struct buf *out)
{
	static const char *const blocks[2][2] = {
		{ " ", "\342\226\204" },
		{ "\342\226\200", "\342\226\210" },
	};
	size_t size = q->width + 2 * QUIET, x, y;

	for (y = 0; y < size; y += 2) {
		buf_puts(out, "\033[38;5;16;48;5;231m");
		for (x = 0; x < size; x++)
			buf_puts(out, blocks[is_dark(q, x, y)]
			    [is_dark(q, x, y + 1)]);
		buf_puts(out, "\033[0m\n");
	}
}

void
page_set_qr(struct page_values *v, const char *text)
{
	auto_qr q = QR_INIT;
	auto_buf svg = BUF_INIT;

	if (qr_make(text, &q))
		qr_to_svg(&q, &svg);
	page_set_markup(v, "qr", buf_str(&svg));
}
