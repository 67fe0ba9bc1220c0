/*
 * secrets: which values of a property list are secret.  All tools use these
 * functions, so that one tool does not show what another masks or puts into a
 * private file.
 */
#ifndef MCFG_PLIST_SECRETS_H
#define MCFG_PLIST_SECRETS_H

#include "plist/node.h"

/*
 * tree_names_secret() returns true for a key that names a secret: it ends in
 * Password, Secret, Token, ApiKey, Challenge and the like, in any case, or is
 * a PIN.
 */
bool tree_names_secret(const char *key);

/*
 * tree_is_secret() returns true if the scalar t is secret: text, data or a
 * number whose key names a secret, or text with a private key.  key is the key
 * of t, or of the array around it; it may be NULL.  Booleans (also as 0 or 1),
 * reals, dates and containers are never secret.
 */
bool tree_is_secret(const char *key, const struct tree *t);

/*
 * tree_mask_address() appends text to out, with mask in place of each password
 * in a URL, scheme://user:PASSWORD@host.  Returns false, and appends nothing,
 * if there is none.
 */
bool tree_mask_address(const char *text, const char *mask, struct buf *out);

/*
 * tree_holds_secret() returns true if a value in t is secret, or is text with
 * a password in a URL.
 */
bool tree_holds_secret(const char *key, const struct tree *t);

#endif
