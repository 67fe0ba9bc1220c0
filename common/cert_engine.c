/*
 * Keys in a PKCS #11 token.  Debian 12 has no PKCS #11 provider for OpenSSL
 * 3.0, but libengine-pkcs11-openssl; so this one file uses the deprecated
 * ENGINE calls.  MCFG_ENGINE=0 leaves them out.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <string.h>

#include "cert_parts.h"

#if MCFG_ENGINE
#include <openssl/engine.h>

/*
 * The PIN: of --passphrase, or of the URI itself (RFC 7512 pin-value and
 * pin-source), which the engine reads.  Without any of them the engine would
 * ask on the terminal, so that is refused here.
 */
static enum status
set_pin(ENGINE *e, const char *uri, key_pass *pass, void *arg)
{
	auto_buf pin = BUF_SECRET;
	enum status st;

	if (strstr(uri, "pin-value=") != NULL ||
	    strstr(uri, "pin-source=") != NULL)
		return OK;
	if ((st = pass(arg, &pin)) != OK)
		return st;
	if (ENGINE_ctrl_cmd_string(e, "PIN", buf_str(&pin), 0) != 1)
		return fail_ssl(FAULT, "pkcs11: the engine takes no PIN");
	return OK;
}

/* RFC 7512 module-path, percent-decoding left to plain paths. */
static enum status
set_module(ENGINE *e, const char *uri)
{
	const char *p = strstr(uri, "module-path=");
	auto_char *path = NULL;

	if (p != NULL) {
		p += strlen("module-path=");
		path = xstrndup(p, strcspn(p, "&;"));
	} else if (secret_env("PKCS11_MODULE_PATH") != NULL)
		path = xstrdup(secret_env("PKCS11_MODULE_PATH"));
	if (path != NULL &&
	    ENGINE_ctrl_cmd_string(e, "MODULE_PATH", path, 0) != 1)
		return fail_ssl(FAULT, "pkcs11: %s: the engine does not take "
		    "this module", path);
	return OK;
}

enum status
key_from_token(const char *uri, key_pass *pass, void *arg, EVP_PKEY **out)
{
	/* Kept for the life of the process: the key belongs to it. */
	static ENGINE *engine;
	enum status st;

	if (engine == NULL) {
		ENGINE_load_dynamic();
		if ((engine = ENGINE_by_id("pkcs11")) == NULL) {
			diag_ssl_clear();
			return fail(FAULT, "pkcs11: no such engine "
			    "(libengine-pkcs11-openssl)");
		}
		if ((st = set_module(engine, uri)) != OK ||
		    (st = set_pin(engine, uri, pass, arg)) != OK)
			return st;
		if (ENGINE_init(engine) != 1)
			return fail_ssl(FAULT, "pkcs11: the token cannot be "
			    "opened");
	}
	*out = ENGINE_load_private_key(engine, uri, NULL, NULL);
	if (*out == NULL)
		return fail_ssl(FAULT, "pkcs11: no such key in the token, or "
		    "a wrong PIN");
	diag_ssl_clear();
	return OK;
}

#else

enum status
key_from_token(const char *uri, key_pass *pass, void *arg, EVP_PKEY **out)
{
	(void)uri;
	(void)pass;
	(void)arg;
	(void)out;
	return fail(FAULT, "pkcs11: this mcfg was built without ENGINE");
}
#endif
