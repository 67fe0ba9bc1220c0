/*
 * Any bytes are described or refused, a description can be written in every
 * form, and no raw control characters reach a terminal.
 */
#include <string.h>

#include "../../cmd/mcfg-inspect/inspect.h"
#include "fixed.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static EVP_PKEY *opener;

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	auto_buf in = BUF_INIT, json = BUF_INIT, text = BUF_INIT;
	auto_report *r = NULL;
	struct inspect look = { 0 };
	size_t i;

	fixed_random();
	if (opener == NULL && cert_make_key("rsa:2048", &opener) != OK)
		abort();
	fixed_random();
	buf_add(&in, data, size);
	look.opener = opener;
	look.at = 1800000000;
	look.show_secrets = size % 2 == 1;
	if ((r = layer_inspect(&look, &in, 0)) == NULL) {
		if (look.why[0] == '\0')
			abort();
		return 0;
	}
	if (report_get_text(r, "kind") == NULL ||
	    report_get_text(r, "summary") == NULL)
		abort();
	report_render(r, &json);
	render_text(r, false, &text);
	for (i = 0; i < text.len; i++)
		if (text.data[i] < ' ' && text.data[i] != '\n')
			abort();
	return 0;
}
