/*
 * Keys in a PKCS #11 token.  Debian 12 has no PKCS #11 provider for OpenSSL
 * 3.0, but libengine-pkcs11-openssl; so this one file uses the deprecated
 * ENGINE calls.  MCFG_ENGINE=0 leaves them out.
 */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <string.h>

#include "x509/local.h"

#if MCFG_ENGINE
#include <openssl/engine.h>

/*
 * An attribute of the query part of a URI (RFC 7512 section 2.4), with its
 * percent signs decoded; false where it is not there.
 */
static bool
query(const char *uri, const char *name, struct buf *out)
{
	const char *p = strchr(uri, '?');
	size_t n = strlen(name), len;

	for (; p != NULL; p = strchr(p, '&')) {
		p++;
		if (strncmp(p, name, n) == 0 && p[n] == '=')
			break;
	}
	if (p == NULL)
		return false;
	p += n + 1;
	for (len = strcspn(p, "&"); len > 0; len--, p++) {
		if (len > 2 && *p == '%' && buf_hex_digit(p[1]) >= 0 &&
		    buf_hex_digit(p[2]) >= 0) {
			buf_putc(out, (char)(buf_hex_digit(p[1]) * 16 +
			    buf_hex_digit(p[2])));
			p += 2;
			len -= 2;
		} else
			buf_putc(out, *p);
	}
	return true;
}

/*
 * The PIN: that of pin-source in the URI, else --passphrase.  Without
 * any of them the engine would ask on the terminal, so that is refused.
 */
static enum status
set_pin(ENGINE *e, const char *uri, key_pass *pass, void *arg)
{
	auto_buf pin = BUF_SECRET, source = BUF_INIT;
	enum status st = OK;

	if (query(uri, "pin-source", &source)) {
		auto_char *src = xasprintf("%s%s", strncmp(buf_str(&source),
		    "file:", 5) == 0 ? "" : "file:", buf_str(&source));

		st = secret_read(src, "pin-source", &pin);
	} else
		st = pass(arg, &pin);
	if (st != OK)
		return st;
	if (ENGINE_ctrl_cmd_string(e, "PIN", buf_str(&pin), 0) != 1)
		return fail_ssl(FAULT, "pkcs11: the engine takes no PIN");
	return OK;
}

static enum status
set_module(ENGINE *e, const char *uri)
{
	auto_buf path = BUF_INIT;
	const char *env = secret_env("PKCS11_MODULE_PATH");

	if (!query(uri, "module-path", &path) && env != NULL)
		buf_puts(&path, env);
	if (path.len > 0 && ENGINE_ctrl_cmd_string(e, "MODULE_PATH",
	    buf_str(&path), 0) != 1)
		return fail_ssl(FAULT, "pkcs11: %s: the engine does not take "
		    "this module", buf_str(&path));
	return OK;
}

/* The engine lives as long as the process, since the key belongs to it. */
static enum status
open_engine(const char *uri, key_pass *pass, void *arg, ENGINE **out)
{
	static ENGINE *engine;
	enum status st;

	if (engine == NULL) {
		ENGINE_load_dynamic();
		if ((engine = ENGINE_by_id("pkcs11")) == NULL) {
			diag_ssl_clear();
			return fail(FAULT, "pkcs11: no such engine "
			    "(libengine-pkcs11-openssl)");
		}
		/* Its own lines on standard error are none of ours. */
		ENGINE_ctrl_cmd_string(engine, "QUIET", NULL, 0);
		if ((st = set_module(engine, uri)) != OK)
			return st;
		if (ENGINE_init(engine) != 1)
			return fail_ssl(FAULT, "pkcs11: the token cannot be "
			    "opened");
	}
	if ((st = set_pin(engine, uri, pass, arg)) != OK)
		return st;
	*out = engine;
	return OK;
}

enum status
key_from_token(const char *uri, key_pass *pass, void *arg, EVP_PKEY **out)
{
	/* The engine knows nothing of a query part. */
	auto_char *object = xstrndup(uri, strcspn(uri, "?"));
	ENGINE *engine = NULL;
	enum status st;

	if ((st = open_engine(uri, pass, arg, &engine)) != OK)
		return st;
	*out = ENGINE_load_private_key(engine, object, NULL, NULL);
	if (*out == NULL)
		return fail_ssl(FAULT, "%s: no such key in the token, or a "
		    "wrong PIN", object);
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
