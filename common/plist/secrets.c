#include "plist/secrets.h"

#include <ctype.h>
#include <string.h>

/*
 * How secret names end, in lower case and without separators between words.
 * Tokens and keys that only identify something (TokenCard, Key Type) end
 * differently.
 */
static const char *const tails[] = {
	"password", "passwd", "passphrase", "passcode", "secret", "token",
	"challenge", "apikey", "accesskey", "secretkey", "sharedkey",
	"licensekey", "licencekey", "enrollmentkey", "enrolmentkey",
	"privatekey", "recoverykey", "wepkey", "psk", "credential",
	"credentials", "passwordhash",
	/* In the plural. */
	"passwords", "secrets", "tokens", "passphrases", "apikeys",
};

enum { NAME_MAX_LEN = 128 };	/* bytes of a key that are compared */

/* Lower case; without blanks, '_', '-', '.' and a trailing number. */
static size_t
plain_name(const char *key, char plain[NAME_MAX_LEN])
{
	size_t len = strlen(key), n = 0;

	while (len > 1 && isdigit((unsigned char)key[len - 1]))
		len--;
	if (len >= NAME_MAX_LEN) {
		key += len - (NAME_MAX_LEN - 1);
		len = NAME_MAX_LEN - 1;
	}
	for (; len > 0; len--, key++)
		if (strchr("_-. ", *key) == NULL)
			plain[n++] = (char)tolower((unsigned char)*key);
	plain[n] = '\0';
	return n;
}

/*
 * PIN is part of many words: it must be a separate word, at the end of the
 * name or before Code.
 */
static bool
names_pin(const char *key, const char *plain, size_t n)
{
	const char *p;

	if (strcmp(plain, "pin") == 0 || strcmp(plain, "pincode") == 0)
		return true;
	if (n > 7 && strcmp(plain + n - 7, "pincode") == 0)
		return true;
	for (p = key; (p = strpbrk(p, "Pp")) != NULL; p++) {
		if (strncmp(p, "PIN", 3) != 0 && strncmp(p, "Pin", 3) != 0 &&
		    (strncmp(p, "pin", 3) != 0 || p == key ||
		    strchr("_-. ", p[-1]) == NULL))
			continue;
		if (p > key && isupper((unsigned char)p[-1]))
			continue;
		if (strspn(p + 3, "0123456789") == strlen(p + 3))
			return true;
		if (p == key && p[1] == 'I' && !islower((unsigned char)p[3]) &&
		    !isupper((unsigned char)p[3]))
			return true;
	}
	return false;
}

bool
tree_names_secret(const char *key)
{
	char plain[NAME_MAX_LEN];
	size_t n = plain_name(key, plain), i;

	for (i = 0; i < ARRAY_LEN(tails); i++) {
		size_t k = strlen(tails[i]);

		if (n >= k && strcmp(plain + n - k, tails[i]) == 0)
			return true;
	}
	return names_pin(key, plain, n);
}

/* A key in PEM, or in a line of a WireGuard configuration. */
static bool
holds_private_key(const char *text)
{
	const char *p;

	if (strstr(text, "PRIVATE KEY-----") != NULL)
		return true;
	for (p = text; (p = strstr(p, "PrivateKey")) != NULL; p++)
		if ((p == text || p[-1] == '\n') &&
		    p[10 + strspn(p + 10, " \t")] == '=')
			return true;
	return false;
}

bool
tree_is_secret(const char *key, const struct tree *t)
{
	bool is_named = key != NULL && tree_names_secret(key);

	switch (tree_kind(t)) {
	case TREE_STRING:
		return is_named || holds_private_key(tree_string_of(t));
	case TREE_DATA:
		return is_named;
	case TREE_INT:
		return is_named && tree_int_of(t) != 0 && tree_int_of(t) != 1;
	default:
		return false;
	}
}

/*
 * The password in the first URL of text, and its length: between the first ':'
 * and the last '@' before the path.  NULL if there is none.
 */
static const char *
password_in(const char *text, size_t *len)
{
	const char *p = text, *colon, *end, *at;

	while ((p = strstr(p, "://")) != NULL) {
		p += 3;
		end = p + strcspn(p, "/?#\"'<> \t\r\n");
		at = end;
		while (at > p && at[-1] != '@')
			at--;
		colon = memchr(p, ':', (size_t)(end - p));
		if (at == p || colon == NULL || colon + 2 >= at)
			continue;
		*len = (size_t)(at - 1 - (colon + 1));
		return colon + 1;
	}
	return NULL;
}

bool
tree_mask_address(const char *text, const char *mask, struct buf *out)
{
	const char *password;
	size_t len = 0;

	if ((password = password_in(text, &len)) == NULL)
		return false;
	do {
		buf_add(out, text, (size_t)(password - text));
		buf_puts(out, mask);
		text = password + len;
	} while ((password = password_in(text, &len)) != NULL);
	buf_puts(out, text);
	return true;
}

static enum status
look_at(const char *key, struct tree *t, void *arg)
{
	const char *around = arg;

	return tree_holds_secret(key != NULL ? key : around, t) ? REFUSED : OK;
}

bool
tree_holds_secret(const char *key, const struct tree *t)
{
	size_t len;

	if (tree_kind(t) == TREE_DICT || tree_kind(t) == TREE_ARRAY)
		return tree_each(t, look_at, (void *)(uintptr_t)key) != OK;
	return tree_is_secret(key, t) || (tree_kind(t) == TREE_STRING &&
	    password_in(tree_string_of(t), &len) != NULL);
}
