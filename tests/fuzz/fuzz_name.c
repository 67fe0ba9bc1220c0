/*
 * Names as they are typed: a name must survive conversion to our text and to
 * DER, and back.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "x509/cert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum status
visit(const char *type, const char *value, size_t rdn, void *arg)
{
	(void)rdn;
	(void)arg;
	if (*type == '\0' || strlen(value) > 1 << 16)
		abort();
	return OK;
}

static void
same(const X509_NAME *name)
{
	auto_buf der = BUF_INIT;
	auto_X509_NAME *again = NULL;

	cert_name_to_der(name, &der);
	if (cert_name_from_der(der.data, der.len, &again) != NULL ||
	    !cert_name_equal(name, again))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct problem unsaid;
	auto_char *text = xstrndup((const char *)data, size);
	auto_char *shown = NULL;
	auto_X509_NAME *name = NULL, *again = NULL;
	GENERAL_NAMES *san = NULL;

	problem_keep(&unsaid);
	if (cert_add_san(text, &san) != NULL && san != NULL)
		abort();
	GENERAL_NAMES_free(san);
	if (cert_parse_name(text, &name) != NULL)
		return 0;
	same(name);
	(void)!cert_name_each(name, visit, NULL);
	shown = cert_name_text(name);
	/* Escapes can make the text longer than the limit for input. */
	if (strlen(shown) <= 4096 && (cert_parse_name(shown, &again) != NULL ||
	    !cert_name_equal(name, again)))
		abort();
	return 0;
}
