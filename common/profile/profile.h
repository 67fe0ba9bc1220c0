/*
 * profile: creates profiles and their parts (the Profile Service payload, the
 * SCEP payload, the Configuration), and fills in what an author left out.
 *
 * UUIDs: with a seed, uuid5(uuid5(NameSpace_OID, seed), PATH), where PATH is
 * the PayloadIdentifiers from the top, joined by '/'; otherwise random.
 */
#ifndef MCFG_PROFILE_PROFILE_H
#define MCFG_PROFILE_PROFILE_H

#include <stdbool.h>

#include "base/buf.h"
#include "cli/opts.h"
#include "plist/node.h"
#include "text/text.h"
#include "x509/cert.h"

/* The options of every tool that makes a payload, for its identity. */
struct profile_identity {
	const char *identifier;		/* required, never generated */
	const char *organization;
	const char *display_name;
	const char *description;
	const char *uuid;		/* NULL: generate it */
	const char *seed;		/* for generated UUIDs; NULL: random */
};

/* suffix is appended to the identifier of site.yaml for this tool: "scep". */
#define OPT_PAYLOAD(p, suffix)						\
	{ 0, "identifier", "ID", "PayloadIdentifier; keep it for updates", \
	    .value = &(p).identifier, .check = profile_check_identifier, \
	    .config = "identifier." suffix },				\
	{ 0, "organization", "TEXT", "PayloadOrganization, shown to the user", \
	    .value = &(p).organization, .check = profile_check_text,	\
	    .config = "organization" },					\
	{ 0, "display-name", "TEXT", "PayloadDisplayName, shown to the user", \
	    .value = &(p).display_name, .check = profile_check_text,	\
	    .config = "display_name" },					\
	{ 0, "description", "TEXT", "PayloadDescription, shown to the user", \
	    .value = &(p).description, .check = profile_check_text,	\
	    .config = "description" },					\
	{ 0, "uuid", "UUID", "PayloadUUID (default: a new one)",	\
	    .value = &(p).uuid, .check = profile_check_uuid },		\
	OPT_UUID_SEED((p).seed)

/*
 * Check values of options.  Return NULL, or the reason why a value is invalid.
 */
const char *profile_check_identifier(const char *value);
const char *profile_check_text(const char *value);
const char *profile_check_uuid(const char *value);

/*
 * profile_identify() sets the given values in a payload or profile.  With
 * only_missing, existing values are kept.
 */
void profile_identify(struct tree *payload, const struct profile_identity *id,
    bool only_missing);

/*
 * profile_payload() creates the first members of a payload, PayloadType to
 * PayloadOrganization.  If id has no UUID, it is derived from path.
 */
struct tree *profile_payload(const char *type,
    const struct profile_identity *id, const char *path);

/* ---- the Profile Service ---- */

struct profile_service {
	const char *url;
	const struct strings *attributes;	/* empty: the usual four */
	const struct buf *challenge;		/* or NULL */
	bool challenge_is_data;
};

/*
 * profile_service() creates the payload of phase 1.  Attributes that Apple
 * does not document get a warning.
 */
struct tree *profile_service(const struct profile_identity *id,
    const struct profile_service *s);

/* ---- SCEP ---- */

enum {
	PROFILE_SIGN = 1,	/* for "Key Usage" */
	PROFILE_ENCRYPT = 4,
};

struct profile_scep {
	const char *url;
	const char *name;		/* or NULL; so are all below */
	const struct tree *subject;	/* of profile_subject() */
	const struct tree *alt_names;	/* of profile_alt_names() */
	const struct buf *challenge;
	const struct buf *fingerprint;	/* raw */
	long key_size;
	long key_usage;
	long retries, retry_delay;	/* negative: not given */
	const char *extractable;	/* "yes", "no" */
};

/*
 * profile_subject() converts a DN, "/O=Example, Inc./CN=Device" or RFC 4514,
 * to the array of arrays of [type, value] pairs of a SCEP payload.  Returns
 * NULL, or the reason why dn is invalid.
 */
const char *profile_subject(const char *dn, struct tree **out);

/* Checks one name for profile_alt_names().  Returns NULL, or the reason. */
const char *profile_check_alt_name(const char *name);

/*
 * profile_alt_names() converts "dns:..", "email:..", "uri:.." and "upn:.." to
 * SubjectAltName; several of one type become an array.  All have passed
 * profile_check_alt_name().  The caller frees the result.
 */
