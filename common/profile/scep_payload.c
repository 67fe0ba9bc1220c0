/* Builds SCEP payloads. */
#include "profile/profile.h"

#include <string.h>

#include "base/encoding.h"
#include "base/words.h"
#include "x509/cert.h"

/*
 * The attribute types that Apple's schema lists by short names; all others are
 * dotted numbers there.
 */
static bool
is_short_name(const char *type)
{
	return words_choose("C|L|ST|O|OU|CN", type);
}

struct subject {
	struct tree *rdns;
	size_t rdn;		/* number of the RDN that was begun last */
};

static enum status
add_pair(const char *type, const char *value, size_t rdn, void *arg)
{
	struct subject *s = arg;
	struct tree *pair = tree_array();
	auto_char *oid = NULL;

	if (!is_short_name(type))
		oid = cert_attribute_oid(type);
	tree_append(pair, tree_string(oid != NULL ? oid : type));
	tree_append(pair, tree_string(value));
	if (tree_count(s->rdns) == 0 || s->rdn != rdn)
		tree_append(s->rdns, tree_array());
	s->rdn = rdn;
	tree_append(tree_at(s->rdns, tree_count(s->rdns) - 1), pair);
	return OK;
}

const char *
profile_subject(const char *dn, struct tree **out)
{
	auto_X509_NAME *name = NULL;
	struct subject s = { NULL, 0 };
	const char *reason;

	if ((reason = profile_check_text(dn)) != NULL ||
	    (reason = cert_parse_name(dn, &name)) != NULL)
		return reason;
	s.rdns = tree_array();
	if (cert_name_each(name, add_pair, &s) == OK) {
		*out = s.rdns;
		return NULL;
	}
	tree_free(s.rdns);
	return "not a name";
}

struct alt_type {
	const char *prefix;
	const char *key;
};

static const struct alt_type *
alt_type_of(const char *text)
{
	static const struct alt_type types[] = {
		{ "dns:", "dNSName" },
		{ "email:", "rfc822Name" },
		{ "uri:", "uniformResourceIdentifier" },
		{ "upn:", "ntPrincipalName" },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(types); i++)
		if (strncmp(text, types[i].prefix,
		    strlen(types[i].prefix)) == 0)
			return &types[i];
	return NULL;
}

/* A second value of a type turns it into an array. */
static void
add_alt_name(struct tree *dict, const char *key, const char *value)
{
	struct tree *known = tree_get(dict, key);
	struct tree *array;

	if (known == NULL) {
		tree_set_string(dict, key, value);
		return;
	}
	if (tree_kind(known) != TREE_ARRAY) {
		array = tree_array();
		tree_append(array, tree_copy(known));
		tree_set(dict, key, array);
		known = array;
	}
	tree_append(known, tree_string(value));
}

const char *
profile_check_alt_name(const char *name)
{
	const struct alt_type *type = alt_type_of(name);

	if (type == NULL)
		return "not of the form dns:, email:, uri: or upn:VALUE";
	name += strlen(type->prefix);
	return *name == '\0' ? "the value is missing" :
	    profile_check_text(name);
}

struct tree *
profile_alt_names(const struct strings *names)
{
	struct tree *dict = tree_dict();
	size_t i;

	for (i = 0; i < names->n; i++) {
		const struct alt_type *type = alt_type_of(names->v[i]);

		add_alt_name(dict, type->key, names->v[i] +
		    strlen(type->prefix));
	}
	return dict;
}

const char *
profile_key_usage(const char *text, long *out)
{
	long bits = 0;

	for (;;) {
		size_t n = strcspn(text, ",");
		long bit = n == 4 && strncmp(text, "sign", n) == 0 ?
		    PROFILE_SIGN :
		    n == 7 && strncmp(text, "encrypt", n) == 0 ?
		    PROFILE_ENCRYPT : 0;

		if (bit == 0)
			return "must be a list of sign and encrypt";
		if ((bits & bit) != 0)
			return "the same use twice";
		bits |= bit;
		if (text[n] == '\0')
			break;
		text += n + 1;
	}
	*out = bits;
	return NULL;
}

static struct tree *
parameters(const struct profile_scep *s)
{
	struct tree *t = tree_dict();

	tree_set_string(t, "URL", s->url);
	if (s->name != NULL)
		tree_set_string(t, "Name", s->name);
	if (s->subject != NULL)
		tree_set(t, "Subject", tree_copy(s->subject));
	if (tree_count(s->alt_names) > 0)
		tree_set(t, "SubjectAltName", tree_copy(s->alt_names));
	if (s->challenge != NULL)
		tree_set_string(t, "Challenge", buf_str(s->challenge));
	tree_set_int(t, "Keysize", s->key_size);
	tree_set_string(t, "Key Type", "RSA");
	tree_set_int(t, "Key Usage", s->key_usage);
	if (s->fingerprint != NULL)
		tree_set(t, "CAFingerprint", tree_data(s->fingerprint->data,
		    s->fingerprint->len));
	if (s->retries >= 0)
		tree_set_int(t, "Retries", s->retries);
	if (s->retry_delay >= 0)
		tree_set_int(t, "RetryDelay", s->retry_delay);
	if (s->extractable != NULL)
		tree_set(t, "KeyIsExtractable",
		    tree_bool(strcmp(s->extractable, "yes") == 0));
	return t;
}

struct tree *
profile_scep(const struct profile_identity *id, const struct profile_scep *s,
    const char *path)
{
	auto_char *whole = path != NULL ?
	    xasprintf("%s/%s", path, id->identifier) : xstrdup(id->identifier);
	struct tree *t = profile_payload("com.apple.security.scep", id, whole);

	tree_set(t, "PayloadContent", parameters(s));
	return t;
}

enum status
profile_fingerprint(const char *given, const X509 *ca, const char *ca_name,
    struct buf *out)
{
	char hash[SECRET_HASH_TEXT];
	auto_buf of_file = BUF_INIT;

	if (given != NULL && strcmp(given, "sha256") != 0)
		(void)decode_hex(given, out);
	if (ca == NULL)
		return OK;
	cert_sha256(ca, hash);
	(void)decode_hex(hash, &of_file);
	if (out->len == of_file.len && !buf_equal(out, &of_file))
		return fail(REFUSED, "%s: its SHA-256 is %s, not the "
		    "fingerprint that was given", ca_name, hash);
	if (out->len == 0)
		buf_add_buf(out, &of_file);
	return OK;
}

/* Puts the payload, of which it takes ownership, into a profile. */
static enum status
wrap(const struct profile_identity *id, struct tree *payload,
    struct tree **out)
{
	const struct profile_source src = { .seed = id->seed };
	struct problem why = { .name = "profile" };
	auto_tree *payloads = tree_array();
	auto_tree *profile = NULL;

	tree_append(payloads, payload);
	profile = profile_configuration(id, STEAL(payloads));
	if (profile_complete(profile, &src, NULL, &why) != OK)
		return problem_print(&why);
	*out = STEAL(profile);
	return OK;
}

enum status
profile_scep_configuration(const struct profile_identity *id,
    const struct profile_scep *s, struct tree **out)
{
	auto_char *identifier = xasprintf("%s.scep.0", id->identifier);
	struct profile_identity inner = *id;

	inner.identifier = identifier;
	inner.uuid = NULL;
	return wrap(id, profile_scep(&inner, s, id->identifier), out);
}
