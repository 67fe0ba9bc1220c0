/* init: makes a CA. */
#include <string.h>

#include "authority.h"
#include "clock.h"
#include "verbs.h"

enum { DAYS_MAX = 36500 };

struct args {
	struct authority_source source;
	const char *subject;
	const char *key_type;
	long days;
	bool ra;
};

static struct args args = {
	.key_type = "rsa:2048",
	.days = 3650,
};

static const struct opt options[] = {
	OPT_DIR(args.source),
	OPT_LEDGER(args.source),
	{ 0, "subject", "DN", "name of the CA", .value = &args.subject },
	{ 0, "key-type", "KIND", "its key",
	    .choices = "rsa:2048|rsa:3072|rsa:4096|ec:P-256|ec:P-384",
	    .value = &args.key_type },
	{ 0, "days", "N", "how long it is valid", .number = &args.days,
	    .min = 1, .max = DAYS_MAX },
	{ 0, "ra", NULL, "a certificate of its own answers SCEP",
	    .flag = &args.ra },
	OPT_AT,
	{ 0 },
};

static const char policy_text[] =
    "# The policy of this CA; scep-ca(1) describes every key.  What is not\n"
    "# here has a safe default.\n"
    "approval: challenge\n"
    "#validity: 365d\n"
    "#san: {dns: ['*.example.com']}\n"
    "#crl_url: http://ca.example.com/crl\n";

/* What init makes before it writes anything. */
struct made {
	X509 *cert, *ra;
	EVP_PKEY *key, *ra_key;
};

static void
made_free(struct made *m)
{
	X509_free(m->cert);
	X509_free(m->ra);
	EVP_PKEY_free(m->key);
	EVP_PKEY_free(m->ra_key);
}

static enum status
subject_of(const struct args *a, X509_NAME **out)
{
	const char *text = a->subject != NULL ? a->subject : "/CN=SCEP CA";
	const char *reason = cert_parse_name(text, out);

	return reason == NULL ? OK : fail(USAGE, "--subject: %s", reason);
}

/* The RA's name is the CA's with a CN of its own. */
static enum status
ra_subject(const X509_NAME *ca, X509_NAME **out)
{
	auto_char *text = cert_name_text(ca);
	auto_char *whole = xasprintf("CN=SCEP RA,%s", text);
	const char *reason = cert_parse_name(whole, out);

	return reason == NULL ? OK : fail(FAULT, "the RA's name: %s", reason);
}

static enum status
make_ra(const struct args *a, struct made *m, int64_t now)
{
	const struct identity ca = { m->cert, m->key, NULL };
	struct issue_order order = { .profile = ISSUE_RA, .ca = &ca,
	    .now = now, .validity = (int64_t)a->days * CLOCK_DAY };
	auto_X509_NAME *subject = NULL;
	enum status st;

	if ((st = ra_subject(X509_get_subject_name(m->cert),
	    &subject)) != OK ||
	    (st = cert_make_key("rsa:2048", &m->ra_key)) != OK)
		return st;
	order.subject = subject;
	order.key = m->ra_key;
	return issue_certificate(&order, &m->ra);
}

static enum status
make(const struct args *a, struct made *m, int64_t now)
{
	auto_X509_NAME *subject = NULL;
	enum status st;

	if ((st = subject_of(a, &subject)) != OK ||
	    (st = cert_make_key(a->key_type, &m->key)) != OK ||
	    (st = issue_root(subject, m->key, !a->ra, now,
	    (int64_t)a->days * CLOCK_DAY, &m->cert)) != OK)
		return st;
	return a->ra ? make_ra(a, m, now) : OK;
}

static enum status
put(const char *dir, const char *name, bool is_private, const struct buf *b)
{
	auto_char *path = io_join(dir, name);
	const struct io_output out = { path, NULL, is_private };

	return io_spill(&out, b);
}

