/* Encrypts the payloads of a profile. */
#include "cms/cms.h"
#include "profile/profile.h"

/* Returns the payloads, borrowed from t; NULL if there are none to encrypt. */
static const struct tree *
find_payloads(const struct tree *t)
{
	if (tree_kind(t) == TREE_ARRAY)
		return t;
	return tree_kind(t) == TREE_DICT ?
	    tree_get_kind(t, "PayloadContent", TREE_ARRAY) : NULL;
}

enum status
profile_check_plain(const struct tree *t, const char *name)
{
	if (tree_kind(t) == TREE_DICT &&
	    tree_get(t, "EncryptedPayloadContent") != NULL)
		return fail(REFUSED, "%s: already encrypted", name);
	if (find_payloads(t) == NULL)
		return fail(REFUSED, "%s: no PayloadContent array to encrypt",
		    name);
	return OK;
}

enum status
profile_encrypt_payloads(const struct tree *t, const STACK_OF(X509) *to,
    const char *cipher, struct buf *der)
{
	auto_buf plain = BUF_SECRET;

	tree_to_xml(find_payloads(t), &plain);
	return cms_encrypt(&plain, to, cipher, der);
}

void
profile_set_encrypted(struct tree *profile, const struct buf *der)
{
	tree_remove(profile, "PayloadContent");
	tree_set(profile, "EncryptedPayloadContent",
	    tree_data(der->data, der->len));
}
