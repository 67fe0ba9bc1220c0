/* Checks the way from a signer to an anchor: a CA, a device CA, or none. */
#include <string.h>

#include "trust/local.h"

/* ---- with --ca ---- */

/* The file of --ca that has a certificate, or NULL. */
static const char *
file_of(const struct trust_policy *p, const X509 *cert)
{
	size_t i;
	int k;

	for (i = 0; i < p->anchors.n; i++)
		for (k = 0; p->anchors.v[i].kind == TRUST_CA &&
		    k < sk_X509_num(p->anchors.v[i].certs); k++)
			if (X509_cmp(sk_X509_value(p->anchors.v[i].certs, k),
			    cert) == 0)
				return p->anchors.v[i].file;
	return NULL;
}

/*
 * Ends the chain at its first anchor.  OpenSSL continues above an intermediate
 * anchor, and above a signer that is an anchor itself.
 */
static void
end_at_anchor(const struct trust_policy *p, STACK_OF(X509) *chain)
{
	int i = 0;

	while (i < sk_X509_num(chain) &&
	    file_of(p, sk_X509_value(chain, i)) == NULL)
		i++;
	while (sk_X509_num(chain) > i + 1)
		X509_free(sk_X509_pop(chain));
}

static void
list_links(struct trust_case *j, const STACK_OF(X509) *chain, const X509 *bad)
{
	int i;

	for (i = 0; i + 1 < sk_X509_num(chain); i++) {
		auto_char *of = cert_subject_text(sk_X509_value(chain, i));
		auto_char *by = cert_subject_text(sk_X509_value(chain, i + 1));

		if (sk_X509_value(chain, i) == bad)
			break;
		trust_passed(j, "chain", "%s is issued by %s", of, by);
	}
	if (sk_X509_num(chain) == 1 && bad == NULL) {
		auto_char *of = cert_subject_text(sk_X509_value(chain, 0));

		trust_passed(j, "chain", "%s is itself an anchor", of);
	}
}

static enum status
ca_dates(struct trust_case *j, const STACK_OF(X509) *chain, const char *file)
{
	const char *reason;
	int i;

	/* Without a chain, only the signer's certificate is checked. */
	for (i = 0; i == 0 || i < sk_X509_num(chain); i++) {
		X509 *cert = i < sk_X509_num(chain) ?
		    sk_X509_value(chain, i) : j->v->message.signer;

		if ((reason = cert_check_dates(cert, j->policy->now)) != NULL) {
			auto_char *of = cert_subject_text(cert);

			return trust_failed(j, "dates", REFUSED,
			    "sign again with a certificate that is valid now",
			    "not issued by %s: %s (%s)", file, reason, of);
		}
	}
	trust_passed(j, "dates", sk_X509_num(chain) > 1 ? "every certificate "
	    "is valid now" : "the signer's certificate is valid now");
	return OK;
}

static const char *
check_purposes(const STACK_OF(X509) *chain, const char *purpose)
{
	const char *reason = NULL;
	int i;

	/* The anchor is trusted as it is. */
	for (i = 1; i + 1 < sk_X509_num(chain); i++)
		if ((reason = cert_check_purpose_below(sk_X509_value(chain, i),
		    purpose)) != NULL)
			break;
	return reason;
}

/* Checks that need no chain. */
static enum status
ca_signer(struct trust_case *j, const char *file)
{
	auto_char *of = cert_subject_text(j->v->message.signer);
	const char *reason;

	if (strcmp(j->v->message.digest, "sha1") == 0 &&
	    !j->policy->allow_sha1 && !j->is_digest_refused)
		return trust_failed(j, "signer certificate", REFUSED,
		    "sign with SHA-256, or use --allow-sha1",
		    "not accepted under %s: digest sha1 is not accepted here "
		    "(--allow-sha1 takes it)", file);
	if ((reason = cert_check_signer(j->v->message.signer)) != NULL)
		return trust_failed(j, "signer certificate", REFUSED,
		    "sign with a certificate whose keyUsage has "
		    "digitalSignature", "not accepted under %s: %s (%s)",
		    file, reason, of);
	if (j->policy->purpose != NULL &&
	    (reason = cert_check_purpose(j->v->message.signer,
	    j->policy->purpose)) != NULL)
		return trust_failed(j, "signer certificate", REFUSED,
		    "sign with a certificate for that purpose",
		    "not accepted under %s: %s (%s)", file, reason, of);
	trust_passed(j, "signer certificate", "%s may sign", of);
	return OK;
}

