#include "sys/openssl.h"

#include <stdlib.h>

#include <openssl/conf.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include "base/buf.h"
#include "base/words.h"
#include "sys/secret.h"

/*
 * Values that config(5) takes for "no"; any other value activates a provider.
 */
static bool
is_no(const char *value)
{
	return words_choose("0|no|NO|false|FALSE|off|OFF", value);
}

/* A missing key leaves an error in OpenSSL's queue, which is dropped. */
static const char *
value_of(const CONF *conf, const char *section, const char *key)
{
	const char *value = NCONF_get_string(conf, section, key);

	diag_ssl_clear();
	return value;
}

/* The first provider that should be active but is not, or NULL. */
static const char *
missing_provider(const CONF *conf)
{
	const char *start = value_of(conf, NULL, "openssl_conf");
	const char *list = start != NULL ?
	    value_of(conf, start, "providers") : NULL;
	const STACK_OF(CONF_VALUE) *all = list != NULL ?
	    NCONF_get_section(conf, list) : NULL;
	int i;

	for (i = 0; i < sk_CONF_VALUE_num(all); i++) {
		const CONF_VALUE *v = sk_CONF_VALUE_value(all, i);
		const char *activate = value_of(conf, v->value, "activate");
		const char *identity = value_of(conf, v->value, "identity");
		const char *name = identity != NULL ? identity : v->name;

		if (activate != NULL && !is_no(activate) &&
		    OSSL_PROVIDER_available(NULL, name) != 1)
			return name;
	}
	return NULL;
}

/* OpenSSL silently continues without a provider that it cannot load. */
static enum status
check_providers(const CONF *conf, const char *path)
{
	const char *missing = missing_provider(conf);
	EVP_MD *md;

	if (missing != NULL)
		return fail(FAULT, "OPENSSL_CONF=%s: the provider %s cannot "
		    "be loaded", path, missing);
	if ((md = EVP_MD_fetch(NULL, "SHA256", NULL)) == NULL)
		return fail_ssl(FAULT, "OPENSSL_CONF=%s: none of its providers "
		    "has SHA-256", path);
	EVP_MD_free(md);
	return OK;
}

enum status
openssl_configure(void)
{
	const char *path = getenv("OPENSSL_CONF");
	enum status st;
	long line = 0;
	CONF *conf;

	if (path == NULL || *path == '\0')
		return OK;
	secret_clean_up();
	if ((conf = NCONF_new(NULL)) == NULL)
		mem_exhausted();
	diag_ssl_clear();
	if (NCONF_load(conf, path, &line) != 1 ||
	    CONF_modules_load(conf, NULL, CONF_MFLAGS_DEFAULT_SECTION) <= 0)
		st = fail_ssl(FAULT, "OPENSSL_CONF=%s: OpenSSL cannot load "
		    "this configuration", path);
	else
		st = check_providers(conf, path);
	NCONF_free(conf);
	return st;
}
