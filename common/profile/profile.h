/*
 * profile: the dictionaries that profiles are made of: the Profile Service
 * payload, the SCEP payload, the Configuration around payloads; and what is
 * filled in where an author left it out.
 *
 * UUIDs: with a seed, uuid5(uuid5(NameSpace_OID, seed), PATH), PATH being the
 * PayloadIdentifiers from the top, joined by '/'; else random.
 */
#ifndef MCFG_PROFILE_PROFILE_H
#define MCFG_PROFILE_PROFILE_H

#include <stdbool.h>

#include "base/buf.h"
#include "cli/opts.h"
#include "plist/node.h"
#include "text/text.h"
#include "x509/cert.h"

/* The identity options of every tool that makes a payload. */
struct profile_identity {
	const char *identifier;		/* needed; never generated */
	const char *organization;
	const char *display_name;
	const char *description;
	const char *uuid;		/* NULL: made */
	const char *seed;		/* of made ones, NULL: random */
};

/* SUFFIX is what site.yaml's identifier gets for this tool: "scep". */
#define OPT_PAYLOAD(p, suffix)						\
	{ 0, "identifier", "ID", "PayloadIdentifier, the same for ever", \
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
	{ 0, "uuid", "UUID", "PayloadUUID; made where it is not given",	\
	    .value = &(p).uuid, .check = profile_check_uuid },		\
	OPT_UUID_SEED((p).seed)

/* Checks of option values: NULL, or the reason why not. */
const char *profile_check_identifier(const char *value);
const char *profile_check_text(const char *value);
const char *profile_check_uuid(const char *value);

/*
 * profile_identify() sets what is given, in a payload or profile.  With
 * only_missing, what the payload has stays.
 */
void profile_identify(struct tree *payload, const struct profile_identity *id,
    bool only_missing);

/*
 * profile_payload() makes the head of a payload, PayloadType to
 * PayloadOrganization; a UUID that is not given is that of path.
 */
struct tree *profile_payload(const char *type,
    const struct profile_identity *id, const char *path);

/* ---- the Profile Service ---- */

struct profile_service {
	const char *url;
	const struct strings *attributes;	/* none: the usual four */
	const struct buf *challenge;		/* or NULL */
	bool challenge_is_data;
};

/*
 * profile_service() makes the payload of phase 1.  Attributes that Apple does
 * not document pass with a warning.
 */
struct tree *profile_service(const struct profile_identity *id,
    const struct profile_service *s);

/* ---- SCEP ---- */

enum {
	PROFILE_SIGN = 1,	/* of "Key Usage" */
	PROFILE_ENCRYPT = 4,
};

struct profile_scep {
	const char *url;
	const char *name;		/* or NULL, as all that follow */
	const struct tree *subject;	/* of profile_subject() */
	const struct tree *alt_names;	/* of profile_alt_names() */
	const struct buf *challenge;
	const struct buf *fingerprint;	/* raw */
	long key_size;
	long key_usage;
	long retries, retry_delay;	/* negative: not said */
	const char *extractable;	/* "yes", "no" */
};

/*
 * profile_subject() turns a DN, "/O=Example, Inc./CN=Device" or RFC 4514,
 * into the array of arrays of [type, value] pairs of a SCEP payload.  NULL,
 * or the reason.
 */
const char *profile_subject(const char *dn, struct tree **out);

/*
 * profile_alt_names() turns "dns:..", "email:..", "uri:.." and "upn:.." into
 * SubjectAltName; of several of one type comes an array.  USAGE for another
 * type or an empty value.
 */
enum status profile_alt_names(const struct strings *names, struct tree **out)
    USE_RESULT;

/*
 * profile_scep_names() reads the names that a device will ask for out of the
 * parameters of a SCEP payload, Subject and SubjectAltName; where is what
 * diagnostics call the parameters.  REFUSED if there is no Subject, if they are
 * not what Apple's schema says, or if the device would fill in a %Variable%.
 * *subject and *names are yours; *names is NULL for the empty set.
 */
enum status profile_scep_names(const struct tree *scep, const char *where,
    X509_NAME **subject, GENERAL_NAMES **names) USE_RESULT;

/* "sign,encrypt" to the bits; NULL, or the reason. */
const char *profile_key_usage(const char *text, long *out);

/*
 * profile_fingerprint() is the raw fingerprint of the authority: given, in hex,
 * or the SHA-256 of ca for "sha256" and NULL; nothing without both.  ca may be
 * NULL, else ca_name is what diagnostics call it.  REFUSED if given is another
 * SHA-256 than that of ca.
 */
enum status profile_fingerprint(const char *given, const X509 *ca,
    const char *ca_name, struct buf *out) USE_RESULT;

/* The payload's dict alone; path is that of the profile around it, or NULL. */
struct tree *profile_scep(const struct profile_identity *id,
    const struct profile_scep *s, const char *path);

/*
 * profile_scep_configuration() makes the profile around that payload, with the
 * identifier of the payload below its own.
 */
enum status profile_scep_configuration(const struct profile_identity *id,
    const struct profile_scep *s, struct tree **out) USE_RESULT;

/* ---- whole profiles ---- */

/*
 * profile_configuration() makes a Configuration around an array of payloads,
 * which it takes.  profile_complete() is still to come.
 */
struct tree *profile_configuration(const struct profile_identity *id,
    struct tree *payloads);

/* Where a profile comes from, and what it may need to be whole. */
struct profile_source {
	const char *file;		/* in diagnostics; !file is beside it */
	const char *seed;		/* of the UUIDs that are left out, or
					 * NULL: random */
	int64_t at;			/* where !after counts from */
	struct tree_marks *marks;	/* of its nodes, or NULL */
	const struct strings *files;	/* of struct spec_how */
};

/*
 * profile_complete() fills in what may be left out: PayloadVersion 1,
 * PayloadUUID, the PayloadIdentifier of payloads (the profile's, the last
 * part of the payload's type, its index), and the nodes of uuids, which may
 * be NULL.  REFUSED for a tree that is not a profile or has no
 * PayloadIdentifier.
 */
enum status profile_complete(struct tree *profile,
    const struct profile_source *src, const struct spec_uuids *uuids)
    USE_RESULT;

/* REFUSED for what profile_complete() refuses at the top. */
enum status profile_check(const struct tree *t,
    const struct profile_source *src) USE_RESULT;

/*
 * profile_read() gives the property list in what was read from a file, in any
 * form that a profile has: XML or binary; CMS SignedData, whose signature is
 * taken off and not verified; or YAML, by the file's name or the keys at the
 * start of its lines, as the profile that is made of it.  What else it is, is
 * said as for a property list.
 */
enum status profile_read(const struct buf *in,
    const struct profile_source *src, bool *is_signed, struct tree **out)
    USE_RESULT;

/*
 * profile_check_plain() is REFUSED for what has no payloads to encrypt: neither
 * a profile nor an array of payloads, or encrypted before.
 * profile_encrypt_payloads() gives the EnvelopedData of them, in DER, and
 * profile_set_encrypted() puts it into the profile in place of them.
 */
enum status profile_check_plain(const struct tree *t, const char *name)
    USE_RESULT;
enum status profile_encrypt_payloads(const struct tree *t,
    const STACK_OF(X509) *to, const char *cipher, struct buf *der) USE_RESULT;
void profile_set_encrypted(struct tree *profile, const struct buf *der);

/*
 * profile_holds_secret() is true where a file of it must not be readable by
 * others: a challenge, a password, a private key is in it.
 */
bool profile_holds_secret(const struct tree *t);

#endif
