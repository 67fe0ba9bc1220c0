/* Facts about a PKCS #12 without its password (RFC 7292). */
#include <string.h>

#include "facts/local.h"

enum {
	BAGS_MAX = 256,
	FEW_ITERATIONS = 10000,
};

static void
add_bag_attributes(struct ber in, struct report *bag)
{
	struct ber_item attr, oid, set, value;

	while (ber_want(&in, BER_SEQUENCE, &attr)) {
		struct ber a = attr.body;
		auto_char *name = NULL;
		auto_buf text = BUF_INIT;

		if (!ber_want(&a, BER_OID, &oid) ||
		    !ber_want(&a, BER_SET, &set))
			return;
		a = set.body;
		if (ber_next(&a, &value) != NULL)
			continue;
		name = facts_oid(&oid, NULL);
		facts_value(&value, &text);
		report_strn(bag, strcmp(name, "friendlyName") == 0 ?
		    "friendly_name" : strcmp(name, "localKeyID") == 0 ?
		    "local_key_id" : name, buf_str(&text), text.len);
	}
}

static void
add_cert_bag(const struct facts *f, const char *where, struct ber in,
    struct report *bag)
{
	struct ber_item seq, oid, wrap, octets;
	auto_X509 *cert = NULL;
	struct report *c;

	if (!ber_want(&in, BER_SEQUENCE, &seq))
		return;
	in = seq.body;
	if (!ber_want(&in, BER_OID, &oid) || !ber_want_context(&in, 0, &wrap))
		return;
	in = wrap.body;
	if (!ber_want(&in, BER_OCTET_STRING, &octets) ||
	    cert_from_der(octets.body.p, octets.body.len, &cert) != NULL)
		return;
	c = report_add_object(bag, "certificate");
	facts_certificate(f, where, cert, c);
}

static void
add_key_bag(const struct facts *f, const char *where, struct ber in,
    struct report *bag)
{
	struct ber_item seq, alg;

	if (!ber_want(&in, BER_SEQUENCE, &seq))
		return;
	in = seq.body;
	if (ber_want(&in, BER_SEQUENCE, &alg))
		report_add(bag, "encryption", facts_encryption(f, where, &alg));
}

/* SafeContents: bags, of which the outer structure is readable. */
static void
add_bags(const struct facts *f, const char *where, struct ber in,
    struct report *r)
{
	static const struct {
		const char *oid, *name;
	} types[] = {
		{ "keyBag", "key" }, { "pkcs8ShroudedKeyBag", "shrouded_key" },
		{ "certBag", "certificate" }, { "crlBag", "crl" },
		{ "secretBag", "secret" }, { "safeContentsBag", "nested" },
	};
	struct report *l = report_add_array(r, "bags");
	struct ber_item all, item, oid, wrap, attrs;
	size_t n = 0, i;

	if (!ber_want(&in, BER_SEQUENCE, &all))
		return;
	in = all.body;
	while (n++ < BAGS_MAX && ber_want(&in, BER_SEQUENCE, &item)) {
		struct ber b = item.body;
		struct report *bag;
		auto_char *name = NULL;

		if (!ber_want(&b, BER_OID, &oid) ||
		    !ber_want_context(&b, 0, &wrap))
			return;
		name = facts_oid(&oid, NULL);
		bag = report_add_object(l, NULL);
		for (i = 0; i < ARRAY_LEN(types); i++)
			if (strcmp(types[i].oid, name) == 0)
				break;
		report_str(bag, "type", i < ARRAY_LEN(types) ?
		    types[i].name : name);
		if (strcmp(name, "pkcs8ShroudedKeyBag") == 0)
			add_key_bag(f, where, wrap.body, bag);
		else if (strcmp(name, "keyBag") == 0)
			facts_note(f, "plain_key", where, "holds a private "
			    "key that is not encrypted");
		else if (strcmp(name, "certBag") == 0)
			add_cert_bag(f, where, wrap.body, bag);
		if (ber_want(&b, BER_SET, &attrs))
			add_bag_attributes(attrs.body, bag);
	}
}

