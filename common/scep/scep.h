/*
 * scep: Simple Certificate Enrolment Protocol (RFC 8894), messages only:
 * pkiMessage in, CertRep out, and the client's half of both.  No sockets, no
 * state, no time but what is handed in.
 *
 * The server:  scep_parse() -> scep_open_request() ... -> scep_reply()
 * The client:  scep_request() -> ... -> scep_parse() -> scep_open_reply()
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
	SCEP_NONCE_MAX = 64,		/* and of one that we copy */
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
 * decimal number, often negative; false if it is something else.
 * scep_hresult_text() says what it means, or is NULL; static.
 */
bool scep_hresult(const char *text, uint32_t *code);
const char *scep_hresult_text(uint32_t code);

/* Why a message is refused: failInfo, and failInfoText for people. */
struct scep_refusal {
	enum scep_fail info;
	char text[SCEP_REASON];
	char cause[SCEP_REASON];	/* the real one, where text names several;
					 * for the log, never for a reply */
};
#define SCEP_REFUSAL_INIT { SCEP_NO_FAIL, "", "" }

/* scep_refuse() fills in *no and returns REFUSED; nothing is printed. */
enum status scep_refuse(struct scep_refusal *no, enum scep_fail info,
    const char *fmt, ...) PRINTF_LIKE(3, 4);

/* scep_cause() says what the log shows in place of the text. */
void scep_cause(struct scep_refusal *no, const char *fmt, ...)
    PRINTF_LIKE(2, 3);

/* A pkiMessage.  Everything belongs to the struct. */
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
	X509 *signer;		/* verified by its key, trusted by nobody */
	STACK_OF(X509) *certs;	/* the bag, which is not signed */
	int digest;		/* NID of the signer's digest */
	int cipher;		/* NID of the envelope's cipher; NID_undef */
	char cipher_name[24];	/* as OpenSSL calls it, or its OID */
	size_t sealed_len;	/* bytes of encrypted content */
	bool has_signing_time;
	int64_t signing_time;
	struct buf envelope;	/* the EnvelopedData, in DER; may be empty */
	CMS_ContentInfo *sealed;	/* the same, parsed; or NULL */
};
#define SCEP_MESSAGE_INIT { .type = SCEP_NO_TYPE, .outcome = SCEP_NO_OUTCOME, \
	.fail = SCEP_NO_FAIL }
#define auto_scep_message AUTO(scep_message_free) struct scep_message
void scep_message_free(struct scep_message *m);

/*
 * scep_parse() reads a pkiMessage and verifies its one signature.  known may
 * hold certificates that the message leaves out, or be NULL.
 *
 * MALFORMED (printed): not one SignedData whole, no or several signers, no
 * transactionID, an attribute with two values.  REFUSED (in *no, not
 * printed): readable enough to be answered, but the signature, the digest or
 * an attribute is wrong; out is then filled as far as scep_reply() needs it.
 */
enum status scep_parse(const struct buf *in, const char *name,
    STACK_OF(X509) *known, struct scep_message *out, struct scep_refusal *no)
    USE_RESULT;

/* ---- the server's half ---- */

/* What may open an envelope: certificate and key of the CA or RA. */
struct scep_recipient {
	X509 *cert;
	EVP_PKEY *key;
};

/* True where the envelope of m is addressed to this certificate. */
bool scep_sealed_for(const struct scep_message *m, X509 *cert);

/*
 * scep_check_cipher() refuses (badAlg) content ciphers that no answer could
 * use: all but AES-CBC, 3DES, and with allow_des single DES.
 */
enum status scep_check_cipher(const struct scep_message *m, bool allow_des,
    struct scep_refusal *no) USE_RESULT;

/* A certification request from inside an envelope. */
struct scep_csr {
	X509_REQ *req;
	EVP_PKEY *key;		/* its public key, borrowed from req */
	struct buf challenge;	/* challengePassword in UTF-8, secret; empty
				 * where there is none */
};
#define SCEP_CSR_INIT	{ NULL, NULL, BUF_SECRET }
#define auto_scep_csr	AUTO(scep_csr_free) struct scep_csr
void scep_csr_free(struct scep_csr *c);

/*
 * scep_check_recipient() refuses (badMessageCheck) an envelope for another
 * certificate; before anything is decrypted.
 */
enum status scep_check_recipient(const struct scep_message *m,
    const struct scep_recipient *to, size_t to_count,
    struct scep_refusal *no) USE_RESULT;

/*
 * scep_refuse_content() is the one refusal of whatever is wrong with what an
 * envelope holds: failInfo and text depend on the messageType alone.  cause
 * is for the log.
 */
enum status scep_refuse_content(const struct scep_message *m,
    struct scep_refusal *no, const char *cause);

