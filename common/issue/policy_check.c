/* Checks a certification request against the CA's policy. */
#include "issue/issue.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/objects.h>

#include "base/words.h"

static enum status refuse(struct issue_refusal *no, bool weak,
    const char *fmt, ...) PRINTF_LIKE(3, 4);

static enum status
refuse(struct issue_refusal *no, bool weak, const char *fmt, ...)
{
	char raw[ISSUE_REASON];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	no->weak = weak;
	diag_escape(raw, strlen(raw), no->text, sizeof no->text);
	return REFUSED;
}

void
issue_wish_free(struct issue_wish *w)
{
	X509_NAME_free(w->subject);
	EVP_PKEY_free(w->key);
	GENERAL_NAMES_free(w->names);
	*w = (struct issue_wish)ISSUE_WISH_INIT;
}

/* ---- the key ---- */

/*
 * RFC 8017 3.1 allows every odd exponent from 3, and old clients have keys with
 * 3; FIPS 186-5 would require more than 65536.  OpenSSL does not use more than
 * 64 bits with a large modulus.
 */
static bool
exponent_is_sound(const EVP_PKEY *key)
{
	BIGNUM *e = NULL;
	bool ok;

	if (EVP_PKEY_get_bn_param(key, "e", &e) != 1)
		return false;
	ok = BN_is_odd(e) && BN_num_bits(e) >= 2 && BN_num_bits(e) <= 64;
	BN_free(e);
	return ok;
}

static enum status
judge_rsa(EVP_PKEY *key, long least, long most, struct issue_refusal *no)
{
	int bits = cert_key_bits(key);

	if (bits < least || bits > most)
		return refuse(no, true, "an RSA key of %d bits is not accepted "
		    "(%ld to %ld)", bits, least, most);
	if (!exponent_is_sound(key))
		return refuse(no, true, "the public exponent of the RSA key "
		    "is not accepted (65537 is usual)");
	return OK;
}

static enum status
judge_not_ca(const X509_NAME *subject, EVP_PKEY *key, const X509 *ca,
    struct issue_refusal *no)
{
	if (cert_name_equal(subject, X509_get_subject_name(ca)))
		return refuse(no, false, "the subject is the CA's own name");
	if (cert_key_equal(key, X509_get0_pubkey(ca)))
		return refuse(no, false, "the key is the CA's own");
	return OK;
}

/* ---- the subject ---- */

static bool
is_allowed(const struct issue_policy *p, const ASN1_OBJECT *type)
{
	size_t i;

	for (i = 0; i < p->subject_count; i++) {
		ASN1_OBJECT *o = OBJ_txt2obj(p->subject[i], 0);
		bool same = o != NULL && OBJ_cmp(o, type) == 0;

		ASN1_OBJECT_free(o);
		if (same)
			return true;
	}
	return false;
}

/* Text must be visible, valid UTF-8, and not too long. */
static enum status
judge_value(const ASN1_STRING *value, const char *what,
    struct issue_refusal *no)
{
	unsigned char *utf8 = NULL;
	int len = ASN1_STRING_to_UTF8(&utf8, value);
	enum status st = OK;

	if (len < 0 || len > ISSUE_VALUE_MAX)
		st = refuse(no, false, "%s in the subject must be text of at "
		    "most %d bytes", what, ISSUE_VALUE_MAX);
	else if (!diag_is_visible((const char *)utf8, (size_t)len))
		st = refuse(no, false, "%s in the subject has a control "
		    "character or an invisible one in it", what);
	OPENSSL_free(utf8);
	return st;
}

static enum status
judge_subject(const struct issue_policy *p, const X509_NAME *subject,
    struct issue_refusal *no)
{
	enum status st;
	int i;

