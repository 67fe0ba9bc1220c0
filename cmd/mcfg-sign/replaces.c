/* Would a device that has one profile accept another in its place? */
#include "mcfg-sign.h"

#include <string.h>

#include "cms/cms.h"

static void
compare_identifiers(const char *old, const struct tree *was, const char *name,
    const struct tree *is)
{
	const char *a = tree_get_string(was, "PayloadIdentifier");
	const char *b = tree_get_string(is, "PayloadIdentifier");

	if (a == NULL || b == NULL || strcmp(a, b) != 0)
		warning("%s: PayloadIdentifier is %.200s, in %s it is %.200s: "
		    "devices will add a profile, and not replace the old "
		    "one", name,
		    b != NULL ? b : "missing", old, a != NULL ? a : "missing");
}

static void
compare_issuers(const char *old, const struct buf *in, X509 *leaf)
{
	const struct cms_examine how = { .allow_sha1 = true };
	auto_cms_signed was = CMS_SIGNED_INIT;
	auto_char *a = NULL, *b = NULL;
	auto_buf why = BUF_INIT;
	enum cms_check at;
	enum status st;

	if ((st = cms_examine(in, &how, &was, &at, &why)) != OK) {
		warning("%s: %s: devices will show Not Verified for it, and "
		    "may not replace it", old, buf_str(&why));
		return;
	}
	if (cert_name_equal(X509_get_issuer_name(was.signer),
	    X509_get_issuer_name(leaf)))
		return;
	a = cert_name_text(X509_get_issuer_name(leaf));
	b = cert_name_text(X509_get_issuer_name(was.signer));
	warning("the signer's issuer is %s, that of %s is %s: devices will "
	    "refuse to replace the old profile", a, old, b);
}

enum status
check_replaces(const char *old, const struct tree *profile, const char *name,
    X509 *leaf)
{
	auto_buf in = BUF_INIT, content = BUF_INIT;
	auto_tree *was = NULL;
	bool is_signed;
	enum status st;

	if (old == NULL)
		return OK;
	if ((st = io_slurp_file(old, IO_PROFILE_MAX, &in)) != OK)
		return st;
	is_signed = cms_looks_like(&in);
	if (is_signed && (st = cms_unwrap(&in, old, &content)) != OK)
		return st;
	if ((st = tree_parse(is_signed ? &content : &in, old, NULL,
	    &was)) != OK)
		return st;

	if (profile != NULL)
		compare_identifiers(old, was, name, profile);
	if (is_signed)
		compare_issuers(old, &in, leaf);
	return OK;
}
