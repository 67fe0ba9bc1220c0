/*
 * secrets: which values of a property list are secrets.  All tools ask here,
 * so that what one masks another does not show, and what one shows another
 * does not hide in a private file.
 */
#ifndef MCFG_PLIST_SECRETS_H
#define MCFG_PLIST_SECRETS_H

#include "plist/node.h"

/*
 * tree_names_secret() is true for a key by whose name its value is a secret:
 * it ends in Password, Secret, Token, ApiKey, Challenge and the like, in any
 * case, or it is a PIN.
 */
bool tree_names_secret(const char *key);

/*
 * tree_is_secret() is true if the scalar t is a secret: text, data or a number
 * whose key names one, or text that holds a private key.  key is that of t or
 * of the array around it; it may be NULL.  A boolean, also written as 0 or 1,
 * a real and a date never are, nor is a container.
 */
bool tree_is_secret(const char *key, const struct tree *t);

/*
 * tree_mask_address() appends text to out with mask in the place of each
 * password in an address, scheme://user:PASSWORD@host.  It returns false, with
 * nothing appended, if there is none.
 */
bool tree_mask_address(const char *text, const char *mask, struct buf *out);

/*
 * tree_holds_secret() is true if any value below t is a secret, or is text
 * with a password in an address.
 */
bool tree_holds_secret(const char *key, const struct tree *t);

#endif
