#include "trust.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"

enum { REASON_MAX = 512 };	/* of a reason that another module gave */

/* Every check, in the order in which they are made. */
static const char *const check_names[] = {
	"structure", "one signer", "digest", "signature",
	"signer certificate", "chain", "dates", "anchor", "content",
	"challenge", "required attributes",
};

/* What is under judgement. */
struct judge {
	const struct trust_policy *policy;
	const char *name;
	struct trust_verdict *v;
};

void
trust_anchors_free(struct trust_anchors *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		cert_list_free(l->v[i].certs);
	free(l->v);
	l->v = NULL;
	l->n = 0;
}

enum status
trust_add_anchor(struct trust_anchors *l, enum trust_kind kind,
    const char *file)
{
	STACK_OF(X509) *certs = NULL;
	enum status st;

	if ((st = cert_load_list(file, &certs)) != OK)
		return st;
	l->v = xreallocarray(l->v, l->n + 1, sizeof *l->v);
	l->v[l->n++] = (struct trust_anchor){ kind, file, certs };
	return OK;
}

static void
cut_checks(struct trust_verdict *v, size_t n)
{
	while (v->n_checks > n)
		free(v->checks[--v->n_checks].text);
}

void
trust_verdict_free(struct trust_verdict *v)
{
	cut_checks(v, 0);
	free(v->checks);
	free(v->reason);
	cms_signed_free(&v->message);
	tree_free(v->plist);
	*v = (struct trust_verdict)TRUST_VERDICT_INIT;
}

const char *
trust_kind_name(enum trust_kind k)
{
	switch (k) {
	case TRUST_CA:
		return "ca";
	case TRUST_DEVICE:
		return "device";
	default:
		return "none";
	}
}

/* ---- the list of checks ---- */

static void
add_check(struct judge *j, const char *check, enum trust_outcome outcome,
    const char *hint, const char *text)
{
	struct trust_verdict *v = j->v;

	v->checks = xreallocarray(v->checks, v->n_checks + 1,
	    sizeof *v->checks);
	v->checks[v->n_checks++] = (struct trust_check){ check, outcome,
	    xstrdup(text), hint };
}

