/*
 * unit_ledger URI: reads lines of a verb and its words, calls the ledger, and
 * prints the outcome of each.  The word "-" means NULL; a hash is given as the
 * text to hash with SHA-256.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "ledger/copy.h"
#include "ledger/ledger.h"
#include "x509/cert.h"

enum { WORDS_MAX = 12 };

static const char *const outcomes[] = {
	[LEDGER_RECORDED] = "recorded",
	[LEDGER_RETRY] = "retry",
	[LEDGER_NO_CHALLENGE] = "no-challenge",
	[LEDGER_CLOSED] = "closed",
	[LEDGER_REVOKED] = "revoked",
	[LEDGER_UNDECIDED] = "undecided",
	[LEDGER_OVERTAKEN] = "overtaken",
	[LEDGER_OTHER_NAMES] = "other-names",
	[LEDGER_DECLINED] = "declined",
	[LEDGER_TAKEN] = "taken",
};

static int64_t
number(const char *word)
{
	return (int64_t)strtoll(word, NULL, 10);
}

static void
hash_of(const char *word, char out[SECRET_HASH_TEXT])
{
	secret_sha256(word, strlen(word), out);
}

static enum ledger_purpose
purpose(const char *word)
{
	enum ledger_purpose p;

	for (p = LEDGER_ENROLL; p < LEDGER_MANUAL; p++)
		if (strcmp(word, ledger_purpose_name(p)) == 0)
			break;
	return p;
}

/* An error in the test's script must not look like a result of the ledger. */
static void
need(const char *reason, const char *word)
{
	if (reason == NULL)
		return;
	fprintf(stderr, "unit_ledger: '%s': %s\n", word, reason);
	exit(USAGE);
}

/* A whole name: "/CN=x", or with alternative names "/CN=x,dns:a,dns:b". */
static void
name_of(const char *word, struct ledger_name *out)
{
	auto_char *text = xstrdup(word);
	auto_X509_NAME *subject = NULL;
	auto_GENERAL_NAMES *names = NULL;
	char *save = NULL, *part = strtok_r(text, ",", &save);

	need(part == NULL ? "no name" : cert_parse_name(part, &subject), word);
	while ((part = strtok_r(NULL, ",", &save)) != NULL)
		need(cert_add_san(part, &names), word);
	cert_name_to_der(subject, &out->subject);
	cert_names_to_der(names, &out->names);
}

/* challenge SECRET PURPOSE ENROLLMENT EXPIRES NOW [NAME] */
static enum status
do_challenge(struct ledger *l, char **w)
{
	auto_ledger_challenge c = LEDGER_CHALLENGE_INIT;
	enum status st;

	hash_of(w[1], c.hash);
	c.purpose = purpose(w[2]);
	c.enrollment = w[3] != NULL ? xstrdup(w[3]) : NULL;
	c.expires = number(w[4]);
	c.bound = w[6] != NULL;
	if (c.bound)
		name_of(w[6], &c.name);
	if ((st = ledger_add_challenge(l, &c, number(w[5]))) == OK)
		puts("ok");
	return st;
}

/* find SECRET */
static enum status
do_find(struct ledger *l, char **w)
{
	auto_ledger_challenge c = LEDGER_CHALLENGE_INIT;
	char hash[SECRET_HASH_TEXT];
	bool found = false;
	enum status st;

	hash_of(w[1], hash);
	if ((st = ledger_find_challenge(l, hash, &found, &c)) != OK)
		return st;
	if (!found) {
		puts("unknown");
		return OK;
	}
	printf("%s %s %" PRId64 "%s%s%s\n", ledger_purpose_name(c.purpose),
	    c.enrollment != NULL ? c.enrollment : "-", c.expires,
	    c.bound ? " bound" : "", c.spent ? " spent" : "",
	    c.voided ? " voided" : "");
	return OK;
}

static enum status
print_challenge(const struct ledger_challenge *c, void *arg)
{
	(void)arg;
	printf("%.*s %s%s\n", LEDGER_ID_TEXT, c->hash,
	    ledger_purpose_name(c->purpose), c->bound ? " bound" : "");
	return OK;
}

/* challenges */
static enum status
do_challenges(struct ledger *l, char **w)
{
	(void)w;
	return ledger_challenges(l, print_challenge, NULL);
}