bool
trust_has_name(const STACK_OF(X509) *certs, const X509_NAME *name)
{
	int i;

	for (i = 0; i < sk_X509_num(certs); i++)
		if (cert_name_equal(name,
		    X509_get_subject_name(sk_X509_value(certs, i))))
			return true;
	return false;
}

/* The hint depends on the reason; bad is where the chain breaks. */
static const char *
chain_hint(const struct trust_case *j, const STACK_OF(X509) *anchors,
    X509 *bad)
{
	const X509_NAME *by = X509_get_issuer_name(bad);

	if (cert_is_self_signed(bad))
		return X509_cmp(bad, j->v->message.signer) == 0 ?
		    "it is self-signed: a SCEP request, or a certificate made "
		    "by hand, which is trusted only if it is given itself" :
		    "give this root, if it is to be trusted";
	if (trust_has_name(anchors, by))
		return "the anchor has the right name and another key: give "
		    "the certificate that the CA has now, or had then";
	if (trust_looks_like_device(bad))
		return "it may be a factory identity: its CA is given with "
		    "--device-ca";
	return "put the certificate of the issuer into the message, or give "
	    "it as an anchor";
}

static enum status
say_no_chain(struct trust_case *j, const STACK_OF(X509) *anchors,
    const char *file, X509 *bad, const char *reason)
{
	auto_char *of = cert_subject_text(bad);
	auto_char *by = cert_name_text(X509_get_issuer_name(bad));
	const char *hint = chain_hint(j, anchors, bad);

	if (cert_is_self_signed(bad))
		return trust_failed(j, "chain", REFUSED, hint,
		    "not issued by %s: %s (%s)", file, reason, of);
	return trust_failed(j, "chain", REFUSED, hint, "not issued by %s: %s "
	    "(%s, issued by %s)", file, reason, of, by);
}

static enum status
ca_chain(struct trust_case *j, STACK_OF(X509) *anchors, const char *file,
    STACK_OF(X509) **chain)
{
	struct cms_signed *m = &j->v->message;
	const char *reason;
	auto_certs *first = NULL;
	X509 *bad = NULL;

	/* First with dates, which decide between two paths to an anchor ... */
	if (cert_build_chain(m->signer, m->certs, anchors, j->policy->now,
	    &first, &bad) == NULL) {
		*chain = STEAL(first);
		end_at_anchor(j->policy, *chain);
		list_links(j, *chain, NULL);
		return OK;
	}
	/*
	 * ... then without, to distinguish a wrong chain from an expired one.
	 */
	reason = cert_build_chain(m->signer, m->certs, anchors, CERT_NO_TIME,
	    chain, &bad);
	if (reason == NULL)
		end_at_anchor(j->policy, *chain);
	list_links(j, *chain, bad);
	return reason == NULL ? OK : say_no_chain(j, anchors, file,
	    bad != NULL ? bad : m->signer, reason);
}

