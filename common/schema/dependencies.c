/*
 * Rules between keys that Apple only describes in words, or that devices
 * follow.  Each row has its source; mcfg-lint(1) lists them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/words.h"
#include "schema/local.h"

enum demand {
	NEEDS,		/* the other key must exist */
	EXCLUDES,	/* the other key must not exist */
	TAKES,		/* the other key must have one of these values */
	NEVER,		/* the condition must not be true */
};

/*
 * Names and values are lists separated by bars.  "Services.*[]" is every item
 * of every array in a dictionary, "-AppleEvents" all but that one.  A value is
 * a string, an integer or a boolean as text; "1024..4096/8" is a number in
 * that range that is divisible by 8; an array of one item counts as the item.
 * A "-" before the key negates the second condition.
 */
static const struct rule {
	const char *types, *inside;
	const char *key, *values;	/* values NULL: if the key exists */
	const char *also, *also_values;	/* another condition, or NULL */
	enum demand demand;
	enum finding_severity severity;
	const char *other, *allowed, *source;
} rules[] = {

#define VPN	"com.apple.vpn.managed|com.apple.vpn.managed.applayer"
#define TCC	"com.apple.TCC.configuration-profile-policy"
#define ACME	"com.apple.security.acme"
#define FILTER	"com.apple.webcontent-filter"
#define SSO	"com.apple.extensiblesso"
#define YES	"true|1"
#define ERROR	FINDING_ERROR
#define WARN	FINDING_WARNING

	/* ---- DNS ---- */
	{ "com.apple.dnsSettings.managed", "DNSSettings",
	    "DNSProtocol", "HTTPS", NULL, NULL,
	    NEEDS, ERROR, "ServerURL", NULL, "Apple: DNSSettings.ServerURL" },
	{ "com.apple.dnsSettings.managed", "DNSSettings",
	    "DNSProtocol", "TLS", NULL, NULL,
	    NEEDS, ERROR, "ServerName", NULL,
	    "fyr77/dns-mobileconfig issue 6" },
	{ "com.apple.dnsSettings.managed", "DNSSettings",
	    "DNSProtocol", "HTTPS", NULL, NULL,
	    EXCLUDES, WARN, "ServerName", NULL,
	    "Apple: DNSSettings.ServerName" },
	{ VPN, "DNS", "DNSProtocol", "HTTPS", NULL, NULL,
	    NEEDS, ERROR, "ServerURL", NULL, "Apple: VPN DNS.ServerURL" },
	{ VPN, "DNS", "DNSProtocol", "TLS", NULL, NULL,
	    NEEDS, ERROR, "ServerName", NULL, "Apple: VPN DNS.ServerName" },

	/* ---- VPN ---- */
	{ VPN, "IKEv2", "AuthenticationMethod", "Certificate",
	    "-ExtendedAuthEnabled", YES,	/* EAP: only the server has
						 * one */
	    NEEDS, ERROR, "PayloadCertificateUUID", NULL,
	    "Apple: IKEv2.PayloadCertificateUUID" },
	{ VPN, "IKEv2", "AuthenticationMethod", "SharedSecret", NULL, NULL,
	    NEEDS, ERROR, "SharedSecret", NULL, "Apple: IKEv2.SharedSecret" },
	{ VPN, "IKEv2", "CertificateType", NULL, "ExtendedAuthEnabled", YES,
	    NEEDS, WARN, "ServerCertificateIssuerCommonName", NULL,
	    "Apple: IKEv2.ServerCertificateIssuerCommonName" },
	{ VPN, "IKEv2", "PPK", NULL, NULL, NULL,
	    NEEDS, ERROR, "PPKIdentifier", NULL, "Apple: IKEv2.PPK" },
	{ VPN, "IKEv2", "PPKIdentifier", NULL, NULL, NULL,
	    NEEDS, ERROR, "PPK", NULL, "Apple: IKEv2.PPKIdentifier" },
	{ VPN, "VPN", "AuthenticationMethod", "Certificate", NULL, NULL,
	    NEEDS, WARN, "PayloadCertificateUUID", NULL,
	    "iphoting/ovpnmcgen.rb pull request 12" },
	{ VPN, "Proxies", "HTTPProxy", NULL, NULL, NULL,
	    NEEDS, WARN, "HTTPPort", NULL, "Apple: Proxies.HTTPPort" },
	{ VPN, "Proxies", "HTTPSProxy", NULL, NULL, NULL,
	    NEEDS, WARN, "HTTPSPort", NULL, "Apple: Proxies.HTTPSPort" },

	/* ---- privacy ---- */
	{ TCC, "Services.*[]", "Allowed", NULL, NULL, NULL,
	    EXCLUDES, ERROR, "Authorization", NULL,
	    "kandji-inc/support issue 33" },
	{ TCC, "Services.ScreenCapture|ListenEvent|Camera|Microphone[]",
	    "Allowed", YES, NULL, NULL, NEVER, WARN, NULL, NULL,
	    "Apple: Services.ScreenCapture" },
	{ TCC, "Services.ScreenCapture|ListenEvent|Camera|Microphone[]",
	    "Authorization", "Allow", NULL, NULL, NEVER, WARN, NULL, NULL,
	    "Apple: Services.ScreenCapture" },
	{ TCC, "Services.-ScreenCapture|ListenEvent[]",
	    "Authorization", "AllowStandardUserToSetSystemService", NULL,
	    NULL, NEVER, ERROR, NULL, NULL, "Apple: Services.Authorization" },
	{ TCC, "Services.AppleEvents[]", "Identifier", NULL, NULL, NULL,
	    NEEDS, ERROR, "AEReceiverIdentifier", NULL,
	    "Apple: Services.AEReceiverIdentifier" },
	{ TCC, "Services.AppleEvents[]", "Identifier", NULL, NULL, NULL,
	    NEEDS, ERROR, "AEReceiverIdentifierType", NULL,
	    "Apple: Services.AEReceiverIdentifierType" },
	{ TCC, "Services.AppleEvents[]", "Identifier", NULL, NULL, NULL,
	    NEEDS, ERROR, "AEReceiverCodeRequirement", NULL,
	    "Apple: Services.AEReceiverCodeRequirement" },

	/* ---- ACME ---- */
	{ ACME, "", "Attest", YES, NULL, NULL,
	    TAKES, ERROR, "HardwareBound", YES, "Apple: ACME Attest" },
	{ ACME, "", "HardwareBound", YES, NULL, NULL,
	    TAKES, ERROR, "KeyType", "ECSECPrimeRandom",
	    "Apple: ACME HardwareBound" },
	{ ACME, "", "HardwareBound", YES, "KeyType", "ECSECPrimeRandom",
	    TAKES, ERROR, "KeySize", "256|384",
	    "Apple: ACME HardwareBound" },
	{ ACME, "", "KeyType", "ECSECPrimeRandom", "HardwareBound", "false|0",
	    TAKES, ERROR, "KeySize", "192|256|384|521",
	    "Apple: ACME KeyType" },
	{ ACME, "", "KeyType", "RSA", NULL, NULL,
	    TAKES, ERROR, "KeySize", "1024..4096/8", "Apple: ACME KeyType" },

	/* ---- network and single sign-on ---- */
	{ "com.apple.proxy.http.global", "", "ProxyType", "Manual", NULL,
	    NULL, NEEDS, WARN, "ProxyServer", NULL,
	    "Apple: HTTP proxy ProxyServer" },
	{ "com.apple.proxy.http.global", "", "ProxyType", "Manual", NULL,
	    NULL, NEEDS, WARN, "ProxyServerPort", NULL,
	    "Apple: HTTP proxy ProxyServerPort" },
	{ "com.apple.wifi.managed", "", "PayloadType",
	    "com.apple.wifi.managed", "-IsHotspot", YES,
	    NEEDS, WARN, "SSID_STR", NULL, "Apple: Wi-Fi SSID_STR" },
	{ "com.apple.wifi.managed", "EAPClientConfiguration",
	    "TLSMinimumVersion", "1.3", NULL, NULL,
	    NEEDS, WARN, "OuterIdentity", NULL,
	    "Apple: Wi-Fi OuterIdentity" },
	{ FILTER, "", "FilterType", "Plugin", NULL, NULL,
	    NEEDS, WARN, "UserDefinedName", NULL,
	    "Apple: web content filter UserDefinedName" },
	{ FILTER, "", "FilterType", "Plugin", NULL, NULL,
	    NEEDS, WARN, "PluginBundleID", NULL,
	    "Apple: web content filter PluginBundleID" },
	{ SSO, "", "Type", "Redirect", NULL, NULL,
	    NEEDS, WARN, "URLs", NULL, "Apple: extensible SSO URLs" },
	{ SSO, "", "Type", "Credential", NULL, NULL,
	    NEEDS, WARN, "Hosts", NULL, "Apple: extensible SSO Hosts" },
	{ "com.apple.airplay.security", "", "SecurityType", "PASSWORD", NULL,
	    NULL, NEEDS, WARN, "Password", NULL,
	    "Apple: AirPlay security Password" },
};