	if (X509_NAME_entry_count(subject) == 0)
		return refuse(no, false, "the subject is empty");
	if (cert_name_has_empty(subject))
		return refuse(no, false, "the subject has an empty part");
	for (i = 0; i < X509_NAME_entry_count(subject); i++) {
		const X509_NAME_ENTRY *e = X509_NAME_get_entry(subject, i);
		const ASN1_OBJECT *type = X509_NAME_ENTRY_get_object(e);
		char what[80];

		OBJ_obj2txt(what, sizeof what, type, 0);
		if (p != NULL && !is_allowed(p, type))
			return refuse(no, false, "policy does not allow %s in "
			    "a subject", what);
		if ((st = judge_value(X509_NAME_ENTRY_get_data(e), what,
		    no)) != OK)
			return st;
	}
	return OK;
}

/* ---- subject alternative names ---- */

static bool
name_matches(const struct issue_policy *p, const char *type, const char *text)
{
	auto_char *low = xstrdup(text);
	size_t i;

	words_lower(low);
	for (i = 0; i < p->san_count; i++) {
		auto_char *glob = xstrdup(p->san[i].glob);

		words_lower(glob);
		if (strcmp(p->san[i].type, type) == 0 &&
		    issue_pattern_fits(type, glob, low))
			return true;
	}
	return false;
}

static enum status
judge_names(const struct issue_policy *p, const GENERAL_NAMES *names,
    struct issue_refusal *no)
{
	int i;

	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const char *type;
		auto_char *text = cert_san_text(sk_GENERAL_NAME_value(names, i),
		    &type);

		if (type == NULL)
			return refuse(no, false, "a subjectAltName of a kind "
			    "other than dns, email, uri, upn and ip");
		if (text == NULL)
			return refuse(no, false, "subjectAltName %s is not "
			    "valid text or a valid address", type);
		if (p != NULL && !name_matches(p, type, text))
			return refuse(no, false, "policy does not allow "
			    "subjectAltName %s:%s", type, text);
	}
	return OK;
}

enum status
issue_judge_name(const struct issue_policy *p, const X509_NAME *subject,
    const GENERAL_NAMES *names, const X509 *ca, struct issue_refusal *no)
{
	enum status st;

	if ((st = judge_subject(p, subject, no)) != OK)
		return st;
	if (ca != NULL && cert_name_equal(subject, X509_get_subject_name(ca)))
		return refuse(no, false, "the subject is the CA's own name");
	return names != NULL ? judge_names(p, names, no) : OK;
}

/* ---- extensions of the request ---- */

static void
extensions_free(STACK_OF(X509_EXTENSION) **s)
{
	sk_X509_EXTENSION_pop_free(*s, X509_EXTENSION_free);
}

/* Refuses extensions that no client may have, however they are requested. */
static enum status
judge_extension(X509_EXTENSION *ext, struct issue_refusal *no)
{
	int nid = OBJ_obj2nid(X509_EXTENSION_get_object(ext));
	BASIC_CONSTRAINTS *bc;
	char what[80];
	bool ca;

	OBJ_obj2txt(what, sizeof what, X509_EXTENSION_get_object(ext), 0);
	if (nid == NID_basic_constraints) {
		if ((bc = X509V3_EXT_d2i(ext)) == NULL)
			return refuse(no, false, "%s is broken", what);
		ca = bc->ca != 0;
		BASIC_CONSTRAINTS_free(bc);
		return ca ? refuse(no, false, "it asks to be a CA") : OK;
	}
	if (X509_EXTENSION_get_critical(ext) && nid != NID_key_usage &&
	    nid != NID_ext_key_usage && nid != NID_subject_alt_name)
		return refuse(no, false, "unknown critical extension %s", what);
	return OK;
}