static enum status
try_ca(struct trust_case *j, STACK_OF(X509) *anchors, const char *file)
{
	bool all = j->policy->all;
	auto_certs *chain = NULL;
	const char *reason, *from;
	enum status st, next;

	if ((st = ca_signer(j, file)) != OK && !all)
		return st;
	next = ca_chain(j, anchors, file, &chain);
	if (next == OK && j->policy->purpose != NULL &&
	    (reason = check_purposes(chain, j->policy->purpose)) != NULL)
		next = trust_failed(j, "chain", REFUSED, NULL,
		    "not accepted under %s: a CA above it is %s", file,
		    reason);
	st = trust_first(st, next);
	if (next == OK || all)
		st = trust_first(st, ca_dates(j, chain, file));
	if (next != OK || (st != OK && !all))
		return st;
	from = file_of(j->policy,
	    sk_X509_value(chain, sk_X509_num(chain) - 1));
	if (from == NULL)
		return trust_first(st, trust_failed(j, "anchor", REFUSED, NULL,
		    "not issued by %s: the chain ends elsewhere", file));
	trust_passed(j, "anchor", "ca: %s", from);
	if (st == OK) {
		j->v->kind = TRUST_CA;
		j->v->anchor_file = from;
	}
	return st;
}

/* ---- all anchors ---- */

static enum status
try_nobody(struct trust_case *j)
{
	auto_char *of = cert_subject_text(j->v->message.signer);

	trust_passed(j, "signer certificate", "%s, whom nobody vouches for",
	    of);
	trust_skipped(j, "chain", "--no-trust");
	trust_skipped(j, "dates", "--no-trust");
	trust_skipped(j, "anchor", "--no-trust");
	if (strcmp(j->v->message.digest, "sha1") == 0)
		warning("%s: signed with SHA-1", j->name);
	return OK;
}

/* The certificates of all --ca: a chain may end in any of them. */
static STACK_OF(X509) *
all_ca(const struct trust_policy *p, size_t *files, const char **file)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	size_t i;
	int k;

	if (all == NULL)
		mem_exhausted();
	*files = 0;
	for (i = 0; i < p->anchors.n; i++) {
		const struct trust_anchor *a = &p->anchors.v[i];

		if (a->kind != TRUST_CA)
			continue;
		++*files;
		*file = a->file;
		for (k = 0; k < sk_X509_num(a->certs); k++)
			if (sk_X509_push(all, sk_X509_value(a->certs, k)) <= 0)
				mem_exhausted();
	}
	return all;
}

/* Collects the reasons of several failed attempts on one line. */
static void
collect(struct trust_case *j, struct buf *reasons)
{
	if (reasons->len > 0)
		buf_puts(reasons, "; ");
	buf_puts(reasons, j->v->reason != NULL ? j->v->reason :
	    "no anchor given");
	free(j->v->reason);
	j->v->reason = NULL;
}

enum status
trust_check_anchors(struct trust_case *j)
{
	const struct trust_policy *p = j->policy;
	auto_buf reasons = BUF_INIT;
	size_t start = j->v->n_checks, files = 0, i;
	const char *file = NULL;
	STACK_OF(X509) *all;
	enum status st = REFUSED;

	if (p->no_trust)
		return try_nobody(j);
	all = all_ca(p, &files, &file);
	if (files > 0 && (st = try_ca(j, all, files == 1 ? file :
	    "any --ca")) != OK)
		collect(j, &reasons);
	sk_X509_free(all);
	for (i = 0; i < p->anchors.n && st != OK; i++)
		if (p->anchors.v[i].kind == TRUST_DEVICE) {
			size_t here = j->v->n_checks;

			st = trust_try_device(j, &p->anchors.v[i]);
			if (st != OK)
				collect(j, &reasons);
			else if (here > start) {
				/* Earlier attempts no longer matter. */
				size_t n = j->v->n_checks - here, k;

				for (k = start; k < here; k++)
					free(j->v->checks[k].text);
				memmove(&j->v->checks[start],
				    &j->v->checks[here],
				    n * sizeof *j->v->checks);
				j->v->n_checks = start + n;
			}
		}
	free(j->v->reason);
	j->v->reason = st == OK ? NULL :
	    xasprintf("signer is %s", buf_str(&reasons));
	return st;
}
