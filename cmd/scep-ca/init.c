/* init: makes a CA. */
#include <string.h>

#include "authority/folder.h"
#include "base/clock.h"
#include "crl.h"
#include "verbs.h"

enum { DAYS_MAX = 36500 };

struct args {
	struct authority_source source;
	const char *subject;
	const char *key_type;
	long days;
	bool ra;
	const char *csr;
	struct identity_source import;
};

static struct args args = {
	.key_type = "rsa:2048",
	.days = 3650,
	.import.option = "--import-key",
};

static const struct opt options[] = {
	OPT_DIR(args.source),
	OPT_LEDGER(args.source),
	{ 0, "subject", "DN", "name of the CA", .value = &args.subject,
	    .check = cert_check_name },
	{ 0, "key-type", "KIND", "type of its key",
	    .choices = "rsa:2048|rsa:3072|rsa:4096|ec:P-256|ec:P-384",
	    .value = &args.key_type },
	{ 0, "days", "N", "lifetime of its certificate", .number = &args.days,
	    .min = 1, .max = DAYS_MAX },
	{ 0, "ra", NULL, "use a separate RA key and certificate for SCEP",
	    .flag = &args.ra },
	{ 0, "csr", "FILE", "create a subordinate CA, and write its request to "
	    "FILE",
	    .value = &args.csr },
	{ 0, "import-cert", "FILE", "import an existing CA: its certificate "
	    "and chain",
	    .value = &args.import.cert, .is_file = true },
	{ 0, "import-key", "KEY", "and its key: a file, env:NAME, fd:N or "
	    "pkcs11:...",
	    .value = &args.import.key },
	OPT_KEY_ACCESS(args.import),
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

/* Made before anything is written. */
struct made {
	struct identity ca;	/* no certificate with --csr */
	X509_REQ *csr;
	EVP_PKEY *ra_key;
	X509 *ra;
	bool token;		/* the key stays in the token */
	bool own_policy;	/* init writes scep-ca.yaml; false if it was
				 * prepared */
};

static void
made_free(struct made *m)
{
	identity_free(&m->ca);
	X509_REQ_free(m->csr);
	EVP_PKEY_free(m->ra_key);
	X509_free(m->ra);
}

static bool
is_token(const char *key)
{
	return key != NULL && strncmp(key, "pkcs11:", 7) == 0;
}

/* If the CA's key is in a token, an RA with a key in software must decrypt. */
static bool
wants_ra(const struct args *a)
{
	return a->ra || is_token(a->import.key);
}

static enum status
make_own(const struct args *a, struct made *m, int64_t now)
{
	const char *text = a->subject != NULL ? a->subject : "/CN=SCEP CA";
	auto_X509_NAME *subject = NULL;
	const char *reason = cert_parse_name(text, &subject);
	enum status st;

	if (reason != NULL)
		return fail(USAGE, "--subject: %s", reason);
	if ((st = cert_make_key(a->key_type, &m->ca.key)) != OK)
		return st;
	if (a->csr != NULL)
		return issue_ca_request(subject, m->ca.key, !a->ra, &m->csr);
	return issue_root(subject, m->ca.key, !a->ra, now,
	    (int64_t)a->days * CLOCK_DAY, &m->ca.cert);
}

static enum status
import(const struct args *a, struct made *m, int64_t now)
{
	const char *reason;
	enum status st;

	m->token = is_token(a->import.key);
	if ((st = cert_load_identity(&a->import, &m->ca)) != OK)
		return st;
	reason = issue_unfit_ca(m->ca.cert, m->ca.key, wants_ra(a), now);
	if (reason != NULL)
		return fail(REFUSED, "%s: %s", a->import.cert != NULL ?
		    a->import.cert : a->import.key, reason);
	return OK;
}

static enum status
make(const struct args *a, struct made *m, int64_t now)
{
	enum status st;

	st = a->import.key != NULL ? import(a, m, now) : make_own(a, m, now);
	if (st != OK || !wants_ra(a))
		return st;
	if ((st = cert_make_key("rsa:2048", &m->ra_key)) != OK ||
	    m->ca.cert == NULL)
		return st;
	return folder_make_ra(&m->ca, m->ra_key, now, &m->ra);
}

/* Adds a setting as a single-quoted scalar of YAML. */
static void
add_setting(struct buf *text, const char *key, const char *value)
{
	const char *p;

	if (value == NULL)
		return;
	buf_printf(text, "%s: '", key);
	for (p = value; *p != '\0'; p++)
		buf_printf(text, "%s%c", *p == '\'' ? "'" : "", *p);
	buf_puts(text, "'\n");
}

/* Keeps options of init for the other verbs. */
static enum status
put_policy(const struct args *a, const struct made *m)
{
	auto_buf text = BUF_INIT;

	if (!m->own_policy)
		return OK;
	buf_puts(&text, policy_text);
	add_setting(&text, "ledger", a->source.ledger);
	if (m->token) {
		add_setting(&text, "key", a->import.key);
		add_setting(&text, "passphrase", a->import.passphrase);
	}
	return folder_put(a->source.dir, CA_POLICY, true, &text);
}

static enum status
put_ledger(const struct args *a, const struct made *m, int64_t now)
{
	auto_authority ca = AUTHORITY_INIT;
	enum status st;

	if ((st = authority_open(&a->source, NEED_LEDGER, &ca)) != OK ||
	    m->ra == NULL)
		return st;
	return folder_record(ca.ledger, m->ra, "ra", now);
}

static enum status
put_request(const struct args *a, const struct made *m)
{
	const struct io_output to = { a->csr, NULL, false };
	auto_buf pem = BUF_INIT;

	cert_request_to_pem(m->csr, &pem);
	return io_spill(&to, &pem);
}

/*
 * While this file exists, the folder has been written by an init that did not
 * finish, and another init may replace what is there.  The file's content says
 * whether that init also wrote scep-ca.yaml.
 */
static const char OWN_POLICY[] = "scep-ca.yaml\n";

static enum status
put_unfinished(const char *dir, const struct made *m)
{
	auto_buf text = BUF_INIT;

	if (m->own_policy)
		buf_puts(&text, OWN_POLICY);
	return folder_put(dir, CA_UNFINISHED, true, &text);
}

static enum status
finish(const struct args *a, int64_t now)
{
	auto_char *path = io_join(a->source.dir, CA_UNFINISHED);
	enum status st;

	if (a->csr == NULL && (st = crl_first(&a->source, now)) != OK)
		return st;
	return io_forget(path);
}

/* Writes keys first, and the certificate, which makes the folder a CA, last. */
static enum status
put_all(const struct args *a, const struct made *m, int64_t now)
{
	const char *dir = a->source.dir;
	enum status st;

	/*
	 * Checked again once the folder exists, as another process may have
	 * made it first.
	 */
	if ((st = io_check_root(dir)) != OK || (st = io_make_dir(dir)) != OK ||
	    (st = io_check_root(dir)) != OK ||
	    (st = put_unfinished(dir, m)) != OK || (!m->token &&
	    (st = folder_put_key(dir, CA_KEY, m->ca.key)) != OK) ||
	    (m->ra_key != NULL &&
	    (st = folder_put_key(dir, CA_RA_KEY, m->ra_key)) != OK) ||
	    (st = put_policy(a, m)) != OK || (st = put_ledger(a, m, now)) != OK)
		return st;
	if (m->csr != NULL)
		return (st = put_request(a, m)) != OK ? st : finish(a, now);
	if ((m->ra != NULL && (st = folder_put_cert(dir, CA_RA_CERT,
	    m->ra)) != OK) ||
	    (st = folder_put_chain(dir, m->ca.cert, m->ca.chain)) != OK)
		return st;
	if ((st = folder_put_cert(dir, CA_CERT, m->ca.cert)) != OK)
		return st;
	return finish(a, now);
}

static enum status
refuse_existing(const char *dir)
{
	static const char *const names[] = { CA_CERT, CA_KEY, CA_RA_CERT,
	    CA_RA_KEY };
	bool has;
	enum status st;
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++) {
		if ((st = folder_has(dir, names[i], &has)) != OK)
			return st;
		if (has)
			return fail(REFUSED, "%s/%s: already exists: init "
			    "never replaces a CA", dir, names[i]);
	}
	return OK;
}