/* The extensions of one attribute. */
static enum status
judge_extensions(X509_ATTRIBUTE *attr, struct issue_refusal *no)
{
	const ASN1_TYPE *value = X509_ATTRIBUTE_get0_type(attr, 0);
	AUTO(extensions_free) STACK_OF(X509_EXTENSION) *all = NULL;
	const unsigned char *p;
	enum status st;
	int i;

	if (value != NULL && value->type == V_ASN1_SEQUENCE) {
		p = ASN1_STRING_get0_data(value->value.sequence);
		all = d2i_X509_EXTENSIONS(NULL, &p,
		    ASN1_STRING_length(value->value.sequence));
	}
	if (all == NULL) {
		diag_ssl_clear();
		return refuse(no, false, "the extensions in the request cannot "
		    "be read");
	}
	for (i = 0; i < sk_X509_EXTENSION_num(all); i++)
		if ((st = judge_extension(sk_X509_EXTENSION_value(all, i),
		    no)) != OK)
			return st;
	return OK;
}

static enum status
read_extensions(X509_REQ *req, GENERAL_NAMES **names,
    struct issue_refusal *no)
{
	const char *reason;
	enum status st;
	int i;

	for (i = 0; i < X509_REQ_get_attr_count(req); i++) {
		X509_ATTRIBUTE *attr = X509_REQ_get_attr(req, i);
		int nid = OBJ_obj2nid(X509_ATTRIBUTE_get0_object(attr));

		if ((nid == NID_ext_req || nid == NID_ms_ext_req) &&
		    (st = judge_extensions(attr, no)) != OK)
			return st;
	}
	reason = cert_request_names(req, names);
	return reason == NULL ? OK : refuse(no, false, "%s", reason);
}

/* ---- clients and the operator ---- */

static enum status
take(X509_REQ *req, struct issue_wish *w, struct issue_refusal *no)
{
	w->subject = X509_NAME_dup(X509_REQ_get_subject_name(req));
	w->key = X509_REQ_get_pubkey(req);
	if (w->subject == NULL || w->key == NULL) {
		diag_ssl_clear();
		return refuse(no, true, "its key cannot be read");
	}
	return read_extensions(req, &w->names, no);
}

enum status
issue_judge_key(const struct issue_policy *p, EVP_PKEY *key,
    struct issue_refusal *no)
{
	if (!cert_key_is_rsa(key))
		return refuse(no, true, "only RSA keys are accepted");
	return judge_rsa(key, p->rsa_min, p->rsa_max, no);
}

enum status
issue_judge(const struct issue_policy *p, X509_REQ *req, const X509 *ca,
    struct issue_wish *out, struct issue_refusal *no)
{
	auto_issue_wish w = ISSUE_WISH_INIT;
	enum status st;

	if ((st = take(req, &w, no)) != OK)
		return st;
	if ((st = issue_judge_key(p, w.key, no)) != OK ||
	    (st = judge_subject(p, w.subject, no)) != OK ||
	    (st = judge_not_ca(w.subject, w.key, ca, no)) != OK)
		return st;
	if (w.names != NULL && !p->take_san) {
		w.names_left_out = true;
		GENERAL_NAMES_free(w.names);
		w.names = NULL;
	}
	if (w.names != NULL && (st = judge_names(p, w.names, no)) != OK)
		return st;
	*out = MOVE(w);
	return OK;
}

enum status
issue_judge_operator(X509_REQ *req, const X509 *ca, struct issue_wish *out,
    struct issue_refusal *no)
{
	auto_issue_wish w = ISSUE_WISH_INIT;
	enum status st;

	if ((st = take(req, &w, no)) != OK)
		return st;
	if (X509_REQ_verify(req, w.key) != 1) {
		diag_ssl_clear();
		return refuse(no, false, "its signature is not right");
	}
	if (cert_key_is_rsa(w.key) &&
	    (st = judge_rsa(w.key, 2048, 16384, no)) != OK)
		return st;
	if (!cert_key_is_rsa(w.key) && cert_key_bits(w.key) < 256)
		return refuse(no, true, "a key of %d bits is not accepted, "
		    "only of 256 or more", cert_key_bits(w.key));
	if ((st = judge_subject(NULL, w.subject, no)) != OK ||
	    (st = judge_not_ca(w.subject, w.key, ca, no)) != OK ||
	    (w.names != NULL && (st = judge_names(NULL, w.names, no)) != OK))
		return st;
	*out = MOVE(w);
	return OK;
}