struct tree *profile_alt_names(const struct strings *names);

/*
 * profile_scep_names() reads the names that a device will request from the
 * parameters of a SCEP payload, Subject and SubjectAltName.  where is the name
 * of the parameters in messages.  Returns REFUSED if there is no Subject, if
 * they do not conform to Apple's schema, or if the device would replace a
 * %Variable% in them.  The caller frees *subject and *names; *names is NULL if
 * there are none.
 */
enum status profile_scep_names(const struct tree *scep, const char *where,
    X509_NAME **subject, GENERAL_NAMES **names) USE_RESULT;

/*
 * Converts "sign,encrypt" to bits.  Returns NULL, or the reason why it cannot.
 */
const char *profile_key_usage(const char *text, long *out);

/*
 * profile_fingerprint() appends the fingerprint of the CA as bytes: given, in
 * hexadecimal; the SHA-256 of ca if given is "sha256" or NULL; nothing if both
 * are NULL.  ca may be NULL; ca_name is its name in messages.  Returns REFUSED
 * if given is a SHA-256 but not that of ca.
 */
enum status profile_fingerprint(const char *given, const X509 *ca,
    const char *ca_name, struct buf *out) USE_RESULT;

/* Creates only the payload; path is that of the profile around it, or NULL. */
struct tree *profile_scep(const struct profile_identity *id,
    const struct profile_scep *s, const char *path);

/*
 * profile_scep_configuration() creates a profile with that payload, whose
 * identifier is derived from the profile's.
 */
enum status profile_scep_configuration(const struct profile_identity *id,
    const struct profile_scep *s, struct tree **out) USE_RESULT;

/* ---- whole profiles ---- */

/*
 * profile_configuration() creates a Configuration around an array of payloads,
 * of which it takes ownership.  Call profile_complete() on the result.
 */
struct tree *profile_configuration(const struct profile_identity *id,
    struct tree *payloads);

/* The origin of a profile, and what may be needed to complete it. */
struct profile_source {
	const char *file;		/* for messages; !file is relative to
					 * it */
	const char *seed;		/* for UUIDs that are missing; NULL:
					 * random */
	int64_t at;			/* time from which !after counts */
	struct tree_marks *marks;	/* places of its nodes, or NULL */
	const struct strings *files;	/* as in struct spec_how */
};

/*
 * profile_complete() fills in what is missing: PayloadVersion 1, PayloadUUID,
 * the PayloadIdentifier of payloads (from the profile's identifier, the last
 * part of the payload's type, and its index), and the nodes of uuids, which
 * may be NULL.  Returns REFUSED for a tree that is not a profile or has no
 * PayloadIdentifier; *why then says what is wrong.
 */
enum status profile_complete(struct tree *profile,
    const struct profile_source *src, const struct spec_uuids *uuids,
    struct problem *why) USE_RESULT;

/* Returns REFUSED for what profile_complete() refuses at the top level. */
enum status profile_check(const struct tree *t,
    const struct tree_marks *marks, struct problem *why) USE_RESULT;

/*
 * profile_read() converts the bytes of a file to a property list.  It accepts
 * any form of a profile: XML; binary; CMS SignedData, whose signature is
 * removed without verifying it; or YAML, recognised by the file's name or the
 * keys at the beginning of its lines, which becomes the profile that it
 * describes.  For other input, *why is that for a property list.
 */
enum status profile_read(const struct buf *in,
    const struct profile_source *src, bool *is_signed, struct problem *why,
    struct tree **out) USE_RESULT;

/*
 * profile_check_plain() returns REFUSED unless there are payloads to encrypt:
 * t must be a profile or an array of payloads, and not encrypted.
 * profile_encrypt_payloads() appends the EnvelopedData with them, in DER, and
 * profile_set_encrypted() puts that into the profile in their place.
 */
enum status profile_check_plain(const struct tree *t, const char *name)
    USE_RESULT;
enum status profile_encrypt_payloads(const struct tree *t,
    const STACK_OF(X509) *to, const char *cipher, struct buf *der) USE_RESULT;
void profile_set_encrypted(struct tree *profile, const struct buf *der);

/*
 * profile_holds_secret() returns true if a file with the profile must not be
 * readable by others, because it has a challenge, a password or a private key.
 */
bool profile_holds_secret(const struct tree *t);

#endif