/* ---- lists and values ---- */

/* True for a number in "LOW..HIGH/STEP". */
static bool
is_in_range(const char *range, const struct tree *t)
{
	char *end;
	long long low = strtoll(range, &end, 10), high, step, v;

	if (strncmp(end, "..", 2) != 0 || tree_kind(t) != TREE_INT)
		return false;
	high = strtoll(end + 2, &end, 10);
	step = strtoll(end + 1, NULL, 10);
	v = tree_int_of(t);
	return v >= low && v <= high && v % step == 0;
}

static bool
has_value(const struct tree *t, const char *values)
{
	auto_buf text = BUF_INIT;

	if (tree_kind(t) == TREE_ARRAY && tree_count(t) == 1)
		t = tree_at(t, 0);
	if (is_in_range(values, t))
		return true;
	return tree_scalar_text(t, &text) &&
	    words_choose(values, buf_str(&text));
}

/* True if the key has one of the values; false if its value is a variable. */
static bool
holds(const struct tree *dict, const char *key, const char *values)
{
	const struct tree *t = tree_get(dict, key);

	if (t == NULL || schema_is_variable(t))
		return false;
	return values == NULL || has_value(t, values);
}

/* Checks the second condition.  If it is negated, a missing key fulfils it. */
static bool
holds_also(const struct tree *dict, const struct rule *rule)
{
	const struct tree *t;

	if (rule->also == NULL)
		return true;
	if (*rule->also != '-')
		return holds(dict, rule->also, rule->also_values);
	t = tree_get(dict, rule->also + 1);
	return t == NULL || (!schema_is_variable(t) &&
	    !has_value(t, rule->also_values));
}

