/*
 * Keys in a PKCS #11 token, through OpenSSL's ENGINE, for Debian 12, which has
 * libengine-pkcs11-openssl but no PKCS #11 provider.  Only this file uses
 * these deprecated functions; MCFG_ENGINE=0 leaves them out.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "x509/local.h"

#if MCFG_ENGINE
#include <openssl/engine.h>

/* The engine remains until the process ends, since the key belongs to it. */
static enum status
open_engine(struct buf *module, ENGINE **out)
{
	static ENGINE *engine;

	if (engine == NULL) {
		ENGINE_load_dynamic();
		if ((engine = ENGINE_by_id("pkcs11")) == NULL) {
			diag_ssl_clear();
			return fail(FAULT, "pkcs11: OpenSSL has no provider "
			    "and no engine for it (pkcs11-provider, "
			    "libengine-pkcs11-openssl)");
		}
		/* It must not write to standard error itself. */
		ENGINE_ctrl_cmd_string(engine, "QUIET", NULL, 0);
		if (module->len > 0 && ENGINE_ctrl_cmd_string(engine,
		    "MODULE_PATH", buf_str(module), 0) != 1)
			return fail_ssl(FAULT, "pkcs11: %s: the OpenSSL engine "
			    "cannot load this module", buf_str(module));
		if (ENGINE_init(engine) != 1)
			return fail_ssl(FAULT, "pkcs11: the token cannot be "
			    "opened");
	}
	*out = engine;
	return OK;
}

enum status
key_from_engine(const char *object, struct buf *module, struct buf *pin,
    EVP_PKEY **out)
{
	ENGINE *engine = NULL;
	enum status st;

	if ((st = open_engine(module, &engine)) != OK)
		return st;
	if (ENGINE_ctrl_cmd_string(engine, "PIN", buf_str(pin), 0) != 1)
		return fail_ssl(FAULT, "pkcs11: the OpenSSL engine does not "
		    "accept a PIN");
	*out = ENGINE_load_private_key(engine, object, NULL, NULL);
	return *out != NULL ? OK : fail_ssl(FAULT, "%s: no such key in the "
	    "token, or a wrong PIN", object);
}

#else

enum status
key_from_engine(const char *object, struct buf *module, struct buf *pin,
    EVP_PKEY **out)
{
	(void)object;
	(void)module;
	(void)pin;
	(void)out;
	return fail(FAULT, "pkcs11: OpenSSL has no provider for it "
	    "(pkcs11-provider), and this mcfg was built without ENGINE");
}
#endif
