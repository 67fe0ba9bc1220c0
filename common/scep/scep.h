/*
 * scep: messages of the Simple Certificate Enrolment Protocol (RFC 8894), for
 * servers (pkiMessage in, CertRep out) and for clients.  It has no sockets and
 * no state, and the time is an argument.
 *
 *   Server:  scep_parse() -> scep_open_request() ... -> scep_reply()
 *   Client:  scep_request() -> ... -> scep_parse() -> scep_open_reply()
 */
#ifndef MCFG_SCEP_SCEP_H
#define MCFG_SCEP_SCEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "cms/cms.h"
#include "x509/cert.h"

enum {
	SCEP_NONCE = 16,		/* bytes of a nonce that we make */
	SCEP_NONCE_MAX = 64,		/* bytes of a nonce that we copy, at
					 * most */
	SCEP_TRANSACTION_MAX = 256,	/* characters of a transactionID */
	SCEP_CHALLENGE_MAX = 1024,	/* bytes of a challengePassword */
	SCEP_REASON = 256,		/* a failInfoText with its NUL */
};

/* messageType, RFC 8894 3.2.1.2. */
enum scep_type {
	SCEP_NO_TYPE = -1,
	SCEP_CERTREP = 3,
	SCEP_RENEWALREQ = 17,
	SCEP_PKCSREQ = 19,
	SCEP_CERTPOLL = 20,
	SCEP_GETCERT = 21,
	SCEP_GETCRL = 22,
};

/* pkiStatus, 3.2.1.3. */
enum scep_outcome {
	SCEP_NO_OUTCOME = -1,
	SCEP_SUCCESS = 0,
	SCEP_FAILURE = 2,
	SCEP_PENDING = 3,
};

/* failInfo, 3.2.1.4. */
enum scep_fail {
	SCEP_NO_FAIL = -1,
	SCEP_BADALG = 0,
	SCEP_BADMESSAGECHECK = 1,
	SCEP_BADREQUEST = 2,
	SCEP_BADTIME = 3,
	SCEP_BADCERTID = 4,
};

/* "PKCSReq", "badAlg", ... or "unknown"; static. */
const char *scep_type_name(enum scep_type t);
const char *scep_fail_name(enum scep_fail f);

/*
 * scep_hresult() reads the value of Microsoft's attribute enrollScepError, a
 * decimal number, which is often negative; false if it is something else.
 * scep_hresult_text() returns its meaning, or NULL; static.
 */
bool scep_hresult(const char *text, uint32_t *code);
const char *scep_hresult_text(uint32_t code);

/* Why a message is refused: failInfo, and failInfoText for people. */
struct scep_refusal {
	enum scep_fail info;
	char text[SCEP_REASON];
	char cause[SCEP_REASON];	/* the actual reason, if text stands for
					 * several; for the log, never for a
					 * reply */
};
#define SCEP_REFUSAL_INIT { SCEP_NO_FAIL, "", "" }

/* scep_refuse() fills in *no and returns REFUSED; it prints nothing. */
enum status scep_refuse(struct scep_refusal *no, enum scep_fail info,
    const char *fmt, ...) PRINTF_LIKE(3, 4);

/* scep_cause() sets the reason that the log shows instead of the text. */
void scep_cause(struct scep_refusal *no, const char *fmt, ...)
    PRINTF_LIKE(2, 3);

/* A pkiMessage.  The struct owns everything. */
struct scep_message {
	enum scep_type type;
	char *type_text;	/* messageType as it was sent, or NULL */
	char *transaction;	/* printable ASCII, never NULL in a request */
	struct buf sender_nonce;
	struct buf recipient_nonce;
	enum scep_outcome outcome;	/* of a CertRep */
	enum scep_fail fail;
	char *fail_text;	/* or NULL */
	bool has_hresult;	/* of a refusal by Microsoft's NDES */
	uint32_t hresult;
	X509 *signer;		/* signature verified; not trusted yet */
	STACK_OF(X509) *certs;	/* all certificates; these are not signed */
	int digest;		/* NID of the signer's digest */
	int cipher;		/* NID of the envelope's cipher, or NID_undef */
	char cipher_name[24];	/* OpenSSL's name for it, or its OID */
	size_t sealed_len;	/* bytes of encrypted content */
	bool has_signing_time;
	int64_t signing_time;
	struct buf envelope;	/* EnvelopedData in DER; may be empty */
	CMS_ContentInfo *sealed;	/* the envelope, parsed; or NULL */
};
#define SCEP_MESSAGE_INIT { .type = SCEP_NO_TYPE, .outcome = SCEP_NO_OUTCOME, \
	.fail = SCEP_NO_FAIL }
