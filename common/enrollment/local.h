/* Private to enrollment/. */
#ifndef MCFG_ENROLLMENT_LOCAL_H
#define MCFG_ENROLLMENT_LOCAL_H

#include "enrollment/enrollment.h"

/* ---- storage.c ---- */

/* A plist as the ledger keeps it; what names it if it cannot be kept. */
enum status keep_plist(const struct tree *t, const char *what, char **out)
    USE_RESULT;

/* A fresh challenge of this purpose for an enrollment; text is secret. */
enum status new_challenge(enum ledger_purpose purpose, const char *id,
    int64_t ttl, struct buf *text, struct ledger_challenge *out) USE_RESULT;

/* ---- device_certificate.c ---- */

/*
 * identity_find() fills c with the record of signer, which is the current
 * identity of an enrollment; name is what diagnostics call it.  REFUSED if it
 * is not that, LATER if it has expired.  outside are files of authorities whose
 * certificates the ledger does not have.
 */
enum status identity_find(struct ledger *l, X509 *signer, const char *name,
    const struct strings *outside, struct ledger_certificate *c) USE_RESULT;

/* ---- external_ca.c: identities of an authority that has another ledger ---- */

/*
 * outside_find() fills c as the ledger would have it: serial is the SHA-256
 * of the certificate, which no serial number of ours is, enrollment what the
 * subject claims.  *known is true where it is the identity of that enrollment
 * already, or a certificate of these files issued it, by its key.
 */
enum status outside_find(struct ledger *l, X509 *signer,
    const struct strings *files, bool *known, struct ledger_certificate *c)
    USE_RESULT;

/*
 * outside_first() is OK where the enrollment waits for a certificate with
 * this subject; LATER where its time is over.
 */
enum status outside_first(struct ledger *l,
    const struct ledger_certificate *c, const char *name) USE_RESULT;

/* outside_adopt() makes it the enrollment's one identity. */
enum status outside_adopt(struct ledger *l,
    const struct ledger_certificate *c, const char *name) USE_RESULT;

/* ---- device.c ---- */

struct device {
	struct tree *attributes;	/* all that it sent */
	const char *udid, *serial, *product;	/* borrowed, or NULL */
};
#define DEVICE_INIT	{ NULL, NULL, NULL, NULL }
#define auto_device	AUTO(device_free) struct device

void device_free(struct device *d);

/* device_read() reads attributes whose signature has been verified. */
enum status device_read(const struct buf *raw, const char *name,
    struct device *out) USE_RESULT;

/*
 * device_challenge() takes CHALLENGE out of the attributes and hashes it;
 * REFUSED if there is none.
 */
enum status device_challenge(struct device *d, const char *name,
    char hash[SECRET_HASH_TEXT]) USE_RESULT;

/*
 * device_allowed() is OK where the file (NULL: every device) has a line for
 * the UDID or the serial number, and for this user if it names one.
 */
enum status device_allowed(const struct device *d, const char *path,
    const char *user, const char *name) USE_RESULT;

#endif
