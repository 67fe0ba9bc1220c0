/* Facts about a certificate. */
#include <string.h>

#include <openssl/objects.h>

#include "base/clock.h"
#include "facts/local.h"

static void
add_usages(X509 *cert, struct report *r)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} usages[] = {
		{ KU_DIGITAL_SIGNATURE, "digitalSignature" },
		{ KU_NON_REPUDIATION, "nonRepudiation" },
		{ KU_KEY_ENCIPHERMENT, "keyEncipherment" },
		{ KU_DATA_ENCIPHERMENT, "dataEncipherment" },
		{ KU_KEY_AGREEMENT, "keyAgreement" },
		{ KU_KEY_CERT_SIGN, "keyCertSign" },
		{ KU_CRL_SIGN, "cRLSign" },
		{ KU_ENCIPHER_ONLY, "encipherOnly" },
		{ KU_DECIPHER_ONLY, "decipherOnly" },
	};
	uint32_t flags = X509_get_extension_flags(cert);
	struct report *l;
	size_t i;

	report_bool(r, "ca", (flags & EXFLAG_CA) != 0);
	if (X509_get_pathlen(cert) >= 0)
		report_int(r, "path_length", X509_get_pathlen(cert));
	if ((flags & EXFLAG_KUSAGE) == 0)
		return;
	l = report_add_array(r, "key_usage");
	for (i = 0; i < ARRAY_LEN(usages); i++)
		if ((X509_get_key_usage(cert) & usages[i].bit) != 0)
			report_str(l, NULL, usages[i].name);
}

static void
add_purposes(X509 *cert, struct report *r)
{
	EXTENDED_KEY_USAGE *eku = X509_get_ext_d2i(cert, NID_ext_key_usage,
	    NULL, NULL);
	struct report *l;
	int i;

	diag_ssl_clear();
	if (eku == NULL)
		return;
	l = report_add_array(r, "extended_key_usage");
	for (i = 0; i < sk_ASN1_OBJECT_num(eku); i++) {
		const ASN1_OBJECT *o = sk_ASN1_OBJECT_value(eku, i);
		auto_char *name = NULL;

		if (OBJ_obj2nid(o) != NID_undef)
			name = xstrdup(OBJ_nid2sn(OBJ_obj2nid(o)));
		else
			name = facts_object(o, NULL);
		report_str(l, NULL, name);
	}
	EXTENDED_KEY_USAGE_free(eku);
}

static void
add_dates(const struct facts *f, const char *where, X509 *cert,
    struct report *r)
{
	int64_t from = cert_not_before(cert), to = cert_not_after(cert);
	char text[CLOCK_TEXT];

	if (from == CERT_NO_TIME || to == CERT_NO_TIME)
		facts_note(f, "bad_date", where, "a date cannot be read");
	if (from != CERT_NO_TIME)
		report_time(r, "not_before", from);
	else
		report_null(r, "not_before");
	if (to != CERT_NO_TIME)
		report_time(r, "not_after", to);
	else
		report_null(r, "not_after");
	if (to != CERT_NO_TIME && f->at > to)
		facts_note(f, "expired", where, "expired on %s",
		    clock_format(to, text));
	if (from != CERT_NO_TIME && f->at < from)
		facts_note(f, "not_yet_valid", where, "not valid before %s",
		    clock_format(from, text));
}

static void
add_fingerprints(const X509 *cert, struct report *r)
{
	char sha256[SECRET_HASH_TEXT];
	unsigned char sha1[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	cert_sha256(cert, sha256);
	report_str(r, "sha256", sha256);
	if (X509_digest(cert, EVP_sha1(), sha1, &len) == 1)
		report_hex(r, "sha1", sha1, len);
	diag_ssl_clear();
}

void
facts_signature_algorithm(const struct facts *f, const char *where,
    const X509_ALGOR *alg, struct report *r)
{
	const ASN1_OBJECT *obj;
	auto_char *name = NULL;

	X509_ALGOR_get0(&obj, NULL, NULL, alg);
	name = facts_object(obj, NULL);
	report_str(r, "signature_algorithm", name);
	facts_digest_note(f, where, name);
}

void
facts_certificate(const struct facts *f, const char *where, X509 *cert,
    struct report *r)
{
	auto_char *subject = cert_name_text(X509_get_subject_name(cert));
	auto_char *issuer = cert_name_text(X509_get_issuer_name(cert));
	bool self = cert_is_self_signed(cert);
	auto_buf serial = BUF_INIT;
	long version = X509_get_version(cert) + 1;

	cert_serial_hex(cert, &serial);
	report_str(r, "subject", subject);
	report_str(r, "issuer", issuer);
	report_str(r, "serial", buf_str(&serial));
	report_int(r, "version", version);
	add_dates(f, where, cert, r);
	facts_key(f, where, X509_get0_pubkey(cert), r);
	facts_signature_algorithm(f, where, X509_get0_tbs_sigalg(cert), r);
	add_fingerprints(cert, r);
	report_bool(r, "self_signed", self);
	add_usages(cert, r);
	add_purposes(cert, r);
	facts_alt_names(X509_get_ext_d2i(cert, NID_subject_alt_name, NULL,
	    NULL), r);
	facts_extensions(f, where, X509_get0_extensions(cert), r);
	if ((X509_get_extension_flags(cert) & EXFLAG_INVALID) != 0)
		facts_note(f, "bad_extension", where, "an extension cannot be "
		    "read");
	if (version != 3)
		facts_note(f, "old_version", where, "a certificate of version "
		    "%ld must not have extensions", version);
	if (serial.data[0] == '-' || strcmp(buf_str(&serial), "00") == 0)
		facts_note(f, "bad_serial", where, "the serial number is not "
		    "positive");
	diag_ssl_clear();
}