/* void SECRET DIGITS NOW: names it by DIGITS digits of its hash */
static enum status
do_void(struct ledger *l, char **w)
{
	char hash[SECRET_HASH_TEXT];
	size_t matches;
	bool done;
	enum status st;

	hash_of(w[1], hash);
	hash[number(w[2])] = '\0';
	if ((st = ledger_void_challenge(l, hash, number(w[3]), &matches,
	    &done)) == OK)
		printf("%zu %s\n", matches, done ? "done" : "not");
	return st;
}

/* bind SECRET ENROLLMENT NAME NOW */
static enum status
do_bind(struct ledger *l, char **w)
{
	auto_ledger_name name = LEDGER_NAME_INIT;
	char hash[SECRET_HASH_TEXT];
	enum ledger_outcome o;
	enum status st;

	hash_of(w[1], hash);
	name_of(w[3], &name);
	if ((st = ledger_bind(l, hash, w[2], &name, number(w[4]), &o)) == OK)
		puts(outcomes[o]);
	return st;
}

/* client SECRET ENROLLMENT NAME EXPIRES NOW */
static enum status
do_client(struct ledger *l, char **w)
{
	auto_ledger_challenge c = LEDGER_CHALLENGE_INIT;
	enum ledger_outcome o;
	enum status st;

	hash_of(w[1], c.hash);
	c.purpose = LEDGER_CLIENT;
	c.enrollment = xstrdup(w[2]);
	c.bound = true;
	name_of(w[3], &c.name);
	c.expires = number(w[4]);
	if ((st = ledger_add_client(l, &c, number(w[5]), &o)) == OK)
		puts(outcomes[o]);
	return st;
}

static void
fill(struct ledger_certificate *c, const char *serial, const char *tx,
    const char *key, const struct ledger_name *name, int64_t now)
{
	c->serial = xstrdup(serial);
	buf_printf(&c->der, "DER%c%s", 0, serial);
	c->subject = xasprintf("CN=%s", serial);
	c->not_before = now;
	c->not_after = now + 1000;
	c->profile = xstrdup("scep");
	c->transaction = tx != NULL ? xstrdup(tx) : NULL;
	hash_of(key, c->key_hash);
	ledger_name_copy(name, &c->asked);
	c->issued = now;
}

static const char no_hash[] = "-";

static enum status
certify(struct ledger *l, struct ledger_certificate *c,
    struct ledger_entitlement *e, int64_t now)
{
	auto_ledger_certificate earlier = LEDGER_CERTIFICATE_INIT;
	enum ledger_outcome o;
	enum status st;

	e->request.transaction = c->transaction;
	e->request.key_hash = c->key_hash;
	e->request.name = &c->asked;
	e->request.challenge = e->challenge;
	e->request.fresh = e->challenge != NULL;
	e->request.signer = e->renews;
	e->request.signer_hash = no_hash;
	e->presented = now;
	c->ground = e->challenge != NULL ?
	    ledger_ground_challenge(e->challenge) : e->renews != NULL ?
	    ledger_ground_certificate(e->renews) : xstrdup("");
	if ((st = ledger_certify(l, c, e, now, &o, &earlier)) != OK)
		return st;
	printf("%s%s%s\n", outcomes[o], o == LEDGER_RETRY ? " " : "",
	    o == LEDGER_RETRY ? earlier.serial : "");
	return OK;
}

/* certify SERIAL TRANSACTION KEY NAME SECRET NOW */
static enum status
do_certify(struct ledger *l, char **w)
{
	auto_ledger_certificate c = LEDGER_CERTIFICATE_INIT;
	struct ledger_entitlement e = { .needs_decision = false };
	auto_ledger_name name = LEDGER_NAME_INIT;
	char hash[SECRET_HASH_TEXT];

	name_of(w[4], &name);
	fill(&c, w[1], w[2], w[3], &name, number(w[6]));
	if (w[5] != NULL) {
		hash_of(w[5], hash);
		e.challenge = hash;
	}
	return certify(l, &c, &e, number(w[6]));
}

