/* Shared by the files of mcfg-service. */
#ifndef MCFG_SERVICE_H
#define MCFG_SERVICE_H

#include "base/buf.h"
#include "enrollment/enrollment.h"
#include "page/page.h"
#include "profile/profile.h"
#include "profile/signing_identity.h"
#include "site/program.h"
#include "site/site.h"
#include "trust/trust.h"
#include "web/web.h"

/* ---- open between requests: reload.c ---- */

/* The values of site.yaml, as the tools that read it would get them. */
struct settings {
	/* for mcfg-enrollment */
	const char *ledger, *auth, *attribute, *organization, *repeat;
	struct strings attributes;
	int64_t enroll_ttl, challenge_ttl;
	/* for mcfg-service-payload and mcfg-scep-payload */
	struct profile_identity service_id, scep_id;
	const char *url, *profile_url;
	struct strings asked;
	const char *scep_url, *scep_name, *scep_subject, *scep_challenge;
	const char *key_usage, *fingerprint;
	long key_size;
	/* for mcfg-sign, and for this program alone */
	const char *digest;
	const char *facts, *challenge_program, *secret;
};

struct service {
	const char *dir;		/* the site's folder, or NULL */
	struct buf site_stamp, signer_stamp, anchors_stamp, pages_stamp;
	struct site *site;		/* NULL: not open */
	bool is_of_request;		/* checked in this request already */
	struct settings settings;
	bool has_signer;
	struct profile_signer signer;
	struct trust_anchors anchors;
	bool is_outside;		/* anchors include scep-ca.pem */
	struct ledger *ledger;		/* NULL: not open */
	bool has_pages;
	struct page_values pages;	/* values about the site for pages */
};

/*
 * Each of these functions opens what is not open, or has changed on disk.  If
 * that fails, the function prints the reason and returns the status.  If the
 * files of an open signer change to something unreadable, the open one stays
 * in use.  service_ledger_uri() only checks where the ledger is.  site.yaml is
 * checked once in each request; service_begin() begins a request.  Everything
 * that site.yaml gave remains valid until the next request.
 */
void service_begin(struct service *s);
enum status service_site(struct service *s) USE_RESULT;
enum status service_signer(struct service *s) USE_RESULT;
enum status service_anchors(struct service *s) USE_RESULT;
enum status service_pages(struct service *s) USE_RESULT;
enum status service_ledger_uri(struct service *s) USE_RESULT;
enum status service_ledger(struct service *s, enum ledger_mode mode)
    USE_RESULT;

/*
 * Returns the first certificate of an anchor's file, borrowed; NULL for other
 * files.
 */
const X509 *service_ca(const struct service *s, const char *file);

/*
 * Read the settings for the payloads of phases 1 and 2; site.yaml must be
 * open.
 */
enum status service_payload_settings(struct service *s) USE_RESULT;
enum status service_scep_settings(struct service *s) USE_RESULT;

/*
 * Opens everything in the site's folder, and prints the first error with the
 * folder before the names of files.
 */
enum status check_service(struct service *s) USE_RESULT;

/*
 * Closes the ledger after a failure of ours, so that the next request reopens
 * it.
 */
void service_close_ledger(struct service *s);

/* Closes everything. */
void service_close(struct service *s);

/* ---- one request ---- */

struct visit {
	struct service *s;
	struct web_exchange *x;
	const char *method, *path, *client;
	const char *token;		/* of an invitation, or NULL; it is
					 * removed from path */
	const char *tool;		/* of the current or last step */
	const char *writer;		/* of the response */
	struct buf said;		/* messages of the current step */
	struct buf reason;		/* for the log */
	struct buf header, body;	/* of a response that is not a page */
	char *extra;			/* additional header of a page, or
					 * NULL */
	char *user, *udid, *serial, *enrollment;	/* for the log */
	char *sent;			/* enrollment whose configuration this
					 * is; NULL once that is recorded */
	char completed[SECRET_HASH_TEXT];	/* the challenge in it; "" if
					 * it was not made */
	struct enrollment_identified identified;	/* whose challenge was
					 * spent for this response; id is NULL
					 * if none was */
};

/*
 * A function that returns int returns 0 to go on, or the HTTP status of the
 * response; reason, and what the response needs, are then set.
 */

/*
 * refuse() sets the reason for a response that no step has decided, or which
 * the last step wrote.  Returns code.
 */
int refuse(struct visit *v, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/*
 * step_begin() starts collecting messages under the name of the tool that does
 * this step.  step_end() ends that, and turns the status of the step into an
 * HTTP status, or 0.
 */
void step_begin(struct visit *v, const char *tool);
int step_end(struct visit *v, enum web_blame blame, enum status st);

/* Where the site's own programs are run. */
struct site_place visit_place(const struct visit *v);

/*
 * visit_spent() takes over what phase 2 has committed.  If the response cannot
 * be written, respond() undoes it, so that the device can send its message
 * again.
 */
void visit_spent(struct visit *v, struct enrollment_identified *e);

/* Finishes the request: writes the response, and the log line. */
void respond(struct visit *v, int code);

/*
 * put_page() appends the page called name, in the language that the browser
 * prefers, with the header of a response with status code.
 */
enum status put_page(struct visit *v, int code, const char *name,
    struct buf *out) USE_RESULT;

/* ---- the steps ---- */

int answer_welcome(struct visit *v);		/* page.c */

int answer_enroll(struct visit *v);		/* enroll.c */
int answer_invited(struct visit *v);		/* invited.c */

/* enroll_invited() is phase 1 for the user of an invitation. */
int enroll_invited(struct visit *v, const struct ledger_invitation *i);
int answer_profile(struct visit *v);		/* profile.c */
int answer_scep(struct visit *v);		/* authority.c */
int answer_crl(struct visit *v);
int answer_root(struct visit *v);

/*
 * send_profile() signs a profile.  file is its name for the browser; fmt
 * describes it in the log.
 */
int send_profile(struct visit *v, const struct tree *profile,
    const char *file, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* ---- directory.c ---- */

/*
 * directory_login() checks the name and password of the request.  *user is set
 * to the name as it was typed, *resolved to the user's name in the directory,
 * or "" if the site does not look that up; the caller frees both.
 */
int directory_login(struct visit *v, char **user, char **resolved);

#endif
