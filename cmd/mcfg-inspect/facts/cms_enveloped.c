/* EnvelopedData and EncryptedData, RFC 5652 6.1 and 8. */
#include <string.h>

#include "facts/cms_local.h"

enum { RECIPIENTS_MAX = 64 };

static void
note_cipher(const struct facts *f, const char *cipher)
{
	if (strcmp(cipher, "des-cbc") == 0)
		facts_note(f, "weak_cipher", NULL, "the content is encrypted "
		    "with single DES, which is broken");
	else if (strncmp(cipher, "rc2", 3) == 0 ||
	    strncmp(cipher, "rc4", 3) == 0)
		facts_note(f, "weak_cipher", NULL, "the content is encrypted "
		    "with %s, which is broken", cipher);
	else if (strcmp(cipher, "des-ede3-cbc") == 0)
		facts_note(f, "old_cipher", NULL, "the content is encrypted "
		    "with triple DES");
}

/* EncryptedContentInfo. */
static const char *
encrypted_content(struct cms_look *l, struct ber in)
{
	struct ber_item oid, alg, data, item, iv;
	auto_char *cipher = NULL;
	struct ber a;

	if (!ber_want(&in, BER_OID, &oid) ||
	    !ber_want(&in, BER_SEQUENCE, &alg))
		return "broken EncryptedContentInfo";
	l->view->content_type = facts_oid(&oid, NULL);
	cipher = facts_algorithm(&alg);
	report_str(l->cms, "content_type", l->view->content_type);
	report_str(l->cms, "cipher", cipher);
	a = alg.body;
	if (ber_next(&a, &item) == NULL && ber_next(&a, &iv) == NULL &&
	    ber_is(&iv, BER_OCTET_STRING))
		report_int(l->cms, "iv_bytes", (int64_t)iv.body.len);
	note_cipher(l->f, cipher);
	if (ber_want_context(&in, 0, &data)) {
		auto_buf octets = BUF_INIT;

		if (ber_octets(&data, &octets) == NULL)
			report_int(l->cms, "encrypted_bytes",
			    (int64_t)octets.len);
		l->view->has_content = true;
	}
	return NULL;
}

/* The hash that rsaesOaep is used with, RFC 8017 A.2.1; SHA-1 by default. */
static void
add_key_encryption(const struct ber_item *alg, struct report *r)
{
	auto_char *name = facts_algorithm(alg);
	struct ber in = alg->body;
	struct ber_item oid, params, hash, inner;

	report_str(r, "algorithm", name);
	if (strcmp(name, "rsaesOaep") != 0)
		return;
	if (ber_want(&in, BER_OID, &oid) &&
	    ber_want(&in, BER_SEQUENCE, &params) &&
	    ber_want_context(&params.body, 0, &hash) &&
	    ber_want(&hash.body, BER_SEQUENCE, &inner)) {
		auto_char *digest = facts_algorithm(&inner);

		report_str(r, "oaep_digest", digest);
	} else
		report_str(r, "oaep_digest", "sha1");
}

static void
key_transport(const struct cms_look *l, struct ber in, struct report *r)
{
	struct ber_item version, id, alg, key;
	long n;

	report_str(r, "type", "key_transport");
	if (!ber_want(&in, BER_INTEGER, &version) ||
	    ber_next(&in, &id) != NULL || !ber_want(&in, BER_SEQUENCE, &alg))
		return;
	if (ber_number(&version, &n))
		report_int(r, "version", n);
	(void)cms_facts_identifier(l, &id, r);
	add_key_encryption(&alg, r);
	if (ber_next(&in, &key) == NULL)
		report_int(r, "encrypted_key_bytes", (int64_t)key.body.len);
}

/* RFC 5652 6.2.2: originator, ukm, algorithm, recipients. */
static void
add_key_id(const struct ber_item *item, struct report *r)
{
	auto_buf id = BUF_INIT;

	if (ber_octets(item, &id) == NULL)
		report_hex(r, "subject_key_id", id.data, id.len);
}

static void
key_agreement(const struct cms_look *l, struct ber in, struct report *r)
{
	struct ber_item item, alg, keys, one, id;
	long n;

	report_str(r, "type", "key_agreement");
	if (ber_want(&in, BER_INTEGER, &item) && ber_number(&item, &n))
		report_int(r, "version", n);
	(void)ber_want_context(&in, 0, &item);
	(void)ber_want_context(&in, 1, &item);
	if (!ber_want(&in, BER_SEQUENCE, &alg) ||
	    !ber_want(&in, BER_SEQUENCE, &keys))
		return;
	if (ber_want(&keys.body, BER_SEQUENCE, &one) &&
	    ber_next(&one.body, &id) == NULL) {
		/* rKeyId is [0], constructed, with the key id first. */
		if (ber_is_context(&id, 0) && id.constructed &&
		    ber_want(&id.body, BER_OCTET_STRING, &item))
			add_key_id(&item, r);
		else
			(void)cms_facts_identifier(l, &id, r);
	}
	add_key_encryption(&alg, r);
}

static void
other_recipient(const struct ber_item *item, struct report *r)
{
	struct ber in = item->body;
	struct ber_item version, kdf, alg;

	report_str(r, "type", item->tag == 2 ? "key_encryption_key" :
	    item->tag == 3 ? "password" : "other");
	if (item->tag != 3 || !ber_want(&in, BER_INTEGER, &version))
		return;
	if (ber_want_context(&in, 0, &kdf)) {
		struct ber_item oid;

		if (ber_want(&kdf.body, BER_OID, &oid)) {
			auto_char *name = facts_oid(&oid, NULL);

			report_str(r, "kdf", name);
		}
	}
	if (ber_want(&in, BER_SEQUENCE, &alg))
		add_key_encryption(&alg, r);
}

static void
add_recipients(struct cms_look *l, struct ber in)
{
	struct report *list = report_add_array(l->r, "recipients");
	struct ber_item item;
	size_t n = 0;

	while (in.len > 0 && ber_next(&in, &item) == NULL) {
		struct report *r;

		if (n++ >= RECIPIENTS_MAX)
			continue;
		r = report_add_object(list, NULL);
		if (ber_is(&item, BER_SEQUENCE))
			key_transport(l, item.body, r);
		else if (ber_is_context(&item, 1))
			key_agreement(l, item.body, r);
		else
			other_recipient(&item, r);
	}
	report_int(l->cms, "recipients", (int64_t)n);
}

const char *
cms_facts_enveloped(struct cms_look *l, struct ber in)
{
	static const char broken[] = "broken EnvelopedData";
	struct ber_item version, item, recipients, content;
	long n;

	if (!ber_want(&in, BER_INTEGER, &version))
		return broken;
	(void)ber_want_context(&in, 0, &item);	/* originatorInfo */
	if (!ber_want(&in, BER_SET, &recipients) ||
	    !ber_want(&in, BER_SEQUENCE, &content))
		return broken;
	if (ber_number(&version, &n))
		report_int(l->cms, "version", n);
	add_recipients(l, recipients.body);
	return encrypted_content(l, content.body);
}

/* EncryptedData has no recipients: both sides share the key already. */
const char *
cms_facts_encrypted(struct cms_look *l, struct ber in)
{
	struct ber_item version, content;
	long n;

	if (!ber_want(&in, BER_INTEGER, &version) ||
	    !ber_want(&in, BER_SEQUENCE, &content))
		return "broken EncryptedData";
	if (ber_number(&version, &n))
		report_int(l->cms, "version", n);
	return encrypted_content(l, content.body);
}
