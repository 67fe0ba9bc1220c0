/* What the verbs of mcfg-enrollment share. */
#ifndef MCFG_ENROLLMENT_H
#define MCFG_ENROLLMENT_H

#include "cli/opts.h"
#include "json/json.h"
#include "ledger/ledger.h"
#include "plist/node.h"
#include "x509/cert.h"

enum {
	KEPT_MAX = 256 << 10,	/* a plist that the ledger keeps */
	CLIENT_TTL = 3600,	/* of SCEP challenges, where no site says */
	ENROLL_TTL = 900,	/* of phase-1 challenges */
};

#define OPT_LEDGER(uri)							\
	{ 0, "ledger", "URI", "sqlite:PATH or postgresql://HOST/NAME",	\
	    .value = &(uri), .config = "ledger" }

#define OPT_USER(name)							\
	{ 0, "user", "NAME", "who enrolls: 1 to 256 bytes of UTF-8",	\
	    .value = &(name), .check = user_check }
#define SITE_AUTH(how, attribute)					\
	{ .name = "auth", .value = &(how), .config = "auth" },		\
	{ .name = "auth.ldap.user", .value = &(attribute),		\
	    .config = "auth.ldap.user" }

extern const struct tool verb_start, verb_identify, verb_complete, verb_bind,
    verb_sent, verb_list, verb_show, verb_abort, verb_purge, verb_user;

/*
 * open_ledger() opens what --ledger or ledger: of the site's file says; base
 * is that file where the URI came from there, so that a relative path is
 * relative to it.
 */
enum status open_ledger(const char *uri, const char *base,
    enum ledger_mode mode, struct ledger **out) USE_RESULT;

/* one_id() gives the one operand of a verb, which is an ID. */
enum status one_id(const struct strings *operands, const char **id)
    USE_RESULT;

/* A plist as the ledger keeps it; what names it where it cannot be kept. */
enum status keep_plist(const struct tree *t, const char *what, char **out)
    USE_RESULT;

/* A plist out of the ledger. */
enum status kept_plist(const char *text, struct tree **out) USE_RESULT;

/* A fresh challenge of this purpose for an enrollment; text is secret. */
enum status new_challenge(enum ledger_purpose purpose, const char *id,
    int64_t ttl, struct buf *text, struct ledger_challenge *out) USE_RESULT;

/* The keys of an enrollment that list and show have in common. */
void report_enrollment(const struct ledger_enrollment *e, struct report *r);

/* ---- user.c ---- */

/* The check of --user. */
const char *user_check(const char *value);

/*
 * user_name() is the name under which the ledger keeps a user.  If auth is
 * "ldap" it is in lower case, since the directory accepts either, and REFUSED
 * if the directory may know more spellings than that.  If the site names the
 * attribute that is the user's name (else NULL), what is given is a value of
 * it, and stays as the directory spells it.
 */
enum status user_name(const char *given, const char *auth,
    const char *attribute, char **out) USE_RESULT;

/* ---- identity.c ---- */

/*
 * identity_find() fills c with the record of the certificate at path, which is
 * the current identity of an enrollment.  REFUSED if it is not that, LATER if
 * it has expired.  outside are files of authorities whose certificates the
 * ledger does not have.
 */
enum status identity_find(struct ledger *l, const char *path,
    const struct strings *outside, struct ledger_certificate *c) USE_RESULT;

/* ---- outside.c: identities of an authority that has another ledger ---- */

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
    const struct ledger_certificate *c, const char *path) USE_RESULT;

/* outside_adopt() makes it the enrollment's one identity. */
enum status outside_adopt(struct ledger *l,
    const struct ledger_certificate *c, const char *path) USE_RESULT;

/* ---- device.c ---- */

struct device {
	struct tree *attributes;	/* all that it sent */
	const char *udid, *serial, *product;	/* borrowed, or NULL */
};
#define DEVICE_INIT	{ NULL, NULL, NULL, NULL }
#define auto_device	AUTO(device_free) struct device

void device_free(struct device *d);

/* device_read() reads the attributes that mcfg-verify let through. */
enum status device_read(const struct io_input *in, struct device *out)
    USE_RESULT;

/*
 * device_challenge() takes CHALLENGE out of the attributes and hashes it;
 * REFUSED where there is none.
 */
enum status device_challenge(struct device *d, const char *name,
    char hash[SECRET_HASH_TEXT]) USE_RESULT;

/* Equal without regard to the case of ASCII letters; NULL is like NULL. */
bool same_text(const char *a, const char *b);

/*
 * device_allowed() is OK where the file (NULL: every device) has a line for
 * the UDID or the serial number, and for this user if it names one.
 */
enum status device_allowed(const struct device *d, const char *path,
    const char *user, const char *name) USE_RESULT;

#endif