/* renew SERIAL TRANSACTION KEY NAME OLD NOW */
static enum status
do_renew(struct ledger *l, char **w)
{
	auto_ledger_certificate c = LEDGER_CERTIFICATE_INIT;
	struct ledger_entitlement e = { .renews = w[5] };
	auto_ledger_name name = LEDGER_NAME_INIT;

	name_of(w[4], &name);
	fill(&c, w[1], w[2], w[3], &name, number(w[6]));
	return certify(l, &c, &e, number(w[6]));
}

/*
 * collect SERIAL TRANSACTION KEY NAME CSR SECRET DECIDER NOW: certifies a
 * pending request, which CSR must match if given; DECIDER approves it now
 */
static enum status
do_collect(struct ledger *l, char **w)
{
	auto_ledger_certificate c = LEDGER_CERTIFICATE_INIT;
	struct ledger_entitlement e = { .needs_decision = true };
	auto_ledger_name name = LEDGER_NAME_INIT;
	char hash[SECRET_HASH_TEXT];
	auto_buf csr = BUF_INIT;

	name_of(w[4], &name);
	fill(&c, w[1], w[2], w[3], &name, number(w[8]));
	if (w[5] != NULL) {
		buf_printf(&csr, "CSR%c%s", 0, w[5]);
		e.csr = &csr;
	}
	if (w[6] != NULL) {
		hash_of(w[6], hash);
		e.challenge = hash;
	}
	e.decider = w[7];
	return certify(l, &c, &e, number(w[8]));
}

/*
 * record FILE SECRET NOW: a real certificate, as scep-ca would record it for
 * the name that the challenge is bound to
 */
static enum status
do_record(struct ledger *l, char **w)
{
	auto_ledger_certificate c = LEDGER_CERTIFICATE_INIT;
	auto_ledger_challenge paid = LEDGER_CHALLENGE_INIT;
	char hash[SECRET_HASH_TEXT];
	struct ledger_entitlement e = { .challenge = hash };
	auto_buf serial = BUF_INIT;
	auto_X509 *cert = NULL;
	bool found = false;
	enum status st;

	hash_of(w[2], hash);
	if ((st = cert_load(w[1], &cert)) != OK ||
	    (st = ledger_find_challenge(l, hash, &found, &paid)) != OK)
		return st;
	cert_serial_hex(cert, &serial);
	fill(&c, buf_str(&serial), buf_str(&serial), "key", &paid.name,
	    number(w[3]));
	buf_cut(&c.der, 0);
	cert_to_der(cert, &c.der);
	c.not_before = cert_not_before(cert);
	c.not_after = cert_not_after(cert);
	return certify(l, &c, &e, number(w[3]));
}

/* repeat TRANSACTION KEY NAME SECRET FRESH SIGNER NOW */
static enum status
do_repeat(struct ledger *l, char **w)
{
	auto_ledger_certificate earlier = LEDGER_CERTIFICATE_INIT;
	auto_ledger_name name = LEDGER_NAME_INIT;
	char key[SECRET_HASH_TEXT], hash[SECRET_HASH_TEXT];
	bool found = false;
	enum status st;

	hash_of(w[2], key);
	name_of(w[3], &name);
	if (w[4] != NULL)
		hash_of(w[4], hash);
	if ((st = ledger_find_repeat(l, &(struct ledger_identity){ w[1], key,
	    &name, w[4] != NULL ? hash : NULL, w[5] != NULL, w[6], no_hash },
	    number(w[7]), &found, &earlier)) == OK)
		puts(found ? earlier.serial : "new");
	return st;
}

/* poll TRANSACTION KEY NOW */
static enum status
do_poll(struct ledger *l, char **w)
{
	auto_ledger_certificate c = LEDGER_CERTIFICATE_INIT;
	char key[SECRET_HASH_TEXT];
	bool found = false;
	enum status st;

	hash_of(w[2], key);
	if ((st = ledger_find_polled(l, &(struct ledger_identity){
	    .transaction = w[1], .key_hash = key, .signer_hash = no_hash },
	    NULL, number(w[3]), &found, &c)) == OK)
		puts(found ? c.serial : "unknown");
	return st;
}