/* ---- one rule, one dictionary ---- */

static void
say(struct schema_run *r, const struct tree *at, const struct rule *rule,
    enum finding_rule name, const char *text)
{
	if (rule->severity == FINDING_WARNING)
		schema_warn(r, at, name, "%s (%s)", text, rule->source);
	else
		schema_say(r, at, name, "%s (%s)", text, rule->source);
}

/* "DNSProtocol is TLS", "HTTPProxy is present". */
static void
put_condition(const struct rule *rule, const struct tree *dict,
    struct buf *out)
{
	const struct tree *t = tree_get(dict, rule->key);

	buf_printf(out, "%s is ", rule->key);
	if (rule->values == NULL || !tree_scalar_text(t, out))
		buf_puts(out, "there");
}

static void
check_other(struct schema_run *r, const struct rule *rule,
    const struct tree *dict, const char *condition)
{
	const struct tree *other = tree_get(dict, rule->other);
	auto_buf text = BUF_INIT;
	size_t before;

	if (rule->demand == NEEDS) {
		if (other != NULL)
			return;
		buf_printf(&text, "'%s' is missing: %s", rule->other,
		    condition);
		say(r, dict, rule, RULE_MISSING_KEY, buf_str(&text));
		return;
	}
	if (rule->demand == EXCLUDES ? other == NULL : other != NULL &&
	    (schema_is_variable(other) || has_value(other, rule->allowed)))
		return;
	before = schema_push(r, rule->other);
	if (rule->demand == EXCLUDES)
		buf_printf(&text, "must be absent: %s", condition);
	else
		buf_printf(&text, "must be %s: %s", rule->allowed, condition);
	say(r, other != NULL ? other : dict, rule, RULE_BAD_COMBINATION,
	    buf_str(&text));
	buf_cut(&r->path, before);
}