static enum status
put_key(const char *dir, const char *name, const EVP_PKEY *key)
{
	auto_buf pem = BUF_SECRET;

	cert_key_to_pem(key, &pem);
	return put(dir, name, true, &pem);
}

static enum status
put_cert(const char *dir, const char *name, const X509 *cert)
{
	auto_buf pem = BUF_INIT;

	cert_to_pem(cert, &pem);
	return put(dir, name, false, &pem);
}

/* --ledger of init is the one that the other verbs find. */
static enum status
put_policy(const struct args *a)
{
	auto_char *path = io_join(a->source.dir, CA_POLICY);
	auto_buf text = BUF_INIT;
	const char *p;

	if (io_exists(path))
		return OK;
	buf_puts(&text, policy_text);
	if (a->source.ledger != NULL) {
		buf_puts(&text, "ledger: '");
		for (p = a->source.ledger; *p != '\0'; p++)
			buf_printf(&text, "%s%c", *p == '\'' ? "'" : "", *p);
		buf_puts(&text, "'\n");
	}
	return put(a->source.dir, CA_POLICY, false, &text);
}

static enum status
make_ledger(const struct args *a, const struct made *m, int64_t now)
{
	auto_authority ca = AUTHORITY_INIT;
	auto_ledger_certificate c = LEDGER_CERTIFICATE_INIT;
	auto_ledger_certificate earlier = LEDGER_CERTIFICATE_INIT;
	enum ledger_outcome found;
	enum status st;

	if ((st = authority_open(&a->source, NEED_LEDGER, &ca)) != OK ||
	    m->ra == NULL)
		return st;
	authority_record(m->ra, "ra", now, &c);
	return ledger_certify(ca.ledger, &c, NULL, now, &found, &earlier);
}

/* Keys first; the certificate, which makes the folder a CA, last. */
static enum status
put_all(const struct args *a, const struct made *m, int64_t now)
{
	const char *dir = a->source.dir;
	enum status st;

	if ((st = io_make_dir(dir)) != OK ||
	    (st = put_key(dir, CA_KEY, m->key)) != OK ||
	    (st = put_policy(a)) != OK ||
	    (st = make_ledger(a, m, now)) != OK)
		return st;
	if (m->ra != NULL && ((st = put_key(dir, CA_RA_KEY,
	    m->ra_key)) != OK ||
	    (st = put_cert(dir, CA_RA_CERT, m->ra)) != OK))
		return st;
	if ((st = put_cert(dir, CA_ROOT, m->cert)) != OK ||
	    (st = put_cert(dir, CA_CHAIN, m->cert)) != OK)
		return st;
	return put_cert(dir, CA_CERT, m->cert);
}

static enum status
refuse_existing(const char *dir)
{
	static const char *const names[] = { CA_CERT, CA_KEY, CA_RA_CERT,
	    CA_RA_KEY };
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		auto_char *path = io_join(dir, names[i]);

		if (io_exists(path))
			return fail(REFUSED, "%s: there already: init never "
			    "replaces a CA", path);
	}
	return OK;
}

static enum status
run(const struct args *a)
{
	AUTO(made_free) struct made m = { NULL, NULL, NULL, NULL };
	int64_t now = clock_now();
	enum status st;

	if (a->source.dir == NULL)
		return opts_missing("--dir", "the folder to make");
	if (strncmp(a->key_type, "ec:", 3) == 0 && !a->ra)
		return fail(USAGE, "--key-type %s: SCEP needs an RSA key to "
		    "answer with: add --ra", a->key_type);
	if ((st = refuse_existing(a->source.dir)) != OK ||
	    (st = make(a, &m, now)) != OK)
		return st;
	return put_all(a, &m, now);
}

const struct tool verb_init = {
	.name = "init",
	.summary = "Makes a CA in a folder: key, certificate, policy, ledger.",
	.example = "scep-ca init --dir ca --subject '/O=Example, Inc./CN=CA'",
	.options = options,
	.args = &args,
	.run = run,
};
