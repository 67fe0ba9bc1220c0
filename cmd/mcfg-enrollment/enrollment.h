/* Shared by the verbs of mcfg-enrollment. */
#ifndef MCFG_ENROLLMENT_TOOL_H
#define MCFG_ENROLLMENT_TOOL_H

#include "cli/opts.h"
#include "enrollment/enrollment.h"
#include "json/report.h"
#include "ledger/ledger.h"

/* The options that name the ledger and the site. */
struct source {
	const char *ledger, *config;
};

#define OPT_SOURCE(s)							\
	{ 0, "ledger", "URI", "the ledger: sqlite:PATH or "		\
	    "postgresql://HOST/NAME",					\
	    .value = &(s).ledger, .config = "ledger",		\
	    .check = ledger_check_uri, .is_secret = true },		\
	OPT_CONFIG((s).config)

#define OPT_USER(name)							\
	{ 0, "user", "NAME", "the user's name: 1 to 256 bytes of UTF-8", \
	    .value = &(name), .check = enrollment_user_check }
#define OPT_INVITATION(src)						\
	{ 0, "invitation", "SRC", "token of an invitation, instead of --user: " \
	    "env:NAME, file:PATH or fd:N", .value = &(src),		\
	    .check = secret_check_source, .is_secret = true }
#define OPT_NAMES_OUT(file)						\
	{ 0, "names-out", "FILE", "write the user and the ID on two lines to " \
	    "FILE or fd:N", .value = &(file) }
#define SITE_AUTH(how, attribute)					\
	{ .name = "auth", .value = &(how), .config = "auth" },		\
	{ .name = "auth.ldap.user", .value = &(attribute),		\
	    .config = "auth.ldap.user" }
#define SITE_PASSWORD(src)						\
	{ .name = "auth.ldap.password", .value = &(src),		\
	    .config = "auth.ldap.password" }

extern const struct tool verb_start, verb_invite, verb_identify,
    verb_complete, verb_bind,
    verb_sent, verb_list, verb_show, verb_abort, verb_purge, verb_user;

/*
 * open_ledger() opens the ledger named by --ledger or by "ledger:" in the
 * site's file.  A relative path in that file is relative to the file.  s is
 * the struct that OPT_SOURCE() was given.  The caller closes *out.
 */
enum status open_ledger(const struct source *s, enum ledger_mode mode,
    struct ledger **out) USE_RESULT;

/*
 * one_id() returns in *id the only operand of a verb, an enrollment's ID; it
 * is borrowed from operands.
 */
enum status one_id(const struct strings *operands, const char **id)
    USE_RESULT;

/* write_names() does what OPT_NAMES_OUT() says; nothing if file is NULL. */
enum status write_names(const char *file, const char *user, const char *id)
    USE_RESULT;

/*
 * refuse_by_name() is called if a step has failed with status why, and has not
 * written the names.  It writes them if it is known whose enrollment it is (id
 * is not NULL), as a log needs them then, too.  Returns why, or FAULT.
 */
enum status refuse_by_name(const char *file, const char *user, const char *id,
    enum status why) USE_RESULT;

/* What diagnostics call the FILE of --signer; borrowed. */
const char *signer_name(const char *file);

/* Adds the keys of an enrollment that list and show have in common. */
void report_enrollment(const struct ledger_enrollment *e, struct report *r);

/* ---- facts.c ---- */

/*
 * facts_read() adds the facts about a user from the command line to a dict:
 * from the files vars (plist, JSON or YAML), of which a later one overrides an
 * earlier one, and from set, a list of NAME=VALUE, which overrides both.
 */
enum status facts_read(const struct strings *vars, const struct strings *set,
    struct tree *facts) USE_RESULT;

/* ---- invite.c ---- */

/*
 * invitation_find() is enrollment_invitation() with the token read from src
 * (env:, file: or fd:).  The caller frees *i.
 */
enum status invitation_find(struct ledger *l, const char *src,
    struct ledger_invitation *i) USE_RESULT;

#endif
