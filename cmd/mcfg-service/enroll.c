/*
 * Phase 1: /enroll.  Finds out who enrolls, and makes the challenge for the
 * device.
 */
#include <string.h>

#include "service.h"

/* ---- the user ---- */

/* The name under which the ledger keeps the user. */
static int
user_name(struct visit *v, const char *given, const char *resolved,
    char **out)
{
	const struct settings *t = &v->s->settings;
	const struct site_place place = visit_place(v);
	bool is_resolved = resolved != NULL && *resolved != '\0';

	step_begin(v, "mcfg-enrollment");
	return step_end(v, WEB_NAME, enrollment_user_known(&place,
	    is_resolved ? resolved : given, is_resolved, t->auth,
	    t->attribute, out));
}

/* ---- facts ---- */

static int
ask_facts(struct visit *v, const char *user, struct tree **facts)
{
	const struct site_place place = visit_place(v);

	step_begin(v, "mcfg-enrollment");
	return step_end(v, WEB_USER, enrollment_user_facts(&place,
	    v->s->settings.facts, user, facts));
}

/* ---- the step ---- */

/* i is the invitation, or NULL. */
static int
start(struct visit *v, const char *user, const struct ledger_invitation *i,
    const struct tree *facts, struct enrollment_started *started)
{
	int64_t ttl = v->s->settings.enroll_ttl;
	enum status st;

	step_begin(v, "mcfg-enrollment");
	if ((st = service_ledger(v->s, LEDGER_CREATE)) == OK)
		st = i != NULL ?
		    enrollment_accept(v->s->ledger, i, facts, ttl, started) :
		    enrollment_start(v->s->ledger, user, facts, ttl, NULL,
		    NULL, started);
	return step_end(v, WEB_USER, st);
}

enum status
service_payload_settings(struct service *s)
{
	struct settings *t = &s->settings;
	const struct opt rows[] = {
		{ .name = "url", .value = &t->profile_url,
		    .check = text_check_url, .config = "profile_url" },
		{ .name = "attribute", .values = &t->asked,
		    .check = profile_check_text, .config = "attributes" },
		OPT_PAYLOAD(t->service_id, "profile-service"),
		{ 0 },
	};
	enum status st;

	strings_free(&t->asked);
	if ((st = site_apply(s->site, rows)) != OK)
		return st;
	if (t->profile_url == NULL)
		return opts_missing("--url", "where the device sends its "
		    "attributes");
	if (t->service_id.identifier == NULL)
		return opts_missing("--identifier", "the name of the profile, "
		    "never changed");
	return OK;
}

static int
make_payload(struct visit *v, const struct buf *challenge, struct tree **out)
{
	struct settings *t = &v->s->settings;
	struct profile_service s = { .attributes = &t->asked,
	    .challenge = challenge };
	enum status st;

	step_begin(v, "mcfg-service-payload");
	if ((st = service_payload_settings(v->s)) == OK) {
		s.url = t->profile_url;
		*out = profile_service(&t->service_id, &s);
	}
	return step_end(v, WEB_SITE, st);
}

static int
enroll(struct visit *v, const char *user, const struct ledger_invitation *i)
{
	auto_enrollment_started started = ENROLLMENT_STARTED_INIT;
	auto_tree *facts = tree_dict(), *asked = NULL, *payload = NULL;
	int code;

	if (v->s->settings.facts != NULL &&
	    (code = ask_facts(v, user, &asked)) != 0)
		return code;
	if ((code = start(v, user, i, asked != NULL ? asked : facts,
	    &started)) != 0)
		return code;
	v->enrollment = xstrdup(started.id);
	if ((code = make_payload(v, &started.challenge, &payload)) != 0)
		return code;
	return send_profile(v, payload, "enroll.mobileconfig",
	    "profile service for %s", user);
}

/*
 * Finds out who asked for the page: the web server passes the user's name or,
 * if it cannot ask the directory itself, has routed the request to login.cgi.
 */
static int
log_in(struct visit *v, char **user, char **resolved)
{
	static const char login[] = "/login.cgi";
	const char *program = web_variable(v->x, "SCRIPT_FILENAME");
	const char *given = web_variable(v->x, "REMOTE_USER");
	size_t n = program != NULL ? strlen(program) : 0, k = sizeof login - 1;

	if (n >= k && strcmp(program + n - k, login) == 0)
		return directory_login(v, user, resolved);
	if (given == NULL || *given == '\0')
		return refuse(v, 403, "nobody is logged in");
	*user = xstrdup(given);
	return 0;
}

int
answer_enroll(struct visit *v)
{
	const char *from = web_variable(v->x, "HTTP_SEC_FETCH_SITE");
	auto_char *given = NULL, *resolved = NULL, *user = NULL;
	int code;

	if ((code = log_in(v, &given, &resolved)) != 0)
		return code;
	if (from != NULL && strcmp(from, "cross-site") == 0)
		return refuse(v, 403, "sent from a page of another site");
	step_begin(v, "mcfg-enrollment");
	if ((code = step_end(v, WEB_SITE, service_ledger_uri(v->s))) != 0 ||
	    (code = user_name(v, given, resolved, &user)) != 0)
		return code;
	v->user = xstrdup(user);
	return enroll(v, user, NULL);
}

int
enroll_invited(struct visit *v, const struct ledger_invitation *i)
{
	v->user = xstrdup(i->user);
	return enroll(v, i->user, i);
}
