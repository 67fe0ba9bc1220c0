/* Checks payloads that request certificates: SCEP, ACME and AD. */
#include <string.h>
#include <strings.h>

#include "schema/local.h"

enum { RSA_BITS_MIN = 2048 };

static void
check_key_size(struct schema_run *r, const struct tree *dict, const char *key,
    bool small_by_default)
{
	const struct tree *t = tree_get(dict, key);
	size_t before;

	if (t == NULL && small_by_default)
		schema_say(r, dict, RULE_WEAK_KEY, "without '%s' devices make "
		    "a key of only 1024 bits", key);
	if (t == NULL || tree_kind(t) != TREE_INT ||
	    tree_int_of(t) >= RSA_BITS_MIN)
		return;
	before = schema_push(r, key);
	schema_say(r, t, RULE_WEAK_KEY, "%lld bits, should be at least %d",
	    (long long)tree_int_of(t), RSA_BITS_MIN);
	buf_cut(&r->path, before);
}

/* MD5, SHA-1 and the SHA-2 family: the length identifies the hash. */
static void
check_fingerprint(struct schema_run *r, const struct tree *dict)
{
	const struct tree *t = tree_get_kind(dict, "CAFingerprint", TREE_DATA);
	size_t len, before;

	if (t == NULL)
		return;
	(void)tree_data_of(t, &len);
	if (len == 16 || len == 20 || len == 32 || len == 48 || len == 64)
		return;
	before = schema_push(r, "CAFingerprint");
	schema_say(r, t, RULE_BAD_FORMAT, "%zu bytes are not a fingerprint: "
	    "MD5 has 16, SHA-1 20, SHA-256 32", len);
	buf_cut(&r->path, before);
}

/* The type of an attribute is a short name or a dotted number. */
static void
check_subject_type(struct schema_run *r, const struct tree *pair)
{
	const struct tree *t = tree_at(pair, 0);
	const char *text;
	size_t before;

	if (t == NULL || tree_kind(t) != TREE_STRING)
		return;
	text = tree_string_of(t);
	if (text[strspn(text, "0123456789")] != '\0')
		return;
	before = schema_push_index(r, 0);
	schema_say(r, t, RULE_BAD_FORMAT, "'%.100s' is not a name "
	    "attribute: use a short name (O, CN) or an OID", text);
	buf_cut(&r->path, before);
}

static void
check_subject_value(struct schema_run *r, const struct tree *pair)
{
	const struct tree *type = tree_at(pair, 0), *t = tree_at(pair, 1);
	const char *name = "it";
	size_t before;

	if (t == NULL || tree_kind(t) != TREE_STRING ||
	    tree_string_of(t)[strspn(tree_string_of(t), " \t\r\n")] != '\0')
		return;
	if (type != NULL && tree_kind(type) == TREE_STRING)
		name = tree_string_of(type);
	before = schema_push_index(r, 1);
	schema_say(r, t, RULE_EMPTY_SUBJECT, "the value of %.20s is empty",
	    name);
	buf_cut(&r->path, before);
}

/* Returns the number of pairs. */
static size_t
check_subject_set(struct schema_run *r, const struct tree *set)
{
	size_t i, before, n = set != NULL ? tree_count(set) : 0;

	for (i = 0; i < n; i++) {
		before = schema_push_index(r, i);
		check_subject_type(r, tree_at(set, i));
		check_subject_value(r, tree_at(set, i));
		buf_cut(&r->path, before);
	}
	return n;
}

/* A name may also be in the SubjectAltName only (RFC 5280 4.1.2.6). */
static void
check_subject(struct schema_run *r, const struct tree *dict)
{
	const struct tree *subject = tree_get_kind(dict, "Subject",
	    TREE_ARRAY);
	size_t i, before, inner, n = 0;

	if (subject == NULL)
		return;
	before = schema_push(r, "Subject");
	for (i = 0; i < tree_count(subject); i++) {
		inner = schema_push_index(r, i);
		n += check_subject_set(r, tree_at(subject, i));
		buf_cut(&r->path, inner);
	}
	if (n == 0 && tree_count(tree_get(dict, "SubjectAltName")) == 0)
		schema_say(r, subject, RULE_EMPTY_SUBJECT, "is empty: the "
		    "certificate would have no name (add a CN)");
	buf_cut(&r->path, before);
}

/* Devices use such values unchanged, including white space. */
void
schema_check_white_space(struct schema_run *r, const struct tree *dict,
    const char *key)
{
	const struct tree *t = tree_get_kind(dict, key, TREE_STRING);
	static const char white[] = " \t\r\n";
	const char *text;
	size_t n, before;

	if (t == NULL)
		return;
	text = tree_string_of(t);
	n = strlen(text);
	if (n == 0 || (strchr(white, text[0]) == NULL &&
	    strchr(white, text[n - 1]) == NULL))
		return;
	before = schema_push(r, key);
	schema_say(r, t, RULE_WHITE_SPACE, "%s with white space, which becomes "
	    "part of the value", strchr(white, text[n - 1]) != NULL ?
	    "ends" : "begins");
	buf_cut(&r->path, before);
}

static void
check_scep(struct schema_run *r, const struct tree *payload)
{
	const struct tree *dict = tree_get_kind(payload, "PayloadContent",
	    TREE_DICT);
	size_t before;

	if (dict == NULL)
		return;
	before = schema_push(r, "PayloadContent");
	check_key_size(r, dict, "Keysize", true);
	check_fingerprint(r, dict);
	check_subject(r, dict);
	schema_check_white_space(r, dict, "URL");
	schema_check_white_space(r, dict, "Name");
	schema_check_white_space(r, dict, "Challenge");
	buf_cut(&r->path, before);
}

/* "The URL must use the https scheme", says Apple's schema. */
static void
check_directory(struct schema_run *r, const struct tree *payload)
{
	static const char key[] = "DirectoryURL", http[] = "http:";
	const char *url = tree_get_string(payload, key);
	size_t before;

	if (url == NULL || strncasecmp(url, http, sizeof http - 1) != 0)
		return;
	before = schema_push(r, key);
	schema_say(r, tree_get(payload, key), RULE_PLAIN_HTTP, "the address "
	    "of an ACME server must begin with https");
	buf_cut(&r->path, before);
}

static void
check_acme(struct schema_run *r, const struct tree *payload)
{
	const char *kind = tree_get_string(payload, "KeyType");

	if (kind != NULL && strcmp(kind, "RSA") == 0)
		check_key_size(r, payload, "KeySize", false);
	check_subject(r, payload);
	check_directory(r, payload);
	schema_check_white_space(r, payload, "DirectoryURL");
	schema_check_white_space(r, payload, "ClientIdentifier");
}

void
schema_check_request(struct schema_run *r, const struct tree *payload,
    const char *type)
{
	if (strcmp(type, "com.apple.security.scep") == 0)
		check_scep(r, payload);
	if (strcmp(type, "com.apple.security.acme") == 0)
		check_acme(r, payload);
	if (strcmp(type, "com.apple.ADCertificate.managed") == 0)
		check_key_size(r, payload, "Keysize", false);
}
