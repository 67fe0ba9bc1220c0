/*
 * OpenSSL 3.0 looks for a decoder at each public key that it reads, and asks
 * every kind of key and every format that it knows on the way.  A server pays
 * that for each certificate and each request, as much as for half a signature.
 *
 * So a server reads in a library context whose one provider is the default
 * one, reduced to RSA keys and the one decoder that these need; all else that
 * is asked of it, and all work, is the default provider's own.
 */
#include <string.h>

#include <openssl/core_dispatch.h>
#include <openssl/provider.h>

#include "x509/local.h"

static OSSL_PROVIDER *whole;	/* the default provider */
static OSSL_LIB_CTX *reading;	/* or NULL */

static bool
is_rsa(const OSSL_ALGORITHM *a)
{
	return strcspn(a->algorithm_names, ":") == 3 &&
	    memcmp(a->algorithm_names, "RSA", 3) == 0;
}

/* That of RSA with the property, alone, of a list that a nameless one ends. */
static const OSSL_ALGORITHM *
only(const OSSL_ALGORITHM *all, const char *property, OSSL_ALGORITHM kept[2])
{
	for (; all->algorithm_names != NULL; all++)
		if (is_rsa(all) &&
		    strstr(all->property_definition, property) != NULL)
			break;
	kept[0] = *all;
	kept[1] = (OSSL_ALGORITHM){ NULL, NULL, NULL, NULL };
	return kept;
}

static const OSSL_ALGORITHM *
query(void *ctx, int operation, int *no_cache)
{
	static OSSL_ALGORITHM decoders[2], keys[2];
	const OSSL_ALGORITHM *all;

	(void)ctx;
	all = OSSL_PROVIDER_query_operation(whole, operation, no_cache);
	if (all == NULL)
		return NULL;
	if (operation == OSSL_OP_DECODER)
		return only(all, "input=der,structure=SubjectPublicKeyInfo",
		    decoders);
	if (operation == OSSL_OP_KEYMGMT)
		return only(all, "", keys);
	return all;
}

static int
begin(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
    const OSSL_DISPATCH **out, void **ctx)
{
	static const OSSL_DISPATCH functions[] = {
		{ OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))query },
		{ 0, NULL },
	};

	(void)handle;
	(void)in;
	*out = functions;
	*ctx = OSSL_PROVIDER_get0_provider_ctx(whole);
	return 1;
}

/*
 * Where a configuration has put other providers in the place of the default
 * one, there is nothing to reduce.
 */
void
cert_reading_begin(void)
{
	OSSL_LIB_CTX *made;

	if (reading != NULL ||
	    OSSL_PROVIDER_available(NULL, "default") != 1 ||
	    (whole = OSSL_PROVIDER_load(NULL, "default")) == NULL ||
	    (made = OSSL_LIB_CTX_new()) == NULL)
		return;
	if (OSSL_PROVIDER_add_builtin(made, "reading", begin) == 1 &&
	    OSSL_PROVIDER_load(made, "reading") != NULL)
		reading = made;
	else
		OSSL_LIB_CTX_free(made);
	diag_ssl_clear();
}

OSSL_LIB_CTX *
cert_reading_context(void)
{
	return reading;
}
