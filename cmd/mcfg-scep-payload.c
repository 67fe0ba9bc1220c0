#include <string.h>

#include "cli/opts.h"
#include "profile/profile.h"
#include "site/program.h"
#include "site/site.h"
#include "trust/trust.h"
#include "x509/cert.h"

static struct args {
	struct io_output out;
	struct profile_identity id;
	const char *url;
	const char *name;
	const char *subject;
	struct strings alt_names;
	const char *challenge;
	long key_size;
	const char *key_usage;
	const char *ca_cert;
	const char *fingerprint;
	long retries, retry_delay;
	const char *extractable;
	bool bare;
	const char *config;
	const char *site, *fixed, *program, *password;
} args = {
	.key_size = 2048,
	.key_usage = "sign,encrypt",
	.retries = -1,
	.retry_delay = -1,
};

static const char *
check_usage(const char *value)
{
	long bits;

	return profile_key_usage(value, &bits);
}

static const char *
check_subject(const char *value)
{
	auto_tree *t = NULL;

	return profile_subject(value, &t);
}

static const struct opt options[] = {
	OPT_OUTPUT(args.out),
	{ 0, "url", "URL", "URL of the SCEP server (required)",
	    .value = &args.url,
	    .check = text_check_url, .config = "scep.url" },
	{ 0, "name", "NAME", "name of the CA, if the server has several",
	    .value = &args.name, .check = profile_check_text,
	    .config = "scep.name" },
	{ 0, "subject", "DN", "subject of the certificate: "
	    "/O=Example/CN=Device or RFC 4514",
	    .value = &args.subject, .check = check_subject,
	    .config = "scep.subject" },
	{ 0, "san", "TYPE:VALUE", "alternative name: dns, email, uri or upn",
	    .values = &args.alt_names, .check = profile_check_alt_name },
	{ 0, "challenge", "SRC", "the one-time challenge: env:NAME, file:PATH "
	    "or fd:N", .value = &args.challenge, .config = "scep.challenge",
	    .check = secret_check_source, .is_secret = true },
	{ 0, "key-size", "BITS", "size of the device's RSA key (2048)",
	    .number = &args.key_size, .min = 1024, .max = 4096,
	    .config = "scep.key_size" },
	{ 0, "key-usage", "USES", "sign, encrypt or sign,encrypt (the default)",
	    .value = &args.key_usage, .check = check_usage,
	    .config = "scep.key_usage" },
	{ 0, "ca-cert", "FILE", "certificate of the CA, whose fingerprint is "
	    "sent to the device",
	    .value = &args.ca_cert, .is_file = true },
	{ 0, "site", "DIR", "use the CA of the site in DIR, and its challenge "
	    "if it is an outside CA", .value = &args.site },
	{ 0, "fingerprint", "HASH", "sha256, for that of --ca-cert, or the "
	    "fingerprint in hex", .value = &args.fingerprint,
	    .check = text_check_fingerprint, .config = "scep.fingerprint" },
	{ 0, "retries", "N", "how many times the device retries while pending",
	    .number = &args.retries, .min = 0, .max = 1000 },
	{ 0, "retry-delay", "SECONDS", "how long it waits before each retry",
	    .number = &args.retry_delay, .min = 0, .max = 86400 },
	{ 0, "extractable", "WHICH", "whether the key may leave the device's "
	    "keychain",
	    .value = &args.extractable, .choices = "yes|no" },
	{ 0, "bare", NULL, "write only the dictionary of the payload",
	    .flag = &args.bare },
	OPT_PAYLOAD(args.id, "scep"),
	OPT_CONFIG(args.config),
	{ .name = "scep.challenge", .value = &args.fixed,
	    .config = "scep.challenge" },
	{ .name = "scep.challenge_program", .value = &args.program,
	    .config = "scep.challenge_program" },
	{ .name = "auth.ldap.password", .value = &args.password,
	    .config = "auth.ldap.password" },
	{ 0 },
};

static const struct tool tool = {
	.name = "mcfg-scep-payload",
	.summary = "Write a profile with one SCEP payload.",
	.example = "mcfg-scep-payload --url https://example.com/scep \\\n"
	    "    --identifier com.example.scep --subject '/O=Example/CN=Device'"
	    " \\\n    --challenge file:challenge",
	.options = options,
	.args = &args,
};

static enum status
check(const struct args *a)
{
	if (a->url == NULL)
		return opts_missing("--url", "of the SCEP server");
	if (a->id.identifier == NULL)
		return opts_missing("--identifier", "the name of the profile, "
		    "never changed");
	if (opts_given(&args.fingerprint) && a->ca_cert == NULL &&
	    a->site == NULL &&
	    strcmp(a->fingerprint, "sha256") == 0)
		return opts_missing("--ca-cert", "the CA's certificate, for "
		    "its fingerprint");
	if (a->key_size != 1024 && a->key_size != 2048 && a->key_size != 4096)
		warning("key size %ld is not one that Apple documents",
		    a->key_size);
	else if (a->key_size < 2048)
		warning("key size %ld is weak: 2048 is the least that is "
		    "taken today", a->key_size);
	return OK;
}