/* get SERIAL */
static enum status
do_get(struct ledger *l, char **w)
{
	auto_ledger_certificate c = LEDGER_CERTIFICATE_INIT;
	auto_buf hex = BUF_INIT;
	bool found = false;
	enum status st;

	if ((st = ledger_find_certificate(l, w[1], &found, &c)) != OK)
		return st;
	if (!found) {
		puts("unknown");
		return OK;
	}
	encode_hex(&hex, c.der.data, c.der.len);
	printf("%s %s %s %s %s %" PRId64 " %d\n", buf_str(&hex), c.subject,
	    c.purpose != NULL ? c.purpose : "-",
	    c.enrollment != NULL ? c.enrollment : "-",
	    c.transaction != NULL ? c.transaction : "-", c.revoked, c.reason);
	return OK;
}

static enum status
print_serial(const struct ledger_certificate *c, void *arg)
{
	(void)arg;
	puts(c->serial);
	return OK;
}

/* certificates */
static enum status
do_certificates(struct ledger *l, char **w)
{
	(void)w;
	return ledger_certificates(l, print_serial, NULL);
}

/* revoked */
static enum status
do_revoked(struct ledger *l, char **w)
{
	(void)w;
	return ledger_revoked(l, print_serial, NULL);
}

/* revoke SERIAL REASON NOW */
static enum status
do_revoke(struct ledger *l, char **w)
{
	bool done;
	enum status st;

	st = ledger_revoke(l, w[1], (int)number(w[2]), number(w[3]), &done);
	if (st == OK)
		puts(done ? "done" : "not");
	return st;
}

static enum status
ignore_certificate(const struct ledger_certificate *c, void *arg)
{
	(void)c;
	(void)arg;
	return OK;
}

/* crl */
static enum status
do_crl(struct ledger *l, char **w)
{
	int64_t n;
	enum status st;

	(void)w;
	if ((st = ledger_crl(l, 0, ignore_certificate, NULL, &n)) == OK)
		printf("%" PRId64 "\n", n);
	return st;
}

/* check */
static enum status
do_check(struct ledger *l, char **w)
{
	auto_buf trouble = BUF_INIT;
	enum status st;

	(void)w;
	if ((st = ledger_check(l, &trouble)) == OK)
		puts(trouble.len > 0 ? buf_str(&trouble) : "sound");
	return st;
}

/* request TRANSACTION KEY NAME CLIENT SECRET NOW: SECRET is valid */
static enum status
do_request(struct ledger *l, char **w)
{
	auto_ledger_request r = LEDGER_REQUEST_INIT;
	auto_ledger_request earlier = LEDGER_REQUEST_INIT;
	struct ledger_identity q = { .signer_hash = no_hash };
	char hash[SECRET_HASH_TEXT];
	enum ledger_outcome o;
	enum status st;

	r.transaction = xstrdup(w[1]);
	hash_of(w[2], r.key_hash);
	buf_printf(&r.csr, "CSR%c%s", 0, w[1]);
	name_of(w[3], &r.name);
	r.subject = xasprintf("CN=%s", w[1]);
	r.client = w[4] != NULL ? xstrdup(w[4]) : NULL;
	if (w[5] != NULL) {
		hash_of(w[5], hash);
		r.challenge = xstrdup(hash);
		r.ground = ledger_ground_challenge(hash);
	}
	q.transaction = r.transaction;
	q.key_hash = r.key_hash;
	q.name = &r.name;
	q.challenge = r.challenge;
	q.fresh = r.challenge != NULL;
	if ((st = ledger_put_request(l, &r, &q, number(w[6]) - 10000,
	    number(w[6]), &o, &earlier)) == OK)
		printf("%s%s%s\n", outcomes[o], o == LEDGER_RETRY ? " " : "",
		    o == LEDGER_RETRY ? ledger_state_name(earlier.state) : "");
	return st;
}

/* decide TRANSACTION KEY approve|reject|undo NOW; KEY may be "-" */
static enum status
do_decide(struct ledger *l, char **w)
{
	enum ledger_verdict v = strcmp(w[3], "approve") == 0 ? LEDGER_APPROVE :
	    strcmp(w[3], "reject") == 0 ? LEDGER_REJECT : LEDGER_UNDO;
	char key[SECRET_HASH_TEXT] = "";
	const struct ledger_choice c = { w[1], key, "" };
	size_t matches;
	enum status st;
	bool same;

	if (w[2] != NULL)
		hash_of(w[2], key);
	st = ledger_decide(l, &c, v, "unit", number(w[4]), &matches, &same);
	if (st == OK)
		printf("%zu\n", matches);
	return st;
}