#define auto_scep_message AUTO(scep_message_free) struct scep_message
void scep_message_free(struct scep_message *m);

/*
 * scep_parse() reads a pkiMessage and verifies its only signature.  known has
 * certificates that the message may leave out, or is NULL.
 *
 * Returns MALFORMED, after a message, unless the input is one whole SignedData
 * with one signer, a transactionID, and attributes with one value each.
 * Returns REFUSED, with the reason in *no and nothing printed, if the message
 * can be answered but its signature, its digest or an attribute is wrong; out
 * then has what scep_reply() needs.
 */
enum status scep_parse(const struct buf *in, const char *name,
    STACK_OF(X509) *known, struct scep_message *out, struct scep_refusal *no)
    USE_RESULT;

/* ---- server ---- */

/* Certificate and key of a CA or RA, to decrypt envelopes. */
struct scep_recipient {
	X509 *cert;
	EVP_PKEY *key;
};

/* Returns true if the envelope of m is addressed to this certificate. */
bool scep_sealed_for(const struct scep_message *m, X509 *cert);

/*
 * scep_check_cipher() refuses (badAlg) ciphers in which no reply could be
 * sent: all but AES-CBC, 3DES and, with allow_des, single DES.
 */
enum status scep_check_cipher(const struct scep_message *m, bool allow_des,
    struct scep_refusal *no) USE_RESULT;

/* A certification request from an envelope. */
struct scep_csr {
	X509_REQ *req;
	EVP_PKEY *key;		/* its public key, borrowed from req */
	struct buf challenge;	/* challengePassword in UTF-8, secret; empty if
				 * there is none */
};
#define SCEP_CSR_INIT	{ NULL, NULL, BUF_SECRET }
#define auto_scep_csr	AUTO(scep_csr_free) struct scep_csr
void scep_csr_free(struct scep_csr *c);

/*
 * scep_check_recipient() refuses (badMessageCheck) an envelope that is
 * addressed to another certificate, before anything is decrypted.
 */
enum status scep_check_recipient(const struct scep_message *m,
    const struct scep_recipient *to, size_t to_count,
    struct scep_refusal *no) USE_RESULT;

/*
 * scep_refuse_content() makes the one refusal for anything that is wrong with
 * the content of an envelope: failInfo and text depend only on the
 * messageType. cause is for the log.
 */
enum status scep_refuse_content(const struct scep_message *m,
    struct scep_refusal *no, const char *cause);

/*
 * scep_open_request() decrypts a certification request and proves who made it:
 * its signature is valid, and its key is the signer's, unless other_key allows
 * another one (a renewal, whose signer is known).  Until that is proved, every
 * failure has the same reply and takes the same work, so that the reply is not
 * an oracle about the content of the envelope.
 */
enum status scep_open_request(const struct scep_message *m,
    const struct scep_recipient *to, size_t to_count, bool other_key,
    struct scep_csr *out, struct scep_refusal *no) USE_RESULT;

/* scep_check_csr() refuses (badAlg) a CSR whose digest is too weak. */
enum status scep_check_csr(const struct scep_csr *c, bool allow_sha1,
    struct scep_refusal *no) USE_RESULT;

/*
 * Encodes a waiting request for the ledger, without its challenge.  Its
 * signature was verified before, and no longer matches the stored form.
 * scep_csr_from_der() returns NULL, or the reason why it cannot be read.
 */
void scep_csr_to_der(const struct scep_csr *c, struct buf *der);
const char *scep_csr_from_der(const struct buf *der, struct scep_csr *out);

