/*
 * SCEP messages (RFC 8894 3): a pkiMessage is a CMS message with certain
 * attributes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "inspect.h"
#include "scep/scep.h"
/* The first value of an attribute of the signer, or NULL. */
static const char *
attribute(const struct report *r, const char *name)
{
	const struct report *values = cms_facts_attribute(r, name);

	if (values == NULL || report_count(values) == 0)
		return NULL;
	return report_text(report_at(values, 0), NULL);
}

bool
scep_looks_like(const struct report *r)
{
	return attribute(r, "messageType") != NULL ||
	    attribute(r, "transactionID") != NULL ||
	    attribute(r, "pkiStatus") != NULL;
}

/* A small number in SCEP's form: decimal text, RFC 8894 3.2.1. */
static int
number(const char *text)
{
	int v = 0;

	if (text == NULL || *text == '\0' || strlen(text) > 4)
		return -1;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		v = v * 10 + (*text - '0');
	}
	return v;
}

static const char *
status_name(const char *text)
{
	switch (number(text)) {
	case SCEP_SUCCESS:
		return "SUCCESS";
	case SCEP_FAILURE:
		return "FAILURE";
	case SCEP_PENDING:
		return "PENDING";
	default:
		return "unknown";
	}
}

static void
add_nonce(struct layer *l, const char *attr, const char *key)
{
	const char *hex = attribute(l->r, attr);
	size_t n;

	if (hex == NULL)
		return;
	n = strlen(hex) / 2;
	report_str(l->r, key, hex);
	if (n != SCEP_NONCE)
		facts_note(&l->f, n < SCEP_NONCE ? "short_nonce" :
		    "long_nonce", NULL, "%s has %zu bytes, not %d", attr, n,
		    SCEP_NONCE);
}

/* NDES gives the reason for a refusal only as a Windows error number. */
static void
add_hresult(struct layer *l, const char *text)
{
	uint32_t code;
	char hex[16];

	if (text == NULL || !scep_hresult(text, &code))
		return;
	snprintf(hex, sizeof hex, "0x%08" PRIx32, code);
	report_str(l->r, "hresult", hex);
	report_str(l->r, "hresult_text", scep_hresult_text(code));
}

static void
add_attributes(struct layer *l)
{
	const char *type = attribute(l->r, "messageType");
	const char *status = attribute(l->r, "pkiStatus");
	const char *fail = attribute(l->r, "failInfo");

	if (type != NULL) {
		report_str(l->r, "message_type",
		    scep_type_name((enum scep_type)number(type)));
		report_str(l->r, "message_type_number", type);
	}
	report_str(l->r, "transaction_id", attribute(l->r, "transactionID"));
	if (status != NULL) {
		report_str(l->r, "pki_status", status_name(status));
		report_str(l->r, "pki_status_number", status);
	}
	if (fail != NULL) {
		report_str(l->r, "fail_info",
		    scep_fail_name((enum scep_fail)number(fail)));
		report_str(l->r, "fail_info_number", fail);
	}
	if (attribute(l->r, "failInfoText") != NULL)
		report_str(l->r, "fail_info_text",
		    attribute(l->r, "failInfoText"));
	add_hresult(l, attribute(l->r, "enrollScepError"));
	add_nonce(l, "senderNonce", "sender_nonce");
	add_nonce(l, "recipientNonce", "recipient_nonce");
}

static void
note_missing(struct layer *l, bool reply)
{
	static const char *const needed[] = {
		"messageType", "transactionID", "senderNonce",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(needed); i++)
		if (attribute(l->r, needed[i]) == NULL)
			facts_note(&l->f, "missing_attribute", NULL,
			    "attribute %s is missing", needed[i]);
	if (!reply)
		return;
	if (attribute(l->r, "pkiStatus") == NULL)
		facts_note(&l->f, "missing_attribute", NULL, "attribute "
		    "pkiStatus is missing");
	if (attribute(l->r, "recipientNonce") == NULL)
		facts_note(&l->f, "missing_attribute", NULL, "attribute "
		    "recipientNonce is missing");
	if (l->media_type != NULL && strcmp(l->media_type,
	    "application/x-pki-message") != 0)
		facts_note(&l->f, "media_type", "http", "the Content-Type is "
		    "'%s'; clients require exactly 'application/x-pki-message'",
		    l->media_type);
}

