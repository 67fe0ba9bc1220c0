/*
 * Loads keys from a PKCS #11 token, with OpenSSL's provider (pkcs11-provider)
 * or else with its ENGINE.
 */
#include <string.h>

#include <openssl/opensslv.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <openssl/ui.h>

#include "base/encoding.h"
#include "x509/local.h"

static const char PROVIDER[] = "pkcs11";

/*
 * Returns an attribute in the query part of a URI (RFC 7512 section 2.4),
 * percent-decoded; false if it is missing.
 */
static bool
query(const char *uri, const char *name, struct buf *out)
{
	const char *p = strchr(uri, '?');
	size_t n = strlen(name);

	for (; p != NULL; p = strchr(p, '&')) {
		p++;
		if (strncmp(p, name, n) == 0 && p[n] == '=')
			break;
	}
	if (p == NULL)
		return false;
	p += n + 1;
	decode_percent(p, strcspn(p, "&"), out);
	return true;
}

/*
 * The PIN comes from pin-source in the URI, otherwise from --passphrase.
 * Without either, the token would ask on the terminal, so that is refused.
 */
static enum status
find_pin(const char *uri, key_pass *pass, void *arg, struct buf *pin)
{
	auto_buf source = BUF_INIT;

	if (query(uri, "pin-source", &source)) {
		auto_char *src = xasprintf("%s%s", strncmp(buf_str(&source),
		    "file:", 5) == 0 ? "" : "file:", buf_str(&source));

		return secret_read(src, "pin-source", pin);
	}
	return pass(arg, pin);
}

/* The module, from the URI or the environment; empty for the default. */
static void
find_module(const char *uri, struct buf *path)
{
	const char *env = secret_env("PKCS11_MODULE_PATH");

	if (!query(uri, "module-path", path) && env != NULL)
		buf_puts(path, env);
}

static OSSL_PROVIDER *
load_with(struct buf *module)
{
#if OPENSSL_VERSION_PREREQ(3, 2)
	OSSL_PARAM with[] = { OSSL_PARAM_END, OSSL_PARAM_END };

	if (module->len > 0)
		with[0] = OSSL_PARAM_construct_utf8_string(
		    "pkcs11-module-path", (char *)module->data, 0);
	return OSSL_PROVIDER_load_ex(NULL, PROVIDER, with);
#else
	(void)module;
	return OSSL_PROVIDER_load(NULL, PROVIDER);
#endif
}

/*
 * True if the provider is available; it stays loaded, since the keys belong to
 * it.  Loading one provider disables OpenSSL's implicit default, so that is
 * loaded, too.
 */
static bool
load_provider(struct buf *module)
{
	static bool is_loaded;
	bool is_default;

	if (is_loaded)
		return true;
	if (OSSL_PROVIDER_available(NULL, PROVIDER) != 1) {
		is_default = OSSL_PROVIDER_available(NULL, "default") == 1;
		if (load_with(module) == NULL) {
			diag_ssl_clear();
			return false;
		}
		if (is_default)
			(void)OSSL_PROVIDER_load(NULL, "default");
	}
	is_loaded = true;
	return true;
}

static int
give_pin(char *room, int size, int writing, void *arg)
{
	const struct buf *pin = arg;

	(void)writing;
	if (size < 0 || (size_t)size < pin->len)
		return -1;
	memcpy(room, buf_str(pin), pin->len);
	return (int)pin->len;
}

/* The first key in the store, or NULL. */
static EVP_PKEY *
first_key(OSSL_STORE_CTX *store)
{
	OSSL_STORE_INFO *info;
	EVP_PKEY *key = NULL;

	while (key == NULL && OSSL_STORE_eof(store) == 0) {
		if ((info = OSSL_STORE_load(store)) == NULL)
			continue;
		if (OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
			key = OSSL_STORE_INFO_get1_PKEY(info);
		OSSL_STORE_INFO_free(info);
	}
	return key;
}

static enum status
from_provider(const char *object, struct buf *pin, EVP_PKEY **out)
{
	UI_METHOD *ui = UI_UTIL_wrap_read_pem_callback(give_pin, 0);
	OSSL_STORE_CTX *store;

	if (ui == NULL)
		mem_exhausted();
	store = OSSL_STORE_open_ex(object, NULL, "provider=pkcs11", ui, pin,
	    NULL, NULL, NULL);
	if (store != NULL) {
		if (OSSL_STORE_expect(store, OSSL_STORE_INFO_PKEY) == 1)
			*out = first_key(store);
		OSSL_STORE_close(store);
	}
	UI_destroy_method(ui);
	return *out != NULL ? OK : fail_ssl(FAULT, "%s: no such key in the "
	    "token, or a wrong PIN", object);
}

enum status
key_from_token(const char *uri, key_pass *pass, void *arg, EVP_PKEY **out)
{
	/* The code that opens a key does not understand the query part. */
	auto_char *object = xstrndup(uri, strcspn(uri, "?"));
	auto_buf module = BUF_INIT, pin = BUF_SECRET;
	enum status st;

	secret_clean_up();
	find_module(uri, &module);
	if ((st = find_pin(uri, pass, arg, &pin)) != OK)
		return st;
	st = load_provider(&module) ? from_provider(object, &pin, out) :
	    key_from_engine(object, &module, &pin, out);
	if (st == OK)
		diag_ssl_clear();
	return st;
}