/*
 * scep_open_request() decrypts a certification request and proves who wrote
 * it: its signature is right, and its key is the signer's, unless other_key
 * (a renewal, whose signer is known).  Until that is proved, every failure has
 * the same reply and costs the same work: the reply is not an oracle for what the
 * envelope holds.
 */
enum status scep_open_request(const struct scep_message *m,
    const struct scep_recipient *to, size_t to_count, bool other_key,
    struct scep_csr *out, struct scep_refusal *no) USE_RESULT;

/* scep_check_csr() refuses (badAlg) a digest that is too weak for a CSR. */
enum status scep_check_csr(const struct scep_csr *c, bool allow_sha1,
    struct scep_refusal *no) USE_RESULT;

/*
 * What is kept of a request that waits: everything but the challenge, so that
 * its signature, which was checked, is no longer right.
 */
void scep_csr_to_der(const struct scep_csr *c, struct buf *der);
const char *scep_csr_from_der(const struct buf *der, struct scep_csr *out);

/* The contents of CertPoll, and of GetCert and GetCRL. */
struct scep_query {
	X509_NAME *issuer;
	X509_NAME *subject;		/* CertPoll */
	ASN1_INTEGER *serial;		/* GetCert, GetCRL */
};
#define SCEP_QUERY_INIT	{ NULL, NULL, NULL }
#define auto_scep_query	AUTO(scep_query_free) struct scep_query
void scep_query_free(struct scep_query *q);

/* scep_open_query() decrypts one of these, for a requester that may ask. */
enum status scep_open_query(const struct scep_message *m,
    const struct scep_recipient *to, size_t to_count, struct scep_query *out,
    struct scep_refusal *no) USE_RESULT;

/* A CertRep: the outcome says which members count. */
struct scep_answer {
	enum scep_outcome outcome;
	struct scep_refusal refusal;		/* FAILURE */
	X509 *cert;				/* SUCCESS; or NULL ... */
	X509_CRL *crl;				/* ... and this */
};

/*
 * scep_reply() makes the CertRep in DER: signed by from, with the digest of
 * the request (SHA-256 where that is refused), sealed for the signer of the
 * request with its cipher (3DES where it was single DES).
 */
enum status scep_reply(const struct scep_message *m,
    const struct scep_answer *a, const struct identity *from, int64_t now,
    struct buf *der) USE_RESULT;

/* scep_certs() makes a certs-only PKCS #7 that keeps the order. */
enum status scep_certs(const STACK_OF(X509) *certs, X509_CRL *crl,
    struct buf *der) USE_RESULT;

/*
 * scep_signed_certs() is the answer to GetNextCACert (4.7): such a PKCS #7
 * inside of SignedData by the current CA.
 */
enum status scep_signed_certs(const STACK_OF(X509) *certs,
    const struct identity *from, int64_t now, struct buf *der) USE_RESULT;

/* ---- the client's half ---- */

/*
 * scep_make_csr() makes a certification request with subject, names and
 * challenge (either may be NULL), signed by key.
 */
enum status scep_make_csr(const X509_NAME *subject,
    const GENERAL_NAMES *names, const struct buf *challenge, EVP_PKEY *key,
    const char *digest, X509_REQ **out) USE_RESULT;

/*
 * scep_request_names() appends the DER of the subjectAltName that a request
 * asks for; nothing if it asks for none.
 */
void scep_request_names(X509_REQ *req, struct buf *der);

/* scep_make_signer() makes the self-signed certificate of section 2.3. */
enum status scep_make_signer(const X509_NAME *subject, EVP_PKEY *key,
    int64_t now, X509 **out) USE_RESULT;

/* scep_transaction() derives a transactionID from a public key (3.2.1.1). */
char *scep_transaction(const EVP_PKEY *key);

struct scep_request {
	enum scep_type type;
	const char *transaction;
	unsigned char nonce[SCEP_NONCE];
	const struct buf *content;	/* what is sealed, DER */
	const struct identity *signer;
	X509 *to;			/* the CA's or RA's certificate */
	const char *digest;		/* "sha256", ... */
	const char *cipher;		/* "aes-128-cbc", ... */
	int64_t now;
};
enum status scep_request(const struct scep_request *r, struct buf *der)
    USE_RESULT;

/* scep_poll_content() is the IssuerAndSubject of a CertPoll. */
void scep_poll_content(const X509_NAME *issuer, const X509_NAME *subject,
    struct buf *der);

/*
 * scep_open_reply() gives the certificates and CRLs inside a SUCCESS, in the
 * order in which they were sent; crls may be NULL.  REFUSED (printed) where
 * the key does not open it or the cipher is not ours (single DES is, with
 * allow_des), MALFORMED where it holds something else.
 */
enum status scep_open_reply(const struct scep_message *m, const char *name,
    const struct scep_recipient *to, bool allow_des, STACK_OF(X509) **certs,
    STACK_OF(X509_CRL) **crls) USE_RESULT;

#endif
