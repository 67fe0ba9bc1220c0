/*
 * The first stage: checks what is visible from outside.  The refusals may give
 * the exact reason, since nothing is decrypted yet.
 */
#include "stages.h"

/* RFC 8894 3.2.1.2; other types are refused before any work is done. */
static bool
is_request(enum scep_type t)
{
	return t == SCEP_PKCSREQ || t == SCEP_RENEWALREQ ||
	    t == SCEP_CERTPOLL || t == SCEP_GETCERT || t == SCEP_GETCRL;
}

enum status
message_read(const struct authority *a, const struct request *q,
    const struct scep_message *m, struct scep_refusal *no)
{
	const struct issue_policy *p = &a->policy;
	int64_t off = m->signing_time - q->now;
	enum status st;

	if (!is_request(m->type))
		return scep_refuse(no, SCEP_BADREQUEST,
		    "messageType %s is not supported", m->type_text);
	if (m->sender_nonce.len == 0)
		return scep_refuse(no, SCEP_BADREQUEST, "no senderNonce");
	if (!p->allow_sha1 && m->digest == NID_sha1)
		return scep_refuse(no, SCEP_BADALG, "SHA-1 is not accepted");
	if (m->has_signing_time && p->time_window > 0 &&
	    (off > p->time_window || off < -p->time_window))
		return scep_refuse(no, SCEP_BADTIME, "signingTime is too far "
		    "from the time here");
	if (!cert_key_is_rsa(X509_get0_pubkey(m->signer)))
		return scep_refuse(no, SCEP_BADALG, "the signer's key is not "
		    "RSA: no answer could be encrypted to it");
	if ((st = scep_check_cipher(m, p->allow_des, no)) != OK)
		return st;
	return scep_check_recipient(m, a->to, a->to_count, no);
}
