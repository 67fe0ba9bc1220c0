/*
 * Files that stay open between requests, and are reopened if they have
 * changed.
 */
#include <string.h>

#include "base/clock.h"
#include "service.h"

#define SITE_FILE	"site.yaml"
#define SIGNER_CERT	"signer/cert.pem"
#define SIGNER_KEY	"signer/key.pem"
#define SIGNER_CHAIN	"signer/chain.pem"

/*
 * Returns true if the files still match the stamp *old; otherwise stores their
 * new stamp in *old.  Call it before reading the files, so that a change while
 * they are read is noticed the next time.
 */
static bool
is_same(struct buf *old, const char *const *files, size_t n)
{
	auto_buf stamp = BUF_INIT;
	size_t i;

	for (i = 0; i < n; i++)
		io_file_state(files[i], &stamp);
	if (buf_equal(old, &stamp))
		return true;
	buf_free(old);
	*old = MOVE(stamp);
	return false;
}

/* ---- the site ---- */

void
service_close_ledger(struct service *s)
{
	if (s->ledger != NULL)
		ledger_close(s->ledger);
	s->ledger = NULL;
}

static void
close_site(struct service *s)
{
	strings_free(&s->settings.attributes);
	strings_free(&s->settings.asked);
	s->settings = (struct settings){ .repeat = "reissue",
	    .enroll_ttl = ENROLLMENT_START_TTL,
	    .challenge_ttl = ENROLLMENT_CHALLENGE_TTL, .key_size = 2048,
	    .key_usage = "sign,encrypt", .digest = "sha256" };
	if (s->site != NULL)
		site_free(s->site);
	s->site = NULL;
	/* The ledger may have another address now. */
	service_close_ledger(s);
}

#define ROW(key, target)	{ .name = (key), .config = (key), target }

static enum status
apply(struct service *s)
{
	struct settings *t = &s->settings;
	const struct opt rows[] = {
		ROW("ledger", .value = &t->ledger),
		ROW("auth", .value = &t->auth),
		ROW("auth.ldap.user", .value = &t->attribute),
		ROW("auth.ldap.password", .value = &t->secret),
		ROW("organization", .value = &t->organization),
		ROW("repeat", .value = &t->repeat),
		ROW("attributes", .values = &t->attributes),
		ROW("enroll_ttl", .duration = &t->enroll_ttl),
		ROW("scep.challenge_ttl", .duration = &t->challenge_ttl),
		ROW("facts", .value = &t->facts),
		ROW("scep.challenge_program", .value = &t->challenge_program),
		ROW("url", .value = &t->url),
		ROW("digest", .value = &t->digest),
		{ 0 },
	};

	return site_apply(s->site, rows);
}

void
service_begin(struct service *s)
{
	s->is_of_request = false;
}

enum status
service_site(struct service *s)
{
	static const char *const files[] = { SITE_FILE };
	enum status st;

	if (s->is_of_request && s->site != NULL)
		return OK;
	s->is_of_request = true;
	if (is_same(&s->site_stamp, files, ARRAY_LEN(files)) &&
	    s->site != NULL)
		return OK;
	close_site(s);
	if ((st = site_load(SITE_FILE, &s->site)) != OK)
		return st;
	if ((st = apply(s)) != OK)
		close_site(s);
	return st;
}

/* ---- the signer ---- */

static enum status
read_signer(struct profile_signer *out)
{
	const char *chain[] = { SIGNER_CHAIN };
	const struct identity_source src = { .cert = SIGNER_CERT,
	    .key = SIGNER_KEY, .chain = { chain, ARRAY_LEN(chain) } };

	return profile_signer_open(&src, out);
}

enum status
service_signer(struct service *s)
{
	static const char *const files[] = { SIGNER_CERT, SIGNER_KEY,
	    SIGNER_CHAIN };
	auto_profile_signer next = PROFILE_SIGNER_INIT;
	bool same = is_same(&s->signer_stamp, files, ARRAY_LEN(files));
	struct problem why = { .st = OK };
	enum status st;

	if (same && s->has_signer)
		return OK;
	if (!s->has_signer) {
		if ((st = read_signer(&s->signer)) == OK)
			s->has_signer = true;
		return st;
	}
	problem_keep(&why);
	st = read_signer(&next);
	problem_release(&why);
	if (st != OK) {
		warning("%s: the signer that was read before is still used",
		    why.text);
		return OK;
	}
	profile_signer_free(&s->signer);
	s->signer = MOVE(next);
	return OK;
}

/* ---- the anchors ---- */

enum status
service_anchors(struct service *s)
{
	static const char *const files[] = { TRUST_SITE_CA,
	    TRUST_SITE_PREVIOUS, TRUST_SITE_OUTSIDE,
	    TRUST_SITE_OUTSIDE_PREVIOUS, TRUST_SITE_DEVICE };
	enum status st;

	if (is_same(&s->anchors_stamp, files, ARRAY_LEN(files)) &&
	    s->anchors.n > 0)
		return OK;
	trust_anchors_free(&s->anchors);
	s->is_outside = false;
	if ((st = trust_add_site(&s->anchors, ".", &s->is_outside)) !=
	    OK)
		trust_anchors_free(&s->anchors);
	return st;
}

const X509 *
service_ca(const struct service *s, const char *file)
{
	size_t i;

	for (i = 0; i < s->anchors.n; i++)
		if (strcmp(s->anchors.v[i].file, file) == 0)
			return sk_X509_value(s->anchors.v[i].certs, 0);
	return NULL;
}

/* ---- pages ---- */

enum status
service_pages(struct service *s)
{
	const char *files[] = { SITE_FILE, "ca/root.pem", "." };
	const char *logo;
	bool same;
	enum status st;

	if ((st = service_site(s)) != OK)
		return st;
	if ((logo = site_get(s->site, "logo")) != NULL)
		files[2] = logo;
	same = is_same(&s->pages_stamp, files, logo != NULL ? 3 : 2);
	if (same && s->has_pages)
		return OK;
	page_values_free(&s->pages);
	s->has_pages = false;
	if ((st = page_set_site(&s->pages, s->site, SITE_FILE)) == OK)
		s->has_pages = true;
	return st;
}

/* ---- the ledger ---- */

enum status
service_ledger_uri(struct service *s)
{
	const struct opt rows[] = {
		{ .name = "ledger", .config = "ledger",
		    .value = &s->settings.ledger, .check = ledger_check_uri,
		    .is_secret = true },
		{ 0 },
	};
	enum status st;

	if ((st = service_site(s)) != OK)
		return st;
	return site_apply(s->site, rows);
}

enum status
service_ledger(struct service *s, enum ledger_mode mode)
{
	enum status st;

	if ((st = service_site(s)) != OK)
		return st;
	if (s->ledger != NULL && !ledger_is_current(s->ledger))
		service_close_ledger(s);
	if (s->ledger != NULL)
		return OK;
	if ((st = service_ledger_uri(s)) != OK)
		return st;
	if (s->settings.ledger == NULL)
		return fail(USAGE, "%s: ledger is not set", SITE_FILE);
	return ledger_open(s->settings.ledger, SITE_FILE, mode, &s->ledger);
}

void
service_close(struct service *s)
{
	close_site(s);
	profile_signer_free(&s->signer);
	s->has_signer = false;
	trust_anchors_free(&s->anchors);
	page_values_free(&s->pages);
	s->has_pages = false;
	buf_free(&s->pages_stamp);
	buf_free(&s->site_stamp);
	buf_free(&s->signer_stamp);
	buf_free(&s->anchors_stamp);
}
