/* Private to enrollment/. */
#ifndef MCFG_ENROLLMENT_LOCAL_H
#define MCFG_ENROLLMENT_LOCAL_H

#include "enrollment/enrollment.h"

/* ---- storage.c ---- */

/*
 * Converts t to the text that the ledger keeps; the caller frees *out.  what
 * names it in the message if it cannot be kept.
 */
enum status store_plist(const struct tree *t, const char *what, char **out)
    USE_RESULT;

/* Makes a challenge for an enrollment; text is marked secret. */
enum status new_challenge(enum ledger_purpose purpose, const char *id,
    int64_t ttl, struct buf *text, struct ledger_challenge *out) USE_RESULT;

/* ---- device_certificate.c ---- */

/*
 * device_certificate() fills c with the record of signer, the current identity
 * of an enrollment; name is its name in messages.  Returns REFUSED if it is
 * not that, LATER if it has expired.  outside lists files of CAs whose
 * certificates are not in the ledger.
 */
enum status device_certificate(struct ledger *l, X509 *signer, const char *name,
    const struct strings *outside, struct ledger_certificate *c) USE_RESULT;

/* ---- external_ca.c: identities of a CA with another ledger ---- */

/*
 * external_find() fills c as the ledger would: serial is the SHA-256 of the
 * certificate, which differs from all our serial numbers, and enrollment is
 * what the subject claims.  *known is true if the certificate is the identity
 * of that enrollment already, or was issued by the key of a certificate in
 * these files.
 */
enum status external_find(struct ledger *l, X509 *signer,
    const struct strings *files, bool *known, struct ledger_certificate *c)
    USE_RESULT;

/*
 * external_first() returns OK if the enrollment waits for a certificate with
 * this subject, LATER if it has waited too long.
 */
enum status external_first(struct ledger *l,
    const struct ledger_certificate *c, const char *name) USE_RESULT;

/* external_adopt() records it as the enrollment's only identity. */
enum status external_adopt(struct ledger *l,
    const struct ledger_certificate *c, const char *name) USE_RESULT;

/* ---- device.c ---- */

struct device {
	struct tree *attributes;	/* all attributes that it sent */
	const char *udid, *serial, *product;	/* borrowed, or NULL */
};
#define DEVICE_INIT	{ NULL, NULL, NULL, NULL }
#define auto_device	AUTO(device_free) struct device

void device_free(struct device *d);

/* device_read() reads attributes; the caller has verified their signature. */
enum status device_read(const struct buf *raw, const char *name,
    struct device *out) USE_RESULT;

/*
 * device_challenge() removes CHALLENGE from the attributes and hashes it;
 * REFUSED if it is missing.
 */
enum status device_challenge(struct device *d, const char *name,
    char hash[SECRET_HASH_TEXT]) USE_RESULT;

/*
 * device_allowed() returns OK if the file at path (NULL: all devices) has a
 * line with the UDID or the serial number, and for this user if the line names
 * one.
 */
enum status device_allowed(const struct device *d, const char *path,
    const char *user, const char *name) USE_RESULT;

#endif