static void passed(struct judge *j, const char *check, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

static void
passed(struct judge *j, const char *check, const char *fmt, ...)
{
	char text[REASON_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	add_check(j, check, TRUST_PASS, NULL, text);
}

/* The reason becomes the verdict's, the last one if there are several. */
static enum status failed(struct judge *j, const char *check, enum status st,
    const char *hint, const char *fmt, ...) PRINTF_LIKE(5, 6);

static enum status
failed(struct judge *j, const char *check, enum status st, const char *hint,
    const char *fmt, ...)
{
	char text[2 * REASON_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	add_check(j, check, TRUST_FAIL, hint, text);
	free(j->v->reason);
	j->v->reason = xstrdup(text);
	return st;
}

static bool
was_made(const struct trust_verdict *v, const char *check)
{
	size_t i;

	for (i = 0; i < v->n_checks; i++)
		if (strcmp(v->checks[i].name, check) == 0)
			return true;
	return false;
}

/* What was not reached is listed too, so that a list is always whole. */
static void
list_the_rest(struct judge *j)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(check_names); i++)
		if (!was_made(j->v, check_names[i]))
			add_check(j, check_names[i], TRUST_NOT_REACHED, NULL,
			    "not reached");
}

static char *
subject_of(const X509 *cert)
{
	return cert_name_text(X509_get_subject_name(cert));
}

/* ---- under --ca ---- */

/* The file of --ca that a certificate stands in, or NULL. */
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
 * A chain ends at its first anchor.  OpenSSL goes on to what stands above an
 * intermediate one, or above a signer that is an anchor itself.
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
list_links(struct judge *j, const STACK_OF(X509) *chain, const X509 *bad)
{
	int i;

	for (i = 0; i + 1 < sk_X509_num(chain); i++) {
		auto_char *of = subject_of(sk_X509_value(chain, i));
		auto_char *by = subject_of(sk_X509_value(chain, i + 1));

		if (sk_X509_value(chain, i) == bad)
			break;
		passed(j, "chain", "%s is issued by %s", of, by);
	}
	if (sk_X509_num(chain) == 1 && bad == NULL) {
		auto_char *of = subject_of(sk_X509_value(chain, 0));

		passed(j, "chain", "%s is itself an anchor", of);
	}
}

static enum status
ca_dates(struct judge *j, const STACK_OF(X509) *chain, const char *file)
{
	const char *reason;
	int i;

	for (i = 0; i < sk_X509_num(chain); i++) {
		X509 *cert = sk_X509_value(chain, i);

		if ((reason = cert_check_dates(cert, j->policy->now)) != NULL) {
			auto_char *of = subject_of(cert);

			return failed(j, "dates", REFUSED,
			    "sign again with a certificate that is valid now",
			    "not issued by %s: %s (%s)", file, reason, of);
		}
	}
	passed(j, "dates", "every certificate is valid now");
	return OK;
}

static const char *
check_purposes(const STACK_OF(X509) *chain, const char *purpose)
{
	const char *reason = NULL;
	int i;

	/* The anchor is trusted as it is, unless it is the signer. */
	for (i = 0; i == 0 || i + 1 < sk_X509_num(chain); i++)
		if ((reason = cert_check_purpose(sk_X509_value(chain, i),
		    purpose)) != NULL)
			break;
	return reason;
}

/* The checks that need no chain. */
static enum status
ca_signer(struct judge *j, const char *file)
{
	auto_char *of = subject_of(j->v->message.signer);
	const char *reason;

	if (strcmp(j->v->message.digest, "sha1") == 0 &&
	    !j->policy->allow_sha1)
		return failed(j, "signer certificate", REFUSED,
		    "sign with SHA-256, or use --allow-sha1",
		    "not accepted under %s: digest sha1 is not accepted here "
		    "(--allow-sha1 takes it)", file);
	if ((reason = cert_check_signer(j->v->message.signer)) != NULL)
		return failed(j, "signer certificate", REFUSED,
		    "sign with a certificate whose keyUsage has "
		    "digitalSignature", "not accepted under %s: %s (%s)",
		    file, reason, of);
	if (j->policy->purpose != NULL &&
	    (reason = cert_check_purpose(j->v->message.signer,
	    j->policy->purpose)) != NULL)
		return failed(j, "signer certificate", REFUSED,
		    "sign with a certificate for that purpose",
		    "not accepted under %s: %s (%s)", file, reason, of);
	passed(j, "signer certificate", "%s may sign", of);
	return OK;
}

static enum status
ca_chain(struct judge *j, STACK_OF(X509) *anchors, const char *file,
    STACK_OF(X509) **chain)
{
	struct cms_signed *m = &j->v->message;
	const char *reason;
	auto_certs *first = NULL;
	X509 *bad = NULL;

	/* Dates first, since they decide between two ways to an anchor ... */
	if (cert_build_chain(m->signer, m->certs, anchors, j->policy->now,
	    &first, &bad) == NULL) {
		*chain = STEAL(first);
		end_at_anchor(j->policy, *chain);
		list_links(j, *chain, NULL);
		return OK;
	}
	/* ... and then without, to tell a wrong chain from an old one. */
	reason = cert_build_chain(m->signer, m->certs, anchors, CERT_NO_TIME,
	    chain, &bad);
	if (reason == NULL)
		end_at_anchor(j->policy, *chain);
	list_links(j, *chain, bad);
	if (reason != NULL) {
		auto_char *of = subject_of(bad != NULL ? bad : m->signer);

		return failed(j, "chain", REFUSED,
		    "put the missing certificates into the message, or give "
		    "the anchor that it was made under",
		    "not issued by %s: %s (%s)", file, reason, of);
	}
	return OK;
}

static enum status
try_ca(struct judge *j, STACK_OF(X509) *anchors, const char *file)
{
	auto_certs *chain = NULL;
	const char *reason, *from;
	enum status st;

	if ((st = ca_signer(j, file)) != OK ||
	    (st = ca_chain(j, anchors, file, &chain)) != OK)
		return st;
	if (j->policy->purpose != NULL &&
	    (reason = check_purposes(chain, j->policy->purpose)) != NULL)
		return failed(j, "chain", REFUSED, NULL,
		    "not accepted under %s: a CA above it is %s", file,
		    reason);
	if ((st = ca_dates(j, chain, file)) != OK)
		return st;
	from = file_of(j->policy,
	    sk_X509_value(chain, sk_X509_num(chain) - 1));
	if (from == NULL)
		return failed(j, "anchor", REFUSED, NULL,
		    "not issued by %s: the chain ends elsewhere", file);
	passed(j, "anchor", "ca: %s", from);
	j->v->kind = TRUST_CA;
	j->v->anchor_file = from;
	return OK;
}

/* ---- under --device-ca ---- */

static enum status
try_device(struct judge *j, const struct trust_anchor *a)
{
	X509 *signer = j->v->message.signer;
	auto_char *of = subject_of(signer);
	const char *reason;
	int i;

	if ((reason = cert_check_factory(signer)) != NULL)
		return failed(j, "signer certificate", REFUSED, NULL,
		    "not accepted under %s: %s", a->file, reason);
	passed(j, "signer certificate", "%s may be a device", of);
	/* Names and key identifiers are not looked at: the key decides. */
	for (i = 0; i < sk_X509_num(a->certs); i++) {
		auto_char *by = subject_of(sk_X509_value(a->certs, i));

		reason = cert_signed_by_key(signer,
		    sk_X509_value(a->certs, i));
		if (reason != NULL)
			continue;
		passed(j, "chain", "%s is signed by the key of %s", of, by);
		passed(j, "dates", "not judged for factory identities (%s)",
		    cert_check_dates(signer, j->policy->now) == NULL ?
		    "it is valid now" : "it is not valid now");
		passed(j, "anchor", "device: %s", a->file);
		j->v->kind = TRUST_DEVICE;
		j->v->anchor_file = a->file;
		return OK;
	}
	return failed(j, "chain", REFUSED,
	    "give the certificate of the CA that signs the devices, not its "
	    "root", "not issued by %s: %s (%s)", a->file, reason, of);
}

/* ---- all anchors ---- */

static enum status
try_nobody(struct judge *j)
{
	auto_char *of = subject_of(j->v->message.signer);

	passed(j, "signer certificate", "%s, whom nobody vouches for", of);
	passed(j, "chain", "not judged (--no-trust)");
	passed(j, "dates", "not judged (--no-trust)");
	passed(j, "anchor", "none");
	if (strcmp(j->v->message.digest, "sha1") == 0)
		warning("%s: signed with SHA-1", j->name);
	return OK;
}

/* All --ca together: a chain may end in any of their certificates. */
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

/* Keeps the reasons of several failed attempts in one line. */
static void
collect(struct judge *j, struct buf *reasons)
{
	if (reasons->len > 0)
		buf_puts(reasons, "; ");
	buf_puts(reasons, j->v->reason != NULL ? j->v->reason :
	    "no anchor given");
}

static enum status
check_anchors(struct judge *j)
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

			st = try_device(j, &p->anchors.v[i]);
			if (st != OK)
				collect(j, &reasons);
			else if (here > start) {
				/* What was tried before is of no interest. */
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

/* ---- the content ---- */

/* NULL for a content that is a plist, else the reason why it is none. */
static const char *
read_plist(struct judge *j)
{
	static char why[REASON_MAX];
	enum status st;

	if (!tree_looks_like_plist(&j->v->message.content))
		return "not a property list";
	diag_capture(why, sizeof why);
	st = tree_parse(&j->v->message.content, "content", NULL,
	    &j->v->plist);
	diag_capture(NULL, 0);
	return st == OK ? NULL : why;
}

static enum status
check_content(struct judge *j)
{
	const struct trust_policy *p = j->policy;
	const char *reason;

	if (!p->want_plist && p->challenge == NULL && p->require.n == 0 &&
	    j->v->kind != TRUST_DEVICE) {
		passed(j, "content", "%zu bytes",
		    j->v->message.content.len);
		return OK;
	}
	if ((reason = read_plist(j)) == NULL) {
		passed(j, "content", "a property list of %zu bytes",
		    j->v->message.content.len);
		return OK;
	}
	if (j->v->kind == TRUST_DEVICE)
		return failed(j, "content", MALFORMED, NULL,
		    "the signed content is no device's answer: %s", reason);
	passed(j, "content", "%zu bytes: %s", j->v->message.content.len,
	    reason);
	return OK;
}

static enum status
check_challenge(struct judge *j)
{
	const struct buf *want = j->policy->challenge;
	const struct tree *t;
	const void *has = NULL;
	size_t len = 0;

	if (want == NULL) {
		passed(j, "challenge", "not asked for (--challenge)");
		return OK;
	}
	t = j->v->plist != NULL ? tree_get(j->v->plist, "CHALLENGE") : NULL;
	if (t != NULL && tree_kind(t) == TREE_STRING) {
		has = tree_string_of(t);
		len = strlen(has);
	} else if (t != NULL && tree_kind(t) == TREE_DATA)
		has = tree_data_of(t, &len);
	if (has == NULL)
		return failed(j, "challenge", REFUSED,
		    "the profile that the device answers must carry a "
		    "challenge", "no CHALLENGE in the signed content");
	if (!secret_equal(has, len, want->data, want->len))
		return failed(j, "challenge", REFUSED,
		    "the device must answer the profile that was made for it",
		    "CHALLENGE in the signed content is another one");
	j->v->challenge_matched = true;
	passed(j, "challenge", "matches");
	return OK;
}

static enum status
check_one_attribute(struct judge *j, const char *want)
{
	const char *eq = strchr(want, '=');
	auto_char *key = xstrndup(want, (size_t)(eq - want));
	const struct tree *t = j->v->plist != NULL ?
	    tree_get(j->v->plist, key) : NULL;
	auto_buf text = BUF_INIT;

	if (t == NULL || !tree_scalar_text(t, &text))
		return failed(j, "required attributes", REFUSED, NULL,
		    "no %s in the signed content", key);
	if (strlen(eq + 1) == text.len &&
	    memcmp(buf_str(&text), eq + 1, text.len) == 0) {
		passed(j, "required attributes", "%s is as required", key);
		return OK;
	}
	if (strcmp(key, "CHALLENGE") == 0)
		return failed(j, "required attributes", REFUSED, NULL,
		    "CHALLENGE in the signed content is another one");
	return failed(j, "required attributes", REFUSED, NULL,
	    "%s is '%s', not '%s'", key, buf_str(&text), eq + 1);
}

static enum status
check_required(struct judge *j)
{
	const struct strings *l = &j->policy->require;
	enum status st;
	size_t i;

	for (i = 0; i < l->n; i++)
		if ((st = check_one_attribute(j, l->v[i])) != OK)
			return st;
	if (l->n == 0)
		passed(j, "required attributes", "none (--require)");
	return OK;
}

/* ---- the whole ---- */

static void
list_message(struct judge *j, enum cms_check upto)
{
	const struct cms_signed *m = &j->v->message;

	if (upto > CMS_STRUCTURE)
		passed(j, "structure", "SignedData");
	if (upto > CMS_ONE_SIGNER)
		passed(j, "one signer", "one");
	if (upto > CMS_DIGEST_ALLOWED)
		passed(j, "digest", "%s", m->digest);
	if (upto > CMS_SIGNATURE)
		passed(j, "signature", "fits the content of %zu bytes, %s "
		    "signed attributes", m->content.len,
		    m->has_attributes ? "with" : "without");
}

static enum status
check_message(struct judge *j, const struct buf *in)
{
	static const char *const hints[] = {
		[CMS_STRUCTURE] = "it must be one CMS message with its "
		    "content, and nothing else",
		[CMS_ONE_SIGNER] = "sign it with one certificate only",
		[CMS_DIGEST_ALLOWED] = "sign it with SHA-256",
		[CMS_SIGNATURE] = "it was changed after it was signed, or "
		    "lacks the signer's certificate: get it again in binary",
	};
	const struct trust_policy *p = j->policy;
	struct cms_examine how = { p->allow_sha1 || p->no_trust, p->detached };
	auto_buf why = BUF_INIT;
	enum cms_check at = CMS_STRUCTURE;
	enum status st;
	size_t i;

	for (i = 0; i < p->anchors.n; i++)
		if (p->anchors.v[i].kind == TRUST_DEVICE)
			how.allow_sha1 = true;
	st = cms_examine(in, &how, &j->v->message, &at, &why);
	list_message(j, at);
	return st == OK ? OK : failed(j, check_names[at], st, hints[at], "%s",
	    buf_str(&why));
}

enum status
trust_judge(const struct buf *in, const char *name,
    const struct trust_policy *policy, struct trust_verdict *out)
{
	struct judge j = { policy, name, out };
	enum status st;

	if ((st = check_message(&j, in)) == OK &&
	    (st = check_anchors(&j)) == OK &&
	    (st = check_content(&j)) == OK &&
	    (st = check_challenge(&j)) == OK)
		st = check_required(&j);
	list_the_rest(&j);
	out->status = st;
	return st;
}
