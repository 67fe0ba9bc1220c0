/* bind: binds the challenges in a configuration to the names beside them. */
#include <string.h>

#include "base/clock.h"
#include "enrollment/local.h"
#include "profile/profile.h"
#include "sys/io.h"

/* A SCEP payload with a challenge of this enrollment. */
struct use {
	struct tree *scep;	/* its parameters, borrowed */
	char hash[SECRET_HASH_TEXT];
	struct ledger_name name;
	char *where;
};

struct uses {
	struct use *v;
	size_t n;
};
#define auto_uses AUTO(uses_free) struct uses

static void
uses_free(struct uses *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		ledger_name_free(&l->v[i].name);
		free(l->v[i].where);
	}
	free(l->v);
}

/* The SHA-256 of a payload's challenge; false if it has none. */
static bool
hash_challenge(const struct tree *scep, char hash[SECRET_HASH_TEXT])
{
	const struct tree *t = tree_get(scep, "Challenge");
	const void *p;
	size_t len;

	if (t == NULL || (tree_kind(t) != TREE_STRING &&
	    tree_kind(t) != TREE_DATA))
		return false;
	if (tree_kind(t) == TREE_STRING) {
		p = tree_string_of(t);
		len = strlen(p);
	} else {
		p = tree_data_of(t, &len);
	}
	secret_sha256(p, len, hash);
	return true;
}

static enum status
add_use(struct tree *scep, const char hash[SECRET_HASH_TEXT], char *where,
    struct uses *l)
{
	auto_GENERAL_NAMES *names = NULL;
	auto_X509_NAME *subject = NULL;
	struct use *u = GROW(l->v, l->n);
	enum status st;

	*u = (struct use){ .scep = scep, .name = LEDGER_NAME_INIT,
	    .where = where };
	memcpy(u->hash, hash, sizeof u->hash);
	if ((st = profile_scep_names(scep, where, &subject, &names)) != OK)
		return st;
	cert_name_to_der(subject, &u->name.subject);
	cert_names_to_der(names, &u->name.names);
	return OK;
}

/* The CA would refuse the device for a name that its policy does not allow. */
static enum status
judge_name(const struct issue_policy *policy, const struct use *u)
{
	auto_GENERAL_NAMES *names = NULL;
	auto_X509_NAME *subject = NULL;
	struct issue_refusal no;
	enum status st;

	if (policy == NULL)
		return OK;
	if (cert_name_from_der(u->name.subject.data, u->name.subject.len,
	    &subject) != NULL || cert_names_from_der(u->name.names.data,
	    u->name.names.len, &names) != NULL)
		return fail(FAULT, "%s: its names cannot be read back",
		    u->where);
	st = issue_judge_name(policy, subject, names, NULL, &no);
	return st == REFUSED ? fail(REFUSED, "%s: no certificate could be "
	    "issued for it: %s", u->where, no.text) : st;
}

static enum status
judge_names(const struct issue_policy *policy, const struct uses *uses)
{
	enum status st = OK;
	size_t i;

	for (i = 0; i < uses->n && st == OK; i++)
		st = judge_name(policy, &uses->v[i]);
	return st;
}

/* Whose challenges are looked for: the ledger, or one that is new. */
struct search {
	struct ledger *l;
	const char *id;
	const char *new;	/* the hash of one that is not in the ledger
				 * yet, or NULL */
};

/* True for a challenge of this enrollment. */
static enum status
is_its_own(const struct search *s, const char *hash, bool *own)
{
	auto_ledger_challenge c = LEDGER_CHALLENGE_INIT;
	bool found = false;
	enum status st;

	*own = s->new != NULL && strcmp(s->new, hash) == 0;
	if (*own)
		return OK;
	st = ledger_find_challenge(s->l, hash, &found, &c);
	*own = st == OK && found && c.purpose == LEDGER_CLIENT &&
	    c.enrollment != NULL && strcmp(c.enrollment, s->id) == 0;
	return st;
}

/* Challenges of other CAs are left alone. */
static enum status
look_at(const struct search *s, struct tree *payload, const char *where,
    struct uses *uses)
{
	struct tree *scep = tree_get_kind(payload, "PayloadContent",
	    TREE_DICT);
	const char *type = tree_get_string(payload, "PayloadType");
	char hash[SECRET_HASH_TEXT];
	bool own = false;
	enum status st;

	if (type == NULL || strcmp(type, "com.apple.security.scep") != 0 ||
	    scep == NULL || !hash_challenge(scep, hash))
		return OK;
	if ((st = is_its_own(s, hash, &own)) != OK || !own)
		return st;
	return add_use(scep, hash, xasprintf("%s.PayloadContent", where),
	    uses);
}

static enum status
find_uses(const struct search *s, struct tree *profile, const char *name,
    struct uses *uses)
{
	bool bare = tree_kind(profile) == TREE_ARRAY;
	const struct tree *payloads = bare ? profile :
	    tree_get(profile, "PayloadContent");
	enum status st;
	size_t i;

	for (i = 0; i < tree_count(payloads); i++) {
		auto_char *where = xasprintf("%s: %s[%zu]", name,
		    bare ? "" : "PayloadContent", i);

		if ((st = look_at(s, tree_at(payloads, i), where,
		    uses)) != OK)
			return st;
	}
	return OK;
}

/* ---- the challenges ---- */

