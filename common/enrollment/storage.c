/* How the ledger stores plists and challenges of an enrollment. */
#include <string.h>

#include "base/clock.h"
#include "enrollment/local.h"
#include "sys/secret.h"

enum { KEPT_MAX = 256 << 10 };	/* bytes of a plist */

enum status
store_plist(const struct tree *t, const char *what, char **out)
{
	auto_buf xml = BUF_INIT;
	auto_tree *again = NULL;
	enum status st;

	tree_to_xml(t, &xml);
	if (xml.len > KEPT_MAX)
		return fail(MALFORMED, "%s: larger than the limit of %d bytes",
		    what, (int)KEPT_MAX);
	/* This refuses bytes from a command line that are not UTF-8. */
	if ((st = tree_parse(&xml, what, NULL, &again)) != OK)
		return st;
	*out = xstrdup(buf_str(&xml));
	return OK;
}

enum status
enrollment_stored(const char *text, struct tree **out)
{
	auto_buf xml = BUF_INIT;

	buf_puts(&xml, text);
	return tree_parse(&xml, "ledger", NULL, out);
}

enum status
new_challenge(enum ledger_purpose purpose, const char *id, int64_t ttl,
    struct buf *text, struct ledger_challenge *out)
{
	char challenge[SECRET_CHALLENGE_TEXT];
	enum status st;

	if ((st = secret_challenge(challenge)) != OK)
		return st;
	out->purpose = purpose;
	out->enrollment = id != NULL ? xstrdup(id) : NULL;
	out->expires = clock_now() + ttl;
	secret_sha256(challenge, strlen(challenge), out->hash);
	buf_puts(text, challenge);
	buf_wipe(challenge, sizeof challenge);
	return OK;
}