/* Looks for the remains of an init that did not finish. */
static enum status
look(const char *dir, struct made *m, bool *unfinished)
{
	auto_char *path = io_join(dir, CA_UNFINISHED);
	auto_buf text = BUF_INIT;
	bool has_policy;
	enum status st;

	if ((st = io_exists(path, unfinished)) != OK ||
	    (st = folder_has(dir, CA_POLICY, &has_policy)) != OK)
		return st;
	m->own_policy = !has_policy;
	if (!*unfinished)
		return refuse_existing(dir);
	if ((st = io_slurp_file(path, sizeof OWN_POLICY, &text)) == OK &&
	    strcmp(buf_str(&text), OWN_POLICY) == 0)
		m->own_policy = true;
	return st;
}

static enum status
check_args(const struct args *a)
{
	if (a->source.dir == NULL)
		return opts_missing("--dir", "the folder to make");
	if (a->import.cert != NULL && a->import.key == NULL)
		return opts_missing("--import-key", "the key of "
		    "--import-cert");
	if (a->import.key != NULL && (a->csr != NULL || a->subject != NULL))
		return fail(USAGE, "--import-key cannot be used with --csr or "
		    "--subject");
	if (strncmp(a->key_type, "ec:", 3) == 0 && !a->ra)
		return fail(USAGE, "--key-type %s: SCEP needs an RSA key to "
		    "answer with: add --ra", a->key_type);
	return OK;
}

static enum status
run(const struct args *a)
{
	AUTO(made_free) struct made m = { .ca = IDENTITY_INIT };
	int64_t now = clock_now();
	bool unfinished = false, is_ca = false;
	enum status st;

	if ((st = check_args(a)) != OK ||
	    (st = look(a->source.dir, &m, &unfinished)) != OK ||
	    (unfinished && (st = folder_has(a->source.dir, CA_CERT,
	    &is_ca)) != OK))
		return st;
	if (is_ca) {
		warning("%s: an earlier init made this CA, and is finished "
		    "now", a->source.dir);
		return finish(a, now);
	}
	if (unfinished)
		warning("%s: an earlier init did not finish: its files are "
		    "replaced", a->source.dir);
	if ((st = make(a, &m, now)) != OK)
		return st;
	return put_all(a, &m, now);
}

const struct tool verb_init = {
	.name = "init",
	.summary = "Create a CA in a folder: key, certificate, policy, ledger.",
	.example = "scep-ca init --dir ca --subject '/O=Example, Inc./CN=CA'",
	.options = options,
	.args = &args,
	.run = run,
};
