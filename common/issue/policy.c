/* DIR/scep-ca.yaml. */
#include <string.h>

#include <openssl/objects.h>

#include "base/clock.h"
#include "issue/issue.h"
#include "plist/node.h"
#include "sys/io.h"
#include "text/text.h"

enum {
	RSA_LEAST = 2048,
	RSA_MOST = 4096,
	DAYS_DEFAULT = 365,
	CRL_DAYS_DEFAULT = 7,
	PENDING_DAYS_DEFAULT = 14,
};

struct reader {
	const char *name;
	struct tree_marks *marks;
	struct issue_policy *p;
};

static void
free_all(char **v, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		free(v[i]);
	free(v);
}

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
	free_all(p->subject, p->subject_count);
	free_all(p->eku, p->eku_count);
	free_san(p);
	*p = (struct issue_policy)ISSUE_POLICY_INIT;
}

static void
set_list(char ***v, size_t *n, const char *const *names, size_t count)
{
	size_t i;

	free_all(*v, *n);
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

/* "name:line:column: key: reason". */
static enum status
bad(const struct reader *r, const struct tree *at, const char *key,
    const char *reason)
{
	unsigned long line = 0, column = 0;

	tree_marks_get(r->marks, at, &line, &column);
	return fail(MALFORMED, "%s:%lu:%lu: %s: %s", r->name, line, column,
	    key, reason);
}

static enum status
read_string(const struct reader *r, const char *key, const struct tree *v,
    char **out)
{
	if (tree_kind(v) != TREE_STRING || *tree_string_of(v) == '\0')
		return bad(r, v, key, "not a text");
	free(*out);
	*out = xstrdup(tree_string_of(v));
	return OK;
}

/* An address that goes into certificates as it stands. */
static enum status
read_url(const struct reader *r, const char *key, const struct tree *v,
    char **out)
{
	const char *text = tree_kind(v) == TREE_STRING ? tree_string_of(v) : "";
	const char *p;

	if (strncmp(text, "http://", 7) == 0)
		text += 7;
	else if (strncmp(text, "https://", 8) == 0)
		text += 8;
	else
		return bad(r, v, key, "not an http or https address");
	for (p = text; *p > ' ' && *p < 0x7F && strchr("\"<>\\^`{|}", *p) ==
	    NULL; p++)
		continue;
	if (p == text || *p != '\0')
		return bad(r, v, key, "not an http or https address");
	return read_string(r, key, v, out);
}

static enum status
read_bool(const struct reader *r, const char *key, const struct tree *v,
    bool *out)
{
	if (tree_kind(v) != TREE_BOOL)
		return bad(r, v, key, "not true or false");
	*out = tree_bool_of(v);
	return OK;
}

static enum status
read_duration(const struct reader *r, const char *key, const struct tree *v,
    int64_t least, int64_t *out)
{
	const char *reason;
	int64_t d = 0;

	if (tree_kind(v) == TREE_INT && tree_int_of(v) == 0)
		d = 0;
	else if (tree_kind(v) != TREE_STRING)
		return bad(r, v, key, "not a duration such as 90d");
	else if ((reason = clock_duration(tree_string_of(v), &d)) != NULL)
		return bad(r, v, key, reason);
	if (d < least)
		return bad(r, v, key, "too short");
	*out = d;
	return OK;
}

static enum status
read_bits(const struct reader *r, const char *key, const struct tree *v,
    long *out)
{
	if (tree_kind(v) != TREE_INT || tree_int_of(v) < RSA_LEAST ||
	    tree_int_of(v) > 4 * RSA_MOST)
		return bad(r, v, key, "not a number from 2048 to 16384");
	*out = (long)tree_int_of(v);
	return OK;
}

static enum status
read_approval(const struct reader *r, const char *key, const struct tree *v)
{
	static const char *const names[] = { "challenge", "manual", "command" };
	size_t i;

	for (i = 0; tree_kind(v) == TREE_STRING && i < ARRAY_LEN(names); i++)
		if (strcmp(tree_string_of(v), names[i]) == 0) {
			r->p->approval = (enum issue_approval)i;
			return OK;
		}
	return bad(r, v, key, "not one of challenge, manual, command");
}

/* An array of texts, each good for check (NULL: all are). */
static enum status
read_list(const struct reader *r, const char *key, const struct tree *v,
    bool (*check)(const char *), char ***out, size_t *count)
{
	auto_strings all = { NULL, 0 };
	size_t i;

	if (tree_kind(v) != TREE_ARRAY)
		return bad(r, v, key, "not a list");
	for (i = 0; i < tree_count(v); i++) {
		const struct tree *one = tree_at(v, i);

		if (tree_kind(one) != TREE_STRING ||
		    !check(tree_string_of(one)))
			return bad(r, one, key, "not a known name or OID");
		strings_add(&all, tree_string_of(one));
	}
	set_list(out, count, all.v, all.n);
	return OK;
}

static bool
is_object(const char *text)
{
	ASN1_OBJECT *o = OBJ_txt2obj(text, 0);
	/* OpenSSL also has names for what has no OID. */
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
 * A name or OID of a usage, but none by which a certificate would stand for
 * every purpose, or for the authority.
 */
static bool
is_usage(const char *text)
{
	static const char *const reserved[] = {
		"2.5.29.37.0",			/* anyExtendedKeyUsage */
		"1.3.6.1.5.5.7.3.28",		/* id-kp-cmcRA */
		"1.3.6.1.4.1.311.20.2.1",	/* enrollment agent */
	};
	ASN1_OBJECT *o = OBJ_txt2obj(text, 0);
	char oid[80] = "";
	size_t i;
	bool ok;

	if (o != NULL)
		OBJ_obj2txt(oid, sizeof oid, o, 1);
	ASN1_OBJECT_free(o);
	ok = is_object(text);
	for (i = 0; i < ARRAY_LEN(reserved); i++)
		ok = ok && strcmp(oid, reserved[i]) != 0;
	return ok;
}

static enum status
read_usage(const struct reader *r, const char *key, const struct tree *v)
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
	uint32_t usage = 0;
	size_t i, j;

	if (tree_kind(v) != TREE_ARRAY || tree_count(v) == 0)
		return bad(r, v, key, "not a list");
	for (i = 0; i < tree_count(v); i++) {
		const struct tree *one = tree_at(v, i);
		uint32_t before = usage;

		for (j = 0; j < ARRAY_LEN(bits); j++)
			if (tree_kind(one) == TREE_STRING &&
			    strcmp(tree_string_of(one), bits[j].name) == 0)
				usage |= bits[j].bit;
		if (usage == before)
			return bad(r, one, key, "not one of digitalSignature, "
			    "nonRepudiation, keyEncipherment, "
			    "dataEncipherment, each once");
	}
	r->p->usage = usage;
	return OK;
}


static enum status
read_san_type(const char *type, struct tree *v, void *arg)
{
	static const char *const types[] = { "dns", "email", "uri", "upn",
	    "ip" };
	const struct reader *r = arg;
	struct issue_policy *p = r->p;
	size_t i;

	for (i = 0; i < ARRAY_LEN(types); i++)
		if (strcmp(types[i], type) == 0)
			break;
	if (i == ARRAY_LEN(types))
		return bad(r, v, "san", "not one of dns, email, uri, upn, ip");
	if (tree_kind(v) != TREE_ARRAY)
		return bad(r, v, "san", "not a list of patterns");
	p->san = xreallocarray(p->san, p->san_count + tree_count(v) + 1,
	    sizeof *p->san);
	for (i = 0; i < tree_count(v); i++) {
		const struct tree *one = tree_at(v, i);

		if (tree_kind(one) != TREE_STRING)
			return bad(r, one, "san", "not a text");
		p->san[p->san_count++] = (struct issue_pattern){
		    xstrdup(type), xstrdup(tree_string_of(one)) };
	}
	return OK;
}

static enum status
read_san(const struct reader *r, const struct tree *v)
{
	if (tree_kind(v) != TREE_DICT)
		return bad(r, v, "san", "not a mapping of type to patterns");
	free_san(r->p);
	r->p->take_san = true;
	return tree_each(v, read_san_type, (void *)(uintptr_t)r);
}

static enum status
read_key_limits(const struct reader *r, const char *key, struct tree *v,
    bool *known)
{
	struct issue_policy *p = r->p;

	*known = true;
	if (strcmp(key, "key_min") == 0)
		return read_bits(r, key, v, &p->rsa_min);
	if (strcmp(key, "key_max") == 0)
		return read_bits(r, key, v, &p->rsa_max);
	if (strcmp(key, "allow_sha1") == 0)
		return read_bool(r, key, v, &p->allow_sha1);
	if (strcmp(key, "allow_des") == 0)
		return read_bool(r, key, v, &p->allow_des);
	if (strcmp(key, "renew_same_key") == 0)
		return read_bool(r, key, v, &p->renew_same_key);
	*known = false;
	return OK;
}

static enum status
read_times(const struct reader *r, const char *key, struct tree *v,
    bool *known)
{
	struct issue_policy *p = r->p;

	*known = true;
	if (strcmp(key, "validity") == 0)
		return read_duration(r, key, v, 60, &p->validity);
	if (strcmp(key, "renew_window") == 0)
		return read_duration(r, key, v, 0, &p->renew_window);
	if (strcmp(key, "pending_ttl") == 0)
		return read_duration(r, key, v, 60, &p->pending_ttl);
	if (strcmp(key, "time_window") == 0)
		return read_duration(r, key, v, 0, &p->time_window);
	if (strcmp(key, "crl_validity") == 0)
		return read_duration(r, key, v, 60, &p->crl_validity);
	*known = false;
	return OK;
}

static enum status
read_ca_key(const struct reader *r, const char *key, const struct tree *v)
{
	enum status st;

	if ((st = read_string(r, key, v, &r->p->key)) != OK ||
	    !cert_key_has_pin(r->p->key))
		return st;
	return bad(r, v, key, "a PIN in the URI (pin-value): put it into a "
	    "file (pin-source=file:PATH, or passphrase: file:PATH)");
}

static enum status
read_names(const struct reader *r, const char *key, struct tree *v)
{
	struct issue_policy *p = r->p;

	if (strcmp(key, "ledger") == 0)
		return read_string(r, key, v, &p->ledger);
	if (strcmp(key, "key") == 0)
		return read_ca_key(r, key, v);
	if (strcmp(key, "passphrase") == 0)
		return read_string(r, key, v, &p->passphrase);
	if (strcmp(key, "approval") == 0)
		return read_approval(r, key, v);
	if (strcmp(key, "command") == 0)
		return read_string(r, key, v, &p->command);
	if (strcmp(key, "crl_url") == 0)
		return read_url(r, key, v, &p->crl_url);
	if (strcmp(key, "issuer_url") == 0)
		return read_url(r, key, v, &p->issuer_url);
	if (strcmp(key, "subject") == 0)
		return read_list(r, key, v, is_object, &p->subject,
		    &p->subject_count);
	if (strcmp(key, "extended_key_usage") == 0)
		return read_list(r, key, v, is_usage, &p->eku,
		    &p->eku_count);
	if (strcmp(key, "key_usage") == 0)
		return read_usage(r, key, v);
	if (strcmp(key, "san") == 0)
		return read_san(r, v);
	return bad(r, v, key, "unknown key");
}

static enum status
read_key(const char *key, struct tree *v, void *arg)
{
	const struct reader *r = arg;
	enum status st;
	bool known;

	if ((st = read_key_limits(r, key, v, &known)) != OK || known ||
	    (st = read_times(r, key, v, &known)) != OK || known)
		return st;
	return read_names(r, key, v);
}

static enum status
check_whole(const struct reader *r, const struct tree *top)
{
	const struct issue_policy *p = r->p;

	if (p->approval == ISSUE_BY_COMMAND && p->command == NULL)
		return bad(r, tree_get(top, "approval"), "approval",
		    "command: is missing");
	if (p->approval != ISSUE_BY_COMMAND && p->command != NULL)
		return bad(r, tree_get(top, "command"), "command",
		    "only with approval: command");
	if (p->passphrase != NULL && !secret_is_source(p->passphrase))
		return bad(r, tree_get(top, "passphrase"), "passphrase",
		    "not of the form env:NAME, file:PATH or fd:N");
	if (p->rsa_min > p->rsa_max)
		return fail(MALFORMED, "%s: key_min %ld is more than key_max "
		    "%ld", r->name, p->rsa_min, p->rsa_max);
	return OK;
}

enum status
issue_policy_read(const struct buf *yaml, const char *name,
    struct issue_policy *out)
{
	auto_issue_policy p = ISSUE_POLICY_INIT;
	auto_tree_marks *marks = tree_marks_new();
	const struct spec_how how = { .marks = marks };
	const struct reader r = { name, marks, &p };
	auto_tree *top = NULL;
	enum status st;

	issue_policy_default(&p);
	if ((st = spec_from_yaml(yaml, name, &how, &top)) != OK)
		return st;
	if (tree_kind(top) != TREE_DICT)
		return bad(&r, top, "top", "not a mapping");
	if ((st = tree_each(top, read_key, (void *)(uintptr_t)&r)) != OK ||
	    (st = check_whole(&r, top)) != OK)
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