/* The content of CertPoll, and of GetCert and GetCRL. */
struct scep_query {
	X509_NAME *issuer;
	X509_NAME *subject;		/* CertPoll */
	ASN1_INTEGER *serial;		/* GetCert, GetCRL */
};
#define SCEP_QUERY_INIT	{ NULL, NULL, NULL }
#define auto_scep_query	AUTO(scep_query_free) struct scep_query
void scep_query_free(struct scep_query *q);

/* scep_open_query() decrypts such content, for a requester who may ask. */
enum status scep_open_query(const struct scep_message *m,
    const struct scep_recipient *to, size_t to_count, struct scep_query *out,
    struct scep_refusal *no) USE_RESULT;

/* A CertRep; which members are used depends on the outcome. */
struct scep_answer {
	enum scep_outcome outcome;
	struct scep_refusal refusal;		/* for FAILURE */
	X509 *cert;				/* for SUCCESS: a certificate,
						 * or NULL ... */
	X509_CRL *crl;				/* ... and a CRL, or NULL */
};

/*
 * scep_reply() makes the CertRep in DER: signed by from, with the digest of
 * the request (SHA-256 if that was refused), and encrypted to the signer of
 * the request with its cipher (3DES in place of single DES).
 */
enum status scep_reply(const struct scep_message *m,
    const struct scep_answer *a, const struct identity *from, int64_t now,
    struct buf *der) USE_RESULT;

/* scep_certs() makes a certs-only PKCS #7, and keeps the order of certs. */
enum status scep_certs(const STACK_OF(X509) *certs, X509_CRL *crl,
    struct buf *der) USE_RESULT;

/*
 * scep_signed_certs() makes the response to GetNextCACert (4.7): such a PKCS
 * #7 in SignedData by the current CA.
 */
enum status scep_signed_certs(const STACK_OF(X509) *certs,
    const struct identity *from, int64_t now, struct buf *der) USE_RESULT;

/* ---- client ---- */

/*
 * scep_make_csr() makes a certification request with subject, names and
 * challenge (both may be NULL), signed by key.
 */
enum status scep_make_csr(const X509_NAME *subject,
    const GENERAL_NAMES *names, const struct buf *challenge, EVP_PKEY *key,
    const char *digest, X509_REQ **out) USE_RESULT;

/*
 * scep_request_names() appends the DER of the subjectAltName in a request;
 * nothing if it has none.
 */
void scep_request_names(X509_REQ *req, struct buf *der);

/* scep_make_signer() makes the self-signed certificate of section 2.3. */
enum status scep_make_signer(const X509_NAME *subject, EVP_PKEY *key,
    int64_t now, X509 **out) USE_RESULT;

/*
 * scep_transaction() derives a transactionID from a public key (3.2.1.1); the
 * caller frees it.
 */
char *scep_transaction(const EVP_PKEY *key);

struct scep_request {
	enum scep_type type;
	const char *transaction;
	unsigned char nonce[SCEP_NONCE];
	const struct buf *content;	/* DER to be encrypted */
	const struct identity *signer;
	X509 *to;			/* certificate of the CA or RA */
	const char *digest;		/* "sha256", ... */
	const char *cipher;		/* "aes-128-cbc", ... */
	int64_t now;
};
enum status scep_request(const struct scep_request *r, struct buf *der)
    USE_RESULT;

/* scep_poll_content() appends the IssuerAndSubject of a CertPoll. */
void scep_poll_content(const X509_NAME *issuer, const X509_NAME *subject,
    struct buf *der);

/*
 * scep_open_reply() returns the certificates and CRLs in a SUCCESS, in their
 * order; crls may be NULL.  Returns REFUSED, after a message, if the key does
 * not decrypt it or the cipher is not allowed (single DES is with allow_des);
 * MALFORMED if it contains something else.
 */
enum status scep_open_reply(const struct scep_message *m, const char *name,
    const struct scep_recipient *to, bool allow_des, STACK_OF(X509) **certs,
    STACK_OF(X509_CRL) **crls) USE_RESULT;

#endif
