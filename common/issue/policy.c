/* Reads the CA's policy, DIR/scep-ca.yaml. */
#include <string.h>

#include <openssl/objects.h>

#include "base/clock.h"
#include "base/words.h"
#include "config/config.h"
#include "issue/issue.h"
#include "sys/io.h"

enum {
	RSA_LEAST = 2048,
	RSA_MOST = 4096,
	DAYS_DEFAULT = 365,
	CRL_DAYS_DEFAULT = 7,
	PENDING_DAYS_DEFAULT = 14,
};

static void
free_san(struct issue_policy *p)
{
	size_t i;

	for (i = 0; i < p->san_count; i++) {
		free(p->san[i].type);
		free(p->san[i].glob);
	}
	free(p->san);
	p->san = NULL;
	p->san_count = 0;
}

void
issue_policy_free(struct issue_policy *p)
{
	free(p->ledger);
	free(p->key);
	free(p->passphrase);
	free(p->command);
	free(p->crl_url);
	free(p->issuer_url);
	mem_free_all(p->subject, p->subject_count);
	mem_free_all(p->eku, p->eku_count);
	free_san(p);
	*p = (struct issue_policy)ISSUE_POLICY_INIT;
}

static void
set_list(char ***v, size_t *n, const char *const *names, size_t count)
{
	size_t i;

	mem_free_all(*v, *n);
	*v = xcalloc(count + 1, sizeof **v);
	*n = count;
	for (i = 0; i < count; i++)
		(*v)[i] = xstrdup(names[i]);
}

void
issue_policy_default(struct issue_policy *out)
{
	static const char *const subject[] = {
		"CN", "O", "OU", "C", "ST", "L", "DC", "UID", "serialNumber",
		"emailAddress", "GN", "SN", "title",
	};
	static const char *const eku[] = { "clientAuth" };
	struct issue_policy p = {
		.approval = ISSUE_BY_CHALLENGE,
		.validity = (int64_t)DAYS_DEFAULT * CLOCK_DAY,
		.renew_same_key = true,
		.pending_ttl = (int64_t)PENDING_DAYS_DEFAULT * CLOCK_DAY,
		.time_window = CLOCK_DAY,
		.rsa_min = RSA_LEAST,
		.rsa_max = RSA_MOST,
		.allow_sha1 = true,
		.usage = KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT,
		.crl_validity = (int64_t)CRL_DAYS_DEFAULT * CLOCK_DAY,
	};

	set_list(&p.subject, &p.subject_count, subject, ARRAY_LEN(subject));
	set_list(&p.eku, &p.eku_count, eku, ARRAY_LEN(eku));
	*out = p;
}

/* ---- checks of values ---- */

/* A URL that is put into certificates unchanged. */
static const char *
check_url(const char *text)
{
	const char *p;

	if (strncmp(text, "http://", 7) == 0)
		text += 7;
	else if (strncmp(text, "https://", 8) == 0)
		text += 8;
	else
		return "not an http or https address";
	for (p = text; *p > ' ' && *p < 0x7F && strchr("\"<>\\^`{|}", *p) ==
	    NULL; p++)
		continue;
	return p > text && *p == '\0' ? NULL : "not an http or https address";
}

static const char *
check_key(const char *text)
{
	return !cert_key_has_pin(text) ? NULL : "a PIN in the URI "
	    "(pin-value): put it into a file (pin-source=file:PATH, or "
	    "passphrase: file:PATH)";
}

static bool
is_object(const char *text)
{
	ASN1_OBJECT *o = OBJ_txt2obj(text, 0);
	/* OpenSSL also knows names without an OID. */
	bool has_oid = o != NULL && OBJ_length(o) > 0;

	ASN1_OBJECT_free(o);
	diag_ssl_clear();
	return has_oid;
}

bool
issue_is_signer_usage(const char *usage)
{
	ASN1_OBJECT *o = OBJ_txt2obj(usage, 0);
	bool is = OBJ_obj2nid(o) == NID_email_protect;

	ASN1_OBJECT_free(o);
	return is;
}

/*
 * A name or OID of a usage; not one that would make the certificate valid for
 * every purpose, or for the CA.
 */
