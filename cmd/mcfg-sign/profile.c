/* One profile, signed. */
#include "mcfg-sign.h"

#include "base/clock.h"
#include "base/corruption.h"
#include "cms/cms.h"
#include "profile/profile.h"

/*
 * Checks the input.  If it is a message, the bytes to sign are its content,
 * put into unwrapped; otherwise unwrapped stays empty and the bytes to sign
 * are in itself.  *t is the property list, or NULL if anything may be signed.
 */
static enum status
look_at(const struct args *a, const struct buf *in, const char *name,
    struct buf *unwrapped, struct tree **t)
{
	const struct buf *plain = in;
	auto_buf damage = BUF_INIT;
	enum status st;

	if (cms_looks_like(in)) {
		if (!a->resign)
			return fail(REFUSED, "%s: already signed or encrypted "
			    "(--re-sign replaces a signature)", name);
		if ((st = cms_unwrap(in, name, unwrapped)) != OK)
			return st;
		plain = unwrapped;
	}
	if (a->any)
		return OK;
	if (plain->len > 0 && !tree_looks_like_plist(plain)) {
		corruption_add(plain, &damage);
		return fail(MALFORMED, "%s: not a property list (--any signs "
		    "it anyway)%s", name, buf_str(&damage));
	}
	return tree_parse(plain, name, NULL, t);
}

enum status
sign_one(const struct args *a, const struct identity *id,
    const struct io_input *from, const char *old, bool *is_private,
    struct buf *out)
{
	const struct cms_sign how = { .id = id, .digest = a->digest,
	    .no_attributes = a->no_time, .signing_time = clock_written() };
	const char *name = io_name(from->path);
	auto_buf in = BUF_INIT, unwrapped = BUF_INIT, der = BUF_INIT;
	auto_tree *t = NULL;
	enum status st;

	if ((st = io_slurp(from, IO_PROFILE_MAX, &in)) != OK)
		return st;

	if ((st = look_at(a, &in, name, &unwrapped, &t)) != OK ||
	    (st = check_replaces(old, t, name, id->cert)) != OK)
		return st;

	if ((st = cms_sign(unwrapped.data != NULL ? &unwrapped : &in, &how,
	    &der)) != OK)
		return st;
	*is_private = t != NULL && profile_holds_secret(t);
	if (a->pem)
		cert_armour("CMS", &der, out);
	else
		buf_add_buf(out, &der);
	return OK;
}
