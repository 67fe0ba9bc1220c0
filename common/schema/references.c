/* Checks keys that refer to another payload by its UUID. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "schema/local.h"

struct schema_target {
	const char *uuid, *type;	/* borrowed; type may be NULL */
};

/* What a payload contains that a reference may need. */
enum holds {
	HOLDS_NEITHER,
	HOLDS_UNKNOWN,		/* not Apple's, or a variable */
	HOLDS_CERTIFICATE,
	HOLDS_IDENTITY,
	HOLDS_EITHER,		/* an identity, with more certificates */
};

/*
 * Keys by how they end, for all types or for one; the first match counts.
 * Quotations are from the text of the key in Apple's schema.
 */
static const struct reference {
	const char *type, *tail;
	enum holds needs;
	const char *exactly;	/* or NULL */
} references[] = {
	/* "The referenced payload must be of type com.apple.security.pkcs1" */
	{ NULL, "EncryptCertPayloadUUID", HOLDS_CERTIFICATE,
	    "com.apple.security.pkcs1" },
	/* "containing the asymmetric recovery key certificate payload" */
	{ "com.apple.MCX.FileVault2", "PayloadCertificateUUID",
	    HOLDS_CERTIFICATE, NULL },
	/*
	 * "the certificate payload ... to use for the identity credential";
	 * but the preferred one is a certificate, for mail to somebody.
	 */
	{ "com.apple.security.certificatepreference",
	    "PayloadCertificateUUID", HOLDS_EITHER, NULL },
	/* "certificate payloads in the same profile to trust" */
	{ NULL, "CertificateAnchorUUID", HOLDS_CERTIFICATE, NULL },
	/* "a certificate to use when evaluating trust" */
	{ NULL, "PinningCertificateUUIDs", HOLDS_CERTIFICATE, NULL },
	/* "payload UUIDs containing CA certificates" */
	{ NULL, "CACertificateUUIDs", HOLDS_CERTIFICATE, NULL },
	/* "the certificate payload for the device's identity", "points to an
	 * identity certificate payload", "to use for the client credential",
	 * "the UUID of the identity certificate used to sign messages" */
	{ NULL, "ertificateUUID", HOLDS_IDENTITY, NULL },
	{ NULL, "ertificateUUIDs", HOLDS_EITHER, NULL },
};

static const struct reference *
find_reference(const char *type, const char *key)
{
	size_t i, n = strlen(key), m;

	for (i = 0; i < ARRAY_LEN(references); i++) {
		const struct reference *one = &references[i];

		m = strlen(one->tail);
		if (n >= m && strcmp(key + n - m, one->tail) == 0 &&
		    (one->type == NULL ||
		    (type != NULL && strcmp(type, one->type) == 0)))
			return one;
	}
	return NULL;
}

static enum holds
what_holds(const char *type)
{
	static const struct {
		const char *type;
		enum holds holds;
	} kinds[] = {
		{ "com.apple.security.root", HOLDS_CERTIFICATE },
		{ "com.apple.security.pkcs1", HOLDS_CERTIFICATE },
		{ "com.apple.security.pem", HOLDS_CERTIFICATE },
		{ "com.apple.security.pkcs12", HOLDS_EITHER },
		{ "com.apple.security.scep", HOLDS_IDENTITY },
		{ "com.apple.security.acme", HOLDS_IDENTITY },
		{ "com.apple.ADCertificate.managed", HOLDS_IDENTITY },
	};
	size_t i;

	if (type == NULL || strncmp(type, "com.apple.", 10) != 0 ||
	    schema_has_variable(type))
		return HOLDS_UNKNOWN;
	for (i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(type, kinds[i].type) == 0)
			return kinds[i].holds;
	/* A newer kind of certificate payload. */
	return strncmp(type, "com.apple.security.", 19) == 0 &&
	    strstr(type, "preference") == NULL ? HOLDS_UNKNOWN :
	    HOLDS_NEITHER;
}

static int
compare_targets(const void *a, const void *b)
{
	return strcasecmp(((const struct schema_target *)a)->uuid,
	    ((const struct schema_target *)b)->uuid);
}

void
schema_collect_targets(struct schema_run *r, const struct tree *content)
{
	const char *uuid;
	size_t i;

	r->targets = xcalloc(tree_count(content) + 1, sizeof *r->targets);
	for (i = 0; i < tree_count(content); i++)
		if ((uuid = tree_get_string(tree_at(content, i),
		    "PayloadUUID")) != NULL)
			r->targets[r->target_count++] = (struct schema_target){
			    uuid, tree_get_string(tree_at(content, i),
			    "PayloadType") };
	qsort(r->targets, r->target_count, sizeof *r->targets,
	    compare_targets);
}

static void
check_target(struct schema_run *r, const struct reference *wanted,
    const char *type, const struct tree *t)
{
	enum holds holds = what_holds(type);
	bool wants_identity = wanted->needs == HOLDS_IDENTITY;

	if (holds == HOLDS_UNKNOWN)
		return;
	if (holds == HOLDS_NEITHER || (wants_identity &&
	    holds == HOLDS_CERTIFICATE))
		schema_say(r, t, RULE_WRONG_REFERENCE, "refers to a payload of "
		    "the type '%.100s', which has no %s", type,
		    wants_identity ? "identity" : "certificate");
	else if (wanted->needs == HOLDS_CERTIFICATE &&
	    holds == HOLDS_IDENTITY)
		schema_warn(r, t, RULE_WRONG_REFERENCE, "refers to a payload "
		    "of the type '%.100s', whose certificate identifies the "
		    "device", type);
	else if (wanted->exactly != NULL &&
	    strcmp(type, wanted->exactly) != 0)
		schema_warn(r, t, RULE_WRONG_REFERENCE, "refers to a payload "
		    "of the type '%.100s', must be %s", type, wanted->exactly);
}

void
schema_check_reference(struct schema_run *r, const char *key,
    const struct tree *t)
{
	const struct reference *wanted;
	const struct schema_target *found;
	struct schema_target target;

	if (tree_kind(t) != TREE_STRING ||
	    (wanted = find_reference(r->type, key)) == NULL)
		return;
	target.uuid = tree_string_of(t);
	if (*target.uuid == '\0' || schema_has_variable(target.uuid))
		return;
	found = bsearch(&target, r->targets, r->target_count,
	    sizeof *r->targets, compare_targets);
	if (found == NULL)
		schema_say(r, t, RULE_DANGLING_REFERENCE, "no payload of this "
		    "profile has the UUID '%.100s'", target.uuid);
	else if (r->is_apples)
		check_target(r, wanted, found->type, t);
}
