/*
 * unit_ledger URI: reads lines of a verb and its words, calls the ledger and
 * prints the outcome of each.  "-" is a word for NULL; hashes are made from
 * their words by SHA-256.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cert.h"
#include "ledger.h"

enum { WORDS_MAX = 12 };

static const char *const outcomes[] = {
	[LEDGER_RECORDED] = "recorded",
	[LEDGER_RETRY] = "retry",
	[LEDGER_OTHER_KEY] = "other-key",
	[LEDGER_NO_CHALLENGE] = "no-challenge",
	[LEDGER_CLOSED] = "closed",
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

/* challenge SECRET PURPOSE ENROLLMENT EXPIRES NOW */
static enum status
do_challenge(struct ledger *l, char **w)
{
	struct ledger_challenge c = LEDGER_CHALLENGE_INIT;
	enum status st;

	hash_of(w[1], c.hash);
	c.purpose = purpose(w[2]);
	c.enrollment = w[3];
	c.expires = number(w[4]);
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
	printf("%s %s %" PRId64 "%s%s\n", ledger_purpose_name(c.purpose),
	    c.enrollment != NULL ? c.enrollment : "-", c.expires,
	    c.spent ? " spent" : "", c.voided ? " voided" : "");
	return OK;
}

static void
fill(struct ledger_certificate *c, const char *serial, const char *tx,
    const char *key, const char *signer, int64_t now)
{
	c->serial = xstrdup(serial);
	buf_printf(&c->der, "DER%c%s", 0, serial);
	c->subject = xasprintf("CN=%s", serial);
	c->not_before = now;
	c->not_after = now + 1000;
	c->profile = xstrdup("scep");
	c->transaction = tx != NULL ? xstrdup(tx) : NULL;
	hash_of(key, c->key_hash);
	hash_of(signer, c->signer_hash);
	c->issued = now;
}

/* certify SERIAL TRANSACTION KEY SIGNER SECRET NOW */
static enum status
do_certify(struct ledger *l, char **w)
{
	auto_ledger_certificate c = LEDGER_CERTIFICATE_INIT;
	auto_ledger_certificate earlier = LEDGER_CERTIFICATE_INIT;
	char hash[SECRET_HASH_TEXT];
	enum ledger_outcome o;
	enum status st;

	fill(&c, w[1], w[2], w[3], w[4], number(w[6]));
	if (w[5] != NULL)
		hash_of(w[5], hash);
	if ((st = ledger_certify(l, &c, w[5] != NULL ? hash : NULL,
	    number(w[6]), &o, &earlier)) != OK)
		return st;
	printf("%s%s%s\n", outcomes[o], o == LEDGER_RETRY ? " " : "",
	    o == LEDGER_RETRY ? earlier.serial : "");
	return OK;
}

/* record FILE SECRET NOW: a real certificate, as scep-ca would record it */
static enum status
do_record(struct ledger *l, char **w)
{
	auto_ledger_certificate c = LEDGER_CERTIFICATE_INIT;
	auto_ledger_certificate earlier = LEDGER_CERTIFICATE_INIT;
	auto_buf serial = BUF_INIT;
	auto_X509 *cert = NULL;
	char hash[SECRET_HASH_TEXT];
	enum ledger_outcome o;
	enum status st;

	if ((st = cert_load(w[1], &cert)) != OK)
		return st;
	cert_serial_hex(cert, &serial);
	fill(&c, buf_str(&serial), buf_str(&serial), "key", "signer",
	    number(w[3]));
	buf_cut(&c.der, 0);
	cert_to_der(cert, &c.der);
	c.not_before = cert_not_before(cert);
	c.not_after = cert_not_after(cert);
	hash_of(w[2], hash);
	if ((st = ledger_certify(l, &c, hash, number(w[3]), &o,
	    &earlier)) == OK)
		puts(outcomes[o]);
	return st;
}

/* retry TRANSACTION KEY SIGNER */
static enum status
do_retry(struct ledger *l, char **w)
{
	auto_ledger_certificate earlier = LEDGER_CERTIFICATE_INIT;
	char key[SECRET_HASH_TEXT], signer[SECRET_HASH_TEXT];
	enum ledger_outcome o;
	enum status st;

	hash_of(w[2], key);
	hash_of(w[3], signer);
	if ((st = ledger_retry(l, w[1], key, signer, &o, &earlier)) == OK)
		puts(outcomes[o]);
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
	buf_add_hex(&hex, c.der.data, c.der.len);
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

/* next NAME */
static enum status
do_next(struct ledger *l, char **w)
{
	int64_t n;
	enum status st;

	if ((st = ledger_next(l, w[1], &n)) == OK)
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

/* request TRANSACTION KEY SIGNER NOW */
static enum status
do_request(struct ledger *l, char **w)
{
	auto_ledger_request r = LEDGER_REQUEST_INIT;
	auto_ledger_request earlier = LEDGER_REQUEST_INIT;
	enum ledger_outcome o;
	enum status st;

	r.transaction = xstrdup(w[1]);
	hash_of(w[2], r.key_hash);
	hash_of(w[3], r.signer_hash);
	buf_printf(&r.csr, "CSR%c%s", 0, w[1]);
	r.subject = xasprintf("CN=%s", w[1]);
	if ((st = ledger_put_request(l, &r, number(w[4]), &o, &earlier)) == OK)
		printf("%s%s%s\n", outcomes[o], o == LEDGER_RETRY ? " " : "",
		    o == LEDGER_RETRY ? ledger_state_name(earlier.state) : "");
	return st;
}

/* decide TRANSACTION approve|reject NOW */
static enum status
do_decide(struct ledger *l, char **w)
{
	bool done;
	enum status st;

	st = ledger_decide(l, w[1], strcmp(w[2], "approve") == 0,
	    number(w[3]), &done);
	if (st == OK)
		puts(done ? "done" : "not");
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

/* many COUNT PREFIX NOW: challenges that each buy a certificate */
static enum status
do_many(struct ledger *l, char **w)
{
	char name[64], line[64];
	int64_t i, n = number(w[1]);
	enum status st = OK;

	for (i = 0; i < n && st == OK; i++) {
		char *add[] = { NULL, name, line, NULL, NULL, w[3] };
		char *buy[] = { NULL, name, name, name, name, name, w[3] };
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
	{ "find", 2, do_find },
	{ "certify", 7, do_certify },
	{ "record", 4, do_record },
	{ "retry", 4, do_retry },
	{ "get", 2, do_get },
	{ "certificates", 1, do_certificates },
	{ "revoked", 1, do_revoked },
	{ "revoke", 4, do_revoke },
	{ "next", 2, do_next },
	{ "check", 1, do_check },
	{ "request", 5, do_request },
	{ "decide", 4, do_decide },
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