static void
check_dict(struct schema_run *r, const struct rule *rule,
    const struct tree *dict, const char *parent)
{
	auto_buf text = BUF_INIT;
	size_t before;

	if (tree_kind(dict) != TREE_DICT ||
	    !holds(dict, rule->key, rule->values) || !holds_also(dict, rule))
		return;
	if (rule->demand != NEVER) {
		put_condition(rule, dict, &text);
		check_other(r, rule, dict, buf_str(&text));
		return;
	}
	before = schema_push(r, rule->key);
	buf_puts(&text, "cannot be ");
	(void)tree_scalar_text(tree_get(dict, rule->key), &text);
	buf_printf(&text, " for %s", parent);
	say(r, tree_get(dict, rule->key), rule, RULE_BAD_COMBINATION,
	    buf_str(&text));
	buf_cut(&r->path, before);
}

/* ---- finding the dictionaries of a rule ---- */

struct search {
	struct schema_run *run;
	const struct rule *rule;
	const char *names;	/* "*", "a|b" or "-a|b", before the brackets */
};

static bool
fits(const char *names, const char *key)
{
	bool all_but = *names == '-';

	return strcmp(names, "*") == 0 ||
	    words_choose(names + all_but, key) != all_but;
}

static enum status
check_array(const char *key, struct tree *t, void *arg)
{
	const struct search *s = arg;
	struct schema_run *r = s->run;
	size_t i, before, inner;

	if (!fits(s->names, key) || tree_kind(t) != TREE_ARRAY)
		return OK;
	before = schema_push(r, key);
	for (i = 0; i < tree_count(t); i++) {
		inner = schema_push_index(r, i);
		check_dict(r, s->rule, tree_at(t, i), key);
		buf_cut(&r->path, inner);
	}
	buf_cut(&r->path, before);
	return OK;
}

static void
check_rule(struct schema_run *r, const struct rule *rule,
    const struct tree *payload)
{
	size_t n = strcspn(rule->inside, "."), before = r->path.len;
	auto_char *name = xstrndup(rule->inside, n);
	auto_char *names = NULL;
	const struct tree *dict = payload;
	struct search s = { r, rule, NULL };

	if (n > 0) {
		dict = tree_get_kind(payload, name, TREE_DICT);
		schema_push(r, name);
	}
	if (dict != NULL && rule->inside[n] == '\0') {
		check_dict(r, rule, dict, name);
	} else if (dict != NULL) {
		names = xstrndup(rule->inside + n + 1,
		    strcspn(rule->inside + n + 1, "["));
		s.names = names;
		(void)tree_each(dict, check_array, &s);
	}
	buf_cut(&r->path, before);
}

void
schema_check_dependencies(struct schema_run *r, const struct tree *payload,
    const char *type)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(rules); i++)
		if (words_choose(rules[i].types, type))
			check_rule(r, &rules[i], payload);
}