static const char *
check_usage(const char *text)
{
	static const char *const reserved[] = {
		"2.5.29.37.0",			/* anyExtendedKeyUsage */
		"1.3.6.1.5.5.7.3.28",		/* id-kp-cmcRA */
		"1.3.6.1.4.1.311.20.2.1",	/* enrollment agent */
	};
	ASN1_OBJECT *o = OBJ_txt2obj(text, 0);
	char oid[80] = "";

	if (o != NULL)
		OBJ_obj2txt(oid, sizeof oid, o, 1);
	ASN1_OBJECT_free(o);
	return is_object(text) && words_place(reserved, ARRAY_LEN(reserved),
	    oid) == ARRAY_LEN(reserved) ? NULL : "not a known name or OID";
}

static const char *
check_attribute(const char *text)
{
	return is_object(text) ? NULL : "not a known name or OID";
}

/* In the order of enum issue_approval. */
#define APPROVALS	"challenge|manual|command"
#define USAGES		"digitalSignature|nonRepudiation|keyEncipherment|" \
			"dataEncipherment"

static const struct config_rule rules[] = {
	{ "ledger", CONFIG_TEXT, NULL, NULL, 0, 0 },
	{ "key", CONFIG_SOURCE, NULL, check_key, 0, 0 },
	{ "passphrase", CONFIG_SOURCE, NULL, secret_check_source, 0, 0 },
	{ "approval", CONFIG_TEXT, APPROVALS, NULL, 0, 0 },
	{ "command", CONFIG_TEXT, NULL, NULL, 0, 0 },
	{ "crl_url", CONFIG_TEXT, NULL, check_url, 0, 0 },
	{ "issuer_url", CONFIG_TEXT, NULL, check_url, 0, 0 },
	{ "subject", CONFIG_LIST, NULL, check_attribute, 0, 0 },
	{ "extended_key_usage", CONFIG_LIST, NULL, check_usage, 0, 0 },
	{ "key_usage", CONFIG_LIST, USAGES, NULL, 0, 0 },
	{ "san", CONFIG_TREE, NULL, NULL, 0, 0 },
	{ "key_min", CONFIG_NUMBER, NULL, NULL, RSA_LEAST, 4 * RSA_MOST },
	{ "key_max", CONFIG_NUMBER, NULL, NULL, RSA_LEAST, 4 * RSA_MOST },
	{ "allow_sha1", CONFIG_FLAG, NULL, NULL, 0, 0 },
	{ "allow_des", CONFIG_FLAG, NULL, NULL, 0, 0 },
	{ "renew_same_key", CONFIG_FLAG, NULL, NULL, 0, 0 },
	{ "validity", CONFIG_DURATION, NULL, NULL, CLOCK_MINUTE, 0 },
	{ "renew_window", CONFIG_DURATION, NULL, NULL, 0, 0 },
	{ "pending_ttl", CONFIG_DURATION, NULL, NULL, CLOCK_MINUTE, 0 },
	{ "time_window", CONFIG_DURATION, NULL, NULL, 0, 0 },
	{ "crl_validity", CONFIG_DURATION, NULL, NULL, CLOCK_MINUTE, 0 },
};

/* ---- reading the policy ---- */

struct san_reader {
	const struct config *c;
	struct issue_policy *p;
};

static enum status
read_san_type(const char *type, struct tree *v, void *arg)
{
	const struct san_reader *r = arg;
	struct issue_policy *p = r->p;
	size_t i;

	if (!words_choose("dns|email|uri|upn|ip", type))
		return config_bad(r->c, v, "san",
		    "not one of dns, email, uri, upn, ip");
	if (tree_kind(v) != TREE_ARRAY)
		return config_bad(r->c, v, "san", "not a list of patterns");
	for (i = 0; i < tree_count(v); i++) {
		const struct tree *one = tree_at(v, i);

		if (tree_kind(one) != TREE_STRING)
			return config_bad(r->c, one, "san", "not a text");
		*GROW(p->san, p->san_count) = (struct issue_pattern){
		    xstrdup(type), xstrdup(tree_string_of(one)) };
	}
	return OK;
}

static enum status
read_san(const struct config *c, struct issue_policy *p)
{
	const struct config_value *v = config_find(c, "san");
	struct san_reader r = { c, p };

	if (v == NULL)
		return OK;
	if (tree_kind(v->tree) != TREE_DICT)
		return config_bad(c, v->tree, "san",
		    "not a mapping of type to patterns");
	p->take_san = true;
	return tree_each(v->tree, read_san_type, &r);
}

static void
read_list(const struct config *c, const char *key, char ***out, size_t *count)
{
	const struct config_value *v = config_find(c, key);

	if (v != NULL)
		set_list(out, count, v->list.v, v->list.n);
}