/* " of CN=x" for the request or certificate that --key decrypted, else "". */
static void
about(const struct report *r, char *out, size_t size)
{
	const struct report *sealed = report_get(r, "content");
	const struct report *inner = report_get(sealed, "content");
	const struct report *certs = report_get(inner, "certificates");
	const char *subject = report_get_text(inner, "subject");

	out[0] = '\0';
	if (certs != NULL && report_count(certs) > 0)
		subject = report_get_text(report_at(certs, 0), "subject");
	if (subject != NULL)
		snprintf(out, size, " for %s", subject);
}

static void
summarise_request(struct layer *l, const struct cms_view *v)
{
	const char *type = report_get_text(l->r, "message_type");
	const char *txid = report_get_text(l->r, "transaction_id");
	char subject[200];

	about(l->r, subject, sizeof subject);
	layer_is(l, "scep_request", "a SCEP request %s (%s)%s, transaction "
	    "%s, signed by %s", type != NULL ? type : "without a type",
	    type != NULL ? report_get_text(l->r, "message_type_number") : "?",
	    subject, txid != NULL ? txid : "without a number",
	    v->signer_name != NULL ? v->signer_name :
	    "a certificate that is not included");
}

static void
summarise_reply(struct layer *l, const struct cms_view *v)
{
	const char *status = report_get_text(l->r, "pki_status");
	const char *fail = report_get_text(l->r, "fail_info");
	const char *txid = report_get_text(l->r, "transaction_id");
	const char *why = report_get_text(l->r, "fail_info_text");
	const char *code = report_get_text(l->r, "hresult");
	const char *means = report_get_text(l->r, "hresult_text");
	char subject[200], text[120] = "";

	about(l->r, subject, sizeof subject);
	if (why != NULL)
		snprintf(text, sizeof text, " (%.100s)", why);
	else if (code != NULL)
		snprintf(text, sizeof text, " (%s%s%.90s)", code,
		    means != NULL ? ", " : "", means != NULL ? means : "");
	layer_is(l, "scep_reply", "a SCEP reply, %s%s%s%s%s, transaction %s, "
	    "signed by %s", status != NULL ? status : "without a status",
	    fail != NULL ? " " : "", fail != NULL ? fail : "", text, subject,
	    txid != NULL ? txid : "without a number",
	    v->signer_name != NULL ? v->signer_name :
	    "a certificate that is not included");
}

/* Signed encrypted content without attributes that would say more. */
static void
summarise_bare(struct layer *l, const struct cms_view *v, bool reply)
{
	layer_is(l, reply ? "scep_reply" : "scep_request", "probably a SCEP "
	    "%s, without SCEP's attributes: encrypted content, signed by %s",
	    reply ? "reply" : "request", v->signer_name != NULL ?
	    v->signer_name : "a certificate that is not included");
}

void
inspect_scep(struct layer *l, const struct cms_view *v)
{
	bool bare = !scep_looks_like(l->r), reply;

	/*
	 * Servers modelled on Apple's sample script leave the attributes out.
	 * A request is then recognised by a self-signed signer.
	 */
	if (bare)
		reply = !(v->signer_name != NULL && v->signer_is_self_signed);
	else
		reply = attribute(l->r, "pkiStatus") != NULL ||
		    number(attribute(l->r, "messageType")) == SCEP_CERTREP;
	if (bare)
		facts_note(&l->f, "no_scep_attributes", NULL, "all SCEP "
		    "attributes are missing, even transactionID and pkiStatus");
	else {
		add_attributes(l);
		note_missing(l, reply);
	}
	if (v->has_content && v->content.len > 0 &&
	    report_get(l->r, "content") == NULL)
		(void)layer_content(l, &v->content);
	if (bare)
		summarise_bare(l, v, reply);
	else if (reply)
		summarise_reply(l, v);
	else
		summarise_request(l, v);
}
