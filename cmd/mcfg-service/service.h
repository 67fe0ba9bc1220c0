/* What the parts of mcfg-service share. */
#ifndef MCFG_SERVICE_H
#define MCFG_SERVICE_H

#include "base/buf.h"
#include "enrollment/enrollment.h"
#include "page/page.h"
#include "profile/profile.h"
#include "profile/signer.h"
#include "site/program.h"
#include "site/site.h"
#include "trust/trust.h"
#include "web/web.h"

/* ---- what stays open between requests: reload.c ---- */

/* What a site's file says, as the tools that read it would take it. */
struct settings {
	/* of mcfg-enrollment */
	const char *ledger, *auth, *attribute, *organization, *repeat;
	struct strings attributes;
	int64_t enroll_ttl, challenge_ttl;
	/* of mcfg-service-payload and mcfg-scep-payload */
	struct profile_identity service_id, scep_id;
	const char *url, *profile_url;
	struct strings asked;
	const char *scep_url, *scep_name, *scep_subject, *scep_challenge;
	const char *key_usage, *fingerprint;
	long key_size;
	/* of mcfg-sign, and of this program alone */
	const char *digest;
	const char *facts, *challenge_program, *secret;
};

struct service {
	const char *dir;		/* the site's folder, or NULL */
	struct buf site_stamp, signer_stamp, anchors_stamp, pages_stamp;
	struct site *site;		/* NULL: not open */
	bool is_of_request;		/* it was looked at for this one */
	struct settings settings;
	bool has_signer;
	struct profile_signer signer;
	struct trust_anchors anchors;
	bool is_outside;		/* scep-ca.pem is among them */
	struct ledger *ledger;		/* NULL: not open */
	bool has_pages;
	struct page_values pages;	/* what pages say about the site */
};

/*
 * Each of these opens what is not open or has changed on disk; it prints why
 * not.  A signer that cannot be read is not taken in place of one that is open.
 * site.yaml is looked at once a request, which service_begin() begins: what was
 * opened by it stays open until the next.
 */
void service_begin(struct service *s);
enum status service_site(struct service *s) USE_RESULT;
enum status service_signer(struct service *s) USE_RESULT;
enum status service_anchors(struct service *s) USE_RESULT;
enum status service_pages(struct service *s) USE_RESULT;
enum status service_ledger(struct service *s, enum ledger_mode mode)
    USE_RESULT;

/* The first certificate of an anchor's file, borrowed; NULL for other files. */
const X509 *service_ca(const struct service *s, const char *file);

/* What the payloads of phase 1 and phase 2 need of site.yaml, once it is open. */
enum status service_payload_settings(struct service *s) USE_RESULT;
enum status service_scep_settings(struct service *s) USE_RESULT;

/*
 * Opens everything, in the site's folder, and prints the first fault, with the
 * folder in the names of files.
 */
enum status check_service(struct service *s) USE_RESULT;

/* After a failure of ours the next request opens the ledger anew. */
void service_close_ledger(struct service *s);

/* Closes everything. */
void service_close(struct service *s);

/* ---- one request ---- */

/* Whose fault it is if a step fails. */
enum blame {
	SITE,		/* any failure is ours */
	DEVICE,		/* the step judges the request */
	USER,		/* it judges the user */
	NAME,		/* it judges a name that was typed */
};

struct visit {
	struct service *s;
	struct web_exchange *x;
	const char *method, *path, *client;
	const char *token;		/* of an invitation, or NULL; path is
					 * then without it */
	struct buf said;		/* lines of the current step */
	struct buf reason;		/* for the log */
	struct buf header, body;	/* of a response that is not a page */
	char *extra;			/* line of a page's header, or NULL */
	char *user, *udid, *serial, *enrollment;	/* for the log */
	char *sent;			/* enrollment whose configuration this
					 * is, until that is recorded; or NULL */
};

/*
 * Every function that returns int returns 0 to go on, or the code of the
 * response; then reason and what belongs to the code are set.
 */

/* refuse() is for what no step has judged. */
int refuse(struct visit *v, int code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/*
 * step_begin() collects what is printed from here on, under the name of the
 * tool whose step this is.  step_end() turns the status of the step into a code.
 */
void step_begin(struct visit *v, const char *tool);
int step_end(struct visit *v, enum blame blame, enum status st);

/* The place of the site's own programs. */
struct site_place visit_place(const struct visit *v);

/* Finishes the request: the response, and the line about it. */
void respond(struct visit *v, int code);

/*
 * put_page() appends a page with the header of its response, for a code, in the
 * language that the browser asks for.
 */
enum status put_page(struct visit *v, int code, const char *name,
    struct buf *out) USE_RESULT;

/* ---- the steps ---- */

int answer_welcome(struct visit *v);		/* page.c */

int answer_enroll(struct visit *v);		/* enroll.c */
int answer_invited(struct visit *v);		/* invited.c */

/* enroll_invited() is phase 1 of the user whom an invitation names. */
int enroll_invited(struct visit *v, const struct ledger_invitation *i);
int answer_profile(struct visit *v);		/* profile.c */
int answer_scep(struct visit *v);		/* authority.c */
int answer_crl(struct visit *v);
int answer_root(struct visit *v);

/* send_profile() signs a profile; what names it in the log. */
int send_profile(struct visit *v, const struct tree *profile,
    const char *file, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* ---- directory.c ---- */

/*
 * directory_login() tries the name and password of the request.  *user is the
 * name that was typed, *resolved who that is, "" if the site does not ask for
 * it; both are yours.
 */
int directory_login(struct visit *v, char **user, char **resolved);

#endif