/* The files of the CA that the device will use; NULL if unknown. */
struct authority {
	char *outside;		/* the site's outside CA, or NULL */
	char *cert;
};
#define AUTHORITY_INIT	{ NULL, NULL }
#define auto_authority	AUTO(authority_free) struct authority

static void
authority_free(struct authority *to)
{
	free(to->outside);
	free(to->cert);
}

static enum status
find_authority(const struct args *a, struct authority *to)
{
	enum status st;

	if (a->site != NULL && (st = io_find_inside(a->site,
	    TRUST_SITE_OUTSIDE, &to->outside)) != OK)
		return st;
	if (a->ca_cert != NULL)
		to->cert = xstrdup(a->ca_cert);
	else if (to->outside != NULL)
		to->cert = xstrdup(to->outside);
	else if (a->site != NULL)
		to->cert = io_inside(a->site, TRUST_SITE_CA);
	return OK;
}

static enum status
read_fingerprint(const struct args *a, const struct authority *to,
    struct buf *out)
{
	auto_X509 *ca = NULL;
	enum status st;

	if (to->cert != NULL && (st = cert_load(to->cert, &ca)) != OK)
		return st;
	return profile_fingerprint(a->fingerprint, ca, to->cert, out);
}

/* A relative path in site.yaml is relative to that file. */
static char *
challenge_source(const struct args *a, const char *from)
{
	static const char file[] = "file:";
	const size_t n = sizeof file - 1;
	auto_char *path = NULL;

	if ((from == a->challenge && opts_given(&args.challenge)) ||
	    strncmp(from, file, n) != 0)
		return xstrdup(from);
	path = io_beside(a->config, from + n);
	return xasprintf("%s%s", file, path);
}

static enum status
ask_challenge(const struct args *a, struct buf *out)
{
	const struct site_place place = { .folder = a->site,
	    .password = a->password };

	if (a->subject == NULL)
		return opts_missing("--subject", "which "
		    "scep.challenge_program gets");
	return site_ask_challenge(&place, a->program, a->subject, out);
}

/* An outside CA does not know our challenges. */
static enum status
read_challenge(const struct args *a, const struct authority *to,
    struct buf *out)
{
	const char *from = to->outside != NULL ? a->fixed : a->challenge;
	auto_char *source = NULL;
	const char *reason;
	enum status st;

	if (to->outside != NULL && a->program != NULL)
		return ask_challenge(a, out);
	if (from == NULL)
		return OK;
	source = challenge_source(a, from);
	if ((st = secret_read(source, "--challenge", out)) != OK)
		return st;
	reason = tree_text_fault(buf_str(out), out->len);
	return reason == NULL ? OK : fail(MALFORMED, "--challenge: %s",
	    reason);
}

static enum status
make(const struct args *a, const struct profile_scep *s, struct tree **out)
{
	if (!a->bare)
		return profile_scep_configuration(&a->id, s, out);
	*out = profile_scep(&a->id, s, NULL);
	return OK;
}

static enum status
run(const struct args *a)
{
	struct profile_scep s = { .key_size = 0 };
	auto_buf challenge = BUF_SECRET, fingerprint = BUF_INIT;
	auto_authority to = AUTHORITY_INIT;
	auto_tree *subject = NULL, *alt_names = NULL, *product = NULL;
	struct io_output out = a->out;
	auto_buf xml = BUF_SECRET;
	const char *reason;
	enum status st;

	if ((st = site_defaults(a->config, options)) != OK ||		/* read */
	    (st = check(a)) != OK ||
	    (st = find_authority(a, &to)) != OK ||
	    (st = read_challenge(a, &to, &challenge)) != OK ||
	    (st = read_fingerprint(a, &to, &fingerprint)) != OK)
		return st;

	if (a->subject != NULL &&					/* parse */
	    (reason = profile_subject(a->subject, &subject)) != NULL)
		return fail(USAGE, "--subject: %s", reason);
	alt_names = profile_alt_names(&a->alt_names);

	s = (struct profile_scep){ a->url, a->name, subject, alt_names,	/* make */
	    challenge.len > 0 ? &challenge : NULL,
	    fingerprint.len > 0 ? &fingerprint : NULL, a->key_size, 0,
	    a->retries, a->retry_delay, a->extractable };
	if ((reason = profile_key_usage(a->key_usage, &s.key_usage)) != NULL)
		return fail(USAGE, "--key-usage: %s", reason);
	if ((st = make(a, &s, &product)) != OK)
		return st;
	tree_to_xml(product, &xml);

	out.is_private = profile_holds_secret(product);		/* write */
	return io_spill(&out, &xml);
}

int
main(int argc, char **argv)
{
	return (int)opts_main(&tool, argc, argv, run);
}