static enum status
print_request(const struct ledger_request *r, void *arg)
{
	(void)arg;
	printf("%s %s %s %zu %s %" PRId64 " %" PRId64 "\n", r->transaction,
	    ledger_state_name(r->state), r->subject, r->csr.len,
	    r->serial != NULL ? r->serial : "-", r->received, r->decided);
	return OK;
}

/* requests */
static enum status
do_requests(struct ledger *l, char **w)
{
	(void)w;
	return ledger_requests(l, print_request, NULL);
}

static enum status
print_table(const struct ledger_table *t, void *arg)
{
	(void)arg;
	printf("%s %" PRId64 " %s\n", t->name, t->rows, t->hash);
	return OK;
}

/* copy URI */
static enum status
do_copy(struct ledger *l, char **w)
{
	auto_ledger *to = NULL;
	enum status st;

	if ((st = ledger_open(w[1], NULL, LEDGER_CREATE, &to)) != OK)
		return st;
	return ledger_copy(l, to, print_table, NULL);
}

/* many COUNT PREFIX NOW: spends COUNT challenges on a certificate each */
static enum status
do_many(struct ledger *l, char **w)
{
	char name[64], line[64], subject[] = "/CN=x";
	int64_t i, n = number(w[1]);
	enum status st = OK;

	for (i = 0; i < n && st == OK; i++) {
		char *add[] = { NULL, name, line, NULL, NULL, w[3], NULL };
		char *buy[] = { NULL, name, name, name, subject, name, w[3] };
		char *expires = xasprintf("%" PRId64, number(w[3]) + 1000);

		snprintf(name, sizeof name, "%s%06" PRId64, w[2], i);
		snprintf(line, sizeof line, "manual");
		add[4] = expires;
		if ((st = do_challenge(l, add)) == OK)
			st = do_certify(l, buy);
		free(expires);
	}
	return st;
}

static const struct {
	const char *name;
	int words;
	enum status (*run)(struct ledger *l, char **w);
} verbs[] = {
	{ "challenge", 6, do_challenge },
	{ "challenge", 7, do_challenge },
	{ "challenges", 1, do_challenges },
	{ "void", 4, do_void },
	{ "bind", 5, do_bind },
	{ "client", 6, do_client },
	{ "find", 2, do_find },
	{ "certify", 7, do_certify },
	{ "record", 4, do_record },
	{ "renew", 7, do_renew },
	{ "collect", 9, do_collect },
	{ "repeat", 8, do_repeat },
	{ "poll", 4, do_poll },
	{ "get", 2, do_get },
	{ "certificates", 1, do_certificates },
	{ "revoked", 1, do_revoked },
	{ "revoke", 4, do_revoke },
	{ "crl", 1, do_crl },
	{ "check", 1, do_check },
	{ "request", 7, do_request },
	{ "decide", 5, do_decide },
	{ "requests", 1, do_requests },
	{ "copy", 2, do_copy },
	{ "many", 4, do_many },
};

static enum status
answer(struct ledger *l, char *line)
{
	char *w[WORDS_MAX] = { NULL }, *save = NULL, *word;
	int n = 0;
	size_t i;

	line[strcspn(line, "\n")] = '\0';
	for (word = strtok_r(line, " \t", &save); word != NULL && n < WORDS_MAX;
	    word = strtok_r(NULL, " \t", &save))
		w[n++] = strcmp(word, "-") != 0 ? word : NULL;
	for (i = 0; i < ARRAY_LEN(verbs); i++)
		if (n == verbs[i].words && strcmp(w[0], verbs[i].name) == 0)
			return verbs[i].run(l, w);
	return fail(USAGE, "no such line");
}

int
main(int argc, char **argv)
{
	auto_ledger *l = NULL;
	char line[4096];
	enum status st;

	diag_init("unit_ledger");
	if (argc < 2)
		return (int)fail(USAGE, "missing URI");
	st = ledger_open(argv[1], NULL, argc > 2 ? LEDGER_USE : LEDGER_CREATE,
	    &l);
	while (st == OK && fgets(line, sizeof line, stdin) != NULL)
		st = answer(l, line);
	return (int)st;
}