static enum status
judge(enum ledger_outcome outcome, const struct use *u, const char *id)
{
	if (outcome == LEDGER_CLOSED)
		return fail(REFUSED, "%s: enrollment %s: already completed, "
		    "aborted or expired", u->where, id);
	if (outcome != LEDGER_RECORDED)
		return fail(REFUSED, "%s.Challenge: the challenge has expired, "
		    "was voided or used, or is bound to other names", u->where);
	return OK;
}

/*
 * A challenge is good for one certificate, so each payload has its own.  c is a
 * new one for this use, in the profile already.
 */
static enum status
replace(const struct use *u, const char *id, int64_t ttl,
    struct ledger_challenge *c)
{
	auto_buf text = BUF_SECRET;
	enum status st;

	if ((st = new_challenge(LEDGER_CLIENT, id, ttl, &text, c)) != OK)
		return st;
	c->bound = true;
	ledger_name_copy(&u->name, &c->name);
	tree_set_string(u->scep, "Challenge", buf_str(&text));
	detail("%s.Challenge: stands in another payload too: replaced by a "
	    "fresh one", u->where);
	return OK;
}

static enum status
replace_recorded(struct ledger *l, const struct use *u, const char *id,
    int64_t ttl)
{
	auto_ledger_challenge c = LEDGER_CHALLENGE_INIT;
	enum ledger_outcome outcome = LEDGER_CLOSED;
	enum status st;

	if ((st = replace(u, id, ttl, &c)) != OK ||
	    (st = ledger_add_client(l, &c, clock_now(), &outcome)) != OK)
		return st;
	return judge(outcome, u, id);
}

static bool
is_repeated(const struct uses *l, size_t i)
{
	size_t j;

	for (j = 0; j < i; j++)
		if (strcmp(l->v[j].hash, l->v[i].hash) == 0)
			return true;
	return false;
}

static enum status
bind_all(struct ledger *l, const struct uses *uses, const char *id,
    int64_t ttl, bool *changed)
{
	enum ledger_outcome outcome;
	enum status st = OK;
	size_t i;

	for (i = 0; i < uses->n && st == OK; i++) {
		const struct use *u = &uses->v[i];

		if (is_repeated(uses, i)) {
			*changed = true;
			st = replace_recorded(l, u, id, ttl);
		} else if ((st = ledger_bind(l, u->hash, id, &u->name,
		    clock_now(), &outcome)) == OK) {
			st = judge(outcome, u, id);
		}
	}
	return st;
}

static enum status
check_open(struct ledger *l, const char *id)
{
	auto_ledger_enrollment e = LEDGER_ENROLLMENT_INIT;
	bool found = false;
	enum status st;

	if ((st = ledger_find_enrollment(l, id, &found, &e)) != OK)
		return st;
	if (!found)
		return fail(REFUSED, "%s: no such enrollment", id);
	if (strcmp(e.state, "certified") != 0 &&
	    strcmp(e.state, "configured") != 0)
		return fail(REFUSED, "enrollment %s: %s", id, e.state);
	return OK;
}

enum status
enrollment_policy(const char *site, bool *found, struct issue_policy *out)
{
	auto_char *cert = io_beside(site, "ca/cert.pem");
	auto_char *policy = io_beside(site, "ca/scep-ca.yaml");
	enum status st;

	if ((st = io_exists(cert, found)) != OK || !*found)
		return st;
	return issue_policy_load(policy, out);
}

enum status
enrollment_bind(struct ledger *l, const char *id, struct tree *profile,
    const char *name, const struct issue_policy *policy, int64_t ttl,
    bool *changed)
{
	const struct search s = { l, id, NULL };
	auto_uses uses = { NULL, 0 };
	enum status st;

	*changed = false;
	if ((st = check_open(l, id)) != OK ||
	    (st = find_uses(&s, profile, name, &uses)) != OK ||
	    (st = judge_names(policy, &uses)) != OK)
		return st;
	return bind_all(l, &uses, id, ttl, changed);
}

/* ---- before they are recorded ---- */

static enum status
tie_all(const struct uses *uses, const char *own, int64_t ttl,
    struct enrollment_completed *c)
{
	enum status st = OK;
	size_t i;

	for (i = 0; i < uses->n && st == OK; i++) {
		const struct use *u = &uses->v[i];

		if (is_repeated(uses, i)) {
			struct ledger_challenge *next = GROW(c->challenges,
			    c->n_challenges);

			*next = (struct ledger_challenge)LEDGER_CHALLENGE_INIT;
			st = replace(u, c->id, ttl, next);
		} else if (strcmp(u->hash, own) != 0) {
			st = judge(LEDGER_NO_CHALLENGE, u, c->id);
		} else {
			c->challenges[0].bound = true;
			ledger_name_copy(&u->name, &c->challenges[0].name);
		}
	}
	return st;
}

enum status
enrollment_tie(struct ledger *l, struct enrollment_completed *c,
    struct tree *profile, const char *name,
    const struct issue_policy *policy, int64_t ttl)
{
	char own[SECRET_HASH_TEXT];
	const struct search s = { l, c->id, own };
	auto_uses uses = { NULL, 0 };
	enum status st;

	memcpy(own, c->challenges[0].hash, sizeof own);
	if ((st = find_uses(&s, profile, name, &uses)) != OK ||
	    (st = judge_names(policy, &uses)) != OK)
		return st;
	return tie_all(&uses, own, ttl, c);
}