static uint32_t
usage_bit(const char *name)
{
	static const struct {
		const char *name;
		uint32_t bit;
	} bits[] = {
		{ "digitalSignature", KU_DIGITAL_SIGNATURE },
		{ "nonRepudiation", KU_NON_REPUDIATION },
		{ "keyEncipherment", KU_KEY_ENCIPHERMENT },
		{ "dataEncipherment", KU_DATA_ENCIPHERMENT },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(bits); i++)
		if (strcmp(name, bits[i].name) == 0)
			return bits[i].bit;
	return 0;
}

static enum status
read_usage(const struct config *c, struct issue_policy *p)
{
	const struct config_value *v = config_find(c, "key_usage");
	size_t i;

	if (v == NULL)
		return OK;
	if (v->list.n == 0)
		return config_bad(c, v->tree, v->key, "must not be an empty "
		    "list");
	p->usage = 0;
	for (i = 0; i < v->list.n; i++) {
		if ((p->usage & usage_bit(v->list.v[i])) != 0)
			return config_bad(c, tree_at(v->tree, i), v->key,
			    "listed twice");
		p->usage |= usage_bit(v->list.v[i]);
	}
	return OK;
}

static void
read_approval(const struct config *c, struct issue_policy *p)
{
	static const char *const names[] = { "challenge", "manual", "command" };
	size_t i = words_place(names, ARRAY_LEN(names),
	    config_text(c, "approval"));

	if (i < ARRAY_LEN(names))
		p->approval = (enum issue_approval)i;
}

static void
read_scalars(const struct config *c, struct issue_policy *p)
{
	config_take(c, "ledger", &p->ledger);
	config_take(c, "key", &p->key);
	config_take(c, "passphrase", &p->passphrase);
	config_take(c, "command", &p->command);
	config_take(c, "crl_url", &p->crl_url);
	config_take(c, "issuer_url", &p->issuer_url);
	p->rsa_min = (long)config_number(c, "key_min", p->rsa_min);
	p->rsa_max = (long)config_number(c, "key_max", p->rsa_max);
	p->allow_sha1 = config_flag(c, "allow_sha1", p->allow_sha1);
	p->allow_des = config_flag(c, "allow_des", p->allow_des);
	p->renew_same_key = config_flag(c, "renew_same_key",
	    p->renew_same_key);
	p->validity = config_number(c, "validity", p->validity);
	p->renew_window = config_number(c, "renew_window", p->renew_window);
	p->pending_ttl = config_number(c, "pending_ttl", p->pending_ttl);
	p->time_window = config_number(c, "time_window", p->time_window);
	p->crl_validity = config_number(c, "crl_validity", p->crl_validity);
}

static enum status
check_whole(const struct config *c, const struct issue_policy *p)
{
	if (p->approval == ISSUE_BY_COMMAND && p->command == NULL)
		return config_bad(c, config_find(c, "approval")->tree,
		    "approval", "command: is missing");
	if (p->approval != ISSUE_BY_COMMAND && p->command != NULL)
		return config_bad(c, config_find(c, "command")->tree,
		    "command", "only with approval: command");
	if (p->rsa_min > p->rsa_max)
		return fail(MALFORMED, "%s: key_min %ld is more than key_max "
		    "%ld", c->name, p->rsa_min, p->rsa_max);
	return OK;
}

enum status
issue_policy_read(const struct buf *yaml, const char *name,
    struct issue_policy *out)
{
	auto_issue_policy p = ISSUE_POLICY_INIT;
	auto_config c = CONFIG_INIT;
	enum status st;

	issue_policy_default(&p);
	if ((st = config_read(yaml, name, rules, ARRAY_LEN(rules), &c)) != OK)
		return st;
	read_scalars(&c, &p);
	read_approval(&c, &p);
	read_list(&c, "subject", &p.subject, &p.subject_count);
	read_list(&c, "extended_key_usage", &p.eku, &p.eku_count);
	if ((st = read_usage(&c, &p)) != OK || (st = read_san(&c, &p)) != OK ||
	    (st = check_whole(&c, &p)) != OK)
		return st;
	*out = MOVE(p);
	return OK;
}

enum status
issue_policy_load(const char *path, struct issue_policy *out)
{
	auto_buf yaml = BUF_INIT;
	bool exists;
	enum status st;

	if ((st = io_exists(path, &exists)) != OK)
		return st;
	if (!exists) {
		issue_policy_default(out);
		return OK;
	}
	if ((st = io_slurp_file(path, IO_TEXT_MAX, &yaml)) != OK)
		return st;
	return issue_policy_read(&yaml, path, out);
}