/* One ContentInfo of the AuthenticatedSafe. */
static struct report *
add_safe(const struct facts *f, const char *where, const struct ber_item *ci)
{
	struct report *r = report_object();
	struct ber in = ci->body;
	struct ber_item oid, wrap, item, alg;
	auto_char *type = NULL;
	long n;

	if (!ber_want(&in, BER_OID, &oid) || !ber_want_context(&in, 0, &wrap))
		return r;
	type = facts_oid(&oid, NULL);
	report_str(r, "type", type);
	in = wrap.body;
	if (strcmp(type, "data") == 0) {
		auto_buf content = BUF_INIT;

		report_bool(r, "encrypted", false);
		if (ber_next(&in, &item) == NULL &&
		    ber_octets(&item, &content) == NULL)
			add_bags(f, where, (struct ber){ content.data,
			    content.len }, r);
		return r;
	}
	report_bool(r, "encrypted", true);
	/* EncryptedData: version, EncryptedContentInfo (type, algorithm). */
	if (!ber_want(&in, BER_SEQUENCE, &item))
		return r;
	in = item.body;
	if (!ber_want(&in, BER_INTEGER, &item) || !ber_number(&item, &n) ||
	    !ber_want(&in, BER_SEQUENCE, &item))
		return r;
	in = item.body;
	if (ber_want(&in, BER_OID, &oid) && ber_want(&in, BER_SEQUENCE, &alg))
		report_add(r, "encryption", facts_encryption(f, where, &alg));
	if (ber_next(&in, &item) == NULL)
		report_int(r, "encrypted_bytes", (int64_t)item.body.len);
	return r;
}

static void
add_mac(const struct facts *f, struct ber in, struct report *r)
{
	struct ber_item mac, info, alg, digest, salt, iter;
	struct report *m;
	auto_char *name = NULL;
	long n = 1;

	if (!ber_want(&in, BER_SEQUENCE, &mac)) {
		facts_note(f, "no_mac", NULL, "no MAC protects it against "
		    "changes");
		report_null(r, "mac");
		return;
	}
	in = mac.body;
	if (!ber_want(&in, BER_SEQUENCE, &info))
		return;
	m = report_add_object(r, "mac");
	alg.body = info.body;
	if (ber_want(&alg.body, BER_SEQUENCE, &digest)) {
		name = facts_algorithm(&digest);
		report_str(m, "digest", name);
		facts_digest_note(f, "mac", name);
	}
	if (ber_next(&in, &salt) == NULL)
		report_int(m, "salt_bytes", (int64_t)salt.body.len);
	if (ber_next(&in, &iter) == NULL)
		(void)ber_number(&iter, &n);
	report_int(m, "iterations", n);
	if (n < FEW_ITERATIONS)
		facts_note(f, "few_iterations", "mac", "the key derivation has "
		    "only %ld iteration%s", n, n == 1 ? "" : "s");
}

const char *
facts_pkcs12(const struct facts *f, const void *p, size_t len,
    struct report *r)
{
	static const char no[] = "not a PKCS #12";
	struct ber in = { p, len }, rest;
	struct ber_item pfx, version, safe, oid, wrap, item;
	struct report *safes;
	auto_buf content = BUF_INIT;
	auto_char *type = NULL;
	long n;
	size_t count = 0;

	if (!ber_want(&in, BER_SEQUENCE, &pfx))
		return no;
	rest = pfx.body;
	if (!ber_want(&rest, BER_INTEGER, &version) ||
	    !ber_number(&version, &n) || n != 3 ||
	    !ber_want(&rest, BER_SEQUENCE, &safe))
		return no;
	in = safe.body;
	if (!ber_want(&in, BER_OID, &oid) || !ber_want_context(&in, 0, &wrap))
		return no;
	type = facts_oid(&oid, NULL);
	in = wrap.body;
	if (strcmp(type, "data") != 0 || ber_next(&in, &item) != NULL ||
	    ber_octets(&item, &content) != NULL)
		return no;
	report_int(r, "version", n);
	add_mac(f, rest, r);
	safes = report_add_array(r, "safes");
	in = (struct ber){ content.data, content.len };
	if (ber_want(&in, BER_SEQUENCE, &item)) {
		in = item.body;
		while (count < BAGS_MAX && ber_want(&in, BER_SEQUENCE, &item)) {
			auto_char *where = xasprintf("safes[%zu]", count++);

			report_add(safes, NULL, add_safe(f, where, &item));
		}
	}
	return NULL;
}
